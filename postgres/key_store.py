"""API keys in Postgres: found by their ids, many in one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from domain.api_keys import ApiKey
from domain.caller import Scope
from domain.errors import NotFoundError
from domain.ids import TenantId
from postgres import queries
from postgres.pool import Database


class PostgresKeyStore:
    """Implements :class:`domain.api_keys.ApiKeyStore`."""

    def __init__(self, database: Database) -> None:
        """Keep keys in ``database``."""
        self._database = database

    async def add(self, key: ApiKey) -> None:
        """Store a new key."""
        await self._database.execute(
            queries.load("key_add"),
            key.key_id,
            key.tenant_id,
            key.name,
            sorted(key.scopes),
            key.digest,
            key.expires_at,
        )

    async def find(self, key_ids: Sequence[str]) -> Mapping[str, ApiKey]:
        """Return those of the keys that exist."""
        rows = await self._database.fetch(queries.load("key_find"), list(key_ids))
        return {row["key_id"]: _key(row) for row in rows}

    async def list(self, tenant_id: TenantId | None) -> Sequence[ApiKey]:
        """Return a tenant's keys, or everyone's, newest first."""
        rows = await self._database.fetch(queries.load("key_list"), tenant_id)
        return tuple(_key(row) for row in rows)

    async def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for ever; see the port."""
        row = await self._database.fetchrow(queries.load("key_revoke"), key_id)
        if row is None:
            raise NotFoundError("key", key_id)
        return _key(row)

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        """Write when keys were last used."""
        await self._database.execute(
            queries.load("key_note_use"), list(used.keys()), list(used.values())
        )


def _key(row: asyncpg.Record) -> ApiKey:
    known = {str(scope) for scope in Scope}
    values = dict(row)
    values["scopes"] = frozenset(Scope(scope) for scope in row["scopes"] if scope in known)
    return ApiKey(**values)
