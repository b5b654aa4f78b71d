"""How fast and how patiently rows are sent: bounds, waits, and when to give up. Pure."""

from dataclasses import dataclass

from domain.task import backoff_s


@dataclass(frozen=True, slots=True)
class Pace:
    """Bounds of one run.

    Attributes:
        rows_open: Rows read and not yet written, at most.
        chunk_rows: Rows in one batch, at most; fewer where the service takes fewer.
        chunk_bytes: Bytes of leads in one batch, at most; the service takes 16 MiB by default.
        asked_at_once: Tasks in one question for results; the service takes 1,000.
        poll_s: Longest wait of one question for results, in seconds.
        rest_s: Pause between two such questions, in which results gather.
        patience_s: How long the service may fail without a break, in seconds. One that answers 429
            does not fail, it is busy: that may take ``stall_s``.
        stall_s: How long no row may finish, in seconds.
        base_s: Upper bound of the first wait after a failure.
        cap_s: Upper bound of every such wait.
    """

    rows_open: int = 4000
    chunk_rows: int = 200
    chunk_bytes: int = 4 * 2**20
    asked_at_once: int = 1000
    poll_s: float = 20.0
    rest_s: float = 0.15
    patience_s: float = 180.0
    stall_s: float = 1800.0
    base_s: float = 0.5
    cap_s: float = 10.0


DEFAULT_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An unbroken row of failures of one kind of call."""

    since_s: float
    failures: int


def after_failure(trouble: Trouble | None, now_s: float) -> Trouble:
    """Return the row of failures with one more."""
    return Trouble(now_s, 1) if trouble is None else Trouble(trouble.since_s, trouble.failures + 1)


def is_over(trouble: Trouble, *, last_result_s: float, now_s: float, limit_s: float) -> bool:
    """Tell whether to give up: failing for too long, and no row finished meanwhile either."""
    return now_s - max(trouble.since_s, last_result_s) > limit_s


def wait_s(trouble: Trouble, *, asked_s: float, jitter: float, pace: Pace) -> float:
    """Return the wait before the next try, in seconds.

    Args:
        trouble: The failures so far, this one included.
        asked_s: What the service asks for by Retry-After; never waited less than that.
        jitter: Uniform in [0, 1).
        pace: Bounds of the run.
    """
    own_s = backoff_s(trouble.failures, base_s=pace.base_s, cap_s=pace.cap_s, jitter=jitter)
    return max(asked_s, own_s)
