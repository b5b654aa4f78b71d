"""What a replica starts next."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.slots import Slots
from deployments.task_heap import attempt_of
from domain.task import TaskEnvelope
from tests.fakes.tasks import envelope, task_id


def slots(concurrency: int = 2, heap_bound: int = 10, shortest_run_s: float = 0.0) -> Slots:
    return Slots(concurrency=concurrency, heap_bound=heap_bound, shortest_run_s=shortest_run_s)


def test_no_more_starts_than_there_are_slots() -> None:
    s = slots()
    assert all(s.offer(envelope(n)) for n in range(5))
    assert len(s.pick(0).start) == 2
    assert (s.running, s.waiting, s.free) == (2, 3, 0)


def test_a_task_without_time_to_run_is_not_started() -> None:
    s = slots(shortest_run_s=2.0)
    s.offer(envelope(1, deadline_unix_s=11.0))
    s.offer(envelope(2, deadline_unix_s=13.0))
    picked = s.pick(10.0)
    assert [task.task_id for task in picked.hopeless] == [task_id(1)]
    assert [task.task_id for task in picked.start] == [task_id(2)]


def test_a_task_marked_alone_waits_for_an_empty_replica_and_shares_it_with_nobody() -> None:
    s = slots()
    s.offer(envelope(1))
    assert len(s.pick(0).start) == 1
    s.offer(envelope(2, alone=True, deadline_unix_s=99.0))
    s.offer(envelope(3))
    assert s.pick(0).start == ()
    s.finish((task_id(1), 1))
    assert [task.task_id for task in s.pick(0).start] == [task_id(2)]
    assert s.free == 0
    assert s.pick(0).start == ()
    s.finish((task_id(2), 1))
    assert [task.task_id for task in s.pick(0).start] == [task_id(3)]


def test_an_attempt_is_taken_once() -> None:
    s = slots()
    assert s.offer(envelope(1))
    s.pick(0)
    assert not s.offer(envelope(1))


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30),
)
def test_slots_are_never_exceeded_and_alone_means_alone(
    concurrency: int, steps: list[tuple[bool, bool]]
) -> None:
    s = slots(concurrency, heap_bound=100)
    running: list[TaskEnvelope] = []
    for number, (is_alone, finishes) in enumerate(steps):
        s.offer(envelope(number, alone=is_alone))
        running += s.pick(0).start
        assert len(running) <= concurrency
        assert not any(task.alone for task in running) or len(running) == 1
        assert len(running) == s.running
        if finishes and running:
            s.finish(attempt_of(running.pop(0)))
    running += s.pick(0).start
    while running:
        s.finish(attempt_of(running.pop(0)))
        running += s.pick(0).start
    assert (s.running, s.waiting) == (0, 0)


def test_no_more_start_at_once_than_asked_for() -> None:
    s = slots(concurrency=3)
    for number in range(4):
        s.offer(envelope(number))
    assert len(s.pick(0, at_most=0).start) == 0
    assert len(s.pick(0, at_most=2).start) == 2
    assert s.has_next
    assert len(s.pick(0, at_most=2).start) == 1
    assert not s.has_next
