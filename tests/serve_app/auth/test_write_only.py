"""Claims about keys that may only bring: a web form's key, once stolen, reads nobody's data."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from domain.caller import Scope
from postgres.pool import Database
from tests.serve_app.auth.application import add_key, keyed_application, signed

MARK = "Quillfeather"
EMAIL = "q@example.com"
LEAD = {
    "lead_id": "web-1",
    "source": "referral",
    "contact": {"full_name": MARK, "email": EMAIL, "preferred_channel": "email"},
    "service": "landscape_design",
    "message": "I would like a garden of 350 square metres for 20000 USD.",
    "location": {"postal_code": "97209", "country": "US"},
    "consent": {"email": True},
}
PROBE = {"contact": {"email": EMAIL}, "service": "landscape_design", "message": "hi"}


@dataclass(frozen=True)
class Form:
    """The application with a stored lead, the owner's key, and a key that may only bring."""

    http: httpx.AsyncClient
    owner: dict[str, str]
    form: dict[str, str]


@pytest.fixture
async def site(
    dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Form]:
    """Give the application in which a person is known."""
    owner = signed(await add_key(database, "green", [Scope.READ, Scope.WRITE]))
    form = signed(await add_key(database, "green", [Scope.WRITE]))
    async with keyed_application(dsn, monkeypatch) as http:
        stored = await http.post("/v1/leads/analyze", json=LEAD, headers=owner)
        assert stored.status_code == 200, stored.text
        yield Form(http, owner, form)


@pytest.mark.parametrize(
    ("address", "body"),
    [("/v1/follow-ups", {"lead_id": "web-1"}), ("/v1/leads/analyze", PROBE)],
)
async def test_what_answers_from_the_stored_needs_read_as_well(
    site: Form, address: str, body: dict[str, object]
) -> None:
    refused = await site.http.post(address, json=body, headers=site.form)
    assert refused.status_code == 403, refused.text
    assert 'scope="read"' in refused.headers["WWW-Authenticate"]
    assert "web-1" not in refused.text
    assert MARK not in refused.text
    once = {**site.owner, "Idempotency-Key": "once"}
    first = await site.http.post(address, json=body, headers=once)
    assert first.is_success, first.text
    again = await site.http.post(address, json=body, headers=once)
    assert again.headers["Gardenos-Task-Id"] == first.headers["Gardenos-Task-Id"]


async def test_a_form_brings_leads_and_tasks_and_is_told_only_of_these(site: Form) -> None:
    lead = await site.http.post("/v1/leads", json=PROBE, headers=site.form)
    task = await site.http.post("/v1/tasks", json={"lead": PROBE}, headers=site.form)
    batch = {"items": [{"lead": PROBE}, {"lead_id": "web-1"}]}
    tasks = await site.http.post("/v1/tasks/batch", json=batch, headers=site.form)
    assert [one.status_code for one in (lead, task, tasks)] == [202, 202, 202]
    assert tasks.json()["accepted"] == 2
    for answer in (lead, task, tasks):
        assert MARK not in answer.text
        assert "web-1" not in answer.text


async def test_a_form_that_repeats_itself_is_not_told_what_became_of_the_lead(site: Form) -> None:
    once = {**site.form, "Idempotency-Key": "once"}
    first = (await site.http.post("/v1/leads", json=PROBE, headers=once)).json()
    address = f"/v1/leads/{first['lead']['lead_id']}"
    changed = await site.http.patch(
        address, json={"contact": {"full_name": MARK}}, headers=site.owner
    )
    assert changed.is_success, changed.text
    again = await site.http.post("/v1/leads", json=PROBE, headers=once)
    assert again.json()["lead"]["lead_id"] == first["lead"]["lead_id"]
    assert again.json()["task"]["task_id"] == first["task"]["task_id"]
    assert MARK not in again.text
    owners = await site.http.post(
        "/v1/leads", json=PROBE, headers={**site.owner, "Idempotency-Key": "once"}
    )
    assert MARK in owners.text
