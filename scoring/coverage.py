"""How much of what could move the score is known, and what is worth asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.analysis import Confidence
from scoring.known import Known
from scoring.scorecard import Scorecard
from scoring.settings import BusinessProfile

_FACT_OF: Mapping[str, str] = MappingProxyType({"phone": "contact"})
"""The scorecard's fact behind what people ask for, where the names differ."""

_ASKABLE = ("budget", "timeline", "decision_role", "service", "location", "area_m2", "phone")

QUESTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "budget": "What budget do you have in mind?",
            "timeline": "When should the work start?",
            "decision_role": "Do you own the property, or does someone else decide?",
            "service": "What work would you like us to do?",
            "location": "What is the postal code of the garden?",
            "area_m2": "About how large is the area?",
            "phone": "On which number may we call you?",
        },
        "de": {
            "budget": "Welches Budget haben Sie vorgesehen?",
            "timeline": "Wann soll die Arbeit beginnen?",
            "decision_role": "Sind Sie Eigentümer, oder entscheidet jemand anderes?",
            "service": "Welche Arbeiten sollen wir übernehmen?",
            "location": "Welche Postleitzahl hat der Garten?",
            "area_m2": "Wie groß ist die Fläche ungefähr?",
            "phone": "Unter welcher Nummer dürfen wir Sie anrufen?",
        },
    }
)
"""What to ask the lead, by language and fact; English where a language is absent."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of a lead.

    Attributes:
        missing: Facts worth asking for, the one that could move the score most first.
        confidence: The known share of what could move it.
    """

    missing: tuple[str, ...]
    confidence: Confidence


def cover(known: Known, card: Scorecard, profile: BusinessProfile, *, truncated: bool) -> Coverage:
    """Weigh what is known against what is not.

    A fact weighs as much as its rows of the scorecard could move the logit. The area is not asked
    for where the price of the service does not rest on it.
    """
    weights = card.fact_weights
    relevant = {name: weights.get(_FACT_OF.get(name, name), 0.0) for name in _ASKABLE}
    if not _area_matters(known, profile):
        relevant.pop("area_m2", None)
    present = frozenset(name for name in relevant if _is_known(known, name))
    missing = sorted(relevant.keys() - present, key=lambda name: (-relevant[name], name))
    total = sum(relevant.values())
    share = sum(relevant[name] for name in present) / total if total else 1.0
    basis = f"{len(present)} of {len(relevant)} facts that move the score are known"
    if truncated:
        basis += "; the message was longer than what is read"
    level = card.confidence.level(share)
    return Coverage(tuple(missing), Confidence(level=level, value=round(share, 4), basis=basis))


def questions(missing: tuple[str, ...], *, locale: str | None, most: int) -> tuple[str, ...]:
    """Return what to ask the lead in its language, most useful first, at most ``most``."""
    language = (locale or "en").split("-", maxsplit=1)[0].lower()
    texts = QUESTIONS.get(language, QUESTIONS["en"])
    return tuple(texts[name] for name in missing[:most])


def _area_matters(known: Known, profile: BusinessProfile) -> bool:
    offer = profile.offer(known.service.value) if known.service else None
    return known.area_m2 is not None or offer is None or offer.price_per_m2 > 0


def _is_known(known: Known, name: str) -> bool:
    if name == "location":
        place = known.location.value if known.location else None
        return place is not None and bool(place.postal_code or place.city)
    return getattr(known, name) is not None
