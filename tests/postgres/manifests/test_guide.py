"""The guide's commands: what needs no cluster is run, what needs one names what is there."""

import base64
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from serve_app.commands.postgres import PostgresCommands
from serve_app.settings import load_settings
from tests.patroni.etcd import EtcdServer, find_etcd
from tests.patroni.pods import Kennel, usable_way
from tests.patroni.ports import Ports
from tests.postgres.manifests.shares import reserved, shipped
from tests.postgres.manifests.shipped import (
    OVERLAYS,
    REPOSITORY,
    of_kind,
    pods,
    rendered,
    required_secrets,
)

GUIDE = (REPOSITORY / "docs" / "how-to" / "postgres-on-kubernetes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
MADE_BY_HAND = {"bucket-key", "bucket-key-secret"}
SETTINGS, SIDECAR = "postgres-settings", "leader-sidecar"
ALIASES = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "cronjob": "CronJob",
    "job": "Job",
}


def commands(first: str) -> list[str]:
    """Return the guide's commands that begin with some words."""
    return [line for line in COMMANDS if line.startswith(first)]


def named(text: str) -> set[str]:
    """Return kind and name of each object that a command of kubectl names."""
    return {
        f"{ALIASES[kind]}/{name}"
        for kind, name in re.findall(rf"\b({'|'.join(ALIASES)})/([\w-]+)", text)
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which the passwords and certificates were made as the guide says."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "postgres").symlink_to(REPOSITORY / "postgres")
    (folder / "secrets").mkdir()
    authority = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2"
    subprocess.run(
        [
            *shlex.split(authority),
            *shlex.split("-subj /CN=etcd -keyout etcd-ca.key"),
            "-out",
            "etcd-ca.crt",
        ],
        cwd=folder / "secrets",
        capture_output=True,
        timeout=30,
        check=True,
    )
    for name in MADE_BY_HAND:
        (folder / "secrets" / name).write_text("by hand", encoding="utf-8")
    (block,) = [block for block in BLOCKS if "make-certificates.sh" in block]
    run(block, folder)
    return folder


def run(block: str, folder: Path, **variables: str) -> str:
    """Run commands of the guide in a folder; each must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_command_goes_without_a_look() -> None:
    looked_at = ("docker build ", "docker save ", "etcdctl ", "kubectl ")
    (made,) = [block for block in BLOCKS if "make-certificates.sh" in block]

    left = [line for line in COMMANDS if not line.startswith(looked_at)]

    assert left == made.splitlines()


def test_the_images_are_built_and_saved_by_the_names_that_the_manifests_ask_for() -> None:
    asked = {each["image"] for pod in pods(rendered("volume")) for each in pod.containers()}
    (save,) = commands("docker save ")
    built = {}
    for command in commands("docker build "):
        *_, first, second, tag, image, place = shlex.split(command)
        assert (tag, place) == ("--tag", ".")
        built[image] = (first, second)

    assert set(built) == set(shlex.split(save)[4:]) == asked
    for file in (REPOSITORY / "Dockerfile", REPOSITORY / "postgres" / "Dockerfile"):
        said = re.findall(r"docker build (\S+) (\S+) --tag (\S+) \.", file.read_text("utf-8"))
        for first, second, image in said:
            assert built.get(image, (first, second)) == (first, second)


def test_the_secrets_of_the_guide_are_those_that_the_manifests_ask_for(checkout: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    made: dict[str, dict[str, str]] = {}
    for command in commands("kubectl -n gardenos create secret"):
        printed = yaml.safe_load(run(f"{command} --dry-run=client -o yaml", checkout))
        made[printed["metadata"]["name"]] = printed["data"]

    assert {name: set(data) for name, data in made.items()} == {
        name: set(keys) for name, keys in required_secrets().items()
    }
    passwords = [*made["postgres-passwords"].values(), made["postgres-backup"]["cipher-pass"]]
    passwords.append(made["postgres-etcd"]["password"])
    passwords += made["postgres-roles"].values()
    decoded = [base64.b64decode(value).decode() for value in passwords]
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in decoded)
    assert len(set(decoded)) == len(decoded)


def test_no_secret_is_declared_that_no_overlay_asks_for() -> None:
    texts = [yaml.safe_dump_all(rendered(overlay)) for overlay in OVERLAYS]

    for name, keys in required_secrets().items():
        assert any(name in text for text in texts), name
        assert keys


def test_only_their_owner_may_read_the_secrets(checkout: Path) -> None:
    assert (checkout / "secrets").stat().st_mode & 0o077 == 0
    assert "/secrets/" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_what_is_applied_is_there() -> None:
    for command in commands("kubectl apply"):
        *_, kind, path = shlex.split(command)
        if kind == "-k":
            assert path in {f"postgres/manifests/overlays/{overlay}" for overlay in OVERLAYS}
        else:
            assert (REPOSITORY / path).is_file()


def test_what_is_looked_at_in_the_cluster_is_there() -> None:
    objects = rendered("volume")
    there = {f"{each['kind']}/{each['metadata']['name']}" for each in objects}
    containers = {each["name"] for pod in pods(objects) for each in pod.spec["containers"]}

    for command in commands("kubectl -n gardenos "):
        words = shlex.split(command)
        assert words[3] in {"create", "delete", "exec", "get", "logs", "rollout", "wait"}, command
        assert named(command) <= there, command
        if "-c" in words:
            assert words[words.index("-c") + 1] in containers


def test_what_an_administrator_runs_is_a_command_of_ours_in_a_pod_that_is_let_in() -> None:
    (admin,) = [pod for pod in pods(rendered("volume")) if pod.name == "Job/postgres-admin"]
    run_in = commands("kubectl -n gardenos exec job/postgres-admin -- ")

    assert admin.labels["gardenos/postgres-admin"] == "true"
    assert len(run_in) == 2
    for command in run_in:
        _, _, words = command.partition(" -- gardenos postgres ")
        assert words in PostgresCommands.places


def test_every_setting_of_a_manifest_is_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    data = next(each["data"] for each in rendered("volume") if each["metadata"]["name"] == SETTINGS)
    for pod in pods(rendered("volume")):
        for container in pod.containers():
            if not container["image"].startswith("gardenos/database"):
                continue
            with monkeypatch.context() as given:
                for variable in container.get("env", []):
                    source = variable.get("valueFrom", {}).get("configMapKeyRef", {})
                    value = variable.get("value") or data.get(source.get("key"), "secret")
                    given.setenv(variable["name"], value)
                # Refuses what it does not know.
                loaded = load_settings()
            if pod.name == "Job/postgres-admin":
                assert len(loaded.cluster.etcd) == 3
                assert loaded.cluster.patroni_tls.server_name == "postgres-cluster"
            if pod.name == "CronJob/postgres-drill":
                assert loaded.backups.scratch_folder == Path("/scratch")


def test_every_setting_of_the_sidecars_slot_is_one_of_its_own() -> None:
    settings = pytest.importorskip("sidecar.settings", reason="the sidecar has no settings yet")
    (data,) = [each["data"] for each in rendered(SIDECAR) if each["metadata"]["name"] == SETTINGS]
    (slot,) = [
        each
        for pod in pods(rendered(SIDECAR))
        for each in pod.spec["containers"]
        if each["name"] == "sidecar"
    ]
    fields = {"status.podIPs": "10.42.0.7,fd00::7"}
    environment = {}
    for variable in slot["env"]:
        source = variable.get("valueFrom", {})
        key = source.get("configMapKeyRef", {}).get("key")
        field = fields.get(source.get("fieldRef", {}).get("fieldPath"), "told")
        environment[variable["name"]] = variable.get("value") or data.get(key, field)

    # Refuses what it does not know, and what is missing.
    loaded = settings.read_settings(environment)

    (selector,) = [
        each["spec"]["selector"]
        for each in of_kind(rendered(SIDECAR), "Service")
        if each["metadata"]["name"] == "postgres-replica"
    ]
    assert loaded.role_label in selector
    assert len(loaded.etcd_hosts) == 3
    assert loaded.listen_port == slot["ports"][0]["containerPort"]


def test_every_host_of_the_guide_is_a_service() -> None:
    services = {each["metadata"]["name"] for each in of_kind(rendered("volume"), "Service")}
    (table,) = re.findall(r"\| host \| what answers \|\n(.*?)\n\n", GUIDE, re.DOTALL)

    for host in re.findall(r"^\| `([\w.-]+)`", table, re.MULTILINE):
        assert host.rpartition(".")[2] in services


def test_the_table_of_shares_is_the_one_that_is_counted() -> None:
    row = r"^\| (.+?)(?:, reserved)? \| (every|any) node \| (.+) \| (\d+) \|$"
    rows = re.findall(row, GUIDE, re.MULTILINE)

    assert [(what, on == "every", cores, mib) for what, on, cores, mib in rows] == [
        (each.what, each.is_on_every_node, f"{each.cpu:.2f}", f"{each.memory / 2**20:.0f}")
        for each in (*shipped(rendered("volume")), *reserved())
    ]


@pytest.fixture
def etcd() -> Iterator[EtcdServer]:
    """Give an etcd server of our own."""
    program = find_etcd().with_name("etcdctl")
    if not program.is_file():
        pytest.skip("etcdctl is not installed")
    folder = Path(tempfile.mkdtemp(prefix="gardenos-etcd-", dir="/tmp"))
    kennel, ports = Kennel(folder, usable_way()), Ports()
    try:
        server = EtcdServer(find_etcd(), kennel, folder / "etcd", ports)
        server.start()
        yield server
        server.stop()
    finally:
        kennel.close()
        ports.release()


def test_the_members_user_reaches_the_clusters_keys_and_no_siblings(
    etcd: EtcdServer, checkout: Path
) -> None:
    tools = {
        "PATH": f"{find_etcd().parent}:/usr/bin:/bin",
        "ETCDCTL_ENDPOINTS": f"http://{etcd.address}",
        "ETCDCTL_API": "3",
    }
    (block,) = [block for block in BLOCKS if block.startswith("etcdctl")]
    run(block, checkout, **tools)
    run(
        "printf %s root | etcdctl user add root --interactive=false\n"
        "etcdctl user grant-role root root && etcdctl auth enable",
        checkout,
        **tools,
    )
    password = (checkout / "secrets" / "etcd-password").read_text(encoding="utf-8")
    member = tools | {"ETCDCTL_USER": f"postgres-cluster:{password}"}

    run("etcdctl put /service/postgres-cluster/leader one", checkout, **member)

    for key in ("/service/postgres-cluster-two/leader", "/service/postgres-cluster", "/registry/a"):
        with pytest.raises(AssertionError, match="permission denied"):
            run(f"etcdctl put {key} one", checkout, **member)
