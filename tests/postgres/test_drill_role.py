"""A drill's own role reads everything, holds every table still, and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from postgres.bootstrap import DRILL
from postgres.fingerprint import fingerprint, moment_of
from postgres.queries import load_cluster
from tests.postgres.cluster_world import DATABASE, Cluster, made_ours

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(short_folder: Path) -> AsyncIterator[Cluster]:
    """Give a cluster that is ours, with a row that row-level security guards."""
    async for one in made_ours(short_folder / "drilled"):
        connection = await one.admin_in()
        await connection.execute(
            "create table elsewhere (x int); insert into elsewhere values (1);"
            " alter table elsewhere enable row level security"
        )
        await connection.close()
        yield one


async def test_it_sees_every_row_that_a_superuser_sees(cluster: Cluster) -> None:
    moment = await moment_of(cluster.url(DRILL), lock_limit_s=0.8, limit_s=30)

    assert moment.rows == await fingerprint(cluster.admin, limit_s=30)
    assert moment.rows[f"{DATABASE}/public.elsewhere"].rows == 1
    assert f"{DATABASE}/public.leads" in moment.rows


async def test_it_ends_a_segment_of_the_log(cluster: Cluster) -> None:
    connection = await asyncpg.connect(cluster.url(DRILL, database="postgres"))
    try:
        assert len(await connection.fetchval(load_cluster("switch_segment"))) == 24
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "insert into elsewhere values (2)",
        "update elsewhere set x = 2",
        "delete from elsewhere",
        "truncate elsewhere",
        "drop table elsewhere",
        "create table more (x int)",
        "create role more",
        "select pg_read_file('postgresql.conf')",
        "set role gardenos_owner",
        "copy elsewhere to program 'true'",
        "alter system set work_mem = '1GB'",
        "select pg_promote()",
    ],
)
async def test_it_may_not(cluster: Cluster, statement: str) -> None:
    connection = await asyncpg.connect(cluster.url(DRILL))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
