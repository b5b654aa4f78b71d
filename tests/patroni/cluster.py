"""A real three-member Patroni cluster in a ``with`` block; no network but loopback, no root needed.

::

    with PatroniCluster() as cluster:  # all streaming in 5-15 s
        leader = cluster.leader()  # "postgres-cluster-0", or None
        cluster.wait_for_synchronous_standby()  # a kill now loses nothing
        cluster.kill(leader)  # the machine is gone
        cluster.wait_for_leader(other_than=leader)
        cluster.start(leader)
        cluster.wait_until_streaming()

Every method blocks (use ``asyncio.to_thread``). Addresses for asyncpg and psycopg, all hosts in
one: ``dsn`` (role ``gardenos_app``), ``owner_dsn`` (``gardenos_owner``), ``superuser_dsn``
(through the members' sockets, the only way in for the superuser); ``dsn_of(name)`` for one host.

What a member runs is what ships: :func:`postgres.patroni_config.member_configuration` renders its
configuration, passwords come from Patroni's environment. Two things differ: the PostgreSQL of the
wheel was built without TLS, so connections are in the clear (SCRAM logins work), and ``fsync`` is
off, since a killed process loses no page that the kernel has.
"""

import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import yaml

from postgres.binaries import find_binaries
from postgres.patroni_config import (
    REPLICATION,
    REWIND,
    SCOPE,
    SUPERUSER,
    ClusterRules,
    Etcd,
    MemberSettings,
    member_configuration,
)
from tests.patroni import rest
from tests.patroni.addresses import (
    APP,
    BOOTSTRAP,
    DATABASE,
    OWNER,
    PASSWORDS,
    RIGHTS,
    address_of,
    socket_address_of,
)
from tests.patroni.etcd import EtcdServer, find_etcd
from tests.patroni.pods import Kennel, Pod, send, usable_way, wait_until
from tests.patroni.ports import Ports

START_LIMIT_S = 45.0
ROLE_LIMIT_S = 45.0
ORDERLY_LIMIT_S = 15.0
POLL_S = 0.05
QUICK: Mapping[str, str | int] = {
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
}
SYNCHRONOUS = (
    "select application_name from pg_stat_replication"
    " where sync_state in ('sync', 'quorum') and state = 'streaming'"
)


@dataclass(slots=True)
class Node:
    """A member's place; it stays while its pod comes and goes."""

    name: str
    host: str
    folder: Path
    pod: Pod | None = field(default=None)

    @property
    def log(self) -> Path:
        """Return the file that takes what Patroni and Postgres say."""
        return self.folder / "log"

    @property
    def run_folder(self) -> Path:
        """Return where the socket is."""
        return self.folder / "run"


class PatroniCluster:
    """etcd and three members; made by ``with``, which ends all of it.

    Args:
        rules: What the members agree on.
        parameters: Of Postgres, beside ours.
        way: How pods are made, ``namespace`` or ``plain``; None takes what the machine allows.
        bootstrap: Whether to make the roles and the database of the application.

    Raises:
        UnavailableError: The machine cannot run it; tests skip with its sentence.
    """

    def __init__(
        self,
        rules: ClusterRules = ClusterRules(),  # noqa: B008 - immutable
        *,
        parameters: Mapping[str, str | int] | None = None,
        way: str | None = None,
        bootstrap: bool = True,
    ) -> None:
        self.rules = rules
        self.way = way or usable_way()
        program = find_etcd()
        self._parameters = {**QUICK, **(parameters or {})}
        self._bootstrap = bootstrap
        self._ports = Ports()
        self.folder = Path(tempfile.mkdtemp(prefix="gardenos-patroni-", dir="/tmp"))
        self.folder.chmod(0o711)
        self._kennel = Kennel(self.folder, self.way)
        self._hosts = [f"127.0.0.{number}" for number in (1, 2, 3)]
        self.rest_port, self.postgres_port = (self._ports.take(self._hosts) for _ in range(2))
        self.etcd = EtcdServer(program, self._kennel, self.folder / "etcd", self._ports)
        self.nodes = {
            f"{SCOPE}-{index}": Node(f"{SCOPE}-{index}", host, self.folder / str(index))
            for index, host in enumerate(self._hosts)
        }

    @property
    def names(self) -> list[str]:
        """Return the members' names."""
        return list(self.nodes)

    @property
    def keeper_pid(self) -> int:
        """Return the process below which everything runs."""
        return self._kennel.pid

    def __enter__(self) -> Self:
        try:
            self.etcd.start()
            for name in self.names:
                self.start(name)
            self.wait_until_streaming()
            if self._bootstrap:
                self._make_database()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything and remove the folder; a second call does nothing."""
        self._kennel.close()
        self._ports.release()

    # What can be done to a member.

    def start(self, name: str) -> None:
        """Start a member that does not run; returns before it is ready."""
        node = self.nodes[name]
        if node.pod is not None and node.pod.processes():
            raise RuntimeError(f"{name} runs")
        config = self._write_configuration(node)
        node.pod = self._kennel.start_pod(
            [sys.executable, "-m", "patroni", str(config)], env=self.environment(), log=node.log
        )

    def start_in_pod(self, name: str, argv: list[str]) -> Pod:
        """Start another program in the place of a member that does not run; the caller ends it."""
        return self._kennel.start_pod(argv, env=self.environment(), log=self.nodes[name].log)

    def kill(self, name: str) -> None:
        """Kill all of a member at once, as the end of its machine does; it stays away."""
        self._pod(name).kill()

    def kill_container(self, name: str) -> None:
        """Kill all of a member at once and start it again, as Kubernetes does."""
        self.kill(name)
        self.start(name)

    def kill_postgres(self, name: str) -> None:
        """Kill the server's first process alone; Patroni lives and decides what to do."""
        pid = int((self.nodes[name].folder / "data/postmaster.pid").read_text().split()[0])
        send({self._outside(name, pid)}, signal.SIGKILL)

    def terminate(self, name: str) -> None:
        """Ask a member for an orderly end, as an eviction does; it stays away."""
        self._pod(name).terminate(ORDERLY_LIMIT_S)

    def freeze(self, name: str) -> None:
        """Stop all processes of a member; its connections stay open and answer nothing."""
        self._pod(name).freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen member go on."""
        self._pod(name).thaw()

    def is_running(self, name: str) -> bool:
        """Tell whether anything of a member lives, frozen or not."""
        pod = self.nodes[name].pod
        return pod is not None and bool(pod.processes())

    def switchover(self, to: str | None = None) -> str:
        """Ask the leader to hand over; return the new leader's name.

        Raises RuntimeError with Patroni's own words where it refuses.
        """
        old = self.wait_for_leader()
        body = {"leader": old} | ({"candidate": to} if to else {})
        status, told = rest.ask(
            self.nodes[old].host,
            self.rest_port,
            "/switchover",
            body=body,
            limit_s=rest.SWITCHOVER_LIMIT_S,
        )
        if status != 200:
            raise RuntimeError(f"switchover: {status} {told}")
        return self.wait_for_leader(other_than=old)

    def heal(self) -> None:
        """Undo what was done to members and etcd; return when all stream again."""
        self.etcd.heal()
        for name, node in self.nodes.items():
            if self.is_running(name) and node.pod is not None:
                node.pod.thaw()
            else:
                self.start(name)
        self.wait_until_streaming()

    def force_failover(self, to: str) -> None:
        """Have a member lead although nothing says that it has all rows, as a person may decide."""
        status, told = rest.ask(
            self.nodes[to].host,
            self.rest_port,
            "/failover",
            body={"candidate": to},
            limit_s=rest.SWITCHOVER_LIMIT_S,
        )
        if status != 200:
            raise RuntimeError(f"failover: {status} {told}")

    # What can be seen.

    def members(self) -> list[dict[str, Any]]:
        """Return the members as Patroni's ``GET /cluster`` tells; empty where nobody answers.

        A killed member stays listed, as it last was, until its key runs out.
        """
        for node in self.nodes.values():
            told = rest.ask_or_none(node.host, self.rest_port, "/cluster")
            if told and told[0] == 200:
                members: list[dict[str, Any]] = told[1]["members"]
                return members
        return []

    def leader(self) -> str | None:
        """Return the member that says it is the primary and runs, or None.

        The status alone lies for a moment after a promotion, so the answer's words count too.
        """
        for node in self.nodes.values():
            told = rest.ask_or_none(node.host, self.rest_port, "/primary")
            if told and told[0] == 200 and isinstance(told[1], dict):
                state = told[1].get("role"), told[1].get("state")
                if state == ("primary", "running"):
                    return node.name
        return None

    def synchronous_standby(self) -> str | None:
        """Return the standby that commits wait for now, as etcd and the leader agree, or None."""
        named = {m["name"] for m in self.members() if m["role"] == "sync_standby"}
        leader = self.leader()
        if leader is None or not named:
            return None
        try:
            with psycopg.connect(self.superuser_dsn_of(leader), connect_timeout=2) as connection:
                waited_for = {str(row[0]) for row in connection.execute(SYNCHRONOUS)}
        except psycopg.Error:
            return None
        agreed = sorted(name for name in named & waited_for if self.is_running(name))
        return agreed[0] if agreed else None

    # What can be waited for.

    def wait_for_leader(
        self, *, other_than: str | None = None, limit_s: float = ROLE_LIMIT_S
    ) -> str:
        """Wait until a member, or another one, is the running primary; return its name."""
        found: list[str] = []

        def is_there() -> bool:
            leader = self.leader()
            found[:] = [leader] if leader and leader != other_than else []
            return bool(found)

        self._wait(is_there, limit_s, "a leader")
        return found[0]

    def wait_for_synchronous_standby(self, *, limit_s: float = ROLE_LIMIT_S) -> str:
        """Wait until commits wait for a standby; return its name."""
        found: list[str | None] = []

        def is_there() -> bool:
            found[:] = [self.synchronous_standby()]
            return found[0] is not None

        self._wait(is_there, limit_s, "a synchronous standby")
        return str(found[0])

    def wait_until_streaming(self, *, limit_s: float = START_LIMIT_S) -> None:
        """Wait until one leads, the two others stream from it, and one of them is synchronous."""

        def all_stream() -> bool:
            members = self.members()
            states = sorted(str(m["state"]) for m in members)
            same_timeline = len({m.get("timeline") for m in members}) == 1
            if states != ["running", "streaming", "streaming"] or not same_timeline:
                return False
            if not all(self.is_running(name) for name in self.names):
                return False
            return not self.rules.synchronous or self.synchronous_standby() is not None

        self._wait(all_stream, limit_s, "three streaming members")

    # Addresses.

    @property
    def dsn(self) -> str:
        """Return the application's address: every host, its role without rights to define."""
        return address_of(APP, self._hosts, self.postgres_port)

    @property
    def owner_dsn(self) -> str:
        """Return the address of the role that migrates."""
        return address_of(OWNER, self._hosts, self.postgres_port)

    def dsn_of(self, name: str, *, role: str = APP) -> str:
        """Return the address of one member."""
        return address_of(role, [self.nodes[name].host], self.postgres_port)

    @property
    def superuser_dsn(self) -> str:
        """Return the superuser's address: every socket, database ``postgres``."""
        folders = [node.run_folder for node in self.nodes.values()]
        return socket_address_of(folders, self.postgres_port)

    def superuser_dsn_of(self, name: str) -> str:
        """Return the superuser's address on one member."""
        return socket_address_of([self.nodes[name].run_folder], self.postgres_port)

    # The inside.

    def _pod(self, name: str) -> Pod:
        pod = self.nodes[name].pod
        if pod is None:
            raise RuntimeError(f"{name} was never started")
        return pod

    def _outside(self, name: str, inside_pid: int) -> int:
        """Return our number of a process that the pod knows under another one."""
        for pid in self._pod(name).processes():
            status = Path(f"/proc/{pid}/status").read_text()
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if int(numbers.split()[-1]) == inside_pid:
                return pid
        raise RuntimeError(f"{name} has no process {inside_pid}")

    def _wait(self, is_so: Any, limit_s: float, what: str) -> None:
        try:
            wait_until(is_so, limit_s=limit_s, what=what, poll_s=POLL_S)
        except TimeoutError as error:
            tails = [f"--- {n.name}\n{tail(n.log)}" for n in self.nodes.values()]
            raise TimeoutError("\n".join([str(error), str(self.members()), *tails])) from None

    def settings_of(self, name: str) -> MemberSettings:
        """Return what a member is told."""
        node = self.nodes[name]
        return MemberSettings(
            name=name,
            etcd=Etcd(hosts=(self.etcd.address,)),
            rules=self.rules,
            network=(IPv4Network("127.0.0.0/8"),),
            listen_host=node.host,
            connect_host=node.host,
            rest_port=self.rest_port,
            postgres_port=self.postgres_port,
            data_folder=node.folder / "data",
            bin_folder=find_binaries(None, major=None).folder,
            run_folder=node.run_folder,
            parameters=self._parameters,
            initdb=("no-sync",),
        )

    def _write_configuration(self, node: Node) -> Path:
        config = node.folder / "patroni.yaml"
        if not node.folder.exists():
            node.folder.mkdir(mode=0o700)
            node.run_folder.mkdir(mode=0o700)
            config.write_text(yaml.safe_dump(member_configuration(self.settings_of(node.name))))
            node.log.touch()
            self._kennel.give(node.folder)
        return config

    def environment(self) -> dict[str, str]:
        """Return what a member finds in its environment, the passwords among it."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PATRONI_SUPERUSER_PASSWORD": PASSWORDS[SUPERUSER],
            "PATRONI_REPLICATION_PASSWORD": PASSWORDS[REPLICATION],
            "PATRONI_REWIND_PASSWORD": PASSWORDS[REWIND],
            "PATRONI_RESTAPI_USERNAME": rest.USERNAME,
            "PATRONI_RESTAPI_PASSWORD": rest.PASSWORD,
        }

    def _make_database(self) -> None:
        address = self.superuser_dsn_of(self.wait_for_leader())
        run(address, BOOTSTRAP)
        run(address.replace("/postgres?", f"/{DATABASE}?"), RIGHTS)


def run(address: str, statements: tuple[str, ...]) -> None:
    """Run statements, each by itself."""
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def tail(log: Path, size: int = 1500) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-size:] if log.exists() else "no log"
