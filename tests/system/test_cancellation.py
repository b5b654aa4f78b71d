"""What nobody wants, or cannot be in time, costs nothing more, and no other task is touched.

Everything is seen from the stand-in model's side. How soon is ``benchmarks/cancellation.py``'s
question; here the limit is generous, and the figures are printed.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.provider.calls import Outcome
from tests.system import cancelling
from tests.system.application import until
from tests.system.cancelling import Ended
from tests.system.model_world import ModelWorld, lead, percentile_ms, task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIMIT_S = 5.0
"""Far below the 30 s after which the product itself gives a call up."""

RESERVE_S = 0.5
"""Kept of a deadline for an answer without the model; see ``model.reserve_s``."""

MANY = 8


@pytest.fixture(scope="module")
def world() -> Iterator[ModelWorld]:
    with TemporaryDirectory(prefix="gardenos-system-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with ModelWorld(folder, concurrency=16, latency_ms=1500) as running:
            cancelling.prepare(running)
            yield running


def assert_closed_in_time(ended: Ended) -> None:
    """Print what was measured, and see that it is no matter of the product's own limits."""
    told = {f"p{part}": percentile_ms(ended.waits_s, part / 100) for part in (50, 95)}
    print(f"\n{len(ended.waits_s)} calls closed, ms: {told}")  # noqa: T201 - how soon, for who looks
    assert max(ended.waits_s) < LIMIT_S


def assert_others_untouched(world: ModelWorld, ended: Ended, end: str) -> None:
    """See that the tasks beside them ended well, each with one call that got its answer."""
    assert ended.beside
    assert set(ended.beside.values()) == {end}
    calls = world.calls(ended.beside)
    assert {name: [call.outcome for call in calls[name]] for name in ended.beside} == {
        name: [Outcome.ANSWERED] for name in ended.beside
    }


def test_a_caller_that_hangs_up_closes_its_own_model_call_and_no_other(world: ModelWorld) -> None:
    ended = cancelling.callers_leave(world, MANY)
    assert_closed_in_time(ended)
    assert_others_untouched(world, ended, "200")


def test_a_cancelled_tasks_model_call_is_closed_and_no_other_of_its_batch(
    world: ModelWorld,
) -> None:
    ended = cancelling.tasks_are_cancelled(world, MANY)
    assert_closed_in_time(ended)
    assert_others_untouched(world, ended, "succeeded")


def test_a_cancel_that_another_orchestrator_takes_closes_the_call(world: ModelWorld) -> None:
    ended = cancelling.tasks_are_cancelled(world, MANY, at=cancelling.other_than_holder(world))
    assert_closed_in_time(ended)
    assert_others_untouched(world, ended, "succeeded")


def test_the_model_calls_about_a_deleted_lead_are_closed(world: ModelWorld) -> None:
    assert_closed_in_time(cancelling.leads_are_deleted(world, MANY))


def test_a_call_under_way_ends_before_its_callers_deadline(world: ModelWorld) -> None:
    ended = cancelling.deadlines_pass(world, MANY, deadline_ms=3000)
    assert_closed_in_time(ended)
    assert set(ended.beside.values()) == {"200"}, "there is time for an answer without the model"
    assert min(ended.waits_s) > -3 * RESERVE_S, "nor is it given up long before"


def test_a_call_with_less_time_than_any_took_is_told_so_and_never_reaches_the_model(
    world: ModelWorld,
) -> None:
    """Told at once, once each replica has seen enough runs to know how long one takes."""
    ids = world.queue([task(name) for name in cancelling.names("tells-", 2 * 48)])
    world.await_finished(list(ids.values()))
    refused: list[str] = []

    def is_known() -> bool:
        (name,) = cancelling.names("late-", 1)
        told = {"Gardenos-Deadline-Ms": "800"}
        answer = world.application.http.post(cancelling.ANALYZE, json=lead(name), headers=told)
        rows = world.rows(f"select from tasks where lead_id = '{name}'")
        if answer.status_code == 504 and not rows:
            refused.append(name)
        return bool(refused)

    until(is_known, "a call is refused at admission for its deadline", 20)
    ids = world.queue([task(one) for one in cancelling.names("after-", MANY)])
    world.await_finished(list(ids.values()))
    assert not world.calls(refused), "calls made after it are there, and its own is not"
