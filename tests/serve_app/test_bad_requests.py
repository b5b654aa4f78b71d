"""Claims about requests that cannot be used: one clear problem each, never a traceback."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from domain.lead import MAX_MESSAGE_BYTES
from serve_app.json_route import accepts_json, is_json
from serve_app.settings import HttpSettings
from tests.serve_app.fakes import World, client_over

FIRST, LAST = "0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"
"""Times that are none in other zones."""
FIRST_QUOTED = FIRST.replace("+", "%2B")
NO_ONE = "0199ab5c-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Check the form of a problem and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:gardenos:problem:{kind}"
    assert body["status"] == status
    assert body["instance"] == answer.request.url.path
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize("address", ["/v1/leads", "/v1/leads/analyze", "/v1/tasks"])
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"message": "a" "b"}',
        b'{"message": NaN}',
        b'{"message": Infinity}',
        b'{"message": "\xff\xfe"}',
        b"\xef\xbb\xbf{}",
        rb'{"message": "\ud800"}',
        rb'{"message": "a\u0000b"}',
        rb'{"attributes": {"a\u0000b": 1}}',
        b'{"attributes": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}",
        b"[" * 5000 + b"]" * 5000,
        b"[]",
        b"17",
        b'"text"',
        b"null",
        b"",
    ],
)
async def test_a_body_that_cannot_be_read_names_the_fault(
    http: httpx.AsyncClient, address: str, content: bytes
) -> None:
    answer = await http.post(address, content=content, headers=JSON)
    body = assert_problem(answer, 422, "invalid-input")
    assert body["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("lead", "field"),
    [
        ({"lead_id": ""}, "lead_id"),
        ({"lead_id": 17.5}, "lead_id"),
        ({"lead_id": "x" * 129}, "lead_id"),
        ({"lead_id": "no spaces"}, "lead_id"),
        ({"attributes": "Dana"}, "attributes"),
        ({"events": {}}, "events"),
        ({"message": "x" * (MAX_MESSAGE_BYTES + 1)}, "message"),
    ],
)
async def test_what_cannot_be_a_lead_is_refused_by_field(
    http: httpx.AsyncClient, lead: dict[str, Any], field: str
) -> None:
    answer = await http.post("/v1/leads", json=lead)
    assert answer.status_code in {413, 422}
    assert answer.json()["errors"][0]["field"] == field
    assert "pattern" not in answer.text


@pytest.mark.parametrize(
    ("lead", "flags"),
    [
        ({"contact": {"phone": "123"}, "location": {"country": "DE"}}, ["phone_invalid"]),
        ({"contact": "Kim"}, ["contact_unreadable"]),
        ({"budget": "nein"}, ["budget_unreadable"]),
        ({"location": "Berlin"}, ["location_unreadable"]),
        ({"created_at": "05/06/2026"}, ["created_at_ambiguous"]),
    ],
)
async def test_a_value_that_cannot_be_read_does_the_lead_no_harm(
    http: httpx.AsyncClient, lead: dict[str, Any], flags: list[str]
) -> None:
    answer = await http.post("/v1/leads", json={**lead, "message": "Please call."})
    assert (answer.status_code, answer.json()["lead"]["flags"]) == (202, flags)


async def test_a_lead_of_a_served_place_needs_no_country(http: httpx.AsyncClient) -> None:
    place = {"postal_code": "10405", "city": "Berlin"}
    lead = {"contact": {"phone": "030 9876543"}, "location": place}
    stored = (await http.post("/v1/leads", json=lead)).json()["lead"]
    assert (stored["contact"]["phone"], stored["flags"]) == ("+49309876543", [])


@pytest.mark.parametrize(
    ("method", "address", "body", "field"),
    [
        ("GET", "/v1/leads?grade=E", None, "grade"),
        ("GET", "/v1/leads?sort=loudest", None, "sort"),
        ("GET", "/v1/leads?limit=0", None, "limit"),
        ("GET", "/v1/leads?limit=many", None, "limit"),
        ("GET", "/v1/leads?grad=A", None, "grad"),
        ("GET", "/v1/leads?cursor=nonsense", None, "cursor"),
        ("GET", "/v1/tasks?state=asleep", None, "state"),
        ("GET", "/v1/tasks/17", None, "task_id"),
        ("GET", "/v1/tasks/0199ab5c-0000-7000-8000-000000000000?wait_s=61", None, "wait_s"),
        ("GET", "/v1/tasks/0199ab5c-0000-7000-8000-000000000000?wait_s=nan", None, "wait_s"),
        ("POST", "/v1/tasks", {"kind": "gardener", "lead_id": "a"}, "kind"),
        ("POST", "/v1/tasks", {"lead_id": "a", "priority": "now"}, "priority"),
        ("POST", "/v1/tasks", {}, "lead_id"),
        ("POST", "/v1/tasks", {"lead": {}, "lead_id": "a"}, "lead_id"),
        ("POST", "/v1/tasks", {"lead_id": "a", "payload": {}}, "payload"),
        ("POST", "/v1/tasks", {"lead_id": "a", "colour": "red"}, "colour"),
        ("POST", "/v1/tasks", {"lead_id": "a", "deadline_at": "2020-01-01T00:00Z"}, "deadline_at"),
        ("POST", "/v1/tasks", {"lead_id": "a", "deadline_at": "2020-01-01T00:00"}, "deadline_at"),
        ("POST", "/v1/tasks", {"lead_id": "a", "deadline_at": LAST}, "deadline_at"),
        ("GET", f"/v1/dead-letters?since={FIRST_QUOTED}", None, "since"),
        ("GET", f"/v1/dead-letters?until={LAST}", None, "until"),
        ("POST", "/v1/dead-letters/replay", {"since": FIRST}, "since"),
        ("GET", f"/v1/usage?since={FIRST_QUOTED}", None, "since"),
        ("GET", f"/v1/webhooks/{NO_ONE}/deliveries?until={LAST}", None, "until"),
        ("POST", f"/v1/webhooks/{NO_ONE}/deliveries/replay", {"since": FIRST}, "since"),
        ("POST", "/v1/leads/a/events", {"type": "reply", "at": LAST}, "at"),
        ("POST", "/v1/tasks/batch", {"items": []}, "items"),
        ("POST", "/v1/leads/a/events", {"type": "party"}, "type"),
        ("POST", "/v1/leads/a/overrides", {"gate": "spam"}, "by"),
        ("POST", "/v1/leads/a/overrides", {"gate": "spam", "by": " "}, "by"),
    ],
)
async def test_a_wrong_parameter_is_named(
    http: httpx.AsyncClient, method: str, address: str, body: object, field: str
) -> None:
    answer = await http.request(method, address, json=body)
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["errors"][0]["field"] == field
    assert problem["errors"][0]["got"]
    assert problem["errors"][0]["allowed"]


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "1e9", ""])
async def test_a_timeout_out_of_range_is_refused(http: httpx.AsyncClient, value: str) -> None:
    answer = await http.get("/v1/leads", headers={"X-Request-Timeout-Seconds": value})
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["errors"][0]["field"] == "X-Request-Timeout-Seconds"


@pytest.mark.parametrize("key", ["", "with space", "x" * 256])
async def test_an_unusable_idempotency_key_is_refused(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/v1/leads", json={}, headers={"Idempotency-Key": key})
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "192.168.0.4", "localhost.x"]
)
async def test_a_request_for_another_host_is_refused(http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/v1/leads", headers={"Host": host})
    problem = assert_problem(answer, 422, "invalid-input")
    assert problem["errors"][0]["field"] == "Host"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
async def test_every_name_of_this_machine_is_answered(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/v1/leads", headers={"Host": host})).status_code == 200


async def test_a_problem_never_repeats_a_persons_data(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/leads", json={"attributes": "dana@example.com"})
    assert_problem(answer, 422, "invalid-input")
    assert "dana@example.com" not in answer.text


@pytest.mark.parametrize(
    ("method", "address", "status", "kind"),
    [
        ("GET", "/", 404, "no-such-address"),
        ("GET", "/v2/leads", 404, "no-such-address"),
        ("GET", "/v1/leads/", 422, "invalid-input"),
        ("GET", "/v1/leads/nobody", 404, "not-found"),
        ("DELETE", "/v1/leads/nobody", 404, "not-found"),
        ("PUT", "/v1/leads", 405, "method-not-allowed"),
        ("DELETE", "/v1/agents", 405, "method-not-allowed"),
        ("GET", "/v1/tasks/0199ab5c-0000-7000-8000-000000000000", 404, "not-found"),
        ("POST", "/v1/tasks/0199ab5c-0000-7000-8000-000000000000/cancel", 404, "not-found"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    http: httpx.AsyncClient, method: str, address: str, status: int, kind: str
) -> None:
    assert_problem(await http.request(method, address), status, kind)


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("DELETE", "/v1/agents", "GET"),
        ("PUT", "/v1/leads", "GET, POST"),
        ("PUT", "/v1/leads/a", "GET, PATCH, DELETE"),
        ("PUT", "/v1/leads/a/events", "GET, POST, PATCH, DELETE"),
        ("PATCH", "/v1/follow-ups", "GET, POST"),
        ("GET", "/v1/follow-ups/0199ab5c-0000-7000-8000-000000000000/approve", "POST"),
        ("POST", "/healthz", "GET"),
    ],
)
async def test_a_method_that_is_not_taken_names_all_that_are(
    http: httpx.AsyncClient, method: str, address: str, allowed: str
) -> None:
    answer = await http.request(method, address)
    body = assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == allowed
    assert body["detail"].endswith(f"allowed: {allowed}")


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ({"lead": 17}, "an object"),
        ({"lead": {}, "replace": "perhaps"}, "true or false"),
        ({"lead_id": 17}, "text"),
        ({"lead_id": "a", "priority": 3}, "'urgent', 'high', 'normal' or 'low'"),
        ({"lead_id": "a", "deadline_at": "soon"}, "a time such as"),
        ({"lead_id": "a", "payload": []}, "an object"),
        ({"lead_id": "a", "replace": True}, "true only together with lead"),
    ],
)
async def test_what_is_allowed_is_said_in_words_of_json(
    http: httpx.AsyncClient, body: dict[str, Any], allowed: str
) -> None:
    problem = assert_problem(await http.post("/v1/tasks", json=body), 422, "invalid-input")
    assert allowed in problem["errors"][0]["allowed"]
    assert not any(word in str(problem) for word in ("dict", "tuple", " str ", "instance of"))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", None, "application/xml"]
)
async def test_a_body_that_is_no_json_is_refused(
    http: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await http.post("/v1/leads", content=b"{}", headers=headers)
    assert_problem(answer, 415, "unsupported-media-type")


async def test_a_caller_who_takes_no_json_is_told(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/leads", headers={"Accept": "text/html"})
    assert_problem(answer, 406, "not-acceptable")


async def test_a_body_too_large_is_refused_while_it_streams(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b" " * 1024

    async with client_over(world, HttpSettings(max_body_bytes=4096)) as http:
        answer = await http.post("/v1/leads", content=endless(), headers=JSON)
    assert_problem(answer, 413, "too-large")
    assert sent < 16 * 1024


async def test_a_batch_may_be_larger_than_a_single_request(world: World) -> None:
    limits = HttpSettings(max_body_bytes=1024, max_batch_body_bytes=8192)
    items = [{"lead": {"message": "x" * 900}} for _ in range(4)]
    async with client_over(world, limits) as http:
        answer = await http.post("/v1/tasks/batch", json={"items": items})
    assert answer.json()["accepted"] == 4


async def test_a_body_that_never_ends_meets_the_deadline(http: httpx.AsyncClient) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    headers = {**JSON, "X-Request-Timeout-Seconds": "0.05"}
    answer = await http.post("/v1/leads", content=silent(), headers=headers)
    assert_problem(answer, 504, "deadline-exceeded")


async def test_a_fault_of_ours_tells_nothing_of_its_inside(
    http: httpx.AsyncClient, world: World
) -> None:
    world.fault = RuntimeError("password=hunter2")
    answer = await http.get("/v1/leads")
    assert_problem(answer, 500, "internal")
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", True),
        ("*/*", True),
        ("application/json", True),
        ("text/html, application/*;q=0.5", True),
        ("application/json; q=0", False),
        ("text/html", False),
    ],
)
def test_accept_headers_are_read_as_the_standard_says(accept: str, answer: bool) -> None:  # noqa: FBT001 - a table
    assert accepts_json(accept) is answer


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ("application/merge-patch+json", True),
        ("application/json; charset=latin-1", False),
        ("text/json", False),
    ],
)
def test_only_json_in_utf8_is_read(content_type: str, answer: bool) -> None:  # noqa: FBT001 - a table
    assert is_json(content_type) is answer


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/v1/tasks?kind=%00", "kind"),
        ("/v1/tasks?lead_id=a%00b", "lead_id"),
        ("/v1/leads?cursor=%00", "cursor"),
        ("/v1/leads?%00=1", "query"),
        ("/v1/leads/a%00b", "lead_id"),
    ],
)
async def test_a_zero_in_an_address_is_refused_by_name(
    http: httpx.AsyncClient, address: str, field: str
) -> None:
    answer = await http.get(address)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
