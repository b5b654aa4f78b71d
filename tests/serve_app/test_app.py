"""Claims about the composition: routes, engine, stores and a real agent over a real database."""

# ruff: noqa: ARG002 - a fake keeps the signature of its port

import asyncio
import importlib
import pickle
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from ray import cloudpickle
from ray.serve import Application

from deployments import loops
from deployments.link import Link
from deployments.replica import ReplicaSettings, build_agent
from deployments.runner import AgentRunner
from deployments.settings import DEFAULT_AGENTS
from deployments.wire import Cancel
from domain.ids import AgentKind
from serve_app import app
from serve_app.api import build_api
from serve_app.app import build, open_services
from serve_app.commands.demo import samples
from serve_app.deploy_config import deploy_config, to_yaml
from serve_app.retention import delete_once
from serve_app.settings import Settings, load_settings

Json = dict[str, Any]


@dataclass
class LocalLink:
    """A link to one agent in this process."""

    kind: AgentKind
    runner: AgentRunner = field(init=False)

    def __post_init__(self) -> None:
        settings = DEFAULT_AGENTS[self.kind]
        agent = build_agent(self.kind, settings, ReplicaSettings())
        self.runner = AgentRunner(agent, settings, replica=str(self.kind), clock=time.time)

    async def stream(self, batch: bytes) -> AsyncGenerator[bytes, None]:
        async for group in self.runner.batch(batch):
            yield group

    async def cancel(self, cancels: Sequence[Cancel]) -> bool:
        self.runner.cancel(cancels)
        return True

    async def describe(self, sender: str) -> list[bytes] | None:
        return None


def local_links() -> dict[AgentKind, Link]:
    """Return a link to every kind of agent of the defaults."""
    return {kind: LocalLink(kind) for kind in DEFAULT_AGENTS}


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the whole application but Ray."""
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


async def finished(http: httpx.AsyncClient, href: str) -> Json:
    """Wait for a task and return it."""
    answer = await http.get(href, params={"wait_s": 20})
    body: Json = answer.json()
    return body


async def test_every_sample_is_answered_and_stored(http: httpx.AsyncClient) -> None:
    for lead in samples():
        analysis = (await http.post("/v1/leads/analyze", json=lead)).json()
        stored = (await http.get(f"/v1/leads/{lead['lead_id']}")).json()
        assert stored["analysis"] == analysis
        assert [task["state"] for task in stored["tasks"]] == ["succeeded"]


async def test_the_call_list_leaves_out_whom_nobody_should_call(http: httpx.AsyncClient) -> None:
    for lead in samples():
        await http.post("/v1/leads/analyze", json=lead)
    page = (await http.get("/v1/leads", params={"sort": "call_first"})).json()
    grades = [item["analysis"]["grade"] for item in page["items"]]
    ids = {item["lead"]["lead_id"] for item in page["items"]}
    assert grades[0] == "A"
    assert not ids & {"demo-04", "demo-07", "demo-08", "demo-12"}


async def test_a_lead_taken_in_is_analysed_and_every_change_analyses_it_again(
    http: httpx.AsyncClient,
) -> None:
    lead = next(samples())
    address = f"/v1/leads/{lead['lead_id']}"
    created = (await http.post("/v1/leads", json=lead)).json()
    await finished(http, created["task"]["href"])
    opted_out = (await http.post(f"{address}/events", json={"type": "opt_out"})).json()
    await finished(http, opted_out["task"]["href"])
    detail = (await http.get(address)).json()
    assert detail["analysis"]["disqualification_reason"] == "OPTED_OUT"
    assert detail["analysis"]["lead_version"] == detail["version"] == 2
    assert len(detail["analyses"]) == 2


async def test_a_word_against_a_gate_lets_the_lead_be_scored(http: httpx.AsyncClient) -> None:
    (spam,) = (lead for lead in samples() if lead["lead_id"] == "demo-08")
    await http.post("/v1/leads/analyze", json=spam)
    word = {"gate": "spam", "by": "marta"}
    changed = (await http.post("/v1/leads/demo-08/overrides", json=word)).json()
    await finished(http, changed["task"]["href"])
    analysis = (await http.get("/v1/leads/demo-08")).json()["analysis"]
    assert analysis["gates"][0]["undone"]
    assert analysis["disqualification_reason"] != "SPAM"


async def test_a_draft_goes_from_request_to_approval_with_every_edit_kept(
    http: httpx.AsyncClient,
) -> None:
    lead = next(samples())
    await http.post("/v1/leads/analyze", json=lead)
    asked = {"lead_id": lead["lead_id"], "channel": "email"}
    drafted = await http.post("/v1/follow-ups", json=asked)
    address = drafted.headers["Location"]
    words = {"by": "marta", "version": 1, "body": drafted.json()["draft"]["body"] + "\n\nPS: hello"}
    edited = (await http.post(f"{address}/edit", json=words)).json()
    approved = await http.post(f"{address}/approve", json={"by": "lena", "version": 2})
    stored = (await http.get(address)).json()
    assert drafted.status_code == 201
    assert edited["edits"][0]["by"] == "marta"
    assert approved.json() == stored
    assert (stored["state"], stored["version"]) == ("approved", 3)
    assert (await http.get(f"/v1/leads/{lead['lead_id']}")).json()["drafts"] == [stored]


async def test_an_edit_that_names_a_foreign_link_is_not_approved_by_itself(
    http: httpx.AsyncClient,
) -> None:
    lead = next(samples())
    await http.post("/v1/leads/analyze", json=lead)
    asked = {"lead_id": lead["lead_id"], "channel": "email"}
    drafted = await http.post("/v1/follow-ups", json=asked)
    address = drafted.headers["Location"]
    body = drafted.json()["draft"]["body"] + "\n\nhttps://evil.example/login"
    edited = (await http.post(f"{address}/edit", json={"by": "m", "body": body})).json()
    refused = await http.post(f"{address}/approve", json={"by": "m"})
    assert "blocking" in {one["severity"] for one in edited["edits"][0]["findings"]}
    assert refused.status_code == 409


@pytest.mark.parametrize("lead_id", ["demo-04", "demo-07"])
async def test_nobody_is_drafted_to_who_should_not_be_written_to(
    http: httpx.AsyncClient, lead_id: str
) -> None:
    (lead,) = (one for one in samples() if one["lead_id"] == lead_id)
    await http.post("/v1/leads/analyze", json=lead)
    answer = await http.post("/v1/follow-ups", json={"lead_id": lead_id})
    assert answer.status_code == 409
    assert (await http.get("/v1/follow-ups")).json()["items"] == []


async def test_usage_of_an_offline_day_is_nothing_and_says_so(http: httpx.AsyncClient) -> None:
    await http.post("/v1/leads/analyze", json=next(samples()))
    report = (await http.get("/v1/usage", params={"by": "day,model,agent,tenant"})).json()
    assert report["lines"] == []
    assert report["total"]["cost_usd"] == "0.000000000"
    assert report["reference_price"]["model"] == report["compared_with"]


async def test_results_of_a_batch_come_by_long_polls(http: httpx.AsyncClient) -> None:
    items = [{"lead": {"lead_id": f"r-{n}", "message": "mow"}} for n in range(40)]
    answer = (await http.post("/v1/tasks/batch", json={"items": items})).json()
    open_ids = {item["task"]["task_id"] for item in answer["items"]}
    results: dict[str, Json] = {}
    polls = 0
    while open_ids:
        asked = {"task_ids": sorted(open_ids), "wait_s": 20}
        body = (await http.post("/v1/tasks/results", json=asked)).json()
        assert len(body["items"]) + body["open"] == len(open_ids)
        results |= {task["task_id"]: task["result"] for task in body["items"]}
        open_ids -= results.keys()
        polls += 1
    assert {result["lead_id"] for result in results.values()} == {f"r-{n}" for n in range(40)}
    assert polls < 20


async def test_a_deleted_lead_leaves_no_task_behind(http: httpx.AsyncClient) -> None:
    lead = next(samples())
    created = (await http.post("/v1/leads", json=lead)).json()
    await finished(http, created["task"]["href"])
    await http.delete(f"/v1/leads/{lead['lead_id']}")
    assert (await http.get(created["task"]["href"])).status_code == 404


async def test_a_batch_is_done_in_full(http: httpx.AsyncClient) -> None:
    items = [{"lead": {"lead_id": f"b-{n}", "message": "mow"}} for n in range(40)]
    answer = (await http.post("/v1/tasks/batch", json={"items": items})).json()
    states = [(await finished(http, one["task"]["href"]))["state"] for one in answer["items"]]
    assert states == ["succeeded"] * 40


async def test_without_a_database_the_service_starts_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", "postgresql://u@127.0.0.1:1/none")
    monkeypatch.setattr("serve_app.app.READY_WAIT_S", 0.0)
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            alive = await http.get("/healthz")
            refused = await http.post("/v1/leads/analyze", json={"message": "mow"})
    assert alive.status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1


def test_rays_typed_builder_reads_the_settings_from_plain_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound: list[Settings] = []

    def watched(settings: Settings) -> Application:
        bound.append(settings)
        return build(settings)

    monkeypatch.setenv("GARDENOS_HTTP__MAX_BATCH_ITEMS", "7")
    private: Any = importlib.import_module("ray.serve._private.api")
    private.call_user_app_builder_with_args_if_necessary(watched, {"http": {"port": 8123}})
    assert (bound[0].http.port, bound[0].http.max_batch_items) == (8123, 7)


def test_no_secret_is_bound_into_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", "postgresql://u:hunter2@db/x")
    monkeypatch.setenv("GARDENOS_MODEL__API_KEY", "hunter2")
    monkeypatch.setenv("GARDENOS_MODEL__BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("GARDENOS_MODEL__NAME", "deepseek")
    settings = load_settings()
    bound = cloudpickle.dumps(build(settings))
    assert b"deepseek" in bound
    assert b"hunter2" not in bound
    assert "hunter2" not in to_yaml(deploy_config(settings))


def test_settings_arrive_in_a_replica_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({"http": {"port": 8123}})
    travelled = pickle.dumps(settings)
    monkeypatch.setenv("GARDENOS_HTTP__PORT", "9000")
    assert pickle.loads(travelled) == settings  # noqa: S301 - our own


async def test_retention_deletes_batch_by_batch_until_nothing_is_left() -> None:
    left = [1] * 5

    async def delete(limit: int) -> int:
        deleted = min(limit, len(left))
        del left[:deleted]
        return deleted

    assert await delete_once(delete, 2) == 5
    assert left == []


@pytest.mark.parametrize("name", ["listen", "keep_deleting"])
async def test_a_loop_of_the_service_goes_on_after_an_unexpected_error(
    name: str, monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    monkeypatch.setattr(loops, "FAULT_WAIT_S", 0.0)
    starts, goes_on = [0], asyncio.Event()

    async def breaks_once(*_given: object) -> None:
        starts[0] += 1
        if starts[0] == 1:
            raise RuntimeError("no error of ours")
        goes_on.set()

    monkeypatch.setattr(app, name, breaks_once)
    async with open_services(load_settings(), local_links()), asyncio.timeout(60):
        await goes_on.wait()
