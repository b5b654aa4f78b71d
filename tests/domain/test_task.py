"""The life of a task: states, priorities, back-off."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.task import (
    BOOST_S,
    FINISHED_STATES,
    TRANSITIONS,
    Priority,
    TaskState,
    backoff_s,
    order_key,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_every_open_state_can_finish_and_no_finished_state_goes_on() -> None:
    for state, targets in TRANSITIONS.items():
        assert state not in FINISHED_STATES
        assert targets & FINISHED_STATES
    assert TRANSITIONS.keys() | FINISHED_STATES == set(TaskState)


def test_only_a_running_task_can_succeed() -> None:
    assert [state for state, to in TRANSITIONS.items() if TaskState.SUCCEEDED in to] == [
        TaskState.RUNNING
    ]


@given(st.sampled_from(Priority), st.sampled_from(Priority), st.integers(0, 10**6))
def test_a_later_task_overtakes_only_within_the_difference_of_the_head_starts(
    early: Priority, late: Priority, waited_s: int
) -> None:
    overtakes = order_key(NOW + timedelta(seconds=waited_s), late) < order_key(NOW, early)
    assert overtakes == (waited_s < BOOST_S[late] - BOOST_S[early])


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_back_off_never_exceeds_its_cap_and_grows_with_the_attempt(
    attempt: int, jitter: float
) -> None:
    wait = backoff_s(attempt, base_s=0.5, cap_s=60, jitter=jitter)
    assert 0 <= wait <= 60
    assert wait <= backoff_s(attempt + 1, base_s=0.5, cap_s=60, jitter=jitter)


def test_bulk_of_the_version_before_is_read_as_low() -> None:
    assert Priority("bulk") is Priority.LOW
    assert TypeAdapter(Priority).validate_python("bulk") is Priority.LOW
    assert msgspec.json.decode(b'"bulk"', type=Priority) is Priority.LOW
    with pytest.raises(ValueError, match="bulky"):
        Priority("bulky")
