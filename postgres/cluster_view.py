"""What was seen of a cluster from outside: etcd, its keys, Patroni, Postgres, Kubernetes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from postgres.dcs_keys import KeyListing, document_of, short_name

STREAMING = frozenset({"streaming", "in archive recovery"})
"""States of a standby that gets what the leader writes."""


@dataclass(frozen=True, slots=True)
class EtcdSeen:
    """One member of etcd; ``error`` says why nothing else is known.

    Attributes:
        refusal: etcd's words where it refuses the v3 JSON gateway.
        alarms: Such as ``NOSPACE``.
    """

    address: str
    error: str | None = None
    version: str | None = None
    cluster_id: str | None = None
    refusal: str | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A member as its key in etcd tells; a member that lives renews the key."""

    name: str
    api_url: str | None
    host: str | None
    port: int | None
    role: str | None
    state: str | None
    timeline: int | None
    lsn: int | None
    version: str | None


@dataclass(frozen=True, slots=True)
class ScopeSeen:
    """The keys of one scope, read; ``keys`` are their short names."""

    keys: tuple[str, ...] = ()
    leader: str | None = None
    system_id: str | None = None
    members: tuple[MemberKey, ...] = ()
    synchronous: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    leader_lsn: int | None = None


@dataclass(frozen=True, slots=True)
class PatroniSeen:
    """A member's own answer to ``/primary``; ``error`` where it is silent."""

    address: str
    error: str | None = None
    status: int | None = None
    name: str | None = None
    scope: str | None = None
    version: str | None = None
    role: str | None = None
    state: str | None = None
    timeline: int | None = None
    system_id: str | None = None
    paused: bool = False
    failsafe: bool = False

    @property
    def is_primary(self) -> bool:
        """Return whether it is the primary: the status alone lies after a promotion."""
        return (self.status, self.role, self.state) == (200, "primary", "running")


@dataclass(frozen=True, slots=True)
class PostgresSeen:
    """What a server says of itself; ``error`` is its refusal, or the kind of silence."""

    member: str
    error: str | None = None
    sqlstate: str | None = None
    in_recovery: bool | None = None
    read_only: bool | None = None
    timeline: int | None = None
    system_id: str | None = None
    retained: tuple[tuple[str, int], ...] = ()
    archive_fails: bool = False


@dataclass(frozen=True, slots=True)
class SliceSeen:
    """An EndpointSlice of the Service ``postgres-primary``."""

    name: str
    addresses: tuple[str, ...]
    mirrored: bool


@dataclass(frozen=True, slots=True)
class ClaimSeen:
    """A volume's claim."""

    name: str
    phase: str
    storage_class: str | None


@dataclass(frozen=True, slots=True)
class PodSeen:
    """A pod of the cluster; ``command`` is that of the container which runs Patroni."""

    name: str
    address: str | None
    phase: str
    command: tuple[str, ...]
    shares_processes: bool


@dataclass(frozen=True, slots=True)
class DiskSeen:
    """A disk with data on it."""

    place: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class KubernetesSeen:
    """What Kubernetes holds of the cluster; ``errors`` name what could not be read."""

    storage_classes: tuple[str, ...] | None = None
    default_class: str | None = None
    claims: tuple[ClaimSeen, ...] = ()
    pods: tuple[PodSeen, ...] = ()
    slices: tuple[SliceSeen, ...] | None = None
    has_endpoints: bool = False
    old_selectors: tuple[str, ...] = ()
    pod_network: str | None = None
    disks: tuple[DiskSeen, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """A data folder as this machine sees it."""

    path: str
    mode: int
    owner_uid: int
    our_uid: int


@dataclass(frozen=True, slots=True)
class LogSeen:
    """The end of a member's log."""

    member: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """All of it; what nobody looked at stays empty."""

    scope_name: str = ""
    etcd: tuple[EtcdSeen, ...] = ()
    scope: ScopeSeen | None = None
    patroni: tuple[PatroniSeen, ...] = ()
    postgres: tuple[PostgresSeen, ...] = ()
    kubernetes: KubernetesSeen | None = None
    disks: tuple[DiskSeen, ...] = ()
    folder: FolderSeen | None = None
    first_process: tuple[str, ...] | None = None
    logs: tuple[LogSeen, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    lag_limit_bytes: int = 64 << 20
    free_limit_percent: float = 15.0
    retained_limit_bytes: int = 2 << 30


def read_scope(listing: KeyListing, prefix: str) -> ScopeSeen:
    """Return what a scope's keys say; ``prefix`` ends with a slash."""
    values = {short_name(one, prefix): one.value for one in listing.keys}
    status = document_of(values.get("status", b""))
    sync = document_of(values.get("sync", b"")).get("sync_standby") or ""
    return ScopeSeen(
        keys=tuple(values),
        leader=text_or_none(values.get("leader")),
        system_id=text_or_none(values.get("initialize")),
        members=tuple(
            member_of(name.removeprefix("members/"), document_of(value))
            for name, value in values.items()
            if name.startswith("members/")
        ),
        synchronous=tuple(one for one in str(sync).split(",") if one),
        config=document_of(values.get("config", b"")),
        leader_lsn=number(status.get("optime")),
    )


def member_of(name: str, told: Mapping[str, Any]) -> MemberKey:
    """Return a member as its key tells."""
    address = urlsplit(str(told.get("conn_url") or ""))
    api = urlsplit(str(told.get("api_url") or ""))
    return MemberKey(
        name=name,
        api_url=f"{api.scheme}://{api.netloc}" if api.netloc else None,
        host=address.hostname,
        port=address.port if address.hostname else None,
        role=told.get("role"),
        state=told.get("replication_state") or told.get("state"),
        timeline=number(told.get("timeline")),
        lsn=number(told.get("xlog_location")),
        version=told.get("version"),
    )


def number(value: object) -> int | None:
    """Return a whole number, or None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text_or_none(value: bytes | None) -> str | None:
    """Return a key's value as text, or None where it is empty."""
    return value.decode(errors="replace") if value else None
