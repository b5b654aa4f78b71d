"""Every route of the OpenAPI document, whoever adds one: strangers and other tenants see nothing.

Everything but Ray is real: the application, the engine, the agents, the stores, the database.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from domain.caller import ALL_SCOPES, Scope
from postgres.pool import Database
from tests.serve_app.auth.application import add_key, keyed_application, signed

OPEN = {"/healthz", "/readyz"}
"""What strangers may read: it says nothing of anybody."""

OWNER, OTHER = "owner", "other"
MARK = "Quillfeather"
"""Stands in everything the owner stored, and nowhere else."""

NO_JSON = b"\xff this is no JSON"
STREAM_LIMIT_S = 3.0
"""A stream without an end is looked at for so long."""

LEAD_ID = "owners-lead"
LEAD = {
    "lead_id": LEAD_ID,
    "source": "referral",
    "contact": {"full_name": MARK, "email": "q@example.com", "preferred_channel": "email"},
    "service": "landscape_design",
    "message": f"{MARK} would like a garden of 350 square metres for 20000 USD.",
    "location": {"postal_code": "97209", "country": "US"},
    "consent": {"email": True, "sms": True},
}


@dataclass(frozen=True)
class Operation:
    """One route as the document describes it."""

    method: str
    path: str
    described: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> list[str]:
        """What the document says that a caller needs."""
        alternatives = self.described["security"]
        (needed,) = {tuple(scopes) for one in alternatives for scopes in one.values()}
        return list(needed)

    @property
    def streams(self) -> bool:
        """Whether an answer may have no end."""
        answers = self.described["responses"].values()
        return any("text/event-stream" in one.get("content", {}) for one in answers)

    def bodies(self) -> list[Any]:
        """Return every example of a body; one None where the route takes none."""
        content = self.described.get("requestBody", {}).get("content", {})
        examples = content.get("application/json", {}).get("examples", {})
        return [one["value"] for one in examples.values()] or [None]


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield every route of the document but the open ones."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if path not in OPEN:
                yield Operation(method.upper(), path, described)


@dataclass
class Stored:
    """The application, and what the owner stored in it."""

    http: httpx.AsyncClient
    dsn: str
    owner: str
    other: str
    ids: dict[str, str]
    all_operations: list[Operation]

    def address(self, operation: Operation) -> str:
        """Return an operation's address with the owner's ids; unknown things get a new id."""
        path = operation.path
        for parameter in operation.described.get("parameters", ()):
            if parameter["in"] == "path":
                name = parameter["name"]
                path = path.replace(f"{{{name}}}", self.ids.get(name, str(uuid4())))
        return path

    def with_owners_ids(self, body: Any) -> Any:
        """Return a body in which every id is one of the owner's, but for new leads."""
        if isinstance(body, dict):
            is_lead = bool({"source", "contact"} & body.keys())
            own = {name: self.ids[name] for name in body if name in self.ids and not is_lead}
            lists = {"task_ids": [self.ids["task_id"]]} if "task_ids" in body else {}
            return {
                **{name: self.with_owners_ids(value) for name, value in body.items()},
                **({"wait_s": 0} if "wait_s" in body else {}),
                **own,
                **lists,
            }
        return [self.with_owners_ids(item) for item in body] if isinstance(body, list) else body

    async def rows(self) -> dict[str, list[str]]:
        """Return every row of the owner, table by table."""
        connection = await asyncpg.connect(self.dsn)
        try:
            tables = await connection.fetch(
                "select table_name from information_schema.columns"
                " where table_schema = 'public' and column_name = 'tenant_id' order by 1"
            )
            return {
                name: [
                    row["text"]
                    for row in await connection.fetch(
                        f"select t::text as text from {name} t where tenant_id = $1 order by 1",  # noqa: S608 - names of tables
                        OWNER,
                    )
                ]
                for name in (row["table_name"] for row in tables)
                if name != "api_keys"  # when a key was used is written by itself
            }
        finally:
            await connection.close()


@pytest.fixture
async def stored(
    dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stored]:
    """Give the application with a lead, a task and a draft of one tenant."""
    owner = await add_key(database, OWNER, ALL_SCOPES)
    other = await add_key(database, OTHER, ALL_SCOPES)
    async with keyed_application(dsn, monkeypatch) as http:
        http.headers["X-Request-Timeout-Seconds"] = "20"
        lead = await http.post("/v1/leads/analyze", json=LEAD, headers=signed(owner))
        assert lead.status_code == 200, lead.text
        asked = {"lead_id": LEAD_ID, "stage": "first_reply", "channel": "email"}
        draft = await http.post("/v1/follow-ups", json=asked, headers=signed(owner))
        assert draft.status_code == 201, draft.text
        document = (await http.get("/openapi.json")).json()
        ids = {
            "lead_id": LEAD_ID,
            "task_id": lead.headers["Gardenos-Task-Id"],
            "follow_up_id": draft.headers["Location"].rsplit("/", 1)[1],
        }
        yield Stored(http, dsn, owner, other, ids, list(operations(document)))


async def test_a_stranger_is_refused_everywhere_before_anything_is_read(stored: Stored) -> None:
    before = await stored.rows()
    for operation in stored.all_operations:
        for headers in ({}, signed("nonsense"), {"X-API-Key": "nonsense"}):
            answer = await stored.http.request(
                operation.method,
                stored.address(operation),
                content=NO_JSON,
                headers={**headers, "X-Request-Timeout-Seconds": "no number", "Accept": "x/y"},
            )
            assert answer.status_code == 401, f"{operation}: {answer.text}"
            assert answer.headers["content-type"] == "application/problem+json"
            said = answer.headers["WWW-Authenticate"]
            assert said.startswith('Bearer realm="gardenos"')
            assert ("invalid_token" in said) is bool(headers)
            assert MARK not in answer.text
            assert "nonsense" not in answer.text
    assert await stored.rows() == before


async def test_a_caller_without_one_of_the_scopes_is_refused_before_anything_is_read(
    stored: Stored, database: Database
) -> None:
    before = await stored.rows()
    keys: dict[Scope, str] = {
        lacking: await add_key(database, OWNER, ALL_SCOPES - {lacking, Scope.ADMIN})
        for lacking in Scope
        if lacking is not Scope.ADMIN
    }
    keys[Scope.ADMIN] = await add_key(database, OWNER, ALL_SCOPES - {Scope.ADMIN})
    for operation in stored.all_operations:
        assert operation.scopes, operation
        for needed in operation.scopes:
            answer = await stored.http.request(
                operation.method,
                stored.address(operation),
                content=NO_JSON,
                headers=signed(keys[Scope(needed)]),
            )
            assert answer.status_code == 403, f"{operation} {needed}: {answer.text}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]
            assert needed in answer.json()["detail"]
            assert MARK not in answer.text
    assert await stored.rows() == before


async def test_another_tenant_sees_and_changes_nothing_anywhere(stored: Stored) -> None:
    before = await stored.rows()
    assert MARK in json.dumps(before)
    secrets = {MARK, *stored.ids.values()} - {LEAD_ID}
    for operation in stored.all_operations:
        address = stored.address(operation)
        for example in operation.bodies():
            body = stored.with_owners_ids(example)
            sent = stored.http.request(
                operation.method, address, json=body, headers=signed(stored.other)
            )
            if operation.streams:
                try:
                    answer = await asyncio.wait_for(sent, STREAM_LIMIT_S)
                except TimeoutError:
                    continue
            else:
                answer = await sent
            assert answer.status_code < 500 or answer.status_code == 504, answer.text
            if address != operation.path:
                assert answer.status_code == 404, f"{operation}: {answer.status_code} {answer.text}"
            asked = address + json.dumps(body)
            told = {one for one in secrets if one in answer.text and one not in asked}
            assert not told, f"{operation}: {answer.text}"
    assert await stored.rows() == before


async def test_the_owner_sees_what_the_others_did_not(stored: Stored) -> None:
    for address in ("/v1/leads", f"/v1/leads/{LEAD_ID}", f"/v1/tasks/{stored.ids['task_id']}"):
        answer = await stored.http.get(address, headers=signed(stored.owner))
        assert answer.status_code == 200
        assert LEAD_ID in answer.text
    by_name = await stored.http.get("/v1/leads", headers={"X-API-Key": stored.owner})
    assert MARK in by_name.text


async def test_probes_are_open_and_say_nothing_of_anybody(stored: Stored) -> None:
    for address in sorted(OPEN):
        answer = await stored.http.get(address)
        assert answer.status_code == 200
        assert not [one for one in (MARK, OWNER, "business: ") if one in answer.text]
    assert (await stored.http.get("/readyz")).json()["business"] == ""


async def test_an_operation_is_open_only_where_this_file_says_so(stored: Stored) -> None:
    document = (await stored.http.get("/openapi.json")).json()
    unsigned = {
        path
        for path, methods in document["paths"].items()
        for described in methods.values()
        if not described.get("security")
    }
    assert unsigned == OPEN
    assert set(document["components"]["securitySchemes"]) == {"bearer", "apiKey"}
