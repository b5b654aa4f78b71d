"""From a row to the JSON of a lead: each value by its column's field. Pure, and the same each time.

A value that cannot be read goes on as it came, so that intake sets it aside under its own name.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from batch.headers import currency_in, is_in_square_feet, normalised
from batch.mapping import ATTRIBUTES, EXTERNAL_IDS, IGNORED, OBJECT_FIELDS, ColumnTarget
from batch.words import BY_FIELD, PERIODS
from domain.lead import BudgetPeriod
from scoring.number_formats import Number, find_numbers, parse_number, whole_where_possible

SQUARE_METRES_PER_SQUARE_FOOT = 0.09290304
"""Exact: 0.3048 metres, squared."""

Json = dict[str, object]

_NOTHING = frozenset({"", "null", "none", "nan", "n/a", "-", "--"})
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,12})?")
_AMOUNT = re.compile(
    r"(?:ca\.?|about|approx\.?|~)?\s*(?P<digits>\d[\d.,'\u2019 \u00a0\u202f]*)\s*"
    r"(?P<unit>m\u00b2|m2|qm|sqm|sq\.?\s?m|sq\.?\s?ft|sqft|ft\u00b2|ft2|"
    r"square (?:feet|met(?:re|er)s)|quadratmeter)?\.?",
    re.IGNORECASE,
)
_GERMAN_TIME = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"(?:[ ,T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?(?: uhr)?",
    re.IGNORECASE,
)
_UNIX_TIME = re.compile(r"1\d{9}(?:\d{3})?")
_MOST = re.compile(
    r"\b(?:up to|under|below|less than|max\w*|at most|bis|unter|h[oö]chstens)\b|[<\u2264]"
)
_LEAST = re.compile(
    r"\b(?:over|above|more than|from|at least|min\w*|ab|[uü]ber|mehr als|mindestens)\b|[>\u2265]|"
    r"\+\s*$"
)
_PERIOD = re.compile(r"\b(?:" + "|".join(sorted(PERIODS, key=len, reverse=True)) + r")\b")
_RANGE = 2
_MILLISECONDS = 13


def lead_of(values: Mapping[str, object], targets: Mapping[str, ColumnTarget]) -> Json:
    """Return the lead that a row describes, as JSON that intake can read.

    Args:
        values: The row's values by column; text of CSV as it stands.
        targets: Target by column; a column without one becomes an attribute.
    """
    lead: Json = {}
    name: dict[str, str] = {}
    texts: list[str] = []
    for column, value in values.items():
        target = targets.get(column) or ColumnTarget(column, ATTRIBUTES + column)
        field = target.field
        if field == IGNORED or value is None:
            continue
        if field == "message":
            texts.append(_text(value))
        elif field.startswith((ATTRIBUTES, EXTERNAL_IDS)):
            _keep(lead, field, value)
        elif field in ("contact.first_name", "contact.last_name"):
            name[field] = _text(value).strip()
        else:
            _put(lead, target, value)
    message = "\n".join(text for text in texts if text.strip())
    if message:
        lead["message"] = message
    _add_name(lead, name)
    return lead


def _keep(lead: Json, field: str, value: object) -> None:
    """Keep a column of the seller's own: numbers as numbers, nothing where nothing stands."""
    part, _, name = field.partition(".")
    kept = _typed(value) if part == "attributes" else _text(value).strip()
    if kept not in ("", None):
        _inside(lead, part).setdefault(name, kept)


def _typed(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _put(lead: Json, target: ColumnTarget, value: object) -> None:
    field = target.field
    if isinstance(value, Mapping | list):
        _put_nested(lead, target, value)
    elif isinstance(value, str) and value.strip().casefold() in _NOTHING:
        return
    elif field == "budget":
        _merge(lead, "budget", budget_of(value, target.currency))
    elif field in ("budget.amount_min", "budget.amount_max"):
        low_or_high = field.partition(".")[2]
        _merge(lead, "budget", {low_or_high: amount_of(value), **_currency(value, target.currency)})
        # a column of its own says it better than one that names a range
        _inside(lead, "budget")[low_or_high] = amount_of(value)
    elif field == "location":
        _merge(lead, "location", {"city": value})
    elif field == "area_ft2":
        lead.setdefault("area_m2", _square_metres(value, feet=True))
    elif field == "area_m2":
        lead["area_m2"] = _square_metres(value, feet=False)
    elif field.startswith("refusal."):
        _refuse(lead, field.partition(".")[2], value)
    else:
        _put_scalar(lead, field, value)


def _put_nested(
    lead: Json, target: ColumnTarget, value: Mapping[str, object] | list[object]
) -> None:
    """Put an object or a list where the field holds one, else among the attributes."""
    field = target.field
    if field == "events" and isinstance(value, list):
        lead["events"] = value
    elif field == "attachments" and isinstance(value, list):
        lead["attachments"] = len(value)
    elif field in OBJECT_FIELDS and isinstance(value, Mapping):
        _inside(lead, field).update(value)
    else:
        _inside(lead, "attributes").setdefault(target.column, value)


def _put_scalar(lead: Json, field: str, value: object) -> None:
    if field in OBJECT_FIELDS:
        _inside(lead, "attributes").setdefault(field, value)
        return
    read: object = value
    words = BY_FIELD.get(field)
    if field == "lead_id":
        read = _id_text(value)
    elif field == "created_at":
        read = time_of(value)
    elif words is not None and isinstance(value, str):
        read = words.get(normalised(value), value)
    part, dot, name = field.partition(".")
    if dot:
        _inside(lead, part)[name] = read
    else:
        lead[part] = read


def _refuse(lead: Json, channel: str, value: object) -> None:
    word = str(value).strip().casefold()
    if word in {"true", "yes", "y", "1", "1.0", "x", "on", "ja", "j", "wahr"}:
        _inside(lead, "consent")[channel] = False


def _add_name(lead: Json, name: Mapping[str, str]) -> None:
    joined = " ".join(
        part for part in (name.get("contact.first_name"), name.get("contact.last_name")) if part
    )
    if joined:
        _inside(lead, "contact").setdefault("full_name", joined)


def _inside(lead: Json, part: str) -> Json:
    inner = lead.setdefault(part, {})
    if not isinstance(inner, dict):
        inner = lead[part] = {}
    return inner


def _merge(lead: Json, part: str, found: Mapping[str, object]) -> None:
    inner = _inside(lead, part)
    for name, value in found.items():
        inner.setdefault(name, value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _id_text(value: object) -> str:
    """Return an id as text; 42.0 is how tables write 42 where a cell of the column is empty."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def time_of(value: object) -> object:
    """Return a time in ISO 8601 from day.month.year or seconds since 1970; others as they came."""
    text = str(value).strip()
    if found := _GERMAN_TIME.fullmatch(text):
        parts = {name: int(one or 0) for name, one in found.groupdict().items()}
        try:
            return datetime(**parts).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001 - the zone is not known; intake flags that
        except ValueError:
            return value
    if _UNIX_TIME.fullmatch(text):
        seconds = int(text) / (1000 if len(text) == _MILLISECONDS else 1)
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return text if isinstance(value, str) else value


def amount_of(value: object) -> object:
    """Return an amount of money as a number, marks and currency read; else what came."""
    if not isinstance(value, str):
        return value
    numbers = find_numbers(value.casefold())
    negative = value.strip().startswith(("-", "\u2212"))
    return whole_where_possible(numbers[0].value) if len(numbers) == 1 and not negative else value


def budget_of(value: object, currency: str | None = None) -> Json:
    """Return what one cell says of a budget: a limit, a lower bound or a range.

    A single amount counts as the most the person would spend.
    """
    if not isinstance(value, str):
        return {"amount_max": value, **_currency(value, currency)}
    lower = value.casefold()
    budget: Json = _currency(value, currency)
    numbers = find_numbers(lower)
    if not numbers or len(numbers) > _RANGE or value.strip().startswith(("-", "\u2212")):
        return {"amount_max": value.strip()} | budget
    if len(numbers) == _RANGE:
        budget |= _range_of(*numbers)
    elif _LEAST.search(lower) and not _MOST.search(lower):
        budget["amount_min"] = whole_where_possible(numbers[0].value)
    else:
        budget["amount_max"] = whole_where_possible(numbers[0].value)
    if period := _PERIOD.search(normalised(value)):
        found = PERIODS[period[0]]
        if found != BudgetPeriod.ONE_OFF:
            budget["period"] = found
    return budget


def _range_of(low: Number, high: Number) -> Json:
    """Return a range; in ``10-20k`` the scale belongs to both."""
    scale = high.scale if low.scale == 1 and low.raw < high.raw else 1
    return {
        "amount_min": whole_where_possible(low.value * scale),
        "amount_max": whole_where_possible(high.value),
    }


def _currency(value: object, named: str | None) -> Json:
    found = (currency_in(value) if isinstance(value, str) else None) or named
    return {"currency": found} if found else {}


def _square_metres(value: object, *, feet: bool) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return round(value * SQUARE_METRES_PER_SQUARE_FOOT, 2) if feet else value
    found = _AMOUNT.fullmatch(str(value).strip())
    if found is None:
        return value
    try:
        number = parse_number(found["digits"].strip())
    except ValueError:
        return value
    in_feet = is_in_square_feet(found["unit"]) if found["unit"] else feet
    return whole_where_possible(number * SQUARE_METRES_PER_SQUARE_FOOT if in_feet else number)


def by_column(targets: Iterable[ColumnTarget]) -> dict[str, ColumnTarget]:
    """Return targets by the name of their column."""
    return {target.column: target for target in targets}
