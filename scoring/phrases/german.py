"""What German-speaking customers write, by the fact it states."""

from collections.abc import Mapping

from domain.lead import Channel, DecisionRole, Timeline
from scoring.phrases.phrase import UP_TO_2, UP_TO_4, Phrase, phrase

_COUNT = r"(?:zwei|drei|vier|fünf|mehrere[nr]?|einige[nr]?|verschiedene[nr]?|ein(?:en?)?|\d{1,2})"
_RIVALS = (
    r"(?:angebote?n?|anbietern?|firmen|firma|gärtnern?|betriebe?n?|bietern?|kostenvoranschläge?n?|"
    r"unternehmen|offerten?)"
)
_BODY = (
    r"(?:vorstand|eigentümerversammlung|eigentümergemeinschaft|weg|verwaltungsrat|beirat|"
    r"verwaltungsbeirat|gemeinderat|stadtrat|kirchenvorstand|kirchengemeinderat|ausschuss|gremium|"
    r"mitgliederversammlung|versammlung)"
)
_CARE = (
    r"(?:pflege|gartenpflege|grünpflege|rasenpflege|betreuung|schnitt|unterhalt|mähen|rasenmähen|"
    r"gartenarbeit(?:en)?|arbeiten|heckenschnitt)"
)

GERMAN: Mapping[str, tuple[Phrase, ...]] = {
    "decision_role": (
        phrase(
            DecisionRole.OWNER.value,
            "eigentümer|besitzer|eigenheim|eigenes haus|eigenen haus",
            r"\b(?:(?:haus)?eigentümer(?:in)? (?:bin ich|sind wir)\b|"
            r"(?:ich bin|wir sind|bin ich|sind wir|als) (?:selbst |auch |die |der |stolze |"
            r"neue )*"
            r"(?:haus|grundstücks|mit|allein)?(?:eigentümer|besitzer)(?:in|innen)?\b|"
            r"(?:unser|mein)(?:em|en|es)? eigenheim\b|"
            r"(?:unser|mein)(?:em|en)? eigene[sn] haus\b)",
        ),
        phrase(
            DecisionRole.OWNER.value,
            "gehört|besitze|gekauft|erworben",
            r"\b(?:(?:haus|grundstück|garten|wohnung|immobilie) gehört (?:uns|mir)\b|"
            r"(?:uns|mir) gehört (?:das|der|die) (?:\w{1,14} )?(?:haus|grundstück|garten|"
            r"wohnung|immobilie)\b|"
            rf"\b(?:ich besitze|wir besitzen) {UP_TO_2}(?:haus|grundstück|garten|immobilie|"
            rf"wohnung)\b|"
            r"\b(?:haus|grundstück|immobilie) (?:\w{1,14} ){0,2}(?:gekauft|erworben)\b)",
        ),
        phrase(
            DecisionRole.COMMITTEE.value,
            "vorstand|versammlung|gemeinschaft|weg |rat |ausschuss|gremium",
            rf"\b{_BODY}\b {UP_TO_4}"
            r"(?:entscheidet|stimmt|beschließt|tagt|berät|genehmigt|muss|entscheiden|beschließen|"
            r"abstimmen|zustimmen)\b",
        ),
        phrase(
            DecisionRole.COMMITTEE.value,
            "entscheidet|stimmt|beschließt|auftrag|namen",
            rf"\b(?:entscheidet|stimmt|beschließt|im auftrag|"
            rf"im namen)(?: am [\d.]{{2,10}})? {UP_TO_2}{_BODY}\b",
        ),
        phrase(
            DecisionRole.PROPERTY_MANAGER.value,
            "hausverwalt|objektbetreu|facility|immobilienverwalt|liegenschaft",
            r"\b(?:als|wir sind|ich bin|sind wir|bin ich) (?:die |der |eine |ein |zuständige[r]? )*"
            r"(?:hausverwalt\w{2,6}|immobilienverwalt\w{2,6}|objektbetreu\w{2,6}|"
            r"liegenschaftsverwalt\w{2,6}|"
            r"facility[ -]?manager(?:in)?)\b",
        ),
        phrase(
            DecisionRole.PROPERTY_MANAGER.value,
            "verwalte",
            rf"\b(?:wir verwalten|ich verwalte) {UP_TO_4}"
            r"(?:objekte?|anlagen?|wohnungen|häuser|liegenschaften|gebäude|wohneinheiten|"
            r"einheiten)\b",
        ),
        phrase(
            DecisionRole.TENANT.value,
            "miete",
            r"\b(?:(?:ich bin|wir sind|als|bin ich|sind wir) (?:nur |hier |die |"
            r"der )*mieter(?:in|innen)?\b|"
            r"zur miete\b|wohnen (?:hier )?in miete\b)",
        ),
        phrase(
            DecisionRole.TENANT.value,
            "vermieter",
            r"\b(?:unser|mein|der|die|unsere|meine)[nm]? vermieter(?:in)?\b",
        ),
        phrase(
            DecisionRole.AGENT.value,
            "kunde|mandant|makler|architekt",
            r"\b(?:im auftrag (?:unser|mein|eine)[a-z]{1,2} (?:kund|mandant|bauherr)\w{1,4}|"
            r"(?:ich bin|als) (?:die |der )?(?:makler|architekt)(?:in)?)\b",
        ),
    ),
    "visit_requested": (
        phrase(
            True,
            "besichtig|ortstermin|vor-ort|vor ort",
            r"\b(?:besichtigung(?:stermin)?|ortstermin|vor-ort-(?:termin|besichtigung|besuch|"
            r"gespräch)|"
            r"termin vor ort|vor ort (?:an)?(?:schauen|sehen|besprechen|ansehen)|besichtigen)\b",
        ),
        phrase(
            True,
            "vorbeik|vorbeisch|vorbei|anschauen|ansehen",
            r"\b(?:vorbei(?:zu)?(?:kommen|schauen)|kommen sie (?:\w{1,12} ){0,3}vorbei|"
            rf"(?:jemand|sie|könn\w{{1,4}}) {UP_TO_4}(?:anschauen|ansehen))\b",
        ),
    ),
    "attachments_mentioned": (
        phrase(
            True,
            "anbei|anhang|beigefügt|angehängt|anlage",
            r"\b(?:anbei|im anhang|(?:ist|sind|habe|haben|hängt|"
            r"hängen) (?:\w{1,14} ){0,4}(?:beigefügt|angehängt)|"
            rf"(?:fotos?|bilder|pläne|plan|skizze|unterlagen|grundriss|zeichnung) {UP_TO_4}"
            r"(?:beigefügt|angehängt|in der anlage))\b",
        ),
    ),
    "referral": (
        phrase(
            True,
            "empfohlen",
            r"\b(?:sie|ihnen|ihre[nr]?|ihr|euch|eure) (?:\w{1,20} ){0,6}(?:weiter)?empfohlen\b",
        ),
        phrase(
            True,
            "empfehlung",
            r"\b(?:auf|durch|über|aufgrund) (?:die |eine |der |einer )?empfehlung\b",
        ),
        phrase(
            True,
            "auf sie",
            r"\b(?:durch|über|von) (?:\w{1,14} )?(?:nachbar|bekannt|freund|kolleg)\w{0,4} "
            rf"{UP_TO_2}auf sie\b",
        ),
    ),
    "recurring": (
        phrase(
            True,
            "wöchentlich|wochen|14 tage|14-tägig|vierzehn|monatlich|im monat|pro monat|"
            "jeden monat|jede woche",
            r"\b(?:(?:zwei|drei|vier)?wöchentlich\w{0,3}|"
            r"alle (?:zwei|drei|vier|sechs|\d{1,2}) wochen|"
            r"alle (?:14|vierzehn) tage|14-tägig\w{0,2}|jede woche|jeden monat|monatlich\w{0,3}|"
            r"(?:ein|zwei|drei|1|2|3) ?-?mal (?:im|pro) monat|"
            r"(?:ein|zwei|1|2) ?-?mal (?:in der|pro) woche)\b"
            r"(?! (?:miete|newsletter))",
        ),
        phrase(
            True,
            "regelmäßig|dauerhaft|laufend|ganzjährig|fortlaufend",
            rf"\b(?:regelmäßige?[nrs]?|dauerhafte?[nrs]?|laufende[nrs]?|"
            rf"ganzjährige?[nrs]?) {UP_TO_4}"
            rf"(?:{_CARE}|(?:ge)?pfleg\w{{1,4}}|mähen|gemäht|schneiden|betreu\w{{1,4}}|"
            rf"kümmer\w{{1,3}})\b",
        ),
        phrase(
            True,
            "vertrag|jahrespflege|dauerauftrag",
            r"\b(?:jahrespflege|dauerpflege|dauerauftrag|(?:garten)?pflegevertrag|"
            r"wartungsvertrag|jahresvertrag)\b",
        ),
    ),
    "competitors": (
        phrase(
            True,
            "weitere|andere|mitbewerb|vergleichsangebot",
            rf"\b(?:(?:(?P<count>{_COUNT}) )?(?:weitere[nr]?|andere[nr]?) {_RIVALS}|"
            r"mitbewerbern?|vergleichsangebote?)\b",
        ),
        phrase(
            True,
            "angebote|kostenvoranschläge|offerten",
            rf"\b(?P<count>{_COUNT}) (?:angebote|kostenvoranschläge|offerten)\b",
        ),
        phrase(
            True,
            "angebote",
            r"\b(?:holen|vergleichen|sammeln|hole|vergleiche|sammle) (?:\w{1,12} ){0,3}angebote\b",
        ),
    ),
    "timeline": (
        phrase(
            Timeline.ASAP.value,
            "ab sofort|schnell|dringend|umgehend|sofort|baldmöglichst|baldigst|bald wie|notfall|"
            "heute",
            r"\b(?:ab sofort|notfall|noch heute|heute noch|"
            r"so (?:schnell|bald) wie (?:es )?(?:nur )?(?:möglich|geht)|"
            r"(?:schnellst|bald)möglichst|schnellstens|baldigst|dringend\w{0,3}|umgehend|"
            r"sofort(?:ige[nr]?)?)\b",
        ),
    ),
    "preferred_channel": (
        phrase(
            Channel.WHATSAPP.value,
            "whatsapp",
            rf"\b(?:bitte|lieber|gern\w?|am besten|melden|schreiben|"
            rf"erreichbar) {UP_TO_4}(?:per |via |"
            rf"über )whatsapp\b",
        ),
        phrase(
            Channel.EMAIL.value,
            "mail",
            rf"\b(?:bitte|lieber|gern\w?|am besten|bevorzugt|antwort\w{{0,3}}) {UP_TO_2}(?:per|"
            rf"via) e?-?mail\b",
        ),
        phrase(
            Channel.PHONE.value,
            "telefon|anruf|rückruf|rufen",
            r"\b(?:bitte|lieber|gern\w?|am besten|bevorzugt) (?:um |einen? )?(?:telefonisch\w{0,2}|"
            r"anruf\w{0,2}|rückruf|zurückrufen)\b",
        ),
        phrase(
            Channel.PHONE.value,
            "rufen|rückruf|ruft",
            rf"\b(?:rufen sie (?:mich|uns)|rückruf bitte|um {UP_TO_2}rückruf)\b",
        ),
    ),
}
"""By fact name; ``competitors`` may name the group ``count``."""
