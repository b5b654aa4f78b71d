"""What is answered before anything is read, and what nobody is told."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import httpx
import pytest

from domain.caller import Caller, Scope
from domain.errors import DatabaseUnavailableError, UnauthenticatedError
from domain.ids import TenantId
from serve_app.api import build_api
from serve_app.auth.gate import needed_by
from tests.serve_app.fakes import World, services_over


class OneKey:
    """Knows one key, which may read; says that the database is away where it is told so."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailableError("the database is away", 2.5)
        if headers.get("authorization") != "Bearer reads":
            raise UnauthenticatedError("nobody has this key", "another")
        return Caller(TenantId("green"), frozenset({Scope.READ}), "key:one")


@pytest.fixture
def identity() -> OneKey:
    return OneKey()


@pytest.fixture
async def http(identity: OneKey) -> AsyncIterator[httpx.AsyncClient]:
    services = replace(services_over(World()), identity=identity)
    transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gardenos") as client:
        yield client


READS = {"Authorization": "Bearer reads"}


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (READS, 403)])
async def test_no_byte_of_a_body_is_taken_from_who_may_not_send_it(
    http: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    taken: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for chunk in (b"{", b"}" * 100_000_000):
            taken.append(chunk)
            yield chunk

    answer = await http.post("/v1/leads", content=body(), headers=headers)
    assert answer.status_code == status
    assert taken == []


async def test_a_caller_is_looked_for_once_a_request(
    http: httpx.AsyncClient, identity: OneKey
) -> None:
    assert (await http.get("/v1/leads", headers=READS)).status_code == 200
    assert identity.asked == 1


async def test_headers_are_bounded_before_anyone_looks_for_a_caller(
    http: httpx.AsyncClient, identity: OneKey
) -> None:
    answer = await http.get("/v1/leads", headers={**READS, "X-Much": "x" * 40_000})
    assert answer.status_code == 431
    assert answer.headers["content-type"] == "application/problem+json"
    assert identity.asked == 0


async def test_while_callers_cannot_be_found_out_they_are_told_when_to_come_again(
    http: httpx.AsyncClient, identity: OneKey
) -> None:
    identity.away = True
    answer = await http.get("/v1/leads", headers=READS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "WWW-Authenticate" not in answer.headers


async def test_a_missing_scope_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/v1/leads/one", headers=READS)
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="gardenos", error="insufficient_scope", scope="write"'
    )
    assert answer.json()["detail"] == "the caller lacks: write"


async def test_open_addresses_ask_nobody(http: httpx.AsyncClient, identity: OneKey) -> None:
    for address in ("/healthz", "/readyz", "/docs", "/openapi.json", "/nowhere"):
        assert (await http.get(address)).status_code in (200, 404)
    assert identity.asked == 0


async def test_no_credential_stands_in_an_answer_or_a_log(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, identity: OneKey
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "gardenos_aaaaaaaaaaa_hunter2"
    for headers in ({"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}):
        for away in (False, True):
            identity.away = away
            answer = await http.post("/v1/leads", headers=headers, json={})
            assert "hunter2" not in answer.text + str(answer.headers)
    assert "hunter2" not in caplog.text


def test_every_route_under_v1_is_checked_before_its_body_is_read() -> None:
    from fastapi.routing import APIRoute  # noqa: PLC0415

    from serve_app.routes import leads, tasks, usage  # noqa: PLC0415

    for router in (leads.router, tasks.router, usage.router):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert needed_by(route.dependant), route.path


async def test_the_page_of_the_docs_has_a_place_for_a_key(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assert 'id="credential" type="password"' in page
    assert "headers.Authorization = `Bearer ${credential}`" in page
