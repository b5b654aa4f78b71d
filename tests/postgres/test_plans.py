"""What runs many times a second reads its index, whatever the size of the table."""

from uuid import UUID

import pytest

from postgres.pool import Database
from postgres.queries import QUERIES

FILL = """
insert into leads (tenant_id, lead_id, document, status)
select 'default', 'l' || n, '{}', 'new' from generate_series(1, 30000) n;

insert into contact_keys (tenant_id, lead_id, contact_key)
select 'default', 'l' || n, 'email:' || n from generate_series(1, 30000) n;

-- Nearly all tasks are finished, as after a day of work; the rest are queued by few tenants.
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts, finished_at)
select uuidv7(), 't' || n % 7, 'noop', case when n % 50 = 0 then 'queued' else 'succeeded' end,
    'normal', clock_timestamp(), 5, case when n % 50 <> 0 then clock_timestamp() end
from generate_series(1, 30000) n;

analyze;
"""
EMPTY = ("workers", "analyses")
NOBODY = UUID(int=0)
MANY = 64
TENANTS = ["default"] * MANY
LEADS = [f"l{number}" for number in range(1, MANY + 1)]
CONTACTS = [f"email:{number}" for number in range(1, MANY + 1)]
TASKS = [UUID(int=number) for number in range(MANY)]
PAGE = ("default", None, None, None, None, None, 51)

FREQUENT: dict[str, tuple[object, ...]] = {
    "admit_known_keys": (TENANTS, LEADS),
    "admit_stored_leads": (TENANTS, LEADS),
    "admit_earlier_leads": (TENANTS, CONTACTS, [], []),
    "queue_claim": ("noop", NOBODY, MANY, "", None),
    "queue_complete": (TASKS, [1] * MANY, ["succeeded"] * MANY, ["{}"] * MANY, [None] * MANY),
    "queue_release": (TASKS, [1] * MANY, [0.0] * MANY, [""] * MANY, [False] * MANY, [True] * MANY),
    "queue_recover_lost": (100,),
    "queue_recover_due": (100,),
    "queue_recover_expired": (100,),
    "task_depths": (["noop", "lead_analysis"], 10_000),
    "task_get": ("t1", NOBODY),
    "task_finished": (TASKS,),
    "task_list": ("t1", "dead", None, None, None, 51),
    "lead_get": ("default", "l1"),
    "lead_list_newest": PAGE,
    "lead_list_call_first": PAGE,
}


@pytest.fixture
async def full(database: Database) -> Database:
    """Give a database that has been in use."""
    await database.execute(FILL)
    return database


async def test_no_frequent_query_reads_a_whole_table(full: Database) -> None:
    scans = {}
    for name, arguments in FREQUENT.items():
        async with full.connection() as connection:
            plan = await connection.fetch(f"explain {QUERIES[name]}", *arguments)
        whole = [row[0] for row in plan if "Seq Scan on" in row[0]]
        if some := [line for line in whole if not any(f" on {name} " in line for name in EMPTY)]:
            scans[name] = some

    assert scans == {}
