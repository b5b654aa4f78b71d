"""Who may speak to whom: what must be let through is, and what must not be is not.

The policies are worked out as Kubernetes does it: what no policy selects is free, what any selects
may do what one of them names, and both ends must allow it.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.shipped import NAMESPACE, of_kind, pods, selects


class Place(NamedTuple):
    """Where packets come from or go to: a pod by its labels, or an address outside the pods."""

    labels: dict[str, str]
    namespace: str = NAMESPACE
    address: str | None = None


MEMBER, REPOSITORY = "StatefulSet/postgres-cluster", "Deployment/postgres-repository"
FIRST, FULL = "Job/postgres-backup-first", "CronJob/postgres-backup-full"
DAILY, DRILL = "CronJob/postgres-backup-differential", "CronJob/postgres-drill"
METRICS, MIGRATIONS = "Deployment/postgres-backup-metrics", "Job/postgres-migrations"
ADMIN = "Job/postgres-admin"
OUTSIDE = {
    "a client": Place({"gardenos/postgres-client": "true"}),
    "an administrator's own pod": Place({"gardenos/postgres-admin": "true"}),
    "a stranger": Place({"app": "anything"}),
    "a stranger elsewhere": Place({"gardenos/postgres-client": "true"}, "default"),
    "an administrator elsewhere": Place({"gardenos/postgres-admin": "true"}, "default"),
    "Prometheus": Place({"app.kubernetes.io/name": "prometheus"}, "monitoring"),
    "names": Place({"k8s-app": "kube-dns"}, "kube-system"),
    "the world": Place({}, "", "198.51.100.7"),
}
BACKUPS = (FIRST, FULL, DAILY)
EVERYONE = (MEMBER, REPOSITORY, *BACKUPS, DRILL, METRICS, MIGRATIONS, ADMIN)
TO_BUCKET = (MEMBER, *BACKUPS, DRILL, METRICS)
MUST: list[tuple[str, str, int]] = [
    *((MEMBER, MEMBER, port) for port in (5432, 8008)),
    (MEMBER, "etcd", 2379),
    *((each, "names", 53) for each in EVERYONE),
    *((each, MEMBER, 8432) for each in BACKUPS),
    *((each, MEMBER, 5432) for each in (DRILL, MIGRATIONS, ADMIN, "a client")),
    *((each, MEMBER, 8008) for each in (ADMIN, "an administrator's own pod", "Prometheus")),
    (ADMIN, "etcd", 2379),
    ("Prometheus", METRICS, 9187),
]
MUST_NOT: list[tuple[str, str, int]] = [
    *((each, MEMBER, 5432) for each in (*BACKUPS, METRICS, REPOSITORY, "Prometheus")),
    *((each, MEMBER, 8008) for each in (*BACKUPS, DRILL, METRICS, MIGRATIONS, "a client")),
    *((each, MEMBER, 8432) for each in (DRILL, METRICS, MIGRATIONS, ADMIN, "a client")),
    *((each, "etcd", 2379) for each in (*BACKUPS, DRILL, METRICS, MIGRATIONS, REPOSITORY)),
    *(("a stranger", each, port) for each in EVERYONE for port in (22, 5432, 8008, 8432, 9187)),
    *((each, MEMBER, 5432) for each in ("a stranger elsewhere", "an administrator elsewhere")),
    ("an administrator elsewhere", MEMBER, 8008),
    *((each, "the world", 25) for each in EVERYONE),
    *((each, "the API", 6443) for each in EVERYONE if each != MEMBER),
]


def find_reach_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return who cannot reach what it needs, and who can reach what it must not."""
    places = {pod.name: Place(pod.labels) for pod in pods(objects)} | OUTSIDE
    settings = [each for each in of_kind(objects, "ConfigMap") if "etcd-hosts" in each["data"]]
    host = settings[0]["data"]["etcd-hosts"].partition(":")[0] if settings else "198.51.100.9"
    places |= {"etcd": Place({}, "", host), "the API": Place({}, "", host)}
    with_volume, with_sidecar = REPOSITORY in places, _has_role(objects)
    must = [
        *MUST,
        *([(MEMBER, REPOSITORY, 8432)] if with_volume else []),
        *([(MEMBER, "the API", 6443), ("Prometheus", MEMBER, 8009)] if with_sidecar else []),
        *([] if with_volume else ((each, "the world", 443) for each in TO_BUCKET)),
    ]
    must_not = [
        *MUST_NOT,
        *([] if with_sidecar else [(MEMBER, "the API", 6443)]),
        *((each, "the world", 443) for each in EVERYONE if with_volume or each not in TO_BUCKET),
        *(((each, REPOSITORY, 8432) for each in EVERYONE if each != MEMBER) if with_volume else []),
    ]
    faults = [
        f"{source} cannot reach {target} at {port}"
        for source, target, port in must
        if {source, target} <= places.keys()
        and not reaches(objects, places[source], places[target], port)
    ]
    return faults + [
        f"{source} can reach {target} at {port}"
        for source, target, port in must_not
        if {source, target} <= places.keys()
        and reaches(objects, places[source], places[target], port)
    ]


def _has_role(objects: Sequence[Manifest]) -> bool:
    return any(
        each["name"] == "sidecar" for pod in pods(objects) for each in pod.spec["containers"]
    )


def reaches(objects: Sequence[Manifest], source: Place, target: Place, port: int) -> bool:
    """Tell whether a connection is let through at both ends."""
    out = _allows(objects, source, "Egress", target, port)
    return out and _allows(objects, target, "Ingress", source, port)


def _allows(
    objects: Sequence[Manifest], own: Place, direction: str, peer: Place, port: int
) -> bool:
    if own.address is not None:
        return True
    policies = [
        policy["spec"]
        for policy in of_kind(objects, "NetworkPolicy")
        if own.namespace == policy["metadata"]["namespace"]
        and selects(policy["spec"]["podSelector"], own.labels)
        and direction in policy["spec"]["policyTypes"]
    ]
    if not policies:
        return True
    rules = [rule for spec in policies for rule in spec.get(direction.lower(), [])]
    return any(
        port in {each.get("port") for each in rule.get("ports", [{"port": port}])}
        and any(_is_peer(each, peer) for each in _peers(rule, direction))
        for rule in rules
    )


def _peers(rule: dict[str, Any], direction: str) -> Iterator[dict[str, Any]]:
    yield from rule.get("to" if direction == "Egress" else "from", [{"everybody": True}])


def _is_peer(peer: dict[str, Any], place: Place) -> bool:
    if "everybody" in peer:
        return True
    if "ipBlock" in peer:
        block = ip_network(peer["ipBlock"]["cidr"])
        return place.address is not None and ip_address(place.address) in block
    if place.address is not None:
        return False
    namespace = {"kubernetes.io/metadata.name": place.namespace}
    wanted = peer.get(
        "namespaceSelector", {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    )
    return selects(wanted, namespace) and selects(peer.get("podSelector", {}), place.labels)
