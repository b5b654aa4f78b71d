"""What an HTTP status of a provider means for the call, in our own words. Pure."""

from actors.errors import FaultCode, ModelError

_NO_MONEY = ("insufficient_quota", "insufficient balance", "insufficient_balance")
_FILTERED = ("content_filter", "content_policy_violation")

_MOVED = range(300, 400)
_PASSING = frozenset({408, 409, 425})
_NOT_OFFERED = frozenset({501, 505})
_SERVER_FAULTS_FROM = 500

_FINAL = {
    402: (FaultCode.NO_CREDIT, "The account at the provider has no credit"),
    404: (FaultCode.BAD_REQUEST, "The provider knows no such model or address"),
    429: (FaultCode.NO_CREDIT, "The account at the provider has no credit left"),
}
_KEY_WANTED = frozenset({401, 403})
_TOO_MANY = 429


def fault_of_status(
    status: int, said: str, *, has_key: bool, retry_after_s: float | None
) -> ModelError:
    """Return the error for a status that is no success.

    No provider bills these calls.

    Args:
        status: HTTP status, 300 or above.
        said: The start of the body; searched for known words, repeated nowhere.
        has_key: Whether a key was sent.
        retry_after_s: Seconds the provider asked to wait, or None.
    """
    words = said.lower()
    has_no_money = status == _TOO_MANY and any(word in words for word in _NO_MONEY)
    is_server_fault = status >= _SERVER_FAULTS_FROM and status not in _NOT_OFFERED
    if is_server_fault or status in _PASSING or (status == _TOO_MANY and not has_no_money):
        code = FaultCode.RATE_LIMITED if status == _TOO_MANY else FaultCode.UNAVAILABLE
        sentence = (
            "The provider takes no more calls for now"
            if status == _TOO_MANY
            else "The provider cannot answer now"
        )
        return ModelError(code, f"{sentence} ({status}).", retry_after_s)
    code, sentence = _final(status, words, has_key=has_key)
    return ModelError(code, f"{sentence} ({status}).")


def _final(status: int, words: str, *, has_key: bool) -> tuple[FaultCode, str]:
    """Return code and sentence of a status that the same call would meet again."""
    if status in _FINAL:
        return _FINAL[status]
    if status in _KEY_WANTED:
        if has_key:
            return FaultCode.UNAUTHORISED, "The provider refuses the key"
        return FaultCode.NO_KEY, "The provider asks for a key and none is set"
    if status in _MOVED:
        return FaultCode.BAD_REQUEST, "The provider's address has moved"
    if any(word in words for word in _FILTERED):
        return FaultCode.REFUSED, "The provider refuses the content"
    return FaultCode.BAD_REQUEST, "The provider refuses the call"
