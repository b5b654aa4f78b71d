"""What runs many times a second reads its index, whatever the size of the table."""

import json
from datetime import UTC, datetime
from typing import Any
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

insert into follow_ups (follow_up_id, tenant_id, lead_id, drafted_at, document, state)
select uuidv7(), 'default', 'l' || n, clock_timestamp(), '{}',
    case when n % 1000 = 0 then 'awaiting_approval' else 'approved' end
from generate_series(1, 30000) n;

analyze;
"""
MANY_CALLS = """
-- Two years of one tenant, three hundred calls a day.
insert into usage (task_id, attempt, call, tenant_id, kind, model, prompt_tokens,
    cached_prompt_tokens, completion_tokens, cost_nanousd, estimated, at)
select uuidv7(), 1, 0, 'default', 'lead_analysis', 'm' || n % 3, 900, 0, 200, 1000, false,
    timestamptz '2026-12-31' - n * interval '5 minutes'
from generate_series(1, 200000) n;

analyze usage;
"""
ONE_BIG_TENANT = """
insert into leads (tenant_id, lead_id, document, status, grade, qualification, call_priority)
select 'big', 'l' || n, '{}', case when n <= 40 then 'new' else 'contacted' end,
    case when n between 100000 and 100030 then 'A' else 'C' end,
    case when n between 50000 and 50030 then 'needs_info' else 'qualified' end, random()
from generate_series(1, 200000) n;

analyze leads;
"""
EMPTY = ("workers", "analyses", "follow_up_changes", "task_attempts", "tenants")
NOBODY = UUID(int=0)
NOTHING = (None, None, None, None)
A_FEW = 60
MANY = 64
TENANTS = ["default"] * MANY
LEADS = [f"l{number}" for number in range(1, MANY + 1)]
CONTACTS = [f"email:{number}" for number in range(1, MANY + 1)]
TASKS = [UUID(int=number) for number in range(MANY)]
PAGE = ("default", None, None, None, None, None, 51)
MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
THOUSAND = [UUID(int=number) for number in range(1000)]

FREQUENT: dict[str, tuple[object, ...]] = {
    "admit_known_keys": (TENANTS, LEADS, [b""] * len(LEADS)),
    "admit_stored_leads": (TENANTS, LEADS),
    "admit_earlier_leads": (TENANTS, CONTACTS, [], []),
    "queue_claim": ("noop", NOBODY, MANY, ""),
    "queue_complete": (TASKS, [1] * MANY, ["succeeded"] * MANY, ["{}"] * MANY, [None] * MANY),
    "queue_release": (TASKS, [1] * MANY, [0.0] * MANY, [""] * MANY, [False] * MANY, [True] * MANY),
    "queue_recover_lost": (100, 20),
    "queue_recover_due": (100,),
    "queue_recover_expired": (100,),
    "task_depths": (["noop", "lead_analysis"], 10_000),
    "task_depths_of_tenant": (["noop", "lead_analysis"], 10_000, "t1"),
    "queue_look": (["noop", "lead_analysis"], 1_000_001, 1000, datetime(2026, 11, 1, tzinfo=UTC)),
    "admit_analyses": (TENANTS, LEADS),
    "follow_up_get": ("default", NOBODY),
    "follow_up_lock": ("default", NOBODY),
    "follow_up_list": ("default", None, None, None, None, 51),
    "usage_of_task": (NOBODY,),
    "usage_report": ("default", *MONTH, True, True, False, True),
    "task_get": ("t1", NOBODY),
    "task_attempts": ("t1", NOBODY),
    "dead_letter_list": ("t1", *[None] * 7, 51),
    "dead_letter_oldest": ("t1", *[None] * 6, 500),
    "dead_letter_replay": ("t1", TASKS, 5, None, ["normal"], [0.0]),
    "task_get_many": ("t1", THOUSAND),
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
    await full.execute(MANY_CALLS)
    scans = {}
    for name, arguments in FREQUENT.items():
        async with full.connection() as connection:
            plan = await connection.fetch(f"explain {QUERIES[name]}", *arguments)
        whole = [row[0] for row in plan if "Seq Scan on" in row[0]]
        if some := [line for line in whole if not any(f" on {name} " in line for name in EMPTY)]:
            scans[name] = some

    assert scans == {}


LISTS: dict[str, tuple[str, tuple[object, ...]]] = {
    "drafts that wait": ("follow_up_list", ("default", "awaiting_approval", *NOTHING[:3], 21)),
    "approved drafts": ("follow_up_list", ("default", "approved", *NOTHING[:3], 21)),
    "rejected drafts": ("follow_up_list", ("default", "rejected", *NOTHING[:3], 21)),
    "leads of a rare status": ("lead_list_newest", ("big", "new", *NOTHING[:4], 21)),
    "leads of a status nobody has": ("lead_list_newest", ("big", "lost", *NOTHING[:4], 21)),
    "leads of a rare grade": ("lead_list_newest", ("big", None, "A", *NOTHING[:3], 21)),
    "leads in need of facts": (
        "lead_list_newest",
        ("big", None, None, "needs_info", None, None, 21),
    ),
    "rare leads to call": ("lead_list_call_first", ("big", None, "A", *NOTHING[:3], 21)),
    "dead tasks": ("task_list", ("t1", "dead", *NOTHING[:3], 21)),
    "cancelled tasks": ("task_list", ("t1", "cancelled", *NOTHING[:3], 21)),
    "running tasks": ("task_list", ("t1", "running", *NOTHING[:3], 21)),
}


async def test_a_list_by_one_filter_does_not_walk_the_tenants_other_rows(full: Database) -> None:
    await full.execute(ONE_BIG_TENANT)
    walked = {}
    for name, (query, arguments) in LISTS.items():
        text = f"explain (analyze, buffers, format json) {QUERIES[query]}"
        async with full.connection() as connection:
            plan = json.loads(await connection.fetchval(text, *arguments))[0]["Plan"]
        if (passed_over := rows_passed_over(plan)) > A_FEW:
            walked[name] = passed_over

    assert walked == {}


def rows_passed_over(plan: dict[str, Any]) -> int:
    """Return how many rows a plan read to drop them again."""
    own = plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"]
    return int(own) + sum(rows_passed_over(child) for child in plan.get("Plans", ()))
