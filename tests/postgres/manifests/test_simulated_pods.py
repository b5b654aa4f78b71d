"""The manifests' pods run as processes: TLS everywhere, read-only images, backups, a killed leader.

Needs root, namespaces, and an installed PostgreSQL with TLS (on Debian: postgresql), of whatever
version: what is proven is how the parts are put together.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from postgres.binaries import system_folders
from tests.debian_tools import ToolMissingError, pgbackrest
from tests.postgres.manifests.shipped import REPOSITORY
from tests.postgres.manifests.simulated_pods import RIGHTS
from tests.postgres.manifests.simulation import CIPHER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PROGRAMS = {
    "patroni": ("patroni.__main__ import main as run", "run()"),
    "patronictl": ("patroni.ctl import ctl", "ctl(obj={})"),
    "gardenos": ("serve_app.cli import main as run", "sys.exit(run())"),
}


def missing() -> str | None:
    """Return what this machine lacks."""
    if os.geteuid() != 0:
        return "root, to make namespaces"
    if not system_folders():
        return "an installed PostgreSQL, since the wheel's has no TLS"
    try:
        pgbackrest()
    except ToolMissingError as error:
        return str(error)
    for program in ("openssl", "ip", "setpriv", "unshare"):
        if shutil.which(program) is None:
            return program
    tried = ["unshare", "--net", "--mount", "--pid", "--fork", "--propagation", "private", "true"]
    if subprocess.run(tried, capture_output=True, check=False, timeout=10).returncode:
        return "the right to make namespaces"
    return None


def find_python() -> str | None:
    """Return a Python of this minor version that an ordinary user may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (os.path.realpath(sys.executable), f"/usr/bin/{name}"):
        user = ["setpriv", *RIGHTS, "--reuid=65534", "--regid=65534"]
        # By a shell: setpriv itself still finds its program with root's rights.
        tried = [*user, "sh", "-c", f"exec {candidate} -S -c ''"]
        if subprocess.run(tried, capture_output=True, check=False, timeout=10).returncode == 0:
            return candidate
    return None


def write_programs(folder: Path, python: str) -> None:
    """Write what the image has on its path: Patroni, its tool, Python; and name pgBackRest."""
    folder.mkdir()
    for name, (found, call) in PROGRAMS.items():
        code = f'import sys; sys.argv[0] = "{name}"; from {found}; {call}'
        text = f"#!/bin/sh\nexec {python} -S -c '{code}' \"$@\"\n"
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "python3").write_text(
        f'#!/bin/sh\nshift\nexec {python} -S {REPOSITORY}/postgres/member_files.py "$@"\n',
        encoding="utf-8",
    )
    for path in folder.iterdir():
        path.chmod(0o755)
    shutil.copy(pgbackrest(), folder / "pgbackrest")


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Give what was seen of one run."""
    if (lack := missing()) is not None:
        pytest.skip(f"this machine lacks {lack}")
    if (python := find_python()) is None:
        pytest.skip("this Python can be run by root only")
    folder = Path(tempfile.mkdtemp(prefix="gardenos-pods-", dir="/var/tmp"))
    folder.chmod(0o755)
    write_programs(folder / "bin", python)
    done = subprocess.run(
        # Process 1 of this namespace is the simulation: with it ends whatever it started.
        [
            "unshare",
            "--net",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            "-m",
            "tests.postgres.manifests.simulation",
            str(folder),
        ],
        cwd=REPOSITORY,
        env={
            "PATH": os.environ["PATH"],
            "SIMULATION_PATH": str(folder / "bin"),
            "SIMULATION_PYTHONPATH": f"{Path(psycopg.__file__).parents[1]}:{REPOSITORY}",
        },
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    logs = {path.name: path.read_text("utf-8")[-1500:] for path in folder.glob("*/*.log")}
    shutil.rmtree(folder)
    if done.returncode:
        pytest.fail(f"{done.stderr}\n{json.dumps(logs, indent=1)}", pytrace=False)
    return dict(json.loads(done.stdout))


def test_every_member_becomes_ready_by_the_probes_that_we_ship(seen: dict[str, Any]) -> None:
    assert seen["configure"] == [0, 0, 0]
    assert seen["roles"] == ["Leader", "Replica", "Sync Standby"]


def test_standbys_follow_over_tls(seen: dict[str, Any]) -> None:
    assert seen["encrypted_standbys"] == "2"


def test_bootstrap_logs_in_over_the_socket_and_ends_as_process_1(seen: dict[str, Any]) -> None:
    # A server older than 16 refuses its statements; that it came in is what is seen here.
    said = seen["bootstrap"]["said"]

    assert "cluster_bootstrapped" in said or "bootstrap_failed fault=" in said
    assert "bootstrap_waits" not in said
    assert seen["bootstrap"]["code"] == 0


def test_the_application_comes_in_by_name_and_by_address(seen: dict[str, Any]) -> None:
    assert seen["connections"]["by name"] == seen["connections"]["by address"] == "in"


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("without tls", "no encryption"),
        ("superuser", "rejects connection"),
        ("wrong password", "password authentication failed"),
    ],
)
def test_nobody_comes_in(seen: dict[str, Any], way: str, said: str) -> None:
    assert said in seen["connections"][way]


def test_the_cluster_is_changed_by_nobody_without_a_certificate(seen: dict[str, Any]) -> None:
    assert seen["restart_without_certificate"] == 403


def test_patronictl_in_a_pod_reaches_every_member(seen: dict[str, Any]) -> None:
    assert seen["reload"].count("Reload request received") == 3


@pytest.mark.parametrize("job", ["first", "full"])
def test_the_jobs_make_a_backup_before_and_after_a_failover(seen: dict[str, Any], job: str) -> None:
    assert {name: code for name, (code, _) in seen[job].items()} == {"stanza": 0, "backup": 0}


def test_the_repository_holds_both_backups_encrypted(seen: dict[str, Any]) -> None:
    (stanza,) = seen["info"]

    assert stanza["status"]["code"] == 0
    assert stanza["cipher"] == "aes-256-cbc"
    assert [backup["type"] for backup in stanza["backup"]] == ["full", "full"]


def document(seen: list[Any]) -> dict[str, Any]:
    """Return what a command printed as JSON, whatever else it said."""
    _, said = seen
    return dict(json.loads(said[said.index("{") :])) if "{" in said else {"said": said}


def test_the_age_of_the_backup_is_told_by_the_pod_that_only_reads(seen: dict[str, Any]) -> None:
    code, said = seen["metrics"]

    assert code == 0
    assert 'gardenos_backup_repository_up{stanza="postgres-cluster"} 1\n' in said
    assert 'gardenos_backup_good{stanza="postgres-cluster"} 2\n' in said
    assert "gardenos_backup_age_seconds" in said


def test_an_administrators_pod_knows_members_at_their_addresses(seen: dict[str, Any]) -> None:
    told = document(seen["status"])

    assert told["silent"] == []
    for asked in ("patroni_says", "postgres_says"):
        assert sorted(each[asked] for each in told["members"]) == ["primary", "replica", "replica"]
    assert [each["error"] for each in told["etcd"]] == [None]


def test_without_their_name_it_would_believe_none(seen: dict[str, Any]) -> None:
    assert len(document(seen["stranger"])["silent"]) == 3


def test_postgres_ends_with_process_1_and_another_leads(seen: dict[str, Any]) -> None:
    killed = seen["killed"]

    assert "patroni" in killed["process_1"]
    assert killed["left"] == 0
    assert killed["seconds"] < 60


def test_a_leader_without_etcd_goes_on_while_it_reaches_all_members(seen: dict[str, Any]) -> None:
    assert seen["without_etcd"]["still"] == seen["without_etcd"]["leader"]
    assert seen["without_etcd"]["written"] == "written"


def test_no_secret_is_told(seen: dict[str, Any]) -> None:
    assert CIPHER not in json.dumps(seen)
    assert "super" not in seen["bootstrap"]["said"].replace("superuser", "")
