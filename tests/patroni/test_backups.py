"""A cluster made ours is saved, fails over, is saved on, and comes back row for row.

Slow: several restores of a whole server.
"""

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from domain.ids import DEFAULT_TENANT
from postgres.backup import PgBackRest
from postgres.backup_config import write_config
from postgres.backup_info import BackupKind
from postgres.backup_settings import BackupSettings, LocalServer, RepositorySettings
from postgres.binaries import find_binaries
from postgres.bootstrap import APPLICATION, DRILL, OWNER, BootstrapOptions, bootstrap
from postgres.cluster_settings import ClusterSettings
from postgres.dcs_keys import scope_range
from postgres.drill import drill, restored_server, scratch_folder, wait_past
from postgres.fingerprint import differences, fingerprint, moment_of
from postgres.migrate import MIGRATIONS, migrate
from postgres.patroni_config import NAMESPACE, SCOPE, SUPERUSER
from postgres.pool import Database, open_database
from serve_app.cluster.etcd_client import EtcdClient, coded
from tests.database import SETTINGS
from tests.patroni.addresses import PASSWORDS
from tests.patroni.cluster import PatroniCluster
from tests.patroni.pods import UnavailableError, wait_until
from tests.postgres.backup_world import in_memory, program
from tests.postgres.queue_world import World, analyse, lead, lead_store

pytestmark = pytest.mark.slow

DRILL_PASSWORD = "drill's"
PASS_PHRASE = "a pass phrase of this test"


@dataclass(frozen=True)
class Saved:
    """A cluster whose members send their log to a repository."""

    cluster: PatroniCluster
    folder: Path

    def tool(self) -> PgBackRest:
        """Return pgBackRest beside the member that leads now."""
        leader = self.cluster.nodes[self.cluster.wait_for_leader()]
        settings = settings_of(self.folder)
        server = LocalServer(
            data_folder=leader.folder / "data",
            socket_folder=leader.run_folder,
            port=self.cluster.postgres_port,
        )
        write_config(settings, server)
        as_root(settings)
        return PgBackRest(settings)


def settings_of(folder: Path) -> BackupSettings:
    """Return where pgBackRest's files are."""
    key = folder / "pass-phrase"
    return BackupSettings(
        program=program(),
        config_file=folder / "etc" / "pgbackrest.conf",
        cipher_key_file=key,
        scratch_folder=folder / "scratch",
        repository=RepositorySettings(path=folder / "repository", cipher_key_file=key),
    )


def as_root(settings: BackupSettings) -> None:
    """Allow root to run it, where the test is root: the members are the same user then."""
    if os.geteuid() == 0:
        more = settings.config_file.parent / "conf.d" / "root.conf"
        more.write_text("[global]\nallow-root=y\n")


def archive_command(folder: Path) -> str:
    """Return what every member runs for each segment: it stands in its data folder then."""
    settings = settings_of(folder)
    words = PgBackRest(settings).command([f"--lock-path={folder / 'locks'}"])
    return f'{shlex.join(words)} --pg1-path="$PWD" archive-push "%p"'


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Saved]:
    """Give a cluster with a repository in memory, and its superuser's password for pgBackRest."""
    program()
    with in_memory(tmp_path / "saved") as folder:
        folder.mkdir()
        (folder / "pass-phrase").write_text(PASS_PHRASE)
        (folder / "scratch").mkdir()
        passwords = folder / "pgpass"
        passwords.write_text(f"*:*:*:{SUPERUSER}:{PASSWORDS[SUPERUSER]}\n")
        passwords.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(passwords))
        parameters = {"archive_mode": "on", "archive_command": archive_command(folder)}
        # The members need the files before there is a leader to name in them.
        nowhere = LocalServer(data_folder=folder / "none", socket_folder=folder / "none")
        write_config(settings_of(folder), nowhere)
        as_root(settings_of(folder))
        try:
            cluster = PatroniCluster(parameters=parameters)
        except UnavailableError as error:
            pytest.skip(str(error))
        if os.geteuid() == 0 and cluster.way != "namespace":
            cluster.close()
            pytest.skip("members of another user may not read the repository's key")
        with cluster:
            yield Saved(cluster, folder)


async def made_ours(saved: Saved) -> None:
    """Bootstrap the cluster through whichever member leads, and migrate it as the owner."""
    passwords = saved.folder / "passwords"
    passwords.mkdir(exist_ok=True)
    for role in (OWNER, APPLICATION):
        (passwords / role).write_text(PASSWORDS[role])
    (passwords / DRILL).write_text(DRILL_PASSWORD)
    options = BootstrapOptions(extensions=("vector",), password_folder=passwords)
    await bootstrap(saved.cluster.superuser_dsn, SETTINGS, options)
    applied = await migrate(saved.cluster.owner_dsn, SETTINGS)
    assert len(applied) in (0, len(MIGRATIONS))


@pytest.fixture
async def application(saved: Saved) -> AsyncIterator[Database]:
    """Give the application's pool on every host of a cluster that was made ours."""
    await made_ours(saved)
    async with open_database(lambda: saved.cluster.dsn, SETTINGS) as opened:
        yield opened


async def take_leads(application: Database, first: int, count: int) -> None:
    """Take in leads as the application does, tasks and events with them."""
    world = World(application)
    for number in range(first, first + count):
        await world.admit(analyse(lead(f"{number}@example.com")))


async def test_what_was_saved_before_and_after_a_failover_comes_back_row_for_row(
    saved: Saved, application: Database
) -> None:
    cluster = saved.cluster
    tool = await asyncio.to_thread(saved.tool)
    await tool.create_stanza()
    full = await tool.backup(BackupKind.FULL)
    await take_leads(application, 0, 20)
    passed = await drill(await leader_dsn(saved), tool)
    assert passed.passed, passed.differing
    assert passed.backup == full.label
    early = await moment_of(await leader_dsn(saved), lock_limit_s=2, limit_s=30)
    await take_leads(application, 20, 20)
    await tool.check()

    # The leader's machine is gone; the other timeline is saved into the same repository.
    old = await asyncio.to_thread(cluster.wait_for_leader)
    await asyncio.to_thread(cluster.wait_for_synchronous_standby)
    await asyncio.to_thread(cluster.kill, old)
    await asyncio.to_thread(cluster.wait_for_leader, other_than=old)
    later = await asyncio.to_thread(saved.tool)
    await take_leads(application, 40, 20)
    await lead_store(application).delete(DEFAULT_TENANT, "3@example.com")  # type: ignore[arg-type]
    await later.check()
    second = await later.backup(BackupKind.INCREMENTAL)
    await take_leads(application, 60, 5)

    # As in Kubernetes: over the network, by a role that changes nothing.
    again = await drill(drill_dsn(saved), later)
    assert again.passed, again.differing
    assert again.backup == second.label
    # A moment of the first timeline, from the backup before it, after the failover.
    with scratch_folder(later.settings.scratch_folder) as scratch:
        async with restored_server(scratch, later, early.at) as (dsn, label):
            found = await fingerprint(dsn, limit_s=30)
    assert label == full.label
    assert differences(early.rows, found) == ()
    log = await later.info()
    assert log.newest_log is not None
    assert log.newest_log.startswith("00000002"), "no copy sent its own timeline"


@pytest.mark.timeout(180)
async def test_a_whole_cluster_is_given_back_as_it_was_at_a_moment(
    saved: Saved, application: Database
) -> None:
    cluster = saved.cluster
    tool = await asyncio.to_thread(saved.tool)
    await tool.create_stanza()
    full = await tool.backup(BackupKind.FULL)
    leader = await asyncio.to_thread(cluster.wait_for_leader)
    await take_leads(application, 0, 20)
    address = cluster.superuser_dsn_of(leader)
    await wait_past(address, full.stopped_at, tool.settings)
    early = await moment_of(address, lock_limit_s=2, limit_s=30)
    await take_leads(application, 20, 20)
    await tool.check()

    for name in cluster.names:
        await asyncio.to_thread(cluster.kill, name)
        shutil.rmtree(cluster.nodes[name].folder / "data")
    await tool.restore(cluster.nodes[leader].folder / "data", early.at)
    await asyncio.to_thread(recover_alone, cluster, leader)
    with EtcdClient(ClusterSettings(etcd=(f"http://{cluster.etcd.address}",))) as etcd:
        start, end = scope_range(NAMESPACE, SCOPE)
        etcd.call("/v3/kv/deleterange", {"key": coded(start), "range_end": coded(end)})
    await asyncio.to_thread(cluster.start, leader)
    await asyncio.to_thread(cluster.wait_for_leader)
    await asyncio.to_thread(cluster.heal)

    for name in cluster.names:
        found = await fingerprint(cluster.superuser_dsn_of(name), limit_s=30)
        assert differences(early.rows, found) == ()


def recover_alone(cluster: PatroniCluster, name: str) -> None:
    """Run Postgres without Patroni on what was restored until it takes writes, and end it."""
    node = cluster.nodes[name]
    program = find_binaries(None, major=None).folder / "postgres"
    alone = cluster.start_in_pod(
        name, [str(program), "-D", str(node.folder / "data"), "-c", "listen_addresses="]
    )

    def takes_writes() -> bool:
        try:
            with psycopg.connect(cluster.superuser_dsn_of(name), connect_timeout=5) as connection:
                row = connection.execute("select not pg_is_in_recovery()").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and bool(row[0])

    try:
        wait_until(takes_writes, limit_s=30.0, what="the end of recovery", poll_s=0.1)
    finally:
        alone.terminate(15.0)


async def test_a_cluster_is_made_ours_twice_and_goes_on_after_a_switchover(
    saved: Saved, application: Database
) -> None:
    await take_leads(application, 0, 2)
    await asyncio.to_thread(saved.cluster.switchover)
    await made_ours(saved)
    await take_leads(application, 2, 2)
    (found,) = await application.fetch("select count(*) from leads")
    assert found[0] == 4


async def leader_dsn(saved: Saved) -> str:
    """Return the superuser's address at the member that leads now."""
    leader = await asyncio.to_thread(saved.cluster.wait_for_leader)
    return saved.cluster.superuser_dsn_of(leader)


def drill_dsn(saved: Saved) -> str:
    """Return the address of drills' own role over the network, every member named."""
    cluster = saved.cluster
    hosts = ",".join(f"{node.host}:{cluster.postgres_port}" for node in cluster.nodes.values())
    login = f"{DRILL}:{quote(DRILL_PASSWORD)}"
    options = "sslmode=disable&target_session_attrs=read-write"
    return f"postgresql://{login}@{hosts}/postgres?{options}"
