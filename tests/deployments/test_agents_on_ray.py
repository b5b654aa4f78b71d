"""Agents on a real Ray: streams, calls, cancels, and a replica killed with -9."""

import asyncio
import logging
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
import ray
from ray import serve
from ray.serve import RunTarget
from ray.serve.handle import DeploymentHandle
from ray.serve.schema import LoggingConfig

from actors.settings import ModelSettings
from deployments.dispatcher import Dispatcher, Settled, Surroundings
from deployments.graph import bind_agents
from deployments.link import ServeLink
from deployments.loops import end_all
from deployments.replica import ReplicaSettings
from deployments.settings import DEFAULT_AGENTS, AgentSettings, QueueSettings
from domain.analysis import LeadAnalysis, Route
from domain.errors import AgentError
from domain.follow_up import FollowUp, Stage
from domain.ids import AgentKind
from domain.task import FOLLOW_UP, LEAD_ANALYSIS, Completion, Release, TaskEnvelope, TaskState
from serve_app.settings import load_settings
from tests.agents.summary import Summary, SummaryAgent
from tests.fakes.tasks import KIND, envelope, script
from tests.provider.beside import ProviderThread
from tests.provider.faults import Fault
from tests.provider.protocol import ChatRequest
from tests.provider.reading import ReadingBrain

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

SUMMARY_LINE = ("GARDENOS_AGENTS__SUMMARY__AGENT", "tests.agents.summary:SummaryAgent")
"""All the configuration that a new kind needs."""

AGENTS: dict[AgentKind, AgentSettings] = {
    **{kind: one.model_copy(update={"max_replicas": 1}) for kind, one in DEFAULT_AGENTS.items()},
    KIND: AgentSettings(
        agent="tests.fakes.agents:ScriptedAgent", concurrency=4, min_replicas=2, max_replicas=2
    ),
}

REACHABLE = {"email": "kim@example.com", "phone": "+15035550111"}

Handle = DeploymentHandle[Any]


def configured() -> dict[AgentKind, AgentSettings]:
    """Return the agents of these tests, and the one that a line of configuration adds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*SUMMARY_LINE)
        added = load_settings().agents[SummaryAgent.kind]
    return {**AGENTS, SummaryAgent.kind: added}


def answer(request: ChatRequest) -> str:
    """Answer the guide's agent with its sentence, and others as a reader would."""
    if request.schema_name == "summary":
        return '{"sentence": "A new terrace."}'
    return ReadingBrain()(request)


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderThread]:
    with ProviderThread(brain=answer) as running:
        yield running


@pytest.fixture(scope="module")
def handles(provider: ProviderThread) -> Iterator[dict[AgentKind, Handle]]:
    folder = Path(tempfile.mkdtemp(prefix="gdn-", dir="/tmp"))
    root = str(Path(__file__).parents[2])
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100 << 20,
        runtime_env={"env_vars": {"PYTHONPATH": root}},
        _temp_dir=str(folder),
    )
    quiet = LoggingConfig(log_level="WARNING", enable_access_log=False)
    try:
        serve.start(proxy_location="Disabled", logging_config=quiet)
        replica = ReplicaSettings(model=ModelSettings(base_url=provider.base_url, name="stand-in"))
        apps = bind_agents(configured(), replica)
        started = serve.run_many(
            [
                RunTarget(app, name=kind, route_prefix=None, logging_config=quiet)
                for kind, app in apps.items()
            ]
        )
        found = dict(zip(apps, started, strict=True))
        for handle in found.values():
            handle._init(_run_router_in_separate_loop=True)
        yield found
    finally:
        serve.shutdown()
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


class Sender:
    """A dispatcher over the real link, and how its tasks ended."""

    def __init__(self, handle: Handle) -> None:
        self.ended: list[Settled] = []
        self.news = asyncio.Event()
        self.dispatcher = Dispatcher(
            ServeLink(handle),
            AGENTS[KIND],
            QueueSettings(),
            surroundings=Surroundings(str(UUID(int=1)), time.time, Random(1)),  # noqa: S311 - a test
            settle=self._settle,
        )
        self.run = asyncio.create_task(self.dispatcher.run())

    def _settle(self, settled: Settled) -> None:
        self.ended.append(settled)
        self.news.set()

    async def until(self, count: int) -> list[Settled]:
        """Wait until so many tasks have ended."""
        while len(self.ended) < count:
            await self.news.wait()
            self.news.clear()
        return self.ended


@pytest.fixture
async def sender(handles: dict[AgentKind, Handle]) -> AsyncIterator[Sender]:
    found = Sender(handles[KIND])
    yield found
    await end_all([found.run])


def states(ended: list[Settled]) -> Counter[str]:
    return Counter(
        "released" if isinstance(s.verdict, Release) else s.verdict.state.value for s in ended
    )


def pids(ended: list[Settled]) -> Counter[int]:
    results = [s.verdict.result for s in ended if isinstance(s.verdict, Completion)]
    return Counter(orjson.loads(result)["pid"] for result in results if result)


def direct(number: int, **orders: Any) -> TaskEnvelope:
    return envelope(number, direct=True, deadline_unix_s=time.time() + 60, payload=script(**orders))


async def test_tasks_stream_through_both_replicas(sender: Sender) -> None:
    for n in range(200):
        assert sender.dispatcher.add(direct(n, s=0.02))
    ended = await sender.until(200)
    assert states(ended) == {TaskState.SUCCEEDED: 200}
    assert len(pids(ended)) == 2


async def test_a_replica_killed_with_9_loses_no_direct_call(sender: Sender) -> None:
    sender.dispatcher.add(direct(0, s=0.0))
    victim = next(iter(pids(await sender.until(1))))
    for n in range(1, 101):
        sender.dispatcher.add(direct(n, s=0.2))
    await sender.until(20)
    os.kill(victim, signal.SIGKILL)
    ended = await sender.until(101)
    assert states(ended) == {TaskState.SUCCEEDED: 101}
    assert len({settled.task.task_id for settled in ended}) == 101


async def test_a_replica_killed_with_9_gives_its_durable_tasks_back_as_crashed(
    sender: Sender,
) -> None:
    sender.dispatcher.add(envelope(0, payload=script(s=0.2, do="die")))
    (settled,) = await sender.until(1)
    assert isinstance(settled.verdict, Release)
    assert settled.verdict.crashed


async def test_a_poisonous_task_that_ran_alone_is_dead(sender: Sender) -> None:
    poison = script(s=0.2, do="die")
    sender.dispatcher.add(envelope(0, payload=poison, alone=True, crashes=4, attempt=5))
    (settled,) = await sender.until(1)
    assert isinstance(settled.verdict, Completion)
    assert settled.verdict.state is TaskState.DEAD


async def test_a_cancel_reaches_the_running_task(sender: Sender) -> None:
    task = direct(1, s=50)
    sender.dispatcher.add(task)
    while not any(one.started for one in sender.dispatcher._state._flights()):  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)
    sender.dispatcher.cancel(task.task_id)
    assert states(await sender.until(1)) == {TaskState.CANCELLED: 1}


async def test_every_replica_tells_how_it_stands(sender: Sender) -> None:
    async with asyncio.timeout(30):
        while sender.dispatcher.figures().replicas != 2:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.1)
    assert sender.dispatcher.figures().slots == 8


async def test_a_plain_handle_analyses_a_lead(handles: dict[AgentKind, Handle]) -> None:
    lead = {"lead_id": "L-1", "message": "A new terrace of 40 m2, please."}
    analysis = await handles[LEAD_ANALYSIS].analyze.remote(lead)
    assert isinstance(analysis, LeadAnalysis)
    assert (analysis.lead_id, analysis.route) == ("L-1", Route.LOCAL)  # nobody to reach
    by_model = await handles[LEAD_ANALYSIS].analyze.remote({**lead, "contact": REACHABLE})
    assert (by_model.route, by_model.usage.calls) == (Route.MODEL, 1)


@pytest.mark.parametrize("named", [False, True], ids=["a lead", "a lead and what is asked"])
async def test_a_plain_handle_drafts_a_follow_up(
    handles: dict[AgentKind, Handle],
    named: bool,  # noqa: FBT001 - a table
) -> None:
    lead = {"lead_id": "L-4", "message": "A new terrace, please.", "contact": REACHABLE}
    request = {"lead_id": "L-4", "stage": "second_touch", "channel": "email"}
    draft = await handles[FOLLOW_UP].analyze.remote(
        {"lead": lead, "request": request} if named else lead
    )
    assert isinstance(draft, FollowUp)
    assert draft.lead_id == "L-4"
    assert draft.stage is (Stage.SECOND_TOUCH if named else Stage.FIRST_REPLY)
    assert draft.body


async def test_a_kind_that_a_line_of_configuration_adds_answers_a_plain_handle(
    handles: dict[AgentKind, Handle],
) -> None:
    lead = {"lead_id": "L-2", "message": "A new terrace of 40 m2, please."}
    summary = await handles[SummaryAgent.kind].analyze.remote(lead)
    assert isinstance(summary, Summary)
    assert (summary.lead_id, summary.route, summary.usage.calls) == ("L-2", Route.MODEL, 1)


async def test_a_replica_whose_provider_is_down_degrades(
    handles: dict[AgentKind, Handle], provider: ProviderThread
) -> None:
    provider.plan(Fault.UNAUTHORIZED)
    lead = {"lead_id": "L-3", "message": "A new terrace, please.", "contact": REACHABLE}
    try:
        analysis = await handles[LEAD_ANALYSIS].analyze.remote(lead)
    finally:
        provider.plan()
    assert (analysis.route, analysis.usage.calls) == (Route.DEGRADED, 0)


async def test_a_plain_call_gets_our_errors(handles: dict[AgentKind, Handle]) -> None:
    with pytest.raises(AgentError) as raised:
        await handles[KIND].analyze.remote({"do": "fatal", "s": 0})
    assert raised.value.code == "payload_invalid"
    assert not raised.value.retryable
