"""JSON merge patch (RFC 7396) on a stored lead."""

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidInputError
from domain.lead import Lead

FIXED_FIELDS = frozenset({"lead_id", "created_at", "flags", "set_aside"})
"""Fields of a lead that a patch may not touch: identity, and what intake found."""


def merge(target: Any, patch: Any) -> Any:
    """Return ``target`` changed as ``patch`` says; neither is altered.

    Source: RFC 7396, section 2.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def touched(patch: Mapping[str, Any], prefix: str = "") -> frozenset[str]:
    """Return the dotted paths whose value a patch sets or removes, without their parents."""
    paths: set[str] = set()
    for name, value in patch.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            paths |= touched(value, path + ".")
        else:
            paths.add(path)
    return frozenset(paths)


def patched(lead: Lead, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patched lead as raw input for intake.

    What intake once set aside about a field that the patch touches is forgotten, so that a
    corrected field is read as if it had come right the first time.

    Raises:
        InvalidInputError: The patch touches one of :data:`FIXED_FIELDS`.
    """
    for name in FIXED_FIELDS.intersection(patch):
        raise InvalidInputError(name, "a change", "no change; the field is fixed")
    paths = touched(patch)
    document = merge(lead.model_dump(mode="json"), patch)
    kept = [entry for entry in lead.set_aside if not _concerns(entry.field, paths)]
    forgotten = {entry.flag for entry in lead.set_aside} - {entry.flag for entry in kept}
    document["set_aside"] = [entry.model_dump(mode="json") for entry in kept]
    document["flags"] = [flag for flag in lead.flags if flag not in forgotten]
    return dict(document)


def _concerns(field: str, paths: frozenset[str]) -> bool:
    return any(
        field == path or field.startswith(path + ".") or path.startswith(field + ".")
        for path in paths
    )
