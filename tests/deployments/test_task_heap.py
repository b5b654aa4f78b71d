"""The order of waiting tasks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deployments.task_heap import OLDEST_EVERY, Attempt, TaskHeap, attempt_of
from domain.ids import TenantId
from domain.task import PRIORITY_RANK, Priority, TaskEnvelope
from tests.fakes.tasks import envelope, task_id

PRIORITIES = st.sampled_from(list(Priority))
DEADLINES = st.one_of(st.none(), st.floats(1, 1000))


def test_priority_comes_first_then_the_earliest_deadline_then_arrival() -> None:
    heap = TaskHeap(bound=10)
    heap.push(envelope(1, priority=Priority.LOW, deadline_unix_s=1.0))
    heap.push(envelope(2))
    heap.push(envelope(3, deadline_unix_s=20.0))
    heap.push(envelope(4, deadline_unix_s=10.0))
    heap.push(envelope(5))
    heap.push(envelope(6, priority=Priority.URGENT))
    order = [task.task_id for task in iter(heap.pop, None)]
    assert order == [task_id(n) for n in (6, 4, 3, 2, 5, 1)]


def test_the_tenants_take_turns_within_a_priority() -> None:
    heap = TaskHeap(bound=100)
    for n in range(40):
        heap.push(envelope(n, tenant_id=TenantId("many"), deadline_unix_s=float(n)))
    for _ in range(5):
        heap.pop()
    heap.push(envelope(100, tenant_id=TenantId("one"), deadline_unix_s=1e9))
    for n in (200, 201):
        heap.push(envelope(n, tenant_id=TenantId("two"), deadline_unix_s=2e9))
    heap.push(envelope(300, tenant_id=TenantId("many"), priority=Priority.URGENT))
    starts = [task.task_id for task in iter(heap.pop, None)]
    assert starts[0] == task_id(300)
    assert starts.index(task_id(100)) <= 3
    assert starts.index(task_id(201)) <= 6
    rest = [one.int for one in starts if one.int < 40]
    assert rest == sorted(rest)


def test_a_tenant_that_comes_again_and_again_takes_no_more_than_its_turns() -> None:
    heap = TaskHeap(bound=100)
    for n in range(60):
        heap.push(envelope(n, tenant_id=TenantId("backlog")))
    started: Counter[TenantId] = Counter()
    task = envelope(1000, tenant_id=TenantId("again"))
    for n in range(40):
        if task.tenant_id == TenantId("again"):
            heap.push(envelope(1000 + n, tenant_id=TenantId("again")))
        task = heap.pop() or envelope()
        started[task.tenant_id] += 1
    assert started[TenantId("backlog")] >= 20


@given(st.lists(st.tuples(st.integers(0, 3), PRIORITIES, st.booleans()), max_size=120))
def test_whatever_comes_and_goes_the_best_of_the_next_tenant_starts(
    steps: list[tuple[int, Priority, bool]],
) -> None:
    heap = TaskHeap(bound=30)
    waiting: dict[Attempt, TaskEnvelope] = {}
    for n, (tenant, priority, comes) in enumerate(steps):
        if comes:
            task = envelope(n, tenant_id=TenantId(str(tenant)), priority=priority)
            if heap.push(task):
                waiting[attempt_of(task)] = task
        elif waiting and tenant == 0:
            gone = next(iter(waiting))
            assert heap.remove(gone) == waiting.pop(gone)
        elif (start := heap.peek()) is not None:
            assert heap.pop() == start
            del waiting[attempt_of(start)]
            mine = [one for one in waiting.values() if one.tenant_id == start.tenant_id]
            oldest = min(waiting, default=attempt_of(start))
            if attempt_of(start) < oldest:
                continue  # it may have been the turn of who has waited longest
            assert all(PRIORITY_RANK[start.priority] <= PRIORITY_RANK[m.priority] for m in mine)
        assert len(heap) == len(waiting)
    assert {attempt_of(task) for task in iter(heap.pop, None)} == set(waiting)


def test_a_full_heap_refuses_and_keeps_what_it_has() -> None:
    heap = TaskHeap(bound=2)
    assert [heap.push(envelope(n)) for n in (1, 2, 3)] == [True, True, False]
    assert len(heap) == 2


def test_an_attempt_waits_at_most_once() -> None:
    heap = TaskHeap(bound=10)
    assert heap.push(envelope(1))
    assert not heap.push(envelope(1))
    assert heap.push(envelope(1, attempt=2))


def test_a_removed_task_comes_back_in_its_new_place() -> None:
    heap = TaskHeap(bound=10)
    heap.push(envelope(1, priority=Priority.URGENT))
    heap.push(envelope(2))
    assert heap.remove((task_id(1), 1)) == envelope(1, priority=Priority.URGENT)
    heap.push(envelope(1, priority=Priority.LOW))
    assert heap.pop() == envelope(2)


def test_a_low_priority_task_is_never_overtaken_for_ever() -> None:
    heap = TaskHeap(bound=100)
    for n in range(3):
        heap.push(envelope(n, priority=Priority.LOW))
    started = []
    for n in range(3 * OLDEST_EVERY):
        heap.push(envelope(1000 + n, priority=Priority.URGENT))
        task = heap.pop()
        assert task is not None
        started.append(task.task_id)
    assert {task_id(0), task_id(1), task_id(2)} <= set(started)


@given(st.lists(st.tuples(PRIORITIES, DEADLINES), max_size=40), st.floats(0, 1100))
def test_every_task_leaves_exactly_once(
    given_tasks: list[tuple[Priority, float | None]], now: float
) -> None:
    heap = TaskHeap(bound=40)
    tasks = [
        envelope(n, priority=priority, deadline_unix_s=deadline)
        for n, (priority, deadline) in enumerate(given_tasks)
    ]
    assert all(heap.push(task) for task in tasks)
    hopeless = heap.remove_hopeless(now)
    popped = list(iter(heap.pop, None))
    assert sorted(map(attempt_of, [*hopeless, *popped])) == sorted(map(attempt_of, tasks))
    assert all(t.deadline_unix_s is not None and t.deadline_unix_s <= now for t in hopeless)
    assert all(t.deadline_unix_s is None or t.deadline_unix_s > now for t in popped)
    assert heap.next_deadline() is None


@given(st.lists(PRIORITIES, min_size=1, max_size=OLDEST_EVERY - 1))
def test_between_turns_of_the_oldest_priorities_never_rise(priorities: list[Priority]) -> None:
    heap = TaskHeap(bound=40)
    for n, priority in enumerate(priorities):
        heap.push(envelope(n, priority=priority))
    ranks = [PRIORITY_RANK[task.priority] for task in iter(heap.pop, None)]
    assert ranks == sorted(ranks)


def test_stale_entries_do_not_pile_up() -> None:
    heap = TaskHeap(bound=10)
    for n in range(5000):
        heap.push(envelope(n, deadline_unix_s=1e12))
        heap.remove((task_id(n), 1))
    assert len(heap._best) + len(heap._soonest) + heap._in_turns < 200
