"""Run the manifests' pods on this machine and print what was seen, as one line of JSON.

``test_simulated_pods`` starts it as root in namespaces of its own, with an empty folder outside
``/tmp``, which pods get anew, and says what must be seen.
"""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from postgres.binaries import system_folders
from tests.patroni.etcd import find_etcd
from tests.postgres.manifests.shipped import MANIFESTS, Pod, pods, rendered
from tests.postgres.manifests.simulated_pods import Node, SimulatedPod, make_room

ETCD = "127.0.0.2"
REPOSITORY = "127.0.0.20"
ADDRESSES = {f"postgres-cluster-{n}": f"127.0.0.{11 + n}" for n in range(3)}
PASSWORDS = {"superuser": "super", "replication": "copy", "rewind": "back"}
CIPHER = "a pass phrase of the test"
CHANGES = [
    # One address each: the pods share one network here.
    (r"0\.0\.0\.0:", "ADDRESS:"),
    (r"tls-server-address=\*", "tls-server-address=ADDRESS"),
    # What PostgreSQL before 17 and pgBackRest before 2.54 do not know.
    (r"\n\s+- (locale-provider|builtin-locale): \S+", ""),
    (r"locale: C\n", "locale: C.UTF-8\n"),
    (r"backup-standby=prefer", "backup-standby=n"),
    (r"repo1-block=y\n", ""),
]
SETTINGS = [
    (r"10\.42\.0\.0/16", "127.0.0.0/8"),
    (r"\[\"https://192.*", f'["https://{ETCD}:2379"]'),
    (r"192\.168\.10\.11:.*", f"{ETCD}:2379"),
]
ROLES = ("gardenos_owner", "gardenos_drill", "authenticator")
ROLES_OF_SUPABASE = ("supabase_auth_admin", "supabase_storage_admin")
READY_LIMIT_S = 60.0
METRICS = ["gardenos", "postgres", "metrics"]
STATUS = ["gardenos", "postgres", "status", "--json"]
UNNAMED = ["env", "--unset=GARDENOS_CLUSTER__PATRONI_TLS__SERVER_NAME", *STATUS]
FAILSAFE = "because failsafe mode is enabled and all members are accessible"
SQL_ROLE = (
    "do $$ begin create role gardenos_app; exception when duplicate_object then end $$;"
    " alter role gardenos_app login password 'app'"
)
CONNECTIONS = {
    "by name": ("gardenos_app", "app", "NAME", "verify-full"),
    "by address": ("gardenos_app", "app", "ADDRESS", "verify-ca"),
    "without tls": ("gardenos_app", "app", "ADDRESS", "disable"),
    "superuser": ("postgres", PASSWORDS["superuser"], "ADDRESS", "verify-ca"),
    "wrong password": ("gardenos_app", "other", "ADDRESS", "verify-ca"),
}


def until(is_so: Callable[[], bool], limit_s: float) -> float:
    """Look until something is so; return the seconds it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > limit_s:
            raise TimeoutError(f"waited {limit_s:g} s")
        time.sleep(0.1)
    return round(time.monotonic() - began, 1)


def shell(commands: str, folder: Path, **variables: str) -> str:
    """Run commands that must succeed."""
    path = f"{find_etcd().parent}:/usr/bin:/bin:/usr/sbin:/sbin"
    done = subprocess.run(
        ["sh", "-ec", commands],
        cwd=folder,
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{commands}: {done.stderr}")
    return done.stdout


def make_certificates(folder: Path) -> None:
    """Make etcd's authority and server certificate, and all that the script makes."""
    key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc"
    shell(
        f"{key} -x509 -days 2 -subj /CN=etcd -keyout etcd-ca.key -out etcd-ca.crt\n"
        f"{key} -subj /CN=server -keyout etcd.key -out etcd.csr\n"
        f"printf 'subjectAltName=IP:{ETCD}\\nextendedKeyUsage=serverAuth,clientAuth' >etcd.ext\n"
        "openssl x509 -req -in etcd.csr -CA etcd-ca.crt -CAkey etcd-ca.key -CAcreateserial -days 2"
        " -extfile etcd.ext -out etcd.crt\n"
        f"sh {MANIFESTS / 'make-certificates.sh'} .",
        folder,
    )


def start_etcd(folder: Path, tls: Path) -> subprocess.Popen[bytes]:
    """Start etcd with TLS and its own authentication; return when the members' user is there."""
    client, peer = f"https://{ETCD}:2379", f"http://{ETCD}:2380"
    with (folder / "etcd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(find_etcd()),
                "--data-dir",
                str(folder / "etcd-data"),
                "--name",
                "etcd",
                "--listen-client-urls",
                client,
                "--advertise-client-urls",
                client,
                "--listen-peer-urls",
                peer,
                "--initial-advertise-peer-urls",
                peer,
                "--initial-cluster",
                f"etcd={peer}",
                "--client-cert-auth",
                "--cert-file",
                str(tls / "etcd.crt"),
                "--key-file",
                str(tls / "etcd.key"),
                "--trusted-ca-file",
                str(tls / "etcd-ca.crt"),
                "--log-level",
                "warn",
            ],
            stdout=log,
            stderr=log,
        )
    names = {"CACERT": "etcd-ca.crt", "CERT": "etcd.crt", "KEY": "etcd.key"}
    variables = {f"ETCDCTL_{name}": str(tls / file) for name, file in names.items()}
    shell(
        "until etcdctl endpoint health; do sleep 0.2; done\n"
        "etcdctl role add postgres-cluster\n"
        "etcdctl role grant-permission postgres-cluster --prefix=true readwrite"
        " /service/postgres-cluster/\n"
        "printf secret | etcdctl user add postgres-cluster --interactive=false\n"
        "etcdctl user grant-role postgres-cluster postgres-cluster\n"
        "printf root | etcdctl user add root --interactive=false\n"
        "etcdctl user grant-role root root\netcdctl auth enable",
        folder,
        ETCDCTL_API="3",
        ETCDCTL_ENDPOINTS=client,
        **variables,
    )
    return process


def secrets(tls: Path) -> dict[str, dict[str, str]]:
    """Return the Secrets' values."""

    def pem(authority: str, name: str) -> dict[str, str]:
        files = {"ca.crt": f"{authority}.crt", "tls.crt": f"{name}.crt", "tls.key": f"{name}.key"}
        return {key: (tls / file).read_text(encoding="utf-8") for key, file in files.items()}

    return {
        "postgres-passwords": PASSWORDS,
        "postgres-roles": {name: name for name in (*ROLES, *ROLES_OF_SUPABASE)}
        | {"gardenos_app": "app"},
        "postgres-tls": pem("authority", "postgres"),
        "postgres-etcd": pem("etcd-ca", "etcd-client")
        | {"username": "postgres-cluster", "password": "secret"},
        "postgres-backup": pem("authority", "backup") | {"cipher-pass": CIPHER},
    }


class Observer:
    """Looks at the running pods from outside."""

    def __init__(self, members: dict[str, SimulatedPod], tls: Path) -> None:
        self.members = members
        self._context = ssl.create_default_context(cafile=tls / "authority.crt")
        self._context.check_hostname = False

    def status(self, name: str, path: str, method: str = "GET") -> int:
        """Ask a member's REST API without a certificate; 0 where nobody answers."""
        url = f"https://{self.members[name].address}:8008{path}"
        request = urllib.request.Request(
            url, method=method, data=b"{}" if method != "GET" else None
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=3) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def leader(self) -> str | None:
        """Return who says to be the leader."""
        return next((name for name in self.members if self.status(name, "/primary") == 200), None)

    def are_ready(self) -> bool:
        """Tell whether every probe of every member passes."""
        probes = self.members["postgres-cluster-0"].container("postgres")
        paths = {probes[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")}
        return all(self.status(name, path) == 200 for name in self.members for path in paths)

    def roles(self) -> list[str]:
        """Return the members' roles as Patroni's own tool lists them."""
        _, said = self.members["postgres-cluster-0"].run("postgres", ["patronictl", "list"])
        return sorted(
            re.findall(r"\| (Leader|Sync Standby|Replica) +\|", said.partition("Member")[2])
        )

    def connect(self, name: str, way: str) -> str:
        """Connect from another member's pod to one; return the answer or the refusal."""
        user, password, host, mode = CONNECTIONS[way]
        other = next(each for each in self.members if each != name)
        host = host.replace("NAME", f"{name}.postgres-cluster")
        host = host.replace("ADDRESS", self.members[name].address)
        target = f"host={host} user={user} dbname=postgres sslmode={mode}"
        target += " sslrootcert=/etc/tls/postgres/ca.crt"
        words = ["env", f"PGPASSWORD={password}", "psql", "-XAt", "-c", "select 'in'", target]
        return self.members[other].run("postgres", words)[1].strip()

    def ask(self, name: str, statement: str) -> str:
        """Run a statement as the superuser, over the socket inside the pod."""
        words = ["env", f"PGPASSWORD={PASSWORDS['superuser']}", "psql", "-XAt", "-c", statement]
        target = "host=/run/postgresql user=postgres dbname=postgres"
        return self.members[name].run("postgres", [*words, target])[1].strip()


def run_job(pod: Pod, name: str, node: Node, observer: Observer) -> dict[str, list[object]]:
    """Run a job's containers one after another; return each one's exit code and last words.

    One that fails is run again, as often as the job says: here once all members are ready, where
    Kubernetes only waits a while.
    """
    job = SimulatedPod(pod, name, "127.0.0.30", node)
    spec = pod.owner["spec"].get("jobTemplate", pod.owner)["spec"]
    told: dict[str, list[object]] = {}
    for container in pod.containers():
        code, said = job.run(container["name"])
        for _ in range(spec["backoffLimit"]):
            if code == 0:
                break
            until(observer.are_ready, READY_LIMIT_S)
            code, said = job.run(container["name"])
        told[container["name"]] = [code, said[-600:]]
    return told


def run_in(pod: Pod, words: list[str], node: Node) -> list[object]:
    """Run a command of ours in a pod's one container; return its exit code and what it said."""
    (container,) = pod.spec["containers"]
    name = f"{pod.owner['metadata']['name']}-{len(list(node.folder.iterdir()))}"
    return list(SimulatedPod(pod, name, "127.0.0.40", node).run(container["name"], words))


def end_in_order(pod: SimulatedPod, name: str) -> dict[str, Any]:
    """Start a container, wait until it says something, and end its process 1 as Kubernetes does."""
    process, log = pod.start(name), pod.log(name)
    until(lambda: "bootstrap" in log.read_text(encoding="utf-8"), READY_LIMIT_S)
    parent = process.pid
    (first,) = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    os.kill(int(first), signal.SIGTERM)
    return {"code": process.wait(30), "said": log.read_text(encoding="utf-8")}


def kill_leader(observer: Observer, processes: dict[str, subprocess.Popen[str]]) -> dict[str, Any]:
    """Kill process 1 of the leader's container; return what it was and what followed."""
    leader = observer.leader()
    assert leader
    parent = processes[leader].pid
    (first,) = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    space = Path(f"/proc/{first}/ns/pid").stat().st_ino
    command = Path(f"/proc/{first}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    os.kill(int(first), signal.SIGKILL)
    processes[leader].wait(10)
    seconds = until(lambda: observer.leader() not in {None, leader}, READY_LIMIT_S)
    left = processes_of(space)
    return {"name": leader, "process_1": command, "seconds": seconds, "left": left}


def stop_etcd(observer: Observer, etcd: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Take etcd away once all members are there again; return what the leader does then."""
    until(observer.are_ready, READY_LIMIT_S)
    leader = str(observer.leader())
    log = observer.members[leader].log("postgres")
    etcd.kill()
    etcd.wait(10)
    until(lambda: log.read_text(encoding="utf-8").count(FAILSAFE) > 1, READY_LIMIT_S)
    written = observer.ask(leader, "create table written_without_etcd (); select 'written'")
    return {"leader": leader, "still": observer.leader(), "written": written.splitlines()[-1]}


def processes_of(space: int) -> int:
    """Return how many processes live in a namespace."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            count += path.stat().st_ino == space
        except OSError:
            continue
    return count


def observe(node: Node, tls: Path, etcd: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Start everything and tell what was seen."""
    made = {pod.name: pod for pod in pods(rendered("volume"))}
    member = made["StatefulSet/postgres-cluster"]
    members = {
        name: SimulatedPod(member, name, address, node) for name, address in ADDRESSES.items()
    }
    repository = SimulatedPod(
        made["Deployment/postgres-repository"], "repository", REPOSITORY, node
    )
    observer = Observer(members, tls)
    told: dict[str, Any] = {"configure": [each.run("configure")[0] for each in members.values()]}
    processes = {name: each.start("postgres") for name, each in members.items()}
    beside = [each.start("pgbackrest") for each in (*members.values(), repository)]
    try:
        told["ready_s"] = until(observer.are_ready, READY_LIMIT_S)
        leader = str(observer.leader())
        until(lambda: "Sync Standby" in observer.roles(), READY_LIMIT_S)
        told["roles"] = observer.roles()
        reload = ["patronictl", "reload", "postgres-cluster", "--force"]
        told["reload"] = members[leader].run("postgres", reload)[1]
        told["restart_without_certificate"] = observer.status(leader, "/restart", "POST")
        told["bootstrap"] = end_in_order(members[leader], "bootstrap")
        observer.ask(leader, SQL_ROLE)
        observer.ask(leader, "create database gardenos")
        told["connections"] = {way: observer.connect(leader, way) for way in CONNECTIONS}
        encrypted = (
            "select count(*) from pg_stat_replication join pg_stat_ssl using (pid) where ssl"
        )
        told["encrypted_standbys"] = observer.ask(leader, encrypted)
        told["first"] = run_job(made["Job/postgres-backup-first"], "first", node, observer)
        told["killed"] = kill_leader(observer, processes)
        restarted = members[str(told["killed"]["name"])]
        processes[restarted.name] = restarted.start("postgres")
        told["full"] = run_job(made["CronJob/postgres-backup-full"], "full", node, observer)
        told["metrics"] = run_in(made["Deployment/postgres-backup-metrics"], METRICS, node)
        until(observer.are_ready, READY_LIMIT_S)
        told["status"] = run_in(made["Job/postgres-admin"], STATUS, node)
        told["stranger"] = run_in(made["Job/postgres-admin"], UNNAMED, node)
        info = ["pgbackrest", "--stanza=postgres-cluster", "info", "--output=json"]
        told["without_etcd"] = stop_etcd(observer, etcd)
        told["info"] = json.loads(repository.run("pgbackrest", info)[1].splitlines()[-1])
    finally:
        for process in (*processes.values(), *beside):
            # What makes the namespace ignores other signals, and takes all inside with it.
            process.kill()
            process.wait(30)
    return told


def main(folder: Path) -> None:
    """Make the room, run, print."""
    server = system_folders()[0].parent
    hosts = "127.0.0.1 localhost\n" + f"{REPOSITORY} postgres-repository\n"
    hosts += "".join(f"{at} {name}.postgres-cluster\n" for name, at in ADDRESSES.items())
    shell("ip link set lo up", folder)
    make_room(folder, hosts=hosts, server=server)
    tls = folder / "tls"
    tls.mkdir()
    make_certificates(tls)
    programs = os.environ["SIMULATION_PATH"]
    variables = {
        "PATH": f"{programs}:/usr/lib/postgresql/18/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.environ["SIMULATION_PYTHONPATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATRONICTL_CONFIG_FILE": "/etc/patroni/patroni.yml",
    }
    node = Node(folder, rendered("volume"), secrets(tls), [*CHANGES, *SETTINGS], variables)
    etcd = start_etcd(folder, tls)
    try:
        sys.stdout.write(json.dumps(observe(node, tls, etcd)) + "\n")
    finally:
        etcd.terminate()
        etcd.wait(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
