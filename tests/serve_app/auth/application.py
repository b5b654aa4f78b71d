"""The real application over a real database, with callers that are known by keys."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from domain.api_keys import ApiKey
from domain.caller import Scope
from domain.ids import TenantId
from postgres.key_store import PostgresKeyStore
from postgres.pool import Database
from serve_app.api import build_api
from serve_app.app import open_services
from serve_app.auth.key_text import new_key
from serve_app.settings import load_settings
from tests.serve_app.test_app import local_links


async def add_key(
    database: Database, tenant: str, scopes: Iterable[Scope], *, expires_at: datetime | None = None
) -> str:
    """Store a key and return its text."""
    text, parts = new_key()
    key = ApiKey(
        key_id=parts.key_id,
        tenant_id=TenantId(tenant),
        name="a test's",
        scopes=frozenset(scopes),
        digest=parts.digest,
        created_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    await PostgresKeyStore(database).add(key)
    return text


@asynccontextmanager
async def keyed_application(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of everything but Ray and HTTP, in mode ``api_key``."""
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    monkeypatch.setenv("GARDENOS_AUTH__MODE", "api_key")
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gardenos") as client:
            yield client


def signed(key: str) -> dict[str, str]:
    """Return the headers that carry a key."""
    return {"Authorization": f"Bearer {key}"}
