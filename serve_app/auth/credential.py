"""The credential in a request's headers: one, of a bounded size."""

from collections.abc import Mapping

from domain.errors import UnauthenticatedError

KEY_HEADER = "X-API-Key"
ALLOWED = f"Authorization: Bearer CREDENTIAL, or {KEY_HEADER}: KEY"


def credential_of(headers: Mapping[str, str], max_bytes: int) -> str:
    """Return what the request is signed with; a secret.

    Raises:
        UnauthenticatedError: There is none, more than one, or one that is too long.
    """
    repeated = getattr(headers, "getlist", None)
    given = {
        name: repeated(name) if repeated else [headers[name]]
        for name in ("authorization", "x-api-key")
        if name in headers
    }
    values = [(name, value) for name, all_of_it in given.items() for value in all_of_it]
    if not values:
        raise UnauthenticatedError("no credential came", ALLOWED)
    if len(values) > 1:
        raise UnauthenticatedError("more than one credential came", f"one: {ALLOWED}")
    name, value = values[0]
    if name == "authorization":
        scheme, _, value = value.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("Authorization names another scheme", ALLOWED)
    value = value.strip(" ")
    if not value:
        raise UnauthenticatedError("the credential is empty", ALLOWED)
    if len(value) > max_bytes:
        raise UnauthenticatedError("the credential is too long", f"at most {max_bytes} bytes")
    return value
