"""What becomes of a task after an attempt."""

from dataclasses import replace
from math import inf, nan

import pytest

from deployments.dispatch import Overdue
from deployments.errors import LinkError
from deployments.verdict import (
    BEGINNINGS_AT_MOST,
    CRASHES_AT_MOST,
    CRASHES_OF_POISON,
    READERS_AT_MOST,
    UNREACHED_WAIT_S,
    Backoff,
    Retry,
    after_late_outcome,
    after_limit,
    after_loss,
    after_outcome,
    handed_back,
)
from deployments.wire import SCHEMA_UNKNOWN, Ending, TaskOutcome
from domain.failures import RETRY_AFTER_AT_MOST_S
from domain.ids import DEFAULT_TENANT
from domain.task import Completion, Release, TaskState
from tests.fakes.agents import a_bill
from tests.fakes.tasks import KIND, envelope, task_id

BACKOFF = Backoff(base_s=1.0, cap_s=60.0, jitter=0.5)
DIED = LinkError("ActorDiedError", True, True)
UNREACHED = LinkError("DeploymentUnavailableError", False, False)


def outcome(ending: Ending, *, retryable: bool = False) -> TaskOutcome:
    result = b"{}" if ending is Ending.SUCCEEDED else None
    bill = (a_bill(1),)
    return TaskOutcome(task_id(1), 1, ending, result, "code", "why", retryable, bill)


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Ending.SUCCEEDED, TaskState.SUCCEEDED),
        (Ending.CANCELLED, TaskState.CANCELLED),
        (Ending.EXPIRED, TaskState.EXPIRED),
        (Ending.FAILED, TaskState.FAILED),
    ],
)
def test_an_answer_becomes_an_end_with_its_bill(ending: Ending, state: TaskState) -> None:
    verdict = after_outcome(envelope(1), outcome(ending), BACKOFF)
    assert isinstance(verdict, Completion)
    assert verdict.state is state
    assert verdict.usage == (a_bill(1),)
    assert (verdict.tenant_id, verdict.kind) == (DEFAULT_TENANT, KIND)
    assert (verdict.result is None) == (state is not TaskState.SUCCEEDED)
    assert (verdict.error is None) == (state is TaskState.SUCCEEDED)


def test_a_retryable_failure_waits_for_its_back_off() -> None:
    verdict = after_outcome(envelope(1, attempt=3), outcome(Ending.FAILED, retryable=True), BACKOFF)
    assert isinstance(verdict, Release)
    assert verdict.wait_s == 0.5 * 4.0
    assert not verdict.crashed
    assert verdict.usage == (a_bill(1),)
    assert (verdict.tenant_id, verdict.kind) == (DEFAULT_TENANT, KIND)


@pytest.mark.parametrize("asked_s", [86_401.0, 2.6e11, 1e300, inf, nan, -5.0])
def test_no_wait_that_is_asked_for_is_longer_than_a_day(asked_s: float) -> None:
    said = replace(outcome(Ending.FAILED, retryable=True), retry_after_s=asked_s)
    verdict = after_outcome(envelope(1), said, BACKOFF)
    assert isinstance(verdict, Release)
    assert 0 <= verdict.wait_s <= RETRY_AFTER_AT_MOST_S + BACKOFF.base_s


def test_a_direct_call_that_failed_is_not_repeated() -> None:
    task = envelope(1, direct=True)
    verdict = after_outcome(task, outcome(Ending.FAILED, retryable=True), BACKOFF)
    assert isinstance(verdict, Completion)


def test_a_returned_task_is_sent_again_from_here() -> None:
    assert isinstance(after_outcome(envelope(1), outcome(Ending.RETURNED), BACKOFF), Retry)


def test_a_task_lost_with_its_agent_goes_back_at_once_and_loses_no_attempt_by_the_crash() -> None:
    verdict = after_loss(envelope(1), DIED, BACKOFF, started=False)
    assert isinstance(verdict, Release)
    assert (verdict.wait_s, verdict.crashed, verdict.count_attempt) == (0.0, True, False)


def test_from_the_second_crash_on_it_waits() -> None:
    verdict = after_loss(envelope(1, crashes=1), DIED, BACKOFF, started=False)
    assert isinstance(verdict, Release)
    assert verdict.wait_s > 0


def test_a_task_that_reached_no_agent_keeps_its_attempt() -> None:
    verdict = after_loss(envelope(1), UNREACHED, BACKOFF, started=False)
    assert isinstance(verdict, Release)
    assert (verdict.crashed, verdict.count_attempt) == (False, False)


@pytest.mark.parametrize("direct", [True, False])
def test_only_a_task_that_was_alone_and_had_started_is_poison(*, direct: bool) -> None:
    once = envelope(1, alone=True, crashes=CRASHES_OF_POISON - 1, direct=direct)
    assert not isinstance(after_loss(once, DIED, BACKOFF, started=True), Completion)
    alone = envelope(1, alone=True, crashes=CRASHES_OF_POISON, direct=direct)
    verdict = after_loss(alone, DIED, BACKOFF, started=True)
    assert isinstance(verdict, Completion)
    assert verdict.state is TaskState.DEAD
    assert not isinstance(after_loss(alone, DIED, BACKOFF, started=False), Completion)


def test_a_direct_call_is_retried_in_place_and_alone_after_two_crashes() -> None:
    first = after_loss(envelope(1, direct=True), DIED, BACKOFF, started=False)
    assert isinstance(first, Retry)
    assert (first.wait_s, first.task.crashes, first.task.alone) == (0.0, 1, False)
    second = after_loss(first.task, DIED, BACKOFF, started=False)
    assert isinstance(second, Retry)
    assert (second.task.crashes, second.task.alone) == (2, True)


def test_a_direct_call_that_lost_every_agent_fails() -> None:
    verdict = after_loss(envelope(1, direct=True, crashes=4), DIED, BACKOFF, started=False)
    assert isinstance(verdict, Completion)
    assert verdict.state is TaskState.FAILED


def test_an_attempt_without_an_answer_expires_or_is_tried_again() -> None:
    late = after_limit(Overdue(envelope(1, deadline_unix_s=5.0), True, True), BACKOFF, 5.0)
    assert isinstance(late, Completion)
    assert late.state is TaskState.EXPIRED
    again = after_limit(Overdue(envelope(1), True, True), BACKOFF, 5.0)
    assert isinstance(again, Release)
    assert again.count_attempt
    direct = Overdue(envelope(1, direct=True), True, True)
    assert isinstance(after_limit(direct, BACKOFF, 5.0), Completion)


@pytest.mark.parametrize("taken", [True, False])
def test_an_attempt_that_no_replica_began_does_not_count(*, taken: bool) -> None:
    verdict = after_limit(Overdue(envelope(1, attempt=9), taken, False), BACKOFF, 5.0)
    assert isinstance(verdict, Release)
    assert (verdict.crashed, verdict.count_attempt) == (False, False)
    assert (verdict.error or "").startswith("unreached: ")
    assert verdict.wait_s == UNREACHED_WAIT_S
    expired = Overdue(envelope(1, deadline_unix_s=5.0), taken, False)
    assert isinstance(after_limit(expired, BACKOFF, 5.0), Completion)


def test_a_direct_call_is_sent_again_only_where_no_replica_can_have_begun_it() -> None:
    task = envelope(1, direct=True)
    assert isinstance(after_limit(Overdue(task, False, False), BACKOFF, 5.0), Retry)
    taken = after_limit(Overdue(task, True, False), BACKOFF, 5.0)
    assert isinstance(taken, Completion)
    assert (taken.error or "").startswith("attempt_limit: ")


def test_a_task_whose_start_is_never_told_does_not_go_round_for_ever() -> None:
    task = envelope(1, attempt=BEGINNINGS_AT_MOST)
    taken = after_limit(Overdue(task, True, False), BACKOFF, 5.0)
    assert isinstance(taken, Release)
    assert taken.count_attempt
    away = after_limit(Overdue(task, False, False), BACKOFF, 5.0)
    assert isinstance(away, Release)
    assert not away.count_attempt


@pytest.mark.parametrize("ending", list(Ending))
@pytest.mark.parametrize("direct", [True, False])
def test_a_late_answer_brings_its_bill_and_cancels_nothing(ending: Ending, *, direct: bool) -> None:
    verdict = after_late_outcome(envelope(1, direct=direct), outcome(ending), BACKOFF)
    if ending is Ending.RETURNED:
        assert verdict is None
        return
    assert verdict is not None
    assert verdict.usage == (a_bill(1),)
    if not direct and ending is not Ending.SUCCEEDED:
        assert isinstance(verdict, Release)


def test_what_is_handed_back_keeps_its_attempt() -> None:
    back = handed_back(envelope(1), "stopping")
    assert isinstance(back, Release)
    assert not back.count_attempt
    gone = handed_back(envelope(1, direct=True), "stopping")
    assert isinstance(gone, Completion)
    assert gone.state is TaskState.ABANDONED


def test_a_back_off_that_would_pass_the_deadline_is_not_begun() -> None:
    now = Backoff(base_s=1.0, cap_s=60.0, jitter=0.5, now_unix_s=100.0)
    failure = outcome(Ending.FAILED, retryable=True)
    late = after_outcome(envelope(1, deadline_unix_s=100.5), failure, now)
    assert isinstance(late, Completion)
    assert late.state is TaskState.EXPIRED
    assert (late.error or "").startswith("deadline_exceeded: ")
    assert late.usage == (a_bill(1),)
    assert isinstance(after_outcome(envelope(1, deadline_unix_s=100.6), failure, now), Release)


def test_the_wait_that_a_provider_asks_for_is_never_cut_short() -> None:
    asked = replace(outcome(Ending.FAILED, retryable=True), retry_after_s=40.0)
    verdict = after_outcome(envelope(1), asked, BACKOFF)
    assert isinstance(verdict, Release)
    assert 40.0 <= verdict.wait_s <= 40.0 + BACKOFF.base_s


def test_a_wait_asked_for_beyond_the_deadline_ends_the_task_at_once() -> None:
    task = replace(envelope(1), deadline_unix_s=1030.0)
    asked = replace(outcome(Ending.FAILED, retryable=True), retry_after_s=40.0)
    verdict = after_outcome(task, asked, replace(BACKOFF, now_unix_s=1000.0))
    assert isinstance(verdict, Completion)
    assert verdict.state is TaskState.EXPIRED
    assert (verdict.error or "").startswith("deadline_exceeded: ")


def test_a_task_nobody_can_read_waits_without_losing_attempts_and_ends_at_last() -> None:
    unread = replace(outcome(Ending.RETURNED), code=SCHEMA_UNKNOWN)
    verdict = after_outcome(envelope(1), unread, BACKOFF)
    assert isinstance(verdict, Release)
    assert not verdict.count_attempt
    assert verdict.wait_s >= UNREACHED_WAIT_S
    last = after_outcome(envelope(1, attempt=READERS_AT_MOST), unread, BACKOFF)
    assert isinstance(last, Completion)
    assert last.state is TaskState.DEAD


@pytest.mark.parametrize(
    ("started", "alone", "attempt"),
    [(True, True, 1), (False, False, 1), (False, True, BEGINNINGS_AT_MOST)],
)
def test_a_task_present_at_ten_crashes_ends_where_it_may_have_run(
    *, started: bool, alone: bool, attempt: int
) -> None:
    task = replace(envelope(1, attempt=attempt), crashes=CRASHES_AT_MOST - 1, alone=alone)
    verdict = after_loss(task, DIED, BACKOFF, started=started)
    assert isinstance(verdict, Completion)
    assert verdict.state is TaskState.DEAD


def test_a_crash_counts_not_against_a_task_that_needs_an_empty_replica_and_had_none() -> None:
    task = replace(envelope(1, attempt=8), crashes=CRASHES_AT_MOST - 1, alone=True)
    verdict = after_loss(task, DIED, BACKOFF, started=False)
    assert isinstance(verdict, Release)
    assert (verdict.crashed, verdict.count_attempt) == (False, False)
    assert verdict.wait_s > UNREACHED_WAIT_S, "it keeps out of the way of the culprit"
