"""What to do next with a lead: one decision from what was seen, by an open channel only."""

from calendar import day_name
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.analysis import ActionKind, DisqualificationReason, Grade, NextBestAction
from domain.lead import OPEN_STATUSES, Channel, LeadStatus
from scoring.coverage import questions
from scoring.hours import after_open_time, callback_at, is_open, last_opening_before
from scoring.known import CallWindow, Known
from scoring.settings import BusinessProfile

SPEED_TO_LEAD = timedelta(minutes=5)
"""Odds of reaching a lead fall tenfold after the first five minutes.

Source: J. Oldroyd, "The Lead Response Management Study", MIT and InsideSales, 2007.
"""

WRITE_SOON = timedelta(hours=1)
CALL_SAME_DAY = timedelta(hours=4)
WRITE_WITHIN = timedelta(hours=8)
ANSWER_WITHIN = timedelta(hours=20)
DAYS_BEFORE_DECISION = 3
MOST_QUESTIONS = 2


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next action rests on.

    Attributes:
        needs_info: Too little is known to judge.
        channels: Open ones, best first.
        missing: Facts worth asking for, most useful first.
        duplicate_of: The first lead, where this one repeats it.
    """

    known: Known
    status: LeadStatus
    locale: str | None
    grade: Grade
    disqualification: DisqualificationReason | None
    needs_info: bool
    channels: tuple[Channel, ...]
    missing: tuple[str, ...]
    duplicate_of: str | None
    zone: ZoneInfo
    as_of: datetime


def choose(seen: Situation, profile: BusinessProfile) -> NextBestAction:
    """Return the next best action, due in the lead's own time zone."""
    refusal = _leave(seen, profile)
    if refusal is not None:
        return refusal
    proposal = _proposal(seen, profile)
    if proposal is not None:
        return proposal
    callable_now = Channel.PHONE in seen.channels
    if seen.needs_info and not (callable_now and seen.known.callback):
        return _ask(seen, profile)
    if callable_now and _should_call(seen):
        return _call(seen, profile)
    if seen.grade is Grade.D:
        return NextBestAction(
            kind=ActionKind.NONE, text="Leave it: an order is unlikely from what is known."
        )
    return _write(seen, profile)


def _leave(seen: Situation, profile: BusinessProfile) -> NextBestAction | None:
    if seen.status not in OPEN_STATUSES:
        return NextBestAction(kind=ActionKind.NONE, text=f"Nothing to do: {seen.status.value}.")
    reason = seen.disqualification
    if reason is DisqualificationReason.GEO_MISMATCH and profile.refers_to_partners:
        return _refer(seen, profile)
    if reason is not None:
        words = reason.value.lower().replace("_", " ")
        return NextBestAction(kind=ActionKind.NONE, text=f"Do not contact: {words}.")
    if not seen.channels:
        return NextBestAction(kind=ActionKind.NONE, text="Do not contact: no channel is open.")
    return None


def _refer(seen: Situation, profile: BusinessProfile) -> NextBestAction:
    if not seen.channels:
        return NextBestAction(
            kind=ActionKind.NONE, text="Outside the area, and no channel is open."
        )
    return NextBestAction(
        kind=ActionKind.REFER_TO_PARTNER,
        due_by=_in_open_time(seen, profile, ANSWER_WITHIN),
        channel=seen.channels[0],
        text="Outside the area we serve: offer to pass the enquiry to a partner there.",
    )


def _proposal(seen: Situation, profile: BusinessProfile) -> NextBestAction | None:
    decision = seen.known.decision_date
    if decision is None or seen.grade not in {Grade.A, Grade.B}:
        return None
    if decision.value <= seen.as_of.astimezone(seen.zone).date():
        return None
    latest = datetime.combine(decision.value, datetime.min.time(), seen.zone)
    ideal = last_opening_before(decision.value, seen.zone, profile, days=DAYS_BEFORE_DECISION)
    soonest = min(_in_open_time(seen, profile, CALL_SAME_DAY), latest)
    channel = Channel.EMAIL if Channel.EMAIL in seen.channels else seen.channels[0]
    day = f"{decision.value:%d %B %Y}".lstrip("0")
    return NextBestAction(
        kind=ActionKind.SEND_PROPOSAL,
        due_by=max(ideal, soonest),
        channel=channel,
        text=f"Send the proposal before {day}, the day of the decision.",
    )


def _ask(seen: Situation, profile: BusinessProfile) -> NextBestAction:
    asked = questions(seen.missing, locale=seen.locale, most=MOST_QUESTIONS)
    return NextBestAction(
        kind=ActionKind.ASK_QUESTIONS,
        due_by=_in_open_time(seen, profile, WRITE_WITHIN),
        channel=seen.channels[0],
        text=f"Ask first: too little is known to judge ({_listed(seen.missing)}).",
        questions=asked,
    )


def _should_call(seen: Situation) -> bool:
    if seen.known.callback is not None or seen.grade is Grade.A:
        return True
    return seen.channels[0] is Channel.PHONE and seen.grade is not Grade.D


def _call(seen: Situation, profile: BusinessProfile) -> NextBestAction:
    return NextBestAction(
        kind=ActionKind.CALL,
        due_by=_call_time(seen, profile),
        channel=Channel.PHONE,
        text=_call_text(seen, profile),
        questions=questions(seen.missing, locale=seen.locale, most=MOST_QUESTIONS),
    )


def _call_time(seen: Situation, profile: BusinessProfile) -> datetime:
    if seen.known.callback is not None:
        asked = callback_at(seen.as_of, seen.known.callback.value, seen.zone, profile)
        if asked is not None:
            return asked
    if seen.grade is not Grade.A:
        wait = CALL_SAME_DAY if seen.grade is Grade.B else ANSWER_WITHIN
        return _in_open_time(seen, profile, wait)
    if profile.calls_hot_leads_at_once:
        return (seen.as_of + SPEED_TO_LEAD).astimezone(seen.zone)
    return _in_open_time(seen, profile, SPEED_TO_LEAD)


def _call_text(seen: Situation, profile: BusinessProfile) -> str:
    again = f" It repeats lead {seen.duplicate_of}: go on from there." if seen.duplicate_of else ""
    window = seen.known.callback.value if seen.known.callback else None
    if window is not None and window.is_named:
        return f"Call{_stated(window)} local time, as asked.{again}"
    if seen.grade is not Grade.A:
        soon = "within four" if seen.grade is Grade.B else "within twenty"
        return f"Call {soon} opening hours.{again}"
    if is_open(seen.as_of, seen.zone, profile):
        return f"Call within 5 minutes.{again}"
    local = f"{seen.as_of.astimezone(seen.zone):%H:%M}"
    if profile.calls_hot_leads_at_once:
        return f"Call within 5 minutes; it is {local} there, outside opening hours.{again}"
    return f"Call within 5 minutes of the next opening; it is {local} there now.{again}"


def _stated(window: CallWindow) -> str:
    days = ", ".join(day_name[day] for day in sorted(window.days))
    on = f" on {days}" if days else ""
    after = f" after {window.after:%H:%M}" if window.after else ""
    before = f" before {window.before:%H:%M}" if window.before else ""
    return on + after + before


def _write(seen: Situation, profile: BusinessProfile) -> NextBestAction:
    channel = seen.channels[0]
    hot = seen.grade is Grade.A
    asked = questions(seen.missing, locale=seen.locale, most=MOST_QUESTIONS)
    asks = not hot and bool(asked)
    text = f"Write by {_name(channel)}."
    if asks:
        text = f"Write by {_name(channel)} and ask for {_listed(seen.missing[:MOST_QUESTIONS])}."
    return NextBestAction(
        kind=ActionKind.WRITE,
        due_by=_in_open_time(seen, profile, WRITE_SOON if hot else WRITE_WITHIN),
        channel=channel,
        text=text,
        questions=asked if asks else (),
    )


def _in_open_time(seen: Situation, profile: BusinessProfile, wait: timedelta) -> datetime:
    return after_open_time(seen.as_of, wait, seen.zone, profile).astimezone(seen.zone)


def _name(channel: Channel) -> str:
    names = {Channel.EMAIL: "e-mail", Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS"}
    return names.get(channel, "phone")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name.removesuffix("_m2").replace("_", " ") for name in names) or "details"
