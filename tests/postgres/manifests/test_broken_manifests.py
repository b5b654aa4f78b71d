"""Each rule refuses the manifests that it is for: one change at a time to what we ship."""

import pytest

from tests.postgres.manifests.broken_tasks import TASKS, Case
from tests.postgres.manifests.rules_of_links import (
    find_name_faults,
    find_network_faults,
    find_reference_faults,
    find_schema_faults,
    find_selector_faults,
    find_service_faults,
)
from tests.postgres.manifests.rules_of_pods import (
    find_image_faults,
    find_probe_faults,
    find_process_faults,
    find_resource_faults,
    find_security_faults,
    find_spread_faults,
)
from tests.postgres.manifests.rules_of_the_cluster import (
    find_setting_faults,
    find_storage_faults,
)
from tests.postgres.manifests.shipped import REMOVED, broken, rendered
from tests.postgres.manifests.test_broken_configurations import REFUSED
from tests.postgres.manifests.test_policies import RULES

MEMBERS = "StatefulSet/postgres-cluster"
POD = "spec.template.spec"
POSTGRES = f"{POD}.containers.0"
FULL = "CronJob/postgres-backup-full"
PRIMARY = "Service/postgres-primary"
CLUSTER = "Service/postgres-cluster"
REPLICA = "Service/postgres-replica"
CLASS = "StorageClass/postgres-retained"
BUDGET = "PodDisruptionBudget/postgres-cluster"
POLICY = "NetworkPolicy/postgres-members"
REPOSITORY = "Deployment/postgres-repository"


CASES = [
    # Schemas.
    Case(find_schema_faults, MEMBERS, "spec.replica", 3, "'replica' was unexpected"),
    Case(find_schema_faults, MEMBERS, f"{POSTGRES}.livenessProbe.httpget", {}, "unexpected"),
    Case(find_schema_faults, MEMBERS, "spec.replicas", "3", "'3' is not of type"),
    Case(find_schema_faults, PRIMARY, "spec.ports.0.port", REMOVED, "'port' is a required"),
    Case(find_schema_faults, BUDGET, "apiVersion", "policy/v1beta1", "of no known kind"),
    # Names.
    Case(find_name_faults, REPLICA, "metadata.name", "postgres-cluster", "comes twice"),
    Case(find_name_faults, MEMBERS, "metadata.namespace", "default", "namespace is default"),
    Case(find_name_faults, PRIMARY, "metadata.namespace", REMOVED, "namespace is None"),
    Case(find_name_faults, BUDGET, "kind", "Pod", "nobody makes it anew"),
    Case(find_name_faults, PRIMARY, "metadata.labels", REMOVED, "no app.kubernetes.io/name"),
    # Selectors.
    Case(
        find_selector_faults,
        MEMBERS,
        "spec|template|metadata|labels|app.kubernetes.io/component",
        "node",
        "chooses nothing",
    ),
    Case(
        find_selector_faults,
        MEMBERS,
        "spec|selector|matchLabels|app.kubernetes.io/component",
        REMOVED,
        "chooses StatefulSet/postgres-cluster, ",
    ),
    Case(
        find_selector_faults,
        BUDGET,
        "spec|selector|matchLabels|app.kubernetes.io/component",
        "database",
        "PodDisruptionBudget/postgres-cluster: selector chooses no pod",
    ),
    Case(find_selector_faults, POLICY, "spec.podSelector", {}, "chooses every pod"),
    Case(find_selector_faults, REPLICA, "spec.selector", {"role": "replica"}, "chooses no pod"),
    # Services.
    Case(find_service_faults, CLUSTER, "spec.ports.0.targetPort", "pg", "has no port pg"),
    Case(find_service_faults, REPLICA, "spec.ports.0.targetPort", 5433, "has no port 5433"),
    Case(find_service_faults, REPLICA, "spec.ports.0.targetPort", 5432, "port by number"),
    Case(find_service_faults, MEMBERS, f"{POSTGRES}.ports.1.name", "rest", "has no port patroni"),
    Case(find_service_faults, CLUSTER, "spec.clusterIP", REMOVED, "does not name every member"),
    Case(find_service_faults, CLUSTER, "spec.publishNotReadyAddresses", REMOVED, "not name every"),
    Case(
        find_service_faults,
        PRIMARY,
        "spec.selector",
        {"app.kubernetes.io/component": "member"},
        "a selector would add standbys",
    ),
    Case(find_service_faults, REPLICA, "spec.publishNotReadyAddresses", True, "that are not ready"),
    Case(find_service_faults, REPLICA, "", REMOVED, "Service/postgres-replica is missing"),
    Case(find_service_faults, MEMBERS, "spec.serviceName", "postgres-replica", "no headless"),
    Case(find_service_faults, BUDGET, "kind", "EndpointSlice", "mirrored, or reset"),
    # References.
    Case(
        find_reference_faults,
        MEMBERS,
        f"{POSTGRES}.env.7.valueFrom.secretKeyRef.name",
        "postgres-secrets",
        "Secret/postgres-secrets is not there",
    ),
    Case(
        find_reference_faults,
        MEMBERS,
        f"{POSTGRES}.env.7.valueFrom.secretKeyRef.key",
        "password",
        "Secret/postgres-passwords has no password",
    ),
    Case(
        find_reference_faults,
        MEMBERS,
        f"{POSTGRES}.env.4.valueFrom.configMapKeyRef.key",
        "etcd",
        "ConfigMap/postgres-settings has no etcd",
    ),
    Case(
        find_reference_faults,
        "ConfigMap/postgres-repository",
        "",
        REMOVED,
        "ConfigMap/postgres-repository is not there",
    ),
    Case(
        find_reference_faults,
        FULL,
        "spec.jobTemplate.spec.template.spec.volumes.1.secret.items.0.key",
        "ca.pem",
        "Secret/postgres-backup has no ca.pem",
    ),
    Case(
        find_reference_faults,
        "PersistentVolumeClaim/postgres-repository",
        "",
        REMOVED,
        "PersistentVolumeClaim/postgres-repository is not there",
    ),
    Case(find_reference_faults, "ServiceAccount/postgres", "", REMOVED, "ServiceAccount/postgres"),
    Case(find_reference_faults, MEMBERS, f"{POD}.priorityClassName", "high", "PriorityClass/high"),
    Case(find_reference_faults, MEMBERS, f"{POD}.volumes.7", REMOVED, "mounts temporary, which"),
    Case(find_reference_faults, MEMBERS, "spec.volumeClaimTemplates", [], "mounts data, which it"),
    Case(
        find_reference_faults,
        MEMBERS,
        f"{POD}.volumes.-",
        {"name": "spare", "emptyDir": {}},
        "has spare and mounts it nowhere",
    ),
    Case(find_reference_faults, BUDGET, "kind", "Secret", "Secrets stand in no file"),
    # Networks.
    Case(find_network_faults, POLICY, "", REMOVED, f"{MEMBERS}: no policy for its Ingress"),
    Case(
        find_network_faults,
        "NetworkPolicy/postgres-repository",
        "spec.policyTypes",
        ["Egress"],
        f"{REPOSITORY}: no policy for its Ingress",
    ),
    Case(find_network_faults, POLICY, "spec.ingress.1.from", REMOVED, "ingress with everybody"),
    Case(find_network_faults, POLICY, "spec.ingress.1.from.0", {}, "ingress with everybody"),
    Case(find_network_faults, POLICY, "spec.egress.-", {}, "egress with everybody"),
    Case(find_network_faults, POLICY, "spec.ingress.1.ports", REMOVED, "ingress at every port"),
    Case(
        find_network_faults,
        POLICY,
        "spec.ingress.4.from.0",
        {"namespaceSelector": {}},
        "ingress with every namespace",
    ),
    # Probes.
    Case(find_probe_faults, MEMBERS, f"{POSTGRES}.startupProbe", REMOVED, "no startupProbe"),
    Case(find_probe_faults, MEMBERS, f"{POSTGRES}.livenessProbe", REMOVED, "no livenessProbe"),
    Case(find_probe_faults, REPOSITORY, f"{POSTGRES}.readinessProbe", REMOVED, "no readiness"),
    Case(
        find_probe_faults,
        MEMBERS,
        f"{POSTGRES}.readinessProbe.httpGet.path",
        "/liveness",
        "asks /liveness, not /readiness",
    ),
    Case(
        find_probe_faults,
        MEMBERS,
        f"{POSTGRES}.livenessProbe.httpGet.path",
        "/primary",
        "asks /primary, not /liveness",
    ),
    Case(
        find_probe_faults,
        MEMBERS,
        f"{POSTGRES}.livenessProbe.httpGet.scheme",
        REMOVED,
        "answers over TLS",
    ),
    Case(
        find_probe_faults,
        MEMBERS,
        f"{POSTGRES}.livenessProbe.httpGet.port",
        "pgbackrest",
        "port pgbackrest is none of its own",
    ),
    Case(
        find_probe_faults,
        MEMBERS,
        f"{POSTGRES}.livenessProbe.timeoutSeconds",
        REMOVED,
        "leaves timeoutSeconds",
    ),
    # Resources.
    Case(
        find_resource_faults,
        MEMBERS,
        f"{POSTGRES}.resources.requests.cpu",
        REMOVED,
        "requests no cpu",
    ),
    Case(
        find_resource_faults,
        MEMBERS,
        f"{POD}.initContainers.0.resources",
        REMOVED,
        "configure: requests no memory",
    ),
    Case(find_resource_faults, MEMBERS, f"{POSTGRES}.resources.limits", {}, "no limit of memory"),
    Case(
        find_resource_faults,
        MEMBERS,
        f"{POSTGRES}.resources.limits.memory",
        "1Gi",
        "requests more memory",
    ),
    Case(find_resource_faults, MEMBERS, f"{POSTGRES}.resources.limits.cpu", "1", "limit of cpu"),
    Case(find_resource_faults, MEMBERS, f"{POD}.volumes.7.emptyDir", {}, "without bound"),
    # Security.
    Case(
        find_security_faults,
        "Namespace/gardenos",
        "metadata.labels",
        {},
        "does not enforce the restricted standard",
    ),
    Case(find_security_faults, MEMBERS, f"{POD}.securityContext.runAsNonRoot", REMOVED, "as root"),
    Case(find_security_faults, MEMBERS, f"{POD}.securityContext.runAsUser", 0, "run as root"),
    Case(
        find_security_faults,
        FULL,
        "spec.jobTemplate.spec.template.spec.securityContext.seccompProfile",
        REMOVED,
        "no seccomp profile",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POD}.securityContext.fsGroupChangePolicy",
        "Always",
        "open the data folder",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POD}.automountServiceAccountToken",
        REMOVED,
        "mounts a token",
    ),
    Case(find_security_faults, MEMBERS, f"{POD}.enableServiceLinks", REMOVED, "as variables"),
    Case(find_security_faults, MEMBERS, f"{POD}.hostNetwork", True, "hostNetwork is on"),
    Case(find_security_faults, MEMBERS, f"{POD}.shareProcessNamespace", True, "shareProcess"),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POD}.volumes.0",
        {"name": "template", "hostPath": {"path": "/etc"}},
        "may touch the node",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POSTGRES}.securityContext.allowPrivilegeEscalation",
        REMOVED,
        "may gain rights",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POSTGRES}.securityContext.privileged",
        True,
        "is privileged",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POSTGRES}.securityContext.readOnlyRootFilesystem",
        False,
        "may write to its image",
    ),
    Case(
        find_security_faults,
        MEMBERS,
        f"{POD}.initContainers.0.securityContext.capabilities",
        {"drop": ["ALL"], "add": ["CHOWN"]},
        "configure: keeps capabilities",
    ),
    Case(find_security_faults, MEMBERS, f"{POSTGRES}.ports.0.hostPort", 5432, "port of the node"),
    # Images.
    Case(find_image_faults, MEMBERS, f"{POSTGRES}.image", "gardenos/postgres:latest", "latest"),
    Case(find_image_faults, MEMBERS, f"{POSTGRES}.image", "gardenos/postgres", "not pinned"),
    Case(find_image_faults, MEMBERS, f"{POSTGRES}.image", "gardenos/postgres:18", "not pinned"),
    Case(find_image_faults, MEMBERS, f"{POSTGRES}.image", "gardenos/postgres:18.5-1", "of one"),
    Case(find_image_faults, MEMBERS, f"{POSTGRES}.imagePullPolicy", "Always", "without a registry"),
    # Process 1.
    Case(
        find_process_faults,
        MEMBERS,
        f"{POSTGRES}.command",
        ["sh", "-c", "patroni /etc/patroni/patroni.yml"],
        "not process 1",
    ),
    Case(find_process_faults, MEMBERS, f"{POSTGRES}.command", REMOVED, "not process 1"),
    Case(find_process_faults, MEMBERS, f"{POSTGRES}.lifecycle", {"preStop": {}}, "a hook"),
    # Spread.
    Case(find_spread_faults, MEMBERS, f"{POD}.affinity", REMOVED, "may share a node"),
    Case(
        find_spread_faults,
        MEMBERS,
        f"{POD}.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey",
        "topology.kubernetes.io/zone",
        "may share a node",
    ),
    Case(find_spread_faults, BUDGET, "", REMOVED, "no single budget"),
    Case(find_spread_faults, BUDGET, "spec.maxUnavailable", 2, "no single budget"),
    Case(find_spread_faults, BUDGET, "spec.unhealthyPodEvictionPolicy", REMOVED, "block a drain"),
    Case(find_spread_faults, MEMBERS, "spec.podManagementPolicy", REMOVED, "keeps the others"),
    Case(find_spread_faults, MEMBERS, "spec.updateStrategy.type", "OnDelete", "pod by pod"),
    # Storage.
    Case(find_storage_faults, CLASS, "reclaimPolicy", "Delete", "deletes its volume"),
    Case(find_storage_faults, CLASS, "reclaimPolicy", REMOVED, "deletes its volume"),
    Case(find_storage_faults, CLASS, "volumeBindingMode", "Immediate", "where its pod may not"),
    Case(
        find_storage_faults,
        MEMBERS,
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled",
        "Delete",
        "may go with it",
    ),
    Case(
        find_storage_faults,
        MEMBERS,
        "spec.volumeClaimTemplates.0.spec.resources.requests.storage",
        "1Gi",
        "one claim of 10Gi",
    ),
    Case(
        find_storage_faults,
        "PersistentVolumeClaim/postgres-repository",
        "spec.storageClassName",
        "local-path",
        "none of ours",
    ),
    # Settings.
    Case(find_setting_faults, "ConfigMap/postgres-settings", "", REMOVED, "not one ConfigMap"),
    Case(
        find_setting_faults,
        "NetworkPolicy/postgres-to-etcd",
        "spec.egress.0.to.0.ipBlock.cidr",
        "10.0.0.0/8",
        "10.0.0.0/8 is not the nodes' network",
    ),
    Case(
        find_setting_faults,
        "NetworkPolicy/postgres-to-etcd",
        "spec.egress.0.to.0.ipBlock.cidr",
        "0.0.0.0/0",
        "every address",
    ),
    Case(
        find_setting_faults,
        MEMBERS,
        f"{POD}.initContainers.0.args.3",
        "--set=POD_NETWORK= 10.42.0.0/16",
        "the pod network stands twice",
    ),
]


@pytest.mark.parametrize("case", [*CASES, *TASKS], ids=lambda case: f"{case.name}-{case.said}")
def test_the_rule_refuses(case: Case) -> None:
    faults = case.rule(broken(rendered(case.overlay), case.name, case.way, case.value))

    assert any(case.said in fault for fault in faults), faults


def test_no_rule_is_without_a_manifest_that_it_refuses() -> None:
    refused = {case.rule.__name__ for case in (*CASES, *TASKS)}
    assert {rule.__name__ for rule in RULES} == refused | REFUSED
