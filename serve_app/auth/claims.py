"""From a verified token's claims to a caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.caller import TENANT_FORM, Caller, Scope, read_tenant
from domain.errors import UnauthenticatedError

MAX_SUBJECT_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where a token says what; dots lead into objects."""

    tenant: str
    scope: str
    role: str
    role_scopes: Mapping[str, Iterable[Scope]]


def caller_of(claims: Mapping[str, Any], names: ClaimNames) -> Caller:
    """Return the caller that claims name; scopes and roles that nobody declared grant nothing.

    Raises:
        UnauthenticatedError: They name no tenant.
    """
    tenant_id = read_tenant(claim(claims, names.tenant))
    if tenant_id is None:
        raise UnauthenticatedError("the token names no tenant", f"{names.tenant}: {TENANT_FORM}")
    known = {str(scope): scope for scope in Scope}
    scopes = {known[word] for word in words(claim(claims, names.scope)) if word in known}
    for role in words(claim(claims, names.role)):
        scopes.update(names.role_scopes.get(role, ()))
    return Caller(tenant_id, frozenset(scopes), f"token:{_subject(claims.get('sub'))}")


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim, or None; one whose own name has dots goes before the way into objects."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def words(value: Any) -> tuple[str, ...]:
    """Return the words of a text, or those entries of a list that are texts."""
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return ()


def _subject(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(one if one.isprintable() else "?" for one in text)[:MAX_SUBJECT_CHARACTERS]
