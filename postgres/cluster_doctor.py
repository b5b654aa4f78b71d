"""Recognise faults of the cluster by their symptoms: an observation in, findings out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from postgres.cluster_view import (
    STREAMING,
    KubernetesSeen,
    MemberKey,
    Observation,
    PatroniSeen,
    ScopeSeen,
)
from postgres.disagreements import find_disagreements
from postgres.log_symptoms import find_symptoms
from postgres.remedies import REMEDIES, Remedy, Weight

SMALLEST_TTL_S = 20
FIRST_PROGRAMS = frozenset({"patroni"})
GATEWAY_WORDS = "CommonName"
QUORUM_WORDS = ("no leader", "timed out", "leader changed", "does not answer", "deadline exceeded")
"""By which a member of etcd refuses what only a majority may answer."""

FULL_PERCENT = 3.0
ALLOWED_MODES = frozenset({0o700, 0o750})


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: its code, and what was seen of it."""

    code: str
    seen: str

    @property
    def remedy(self) -> Remedy:
        """Return what it means and what mends it."""
        return REMEDIES[self.code]


Rule = Callable[[Observation], Iterator[Finding]]


def examine(observation: Observation) -> tuple[Finding, ...]:
    """Return all findings, the worst first, each once."""
    found = [one for rule in RULES for one in rule(observation)]
    unique = list(dict.fromkeys(found))
    return tuple(sorted(unique, key=lambda one: one.remedy.weight is not Weight.BROKEN))


def of_etcd(seen: Observation) -> Iterator[Finding]:
    """Find what etcd itself tells."""
    away = [one for one in seen.etcd if one.error]
    if seen.etcd and 2 * len(away) >= len(seen.etcd):
        yield Finding("etcd_unreachable", "; ".join(f"{o.address}: {o.error}" for o in away))
    else:
        yield from (Finding("etcd_member_away", f"{o.address}: {o.error}") for o in away)
    for one in seen.etcd:
        if one.refusal and GATEWAY_WORDS in one.refusal:
            yield Finding("gateway_certificate_name", f"{one.address}: {one.refusal}")
        elif one.refusal and any(words in one.refusal for words in QUORUM_WORDS):
            yield Finding("etcd_no_quorum", f"{one.address}: {one.refusal}")
        elif one.refusal:
            yield Finding("etcd_refuses", f"{one.address}: {one.refusal}")
        if "NOSPACE" in one.alarms:
            yield Finding("etcd_full", f"{one.address}: alarm NOSPACE")


def of_scope(seen: Observation) -> Iterator[Finding]:
    """Find what the keys in etcd tell."""
    scope = seen.scope
    if scope is None:
        return
    if not scope.keys:
        yield Finding("no_scope", f"no key of {seen.scope_name}")
        return
    lives = [one for one in seen.patroni if one.error is None]
    if scope.leader is None and "initialize" in scope.keys and not lives:
        yield Finding("waits_for_nobody", f"initialize is {scope.system_id}, no leader, no member")
    elif scope.leader is None:
        yield Finding("no_leader", f"{len(scope.members)} members, no leader")
    elif scope.leader not in {one.name for one in scope.members}:
        yield Finding("leader_unknown", f"etcd names {scope.leader}, which has no key of its own")
    yield from (
        Finding("stale_cluster_state", f"{one.address} has {one.system_id}, etcd {scope.system_id}")
        for one in lives
        if scope.system_id and one.system_id and one.system_id != scope.system_id
    )
    yield from (
        Finding("not_streaming", f"{one.name} is a {one.role} and {one.state}")
        for one in not_streaming(scope)
    )
    yield from of_config(scope)


def not_streaming(scope: ScopeSeen) -> list[MemberKey]:
    """Return the standbys that get nothing from a leader who is there."""
    return [
        one
        for one in scope.members
        if scope.leader and one.name != scope.leader and one.state not in STREAMING
    ]


def of_config(scope: ScopeSeen) -> Iterator[Finding]:
    """Find what the shared configuration promises wrongly."""
    config = scope.config
    if not config:
        return
    ttl, loop, retry = (seconds(config.get(name), default) for name, default in DEFAULTS)
    if ttl < SMALLEST_TTL_S:
        yield Finding("ttl_clamped", f"ttl is {ttl}, and works as {SMALLEST_TTL_S}")
    if loop + 2 * retry > max(ttl, SMALLEST_TTL_S):
        yield Finding("timing_violated", f"ttl {ttl}, loop_wait {loop}, retry_timeout {retry}")
    synchronous = config.get("synchronous_mode") in (True, "on", "true", "quorum")
    if not synchronous and config.get("primary_start_timeout") == 0:
        yield Finding("start_timeout_loses", "primary_start_timeout 0, synchronous_mode off")
    elif not synchronous:
        yield Finding("not_synchronous", "synchronous_mode is off")
    elif scope.leader and not scope.synchronous:
        yield Finding("no_synchronous_standby", "the key sync names no standby")
    if not config.get("failsafe_mode"):
        yield Finding("no_failsafe", "failsafe_mode is off")


def seconds(value: object, default: int) -> float:
    """Return a duration as Patroni takes it, from a number or its text; else its default."""
    try:
        return float(str(value))
    except ValueError:
        return default


DEFAULTS = (("ttl", 30), ("loop_wait", 10), ("retry_timeout", 10))
"""Patroni's own, where the configuration is silent."""


def of_patroni(seen: Observation) -> Iterator[Finding]:
    """Find what members answer."""
    for one in seen.patroni:
        named = one.name or one.address
        if one.error:
            yield of_silence(seen, one)
        if one.status == 200 and one.role == "replica":  # noqa: PLR2004 - HTTP's "OK"
            yield Finding("primary_is_replica", f"{named}: 200 with role replica, {one.state}")
        if one.role == "master":
            yield Finding("role_master", f"{named} says role master (Patroni {one.version})")
    if any(one.paused for one in seen.patroni):
        yield Finding("paused", "pause is set")
    if any(one.failsafe for one in seen.patroni):
        yield Finding("failsafe_active", "a leader goes on without etcd")


def of_silence(seen: Observation, silent: PatroniSeen) -> Finding:
    """Tell what a silent Patroni means: its server writes on, it was the leader, or neither."""
    scope = seen.scope or ScopeSeen()
    name = next((one.name for one in scope.members if one.api_url == silent.address), None)
    writers = {one.member for one in seen.postgres if one.in_recovery is False}
    if name in writers:
        return Finding("patroni_gone", f"{name}: {silent.error}; its Postgres takes writes")
    if name is not None and name == scope.leader:
        return Finding("leader_silent", f"{name}: {silent.error}")
    return Finding("member_silent", f"{silent.name or silent.address}: {silent.error}")


def of_postgres(seen: Observation) -> Iterator[Finding]:
    """Find what servers answer."""
    for one in seen.postgres:
        if one.error and "pg_hba.conf" in one.error:
            yield Finding("access_rule_network", f"{one.member}: {one.error}")
        elif one.error:
            yield Finding("postgres_silent", f"{one.member}: {one.error}")
        for slot, held in one.retained:
            if held > seen.retained_limit_bytes:
                yield Finding("slot_holds_wal", f"{one.member}: {slot} holds {megabytes(held)}")
        if one.archive_fails:
            yield Finding("archive_fails", f"{one.member}: the last attempt to archive failed")


def of_networks(seen: Observation) -> Iterator[Finding]:
    """Find members that connect from outside the networks which pg_hba lets in."""
    members = seen.scope.members if seen.scope else ()
    hosts = {one.name: one.host for one in members if one.host}
    networks = seen.networks
    kubernetes = seen.kubernetes
    if kubernetes is not None:
        hosts |= {one.name: one.address for one in kubernetes.pods if one.address}
        if kubernetes.pod_network is not None:
            try:
                networks = networks_in(kubernetes.pod_network)
            except ValueError as error:
                yield Finding("access_rule_network", f"pod-network names no network: {error}")
                return
    for name, host in hosts.items():
        try:
            address = ip_address(host)
        except ValueError:
            continue
        if networks and not address.is_loopback and not any(address in n for n in networks):
            allowed = ", ".join(str(one) for one in networks)
            yield Finding("access_rule_network", f"{name} is {address}, pg_hba names {allowed}")


def networks_in(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks that are parted by commas; ValueError where one is none."""
    return tuple(ip_network(one.strip(), strict=False) for one in text.split(","))


def of_kubernetes(seen: Observation) -> Iterator[Finding]:
    """Find what Kubernetes holds."""
    kubernetes = seen.kubernetes
    if kubernetes is None:
        return
    yield from of_claims(kubernetes)
    if kubernetes.has_endpoints or any(one.mirrored for one in kubernetes.slices or ()):
        yield Finding("endpoints_mirrored", "Endpoints postgres-primary stand beside the slice")
    for selector in kubernetes.old_selectors:
        yield Finding("role_master", f"Service {selector} selects role=master")
    for pod in kubernetes.pods:
        if pod.shares_processes or not is_patroni(pod.command):
            seen_as = "shareProcessNamespace" if pod.shares_processes else " ".join(pod.command)
            yield Finding("patroni_not_first", f"{pod.name}: {seen_as}")
    yield from (Finding("unread", one) for one in kubernetes.errors)


def of_claims(kubernetes: KubernetesSeen) -> Iterator[Finding]:
    """Find claims that no volume is made for."""
    if kubernetes.storage_classes is None:
        return
    for one in kubernetes.claims:
        named = one.storage_class or kubernetes.default_class
        if one.phase == "Pending" and named not in kubernetes.storage_classes:
            wanted = one.storage_class or "none, and there is no default"
            yield Finding("no_storage_class", f"{one.name} is Pending: storage class {wanted}")


def of_this_machine(seen: Observation) -> Iterator[Finding]:
    """Find what disks, folder and process table show."""
    for disk in (*seen.disks, *(seen.kubernetes.disks if seen.kubernetes else ())):
        free_percent = 100 * disk.free_bytes / max(1, disk.total_bytes)
        told = f"{disk.place}: {free_percent:.1f} % free ({megabytes(disk.free_bytes)})"
        if free_percent < FULL_PERCENT:
            yield Finding("disk_full", told)
        elif free_percent < seen.free_limit_percent:
            yield Finding("disk_filling", told)
    folder = seen.folder
    if folder and folder.mode not in ALLOWED_MODES:
        yield Finding("data_folder_rights", f"{folder.path} has mode {folder.mode:04o}")
    if folder and folder.our_uid and folder.owner_uid != folder.our_uid:
        owner = f"belongs to user {folder.owner_uid}, the server is {folder.our_uid}"
        yield Finding("data_folder_rights", f"{folder.path} {owner}")
    if seen.first_process and not is_patroni(seen.first_process):
        yield Finding("patroni_not_first", f"process 1 is {' '.join(seen.first_process)[:120]}")


def of_logs(seen: Observation) -> Iterator[Finding]:
    """Find what logs tell."""
    for log in seen.logs:
        for code, line in find_symptoms(log.lines):
            yield Finding(code, f"{log.member}: {line}")


def is_patroni(command: tuple[str, ...]) -> bool:
    """Tell whether a command is Patroni itself and no shell around it; empty is the image's own."""
    if not command:
        return True
    names = [part.rsplit("/", maxsplit=1)[-1] for part in command[:3]]
    if names[0].startswith("python") and len(names) > 1:
        return names[1] == "patroni" or names[1:] == ["-m", "patroni"]
    return names[0] in FIRST_PROGRAMS


def megabytes(size: int) -> str:
    """Return a size as people read it."""
    return f"{size / 2**20:,.0f} MiB"


def of_disagreements(seen: Observation) -> Iterator[Finding]:
    """Find where two sources contradict each other."""
    yield from (Finding(code, told) for code, told in find_disagreements(seen))


RULES: tuple[Rule, ...] = (
    of_etcd,
    of_scope,
    of_disagreements,
    of_patroni,
    of_postgres,
    of_networks,
    of_kubernetes,
    of_this_machine,
    of_logs,
)
