"""Look at the whole cluster once: etcd, its keys, Patroni, Postgres, Kubernetes, this machine."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from domain.errors import ConfigurationError, ForbiddenError, UnavailableError
from kuberay.cluster_reader import ClusterReader, KubernetesError
from postgres.cluster_probe import probe_all
from postgres.cluster_settings import ClusterSettings
from postgres.cluster_view import (
    DiskSeen,
    EtcdSeen,
    FolderSeen,
    LogSeen,
    Observation,
    PatroniSeen,
    ScopeSeen,
    read_scope,
)
from postgres.dcs_keys import scope_range
from postgres.kubernetes_view import read_events, read_objects
from serve_app.cluster.etcd_client import EtcdAnswer, EtcdClient, reason_of
from serve_app.cluster.patroni_client import PatroniClient

LOG_BYTES = 256 * 1024
WORKERS = 8


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the settings name and only memory holds; never printed."""

    etcd: str | None = None
    patroni: str | None = None
    database_url: str | None = None

    def __repr__(self) -> str:
        return "Secrets(<hidden>)"


@dataclass(frozen=True, slots=True)
class Places:
    """What else to look at, beside the network: files of this machine, a Kubernetes API."""

    kubeconfig: Path | None = None
    namespace: str = "gardenos"
    data_folder: Path | None = None
    logs: tuple[Path, ...] = ()


def observe(settings: ClusterSettings, secrets: Secrets, places: Places) -> Observation:
    """Return everything that can be seen; silence and refusals are part of it.

    Raises:
        ConfigurationError: No address is known, or a file of the settings cannot be used.
    """
    if not settings.etcd and not settings.members:
        raise ConfigurationError(
            "cluster.etcd", "nothing", "addresses such as http://127.0.0.1:2379, or --etcd"
        )
    etcd, scope = look_at_etcd(settings, secrets.etcd) if settings.etcd else ((), None)
    patroni = look_at_members(settings, secrets, scope)
    seen = Observation(
        scope_name=scope_range(settings.namespace, settings.scope)[0],
        etcd=etcd,
        scope=scope,
        patroni=patroni,
        networks=settings.pod_networks,
        lag_limit_bytes=settings.lag_limit_bytes,
        free_limit_percent=settings.free_limit_percent,
        retained_limit_bytes=settings.retained_limit_bytes,
    )
    if scope is not None and secrets.database_url:
        hosts = {m.name: (m.host, m.port or 5432) for m in scope.members if m.host}
        asked = probe_all(hosts, secrets.database_url, settings.answer_limit_s)
        seen = replace(seen, postgres=tuple(asyncio.run(asked)))
    seen = look_at_machine(seen, places)
    return look_at_kubernetes(seen, places, limit_s=settings.answer_limit_s)


def look_at_etcd(
    settings: ClusterSettings, password: str | None
) -> tuple[tuple[EtcdSeen, ...], ScopeSeen | None]:
    """Return each member of etcd, and the scope's keys where any member gives them."""
    with EtcdClient(settings, password) as client:
        with ThreadPoolExecutor(WORKERS) as pool:
            seen = tuple(pool.map(lambda one: look_at_etcd_member(client, one), settings.etcd))
        if all(one.error for one in seen):
            return seen, None
        start, end = scope_range(settings.namespace, settings.scope)
        try:
            return seen, read_scope(client.list_range(start, end), start)
        except (UnavailableError, ForbiddenError) as error:
            if any(one.refusal for one in seen):
                return seen, None
            return (*seen[:-1], replace(seen[-1], refusal=str(error))), None


def look_at_etcd_member(client: EtcdClient, address: str) -> EtcdSeen:
    """Return what one member of etcd answers."""
    try:
        version = client.get(address, "/version")
        status = client.post_to(address, "/v3/maintenance/status", {})
        alarms = client.post_to(address, "/v3/maintenance/alarm", {"action": "GET"})
    except (UnavailableError, ForbiddenError) as error:
        return EtcdSeen(address, error=str(error))
    return EtcdSeen(
        address,
        version=(version.document or {}).get("etcdserver"),
        cluster_id=((status.document or {}).get("header") or {}).get("cluster_id"),
        refusal=refusal_of(status),
        alarms=alarms_of(alarms),
    )


def refusal_of(answer: EtcdAnswer) -> str | None:
    """Return etcd's words where it refuses the gateway itself."""
    return None if answer.status == httpx.codes.OK else f"{answer.status} {reason_of(answer)}"


def alarms_of(answer: EtcdAnswer) -> tuple[str, ...]:
    """Return the names of the alarms that are raised."""
    document = answer.document if isinstance(answer.document, dict) else {}
    return tuple(str(one.get("alarm")) for one in document.get("alarms") or ())


def look_at_members(
    settings: ClusterSettings, secrets: Secrets, scope: ScopeSeen | None
) -> tuple[PatroniSeen, ...]:
    """Return how each member answers: those of the settings, and those that etcd lists."""
    listed = [one.api_url for one in (scope.members if scope else ()) if one.api_url]
    addresses = list(dict.fromkeys([*settings.members, *listed]))
    if not addresses:
        return ()
    secure = any(one.startswith("https:") for one in addresses)
    with (
        PatroniClient(settings, secrets.patroni, secure=secure) as client,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        return tuple(pool.map(client.look, addresses))


def look_at_machine(seen: Observation, places: Places) -> Observation:
    """Add folder, disk, first process and logs of this machine, where they are asked for."""
    logs = tuple(LogSeen(file.name, last_lines(file)) for file in places.logs)
    seen = replace(seen, logs=(*seen.logs, *logs))
    folder = places.data_folder
    if folder is None:
        return seen
    try:
        stat = folder.stat()
        usage = shutil.disk_usage(folder)
    except OSError as error:
        got = f"{folder} ({error.strerror})"
        raise ConfigurationError("--data-folder", got, "a folder that can be read") from error
    return replace(
        seen,
        folder=FolderSeen(str(folder), stat.st_mode & 0o7777, stat.st_uid, os.geteuid()),
        disks=(DiskSeen(str(folder), usage.free, usage.total),),
        first_process=first_process() if (folder / "postmaster.pid").exists() else None,
    )


def first_process() -> tuple[str, ...] | None:
    """Return the command of process 1, which is the container's own when we run inside it."""
    with suppress(OSError):
        words = Path("/proc/1/cmdline").read_bytes().split(b"\0")
        return tuple(one.decode(errors="replace") for one in words if one) or None
    return None


def last_lines(file: Path) -> tuple[str, ...]:
    """Return the end of a log.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - LOG_BYTES))
            return tuple(log.read().decode(errors="replace").splitlines())
    except OSError as error:
        got = f"{file} ({error.strerror})"
        raise ConfigurationError("--log", got, "a file that can be read") from error


def look_at_kubernetes(seen: Observation, places: Places, *, limit_s: float) -> Observation:
    """Add what Kubernetes holds, where a kubeconfig is given."""
    if places.kubeconfig is None:
        return seen
    try:
        reader = ClusterReader(places.kubeconfig, places.namespace, limit_s=limit_s)
    except KubernetesError as error:
        raise ConfigurationError("--kubeconfig", error.why, "a usable kubeconfig") from error
    with closing(reader):
        found = reader.read()
    logs: Sequence[LogSeen] = [LogSeen(pod, tuple(lines)) for pod, lines in found.logs.items()]
    return replace(
        seen,
        kubernetes=read_objects(found.lists, found.errors),
        logs=(*seen.logs, read_events(found.lists), *logs),
    )
