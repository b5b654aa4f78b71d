"""Claims about the rows between reading and writing: none is lost, none comes twice, in order."""

from itertools import count
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from batch.pace import Pace, Trouble, after_failure, is_over, wait_s
from batch.preparation import Prepared, Reject
from batch.results import Failed, Scored
from batch.service import Accepted, Finished, Refused
from batch.window import MAX_LOSSES, MAX_TRIES, Window
from tests.batch.analyses import an_analysis


def a_row(line: int, size_bytes: int = 2) -> Prepared:
    """Return a row that can be sent."""
    return Prepared(line, f"lead-{line}", b"x" * size_bytes)


def a_window(*rows: Prepared | Reject, most_rows: int = 100) -> Window:
    """Return a window that holds rows."""
    window = Window(most_rows)
    window.add(rows)
    return window


def accept(window: Window, row: Prepared, task_id: str, *, created: bool = True) -> None:
    """Let the service take a row."""
    window.settle(row, Accepted(task_id, created))


def unsent(window: Window, most_rows: int = 10, most_bytes: int = 100) -> list[tuple[int, int]]:
    """Return line and try of what is to be sent."""
    chunk = window.unsent(most_rows=most_rows, most_bytes=most_bytes)
    return [(row.line, tries) for row, tries in chunk]


def test_results_wait_for_earlier_rows() -> None:
    rows = [a_row(1), a_row(2)]
    window = a_window(*rows)
    for row in rows:
        accept(window, row, f"t{row.line}")
    window.finish(Finished("t2", an_analysis("b"), None))
    assert window.take_done() == []
    window.finish(Finished("t1", None, "broken"))
    assert window.take_done() == [
        Failed(1, "lead-1", "broken"),
        Scored(2, "lead-2", an_analysis("b")),
    ]
    assert window.is_empty


def test_a_chunk_is_bounded_by_rows_and_bytes_and_never_empty() -> None:
    window = a_window(a_row(1, 60), a_row(2, 60), a_row(3, 10))
    assert unsent(window, most_bytes=100) == [(1, 0)]
    assert unsent(window, most_bytes=125) == [(1, 0), (2, 0)]
    assert unsent(window, most_bytes=10) == [(1, 0)]
    assert unsent(window, most_rows=2, most_bytes=999) == [(1, 0), (2, 0)]


def test_a_row_the_service_has_no_room_for_stays_to_be_sent() -> None:
    row = a_row(1)
    window = a_window(row)
    window.settle(row, Refused("lead", "x", "y", again=True))
    assert unsent(window) == [(1, 0)]


def test_a_row_the_service_refuses_is_a_reject_without_a_persons_data() -> None:
    row = a_row(1)
    window = a_window(row)
    window.settle(row, Refused("contact.email", "ada@example.com", "an address"))
    assert window.take_done() == [
        Reject(1, "lead-1", "contact.email", "a text of 15 characters", "an address")
    ]


def test_a_row_of_an_earlier_run_is_resumed_and_not_sent_again() -> None:
    row = a_row(1)
    window = a_window(row)
    accept(window, row, "t", created=False)
    assert unsent(window) == []
    window.finish(Finished("t", an_analysis(), None))
    assert window.take_done() == [Scored(1, "lead-1", an_analysis(), resumed=True)]


def test_a_row_whose_answer_was_lost_is_not_taken_for_an_earlier_runs() -> None:
    row = a_row(1)
    window = a_window(row)
    window.mark_sent([row])
    accept(window, row, "t", created=False)
    window.finish(Finished("t", an_analysis(), None))
    assert window.take_done() == [Scored(1, "lead-1", an_analysis())]


def test_a_row_that_failed_in_an_earlier_run_is_tried_once_anew() -> None:
    row = a_row(1)
    window = a_window(row)
    accept(window, row, "old", created=False)
    window.finish(Finished("old", None, "dead"))
    assert unsent(window) == [(1, 1)]
    accept(window, row, "new")
    window.finish(Finished("new", None, "dead again"))
    assert window.take_done() == [Failed(1, "lead-1", "dead again")]


def test_a_row_that_always_fails_is_tried_for_a_bounded_number_of_runs() -> None:
    row = a_row(1)
    window = a_window(row)
    for tries in range(MAX_TRIES + 1):
        assert unsent(window) == [(1, tries)]
        accept(window, row, f"t{tries}", created=False)
        window.finish(Finished(f"t{tries}", None, "dead"))
    assert window.take_done() == [Failed(1, "lead-1", "dead", resumed=True)]


def test_a_task_the_service_forgot_is_sent_again_a_few_times() -> None:
    row = a_row(1)
    window = a_window(row)
    for loss in range(MAX_LOSSES):
        assert unsent(window) == [(1, 0)]
        accept(window, row, f"t{loss}")
        window.lose(f"t{loss}")
    assert window.take_done() == [Failed(1, "lead-1", "the service deleted the task")]


def test_ends_of_tasks_nobody_waits_for_change_nothing() -> None:
    window = a_window(a_row(1))
    assert not window.finish(Finished("strange", an_analysis(), None))
    window.lose("strange")
    assert unsent(window) == [(1, 0)]


def an_answer(rng: Random, task_id: str) -> Accepted | Refused:
    """Return what a service may say to a row."""
    if rng.random() < 0.5:
        return Accepted(task_id, created=rng.random() < 0.5)
    return Refused("f", "g", "a", again=rng.random() < 0.5)


def end(window: Window, task_id: str, rng: Random) -> None:
    """Let a task end in any way, or go on."""
    match rng.choice(["done", "failed", "lost", "open"]):
        case "done":
            window.finish(Finished(task_id, an_analysis(), None))
        case "failed":
            window.finish(Finished(task_id, None, "error"))
        case "lost":
            window.lose(task_id)


@given(st.integers(0, 2**32))
def test_every_row_comes_out_once_and_in_order_whatever_the_service_does(seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - a test's dice
    window = Window(8)
    waiting: list[Prepared | Reject] = [
        Reject(line, "", "f", "g", "a") if rng.random() < 0.3 else a_row(line) for line in range(20)
    ]
    out: list[int] = []
    tasks = (f"t{number}" for number in count())
    while waiting or not window.is_empty:
        fresh = waiting[: rng.randint(0, window.room)]
        waiting = waiting[len(fresh) :]
        window.add(fresh)
        for row, _ in window.unsent(most_rows=3, most_bytes=100):
            window.settle(row, an_answer(rng, next(tasks)))
        for task_id in rng.sample(window.open_tasks(4), k=len(window.open_tasks(4))):
            end(window, task_id, rng)
        out += [result.line for result in window.take_done()]
        assert window.room >= 0
    assert out == list(range(20))


PACE = Pace(patience_s=100, base_s=1, cap_s=8)


def test_waits_grow_with_jitter_and_are_never_shorter_than_asked_for() -> None:
    trouble: Trouble | None = None
    bounds = []
    for _ in range(6):
        trouble = after_failure(trouble, 5.0)
        bounds.append(wait_s(trouble, asked_s=0.0, jitter=1.0, pace=PACE))
    assert bounds == [1, 2, 4, 8, 8, 8]
    assert trouble is not None
    assert wait_s(trouble, asked_s=30.0, jitter=0.5, pace=PACE) == 30.0


def test_patience_ends_when_nothing_has_worked_for_long_enough() -> None:
    trouble = Trouble(since_s=10, failures=9)
    assert not is_over(trouble, last_result_s=0, now_s=110, limit_s=PACE.patience_s)
    assert is_over(trouble, last_result_s=0, now_s=111, limit_s=PACE.patience_s)
    assert not is_over(trouble, last_result_s=50, now_s=111, limit_s=PACE.patience_s)
