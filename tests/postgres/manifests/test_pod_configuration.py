"""What Patroni makes of a pod's file and environment, and whom members believe over TLS."""

import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from patroni.request import PatroniRequest  # type: ignore[import-untyped]

from postgres.member_files import fill
from postgres.pod_configuration import config_map, template
from tests.postgres.manifests.shipped import MANIFESTS, REPOSITORY, pods, rendered

SHOW = (
    "import json, sys; from patroni.config import Config;"
    " print(json.dumps(Config(sys.argv[1]).copy(), default=dict))"
)
PEER = "127.0.0.2"
"""An address that no certificate names, as a pod's is."""


def member_environment() -> dict[str, str]:
    """Return the variables of the container, each with a value of its own."""
    (members,) = [
        pod for pod in pods(rendered("volume")) if pod.name == "StatefulSet/postgres-cluster"
    ]
    (container,) = [each for each in members.spec["containers"] if each["name"] == "postgres"]
    values: dict[str, str] = {}
    for variable in container["env"]:
        name = variable["name"]
        values[name] = variable.get("value", f"of {name}").replace(
            "$(POD_IP)", values.get("POD_IP", "")
        )
    return values | {"PATRONI_ETCD3_HOSTS": "192.168.10.11:2379,192.168.10.12:2379"}


@pytest.fixture(scope="module")
def effective(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the configuration that a member in a pod works with, as Patroni itself reads it."""
    path = tmp_path_factory.mktemp("member") / "patroni.yml"
    path.write_text(fill(template(), {"POD_NETWORK": "10.42.0.0/16"}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SHOW, str(path)],
        env={"PATH": os.environ["PATH"], **member_environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return dict(json.loads(done.stdout))


def test_the_shipped_config_map_is_the_one_that_the_code_makes() -> None:
    shipped = (MANIFESTS / "base" / "patroni.yaml").read_text(encoding="utf-8")

    assert shipped == config_map()


def test_the_documented_command_makes_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "postgres.pod_configuration"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert yaml.safe_load(done.stdout)["data"]["patroni.yml"] == template()


def test_each_role_gets_its_own_password_and_keeps_what_the_file_says(
    effective: dict[str, Any],
) -> None:
    roles = effective["postgresql"]["authentication"]

    assert {name: role["password"] for name, role in roles.items()} == {
        "superuser": "of PATRONI_SUPERUSER_PASSWORD",
        "replication": "of PATRONI_REPLICATION_PASSWORD",
        "rewind": "of PATRONI_REWIND_PASSWORD",
    }
    assert {role["username"] for role in roles.values()} == {"postgres", "replicator", "rewind"}
    assert roles["replication"]["sslmode"] == roles["rewind"]["sslmode"] == "verify-ca"


def test_a_member_is_reached_at_its_pods_address(effective: dict[str, Any]) -> None:
    assert effective["name"] == "of PATRONI_NAME"
    assert effective["postgresql"]["connect_address"] == "of POD_IP:5432"
    assert effective["restapi"]["connect_address"] == "of POD_IP:8008"


def test_etcd_is_reached_over_tls_with_a_user(effective: dict[str, Any]) -> None:
    etcd = effective["etcd3"]

    assert etcd["hosts"] == ["192.168.10.11:2379", "192.168.10.12:2379"]
    assert (etcd["protocol"], etcd["username"]) == ("https", "of PATRONI_ETCD3_USERNAME")


def test_every_file_that_the_configuration_names_is_mounted() -> None:
    (members,) = [
        pod for pod in pods(rendered("volume")) if pod.name == "StatefulSet/postgres-cluster"
    ]
    mounted = {each["mountPath"] for each in members.spec["containers"][0]["volumeMounts"]}
    document = yaml.safe_load(template())
    named = [
        Path(value)
        for section in (document["restapi"], document["ctl"], document["etcd3"])
        for value in section.values()
        if str(value).startswith("/")
    ]
    server = document["postgresql"]
    named += [Path(server["data_dir"]), Path(server["pgpass"])]
    named += [Path(value) for value in server["parameters"].values() if str(value)[0] == "/"]

    assert len(named) > 10
    for path in named:
        assert mounted & {str(path), *(str(parent) for parent in path.parents)}, path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the cluster's certificates, and under ``strange`` those of another authority."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    for each in (folder, folder / "strange"):
        subprocess.run(
            ["sh", str(MANIFESTS / "make-certificates.sh"), str(each)], check=True, timeout=60
        )
    return folder


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers as a member's REST API."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class QuietServer(http.server.ThreadingHTTPServer):
    """Says nothing of connections that fail: the tests mean them to."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


def serve(folder: Path) -> QuietServer:
    """Serve as a member of the cluster whose certificates lie in a folder."""
    server = QuietServer((PEER, 0), Answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.crt")
    context.load_cert_chain(folder / "postgres.crt", folder / "postgres.key")
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def peers(certificates: Path) -> Iterator[dict[str, int]]:
    """Give the ports of a member of ours and of a stranger."""
    servers = {"ours": serve(certificates), "strange": serve(certificates / "strange")}
    yield {name: server.socket.getsockname()[1] for name, server in servers.items()}
    for server in servers.values():
        server.shutdown()
        server.server_close()


def ask(certificates: Path, port: int, *, is_daemon: bool, **changes: object) -> int:
    """Ask a peer with what the configuration says under ``ctl``: as a member, or as patronictl."""
    section = yaml.safe_load(template())["ctl"]
    section |= {
        "certfile": str(certificates / "postgres.crt"),
        "keyfile": str(certificates / "postgres.key"),
        "cacert": str(certificates / "authority.crt"),
    }
    request = PatroniRequest({"ctl": section | changes}, True if is_daemon else None)
    answer = request.request("GET", f"https://{PEER}:{port}/", timeout=5, retries=False)
    return int(answer.status)


@pytest.mark.parametrize("is_daemon", [True, False])
def test_a_member_is_believed_at_an_address_that_its_certificate_does_not_name(
    certificates: Path, peers: dict[str, int], *, is_daemon: bool
) -> None:
    assert ask(certificates, peers["ours"], is_daemon=is_daemon) == 200


@pytest.mark.parametrize("is_daemon", [True, False])
def test_a_stranger_is_not_believed(
    certificates: Path, peers: dict[str, int], *, is_daemon: bool
) -> None:
    with pytest.raises(Exception, match="certificate verify failed"):
        ask(certificates, peers["strange"], is_daemon=is_daemon)


def test_patronictl_would_hear_nobody_if_it_compared_names(
    certificates: Path, peers: dict[str, int]
) -> None:
    with pytest.raises(Exception, match=r"IP address mismatch|doesn't match"):
        ask(certificates, peers["ours"], is_daemon=False, insecure=False)


def test_the_peer_listens_where_no_other_machine_is() -> None:
    assert socket.inet_aton(PEER)[0] == 127
