"""Claims about streams that are open when their key is revoked: they end, the others go on."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from fastapi import Request

from domain.caller import Caller, Scope
from domain.errors import DatabaseUnavailableError, GardenosError, UnauthenticatedError
from domain.ids import TenantId
from serve_app.api import build_api
from serve_app.auth.gate import still_admits
from tests.serve_app.fakes import World, services_over

READER = Caller(TenantId("green"), frozenset({Scope.READ}), "key:one")


class Changing:
    """Knows everybody as ``now``, or fails as it says."""

    def __init__(self) -> None:
        self.now: Caller | GardenosError = READER

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        assert headers["authorization"] == "Bearer reads"
        if isinstance(self.now, GardenosError):
            raise self.now
        return self.now


@pytest.mark.parametrize(
    ("now", "goes_on"),
    [
        (READER, True),
        (replace(READER, scopes=frozenset({Scope.ADMIN})), True),
        (replace(READER, scopes=frozenset({Scope.WRITE})), False),
        (replace(READER, tenant_id=TenantId("other")), False),
        (UnauthenticatedError("the key is revoked", "another"), False),
        (DatabaseUnavailableError("the database is away", 1.0), True),
    ],
)
async def test_who_was_let_in_is_known_anew(now: Caller | GardenosError, *, goes_on: bool) -> None:
    identity = Changing()
    services = replace(services_over(World()), identity=identity)
    scope: dict[str, Any] = {
        "type": "http",
        "app": build_api(services),
        "headers": [(b"authorization", b"Bearer reads")],
    }
    request = Request(scope)
    request.state.caller = READER
    asks = still_admits(request, Scope.READ)
    assert await asks()
    identity.now = now
    assert await asks() is goes_on


async def test_a_stream_asks_again_who_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_app.events.stream.RECHECK_S", 0.0)
    identity = Changing()
    services = replace(services_over(World()), identity=identity)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer reads"), (b"host", b"gardenos")],
        "scheme": "http",
        "server": ("gardenos", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        identity.now = UnauthenticatedError("the key is revoked", "another")

    async with asyncio.timeout(20):
        await build_api(services)(scope, receive, send)
    assert sent[0]["status"] == 200
    assert sent[-1]["more_body"] is False
