"""The countries people write out: names and usual short forms to ISO 3166-1 alpha-2."""

from collections.abc import Mapping
from types import MappingProxyType

_NAMES: Mapping[str, tuple[str, ...]] = {
    "AT": ("a", "aut", "austria", "österreich", "oesterreich"),
    "AU": ("aus", "australia", "australien"),
    "BE": ("bel", "belgium", "belgien", "belgique", "belgië"),
    "CA": ("can", "canada", "kanada"),
    "CH": ("che", "switzerland", "schweiz", "die schweiz", "suisse", "svizzera"),
    "CZ": ("cze", "czechia", "czech republic", "tschechien", "česko"),
    "DE": (
        *("d", "deu", "ger", "brd", "germany", "deutschland", "allemagne"),
        *("bundesrepublik deutschland", "federal republic of germany"),
    ),
    "DK": ("dnk", "denmark", "dänemark", "danmark"),
    "ES": ("esp", "spain", "spanien", "españa"),
    "FI": ("fin", "finland", "finnland", "suomi"),
    "FR": ("fra", "france", "frankreich"),
    "GB": (
        *("uk", "u.k.", "u.k", "gbr", "united kingdom", "great britain", "britain"),
        *("england", "scotland", "wales", "northern ireland"),
        *("vereinigtes königreich", "grossbritannien"),
    ),
    "IE": ("irl", "ireland", "irland", "republic of ireland"),
    "IT": ("ita", "italy", "italien", "italia"),
    "LI": ("lie", "liechtenstein"),
    "LU": ("lux", "luxembourg", "luxemburg"),
    "NL": ("nld", "netherlands", "the netherlands", "holland", "niederlande", "nederland"),
    "NO": ("nor", "norway", "norwegen", "norge"),
    "NZ": ("nzl", "new zealand", "neuseeland"),
    "PL": ("pol", "poland", "polen", "polska"),
    "PT": ("prt", "portugal"),
    "SE": ("swe", "sweden", "schweden", "sverige"),
    "US": (
        *("usa", "u.s.a.", "u.s.a", "u.s.", "u.s", "united states", "the united states"),
        *("united states of america", "vereinigte staaten", "vereinigte staaten von amerika"),
    ),
}

COUNTRY_BY_NAME: Mapping[str, str] = MappingProxyType(
    {name: code for code, names in _NAMES.items() for name in names}
)
"""By the casefolded name; a name of more than one place (``georgia``) is left out."""
