"""Changes to what looks after the cluster, to who may speak to whom, to rights: all refused."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.rules_of_links import find_selector_faults
from tests.postgres.manifests.rules_of_networks import find_reach_faults
from tests.postgres.manifests.rules_of_pods import find_image_faults, find_security_faults
from tests.postgres.manifests.rules_of_tasks import (
    find_backup_faults,
    find_drill_faults,
    find_superuser_faults,
)
from tests.postgres.manifests.rules_of_the_cluster import find_right_faults, find_setting_faults
from tests.postgres.manifests.shipped import REMOVED

Rule = Callable[[Sequence[Manifest]], list[str]]

MEMBERS = "StatefulSet/postgres-cluster"
POD = "spec.template.spec"
CRON_POD = "spec.jobTemplate.spec.template.spec"
FULL = "CronJob/postgres-backup-full"
DAILY = "CronJob/postgres-backup-differential"
FIRST = "Job/postgres-backup-first"
DRILL = "CronJob/postgres-drill"
METRICS = "Deployment/postgres-backup-metrics"
MIGRATIONS = "Job/postgres-migrations"
ADMIN = "Job/postgres-admin"
ROLE = "Role/postgres-leader"
POLICY = "NetworkPolicy/postgres-members"
TO_NAMES = "NetworkPolicy/postgres-to-names"
SIDECAR = "leader-sidecar"
BUCKET = "object-storage"
URL = "postgresql://gardenos_drill@a,b,c/postgres?sslmode=verify-full&sslrootcert=/ca.crt"
EVERYBODY = {"ports": [{"protocol": "TCP", "port": 5432}]}


class Case(NamedTuple):
    """One change, and what the rule must say to it."""

    rule: Rule
    name: str
    way: str
    value: Any
    said: str
    overlay: str = "volume"


TASKS = [
    # Backups.
    Case(find_backup_faults, FULL, "spec.schedule", "30 1 * * *", "is no plan of a week"),
    Case(find_backup_faults, DAILY, "spec.schedule", "30 1 * * 1-5", "not one backup a day"),
    Case(find_backup_faults, DAILY, "spec.schedule", "30 1 * * 0-6", "not one backup a day"),
    Case(find_backup_faults, FULL, "", REMOVED, "not one full backup a week"),
    Case(find_backup_faults, FULL, "spec.suspend", True, "at no certain time"),
    Case(find_backup_faults, FULL, "spec.timeZone", REMOVED, "at no certain time"),
    Case(find_backup_faults, FULL, "spec.concurrencyPolicy", "Allow", "may run twice"),
    Case(
        find_backup_faults,
        FULL,
        "spec.jobTemplate.spec.activeDeadlineSeconds",
        REMOVED,
        "has no end",
    ),
    Case(find_backup_faults, FIRST, "spec.ttlSecondsAfterFinished", REMOVED, "by an upgrade"),
    Case(find_backup_faults, MIGRATIONS, "spec.backoffLimit", REMOVED, "has no end"),
    Case(find_backup_faults, FIRST, f"{POD}.initContainers", [], "may find no stanza"),
    Case(
        find_backup_faults,
        FIRST,
        f"{POD}.containers.0.command",
        ["pgbackrest", "--stanza=postgres-cluster", "--type=diff", "backup"],
        "does not wait for a new leader",
    ),
    # Drills.
    Case(find_drill_faults, DRILL, "", REMOVED, "no one CronJob proves"),
    Case(find_drill_faults, DRILL, f"{CRON_POD}.volumes.2.emptyDir.sizeLimit", "5Gi", "no room"),
    Case(find_drill_faults, DRILL, f"{CRON_POD}.containers.0.env.2.value", "/tmp", "no room"),
    Case(
        find_drill_faults,
        DRILL,
        f"{CRON_POD}.containers.0.resources.limits.ephemeral-storage",
        "1Gi",
        "would be evicted",
    ),
    Case(
        find_drill_faults,
        DRILL,
        f"{CRON_POD}.containers.0.command",
        ["gardenos", "postgres", "drill"],
        "another server than the members'",
    ),
    Case(find_drill_faults, METRICS, "", REMOVED, "nothing tells how old"),
    # The superuser.
    Case(
        find_superuser_faults,
        DRILL,
        f"{CRON_POD}.containers.0.env.1.valueFrom.secretKeyRef",
        {"name": "postgres-passwords", "key": "superuser"},
        "has the superuser's password",
    ),
    Case(
        find_superuser_faults,
        DRILL,
        f"{CRON_POD}.containers.0.env.0.value",
        URL.replace("gardenos_drill", "postgres"),
        "the superuser over the network",
    ),
    Case(
        find_superuser_faults,
        MIGRATIONS,
        f"{POD}.containers.0.env.0.value",
        URL.replace("@", ":secret@"),
        "an address holds a password",
    ),
    Case(
        find_superuser_faults,
        MIGRATIONS,
        f"{POD}.containers.0.env.0.value",
        URL.replace("verify-full", "require"),
        "does not check whom",
    ),
    Case(
        find_superuser_faults,
        MIGRATIONS,
        f"{POD}.containers.0.env.0.value",
        URL.replace("a,b,c", "a"),
        "does not name every member",
    ),
    Case(
        find_superuser_faults,
        MEMBERS,
        f"{POD}.containers.2.env.0.value",
        "postgresql://postgres@/postgres?host=/tmp",
        "goes nowhere",
    ),
    # Who speaks to whom.
    Case(find_reach_faults, TO_NAMES, "", REMOVED, f"{MEMBERS} cannot reach names at 53"),
    Case(
        find_reach_faults,
        TO_NAMES,
        "spec.egress.0.to.0.namespaceSelector.matchLabels",
        {"kubernetes.io/metadata.name": "dns"},
        "cannot reach names",
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-to-etcd",
        "spec.egress.0.ports.0.port",
        2380,
        f"{MEMBERS} cannot reach etcd at 2379",
    ),
    Case(find_reach_faults, POLICY, "spec.ingress.0.ports.1", REMOVED, f"reach {MEMBERS} at 8008"),
    Case(find_reach_faults, POLICY, "spec.egress.0.ports.1", REMOVED, f"reach {MEMBERS} at 8008"),
    Case(find_reach_faults, POLICY, "spec.ingress.2", REMOVED, f"reach {MEMBERS} at 8432"),
    Case(
        find_reach_faults,
        ADMIN,
        "spec|template|metadata|labels|gardenos/postgres-admin",
        REMOVED,
        f"{ADMIN} cannot reach {MEMBERS} at 8008",
    ),
    Case(find_reach_faults, POLICY, "spec.ingress.3", REMOVED, f"{ADMIN} cannot reach {MEMBERS}"),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-backup-metrics",
        "spec.ingress",
        [],
        f"Prometheus cannot reach {METRICS} at 9187",
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-repository",
        "spec.ingress.0.from.0.podSelector.matchLabels",
        {"app.kubernetes.io/name": "other"},
        "cannot reach Deployment/postgres-repository at 8432",
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-to-object-storage",
        "",
        REMOVED,
        "cannot reach the world at 443",
        BUCKET,
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-to-api",
        "",
        REMOVED,
        f"{MEMBERS} cannot reach the API at 6443",
        SIDECAR,
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-to-object-storage",
        "spec.podSelector.matchExpressions",
        REMOVED,
        f"{MIGRATIONS} can reach the world at 443",
        BUCKET,
    ),
    Case(find_reach_faults, POLICY, "spec.ingress.-", EVERYBODY, "a stranger can reach"),
    Case(
        find_reach_faults,
        POLICY,
        "spec.ingress.1.from.0.namespaceSelector",
        {},
        "a stranger elsewhere can reach",
    ),
    Case(
        find_reach_faults,
        "NetworkPolicy/postgres-clients",
        "",
        REMOVED,
        f"{MIGRATIONS} cannot reach {MEMBERS} at 5432",
    ),
    Case(
        find_reach_faults,
        TO_NAMES,
        "spec.egress.-",
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]},
        f"{DRILL} can reach the world at 443",
    ),
    Case(
        find_reach_faults,
        POLICY,
        "spec.ingress.3.from.0.podSelector.matchLabels",
        {"gardenos/postgres-client": "true"},
        f"a client can reach {MEMBERS} at 8008",
    ),
    # Rights.
    Case(find_right_faults, ROLE, "rules.1.verbs", ["*"], "* of endpointslices is not", SIDECAR),
    Case(find_right_faults, ROLE, "rules.1.verbs", ["get", "delete"], "delete of endp", SIDECAR),
    Case(find_right_faults, ROLE, "rules.1.resourceNames", REMOVED, "of any name", SIDECAR),
    Case(find_right_faults, ROLE, "rules.0.verbs", ["create", "get"], "create of", SIDECAR),
    Case(find_right_faults, ROLE, "rules.0.verbs", ["get"], "of any name", SIDECAR),
    Case(find_right_faults, ROLE, "rules.2.verbs", ["patch", "delete"], "delete of pods", SIDECAR),
    Case(find_right_faults, ROLE, "rules.2.resourceNames", ["other"], "of any name", SIDECAR),
    Case(find_right_faults, ROLE, "rules.3.verbs", ["list"], "list of endpoints", SIDECAR),
    Case(find_right_faults, ROLE, "rules.0.resources", ["secrets"], "right to secrets", SIDECAR),
    Case(find_right_faults, ROLE, "rules.0.apiGroups", ["*"], "right to endpointslices", SIDECAR),
    Case(find_right_faults, ROLE, "kind", "ClusterRole", "over the whole cluster", SIDECAR),
    Case(find_right_faults, ROLE, "metadata.name", "leader", "no such role", SIDECAR),
    Case(
        find_right_faults,
        "RoleBinding/postgres-leader",
        "subjects.0.name",
        "default",
        "default is nobody of ours",
        SIDECAR,
    ),
    Case(
        find_right_faults,
        MEMBERS,
        f"{POD}.containers.3.name",
        "other",
        "a right that nothing here uses",
        SIDECAR,
    ),
    Case(
        find_right_faults,
        "ServiceAccount/postgres",
        "automountServiceAccountToken",
        True,
        "mounted unasked",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POD}.containers.0.volumeMounts.-",
        {"name": "api", "mountPath": "/token"},
        "postgres: mounts a token of the API",
        SIDECAR,
    ),
    Case(
        find_selector_faults,
        MEMBERS,
        f"{POD}.containers.3.name",
        "other",
        "Service/postgres-replica: selector chooses no pod",
        SIDECAR,
    ),
    Case(
        find_image_faults,
        METRICS,
        f"{POD}.containers.0.image",
        "gardenos/database:0.1.0-2",
        "gardenos/database must be of one version",
    ),
    Case(
        find_setting_faults,
        "ConfigMap/postgres-settings",
        "data.etcd-urls",
        '["https://192.168.10.11:2379"]',
        "told of different etcds",
    ),
]
