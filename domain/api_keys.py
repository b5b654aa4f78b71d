"""Keys by which callers are known: what is stored of one, and the port of their store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.caller import Scope
from domain.ids import TenantId


class KeyState(StrEnum):
    """Whether a key opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored: without the secret, which nobody but its owner has.

    Attributes:
        key_id: The public part; names the key in lists and logs.
        scopes: What it grants; those that newer code wrote and this does not know are left out.
        digest: SHA-256 of the secret part.
        last_used_at: At most two minutes behind; None before the first use.
    """

    key_id: str
    tenant_id: TenantId
    name: str
    scopes: frozenset[Scope]
    digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        """Return whether the key opens anything at a time."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE


class ApiKeyStore(Protocol):
    """Keeps keys.

    Its methods go by a key's id and not by the tenant: a key is what a tenant is found by. Only
    identification and the command line call them, never a route.
    """

    async def add(self, key: ApiKey) -> None:
        """Store a new key; its ``created_at`` is the store's own clock's."""
        ...

    async def find(self, key_ids: Sequence[str]) -> Mapping[str, ApiKey]:
        """Return those of the keys that exist, by their ids, in one statement."""
        ...

    async def list(self, tenant_id: TenantId | None) -> Sequence[ApiKey]:
        """Return a tenant's keys, or everyone's, newest first; revoked ones too."""
        ...

    async def revoke(self, key_id: str) -> ApiKey:
        """Revoke a key for ever; the first time stays where it was revoked already.

        Raises:
            NotFoundError: There is no such key.
        """
        ...

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        """Write when keys were last used; an older time than the stored one changes nothing."""
        ...
