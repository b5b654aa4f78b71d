"""Nobody waits for ever: the bound of docs/decisions/0006, on the plain model of the claim."""

from bisect import insort
from dataclasses import dataclass
from math import ceil
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.task import BOOST_S, Priority
from tests.fakes.fair_deal import deal, last_served

PRIORITIES = list(Priority)
WIDEST_S = max(BOOST_S.values()) - min(BOOST_S.values())


@dataclass(slots=True)
class Waiting:
    """A task that waits: when it came, how many of its own tenant and how many claims since."""

    enqueued_s: float
    priority: Priority
    arrived_claim: int
    arrived_taken: int


@dataclass(frozen=True, slots=True)
class Setting:
    """How busy a simulation is."""

    seed: int
    tasks: int
    tenants: int
    limit: int
    heaviest: int
    gap_s: float


def simulate(asked: Setting) -> int:
    """Run a queue until it is empty, checking both bounds at every claim; return the tasks done."""
    rng = Random(asked.seed)  # noqa: S311 - repeatable
    names = [f"t{number:03}" for number in range(asked.tenants)]
    weights = {name: rng.randint(1, asked.heaviest) for name in names}
    turn = ceil(sum(weights.values()) / asked.limit) + 1
    queues: dict[str, list[tuple[float, str]]] = {name: [] for name in names}
    tasks: dict[str, Waiting] = {}
    taken_of = dict.fromkeys(names, 0)
    now_s, claims, sent, done, after = 0.0, 0, 0, 0, ""
    while sent < asked.tasks or any(queues.values()):
        for _ in range(min(asked.tasks - sent, rng.randint(0, 2 * asked.limit))):
            now_s += rng.expovariate(1 / asked.gap_s)
            name = names[0] if rng.random() < 0.6 else rng.choice(names)
            priority = rng.choice(PRIORITIES)
            task = f"{sent:07}"
            tasks[task] = Waiting(now_s, priority, claims, taken_of[name])
            insort(queues[name], (now_s - BOOST_S[priority], task))
            sent += 1
        fronts = {name: [task for _, task in line[: asked.limit]] for name, line in queues.items()}
        taken = deal(fronts, weights, after=after, limit=asked.limit)
        claims += 1
        for name in names:
            mine = set(taken).intersection(fronts[name])
            if not mine:
                continue
            last_key = max(key for key, task in queues[name][: asked.limit] if task in mine)
            queues[name] = [one for one in queues[name] if one[1] not in mine]
            assert not queues[name] or queues[name][0][0] >= last_key
            taken_of[name] += len(mine)
            for task in mine:
                one = tasks.pop(task)
                before_it = taken_of[name] - one.arrived_taken
                assert claims - one.arrived_claim <= (before_it + 1) * turn
            done += len(mine)
        served = {name for name in names if set(taken).intersection(fronts[name])}
        after = last_served(served, after=after)
    return done


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    tenants=st.integers(1, 12),
    limit=st.integers(1, 40),
    heaviest=st.integers(1, 6),
)
def test_a_task_waits_for_a_bounded_number_of_claims(
    seed: int, tenants: int, limit: int, heaviest: int
) -> None:
    assert simulate(Setting(seed, 400, tenants, limit, heaviest, gap_s=5.0)) == 400


def test_of_a_hundred_thousand_tasks_none_is_overtaken_beyond_the_bound() -> None:
    assert simulate(Setting(1, 100_000, 8, 200, 4, gap_s=1.0)) == 100_000


@given(
    early=st.floats(0, 1e6),
    later_s=st.floats(0, 1e5),
    low=st.sampled_from(PRIORITIES),
    high=st.sampled_from(PRIORITIES),
)
def test_nothing_is_overtaken_by_what_comes_later_than_the_head_start(
    early: float, later_s: float, low: Priority, high: Priority
) -> None:
    overtakes = early + later_s - BOOST_S[high] < early - BOOST_S[low]
    assert not overtakes or later_s <= BOOST_S[high] - BOOST_S[low] + 1e-6 <= WIDEST_S + 1e-6
