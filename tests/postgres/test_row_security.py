"""A token of one tenant shows that tenant's rows; of another, or without one, nothing.

The catalogs are walked, so a new table fails here until somebody has decided who may see it.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from domain.ids import DEFAULT_TENANT
from postgres.bootstrap import APPLICATION, OWNER
from postgres.pool import Database, open_database
from postgres.queries import QUERIES
from tests.database import SETTINGS
from tests.postgres.cluster_world import Cluster, claims, made_ours
from tests.postgres.queue_world import World, analyse, lead, lead_store
from tests.postgres.test_plans import FILL, FREQUENT

pytestmark = pytest.mark.asyncio(loop_scope="module")

OF_NO_TENANT = {"schema_migrations", "workers", "event_stream"}
"""Tables of the service itself: row-level security without a policy lets nobody else see a row."""

FOR_NO_BROWSER = {"api_keys", "webhooks", "webhook_deliveries", "contact_keys", "tenants"}
ROWS = """
insert into leads (tenant_id, lead_id, document, status)
select tenant, 'l' || n, '{}', 'new' from unnest(array['a', 'b']) tenant, generate_series(1, 3) n;
insert into contact_keys select tenant_id, 'email:x', lead_id from leads;
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts, lead_id)
select uuidv7(), tenant_id, 'noop', 'queued', 'normal', clock_timestamp(), 5, lead_id from leads;
insert into task_attempts (task_id, attempt, ended_at, state, crashed)
select task_id, 1, clock_timestamp(), 'failed', false from tasks;
insert into analyses select uuidv7(), tenant_id, lead_id, 1, clock_timestamp(), '{}' from leads;
insert into follow_ups select uuidv7(), tenant_id, lead_id, clock_timestamp(), '{}' from leads;
insert into follow_up_changes select tenant_id, follow_up_id, 1, 'edit', '{}' from follow_ups;
insert into outcomes (tenant_id, lead_id, kind, at)
select tenant_id, lead_id, 'won', clock_timestamp() from leads;
insert into usage select task_id, 1, 0, tenant_id, kind, 'm', 1, 0, 1, 1, false, now() from tasks;
insert into api_keys (key_id, tenant_id, name, scopes, digest)
select tenant, tenant, 'n', '{x}', decode(repeat('00', 32), 'hex')
from unnest(array['a', 'b']) tenant;
insert into tenants (tenant_id) values ('a'), ('b');
insert into webhooks (webhook_id, tenant_id, url, types, kinds, description, enabled, secret)
select uuidv7(), tenant, 'https://x', '{}', '{}', '', true, 's' from unnest(array['a', 'b']) tenant;
insert into webhook_deliveries (tenant_id, webhook_id, type)
select tenant_id, webhook_id, 'task.failed' from webhooks;
insert into workers (worker_id, lease_until) values (uuidv7(), now());
"""
READER = "reads_all"
"""May read and write every table, so that only the policies stand between it and the rows."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(short_folder: Path) -> AsyncIterator[Cluster]:
    """Give a cluster that is ours, with rows of the tenants a and b in every table."""
    async for one in made_ours(short_folder / "rows"):
        admin = await one.admin_in()
        try:
            await admin.execute(ROWS)
            await admin.execute(f"create role {READER}")
            await admin.execute(f"grant usage on schema public to {READER}")
            await admin.execute(f"grant all on all tables in schema public to {READER}")
        finally:
            await admin.close()
        yield one


@asynccontextmanager
async def visitor(
    cluster: Cluster, role: str, claimed: str | None
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Give a connection as PostgREST makes one for a request; undone at the end."""
    connection = await cluster.admin_in()
    try:
        async with connection.transaction():
            if claimed is not None:
                await connection.execute(
                    "select set_config('request.jwt.claims', $1, true)", claimed
                )
            await connection.execute(f"set local role {role}")
            yield connection
    finally:
        await connection.close()


async def our_tables(cluster: Cluster) -> Sequence[str]:
    """Return the names of our tables, from the catalog."""
    admin = await cluster.admin_in()
    try:
        rows = await admin.fetch(
            "select c.relname from pg_class c where c.relkind in ('r', 'p')"
            " and c.relnamespace = 'public'::regnamespace order by 1"
        )
        return [row["relname"] for row in rows]
    finally:
        await admin.close()


async def seen(cluster: Cluster, role: str, claimed: str | None) -> dict[str, set[str] | None]:
    """Return whose rows a role sees in each table; None where it may not look."""
    found: dict[str, set[str] | None] = {}
    for table in await our_tables(cluster):
        async with visitor(cluster, role, claimed) as connection:
            query = f"select * from public.{table}"  # noqa: S608
            try:
                rows = await connection.fetch(query)
            except asyncpg.InsufficientPrivilegeError:
                found[table] = None
                continue
        found[table] = {str(dict(row).get("tenant_id", "?")) for row in rows}
    return found


async def test_every_table_is_guarded_and_all_but_the_services_own_have_a_policy(
    cluster: Cluster,
) -> None:
    admin = await cluster.admin_in()
    try:
        rows = await admin.fetch(
            "select c.relname, c.relrowsecurity, c.relowner::regrole::text as owner,"
            " exists (select from pg_policy p where p.polrelid = c.oid) as has_policy"
            " from pg_class c where c.relkind in ('r', 'p')"
            " and c.relnamespace = 'public'::regnamespace"
        )
    finally:
        await admin.close()
    assert rows
    assert {row["relname"] for row in rows if not row["relrowsecurity"]} == set()
    assert {row["relname"] for row in rows if not row["has_policy"]} == OF_NO_TENANT
    assert {row["owner"] for row in rows} == {OWNER}


async def test_no_view_and_no_function_is_a_way_around_the_policies(cluster: Cluster) -> None:
    """A view reads with its owner's rights unless it says otherwise, and so may a function."""
    admin = await cluster.admin_in()
    try:
        views = await admin.fetch(
            "select relname from pg_class where relkind in ('v', 'm')"
            " and relnamespace = 'public'::regnamespace"
            " and not coalesce('security_invoker=true' = any(reloptions), false)"
        )
        functions = await admin.fetch(
            "select distinct p.oid::regprocedure::text"
            " from pg_proc p, unnest(array['anon', 'authenticated']) as visitor"
            " where p.pronamespace in ('public'::regnamespace, 'gardenos'::regnamespace)"
            " and has_function_privilege(visitor, p.oid, 'execute')"
        )
    finally:
        await admin.close()
    assert views == []
    assert [row[0] for row in functions] == ["gardenos.claimed_tenant()"]


async def test_who_may_read_all_still_sees_only_the_rows_of_the_claimed_tenant(
    cluster: Cluster,
) -> None:
    found = await seen(cluster, READER, claims("a"))
    assert {name: whose for name, whose in found.items() if name not in OF_NO_TENANT} == {
        name: {"?"} if name == "task_attempts" else {"a"}
        for name in found
        if name not in OF_NO_TENANT
    }
    assert all(found[name] == set() for name in OF_NO_TENANT)
    async with visitor(cluster, READER, claims("a")) as connection:
        assert await connection.fetchval("select count(*) from task_attempts") == 3


@pytest.mark.parametrize(
    "claimed",
    [
        claims("nobody"),
        claims(None),
        claims({"a": "a"}),
        '{"tenant_id": "a"}',
        '{"user_metadata": {"tenant_id": "a"}}',
        "{}",
        "null",
        "",
        None,
    ],
)
async def test_another_tenants_claim_and_none_at_all_see_nothing_anywhere(
    cluster: Cluster, claimed: str | None
) -> None:
    found = await seen(cluster, READER, claimed)
    assert {name: whose for name, whose in found.items() if whose != set()} == {}


@pytest.mark.parametrize("claimed", [claims("a"), None])
async def test_anon_may_look_at_no_table_whatever_it_claims(
    cluster: Cluster, claimed: str | None
) -> None:
    assert set((await seen(cluster, "anon", claimed)).values()) == {None}


async def test_a_signed_in_caller_reads_its_tenants_rows_but_no_secrets(cluster: Cluster) -> None:
    found = await seen(cluster, "authenticated", claims("b"))
    assert {name for name, whose in found.items() if whose is None} == (
        OF_NO_TENANT | FOR_NO_BROWSER
    )
    assert found["leads"] == {"b"}
    other = await seen(cluster, "authenticated", claims("c"))
    assert {name: whose for name, whose in other.items() if whose} == {}


async def test_no_row_is_written_into_or_taken_from_another_tenant(cluster: Cluster) -> None:
    for claimed in (claims("a"), None):
        async with visitor(cluster, READER, claimed) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute("insert into tenants (tenant_id) values ('c')")
    async with visitor(cluster, READER, claims("a")) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute("update outcomes set tenant_id = 'b'")
    async with visitor(cluster, READER, claims("a")) as connection:
        assert await connection.execute("delete from leads where tenant_id = 'b'") == "DELETE 0"
        assert await connection.execute("update leads set status = 'won'") == "UPDATE 3"


async def test_a_token_that_is_no_json_shows_nothing(cluster: Cluster) -> None:
    async with visitor(cluster, READER, "no json") as connection:
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.fetch("select * from leads")


async def test_the_role_that_postgrest_logs_in_with_sees_nothing_by_itself(
    cluster: Cluster,
) -> None:
    connection = await asyncpg.connect(cluster.url("authenticator"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from public.leads")
        async with connection.transaction():
            await connection.execute("set local role authenticated")
            await connection.execute(
                "select set_config('request.jwt.claims', $1, true)", claims("a")
            )
            rows = await connection.fetch("select distinct tenant_id from public.leads")
            assert [row[0] for row in rows] == ["a"]
    finally:
        await connection.close()


async def test_a_tenants_rows_are_found_by_index(cluster: Cluster) -> None:
    async with visitor(cluster, "authenticated", claims("a")) as connection:
        await connection.execute("set local enable_seqscan = off")
        plan = await connection.fetch("explain select * from leads")
    text = "\n".join(row[0] for row in plan)
    assert "Index Cond: (tenant_id = (InitPlan" in text, text


@pytest_asyncio.fixture(loop_scope="module")
async def application(cluster: Cluster) -> AsyncIterator[Database]:
    """Give the application's pool, in its own role."""
    async with open_database(lambda: cluster.url(APPLICATION), SETTINGS) as opened:
        yield opened


async def test_the_application_works_in_its_own_role(application: Database) -> None:
    world = World(application)
    await world.admit(analyse(lead("ada@example.com")))
    await lead_store(application).delete(DEFAULT_TENANT, "ada@example.com")  # type: ignore[arg-type]
    assert len(await world.rows("select distinct tenant_id from leads")) == 2


async def test_no_plan_of_the_application_differs_from_the_owners(
    cluster: Cluster, application: Database
) -> None:
    admin = await cluster.admin_in()
    await admin.execute(FILL.replace("'l' || n", "'m' || n").replace("analyze;", ""))
    await admin.execute("analyze")
    await admin.close()
    differing = {}
    async with open_database(lambda: cluster.url(OWNER), SETTINGS) as owners:
        for name, arguments in FREQUENT.items():
            plans = []
            for database in (owners, application):
                rows = await database.fetch(f"explain {QUERIES[name]}", *arguments)
                plans.append([row[0] for row in rows])
            if plans[0] != plans[1]:
                differing[name] = plans
    assert differing == {}


MILLION = """
insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts)
select uuidv7(), case when n % 2000 = 0 then 's' || n / 2000 % 50 else 'big' end, 'noop', 'queued',
    'normal', clock_timestamp(), 5
from generate_series(1, 1000000) n;
"""


@pytest.mark.slow
async def test_the_claim_of_a_million_reads_as_little_as_the_owners(
    cluster: Cluster, application: Database
) -> None:
    worker = UUID(int=7)
    admin = await cluster.admin_in()
    try:
        await admin.execute(MILLION, timeout=300)
        lasting = "insert into workers (worker_id, lease_until) values ($1, now() + '1 hour')"
        await admin.execute(lasting, worker)
        await admin.execute("vacuum analyze tasks", timeout=300)
    finally:
        await admin.close()
    seen, query = [], f"explain (analyze, buffers, format json) {QUERIES['queue_claim']}"
    async with open_database(lambda: cluster.url(OWNER), SETTINGS) as owners:
        for database in (owners, application, owners, application):
            async with database.connection() as connection:
                transaction = connection.transaction()
                await transaction.start()
                text = await connection.fetchval(query, "noop", worker, 64, "")
                await transaction.rollback()
            plan = json.loads(text)[0]["Plan"]
            seen.append((shape(plan), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]))
    (owned, read), (applied, own_read) = seen[2:]
    assert applied == owned
    assert "Seq Scan on tasks" not in applied
    assert own_read < 1.2 * read + 100


def shape(plan: dict[str, Any]) -> str:
    """Return a plan's nodes in order."""
    name = f"{plan['Node Type']} on {plan.get('Relation Name', '-')} {plan.get('Index Name', '')}"
    return "\n".join([name, *(shape(child) for child in plan.get("Plans", ()))])
