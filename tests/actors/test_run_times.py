"""What is expected of a run, from those before it."""

from hypothesis import given
from hypothesis import strategies as st

from actors.run_times import FEWEST, LIFE_S, RunTimes


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=200))
def test_no_run_like_one_of_the_newest_is_called_hopeless(took: list[float]) -> None:
    times = RunTimes()
    for n, took_s in enumerate(took):
        times.succeeded(took_s, n / 100)
    shortest_s = times.shortest_s(2.0)
    assert all(shortest_s < took_s for took_s in took[-64:])
    assert (shortest_s > 0) == (len(took) >= FEWEST)


def test_an_estimate_that_lets_nothing_run_is_forgotten() -> None:
    times = RunTimes()
    for _ in range(FEWEST):
        times.succeeded(10.0, 0.0)
    assert times.shortest_s(LIFE_S) == 8.0
    assert times.shortest_s(LIFE_S + 1) == 0.0
