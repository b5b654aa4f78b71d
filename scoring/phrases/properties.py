"""Words for the ground that work is on, English and German, by the kind of property they name."""

import re
from collections.abc import Mapping

from domain.lead import PropertyType

PROPERTY_WORDS: Mapping[PropertyType, re.Pattern[str]] = {
    PropertyType.HOUSE: re.compile(
        r"\b(?:house|home|townhouse|bungalow|cottage|villa|ranch|duplex|family home|back ?yard|"
        r"front ?yard|(?:ein|zwei|mehr)?familienhaus\w{0,2}|(?:reihen|doppel|wohn|ferien|land)?"
        r"haus(?:es)?|häuschen|doppelhaushälfte|eigenheim\w{0,2}|bauernhof)\b"
    ),
    PropertyType.APARTMENT: re.compile(
        r"\b(?:apartment|flat|condo|maisonette|balcony|roof terrace|\w{0,12}wohnung|balkon|"
        r"dachterrasse)\b"
    ),
    PropertyType.COMMERCIAL: re.compile(
        r"\b(?:office(?:s| building| park)?|business park|shop|store|restaurant|hotel|warehouse|"
        r"factory|commercial (?:property|site|building)|company (?:site|grounds|premises)|"
        r"retail park|firmengelände|firmengrundstück|betriebsgelände|gewerbe\w{2,14}|"
        r"bürogebäude|büro|laden|gaststätte|praxis|werksgelände)\b"
    ),
    PropertyType.ASSOCIATION: re.compile(
        r"\b(?:hoa|homeowners['\u2019]? association|residents['\u2019]? association|condo "
        r"association|housing (?:association|co-?operative)|apartment (?:complex|community)|"
        r"weg|eigentümergemeinschaft|wohnanlage|wohnungsgenossenschaft|genossenschaft)\b"
    ),
    PropertyType.PUBLIC: re.compile(
        r"\b(?:school|kindergarten|nursery school|church|parish|town hall|council|municipal\w{0,4}|"
        r"public park|cemetery|university|hospital|schule|kita|kirche|kirchengemeinde|rathaus|"
        r"gemeinde|stadtpark|friedhof|krankenhaus|universität)\b"
    ),
}
"""Patterns over lower-case text; a kind without words (``other``) is never read from them."""
