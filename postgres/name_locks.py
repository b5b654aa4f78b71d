"""Locks on names, of things that are stored already and of things that are not.

A row lock cannot hold what does not exist yet: two new leads of one id, or of one contact, would
not see each other. Everybody takes, in this order: all names at once, then leads by id, then
tasks; so nobody waits in a circle.
"""

from collections.abc import Iterable, Sequence
from zlib import crc32

from domain.duplicates import contact_keys
from domain.lead import Contact
from domain.task import Submission
from postgres import queries
from postgres.pool import Connection

Name = tuple[str, str, str]
"""Kind of thing, tenant, identifier."""

LOCK_CLASS = 0x67617264
"""First half of the advisory locks' key, "gard" in ASCII."""

BUCKETS = 1024
"""Names share that many locks: the server's lock table is small, a wait for a stranger short."""


def lead_name(tenant_id: str, lead_id: str) -> Name:
    """Return the name of a lead."""
    return ("lead", tenant_id, lead_id)


def contact_names(tenant_id: str, contact: Contact) -> tuple[Name, ...]:
    """Return the names of a person."""
    return tuple(("contact", tenant_id, key) for key in contact_keys(contact))


def names_of(submissions: Iterable[Submission]) -> frozenset[Name]:
    """Return every name that an admission decides about."""
    names: set[Name] = set()
    for one in submissions:
        if one.idempotency_key:
            names.add(("key", one.tenant_id, one.idempotency_key))
        if one.lead:
            names.add(lead_name(one.tenant_id, one.lead.lead_id))
            names.update(contact_names(one.tenant_id, one.lead.contact))
    return frozenset(names)


def buckets_of(names: Iterable[Name]) -> Sequence[int]:
    """Return the locks of names, each once, in the order in which everybody takes them."""
    return sorted({crc32("\0".join(name).encode()) % BUCKETS for name in names})


async def lock_names(connection: Connection, names: Iterable[Name]) -> None:
    """Hold names until the transaction ends; call once, before anything else is locked."""
    if buckets := buckets_of(names):
        await connection.execute(queries.load("lock_names"), LOCK_CLASS, buckets)
