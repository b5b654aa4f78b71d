"""Who calls, for which tenant, and what the caller may do."""

import re
from dataclasses import dataclass
from enum import StrEnum

from domain.ids import TenantId


class Scope(StrEnum):
    """What a caller may do; each is granted by itself, and ``admin`` grants all."""

    READ = "read"
    """See the tenant's leads, tasks, drafts, costs and events."""

    WRITE = "write"
    """Bring leads and tasks, change and delete them, decide on drafts."""

    OPERATE = "operate"
    """Replay dead letters, manage webhooks, see how the machinery stands."""

    ADMIN = "admin"
    """All of the above, and manage keys."""


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's sender, known.

    Attributes:
        tenant_id: Whose rows the caller sees; never another's.
        scopes: What was granted.
        subject: Names the caller in logs: a key's id or a token's subject, never a secret.
    """

    tenant_id: TenantId
    scopes: frozenset[Scope]
    subject: str

    def lacks(self, *needed: Scope) -> tuple[Scope, ...]:
        """Return which of the needed scopes were not granted, in the order asked for."""
        if Scope.ADMIN in self.scopes:
            return ()
        return tuple(scope for scope in needed if scope not in self.scopes)


_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}", re.ASCII)
TENANT_FORM = "1 to 128 letters, digits and . _ : @ -, with a letter or a digit first"


def read_tenant(value: object) -> TenantId | None:
    """Return the tenant that a text names, or None where it can be no tenant's name."""
    if isinstance(value, str) and _TENANT.fullmatch(value):
        return TenantId(value)
    return None
