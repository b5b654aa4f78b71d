"""A store of keys in memory that counts, waits and fails as it is told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.api_keys import ApiKey
from domain.errors import DatabaseUnavailableError, NotFoundError
from domain.ids import TenantId
from tests.serve_app.specimens import NOW


@dataclass
class FakeKeyStore:
    """Implements :class:`domain.api_keys.ApiKeyStore`."""

    keys: dict[str, ApiKey] = field(default_factory=dict)
    away: bool = False
    takes_s: float = 0.0
    asked: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[dict[str, datetime]] = field(default_factory=list)

    async def add(self, key: ApiKey) -> None:
        self.keys[key.key_id] = key

    async def find(self, key_ids: Sequence[str]) -> Mapping[str, ApiKey]:
        self.asked.append(tuple(key_ids))
        await asyncio.sleep(self.takes_s)
        if self.away:
            raise DatabaseUnavailableError("the database is away", 2.0)
        return {one: self.keys[one] for one in key_ids if one in self.keys}

    async def list(self, tenant_id: TenantId | None) -> Sequence[ApiKey]:
        return [one for one in self.keys.values() if tenant_id in (None, one.tenant_id)]

    async def revoke(self, key_id: str) -> ApiKey:
        if key_id not in self.keys:
            raise NotFoundError("key", key_id)
        self.keys[key_id] = replace(self.keys[key_id], revoked_at=NOW)
        return self.keys[key_id]

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        if self.away:
            raise DatabaseUnavailableError("the database is away", 2.0)
        self.notes.append(dict(used))
