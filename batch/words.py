"""What people write where a lead's field allows named values only, English and German.

Words stand as :func:`batch.headers.normalised` gives them. What is not here goes on as it came:
intake sets it aside, flagged, for people to read.
"""

from collections.abc import Mapping

from domain.lead import (
    BudgetPeriod,
    Channel,
    DecisionRole,
    LeadSource,
    LeadStatus,
    PropertyType,
    Timeline,
)


def _table(words: Mapping[str, str]) -> dict[str, str]:
    return {word: value for value, line in words.items() for word in line.split(", ")}


SOURCES = _table(
    {
        LeadSource.REFERRAL: "referral, referred, word of mouth, recommendation, friend, neighbour,"
        " neighbor, existing customer, customer referral, empfehlung, weiterempfehlung,"
        " mundpropaganda, freunde, nachbar, nachbarn, bekannte, bestandskunde",
        LeadSource.WEBSITE_FORM: "website, web, web form, webform, website form, contact form,"
        " form, online form, homepage, landing page, landing page submission, internet,"
        " organic search, organic, direct traffic, direct, webseite, kontaktformular, formular,"
        " online formular, webformular",
        LeadSource.PHONE: "phone, call, phone call, phone inquiry, phone enquiry, telephone,"
        " inbound call, telefon, anruf, telefonisch",
        LeadSource.EMAIL: "email, e mail, mail, newsletter, per mail, per e mail",
        LeadSource.WALK_IN: "walk in, walkin, in person, shop, office, showroom, laden,"
        " persoenlich, vor ort, laufkundschaft",
        LeadSource.SOCIAL: "social, social media, facebook, instagram, tiktok, linkedin, pinterest,"
        " fb, ig, youtube, soziale medien",
        LeadSource.ADVERTISEMENT: "advertisement, ad, ads, advertising, google ads, adwords, ppc,"
        " paid search, facebook ads, facebook lead ads, meta ads, flyer, newspaper,"
        " radio, print, werbung, anzeige, zeitung, zeitungsanzeige, plakat",
        LeadSource.MARKETPLACE: "marketplace, myhammer, my hammer, check24, angi, angies list,"
        " homeadvisor, thumbtack, checkatrade, bark, houzz, marktplatz, portal, kleinanzeigen",
        LeadSource.PARTNER: "partner, reseller, architect, property manager, architekt,"
        " hausverwaltung, kooperation",
        LeadSource.LIST: "list, purchased list, bought list, cold list, liste, gekauft",
        LeadSource.OTHER: "other, unknown, sonstige, sonstiges, andere, unbekannt",
    }
)
"""Value of ``source`` by what a CRM calls it."""

TIMELINES = _table(
    {
        Timeline.ASAP: "asap, as soon as possible, immediately, now, urgent, right away, today,"
        " this week, sofort, schnellstmoeglich, so schnell wie moeglich, so bald wie moeglich,"
        " dringend, ab sofort, umgehend",
        Timeline.UNDER_1_MONTH: "under 1 month, within a month, within 1 month, this month,"
        " less than 1 month, 1 month, 2 weeks, 1 2 weeks, 2 4 weeks, in the next month,"
        " innerhalb eines monats, diesen monat, in 4 wochen, 2 wochen, 1 monat",
        Timeline.ONE_TO_3_MONTHS: "1 3 months, 1 to 3 months, within 3 months, 2 months, 3 months,"
        " next 3 months, 1 3 monate, 1 bis 3 monate, innerhalb von 3 monaten, 2 monate, 3 monate",
        Timeline.THREE_TO_6_MONTHS: "3 6 months, 3 to 6 months, within 6 months, 6 months,"
        " half a year, 3 6 monate, 3 bis 6 monate, innerhalb von 6 monaten, 6 monate, halbes jahr",
        Timeline.OVER_6_MONTHS: "over 6 months, more than 6 months, 6 months plus, 6 12 months,"
        " next year, later, no hurry, flexible, ueber 6 monate, mehr als 6 monate,"
        " naechstes jahr, spaeter, keine eile, 6 12 monate",
    }
)
PERIODS = _table(
    {
        BudgetPeriod.ONE_OFF: "one off, once, one time, total, project, einmalig, gesamt, projekt",
        BudgetPeriod.MONTH: "month, monthly, per month, a month, monat, monatlich, pro monat,"
        " im monat, mtl",
        BudgetPeriod.YEAR: "year, yearly, annual, annually, per year, a year, jahr, jaehrlich,"
        " pro jahr, im jahr, p a",
    }
)
CHANNELS = _table(
    {
        Channel.PHONE: "phone, call, telephone, phone call, mobile, telefon, anruf, telefonisch,"
        " per telefon, rueckruf, handy",
        Channel.EMAIL: "email, e mail, mail, per e mail, per mail",
        Channel.SMS: "sms, text, text message, textnachricht",
        Channel.WHATSAPP: "whatsapp, whats app, wa",
    }
)
ROLES = _table(
    {
        DecisionRole.OWNER: "owner, homeowner, home owner, yes, eigentuemer, eigentuemerin,"
        " besitzer, hausbesitzer, hauseigentuemer, ja",
        DecisionRole.TENANT: "tenant, renter, renting, mieter, mieterin",
        DecisionRole.PROPERTY_MANAGER: "property manager, facility manager, manager, verwalter,"
        " hausverwaltung, hausverwalter, objektverwalter",
        DecisionRole.COMMITTEE: "committee, board, hoa board, beirat, verwaltungsbeirat, vorstand",
        DecisionRole.AGENT: "agent, estate agent, realtor, broker, makler, maklerin",
    }
)
PROPERTIES = _table(
    {
        PropertyType.HOUSE: "house, single family home, single family, home, detached, villa,"
        " bungalow, townhouse, haus, einfamilienhaus, efh, reihenhaus, doppelhaus,"
        " doppelhaushaelfte",
        PropertyType.APARTMENT: "apartment, flat, condo, balcony, terrace, wohnung,"
        " eigentumswohnung, balkon, mehrfamilienhaus",
        PropertyType.COMMERCIAL: "commercial, business, office, company, shop, hotel, restaurant,"
        " gewerbe, gewerblich, firma, buero, industrie",
        PropertyType.ASSOCIATION: "association, hoa, homeowners association, weg,"
        " eigentuemergemeinschaft, verein, wohnanlage",
        PropertyType.PUBLIC: "public, municipality, city, school, council, oeffentlich, gemeinde,"
        " stadt, schule, kommune",
    }
)
STATUSES = _table(
    {
        LeadStatus.NEW: "new, open, not contacted, open not contacted, neu, offen, unbearbeitet",
        LeadStatus.CONTACTED: "contacted, working, attempted to contact, in progress, connected,"
        " working contacted, kontaktiert, in bearbeitung, angerufen",
        LeadStatus.VISIT_BOOKED: "visit booked, appointment, meeting booked, termin,"
        " termin vereinbart, besichtigung",
        LeadStatus.QUOTED: "quoted, proposal, proposal sent, quote sent, angebot, angebot gesendet",
        LeadStatus.WON: "won, closed won, converted, customer, gewonnen, auftrag, beauftragt",
        LeadStatus.LOST: "lost, closed lost, unqualified, disqualified, verloren, abgelehnt",
        LeadStatus.CLOSED: "closed, done, completed, closed not converted, geschlossen, erledigt",
    }
)
COUNTRIES = _table(
    {
        "DE": "germany, deutschland, ger, deu, brd",
        "AT": "austria, oesterreich, aut",
        "CH": "switzerland, schweiz, che",
        "US": "united states, united states of america, usa, vereinigte staaten",
        "GB": "united kingdom, great britain, england, scotland, wales, grossbritannien,"
        " vereinigtes koenigreich, gbr, uk",
        "IE": "ireland, irland, irl",
        "CA": "canada, kanada, can",
        "AU": "australia, australien, aus",
        "NZ": "new zealand, neuseeland, nzl",
        "FR": "france, frankreich, fra",
        "NL": "netherlands, holland, niederlande, nld",
        "BE": "belgium, belgien, bel",
        "LU": "luxembourg, luxemburg, lux",
        "LI": "liechtenstein",
        "IT": "italy, italien, ita",
        "ES": "spain, spanien, esp",
        "PT": "portugal, prt",
        "PL": "poland, polen, pol",
        "DK": "denmark, daenemark, dnk",
        "SE": "sweden, schweden, swe",
        "NO": "norway, norwegen, nor",
    }
)
LANGUAGES = _table(
    {
        "de": "german, deutsch, germany, ger, deu",
        "en": "english, englisch, eng",
        "fr": "french, franzoesisch",
        "it": "italian, italienisch",
        "es": "spanish, spanisch",
        "tr": "turkish, tuerkisch",
        "pl": "polish, polnisch",
    }
)

BY_FIELD: Mapping[str, Mapping[str, str]] = {
    "source": SOURCES,
    "timeline": TIMELINES,
    "budget.period": PERIODS,
    "contact.preferred_channel": CHANNELS,
    "decision_role": ROLES,
    "property_type": PROPERTIES,
    "status": STATUSES,
    "location.country": COUNTRIES,
    "locale": LANGUAGES,
}
"""The words of every field that takes named values."""
