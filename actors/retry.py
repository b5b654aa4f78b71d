"""When to call a model again: full jitter, and what the provider asks for in Retry-After."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

from actors.errors import FaultCode, ModelError
from domain.failures import believed_wait_s
from domain.task import backoff_s

MILLISECONDS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to wait.

    Attributes:
        retries: Further calls to the same model after faults that may pass.
        base_s: Upper bound of the first wait, in seconds.
        cap_s: Upper bound of every wait that the provider did not ask for.
        is_last: Whether no other model stands behind. Where one does, a call that took too long is
            not made again, and a Retry-After above ``cap_s`` is not waited for: the time is the
            other model's.
    """

    retries: int
    base_s: float
    cap_s: float
    is_last: bool = True


def wait_before_retry_s(
    error: ModelError, retries_made: int, policy: RetryPolicy, *, left_s: float, jitter: float
) -> float | None:
    """Return the seconds to wait before the same call is made again, or None to give it up.

    Args:
        error: What the last call ended in.
        retries_made: Retries of this question at this model so far.
        policy: How often and how long.
        left_s: Seconds until the run's end; a wait that uses them up is not begun.
        jitter: Uniform in [0, 1); drawn by the caller.
    """
    if not error.retryable or retries_made >= policy.retries:
        return None
    if error.code is FaultCode.TIMEOUT and not policy.is_last:
        return None
    wait_s = backoff_s(retries_made + 1, base_s=policy.base_s, cap_s=policy.cap_s, jitter=jitter)
    if error.retry_after_s is not None:
        if error.retry_after_s > policy.cap_s and not policy.is_last:
            return None
        # Everybody who was refused reads the same figure: the jitter keeps them apart afterwards.
        wait_s = error.retry_after_s + min(wait_s, policy.base_s)
    return wait_s if wait_s < left_s else None


def retry_after_s(headers: Mapping[str, str], now_unix_s: float) -> float | None:
    """Return the wait that a response asks for, in seconds, or None where it asks for none.

    It is never longer than ``RETRY_AFTER_AT_MOST_S``.
    Reads ``retry-after-ms``, and ``retry-after`` as seconds or as an HTTP date (RFC 9110, 10.2.3).

    Args:
        headers: Headers of the response, by any case.
        now_unix_s: Seconds since 1970.
    """
    asked_s = _asked_s(headers, now_unix_s)
    return None if asked_s is None else believed_wait_s(asked_s)


def _asked_s(headers: Mapping[str, str], now_unix_s: float) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / MILLISECONDS_PER_S
    given = headers.get("retry-after")
    seconds = _number(given)
    if seconds is not None or given is None:
        return seconds
    try:
        date = parsedate_to_datetime(given)
    except (ValueError, OverflowError):  # the second for a year of many digits
        return None
    if date.tzinfo is None:  # the zone "-0000"
        date = date.replace(tzinfo=UTC)
    return date.timestamp() - now_unix_s


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and number >= 0 else None
