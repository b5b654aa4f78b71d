"""What follows from an attempt: delivered, again later, dead, or the end of the endpoint."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from domain.webhooks import Dispatch, DispatchEnd
from serve_app.webhooks.settings import WebhookSettings

MAX_RETRY_AFTER_S = 86_400.0
"""A receiver that asks for a longer pause gets this one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt.

    Attributes:
        status: HTTP status, None where there was no answer.
        error: Why it is no success, in a word that holds nothing the receiver sent.
        retry_after: The header as it came.
    """

    status: int | None
    error: str | None = None
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - class 2xx


def decide(
    answer: Answer, sent: Dispatch, settings: WebhookSettings, *, now: datetime, jitter: float
) -> DispatchEnd:
    """Return how an attempt ended.

    Args:
        answer: Of the receiver.
        sent: What was sent.
        settings: The schedule.
        now: With zone.
        jitter: Uniform in [0, 1); drawn by the caller.
    """
    delivered = answer.is_success
    gone = answer.status == HTTPStatus.GONE
    retry_s = None
    if not delivered and not gone and sent.tries <= len(settings.schedule_s):
        asked_s = retry_after_s(answer.retry_after, now=now)
        retry_s = max(jitter * settings.schedule_s[sent.tries - 1], asked_s)
    error = None if delivered else answer.error or f"status {answer.status}"
    delivery = sent.delivery
    return DispatchEnd(
        delivery.delivery_id,
        delivery.attempt,
        delivered,
        answer.status,
        error,
        retry_s,
        None if delivered else _disable(sent, settings, gone=gone, now=now),
    )


def _disable(sent: Dispatch, settings: WebhookSettings, *, gone: bool, now: datetime) -> str | None:
    if gone:
        return "gone: the receiver answered 410"
    since = sent.failing_since
    if since is not None and now - since >= timedelta(seconds=settings.disable_after_s):
        return f"failing: no success since {since.astimezone(UTC).isoformat(timespec='seconds')}"
    return None


def retry_after_s(header: str | None, *, now: datetime) -> float:
    """Return the seconds that a ``Retry-After`` asks for, 0 where it asks for none."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:12]), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - now).total_seconds()), MAX_RETRY_AFTER_S)
