"""Facts of a lead in the words of a language: sizes, days, hours, places, what to ask."""

from datetime import date, time

from actors.drafting.assignment import Assignment, Sender
from actors.drafting.facts_sheet import FactsSheet
from actors.drafting.texts import Texts
from domain.analysis import Gate
from domain.follow_up import Language, Stage, Tone
from domain.lead import Channel
from scoring.coverage import questions as questions_in
from scoring.known import CallWindow

MOST_QUESTIONS = 2

SQ_FT_PER_M2 = 10.7639
M2_PER_ACRE = 4046.86
_ACRES_FROM = 1.05
_WHOLE_FROM = 10
_NOON = 12

TIMELINE_FRESH_DAYS = 14
"""After this many days "within the next month" no longer says what the person meant."""


def area_in_words(sheet: FactsSheet, texts: Texts, *, simple: bool) -> str | None:
    """Return the size as people of the lead's country give it, or None where it is unknown.

    Args:
        sheet: The facts.
        texts: The language.
        simple: Without signs that an SMS cannot send at the usual price.
    """
    if sheet.area_m2 is None:
        return None
    unit, value = area_in_units(sheet.area_m2, sheet.country)
    if unit == "m2" and simple:
        unit = "m2_sms"
    return texts.get("areas", unit).format(number=_number(value, texts))


def area_in_units(area_m2: float, country: str | None) -> tuple[str, float]:
    """Return unit and number for a size: square feet or acres in the US, else square metres.

    Converted numbers are rounded to two figures, since they stand after "roughly".
    """
    if country != "US":
        return "m2", round(area_m2, 1) if area_m2 < _WHOLE_FROM else float(round(area_m2))
    acres = area_m2 / M2_PER_ACRE
    if acres >= _ACRES_FROM:
        return "acres", float(f"{acres:.2g}")
    return "sq_ft", float(f"{area_m2 * SQ_FT_PER_M2:.2g}")


def job_in_words(sheet: FactsSheet, texts: Texts) -> str | None:
    """Return the job as it stands after "your enquiry", or None where it is unknown."""
    if sheet.job is None:
        return None
    known = texts.find("jobs", sheet.job)
    return known or texts.get("matter", "custom").format(job=sheet.job.replace("_", " "))


def matter(sheet: FactsSheet, texts: Texts, form: str, *, simple: bool = False) -> str:
    """Return what the enquiry is about, with a leading blank; empty where nothing is known.

    Args:
        sheet: The facts.
        texts: The language.
        form: ``about`` an enquiry, or ``with`` a quote.
        simple: Without signs that an SMS cannot send at the usual price.
    """
    details = _details(sheet, texts, simple=simple)
    return (
        (topic(sheet, texts, form) or (texts.get("matter", f"{form}_unknown"))) + details
        if (details or sheet.job)
        else ""
    )


def topic(sheet: FactsSheet, texts: Texts, form: str) -> str:
    """Return the job alone, with a leading blank; empty where it is unknown."""
    job = job_in_words(sheet, texts)
    return texts.get("matter", form).format(job=job) if job else ""


def day_in_words(day: str, sheet: FactsSheet, texts: Texts) -> str:
    """Return a day ``YYYY-MM-DD`` or a month ``YYYY-MM`` with its preposition."""
    year, month, *rest = (int(part) for part in day.split("-"))
    name = texts.words("months", "names")[month - 1]
    if not rest:
        said = texts.get("months", "month").format(month=name, year=year)
        return texts.get("timing", "in_month").format(month=said)
    form = "day_us" if sheet.country == "US" else "day"
    said = texts.get("months", form).format(day=rest[0], month=name, year=year)
    return texts.get("timing", "on_day").format(day=said)


def timing(sheet: FactsSheet, texts: Texts, today: date) -> str | None:
    """Return when the work should start, or None where it is unknown or past."""
    if sheet.start:
        return day_in_words(sheet.start, sheet, texts) if is_ahead(sheet.start, today) else None
    fresh = (today - sheet.asked_on).days <= TIMELINE_FRESH_DAYS
    return texts.get("timing", sheet.timeline.value) if sheet.timeline and fresh else None


def is_ahead(day: str, today: date) -> bool:
    """Return whether a day or month is not over."""
    return day >= today.isoformat()[: len(day)]


def window_in_words(window: CallWindow, texts: Texts, language: Language) -> str:
    """Return when somebody wants to be called, for example ``on Saturday after 6 pm``."""
    parts = []
    if window.days:
        names = [texts.words("window", "days")[day] for day in sorted(window.days)]
        listed = ", ".join(names[:-1])
        joined = listed + texts.get("window", "or") + names[-1] if listed else names[-1]
        parts.append(texts.get("window", "on_days").format(days=joined))
    after, before = window.after, window.before
    if after and before:
        form = texts.get("window", "between")
        first = clock(after, language)
        if not after.minute and not before.minute:
            first = first.removesuffix(" Uhr")
        parts.append(form.format(after=first, before=clock(before, language)))
    elif after:
        parts.append(texts.get("window", "after").format(after=clock(after, language)))
    elif before:
        parts.append(texts.get("window", "before").format(before=clock(before, language)))
    return " ".join(parts)


def clock(at: time, language: Language) -> str:
    """Return an hour as people write it: ``6:30 pm``, ``18:30 Uhr``."""
    if language is Language.GERMAN:
        return f"{at.hour}:{at.minute:02} Uhr" if at.minute else f"{at.hour} Uhr"
    hour = at.hour % _NOON or _NOON
    half = "pm" if at.hour >= _NOON else "am"
    return f"{hour}:{at.minute:02} {half}" if at.minute else f"{hour} {half}"


def questions_to_ask(sheet: FactsSheet, texts: Texts, language: Language) -> tuple[str, ...]:
    """Return what to ask, most useful first, at most :data:`MOST_QUESTIONS`."""
    if texts.tone is Tone.CASUAL and "questions_casual" in texts.tables:
        asked = sheet.missing[:MOST_QUESTIONS]
        return tuple(texts.get("questions_casual", name) for name in asked)
    return questions_in(sheet.missing, locale=language.value, most=MOST_QUESTIONS)


def fillings(
    assignment: Assignment, sheet: FactsSheet, sender: Sender, texts: Texts
) -> dict[str, str]:
    """Return a text for every placeholder of the templates; empty where there is nothing to say."""
    simple = assignment.channel is Channel.SMS
    asked = questions_to_ask(sheet, texts, assignment.language)
    wish = _wish(assignment, sheet, texts)
    partners = sheet.cannot_serve is Gate.OUT_OF_AREA and sender.has_partners
    reason = "reason_job" if sheet.cannot_serve is Gate.WRONG_JOB_TYPE else "reason_area"
    spoken = "wish_visit" if sheet.wants_visit else "wish_default"
    return {
        "matter": matter(sheet, texts, "about", simple=simple),
        "matter_with": matter(sheet, texts, "with", simple=simple),
        "topic": topic(sheet, texts, "about"),
        "topic_with": topic(sheet, texts, "with"),
        "noted": _noted(assignment, sheet, texts),
        "questions": _asked(asked, texts),
        "question": asked[0] if asked else "",
        "list": _bullets(asked) or texts.get("spoken", "list_default"),
        "wish": wish,
        "next": asked[0] if asked and not sheet.window else wish,
        "wish_spoken": texts.get("spoken", spoken),
        "talk": texts.piece("talk") if sheet.can_call else "",
        "reason": texts.piece(reason),
        "partner": texts.piece("partner") if partners else "",
        "partner_spoken": texts.get("spoken", "partner") if partners else "",
        "farewell": texts.piece("farewell"),
    }


def _details(sheet: FactsSheet, texts: Texts, *, simple: bool) -> str:
    area = area_in_words(sheet, texts, simple=simple)
    size = texts.get("matter", "roughly").format(area=area) if area else ""
    place = texts.get("matter", "in_city").format(place=sheet.city) if sheet.city else ""
    return (f" ({size})" if size else "") + place


def _noted(assignment: Assignment, sheet: FactsSheet, texts: Texts) -> str:
    if sheet.decision and is_ahead(sheet.decision, assignment.today):
        when = day_in_words(sheet.decision, sheet, texts)
        return texts.piece("noted_decision").format(when=when)
    when = timing(sheet, texts, assignment.today) or ""
    return texts.piece("noted_timing").format(when=when) if when else ""


def _asked(asked: tuple[str, ...], texts: Texts) -> str:
    if len(asked) == 1:
        return texts.piece("ask_one").format(question=asked[0])
    return texts.piece("ask_more").format(questions=_bullets(asked)) if asked else ""


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _wish(assignment: Assignment, sheet: FactsSheet, texts: Texts) -> str:
    """Return the next step to offer: what the person asked for, else a call or a visit."""
    if sheet.window and sheet.can_call and assignment.stage is Stage.FIRST_REPLY:
        said = window_in_words(sheet.window, texts, assignment.language)
        return texts.piece("wish_window").format(window=said)
    if sheet.wants_visit:
        return texts.piece("wish_visit")
    if sheet.wants_call and sheet.can_call:
        return texts.piece("wish_call")
    return texts.piece("wish_default" if sheet.can_call else "wish_no_phone")


def _number(value: float, texts: Texts) -> str:
    plain = f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"
    if texts.tables["language"] == Language.GERMAN.value:
        return plain.translate(str.maketrans(",.", ".,"))
    return plain
