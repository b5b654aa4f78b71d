"""Rules that answer before any scoring: is this an enquiry we can serve, from somebody to reach?"""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from domain.analysis import Fact, FirstLead, Gate, GateFinding, Override
from domain.lead import Channel, Lead, Location
from scoring.channels import open_channels
from scoring.known import Known, know
from scoring.phrases.services import GARDEN_WORK, SYNONYMS, UNSPECIFIC, service_name
from scoring.unwanted import Kind, Verdict, judge_solicitation, judge_spam


class ServedBusiness(Protocol):
    """What the gates ask of a business profile."""

    @property
    def services(self) -> Collection[str]:
        """Names of the services offered."""
        ...

    def serves(self, location: Location | None) -> bool | None:
        """Return whether a place is served; None where too little is known to say."""
        ...


def find_gates(
    lead: Lead,
    *,
    facts: Sequence[Fact],
    overrides: Sequence[Override],
    first: FirstLead | None,
    profile: ServedBusiness,
) -> tuple[GateFinding, ...]:
    """Return the gates that close on a lead, in the order of :class:`~domain.analysis.Gate`.

    Args:
        lead: Its message is what was read, without orders to the machine.
        facts: What the message says; fills the gaps of the fields.
        overrides: What people decided; the newest of a gate counts.
        first: The lead this one repeats, or None.
        profile: What the business offers, and where.
    """
    known = know(lead, facts)
    evidence = dict(_closed(lead, known, first, profile))
    undone = _undone(overrides)
    return tuple(
        GateFinding(gate=gate, evidence=evidence[gate], undone=gate in undone)
        for gate in Gate
        if gate in evidence
    )


def _closed(
    lead: Lead, known: Known, first: FirstLead | None, profile: ServedBusiness
) -> Iterator[tuple[Gate, str]]:
    yield from _unwanted(lead.message)
    if first is not None:
        yield Gate.DUPLICATE, f"same person and job as lead {first.lead_id}"
    if known.location is not None and profile.serves(known.location.value) is False:
        yield Gate.OUT_OF_AREA, f"{_place(known.location.value)} is outside the area served"
    if lead.service is not None and not is_offered(lead.service, profile.services):
        yield Gate.WRONG_JOB_TYPE, f"{lead.service!r} is not offered"
    yield from _reach(lead, known)


def is_offered(service: str, offered: Collection[str]) -> bool:
    """Return whether a service is offered, under any name we know for it.

    Names that say nothing ("other") pass, and so do unknown names of garden work: a person should
    look at those. Unknown names of other trades do not.
    """
    name = service_name(service)
    if name in offered or name in {service_name(own) for own in offered} or name in UNSPECIFIC:
        return True
    return bool(name) and name not in SYNONYMS and GARDEN_WORK.search(name) is not None


def _unwanted(message: str) -> Iterator[tuple[Gate, str]]:
    """Yield the stronger of spam and solicitation; where both are as strong, solicitation."""
    verdicts = [judge_solicitation(message), judge_spam(message)]
    worst = max(verdicts, key=lambda verdict: verdict.score)
    if worst.is_unwanted:
        gate = Gate.SPAM if worst.kind is Kind.SPAM else Gate.SOLICITATION
        yield gate, _seen(worst)


def _seen(verdict: Verdict) -> str:
    return "; ".join(verdict.seen)


def _place(location: Location) -> str:
    parts = (location.postal_code, location.city, location.region, location.country)
    return " ".join(part for part in parts if part)


def _reach(lead: Lead, known: Known) -> Iterator[tuple[Gate, str]]:
    if known.email is None and known.phone is None:
        spoiled = [
            f"{value.field} {value.value!r} cannot be used"
            for value in lead.set_aside
            if value.field.startswith("contact.")
        ]
        yield Gate.UNCONTACTABLE, "; ".join(["no e-mail address and no phone number", *spoiled])
    elif not open_channels(lead, known):
        yield Gate.OPTED_OUT, f"asked not to be reached by {_addresses(known)}"


def _addresses(known: Known) -> str:
    """Name the channels there is an address for, and that are therefore closed."""
    channels = [Channel.EMAIL] if known.email else []
    if known.phone:
        channels.append(Channel.PHONE)
    return " or ".join(channel.value for channel in channels)


def _undone(overrides: Sequence[Override]) -> frozenset[Gate]:
    newest = {override.gate: override for override in sorted(overrides, key=lambda one: one.at)}
    return frozenset(gate for gate, override in newest.items() if override.undone)
