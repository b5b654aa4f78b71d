"""Names of garden services: what forms call them, what people write, and one name for each."""

import re
from collections.abc import Mapping

from scoring.phrases.phrase import Phrase, phrase

SYNONYMS: Mapping[str, str] = {
    name: service
    for service, names in {
        "lawn_care": (
            "lawn_mowing mowing mow grass_cutting lawn_maintenance lawn lawncare "
            "lawn_service lawn_treatment rasenpflege rasenmaehen rasen_maehen rasenmähen "
            "rasen_mähen rasenschnitt"
        ),
        "garden_maintenance": (
            "gardening maintenance garden_care gardener yard_maintenance yard_work "
            "landscape_maintenance landscaping_maintenance gartenpflege garten_pflege "
            "gartenarbeit gartenarbeiten gaertner gärtner dauerpflege"
        ),
        "grounds_contract": (
            "grounds_maintenance grounds_keeping groundskeeping estate_maintenance "
            "commercial_maintenance commercial_landscaping grünpflege gruenpflege "
            "grünflächenpflege gruenflaechenpflege objektpflege aussenanlagenpflege"
        ),
        "snow_clearing": (
            "snow_removal snow_plowing snow_ploughing gritting winterdienst winter_service "
            "schneeräumung schneeraeumung"
        ),
        "hedge_trimming": (
            "hedge_cutting hedges hedge hedge_trim heckenschnitt hecke hecke_schneiden "
            "hecken_schneiden"
        ),
        "tree_pruning": (
            "tree_trimming pruning tree_surgery tree_care baumschnitt baumpflege "
            "obstbaumschnitt tree_surgeon arborist"
        ),
        "tree_removal": (
            "tree_felling tree_cutting stump_removal stump_grinding baumfällung "
            "baumfaellung baumfällen baum_fällen baum_faellen"
        ),
        "planting": (
            "plants plant_beds flower_beds bed_planting bepflanzung pflanzung pflanzarbeiten"
        ),
        "lawn_installation": (
            "turfing turf sod sod_installation new_lawn seeding lawn_seeding rollrasen "
            "rasen_anlegen rasenneuanlage neuer_rasen artificial_grass artificial_turf "
            "kunstrasen"
        ),
        "garden_cleanup": (
            "garden_clearance yard_cleanup cleanup clean_up leaf_removal garden_tidy "
            "laubentfernung entrümpelung_garten gartenräumung gartenraeumung"
        ),
        "irrigation_install": (
            "irrigation irrigation_installation sprinklers sprinkler sprinkler_system "
            "drip_irrigation sprinkler_installation bewässerung bewaesserung "
            "bewässerungsanlage bewaesserungsanlage"
        ),
        "paving": (
            "patio patios driveway driveways hardscape hardscaping pavers paths "
            "retaining_wall pflasterarbeiten pflastern terrasse terrassenbau wegebau "
            "einfahrt"
        ),
        "fencing": ("fence fences fence_installation fence_repair zaun zaunbau zäune"),
        "garden_design": (
            "garden_planning planting_plan gartenplanung gartengestaltung gartendesign"
        ),
        "landscape_design": (
            "landscaping landscape landscape_architecture landscape_installation "
            "landschaftsbau galabau garten_und_landschaftsbau landscape_construction"
        ),
        "garden_renovation": (
            "garden_makeover garden_redesign yard_renovation backyard_renovation "
            "gartenumgestaltung gartensanierung gartenumbau neugestaltung garden_remodel"
        ),
    }.items()
    for name in (service, *names.split())
}
"""What forms and CRMs call a service, and our name for it."""

UNSPECIFIC = frozenset({
    "other", "others", "unknown", "general", "general_enquiry", "general_inquiry", "enquiry",
    "inquiry", "not_sure", "unsure", "misc", "miscellaneous", "none", "n_a", "various",
    "question", "contact", "quote", "estimate", "request", "other_service", "sonstiges",
    "sonstige", "andere", "anderes", "allgemein", "allgemeine_anfrage", "anfrage", "unbekannt",
    "beratung", "consultation",
})  # fmt: skip
"""Names that say nothing about the work."""

GARDEN_WORK = re.compile(
    r"garden|lawn|landscap|tree|hedge|plant|yard|grass|turf|irrigat|patio|fenc|pond|leaf|leaves|"
    r"weed|mulch|grounds|outdoor|terrace|deck|pav(?:e|ing)|drain|soil|snow|winter|aussen|außen|"
    r"zaun|"
    r"gart|gärt|rasen|hecke|baum|bäum|pflanz|beet|terrass|teich|grün|"
    r"laub"
)
"""Pieces of words by which work is recognised as garden work."""

SAID: tuple[Phrase, ...] = (
    phrase(
        "lawn_care",
        "mow|grass|rasen",
        r"\b(?:mow(?:ing|ed|n)?|(?:cut|cutting) (?:the |our |my )?(?:grass|lawn)|"
        r"(?:grass|lawn) (?:cut|cutting|care)|rasenmähen|rasen (?:zu )?mähen|rasenpflege)\b",
    ),
    phrase(
        "hedge_trimming",
        "hedge|hecke",
        r"\b(?:(?:cut|trim|trimming|cutting|prune) (?:\w{1,10} ){0,2}hedges?|"
        r"hedges? (?:trimm?(?:ing|ed)?|cut(?:ting)?|done)|heckenschnitt|hecken? (?:zu )?schneiden|"
        r"hecken? (?:\w{1,12} ){0,3}geschnitten)\b",
    ),
    phrase(
        "tree_removal",
        "tree|stump|baum|bäume",
        r"\b(?:(?:remove|removing|cut down|fell|felling|take down|"
        r"cut) (?:\w{1,10} ){0,2}trees?(?: down)?|"
        r"trees? (?:removal|felling|removed|felled|taken down)|stump (?:removal|grinding)|"
        r"(?:baum|bäume) (?:zu )?fällen|baumfällung(?:en)?)\b",
    ),
    phrase(
        "tree_pruning",
        "tree|baum|bäume",
        r"\b(?:(?:prune|pruning|trim|trimming) (?:\w{1,10} ){0,2}trees?|trees? (?:pruning|trimming|"
        r"pruned|trimmed)|(?:obst)?baumschnitt|(?:obst)?(?:baum|bäume) (?:zu )?schneiden)\b",
    ),
    phrase(
        "lawn_installation",
        "lawn|turf|sod|rasen",
        r"\b(?:new (?:lawn|turf|sod)|(?:re-?)?turfing|(?:lay|laying) (?:\w{1,10} )?(?:turf|sod|"
        r"lawn)|rollrasen|"
        r"neue[rn]? rasen|rasen (?:neu )?anlegen)\b",
    ),
    phrase(
        "irrigation_install",
        "irrigation|sprinkler|bewässerung",
        r"\b(?:(?:drip |full |new )?irrigation|sprinkler system|"
        r"(?:garten)?bewässerung(?:sanlage|ssystem)?)\b",
    ),
    phrase(
        "paving",
        "patio|driveway|paving|pflaster|terrasse",
        r"\b(?:(?:new|build|lay|pave|install) (?:\w{1,10} ){0,2}(?:patio|driveway)|paving|"
        r"pflasterarbeiten|pflastern|(?:terrasse|einfahrt|hof) (?:\w{1,10} ){0,2}(?:pflastern|"
        r"bauen|"
        r"anlegen))\b",
    ),
    phrase(
        "fencing",
        "fence|fencing|zaun",
        r"\b(?:(?:new|replace|install|build|repair) (?:\w{1,10} ){0,2}fence|fencing|zaunbau|"
        r"neue[rn]? zaun)\b",
    ),
    phrase(
        "snow_clearing",
        "snow|winterdienst",
        r"\b(?:snow (?:clearing|removal|plowing|ploughing)|winterdienst)\b",
    ),
    phrase(
        "garden_renovation",
        "renovat|makeover|umgestalt|neugestalt|redo",
        r"\b(?:(?:garden|yard|backyard) (?:renovation|makeover)|(?:renovate|redo|"
        r"redesign) (?:\w{1,10} ){0,2}"
        r"(?:garden|(?:back |front )?yard|backyard)|garten (?:\w{1,10} )?(?:umgestalten|"
        r"neu ?gestalten)|"
        r"gartenumgestaltung)\b",
    ),
    phrase(
        "garden_maintenance",
        "maint|gartenpflege|upkeep|gardener|gärtner",
        r"\b(?:(?:garden|yard) (?:maintenance|upkeep|care)|maintain (?:\w{1,10} ){0,2}(?:garden|"
        r"yard)|"
        r"(?:need|want|looking for|after) (?:a|an) (?:\w{1,10} )?gardener|gartenpflege|"
        r"(?:such\w{1,2}|brauch\w{1,2}) (?:\w{1,10} ){0,2}gärtner(?:in)?)\b",
    ),
)
"""What people write where the form names no service; the first that is named counts."""


def service_name(name: str) -> str:
    """Return our name for a service, or the given one in lower snake case where we know none."""
    plain = re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
    return SYNONYMS.get(plain, plain)
