"""What an orchestrator sends when."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.dispatch import LATE_LIFE_S, REPORT_LIFE_S, UNTAKEN_LIFE_S, DispatchState, Overdue
from deployments.task_heap import is_express
from deployments.wire import Ending, Group, TaskOutcome
from domain.ids import TaskId
from domain.task import Priority
from tests.fakes.tasks import envelope, task_id


def state(
    *, concurrency: int = 4, prefetch: int = 2, batch_bound: int = 64, waiting_bound: int = 1000
) -> DispatchState:
    return DispatchState(
        concurrency=concurrency,
        prefetch=prefetch,
        batch_bound=batch_bound,
        waiting_bound=waiting_bound,
    )


def done(number: int, attempt: int = 1) -> TaskOutcome:
    return TaskOutcome(task_id(number), attempt, Ending.SUCCEEDED, b"{}")


def test_before_any_replica_has_spoken_the_credit_is_that_of_one() -> None:
    s = state()
    for n in range(20):
        s.add(envelope(n))
    sent = s.next_batch(0)
    assert sent is not None
    assert len(sent[1]) == 6
    assert s.next_batch(0) is None


def test_the_credit_follows_what_replicas_report() -> None:
    s = state()
    s.report(0, Group("a", slots=4, free=1, share=3), 0)
    s.report(0, Group("b", slots=4, free=0, share=0), 0)
    assert s.credit == 3 + 2 * 2
    s.describe([Group("b", slots=4, free=4, share=4)], 1)
    assert s.credit == 4 + 2


def test_a_pool_taken_by_others_still_gets_one_task_to_hear_of_it() -> None:
    s = state(prefetch=0)
    s.report(0, Group("a", slots=4, free=0, share=0), 0)
    assert s.credit == 1


def test_an_answer_closes_its_flight_once() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    assert s.answered(number, done(1)) is not None
    assert s.answered(number, done(1)) is None
    assert s.broken(number) == []
    assert s.held == 0


def test_a_broken_stream_loses_its_own_open_tasks_only() -> None:
    s = state(batch_bound=2)
    for n in range(4):
        s.add(envelope(n))
    first, _ = s.next_batch(0) or (0, ())
    s.next_batch(0)
    s.answered(first, done(0))
    assert [flight.task.task_id for flight in s.broken(first)] == [task_id(1)]
    assert s.outstanding == 2


def test_a_task_marked_alone_travels_alone_and_its_start_is_known() -> None:
    s = state()
    s.add(envelope(1, alone=True))
    s.add(envelope(2))
    number, tasks = s.next_batch(0) or (0, ())
    assert [task.task_id for task in tasks] == [task_id(1)]
    s.report(number, Group("a", 4, 0, 4, started=(task_id(1),)), 0)
    assert [flight.started for flight in s.broken(number)] == [True]


def test_an_attempts_time_begins_with_its_start_in_a_slot() -> None:
    s = state()
    s.add(envelope(1))
    s.add(envelope(2))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("a", 4, 0, 4, started=(task_id(1),)), 1)
    s.report(number, Group("a", 4, 0, 4, started=(task_id(2),)), 9)
    limit = {"limit_s": 10.0, "grace_s": 0.5}
    assert s.overdue(11.4, 0.0, **limit) == []
    assert s.overdue(11.5, 0.0, **limit) == [Overdue(envelope(1), True, True)]
    assert s.overdue(19.4, 0.0, **limit) == []
    assert s.overdue(19.5, 0.0, **limit) == [Overdue(envelope(2), True, True)]


def test_a_task_in_a_replicas_line_is_known_not_to_have_begun() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("a", 4, 0, 4), 1)
    assert s.overdue(11.5, 0.0, limit_s=10, grace_s=0.5) == [Overdue(envelope(1), True, False)]


def test_a_flight_out_of_time_is_given_up_and_its_answer_is_late() -> None:
    s = state()
    s.add(envelope(1, deadline_unix_s=100.0))
    s.add(envelope(2))
    number, _ = s.next_batch(0) or (0, ())
    assert s.overdue(1, 100.0, limit_s=10, grace_s=0.5) == []
    assert len(s.overdue(1, 100.5, limit_s=10, grace_s=0.5)) == 1
    assert s.overdue(10.4, 100.5, limit_s=10, grace_s=0.5) == []
    assert len(s.overdue(10.5, 100.5, limit_s=10, grace_s=0.5)) == 1
    assert s.held == 0
    flight = s.answered(number, done(1))
    assert flight is not None
    assert flight.late
    assert s.outstanding == 0
    assert s.broken(number) == []


def test_a_stream_is_not_listened_to_for_ever() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("a", 4, 3, 4), 0)
    assert s.overdue(10, 0, limit_s=10, grace_s=0) == [Overdue(envelope(1), True, False)]
    assert s.forget(20) == []
    assert s.forget(LATE_LIFE_S + 1) == [number]


def test_a_batch_that_no_replica_took_is_closed_as_soon_as_all_of_it_is_given_up() -> None:
    s = state()
    s.add(envelope(1, deadline_unix_s=100.0))
    s.add(envelope(2))
    number, _ = s.next_batch(0) or (0, ())
    s.overdue(9, 200, limit_s=10, grace_s=0)
    assert s.forget(9) == []
    assert s.overdue(10, 200, limit_s=10, grace_s=0) == [Overdue(envelope(2), False, False)]
    assert s.forget(10) == [number]


def test_a_batch_that_was_just_sent_is_given_time_to_be_taken() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.give_up(task_id(1))
    assert s.forget(UNTAKEN_LIFE_S) == []
    assert s.forget(UNTAKEN_LIFE_S + 0.1) == [number]


def test_what_waits_in_a_replica_that_speaks_is_not_given_up() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("a", 4, 3, 4), 9)
    s.report(number, Group("a", 4, 3, 4), 15)
    assert s.overdue(24, 0, limit_s=10, grace_s=0) == []
    assert s.overdue(25, 0, limit_s=10, grace_s=0) == [Overdue(envelope(1), True, False)]
    s.report(number, Group("a", 4, 3, 4), 30)
    assert s.forget(15 + LATE_LIFE_S) == []
    assert s.forget(15 + LATE_LIFE_S + 1) == [number]


def test_words_of_a_replica_give_a_run_no_more_time() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("a", 4, 3, 4, started=(task_id(1),)), 1)
    s.report(number, Group("a", 4, 3, 4), 9)
    assert s.overdue(10, 0, limit_s=10, grace_s=0) == []
    assert s.overdue(11, 0, limit_s=10, grace_s=0) == [Overdue(envelope(1), True, True)]


def test_a_replica_that_takes_what_was_given_up_is_told_once_more() -> None:
    s = state()
    s.add(envelope(1))
    s.add(envelope(2))
    number, _ = s.next_batch(0) or (0, ())
    s.give_up(task_id(1))
    assert s.report(number, Group("a", 4, 3, 4), 0) == [envelope(1)]
    assert s.report(number, Group("a", 4, 3, 4), 0) == []


def test_a_silent_replica_is_forgotten_unless_it_holds_a_task() -> None:
    s = state()
    s.add(envelope(1))
    number, _ = s.next_batch(0) or (0, ())
    s.report(number, Group("busy", 4, 3, 4), 0)
    s.report(0, Group("gone", 4, 4, 4), 0)
    s.forget(REPORT_LIFE_S + 1)
    assert s.figures().replicas == 1


def test_claims_fill_the_credit_and_a_little_more() -> None:
    s = state()
    assert s.claim_room(3) == 4 + 2 + 3
    s.add(envelope(1))
    s.park(envelope(2))
    assert s.claim_room(3) == 7


def test_what_was_not_sent_can_be_taken_back() -> None:
    s = state(concurrency=1, prefetch=0)
    for n in range(3):
        s.add(envelope(n))
    s.add(envelope(9, direct=True))
    s.next_batch(0)
    s.park(envelope(5))
    assert {t.task_id for t in s.take_unsent(durable_only=True)} == {task_id(n) for n in (1, 2, 5)}
    assert [t.task_id for t in s.take_unsent(durable_only=False)] == [task_id(9)]
    assert s.held == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "send", "answer", "break", "report"]), st.integers(0, 8)),
        max_size=80,
    )
)
def test_every_task_is_answered_or_lost_exactly_once_and_credits_hold(
    steps: list[tuple[str, int]],
) -> None:
    s = state(batch_bound=3)
    added = 0
    sent: dict[int, list[int]] = {}
    ended: list[int] = []
    for step, n in steps:
        if step == "add":
            added += s.add(envelope(added, priority=list(Priority)[n % len(Priority)]))
        elif step == "send":
            room, lane = s.credit - s.outstanding + s._extra, s.express_extra - s._extra
            batch = s.next_batch(0)
            if batch is not None:
                is_ahead = len(batch[1]) <= lane and all(is_express(one) for one in batch[1])
                assert 0 < len(batch[1]) <= room or is_ahead
                sent[batch[0]] = [task.task_id.int for task in batch[1]]
        elif step == "report":
            s.report(0, Group(f"r{n % 3}", 4, n % 5, n % 5), 0)
        elif sent and step == "answer":
            number = list(sent)[n % len(sent)]
            if sent[number]:
                task = sent[number].pop()
                assert s.answered(number, done(task)) is not None
                ended.append(task)
        elif sent and step == "break":
            number = list(sent)[n % len(sent)]
            lost = [flight.task.task_id.int for flight in s.broken(number)]
            assert sorted(lost) == sorted(sent.pop(number))
            ended += lost
    waiting = [task.task_id.int for task in s.take_unsent(durable_only=False)]
    in_flight = [task for tasks in sent.values() for task in tasks]
    assert s.outstanding == len(in_flight)
    assert sorted([*ended, *waiting, *in_flight]) == list(range(added))
    for number in sent:
        s.broken(number)
    assert (s.held, s._extra, s._express_durable, s._heap.direct) == (0, 0, 0, 0)


def test_express_tasks_are_sent_beyond_the_credit_but_not_without_bound() -> None:
    s = state()
    for n in range(20):
        s.add(envelope(n, priority=Priority.LOW))
    assert len((s.next_batch(0) or (0, ()))[1]) == s.credit
    for n in range(100, 110):
        s.add(envelope(n, priority=Priority.URGENT))
    number, sent = s.next_batch(1) or (0, ())
    assert [task.task_id for task in sent] == [task_id(n) for n in range(100, 102)]
    assert s.outstanding == s.credit + s.express_extra
    assert s.next_batch(2) is None
    s.answered(number, done(100))
    assert len((s.next_batch(3) or (0, ()))[1]) == 1


def test_a_full_pool_claims_express_tasks_only_and_no_more_than_it_may_send() -> None:
    s = state()
    while s.claim_room(ahead=2):
        s.add(envelope(s.held, priority=Priority.LOW))
    assert s.express_room() == s.express_extra
    for n in range(100, 100 + s.express_extra):
        s.add(envelope(n, priority=Priority.HIGH))
    assert s.express_room() == 0


def test_what_the_express_lane_brought_takes_no_room_from_others() -> None:
    s = state()
    for n in range(100, 100 + s.express_extra):
        s.add(envelope(n, priority=Priority.URGENT))
    for n in range(s.credit + 2):
        assert s.claim_room(ahead=2) == s.credit + 2 - n
        s.add(envelope(n, priority=Priority.LOW))
    assert s.claim_room(ahead=2) == 0


def test_callers_on_the_line_leave_room_for_claims() -> None:
    s = state()
    for n in range(100, 200):
        s.add(envelope(n, direct=True))
    assert s.claim_room(ahead=2) == 2
    for n in range(2):
        s.add(envelope(n))
    assert s.claim_room(ahead=2) == 0


def test_a_flood_of_express_tasks_leaves_the_credit_to_the_turns_of_all() -> None:
    s = state(concurrency=1, prefetch=1)
    s.add(envelope(1, priority=Priority.LOW))
    sent: list[TaskId] = []
    out: list[tuple[int, TaskId]] = []
    for n in range(100, 140):
        s.add(envelope(n, priority=Priority.URGENT))
        while (batch := s.next_batch(n)) is not None:
            out += [(batch[0], task.task_id) for task in batch[1]]
            sent += [task.task_id for task in batch[1]]
        number, first = out.pop(0)
        s.answered(number, TaskOutcome(first, 1, Ending.SUCCEEDED, b"{}"))
    assert task_id(1) in sent


def test_a_task_that_needs_an_empty_replica_is_never_sent_ahead() -> None:
    s = state()
    for n in range(10):
        s.add(envelope(n))
    s.next_batch(0)
    s.add(envelope(100, priority=Priority.URGENT, alone=True))
    assert s.next_batch(1) is None


def test_what_the_express_lane_sent_keeps_no_credit_from_others() -> None:
    s = state()
    for n in range(20):
        s.add(envelope(n, priority=Priority.LOW))
    number, sent = s.next_batch(0) or (0, ())
    for n in range(100, 100 + s.express_extra):
        s.add(envelope(n, priority=Priority.URGENT))
    assert len((s.next_batch(1) or (0, ()))[1]) == s.express_extra
    assert s.next_batch(2) is None
    assert s.answered(number, TaskOutcome(sent[0].task_id, 1, Ending.SUCCEEDED, b"{}")) is not None
    ordinary = (s.next_batch(3) or (0, ()))[1]
    assert [task.priority for task in ordinary] == [Priority.LOW]
