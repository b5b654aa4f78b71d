"""What the judge goes by: the journal, the provider's log, the rows, and the processes' sizes."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.provider.calls import Call, read_calls
from tests.system.chaos.orders import Order
from tests.system.chaos.receiver import receipts_of
from tests.system.chaos.strikes import Strike
from tests.system.chaos.world import RECEIPTS, World

TASKS = """
    select task_id::text, tenant_id, kind, state, attempt, crashes, direct, idempotency_key, error,
        coalesce(payload ->> 'name', lead_id) as name, result::text as result, lead_id,
        extract(epoch from enqueued_at)::float8 as enqueued_at,
        extract(epoch from finished_at)::float8 as finished_at,
        extract(epoch from deadline_at)::float8 as deadline_at
    from tasks
"""
MOVES = """
    select extract(epoch from at)::float8 as at, task_id::text, attempt, before, after, direct,
        leased, worker_id::text, error
    from watch_moves order by number
"""
EVENTS = """
    select task_id::text, tenant_id, state, attempt, type, null as webhook_id from task_events
    union all
    select task_id::text, tenant_id, task_state, task_attempt, type, webhook_id::text
    from webhook_deliveries where task_id is not null
"""
WEBHOOKS = "select webhook_id::text, tenant_id from webhooks where enabled"
USAGE = "select task_id::text, attempt, call, estimated from usage"
RENEWALS = "select worker_id::text, extract(epoch from at)::float8 as at from watch_renewals"
LEASES = "select worker_id::text from watch_leases"
LIVE_WORKERS = "select worker_id::text from workers where lease_until > clock_timestamp()"

_REFERENCE = re.compile(r"\bref-\d+-\d+\b")


@dataclass(frozen=True, slots=True)
class Size:
    """A process at two moments: memory in bytes, and open descriptors."""

    role: str
    age_s: float
    memory_before: int
    memory_after: int
    files_before: int
    files_after: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of the provider's log, with what it was asked about.

    Attributes:
        name: Of the order.
        attempt: Where the question tells it, or None.
        pid: Of the process that asked, likewise.
    """

    call: Call
    name: str
    attempt: int | None
    pid: int | None = None


@dataclass(slots=True)
class Evidence:
    """Everything that is known of a run, seen from outside.

    Attributes:
        renewals: When each worker, by its id, last renewed its lease, in seconds since 1970.
        agents: Processes of the paid agent that lived when the evidence was read.
        orchestrators_born: When each orchestrator that then lived had begun.
        read_unix_s: When the evidence was read.
        receipts: The log of the receiver of webhooks.
    """

    orders: Sequence[Order]
    journal: Sequence[dict[str, Any]]
    strikes: Sequence[Strike]
    tasks: Sequence[dict[str, Any]]
    moves: Sequence[dict[str, Any]]
    usage: Sequence[dict[str, Any]]
    asked: Sequence[Asked]
    outbox: Sequence[dict[str, Any]] = ()
    webhooks: Sequence[dict[str, Any]] = ()
    leases_back: Sequence[str] = ()
    live_workers: int = 0
    orchestrators: int = 0
    sizes: Sequence[Size] = ()
    failures: Sequence[str] = field(default_factory=list)
    renewals: Mapping[str, float] = field(default_factory=dict)
    agents: Sequence[int] = ()
    orchestrators_born: Sequence[float] = ()
    read_unix_s: float = 0.0
    receipts: Sequence[dict[str, Any]] = ()


def asked_of(log: Path) -> list[Asked]:
    """Return the calls about orders; those at a replica's start are about none."""
    found = []
    for call in read_calls(log):
        match = _REFERENCE.search(call.user_turn)
        if match is not None:
            turn = call.user_turn
            found.append(Asked(call, match[0], _told_in(turn, "attempt"), _told_in(turn, "pid")))
    return found


def _told_in(user_turn: str, field_name: str) -> int | None:
    try:
        told = orjson.loads(user_turn).get(field_name)
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return told if isinstance(told, int) else None


def read_rows(world: World) -> dict[str, Any]:
    """Return the parts of the evidence that stand in the database, and who lives."""
    return {
        "read_unix_s": time.time(),
        "receipts": receipts_of(world.wish.folder / RECEIPTS),
        "agents": [process.pid for process in world.replicas("Paid")],
        "orchestrators_born": [one.create_time() for one in world.replicas("Orchestrator")],
        "renewals": {row["worker_id"]: row["at"] for row in world.rows(RENEWALS)},
        "tasks": world.rows(TASKS),
        "moves": world.rows(MOVES),
        "outbox": world.rows(EVENTS),
        "webhooks": world.rows(WEBHOOKS),
        "usage": world.rows(USAGE),
        "leases_back": [row["worker_id"] for row in world.rows(LEASES)],
        "live_workers": len(world.rows(LIVE_WORKERS)),
    }
