"""From what a web form sent to a Lead: normalise, set aside what is wrong, refuse what is no lead.

Leads come from forms, ads and phone notes, so a wrong value is a fact about the lead and no
reason to lose it: the field is set aside and named by a flag. Only what cannot be a lead at all
(no object, wrong containers, an unusable id, a message beyond its bound, text that no database
can hold) is refused, with the field's name.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import cast

import phonenumbers
from pydantic import JsonValue, ValidationError

from domain.errors import InvalidInputError, PayloadTooLargeError
from domain.intake_contact import read_contact
from domain.intake_fields import (
    Faults,
    RawObject,
    read_budget,
    read_choice,
    read_count,
    read_events,
    read_locale,
    read_location,
    read_object,
    read_positive,
    read_service,
    read_text,
    read_timezone,
    yes_or_no,
)
from domain.intake_time import read_created_at
from domain.lead import (
    MAX_ATTRIBUTES,
    MAX_ATTRIBUTES_BYTES,
    MAX_EVENTS,
    MAX_MESSAGE_BYTES,
    Channel,
    DecisionRole,
    Lead,
    LeadSource,
    LeadStatus,
    Location,
    PropertyType,
    Timeline,
)

_OWN_FIELDS = frozenset({"flags", "set_aside"})
_KNOWN_FIELDS = frozenset(Lead.model_fields)
_MAX_DEPTH = 8


CountriesOf = Callable[[Location], Sequence[str]]
"""Returns the countries a place without one may lie in, as ISO 3166-1 alpha-2."""

_ALLOWED = {
    "lead_id": "letters, digits and . _ : @ / -, with a letter or a digit first",
}
"""What a field of a pattern takes, in words."""


def no_countries(_place: Location) -> tuple[str, ...]:
    """Return none: only a number that names its country is read, or a lead that names its own."""
    return ()


def read_lead(
    raw: object,
    *,
    received_at: datetime,
    new_lead_id: str,
    countries: CountriesOf = no_countries,
) -> Lead:
    """Return the lead that ``raw`` describes, wrong but real values set aside and flagged.

    Reading the JSON form of a lead that was read before gives the same lead.

    Args:
        raw: Decoded JSON of one lead.
        received_at: Time of receipt, with zone; stands in for a missing ``created_at``.
        new_lead_id: Stands in for a missing ``lead_id``.
        countries: Gives the countries a place may lie in, the likeliest first. A phone number
            without a country code is read in the lead's own country; where it names none, in that
            of its locale and then in these, the first in which the number is valid.

    Raises:
        InvalidInputError: It cannot be a lead; names the field.
        PayloadTooLargeError: The message or the attributes are beyond their bound.
    """
    fields = require_object(raw, "lead")
    refuse_unstorable(fields, "")
    faults = Faults(_earlier_faults(fields))
    location = read_location(read_object(fields, "location", faults), faults)
    locale = read_locale(fields.get("locale"), faults)
    place = Location.model_validate(location or {})
    region = region_of(locale)
    known = {
        "lead_id": _lead_id(fields.get("lead_id"), new_lead_id),
        "created_at": read_created_at(fields.get("created_at"), place.country or region, faults)
        or received_at,
        "source": read_choice(fields.get("source"), "source", LeadSource, faults)
        or LeadSource.OTHER,
        "campaign": read_text(fields.get("campaign"), "campaign", 200, faults),
        "locale": locale,
        "timezone": read_timezone(fields.get("timezone"), faults),
        "contact": read_contact(
            read_object(fields, "contact", faults) or {},
            _phone_countries(place, region, countries),
            faults,
        ),
        "service": read_service(fields.get("service"), faults),
        "budget": read_budget(read_object(fields, "budget", faults), faults),
        "area_m2": read_positive(fields.get("area_m2"), "area_m2", "area", 1e8, faults),
        "timeline": read_choice(fields.get("timeline"), "timeline", Timeline, faults),
        "location": location,
        "property_type": read_choice(
            fields.get("property_type"), "property_type", PropertyType, faults
        ),
        "decision_role": read_choice(
            fields.get("decision_role"), "decision_role", DecisionRole, faults
        ),
        "message": _message(fields.get("message")),
        "attachments": read_count(fields.get("attachments"), "attachments", faults),
        "events": read_events(_list_or_empty(fields, "events", MAX_EVENTS), faults),
        "consent": _consent(_object_or_empty(fields, "consent"), faults),
        "status": read_choice(fields.get("status"), "status", LeadStatus, faults) or LeadStatus.NEW,
        "external_ids": _external_ids(_object_or_empty(fields, "external_ids")),
        "attributes": _attributes(fields, faults),
    }
    try:
        return Lead.model_validate(
            {**known, "flags": faults.flags(), "set_aside": faults.set_aside()}
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "lead"
        is_pattern = first["type"] == "string_pattern_mismatch"
        allowed = _ALLOWED.get(path, "text of another form") if is_pattern else str(first["msg"])
        raise InvalidInputError(path, _shorten(first["input"]), allowed) from error


def require_object(value: object, field: str) -> RawObject:
    """Return ``value`` where it is a JSON object.

    Raises:
        InvalidInputError: It is something else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInputError(field, _kind(value), "a JSON object")
    return cast("RawObject", value)


def refuse_unstorable(value: object, path: str, depth: int = 0) -> None:
    """Refuse what JSON in a database cannot hold.

    Raises:
        InvalidInputError: A NUL character, half a surrogate pair, NaN or infinity, or nesting
            deeper than 8 levels; names the field.
    """
    where = path or "lead"
    if depth > _MAX_DEPTH:
        raise InvalidInputError(where, "deeper nesting", f"at most {_MAX_DEPTH} levels")
    if isinstance(value, str):
        _refuse_unstorable_text(value, where)
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is not itself
            raise InvalidInputError(where, str(value), "a finite number")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            inner = f"{path}.{key}" if path else str(key)
            refuse_unstorable(key, inner, depth + 1)
            refuse_unstorable(item, inner, depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_unstorable(item, f"{where}[{index}]", depth + 1)


def _refuse_unstorable_text(value: str, where: str) -> None:
    if "\x00" in value:
        raise InvalidInputError(where, "a NUL character", "text without NUL characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(where, "half a surrogate pair", "valid Unicode text") from error


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(
        type(value), "a number" if isinstance(value, int | float) else type(value).__name__
    )


def _shorten(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line of a terminal


def _object_or_empty(fields: RawObject, name: str) -> RawObject:
    value = fields.get(name)
    return {} if value is None else require_object(value, name)


def _list_or_empty(fields: RawObject, name: str, most: int) -> list[object]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise InvalidInputError(name, _kind(value), "a list")
    if len(value) > most:
        raise InvalidInputError(name, f"{len(value)} items", f"at most {most}")
    return list(value)


def _earlier_faults(fields: RawObject) -> list[tuple[str, JsonValue, str]]:
    """Read back the faults of a lead that was read before, so that reading twice loses none."""
    return [
        (item["field"], cast("JsonValue", item.get("value")), item["flag"])
        for item in _list_or_empty(fields, "set_aside", 1000)
        if isinstance(item, Mapping)
        and isinstance(item.get("field"), str)
        and isinstance(item.get("flag"), str)
    ]


def region_of(locale: str | None) -> str | None:
    """Return the country of a BCP 47 tag, or None where it names none."""
    parts = (locale or "").split("-")[1:]
    return next((part for part in parts if part in phonenumbers.SUPPORTED_REGIONS), None)


def _phone_countries(
    place: Location, region: str | None, countries: CountriesOf
) -> tuple[str, ...]:
    if place.country:
        return (place.country,)
    return (*((region,) if region else ()), *countries(place))


def _lead_id(value: object, new_lead_id: str) -> str:
    if value is None:
        return new_lead_id
    if not isinstance(value, str):
        raise InvalidInputError("lead_id", _kind(value), "a string")
    return value


def _message(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError("message", _kind(value), "a string")
    size = len(value.encode())
    if size > MAX_MESSAGE_BYTES:
        raise PayloadTooLargeError(
            "message", f"{size} bytes", f"at most {MAX_MESSAGE_BYTES} bytes of UTF-8"
        )
    return value


def _consent(fields: RawObject, faults: Faults) -> dict[str, bool | None]:
    channels = {channel.value for channel in Channel}
    for name in fields.keys() - channels:
        faults.add(f"consent.{name}", fields[name], "consent_channel_unknown")
    return {
        name: yes_or_no(fields.get(name), f"consent.{name}", faults) for name in sorted(channels)
    }


def _external_ids(fields: RawObject) -> dict[str, str]:
    for name, value in fields.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InvalidInputError(f"external_ids.{name}", _kind(value), "a string")
    return {name: str(value) for name, value in fields.items()}


def _attributes(fields: RawObject, faults: Faults) -> dict[str, JsonValue]:
    """Return the CRM's columns, with unknown fields of the lead moved in, so nothing is lost."""
    attributes = dict(_object_or_empty(fields, "attributes"))
    for name in sorted(fields.keys() - _KNOWN_FIELDS - _OWN_FIELDS):
        attributes.setdefault(name, fields[name])
        faults.note("field_unknown", name)
    if len(attributes) > MAX_ATTRIBUTES:
        raise InvalidInputError(
            "attributes", f"{len(attributes)} columns", f"at most {MAX_ATTRIBUTES}"
        )
    if len(str(attributes).encode()) > MAX_ATTRIBUTES_BYTES:
        raise PayloadTooLargeError("attributes", "more", f"at most {MAX_ATTRIBUTES_BYTES} bytes")
    return cast("dict[str, JsonValue]", attributes)
