"""The only things a draft may say about a lead: its validated fields and checked facts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from actors.drafting.names import PersonName, read_name
from domain.analysis import Fact, Gate, GateFinding, LeadAnalysis
from domain.lead import Budget, Channel, Lead, Timeline, closed_channels
from scoring.channels import open_channels
from scoring.extractor import extract_facts
from scoring.hours import local_zone
from scoring.injection import injected_spans
from scoring.known import CallWindow, Known, know
from scoring.phrases.services import service_name
from scoring.settings import BusinessProfile

_REFUSAL = "opt_out_channels"
"""The one fact that counts although nobody checked it: a refusal is obeyed when in doubt."""

_PLACE = re.compile(r"[^\W\d_][^\W\d_]+(?:[ .'\u2019/()-]{1,2}[^\W\d_]+){0,5}\)?")
_LINKISH = re.compile(r"\w\.\w{2}")
_POSTAL_CODE = re.compile(
    r"(?:[A-Z]{1,2}-)?[0-9]{3,6}(?:[ -][0-9]{2,4})?|[0-9]{2}-[0-9]{3}"
    r"|[1-9][0-9]{3} ?(?!EU|US)[A-Z]{2}"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]?(?: ?[0-9][A-Z]{2})?|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
    r"|[A-Z][0-9]{2} ?[A-Z0-9]{4}"
)
MOST_PLACE_CHARACTERS = 60

_CANNOT_SERVE = (Gate.OUT_OF_AREA, Gate.WRONG_JOB_TYPE)


@dataclass(frozen=True, slots=True)
class FactsSheet:
    """What is known of a lead and safe to write; None where nothing is.

    Attributes:
        job: Name of the service, one that the business offers.
        country: ISO 3166-1 alpha-2.
        start: Day or month the work should start, ``YYYY-MM-DD`` or ``YYYY-MM``.
        decision: Day or month somebody decides, in the same forms.
        window: When the person wants to be called, in local time.
        missing: Facts worth asking for, most useful first.
        cannot_serve: The gate that says the job is not for us, and nobody undid it.
        channels: Ways the person may be reached, best first.
        asked_on: Day of the enquiry, in UTC.
        facts: The checked facts all this rests on.
    """

    name: PersonName | None
    job: str | None
    area_m2: float | None
    city: str | None
    postal_code: str | None
    country: str | None
    timeline: Timeline | None
    start: str | None
    decision: str | None
    window: CallWindow | None
    wants_call: bool
    wants_visit: bool
    budget: Budget | None
    missing: tuple[str, ...]
    cannot_serve: Gate | None
    channels: tuple[Channel, ...]
    email: str | None
    phone: str | None
    zone: ZoneInfo
    asked_on: date
    facts: tuple[Fact, ...]

    @property
    def can_call(self) -> bool:
        """Whether the person may be called."""
        return Channel.PHONE in self.channels

    def without_details(self) -> "FactsSheet":
        """Return the sheet with the name and the job alone, for a text that got too long."""
        return replace(
            self,
            area_m2=None,
            city=None,
            postal_code=None,
            timeline=None,
            start=None,
            decision=None,
        )

    def bare(self) -> "FactsSheet":
        """Return the sheet with nothing that came from outside but wishes we can name."""
        return replace(self.without_details(), name=None, job=None, missing=())


def facts_sheet(
    lead: Lead, analysis: LeadAnalysis | None, *, profile: BusinessProfile
) -> FactsSheet:
    """Return what may be written to a lead.

    Facts whose value nothing could check are left out, so are fields that look like a link, an
    order or an offer. Without an analysis the message is read by patterns, and nothing is asked.
    """
    facts = _checked(lead, analysis)
    known = know(lead, facts, profile)
    refused = closed_channels(lead) | known.refused_channels
    missing = analysis.missing if analysis else ()
    return FactsSheet(
        name=read_name(lead.contact.full_name),
        job=_job(known, profile),
        area_m2=known.area_m2.value if known.area_m2 else None,
        city=_city(known),
        postal_code=_postal_code(known),
        country=known.country,
        timeline=known.timeline.value if known.timeline else None,
        start=_day(facts, "start_date"),
        decision=_day(facts, "decision_date"),
        window=known.callback.value if known.callback and known.callback.value.is_named else None,
        wants_call=known.callback is not None,
        wants_visit=known.visit_requested is not None,
        budget=known.budget.value if known.budget else None,
        missing=tuple(name for name in missing if name != "phone" or Channel.PHONE not in refused),
        cannot_serve=_cannot_serve(analysis.gates if analysis else ()),
        channels=open_channels(lead, known),
        email=known.email,
        phone=known.phone,
        zone=local_zone(lead, known, profile),
        asked_on=lead.created_at.date(),
        facts=facts,
    )


def _checked(lead: Lead, analysis: LeadAnalysis | None) -> tuple[Fact, ...]:
    if analysis is None:
        return extract_facts(
            lead.message,
            locale=lead.locale,
            country=lead.location.country if lead.location else None,
            created_at=lead.created_at,
        )
    return tuple(fact for fact in analysis.facts if fact.checked or fact.name == _REFUSAL)


def _job(known: Known, profile: BusinessProfile) -> str | None:
    given = known.service.value if known.service else ""
    return next((name for name in (given, service_name(given)) if name in profile.services), None)


def _city(known: Known) -> str | None:
    city = known.location.value.city if known.location else None
    if not city or len(city) > MOST_PLACE_CHARACTERS or _LINKISH.search(city):
        return None
    return city if _PLACE.fullmatch(city) and not injected_spans(city) else None


def _postal_code(known: Known) -> str | None:
    code = known.location.value.postal_code if known.location else None
    return code if code and _POSTAL_CODE.fullmatch(code) else None


def _day(facts: Sequence[Fact], name: str) -> str | None:
    fact = next((fact for fact in facts if fact.name == name), None)
    return fact.value if fact and isinstance(fact.value, str) else None


def _cannot_serve(gates: Sequence[GateFinding]) -> Gate | None:
    acting = {finding.gate for finding in gates if not finding.undone}
    return next((gate for gate in _CANNOT_SERVE if gate in acting), None)
