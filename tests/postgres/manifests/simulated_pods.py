"""Pods as processes: what Kubernetes would make of a manifest, as far as Linux itself can.

Each container gets its own process and mount namespace, the volumes where the manifest mounts them
and nothing else to write to, its variables, its user's rights and no more. What it does not get:
the image (this machine's programs stand in), limits, probes by a kubelet, a network of its own.
"""

import os
import pwd
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.shipped import Pod, of_kind

SHOWN_READ_ONLY = ("/", "/etc", "/run", "/var/lib")
RIGHTS = ("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")


class SimulatedPod:
    """One pod: its volumes and its containers.

    Args:
        pod: What the manifest says.
        name: Its name, from which its claims follow.
        address: Its address on this machine.
        node: Where it runs.
    """

    def __init__(self, pod: Pod, name: str, address: str, node: "Node") -> None:
        self.pod = pod
        self.name = name
        self.address = address
        self._node = node
        self._runs = 0
        self._folder = node.folder / name
        self._folder.mkdir()

    def container(self, name: str) -> dict[str, Any]:
        """Return what the manifest says of a container."""
        return next(each for each in self.pod.containers() if each["name"] == name)

    def start(
        self, name: str, argv: Sequence[str] = (), *, log: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start a container with its own command, or with another; its output goes to a file."""
        container = self.container(name)
        variables = self._variables(container)
        command = [*(argv or container["command"]), *([] if argv else container.get("args", []))]
        script = "".join(f"mount --bind {source} {at}\n" for source, at in self._mounts(container))
        script += "".join(f"mount -o remount,bind,ro {place}\n" for place in SHOWN_READ_ONLY)
        with (log or self.log(name)).open("w", encoding="utf-8") as output:
            return subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
                + ["sh", "-ec", f'{script}exec "$@"', "sh", "setpriv", *RIGHTS]
                + [f"--reuid={self._node.user}", f"--regid={self._node.group}"]
                + [expand(word, variables) for word in command],
                env=variables | self._node.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
            )

    def run(self, name: str, argv: Sequence[str] = (), *, limit_s: float = 120) -> tuple[int, str]:
        """Run a container, or another command in it, to its end: exit code and what it said."""
        self._runs += 1
        log = self.log(f"{name}-{self._runs}")
        code = self.start(name, argv, log=log).wait(limit_s)
        return code, log.read_text(encoding="utf-8")

    def log(self, container: str) -> Path:
        """Return where a container's output goes."""
        return self._folder / f"{container}.log"

    def _variables(self, container: dict[str, Any]) -> dict[str, str]:
        fields = {"metadata.name": self.name, "status.podIP": self.address}
        found: dict[str, str] = {}
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if "value" in variable:
                value = expand(variable["value"], found)
            elif "fieldRef" in source:
                value = fields[source["fieldRef"]["fieldPath"]]
            elif reference := source.get("secretKeyRef"):
                value = self._node.secrets[reference["name"]][reference["key"]]
            else:
                reference = source["configMapKeyRef"]
                value = self._node.texts(reference["name"])[reference["key"]]
            found[variable["name"]] = value
        return found

    def _mounts(self, container: dict[str, Any]) -> list[tuple[Path, str]]:
        return [
            (self._volume(mount["name"]), mount["mountPath"])
            for mount in sorted(container["volumeMounts"], key=lambda each: each["mountPath"])
        ]

    def _volume(self, name: str) -> Path:
        claims = self.pod.owner["spec"].get("volumeClaimTemplates", [])
        if name in {claim["metadata"]["name"] for claim in claims}:
            return self._node.claim(f"{name}-{self.name}")
        (volume,) = [each for each in self.pod.spec["volumes"] if each["name"] == name]
        if claim := volume.get("persistentVolumeClaim"):
            return self._node.claim(claim["claimName"])
        folder = self._folder / name
        if folder.exists():
            return folder
        folder.mkdir()
        self._node.own(folder)
        sources = volume.get("projected", {}).get("sources", [volume])
        for source in sources:
            self._fill(folder, source)
        return folder

    def _fill(self, folder: Path, source: dict[str, Any]) -> None:
        if reference := source.get("secret"):
            values, mode = self._node.secrets[reference["secretName"]], reference["defaultMode"]
        elif reference := source.get("configMap"):
            values, mode = self._node.texts(reference["name"], self.address), 0o644
        else:
            return
        every = [{"key": key, "path": key} for key in values]
        for item in reference.get("items", every):
            path = folder / item["path"]
            path.parent.mkdir(exist_ok=True)
            path.write_text(values[item["key"]], encoding="utf-8")
            path.chmod(mode)
            os.chown(path, 0, self._node.group)


class Node:
    """A machine for pods, in a mount and network namespace that its maker has entered.

    Args:
        folder: Everything of it; short, since sockets lie below.
        objects: The manifests.
        secrets: The Secrets' values.
        changes: Texts of ConfigMaps to change for this machine's older programs.
        variables: What every container gets on top, such as its search path.
    """

    def __init__(
        self,
        folder: Path,
        objects: Sequence[Manifest],
        secrets: Mapping[str, Mapping[str, str]],
        changes: Sequence[tuple[str, str]],
        variables: Mapping[str, str],
    ) -> None:
        self.folder = folder
        self.secrets = secrets
        self.variables = dict(variables)
        account = pwd.getpwnam("postgres")
        self.user, self.group = account.pw_uid, account.pw_gid
        maps = of_kind(objects, "ConfigMap")
        self._maps = {each["metadata"]["name"]: each["data"] for each in maps}
        self._changes = changes

    def texts(self, name: str, address: str = "") -> dict[str, str]:
        """Return a ConfigMap's texts for a pod that listens at one address instead of at all."""
        changed = {}
        for key, text in self._maps[name].items():
            for old, new in self._changes:
                text = re.sub(old, new.replace("ADDRESS", address), text)  # noqa: PLW2901
            changed[key] = text
        return changed

    def claim(self, name: str) -> Path:
        """Return a volume that outlives pods; open to all, as K3s's provisioner makes it."""
        folder = self.folder / "claims" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o777)
        return folder

    def own(self, path: Path) -> None:
        """Give a path to the pods' user."""
        os.chown(path, self.user, self.group)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with ``$(NAME)`` replaced, as Kubernetes does it."""
    return re.sub(r"\$\((\w+)\)", lambda match: variables.get(match[1], match[0]), text)


def make_room(folder: Path, *, hosts: str, server: Path) -> None:
    """Make the places where volumes are mounted, in this namespace alone.

    Args:
        folder: Where the copies lie.
        hosts: Names and addresses that pods find each other by.
        server: The machine's PostgreSQL, which stands in for the image's.
    """

    def mount(words: str) -> None:
        subprocess.run(shlex.split(f"mount {words}"), check=True, timeout=10)

    subprocess.run(["cp", "-a", "/etc", str(folder / "etc")], check=True, timeout=30)
    (folder / "etc" / "hosts").write_text(hosts, encoding="utf-8")
    (folder / "server").mkdir()
    mount(f"--bind {server} {folder / 'server'}")
    mount(f"--bind {folder / 'etc'} /etc")
    for place in ("/run", "/var/lib", "/usr/lib/postgresql"):
        mount(f"-t tmpfs -o mode=755 tmpfs {place}")
    for version in (server.name, "18"):
        home = Path("/usr/lib/postgresql") / version
        home.mkdir()
        mount(f"--bind {folder / 'server'} {home}")
    for name in ("etc/patroni", "etc/gardenos/passwords", "etc/pgbackrest", "etc/tls/postgres"):
        Path("/", name).mkdir(parents=True)
    for name in ("etc/tls/etcd", "etc/tls/backup", "run/postgresql", "var/lib/postgresql"):
        Path("/", name).mkdir()
    Path("/var/lib/pgbackrest").mkdir()
