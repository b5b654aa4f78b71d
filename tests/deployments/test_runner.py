"""One replica, without Ray."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from actors.agent import AgentResult, Clock
from deployments import runner as runner_module
from deployments.runner import (
    ALONE_AFTER_S,
    HEARD_PART,
    STALE,
    STARTS_PER_TURN,
    TAKEN_WITHIN_S,
    TOLD_WITHIN_S,
    AgentRunner,
)
from deployments.settings import AgentSettings
from deployments.wire import Batch, Cancel, Ending, Group, TaskOutcome, decode_group, encode_batch
from domain.errors import AgentError
from domain.ids import TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority, TaskEnvelope
from tests.fakes.agents import ScriptedAgent, a_bill
from tests.fakes.simulation import now_unix_s, simulated
from tests.fakes.tasks import envelope, script, task_id

SETTINGS = AgentSettings(
    agent="tests.fakes.agents:ScriptedAgent", concurrency=2, heap_bound=4, remember_cancel_s=5
)

LIMITED = SETTINGS.model_copy(update={"attempt_limit_s": 3.0, "concurrency": 1})


def a_runner(settings: AgentSettings = SETTINGS) -> tuple[AgentRunner, ScriptedAgent]:
    agent = ScriptedAgent()
    return AgentRunner(agent, settings, replica="r", clock=now_unix_s), agent


async def groups_of(runner: AgentRunner, *tasks: TaskEnvelope, sender: str = "me") -> list[Group]:
    data = encode_batch(Batch(sender, tasks))
    return [decode_group(group) async for group in runner.batch(data)]


async def outcomes_of(runner: AgentRunner, *tasks: TaskEnvelope) -> dict[int, TaskOutcome]:
    groups = await groups_of(runner, *tasks)
    return {o.task_id.int: o for group in groups for o in group.outcomes}


@simulated
async def test_results_come_as_they_finish_with_the_free_slots() -> None:
    runner, agent = a_runner()
    groups = await groups_of(
        runner, envelope(1, payload=script(s=2)), envelope(2, payload=script(s=1))
    )
    told = [[o.task_id for o in group.outcomes] for group in groups]
    assert told == [[], [task_id(2)], [task_id(1)]]
    assert [group.free for group in groups] == [0, 1, 2]
    assert agent.starts == 1


@simulated
async def test_a_replica_soon_says_that_it_has_taken_a_batch_of_long_runs() -> None:
    runner, _ = a_runner()
    batch = runner.batch(encode_batch(Batch("me", (envelope(1, payload=script(s=60)),))))
    began_s = asyncio.get_running_loop().time()
    group = decode_group(await anext(batch))
    assert (group.replica, group.outcomes) == ("r", ())
    assert asyncio.get_running_loop().time() - began_s <= TAKEN_WITHIN_S
    await batch.aclose()


@simulated
async def test_a_batch_of_runs_that_ask_nobody_is_told_of_once() -> None:
    runner, _ = a_runner()
    at_once = script(s=0)
    tasks = (envelope(1, payload=at_once), envelope(2, payload=at_once))
    assert len(await groups_of(runner, *tasks)) == 1


@simulated
async def test_what_finishes_together_travels_together() -> None:
    runner, _ = a_runner()
    groups = await groups_of(runner, envelope(1), envelope(2), envelope(3), envelope(4))
    assert [len(group.outcomes) for group in groups if group.outcomes] == [2, 2]


@simulated
async def test_each_sender_is_told_its_share() -> None:
    runner, _ = a_runner()
    long = asyncio.create_task(groups_of(runner, envelope(1, payload=script(s=9)), sender="other"))
    await asyncio.sleep(0.1)
    *_, group = await groups_of(runner, envelope(2))
    assert (group.slots, group.share, group.free) == (2, 1, 1)
    await long


@simulated
async def test_every_way_to_end_is_told() -> None:
    runner, _ = a_runner(SETTINGS.model_copy(update={"heap_bound": 100}))
    outcomes = await outcomes_of(
        runner,
        envelope(1),
        envelope(2, payload=script(do="fail")),
        envelope(3, payload=script(do="fatal")),
        envelope(4, payload=script(do="break")),
        envelope(5, payload=script(do="paid")),
        envelope(6, payload=script(s=50, do="paid"), deadline_unix_s=now_unix_s() + 1),
        envelope(7, deadline_unix_s=now_unix_s() - 1),
        envelope(8, schema_version=ENVELOPE_SCHEMA_VERSION + 1),
    )
    endings = {number: (o.ending, o.code, o.retryable) for number, o in outcomes.items()}
    assert endings == {
        1: (Ending.SUCCEEDED, "", False),
        2: (Ending.FAILED, "try_again", True),
        3: (Ending.FAILED, "payload_invalid", False),
        4: (Ending.FAILED, "agent_fault", True),
        5: (Ending.SUCCEEDED, "", False),
        6: (Ending.EXPIRED, "deadline_exceeded", False),
        7: (Ending.EXPIRED, "deadline_exceeded", False),
        8: (Ending.RETURNED, "schema_unknown", True),
    }
    assert outcomes[5].usage == outcomes[6].usage == (a_bill(1),)


@simulated
async def test_a_waiting_task_expires_at_its_deadline_not_when_a_slot_is_free() -> None:
    runner, agent = a_runner()
    busy = [envelope(n, payload=script(s=10)) for n in (1, 2)]
    others = asyncio.create_task(outcomes_of(runner, *busy))
    await asyncio.sleep(0.1)
    began_s = now_unix_s()
    task = envelope(3, deadline_unix_s=began_s + 1)
    ended = await outcomes_of(runner, task)
    assert ended[3].ending is Ending.EXPIRED
    assert now_unix_s() - began_s == pytest.approx(1.0, abs=0.01)
    assert agent.runs[task_id(3)] == 0
    await others


@simulated
async def test_urgent_tasks_start_first() -> None:
    runner, agent = a_runner(SETTINGS.model_copy(update={"concurrency": 1}))
    await outcomes_of(
        runner,
        envelope(1, priority=Priority.LOW),
        envelope(2),
        envelope(3, priority=Priority.URGENT),
    )
    assert agent.order == [task_id(3), task_id(2), task_id(1)]


@simulated
async def test_a_full_replica_sends_back() -> None:
    runner, _ = a_runner()
    outcomes = await outcomes_of(runner, *(envelope(n) for n in range(8)))
    endings = [o.ending for o in outcomes.values()]
    assert endings.count(Ending.RETURNED) == 4
    assert endings.count(Ending.SUCCEEDED) == 4


@simulated
async def test_running_and_waiting_tasks_can_be_cancelled() -> None:
    runner, agent = a_runner(SETTINGS.model_copy(update={"concurrency": 1}))
    tasks = [envelope(n, payload=script(s=30, do="paid")) for n in (1, 2)]
    call = asyncio.create_task(outcomes_of(runner, *tasks))
    await asyncio.sleep(1)
    runner.cancel([Cancel(task_id(1)), Cancel(task_id(2))])
    outcomes = await call
    assert {o.ending for o in outcomes.values()} == {Ending.CANCELLED}
    assert outcomes[1].usage == (a_bill(1),)
    assert agent.runs[task_id(2)] == 0


@simulated
async def test_a_cancel_that_comes_before_its_task_is_remembered_for_a_while() -> None:
    runner, agent = a_runner()
    runner.cancel([Cancel(task_id(1)), Cancel(task_id(2))])
    assert (await outcomes_of(runner, envelope(1)))[1].ending is Ending.CANCELLED
    await asyncio.sleep(6)
    assert (await outcomes_of(runner, envelope(2)))[2].ending is Ending.SUCCEEDED
    assert agent.runs[task_id(1)] == 0


@simulated
async def test_cancels_beyond_the_bound_push_out_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "CANCELS_BOUND", 2)
    runner, _ = a_runner()
    runner.cancel([Cancel(task_id(n)) for n in (1, 2, 3)])
    assert (await outcomes_of(runner, envelope(1)))[1].ending is Ending.SUCCEEDED
    for n in (2, 3):
        assert (await outcomes_of(runner, envelope(n)))[n].ending is Ending.CANCELLED


@simulated
async def test_an_attempt_that_was_given_up_does_not_cancel_the_next_one() -> None:
    runner, agent = a_runner()
    runner.cancel([Cancel(task_id(1), 1)])
    assert (await outcomes_of(runner, envelope(1)))[1].ending is Ending.CANCELLED
    assert (await outcomes_of(runner, envelope(1, attempt=2)))[1].ending is Ending.SUCCEEDED
    assert agent.runs[task_id(1)] == 1


@simulated
async def test_closing_a_stream_cancels_its_tasks_and_no_others() -> None:
    runner, agent = a_runner()
    other = asyncio.create_task(outcomes_of(runner, envelope(9, payload=script(s=5))))
    stream = runner.batch(
        encode_batch(
            Batch("me", (envelope(1, payload=script(s=0.1)), envelope(2, payload=script(s=50))))
        )
    )
    await anext(stream)
    await stream.aclose()
    await asyncio.sleep(0.1)
    assert agent.running == 1
    assert (await other)[9].ending is Ending.SUCCEEDED
    assert runner.describe("x").free == 2


@simulated
async def test_a_task_marked_alone_is_announced_and_runs_alone() -> None:
    runner, agent = a_runner()
    other = asyncio.create_task(outcomes_of(runner, envelope(9, payload=script(s=1))))
    await asyncio.sleep(0.1)
    groups = await groups_of(runner, envelope(1, alone=True))
    assert [group.started for group in groups if group.started] == [(task_id(1),)]
    assert groups[0].outcomes == ()
    assert agent.most_running == 1
    await other


@simulated
async def test_a_task_marked_alone_runs_only_after_its_start_was_told() -> None:
    runner, agent = a_runner()
    batch = runner.batch(encode_batch(Batch("me", (envelope(1, alone=True),))))
    assert decode_group(await anext(batch)).started == (task_id(1),)
    await asyncio.sleep(ALONE_AFTER_S / 2)
    assert not agent.runs
    await anext(batch)
    assert set(agent.runs) == {task_id(1)}
    await batch.aclose()


@simulated
async def test_the_same_attempt_is_not_run_twice_at_once() -> None:
    runner, agent = a_runner()
    first = asyncio.create_task(outcomes_of(runner, envelope(1, payload=script(s=1))))
    await asyncio.sleep(0.1)
    assert (await outcomes_of(runner, envelope(1)))[1].ending is Ending.RETURNED
    assert (await first)[1].ending is Ending.SUCCEEDED
    assert agent.runs[task_id(1)] == 1


@simulated
async def test_a_plain_call_gets_its_result_or_the_error() -> None:
    runner, _ = a_runner()
    assert (await runner.call(envelope(1))).result
    with pytest.raises(AgentError) as raised:
        await runner.call(envelope(2, payload=script(do="fatal")))
    assert raised.value.args == ("payload_invalid", "nothing to read", False, None)


@simulated
async def test_a_plain_call_waits_for_its_slot_however_long() -> None:
    runner, _ = a_runner(LIMITED)
    others = [envelope(n, payload=script(s=2.5)) for n in (1, 2)]
    batch = asyncio.create_task(outcomes_of(runner, *others))
    await asyncio.sleep(0.1)
    assert (await runner.call(envelope(3))).result
    assert {outcome.ending for outcome in (await batch).values()} == {Ending.SUCCEEDED}


@simulated
async def test_an_agent_that_cannot_start_is_tried_again() -> None:
    runner, agent = a_runner()
    original, agent.start = agent.start, _cannot_start  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await runner.ensure_started()
    agent.start = original  # type: ignore[method-assign]
    await runner.ensure_started()
    assert agent.starts == 1


async def _cannot_start() -> None:
    raise ConnectionError


@simulated
async def test_a_caller_on_the_line_need_not_wait_for_every_free_slot_to_be_filled() -> None:
    runner, agent = a_runner(SETTINGS.model_copy(update={"concurrency": 64, "heap_bound": 100}))
    await runner.ensure_started()
    many = [envelope(n, priority=Priority.LOW, payload=script(s=0)) for n in range(1, 65)]
    batch = asyncio.create_task(outcomes_of(runner, *many))
    await asyncio.sleep(0)
    await runner.call(envelope(99, priority=Priority.HIGH, payload=script(s=0)))
    assert agent.order.index(task_id(99)) <= 2 * STARTS_PER_TURN
    assert len(await batch) == 64


@simulated
async def test_a_batch_read_after_its_attempts_were_given_up_is_sent_back_unstarted() -> None:
    runner, agent = a_runner(LIMITED)
    sent = encode_batch(Batch("me", (envelope(1),), now_unix_s()))
    await asyncio.sleep(3.1)
    groups = [decode_group(group) async for group in runner.batch(sent)]
    assert [(o.ending, o.code) for group in groups for o in group.outcomes] == [
        (Ending.RETURNED, STALE)
    ]
    assert not agent.runs


@simulated
async def test_what_waits_longer_than_an_attempts_limit_keeps_its_place_while_others_start() -> (
    None
):
    runner, agent = a_runner(LIMITED)
    ended = await outcomes_of(runner, *(envelope(n, payload=script(s=2)) for n in (1, 2, 3, 4)))
    assert {outcome.ending for outcome in ended.values()} == {Ending.SUCCEEDED}
    assert agent.order == [task_id(n) for n in (1, 2, 3, 4)]


@simulated
async def test_a_replica_speaks_often_enough_that_its_line_is_not_given_up() -> None:
    runner, _ = a_runner(LIMITED)
    tasks = (envelope(1, payload=script(s=2.9)), envelope(2, payload=script(s=2.9)))
    loop = asyncio.get_running_loop()
    spoke_s = [loop.time() async for _ in runner.batch(encode_batch(Batch("me", tasks)))]
    longest_s = max(later - earlier for earlier, later in pairwise(spoke_s))
    assert spoke_s[-1] > 5.0
    assert longest_s <= LIMITED.attempt_limit_s / HEARD_PART + 0.001


@pytest.mark.parametrize(("run_s", "silent_s"), [(2.0, 2.5), (2.9, 1.6)])
@simulated
async def test_a_replica_that_was_frozen_begins_nothing_that_waited_in_it(
    run_s: float, silent_s: float
) -> None:
    runner, agent = a_runner(LIMITED)
    tasks = (envelope(1, payload=script(s=run_s)), envelope(2))
    batch = runner.batch(encode_batch(Batch("me", tasks)))
    outcomes = [*decode_group(await anext(batch)).outcomes]
    await asyncio.sleep(silent_s)  # nobody hears what it says
    outcomes += [outcome async for group in batch for outcome in decode_group(group).outcomes]
    assert {o.task_id: (o.ending, o.code) for o in outcomes} == {
        task_id(1): (Ending.SUCCEEDED, ""),
        task_id(2): (Ending.RETURNED, STALE),
    }
    assert set(agent.runs) == {task_id(1)}


@simulated
async def test_a_replica_whose_runs_do_not_end_sends_its_line_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner, agent = a_runner(LIMITED)
    release = asyncio.Event()

    async def deaf(task: TaskEnvelope, clock: Clock) -> AgentResult:
        del task, clock
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()
        return AgentResult(b"{}", ())

    monkeypatch.setattr(agent, "run", deaf)
    began_s = now_unix_s()
    back: dict[TaskId, tuple[Ending, str]] = {}
    batch = runner.batch(encode_batch(Batch("me", (envelope(1), envelope(2)))))
    while not back:
        for outcome in decode_group(await anext(batch)).outcomes:
            back[outcome.task_id] = (outcome.ending, outcome.code)
    assert back == {task_id(2): (Ending.RETURNED, STALE)}
    waited_s = now_unix_s() - began_s
    assert LIMITED.attempt_limit_s <= waited_s <= LIMITED.attempt_limit_s * (1 + 1 / HEARD_PART)
    release.set()
    await batch.aclose()


@simulated
async def test_a_run_ends_at_its_attempts_limit_and_tells_its_bill() -> None:
    runner, _ = a_runner(LIMITED)
    ended = (await outcomes_of(runner, envelope(1, payload=script(s=60, do="paid"))))[1]
    assert (ended.ending, ended.code, ended.retryable) == (Ending.FAILED, "attempt_limit", True)
    assert ended.usage == (a_bill(1),)


@simulated
async def test_a_start_that_no_other_news_takes_along_is_told_soon() -> None:
    runner, _ = a_runner(SETTINGS.model_copy(update={"concurrency": 1}))
    first = asyncio.create_task(outcomes_of(runner, envelope(1, payload=script(s=5))))
    await asyncio.sleep(0)
    began_s = asyncio.get_running_loop().time()
    batch = encode_batch(Batch("me", (envelope(2, payload=script(s=5)),)))
    told = [
        (asyncio.get_running_loop().time() - began_s, decode_group(data).started)
        async for data in runner.batch(batch)
    ]
    await first
    assert [started for _, started in told] == [(), (task_id(2),), ()]
    assert 5.0 <= told[1][0] <= 5.0 + TOLD_WITHIN_S


@simulated
async def test_a_start_travels_with_the_end_that_freed_its_slot() -> None:
    runner, _ = a_runner(SETTINGS.model_copy(update={"concurrency": 1}))
    tasks = (envelope(1, payload=script(s=1)), envelope(2, payload=script(s=1)))
    told = [
        (group.started, tuple(o.task_id for o in group.outcomes))
        for group in await groups_of(runner, *tasks)
    ]
    assert told == [
        ((task_id(1),), ()),
        ((task_id(2),), (task_id(1),)),
        ((), (task_id(2),)),
    ]
