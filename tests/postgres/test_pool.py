"""The pool: bounded waits, fail-overs survived, errors in our words."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from domain.errors import ConfigurationError, ConflictError, DatabaseUnavailableError
from postgres.embedded import EmbeddedServer, start_embedded
from postgres.pool import Database, open_database
from postgres.settings import DatabaseSettings
from tests.database import QUICK
from tests.tcp_proxy import TcpProxy, tcp_proxy

SHORT = DatabaseSettings(
    max_size=2,
    connect_limit_s=0.5,
    acquire_limit_s=0.5,
    command_limit_s=0.5,
    transaction_limit_s=2.0,
)
SOON_S = 3.0


@pytest.fixture
async def proxy(postgres_server: EmbeddedServer) -> AsyncIterator[TcpProxy]:
    """Give a proxy in front of the session's server."""
    async with tcp_proxy(postgres_server.run_folder / ".s.PGSQL.5432") as running:
        yield running


@pytest.fixture
async def remote(proxy: TcpProxy, dsn: str) -> AsyncIterator[Database]:
    """Give a pool that reaches a database through the proxy."""
    name = dsn.split("/")[3].split("?", maxsplit=1)[0]
    address = f"postgresql://gardenos@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
    async with open_database(lambda: address, SHORT) as opened:
        yield opened


async def value(database: Database, query: str = "select 1", *arguments: object) -> object:
    """Return the first value of a query."""
    row = await database.fetchrow(query, *arguments)
    return row[0] if row else None


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    await database.execute("create table t (x int)")
    async with database.transaction() as connection:
        await connection.execute("insert into t values (1)")

    async def refused() -> None:
        async with database.transaction() as connection:
            await connection.execute("insert into t values (2)")
            raise ConflictError("lead", "a", "no")

    with pytest.raises(ConflictError):
        await refused()

    assert await value(database, "select array_agg(x) from t") == [1]


async def test_errors_about_data_pass_through_unchanged(database: Database) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await value(database, "select 1/0")

    assert await value(database) == 1


async def test_a_pool_opens_while_the_database_is_away(short_folder: Path) -> None:
    nowhere = f"postgresql://gardenos@/gardenos?host={short_folder}"

    async with open_database(lambda: nowhere, SHORT) as database:
        with pytest.raises(DatabaseUnavailableError) as raised:
            await database.check()

    assert raised.value.retry_after_s > 0


async def test_a_pool_outlives_a_restart_of_the_server(short_folder: Path) -> None:
    folder = short_folder / "restarted"
    server = await asyncio.to_thread(start_embedded, folder, QUICK)
    async with open_database(lambda: server.dsn, SHORT) as database:
        async with database.connection(), database.connection():
            pass
        await asyncio.to_thread(server.stop)

        with pytest.raises(DatabaseUnavailableError):
            await value(database)

        with await asyncio.to_thread(start_embedded, folder, QUICK):
            assert await value(database) == 1


async def test_a_shutdown_seen_once_replaces_every_connection(database: Database) -> None:
    async with database.connection() as first, database.connection() as second:
        pids = [first.get_server_pid(), second.get_server_pid()]
    with pytest.raises(DatabaseUnavailableError):
        await value(database, "select pg_terminate_backend(pg_backend_pid())")

    async with database.connection() as first, database.connection() as second:
        assert not {first.get_server_pid(), second.get_server_pid()} & set(pids)


async def test_a_server_that_became_a_standby_is_left(database: Database) -> None:
    async with database.connection() as connection:
        pid = connection.get_server_pid()
        await connection.execute("set default_transaction_read_only = on")

    with pytest.raises(DatabaseUnavailableError, match="25006"):
        await database.execute("create table t (x int)")

    assert await value(database, "select pg_backend_pid()") != pid
    await database.execute("create table t (x int)")


async def test_a_standby_is_never_connected_to(
    database: Database, dsn: str, postgres_server: EmbeddedServer
) -> None:
    name = await value(database, "select current_database()")
    await database.execute(f'alter database "{name}" set default_transaction_read_only = on')

    async with open_database(lambda: dsn, SHORT) as other:
        with pytest.raises(DatabaseUnavailableError, match="no writable server"):
            await other.check()


async def test_waiting_for_a_connection_is_bounded(remote: Database) -> None:
    began = time.monotonic()
    async with remote.connection(), remote.connection():
        with pytest.raises(DatabaseUnavailableError):
            await value(remote)

    assert time.monotonic() - began < SOON_S


async def test_a_silent_network_ends_a_command_in_time(remote: Database, proxy: TcpProxy) -> None:
    await value(remote)
    proxy.fall_silent()
    began = time.monotonic()

    with pytest.raises(DatabaseUnavailableError, match="in time"):
        await value(remote)

    assert time.monotonic() - began < SOON_S
    proxy.speak()
    assert await value(remote) == 1


async def test_one_silent_statement_replaces_the_other_connections_too(
    remote: Database, proxy: TcpProxy
) -> None:
    async with remote.connection() as first, remote.connection() as second:
        pids = {first.get_server_pid(), second.get_server_pid()}
    proxy.fall_silent()
    with pytest.raises(DatabaseUnavailableError, match="in time"):
        await value(remote)
    proxy.speak()

    async with remote.connection() as first, remote.connection() as second:
        assert not {first.get_server_pid(), second.get_server_pid()} & pids


async def test_a_silent_network_ends_a_transaction_in_time(
    remote: Database, proxy: TcpProxy
) -> None:
    async def interrupted() -> None:
        async with remote.transaction() as connection:
            proxy.fall_silent()
            await connection.fetchval("select 1")

    began = time.monotonic()
    with pytest.raises(DatabaseUnavailableError, match="in time"):
        await interrupted()

    assert time.monotonic() - began < SOON_S
    proxy.speak()
    assert await value(remote) == 1


async def test_the_callers_time_limit_is_kept_on_a_silent_network(
    remote: Database, proxy: TcpProxy
) -> None:
    await value(remote)
    proxy.fall_silent()
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await value(remote)

    assert time.monotonic() - began < SOON_S / 2
    proxy.speak()
    assert await value(remote) == 1


async def test_a_slow_statement_is_ended_by_the_server_too(dsn: str) -> None:
    async with open_database(lambda: dsn, SHORT) as database:
        with pytest.raises(DatabaseUnavailableError):
            await value(database, "select pg_sleep(30)")

        assert await running_statements(dsn, "pg_sleep(30)") == 0


async def running_statements(dsn: str, text: str) -> int:
    """Wait until the server runs no such statement; return how many it still runs."""
    connection = await asyncpg.connect(dsn)
    query = (
        "select count(*) from pg_stat_activity"
        " where state = 'active' and query like $1 and pid <> pg_backend_pid()"
    )
    count = 1
    try:
        async with asyncio.timeout(SOON_S):
            while count:
                count = await connection.fetchval(query, f"%{text}%")
        return count
    finally:
        await connection.close()


async def test_cancelled_statements_leave_a_pool_that_works(database: Database) -> None:
    async def cancelled() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await value(database, "select pg_sleep(5)")

    await asyncio.gather(*(cancelled() for _ in range(20)))

    assert await asyncio.gather(*(value(database) for _ in range(20))) == [1] * 20


async def test_a_silent_peer_is_noticed_by_tcp(remote: Database) -> None:
    async with remote.connection() as connection:
        guarded = connection._con._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        options = [
            guarded.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            guarded.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            guarded.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        ]

    assert options == [1, SHORT.keepalive_idle_s, SHORT.unacknowledged_limit_s * 1000]


async def test_sessions_plan_every_statement_anew_and_are_limited(database: Database) -> None:
    names = ["plan_cache_mode", "statement_timeout", "transaction_timeout", "application_name"]
    shown = [await value(database, "select current_setting($1)", name) for name in names]

    assert shown == ["force_custom_plan", "10s", "20s", "gardenos"]


@pytest.mark.parametrize(
    ("address", "settings"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/none", SHORT),
        ("postgresql://u:hunter2@no-such-host.invalid/none", SHORT),
        ("postgresql://u:hunter2@127.0.0.1:1/none", SHORT.model_copy(update={"min_size": 1})),
    ],
)
async def test_no_error_tells_the_password_or_the_address(
    address: str, settings: DatabaseSettings
) -> None:
    with pytest.raises(DatabaseUnavailableError) as raised:
        async with open_database(lambda: address, settings) as database:
            await database.check()

    assert "hunter2" not in str(raised.value)
    assert "none" not in str(raised.value)


@pytest.mark.parametrize("address", ["mysql://u:hunter2@h/none", "postgresql://h:port/none"])
async def test_what_is_no_address_stops_the_start(address: str) -> None:
    settings = SHORT.model_copy(update={"min_size": 1})

    with pytest.raises(ConfigurationError, match=r"GARDENOS_DATABASE_URL.*postgresql://") as raised:
        async with open_database(lambda: address, settings):
            pytest.fail("opened")

    assert "hunter2" not in str(raised.value)


async def test_a_database_that_does_not_exist_stops_the_start(
    postgres_server: EmbeddedServer,
) -> None:
    address = postgres_server.dsn.replace("/gardenos?", "/nothing?")

    with pytest.raises(ConfigurationError, match="3D000"):
        async with open_database(lambda: address, SHORT.model_copy(update={"min_size": 1})):
            pytest.fail("opened")


async def test_a_changed_address_is_taken_up_by_the_next_connection(dsn: str) -> None:
    addresses = iter(["postgresql://gardenos@127.0.0.1:1/none", dsn])

    async with open_database(lambda: next(addresses), SHORT) as database:
        with pytest.raises(DatabaseUnavailableError):
            await value(database)

        assert await value(database) == 1


def test_more_connections_to_keep_than_to_have_are_refused() -> None:
    with pytest.raises(ValueError, match=r"min_size \(9\) must not exceed max_size \(8\)"):
        DatabaseSettings(min_size=9)
