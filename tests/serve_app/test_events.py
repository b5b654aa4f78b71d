"""Claims about ``/v1/events``, ``/v1/tasks/{id}/events`` and ``/v1/webhooks``, on a real database.

Everything but Ray is real: application, engine, agents, stores, and a receiver of webhooks.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from serve_app.api import build_api
from serve_app.app import open_services
from serve_app.settings import load_settings
from tests.serve_app.test_app import local_links

LEAD = {"message": "We own the house and want a hedge of 30 m, budget $4k.", "lead_id": "web-1"}
LIMIT_S = 20.0


@dataclass
class Receiver:
    """Keeps what was posted to it; answers with ``statuses`` in turn, the last for ever."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=lambda: [200])
    url: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Take a message."""
        self.got.append((dict(request.headers), await request.read()))
        self.news.set()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/elsewhere"})

    async def until(self, count: int) -> None:
        """Wait for so many messages."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.got) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver on loopback."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{port}/hook"
    yield receiver
    await runner.cleanup()


@asynccontextmanager
async def opened() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of everything but Ray and HTTP."""
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
        base_url = "http://127.0.0.1"
        async with httpx.AsyncClient(transport=transport, base_url=base_url, timeout=30) as client:
            yield client


@pytest.fixture
async def client(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a service that may call receivers on loopback."""
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    monkeypatch.setenv("GARDENOS_WEBHOOKS__ALLOW_PRIVATE_NETWORKS", '["127.0.0.0/8"]')
    monkeypatch.setenv("GARDENOS_WEBHOOKS__ALLOW_HTTP", "true")
    monkeypatch.setenv("GARDENOS_WEBHOOKS__PORTS", "[]")
    monkeypatch.setenv("GARDENOS_WEBHOOKS__POLL_S", "0.05")
    monkeypatch.setenv("GARDENOS_WEBHOOKS__SCHEDULE_S", "[0.1, 0.1]")
    async with opened() as client:
        yield client


async def a_finished_task(client: httpx.AsyncClient) -> str:
    """Bring a lead; return its task once it has ended."""
    task_id = str((await client.post("/v1/leads", json=LEAD)).json()["task"]["task_id"])
    task = (await client.get(f"/v1/tasks/{task_id}", params={"wait_s": 20})).json()
    assert task["state"] == "succeeded"
    return task_id


def events_in(stream: str) -> list[dict[str, Any]]:
    """Return the events of a stream, each with its id and type."""
    found = []
    for block in stream.split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        fields = {name: value for name, _, value in lines}
        if "event" in fields:
            found.append(
                {"type": fields["event"], "id": fields["id"], **json.loads(fields["data"])}
            )
    return found


async def test_a_tasks_stream_tells_its_life_and_ends_with_it(client: httpx.AsyncClient) -> None:
    task_id = await a_finished_task(client)
    answer = await client.get(f"/v1/tasks/{task_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = events_in(answer.text)
    assert [one["type"] for one in events] == ["task.queued", "task.running", "task.succeeded"]
    assert {one["task_id"] for one in events} == {task_id}
    assert "hedge" not in answer.text
    assert "web-1" not in answer.text


async def test_a_stream_goes_on_after_the_last_event_and_not_at_all_after_the_end(
    client: httpx.AsyncClient,
) -> None:
    task_id = await a_finished_task(client)
    path = f"/v1/tasks/{task_id}/events"
    first, *rest = events_in((await client.get(path)).text)
    resumed = await client.get(path, headers={"Last-Event-ID": first["id"]})
    assert events_in(resumed.text) == rest
    by_query = await client.get(path, params={"last_event": first["id"]})
    assert events_in(by_query.text) == rest
    over = await client.get(path, headers={"Last-Event-ID": rest[-1]["id"]})
    assert over.status_code == 204


async def test_an_id_of_another_history_is_told_to_start_anew(client: httpx.AsyncClient) -> None:
    task_id = await a_finished_task(client)
    path = f"/v1/tasks/{task_id}/events"
    answer = await client.get(path, headers={"Last-Event-ID": "99-1-1"})
    assert events_in(answer.text)[0]["type"] == "reset"
    assert len(events_in(answer.text)) == 4
    wrong = await client.get(path, headers={"Last-Event-ID": "yesterday"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "Last-Event-ID"


async def test_a_webhook_is_told_of_the_end_with_a_signature_that_verifies(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    made = (await client.post("/v1/webhooks", json={"url": receiver.url})).json()
    task_id = await a_finished_task(client)
    await receiver.until(1)
    headers, body = receiver.got[0]
    told = Verifier(made["secret"]).verify(body.decode(), headers)
    assert told["type"] == "task.succeeded"
    assert told["data"]["task_id"] == task_id
    with pytest.raises(WebhookVerificationError):
        Verifier(made["secret"]).verify(body.decode() + " ", headers)
    assert made["secret"] not in (await client.get("/v1/webhooks")).text


async def test_a_message_is_sent_under_the_same_id_until_it_is_accepted(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302, 200]
    made = (await client.post("/v1/webhooks", json={"url": receiver.url})).json()
    await a_finished_task(client)
    await receiver.until(3)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    path = f"/v1/webhooks/{made['webhook']['webhook_id']}/deliveries"
    delivery = await settled(client, path)
    assert (delivery["state"], delivery["attempt"], delivery["status"]) == ("delivered", 3, 200)


async def test_what_was_given_up_is_listed_and_sent_again_on_demand(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    made = (await client.post("/v1/webhooks", json={"url": receiver.url})).json()
    await a_finished_task(client)
    path = f"/v1/webhooks/{made['webhook']['webhook_id']}/deliveries"
    dead = await settled(client, path)
    assert (dead["state"], dead["error"]) == ("dead", "status 500")
    receiver.statuses = [200]
    again = await client.post(f"{path}/replay", json={"state": "dead"})
    assert again.json() == {"count": 1}
    await receiver.until(4)
    assert (await settled(client, path))["state"] == "delivered"


async def settled(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return the only delivery once it is settled."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            (delivery,) = (await client.get(path)).json()["items"]
            if delivery["state"] != "pending":
                return dict(delivery)
            await asyncio.sleep(0.05)


async def test_a_receiver_that_is_gone_is_disabled_with_the_reason(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    made = (await client.post("/v1/webhooks", json={"url": receiver.url})).json()["webhook"]
    path = f"/v1/webhooks/{made['webhook_id']}"
    assert (await client.post(f"{path}/test")).status_code == 202
    assert (await settled(client, f"{path}/deliveries"))["state"] == "dead"
    stored = (await client.get(path)).json()
    assert stored["enabled"] is False
    assert stored["disabled_reason"].startswith("gone: ")
    enabled = (await client.patch(path, json={"enabled": True})).json()
    assert (enabled["enabled"], enabled["disabled_reason"]) == (True, None)


async def test_both_secrets_sign_after_a_rotation(
    client: httpx.AsyncClient, receiver: Receiver
) -> None:
    made = (await client.post("/v1/webhooks", json={"url": receiver.url})).json()
    path = f"/v1/webhooks/{made['webhook']['webhook_id']}"
    turned = (await client.post(f"{path}/rotate")).json()
    assert turned["secret"] != made["secret"]
    await client.post(f"{path}/test")
    await receiver.until(1)
    headers, body = receiver.got[0]
    for secret in (made["secret"], turned["secret"]):
        assert Verifier(secret).verify(body.decode(), headers)["type"] == "webhook.test"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://10.0.0.8/hook",
        "https://user:hunter2@example.com/hook",
        "ftp://example.com/",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
    ],
)
async def test_an_address_that_may_not_be_called_is_refused_by_the_field(
    client: httpx.AsyncClient, url: str
) -> None:
    answer = await client.post("/v1/webhooks", json={"url": url})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == "url"
    assert "hunter2" not in answer.text
