"""What becomes of a task after an attempt has ended in whatever way. Pure."""

from dataclasses import dataclass, replace

from deployments.dispatch import Overdue
from deployments.errors import LinkError
from deployments.wire import SCHEMA_UNKNOWN, Ending, TaskOutcome
from domain.failures import believed_wait_s, is_retryable
from domain.task import DEADLINE_EXCEEDED, Completion, Release, TaskEnvelope, TaskState, backoff_s

ALONE_AFTER_CRASHES = 2
"""A task present at so many crashes runs with nothing beside it."""

CRASHES_OF_POISON = 4
"""A task that runs alone after so many crashes and crashes once more is poison. Two of them were in
company; two alone could be chance, since machines and operators kill processes too."""

CRASHES_AT_MOST = 10
"""A task present at so many crashes ends, even where none was seen to be its own: one that kills
its process before its start is told must not go round for ever. A task marked alone whose start was
not told was most likely in the line behind a killer: it is held to have been present only from
``BEGINNINGS_AT_MOST`` on."""

RETRY_IN_PLACE_S = 0.1
"""Wait before a batch that no agent could take is sent again, in seconds."""

READERS_AT_MOST = 50
"""A task that so many attempts found no agent able to read ends: a rolling update, during which old
replicas meet new envelopes, takes minutes, and this many waits half an hour."""

UNREACHED_WAIT_S = 1.0
"""Wait in the queue of a task that no agent could be reached for, in seconds."""

BEHIND_DOUBLINGS = 5
"""So often the bound of the wait doubles of a task that waited in the line behind a culprit."""

NOT_BEGUN = LinkError("no replica began it", False, False)
"""What became of a task that was given up on its way or in a replica's line."""

BEGINNINGS_AT_MOST = 50
"""From this attempt on one that a replica took counts, as does a crash, although its start was not
told: an agent that holds its loop before it can be told must not have the task for ever."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the task again from this orchestrator after ``wait_s``; the attempt stays the same."""

    task: TaskEnvelope
    wait_s: float


@dataclass(frozen=True, slots=True)
class Backoff:
    """Bounds of the wait before a retry, in seconds, a draw in [0, 1), and the time.

    Attributes:
        now_unix_s: A wait that would end after the task's deadline is not begun.
    """

    base_s: float
    cap_s: float
    jitter: float
    now_unix_s: float = 0.0

    def wait_s(self, attempt: int) -> float:
        """Return the wait after ``attempt`` attempts, at least 1."""
        return backoff_s(attempt, base_s=self.base_s, cap_s=self.cap_s, jitter=self.jitter)

    def wait_asked_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Return the wait where somebody asked for one, which is then never shorter, up to a day.

        Everybody who was refused reads the same figure: the jitter keeps them apart afterwards.
        """
        own_s = self.wait_s(attempt)
        if retry_after_s is None:
            return own_s
        return believed_wait_s(retry_after_s) + min(own_s, self.base_s)


Verdict = Completion | Release | Retry


def after_outcome(task: TaskEnvelope, outcome: TaskOutcome, backoff: Backoff) -> Verdict:
    """Decide after an agent's answer.

    A failed direct call is not repeated: its caller waits and may ask again; what is stored
    goes back to the queue with back-off where another attempt may help.
    """
    match outcome.ending:
        case Ending.SUCCEEDED:
            return _completion(task, TaskState.SUCCEEDED, outcome)
        case Ending.CANCELLED:
            return _completion(task, TaskState.CANCELLED, outcome)
        case Ending.EXPIRED:
            return _completion(task, TaskState.EXPIRED, outcome)
        case Ending.RETURNED:
            return _returned(task, outcome, backoff)
        case Ending.FAILED:
            if is_retryable(outcome.code, said=outcome.retryable) and not task.direct:
                return _release(task, backoff, outcome)
            return _completion(task, TaskState.FAILED, outcome)


def after_loss(task: TaskEnvelope, error: LinkError, backoff: Backoff, *, started: bool) -> Verdict:
    """Decide after the stream of a task broke.

    Args:
        task: The task that was open.
        error: How the stream broke.
        backoff: Used from the second loss on; the first is retried at once.
        started: Whether it is known to have started; one marked alone does not run before that.
    """
    is_culprit = task.alone and started and error.crashed
    if is_culprit and task.crashes >= CRASHES_OF_POISON:
        return failed(task, TaskState.DEAD, "poison: the process died each time it ran this task")
    may_have_run = started or not task.alone or task.attempt >= BEGINNINGS_AT_MOST
    crashed = error.reached and error.crashed and may_have_run
    if crashed and task.crashes + 1 >= CRASHES_AT_MOST:
        return failed(task, TaskState.DEAD, "agent_lost: the process died too often under it")
    touched = error.reached and (started or not task.alone)
    if task.direct:
        return _again(task, backoff, touched=touched)
    if not touched:
        behind_s = backoff.wait_s(min(task.attempt, BEHIND_DOUBLINGS)) if error.crashed else 0.0
        return Release(
            task.task_id,
            task.attempt,
            max(UNREACHED_WAIT_S, behind_s),
            f"unreached: {error.reason}",
            crashed=crashed,
            count_attempt=False,
        )
    wait_s = backoff.wait_s(task.crashes) if task.crashes else 0.0
    return Release(
        task.task_id,
        task.attempt,
        wait_s,
        f"agent_lost: {error.reason}",
        crashed=crashed,
        count_attempt=not error.crashed,
    )


def after_limit(overdue: Overdue, backoff: Backoff, now_unix_s: float) -> Verdict:
    """Decide where an attempt gave no answer by its deadline or within its limit.

    One that no replica began costs none: an outage or a full pool is not the task's fault. A direct
    one that a replica took ends: the replica may have begun it and been frozen before it could say
    so, and the same attempt again would have its bills under the same numbers in the ledger.
    """
    task = overdue.task
    if task.deadline_unix_s is not None and task.deadline_unix_s <= now_unix_s:
        return expired(task)
    may_count = task.direct or task.attempt >= BEGINNINGS_AT_MOST
    if not (overdue.begun or (overdue.taken and may_count)):
        return after_loss(task, NOT_BEGUN, backoff, started=False)
    if task.direct:
        return failed(task, TaskState.FAILED, "attempt_limit: the agent gave no answer")
    return Release(
        task.task_id,
        task.attempt,
        backoff.wait_s(task.attempt),
        "attempt_limit: the agent gave no answer",
    )


def after_late_outcome(
    task: TaskEnvelope, outcome: TaskOutcome, backoff: Backoff
) -> Completion | Release | None:
    """Decide where an answer comes after the task was given up.

    The fence judges the result; the usage is stored in every case. None where nothing had begun:
    no bill, and the same attempt of a direct task may be with another agent by now.
    """
    if outcome.ending is Ending.RETURNED:
        return None
    if outcome.ending is Ending.SUCCEEDED or task.direct:
        verdict = after_outcome(task, outcome, backoff)
        return verdict if isinstance(verdict, Completion) else expired(task)
    return _release(task, backoff, outcome)


def expired(task: TaskEnvelope) -> Completion:
    """Return the end of a task whose deadline has passed."""
    return failed(task, TaskState.EXPIRED, f"{DEADLINE_EXCEEDED}: the deadline has passed")


def failed(task: TaskEnvelope, state: TaskState, error: str) -> Completion:
    """Return an end without a result; ``error`` is code, colon, sentence."""
    return Completion(task.task_id, task.attempt, state, error=error)


def handed_back(task: TaskEnvelope, why: str) -> Completion | Release:
    """Return what becomes of a task that this orchestrator can no longer do."""
    if task.direct:
        return failed(task, TaskState.ABANDONED, f"abandoned: {why}")
    return Release(task.task_id, task.attempt, 0.0, f"handed_back: {why}", count_attempt=False)


def _again(task: TaskEnvelope, backoff: Backoff, *, touched: bool) -> Verdict:
    if not touched:
        return Retry(task, RETRY_IN_PLACE_S)
    crashes = task.crashes + 1
    if crashes >= task.max_attempts:
        return failed(task, TaskState.FAILED, "agent_lost: every attempt lost its agent")
    wait_s = 0.0 if crashes == 1 else backoff.wait_s(crashes - 1)
    return Retry(replace(task, crashes=crashes, alone=crashes >= ALONE_AFTER_CRASHES), wait_s)


def _returned(task: TaskEnvelope, outcome: TaskOutcome, backoff: Backoff) -> Verdict:
    """Decide where a replica sent a task back unstarted."""
    if outcome.code != SCHEMA_UNKNOWN or task.direct:
        return Retry(task, RETRY_IN_PLACE_S)
    why = f"{SCHEMA_UNKNOWN}: no agent could read version {task.schema_version} of it"
    if task.attempt >= READERS_AT_MOST:
        return failed(task, TaskState.DEAD, why)
    wait_s = max(UNREACHED_WAIT_S, backoff.wait_s(task.attempt))
    return Release(task.task_id, task.attempt, wait_s, why, count_attempt=False)


def _completion(task: TaskEnvelope, state: TaskState, outcome: TaskOutcome) -> Completion:
    error = None if state is TaskState.SUCCEEDED else f"{outcome.code}: {outcome.detail}"
    result = outcome.result if state is TaskState.SUCCEEDED else None
    return Completion(
        task.task_id,
        task.attempt,
        state,
        result,
        error,
        outcome.usage,
        tenant_id=task.tenant_id,
        kind=task.kind,
    )


def _release(task: TaskEnvelope, backoff: Backoff, outcome: TaskOutcome) -> Completion | Release:
    wait_s = backoff.wait_asked_s(task.attempt, outcome.retry_after_s)
    if task.deadline_unix_s is not None and backoff.now_unix_s + wait_s >= task.deadline_unix_s:
        why = f"no time is left for another attempt after {outcome.code}: {outcome.detail}"
        late = replace(outcome, code=DEADLINE_EXCEEDED, detail=why)
        return _completion(task, TaskState.EXPIRED, late)
    return Release(
        task.task_id,
        task.attempt,
        wait_s,
        f"{outcome.code}: {outcome.detail}",
        usage=outcome.usage,
        tenant_id=task.tenant_id,
        kind=task.kind,
    )
