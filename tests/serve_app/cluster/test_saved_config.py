"""Claims about ``export-config`` and ``restore-config`` on a real etcd."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
import yaml

from domain.errors import InvalidInputError, UnavailableError
from postgres.cluster_settings import ClusterSettings
from postgres.dcs_keys import document_of
from postgres.sealed_file import Sealer
from serve_app import cli
from serve_app.cluster import saved_config
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.exit_codes import ExitCode
from tests.patroni import rest
from tests.patroni.cluster import PatroniCluster
from tests.patroni.etcd import find_etcd
from tests.serve_app.cluster.conftest import Command, put
from tests.serve_app.cluster.kubernetes_api import kubernetes_api

SCOPE = "postgres-cluster"
SECRET = "correct horse battery staple"
CONFIG = {"ttl": 20, "loop_wait": 2}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Give a key."""
    file = tmp_path / "key"
    assert cli.main(["postgres", "make-key", str(file)]) == ExitCode.DONE
    return file


def a_secret() -> dict[str, object]:
    """Return a Secret as the API gives it."""
    coded = base64.b64encode(SECRET.encode()).decode()
    metadata = {"name": "postgres-passwords", "namespace": "gardenos", "uid": "u"}
    more = {"resourceVersion": "7", "managedFields": [{"manager": "x"}]}
    return {"metadata": metadata | more, "type": "Opaque", "data": {"superuser": coded}}


def test_what_was_saved_comes_back_and_etcd_starts_on_it(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", json.dumps(CONFIG))
    put(etcd, f"/service/{SCOPE}/initialize", "7512")
    put(etcd, "/registry/of/kubernetes", SECRET)
    where = ["--etcd", etcd.addresses[0], "--key-file", str(key_file)]
    out, folder = tmp_path / "saved", tmp_path / "opened"

    with kubernetes_api(tmp_path, {"secrets": [a_secret()]}) as kubeconfig:
        told = gardenos("export-config", *where, "--kubeconfig", str(kubeconfig), "--out", str(out))
    assert told.code == ExitCode.DONE, told
    assert out.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in out.read_bytes()
    told = gardenos("restore-config", str(out), *where, "--to", str(folder))

    assert told.code == ExitCode.DONE, told
    assert json.loads((folder / "patroni.json").read_bytes()) == CONFIG
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}
    document = yaml.safe_load((folder / "secrets.yaml").read_bytes())
    assert base64.b64decode(document["data"]["superuser"]).decode() == SECRET
    assert set(document["metadata"]) == {"name", "namespace"}
    restored = tmp_path / "etcd-data"
    done = subprocess.run(
        [
            str(etcdutl()),
            "snapshot",
            "restore",
            str(folder / "etcd-snapshot.db"),
            "--data-dir",
            str(restored),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    database = (restored / "member/snap/db").read_bytes()
    assert SECRET.encode() in database
    assert f"/service/{SCOPE}/config".encode() in database


def test_a_snapshot_comes_from_a_member_that_answers(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", json.dumps(CONFIG))
    where = ("--etcd", "http://127.0.0.1:1", "--etcd", etcd.addresses[0])
    told = gardenos(
        "export-config", *where, "--key-file", str(key_file), "--out", str(tmp_path / "saved")
    )
    assert told.code == ExitCode.DONE, told
    assert told.document["files"]["etcd-snapshot.db"]["bytes"] > 4096


WATCHED = """
import json, sys
opened = []
def note(event, values):
    if event == "open" and (set(str(values[1])) & set("wxa+") or (values[2] or 0) & 3):
        opened.append(str(values[0]))
sys.addaudithook(note)
from serve_app import cli
code = cli.main(sys.argv[1:])
print("opened", json.dumps(opened), file=sys.stderr)
sys.exit(code)
"""


def test_nothing_is_written_in_the_clear_on_the_way(
    etcd: EtcdClient, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", json.dumps(CONFIG))
    out = tmp_path / "saved"
    with kubernetes_api(tmp_path, {"secrets": [a_secret()]}) as kubeconfig:
        done = subprocess.run(
            [
                *(sys.executable, "-B", "-c", WATCHED, "postgres", "export-config", "--json"),
                *("--etcd", etcd.addresses[0], "--key-file", str(key_file)),
                *("--kubeconfig", str(kubeconfig), "--out", str(out)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == ExitCode.DONE, done.stderr
    opened = json.loads(done.stderr.rpartition("opened ")[2])
    # A number is a file that was opened before.
    (written,) = {Path(one) for one in opened if not one.isdigit()} - {Path(os.devnull)}
    assert (written.parent, written.suffix) == (tmp_path, ".part")
    assert set(json.loads(done.stdout)["files"]) == {
        "patroni.json",
        "keys.json",
        "secrets.yaml",
        "etcd-snapshot.db",
    }


def test_files_that_its_manifest_does_not_tell_are_refused(tmp_path: Path) -> None:
    key, sealed = bytes(32), tmp_path / "sealed"
    for number, names in enumerate(
        [["manifest.json", "keys.json"], ["../x", "manifest.json"], ["keys.json"], []]
    ):
        with sealed.open("wb") as out:
            sealer = Sealer(key, out)
            with ZipFile(sealer, "w") as archive:
                for name in names:
                    archive.writestr(name, '{"files": {}}')
            sealer.close()
        with pytest.raises(InvalidInputError):
            saved_config.restore(sealed, key, tmp_path / str(number))
        assert list((tmp_path / str(number)).iterdir()) == []


def test_what_is_large_is_small_when_sealed_and_comes_back_whole(tmp_path: Path) -> None:
    pieces = [bytes([n % 7]) * 100_000 for n in range(100)]
    told = saved_config.save(
        tmp_path / "out", bytes(32), {saved_config.SNAPSHOT: lambda: iter(pieces)}, scope="s"
    )
    assert (tmp_path / "out").stat().st_size < 1_000_000
    assert saved_config.restore(tmp_path / "out", bytes(32), tmp_path / "to") == told
    assert (tmp_path / "to" / saved_config.SNAPSHOT).read_bytes() == b"".join(pieces)


def test_what_breaks_off_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 5_000_000
        raise UnavailableError("etcd", 1.0)

    with pytest.raises(UnavailableError):
        saved_config.save(tmp_path / "out", bytes(32), {saved_config.SNAPSHOT: broken}, scope="s")
    assert list(tmp_path.iterdir()) == []


def etcdutl() -> Path:
    """Return etcd's own tool, which is older than ``etcdutl`` in some packages."""
    for name in ("etcdutl", "etcdctl"):
        beside = find_etcd().parent / name
        if beside.is_file():
            return beside
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("no etcdutl")


def test_nothing_is_overwritten_and_no_part_is_left(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", "{}")
    where = ["--etcd", etcd.addresses[0], "--key-file", str(key_file)]
    out = tmp_path / "saved"
    out.write_text("mine")

    told = gardenos("export-config", *where, "--out", str(out), "--no-snapshot")

    assert told.code == ExitCode.CONFIGURATION
    assert out.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["key", "saved"]


def test_a_refused_secret_saves_nothing(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", "{}")
    out = tmp_path / "saved"
    with kubernetes_api(tmp_path, {}, refused="secrets") as kubeconfig:
        told = gardenos(
            "export-config",
            *("--etcd", etcd.addresses[0], "--key-file", str(key_file)),
            *("--kubeconfig", str(kubeconfig), "--out", str(out)),
        )
    assert told.code == ExitCode.UNAVAILABLE
    assert not out.exists()


def test_a_damaged_file_opens_nothing(
    etcd: EtcdClient, gardenos: Command, tmp_path: Path, key_file: Path
) -> None:
    put(etcd, f"/service/{SCOPE}/config", "{}")
    where = ["--etcd", etcd.addresses[0], "--key-file", str(key_file)]
    out, folder = tmp_path / "saved", tmp_path / "opened"
    gardenos("export-config", *where, "--out", str(out))
    os.truncate(out, out.stat().st_size - 1)

    told = gardenos("restore-config", str(out), *where, "--to", str(folder))

    assert told.code == ExitCode.USAGE
    assert list(folder.iterdir()) == []


def test_patroni_takes_its_configuration_back(
    cluster: PatroniCluster, on_cluster: Command, tmp_path: Path, key_file: Path
) -> None:
    leader = cluster.nodes[cluster.wait_for_leader()]
    address = f"http://{leader.host}:{cluster.rest_port}/config"
    out, key = tmp_path / "saved", ["--key-file", str(key_file)]
    before = config_of(cluster)
    on_cluster("export-config", *key, "--out", str(out), "--no-snapshot")
    changed = {"maximum_lag_on_failover": 7}
    httpx.patch(address, json=changed, auth=(rest.USERNAME, rest.PASSWORD)).raise_for_status()
    assert config_of(cluster) == before | changed

    told = on_cluster(
        "restore-config", str(out), *key, "--to", str(tmp_path / "opened"), "--apply-patroni"
    )

    assert told.code == ExitCode.DONE, told
    assert config_of(cluster) == before


@pytest.mark.parametrize(
    ("scope", "config", "why"),
    [
        ("another", b'{"ttl": 20}', "the file is of another; nothing was applied"),
        (SCOPE, b"{}", "the file holds none; nothing was applied"),
    ],
)
def test_no_cluster_takes_anothers_configuration_or_an_empty_one(
    tmp_path: Path, gardenos: Command, key_file: Path, scope: str, config: bytes, why: str
) -> None:
    out, key = tmp_path / "saved", bytes.fromhex(key_file.read_text())
    saved_config.save(out, key, {saved_config.PATRONI: lambda: [config]}, scope=scope)

    told = gardenos(
        *("restore-config", str(out), "--key-file", str(key_file), "--to", str(tmp_path / "to")),
        *("--apply-patroni", "--etcd", "http://127.0.0.1:1"),
    )

    assert told.code == ExitCode.REFUSED
    assert why in told.document["error"]["detail"]


def config_of(cluster: PatroniCluster) -> dict[str, object]:
    """Return the shared configuration as etcd holds it."""
    start = f"/service/{SCOPE}/config"
    with EtcdClient(ClusterSettings(etcd=(f"http://{cluster.etcd.address}",))) as client:
        (key,) = client.list_range(start, start + "\0").keys
    return dict(document_of(key.value))
