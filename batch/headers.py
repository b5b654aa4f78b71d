"""Which words people write over the columns of a file of leads, English and German, by field.

Spellings stand as :func:`normalised` gives them; of two columns for one field the one whose
spelling stands first wins.
"""

import re
import unicodedata
from collections.abc import Mapping

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "lead_id": (
        "lead id", "leadid", "lead number", "lead no", "lead nr", "lead nummer", "id", "record id",
        "record number", "row id", "uuid", "guid", "external id", "crm id", "anfrage id",
        "anfrage nr", "anfragenummer", "vorgangsnummer", "datensatz id", "kontakt id", "contact id",
        "enquiry id", "inquiry id", "submission id", "entry id", "response id", "reference number",
        "lead ref", "ref no",
    ),
    "created_at": (
        "created at", "created", "created time", "created on", "create date", "created date",
        "creation date", "date created", "submitted at", "submission date", "submitted on",
        "submitted", "received at", "received", "date received", "timestamp", "lead date",
        "enquiry date", "inquiry date", "date", "erstellt am", "erstellt", "erstellungsdatum",
        "anlagedatum", "angelegt am", "eingang", "eingangsdatum", "eingegangen am",
        "anfragedatum", "anfrage vom", "datum", "zeitstempel",
    ),
    "source": (
        "source", "lead source", "original source", "traffic source", "utm source", "origin",
        "lead origin", "channel source", "how did you hear about us", "how did you find us",
        "referral source", "heard from", "quelle", "herkunft", "leadquelle", "lead quelle",
        "anfragequelle", "woher kennen sie uns", "wie sind sie auf uns aufmerksam geworden",
        "aufmerksam geworden durch", "platform",
    ),
    "campaign": ("campaign", "campaign name", "utm campaign", "kampagne", "kampagnenname"),
    "locale": ("locale", "language", "preferred language", "sprache", "lang"),
    "timezone": ("timezone", "time zone", "tz", "zeitzone"),
    "contact.full_name": (
        "full name", "fullname", "name", "contact name", "contact person", "customer name",
        "client name", "lead name", "your name", "vor und nachname", "vorname nachname",
        "vor nachname", "vollstaendiger name", "kundenname", "kontaktname", "ansprechpartner",
        "ansprechpartnerin", "kunde", "customer", "client",
    ),
    "contact.first_name": (
        "first name", "firstname", "given name", "forename", "fname", "vorname", "rufname",
    ),
    "contact.last_name": (
        "last name", "lastname", "surname", "family name", "lname", "nachname", "familienname",
        "zuname",
    ),
    "contact.email": (
        "email", "e mail", "mail", "email address", "e mail address", "mail address",
        "emailadresse", "e mail adresse", "mailadresse", "your email", "primary email",
        "work email", "private email", "kontakt email", "e mail privat",
    ),
    "contact.phone": (
        "phone", "phone number", "telephone", "telephone number", "tel", "tel no", "mobile",
        "mobile phone", "mobile number", "cell", "cell phone", "phone no", "daytime phone",
        "primary phone", "home phone", "work phone", "contact number", "telefon", "telefonnummer",
        "telefon nr", "tel nr", "rufnummer", "handy", "handynummer", "mobil", "mobiltelefon",
        "mobilnummer", "festnetz", "phone 1",
    ),
    "contact.preferred_channel": (
        "preferred channel", "preferred contact method", "preferred contact", "contact preference",
        "contact method", "best way to reach you", "bevorzugter kontaktweg", "kontaktweg",
        "bevorzugte kontaktart", "kontaktart", "wunschkanal",
    ),
    "service": (
        "service", "service type", "service requested", "services", "service needed",
        "service interest", "interested in", "product interest", "job type", "type of work",
        "work type", "project type", "leistung", "leistungen", "gewuenschte leistung",
        "dienstleistung", "auftragsart", "art der arbeit", "projektart", "interesse an",
    ),
    "budget": (
        "budget", "budget range", "estimated budget", "project budget", "price range",
        "budgetrahmen", "preisrahmen", "kostenrahmen", "preisvorstellung", "gesamtbudget",
        "total budget", "your budget", "ihr budget",
    ),
    "budget.amount_min": (
        "budget min", "min budget", "minimum budget", "budget minimum", "budget from", "budget von",
        "budget ab", "mindestbudget", "budget low",
    ),
    "budget.amount_max": (
        "budget max", "max budget", "maximum budget", "budget maximum", "budget to", "budget bis",
        "budget up to", "maximalbudget", "hoechstbudget", "budget high", "budget limit",
        "budget amount",
    ),
    "budget.currency": ("currency", "budget currency", "waehrung", "currency code"),
    "budget.period": ("budget period", "billing period", "budget zeitraum", "abrechnungszeitraum"),
    "area_m2": (
        "area m2", "area", "garden area", "plot size", "garden size", "lawn area", "lawn size",
        "size", "lot size", "surface", "square metres", "square meters", "flaeche", "gartenflaeche",
        "gartengroesse", "grundstuecksflaeche", "grundstuecksgroesse", "rasenflaeche", "groesse",
        "quadratmeter",
    ),
    "area_ft2": ("area ft2", "square feet", "square footage", "sq ft", "sqft"),
    "timeline": (
        "timeline", "timeframe", "time frame", "start date", "desired start", "when", "urgency",
        "project start", "start", "when do you want to start", "zeitrahmen", "zeitraum", "beginn",
        "wunschtermin", "gewuenschter beginn", "baubeginn", "starttermin", "dringlichkeit",
        "ausfuehrungszeitraum",
    ),
    "location": ("location",),
    "location.postal_code": (
        "postal code", "postcode", "post code", "zip", "zip code", "zipcode", "postalcode", "plz",
        "postleitzahl", "mailing zip", "billing zip",
    ),
    "location.city": (
        "city", "town", "mailing city", "billing city", "stadt", "ort", "wohnort", "gemeinde",
        "standort", "einsatzort", "ort des gartens",
    ),
    "location.region": (
        "region", "state", "province", "county", "state region", "state province", "mailing state",
        "billing state", "bundesland", "kanton",
    ),
    "location.country": ("country", "country code", "mailing country", "land", "laendercode"),
    "location.lat": ("lat", "latitude", "breitengrad"),
    "location.lon": ("lon", "lng", "long", "longitude", "laengengrad"),
    "property_type": (
        "property type", "type of property", "property", "building type", "objektart", "objekttyp",
        "immobilientyp", "immobilie", "gebaeudeart",
    ),
    "decision_role": (
        "decision role", "role", "decision maker", "your role", "are you the owner", "ownership",
        "rolle", "ihre rolle", "eigentuemer oder mieter", "owner or tenant", "eigentumsverhaeltnis",
    ),
    "message": (
        "message", "your message", "enquiry", "inquiry", "enquiry text", "inquiry text", "request",
        "question", "your enquiry", "project description", "nachricht", "ihre nachricht",
        "nachrichtentext", "anfrage", "anfragetext", "ihre anfrage", "mitteilung", "anliegen",
        "ihr anliegen", "projektbeschreibung", "freitext", "message text", "body", "description",
        "beschreibung", "details", "comments", "comment", "kommentar", "kommentare", "notes",
        "note", "notizen", "notiz", "bemerkung", "bemerkungen", "anmerkung", "anmerkungen",
        "additional information", "text",
    ),
    "attachments": ("attachments", "number of attachments", "photos", "anhaenge", "fotos", "files"),
    "consent.email": (
        "consent email", "email consent", "email opt in", "newsletter opt in", "marketing consent",
        "einwilligung email", "einwilligung e mail", "e mail einwilligung",
    ),
    "consent.sms": ("consent sms", "sms consent", "sms opt in", "text opt in", "einwilligung sms"),
    "consent.whatsapp": ("consent whatsapp", "whatsapp consent", "whatsapp opt in",
        "einwilligung whatsapp"),
    "consent.phone": ("consent phone", "phone consent", "call consent", "call opt in",
        "einwilligung telefon", "rueckruf erlaubt"),
    "refusal.email": (
        "do not email", "email opt out", "has opted out of email", "opted out of email",
        "unsubscribed from all email", "unsubscribed", "keine e mails", "keine email",
        "newsletter abgemeldet",
    ),
    "refusal.sms": ("do not text", "sms opt out", "do not sms", "keine sms"),
    "refusal.whatsapp": ("whatsapp opt out", "kein whatsapp"),
    "refusal.phone": (
        "do not call", "do not phone", "call opt out", "phone opt out", "keine anrufe",
        "nicht anrufen",
    ),
    "status": ("status", "lead status", "lead state", "stage", "lead stage", "lead phase"),
}  # fmt: skip

NOISE = ("lead", "contact", "customer", "client", "your", "primary", "kunden", "ihre", "ihr")
"""First words that say whose a value is; looked up again without them."""

_SQUARE_FEET = re.compile(
    r"\b(?:sq ?\.? ?ft|sqft|ft2|ft\u00b2|square feet|sf)\b|ft\u00b2", re.IGNORECASE
)
_CURRENCY = re.compile(r"\u20ac|\u00a3|\$|\b(?:eur|euro|usd|gbp|chf|cad|aud)\b", re.IGNORECASE)
_CURRENCIES = {"\u20ac": "EUR", "euro": "EUR", "\u00a3": "GBP", "$": "USD"}
_UNIT = re.compile(
    r"[(\[{][^)\]}]*[)\]}]|\u00b2|[\u20ac\u00a3$]|"
    r"\b(?:in )?(?:m2|m\u00b2|qm|sqm|sq ?m|sq ?ft|sqft|ft2|eur|usd|gbp|chf)\s*$",
    re.IGNORECASE,
)
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CUSTOM = re.compile(r"__c$", re.IGNORECASE)


def normalised(header: str) -> str:
    """Return a header in small letters of ASCII, one blank between words, without marks."""
    text = _CAMEL.sub(" ", _CUSTOM.sub("", unicodedata.normalize("NFKC", header).strip()))
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def without_unit(header: str) -> str:
    """Return a header without its brackets, its unit and its currency."""
    text = unicodedata.normalize("NFC", header)
    return _UNIT.sub(" ", text).strip() or text


def is_in_square_feet(header: str) -> bool:
    """Tell whether a header names square feet as its unit."""
    return _SQUARE_FEET.search(header) is not None


def currency_in(header: str) -> str | None:
    """Return the ISO 4217 code of a currency that a header names, such as ``Budget (€)``."""
    found = _CURRENCY.search(header)
    if found is None:
        return None
    word = found[0].casefold()
    return _CURRENCIES.get(word, word.upper())
