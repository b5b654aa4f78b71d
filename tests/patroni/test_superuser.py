"""The superuser comes in over a member's own socket, from no network; there it makes all ours."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from postgres.bootstrap import APPLICATION, DRILL, OWNER, BootstrapOptions
from postgres.fingerprint import moment_of
from postgres.migrate import MIGRATIONS, migrate
from postgres.patroni_config import SUPERUSER
from postgres.standing_bootstrap import stay
from tests.database import SETTINGS
from tests.patroni.addresses import DATABASE, PASSWORDS
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import UnavailableError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LIMIT_S = 45.0
LOOK_S = 0.1
ROLES = (
    OWNER,
    APPLICATION,
    DRILL,
    "authenticator",
    "supabase_auth_admin",
    "supabase_storage_admin",
)
BECOMES = "becomes_the_superuser"


@pytest.fixture(scope="module")
def empty() -> Iterator[PatroniCluster]:
    """Give a cluster that nobody has made ours yet."""
    try:
        running = PatroniCluster(bootstrap=False)
    except UnavailableError as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture(scope="module")
def passwords() -> Iterator[Path]:
    """Give a folder with each role's password."""
    folder = Path(tempfile.mkdtemp(prefix="gardenos-roles-", dir="/tmp"))
    for role in ROLES:
        (folder / role).write_text(f"{role}-secret", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


def url(cluster: PatroniCluster, role: str, database: str, *, password: str | None = None) -> str:
    """Return a role's address over the network, every member named."""
    secret = password or f"{role}-secret"
    hosts = ",".join(f"{node.host}:{cluster.postgres_port}" for node in cluster.nodes.values())
    return f"postgresql://{role}:{secret}@{hosts}/{database}?sslmode=disable"


def refusal(cluster: PatroniCluster, name: str, role: str, **options: str) -> str:
    """Return why a member's network does not let a role in; empty where it does."""
    try:
        with psycopg.connect(
            host=cluster.nodes[name].host,
            port=cluster.postgres_port,
            user=role,
            password=PASSWORDS.get(role, f"{role}-secret"),
            connect_timeout=5,
            **{"dbname": "postgres", **options},  # type: ignore[arg-type]
        ):
            return ""
    except psycopg.OperationalError as error:
        return str(error)


@asynccontextmanager
async def beside_every_member(cluster: PatroniCluster, passwords: Path) -> AsyncIterator[None]:
    """Run what stands beside each member in its pod, over that member's socket."""
    stop = asyncio.Event()
    options = BootstrapOptions(password_folder=passwords)
    tasks = [
        asyncio.create_task(
            stay(cluster.superuser_dsn_of(name), SETTINGS, options, stop=stop, look_s=LOOK_S)
        )
        for name in cluster.names
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), LIMIT_S)


async def until(is_so: Callable[[], bool]) -> None:
    """Look until something is so."""
    async with asyncio.timeout(LIMIT_S):
        while not await asyncio.to_thread(is_so):  # noqa: ASYNC110 - no event tells of another process
            await asyncio.sleep(LOOK_S)


def comes_in(address: str) -> bool:
    """Tell whether an address lets its role in where writes are taken."""
    try:
        with psycopg.connect(f"{address}&target_session_attrs=read-write", connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


async def test_what_stands_beside_the_leader_makes_the_cluster_ours(
    empty: PatroniCluster, passwords: Path
) -> None:
    async with beside_every_member(empty, passwords):
        await until(lambda: comes_in(url(empty, APPLICATION, DATABASE)))
        applied = await migrate(url(empty, OWNER, DATABASE), SETTINGS)
        assert len(applied) == len(MIGRATIONS)

        # A new leader's own does it from then on.
        await asyncio.to_thread(empty.switchover)
        (passwords / APPLICATION).write_text("another", encoding="utf-8")
        await until(lambda: comes_in(url(empty, APPLICATION, DATABASE, password="another")))

    assert not comes_in(url(empty, APPLICATION, DATABASE))


async def test_a_drill_sees_everything_over_the_network(empty: PatroniCluster) -> None:
    address = f"{url(empty, DRILL, 'postgres')}&target_session_attrs=read-write"

    moment = await moment_of(address, lock_limit_s=0.8, limit_s=30)

    assert f"{DATABASE}/public.tasks" in moment.rows


def test_no_member_lets_the_superuser_in_from_the_network(empty: PatroniCluster) -> None:
    empty.wait_until_streaming()
    for name in empty.names:
        assert "pg_hba.conf rejects connection" in refusal(empty, name, SUPERUSER)
        assert "pg_hba.conf rejects connection" in refusal(empty, name, SUPERUSER, dbname=DATABASE)
        assert "no pg_hba.conf entry for replication" in refusal(
            empty, name, SUPERUSER, replication="true"
        )
        with psycopg.connect(empty.superuser_dsn_of(name), connect_timeout=5) as connection:
            assert connection.execute("select current_user").fetchone() == (SUPERUSER,)


def test_nor_anybody_who_could_become_the_superuser(empty: PatroniCluster) -> None:
    with psycopg.connect(empty.superuser_dsn_of(empty.wait_for_leader())) as connection:
        connection.execute(f"create role {BECOMES} login password '{BECOMES}-secret'")
    leader = empty.wait_for_leader()
    assert refusal(empty, leader, BECOMES) == ""

    with psycopg.connect(empty.superuser_dsn_of(leader)) as connection:
        connection.execute(f"grant {SUPERUSER} to {BECOMES}")
    assert "pg_hba.conf rejects connection" in refusal(empty, leader, BECOMES)
