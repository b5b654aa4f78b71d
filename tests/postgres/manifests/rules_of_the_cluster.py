"""What makes three members a cluster that keeps its data: Patroni, volumes, rights, backups."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import yaml

from postgres.member_files import fill
from postgres.pod_configuration import config_map
from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.rules_of_pods import amount
from tests.postgres.manifests.shipped import of_kind, pods, title, walk

MEMBERS = {f"postgres-cluster-{number}" for number in range(3)}
RIGHTS = {
    ("discovery.k8s.io", "endpointslices"): (
        {"get", "patch"},
        {"postgres-primary", "postgres-primary-ipv6"},
    ),
    ("", "pods"): ({"get", "patch"}, MEMBERS),
    ("", "endpoints"): ({"get", "delete"}, {"postgres-primary"}),
}
"""What publishing the leader needs: verbs, and on which objects."""

NAMELESS = {"create", "list", "watch"}
"""What it needs of slices whose names no rule can say."""

WORD_OF_PATRONI = {
    "ttl": 20,
    "loop_wait": 2,
    "retry_timeout": 5,
    "synchronous_mode": True,
    "failsafe_mode": True,
}
SETTINGS = "postgres-settings"
EXAMPLE = "203.0.113.0/24"
LINE = re.compile(r"^(local|host|hostssl|hostnossl|hostgssenc|hostnogssenc) (.+) (\S+)$")


def find_right_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which rights at the Kubernetes API are more than publishing the leader needs."""
    faults = [
        f"{title(each)}: a right over the whole cluster"
        for each in of_kind(objects, "ClusterRole", "ClusterRoleBinding")
    ]
    for role in of_kind(objects, "Role"):
        for rule in role["rules"]:
            faults += [f"{title(role)}: {fault}" for fault in _more_than_needed(rule)]
    roles = {role["metadata"]["name"] for role in of_kind(objects, "Role")}
    accounts = {each["metadata"]["name"] for each in of_kind(objects, "ServiceAccount")}
    for binding in of_kind(objects, "RoleBinding"):
        if not _has_sidecar(objects):
            faults.append(f"{title(binding)}: a right that nothing here uses")
        if binding["roleRef"]["name"] not in roles:
            faults.append(f"{title(binding)}: no such role")
        faults += [
            f"{title(binding)}: {subject['name']} is nobody of ours"
            for subject in binding["subjects"]
            if subject["kind"] != "ServiceAccount" or subject["name"] not in accounts
        ]
    return faults + [
        f"{title(account)}: its token is mounted unasked"
        for account in of_kind(objects, "ServiceAccount")
        if account.get("automountServiceAccountToken") is not False
    ]


def _more_than_needed(rule: dict[str, Any]) -> list[str]:
    faults = []
    for group, resource in product(rule["apiGroups"], rule["resources"]):
        verbs, names = RIGHTS.get((group, resource), (set(), set()))
        if not verbs:
            faults.append(f"a right to {resource}")
        elif set(rule["verbs"]) <= NAMELESS and resource == "endpointslices":
            continue
        elif more := sorted(set(rule["verbs"]) - verbs):
            faults.append(f"{', '.join(more)} of {resource} is not needed")
        elif not rule.get("resourceNames") or set(rule["resourceNames"]) - names:
            faults.append(f"a right to {resource} of any name")
    return faults


def _has_sidecar(objects: Sequence[Manifest]) -> bool:
    return any(
        each["name"] == "sidecar" for pod in pods(objects) for each in pod.spec["containers"]
    )


def find_storage_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return how data could go with what they were claimed by."""
    faults = []
    classes = {each["metadata"]["name"]: each for each in of_kind(objects, "StorageClass")}
    for name, each in classes.items():
        if each.get("reclaimPolicy") != "Retain":
            faults.append(f"StorageClass/{name}: a deleted claim deletes its volume")
        if each.get("volumeBindingMode") != "WaitForFirstConsumer":
            faults.append(f"StorageClass/{name}: a volume may be where its pod may not")
    claims = [(title(each), each["spec"]) for each in of_kind(objects, "PersistentVolumeClaim")]
    for each in of_kind(objects, "StatefulSet"):
        spec = each["spec"]
        policy = spec.get("persistentVolumeClaimRetentionPolicy")
        if policy != {"whenDeleted": "Retain", "whenScaled": "Retain"}:
            faults.append(f"{title(each)}: its claims may go with it")
        own = [(title(each), claim["spec"]) for claim in spec.get("volumeClaimTemplates", [])]
        if [amount(claim["resources"]["requests"]["storage"]) for _, claim in own] != [
            Decimal(10 * 2**30)
        ]:
            faults.append(f"{title(each)}: wants one claim of 10Gi")
        claims += own
    return faults + [
        f"{name}: claims of class {claim.get('storageClassName')}, which is none of ours"
        for name, claim in claims
        if claim.get("storageClassName") not in classes
    ]


def find_patroni_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return where members would not do what the cluster promises, or let somebody in."""
    held = [each for each in of_kind(objects, "ConfigMap") if "patroni.yml" in each["data"]]
    if len(held) != 1:
        return ["there is not one configuration of Patroni"]
    template = held[0]["data"]["patroni.yml"]
    try:
        document = yaml.safe_load(fill(template, {"POD_NETWORK": EXAMPLE}))
    except ValueError as error:
        return [f"{title(held[0])}: {error}"]
    faults = _words(document)
    wanted = yaml.safe_load(config_map())["data"]["patroni.yml"]
    if template != wanted:
        faults.append("is not what postgres.pod_configuration renders")
    elsewhere = [
        f"{title(each)} {way}: speaks of pg_hba"
        for each in objects
        if each is not held[0]
        for way, value in walk(each)
        if "pg_hba" in way or (isinstance(value, str) and "pg_hba" in value)
    ]
    return [f"{title(held[0])}: {fault}" for fault in faults] + elsewhere


def _words(document: dict[str, Any]) -> list[str]:
    shared = document["bootstrap"]["dcs"]
    faults = [
        f"{name} is {shared.get(name)}, not {value}"
        for name, value in WORD_OF_PATRONI.items()
        if shared.get(name) != value
    ]
    if "pg_hba" in shared.get("postgresql", {}):
        faults.append("pg_hba stands twice, and the one in etcd cannot follow the settings")
    server = document["postgresql"]
    parameters = server.get("parameters", {})
    if parameters.get("ssl") != "on" or parameters.get("password_encryption") != "scram-sha-256":
        faults.append("the server speaks without TLS or stores passwords otherwise than SCRAM")
    faults += [
        f"{name} does not check whom it speaks to"
        for name in ("replication", "rewind")
        if server["authentication"].get(name, {}).get("sslmode") != "verify-ca"
    ]
    if document["etcd3"].get("protocol") != "https" or "cacert" not in document["etcd3"]:
        faults.append("etcd is not asked over TLS")
    if document["restapi"].get("verify_client") not in {"optional", "required"}:
        faults.append("anybody may change the cluster through the REST API")
    if any("password" in str(way).split(".")[-1] for way, value in walk(server["authentication"])):
        faults.append("holds a password")
    return faults + _access(server.get("pg_hba", []))


def _access(lines: Sequence[str]) -> list[str]:
    faults = []
    networks = set()
    for line in lines:
        match = LINE.match(line)
        if match is None or match[3] not in {"scram-sha-256", "reject"}:
            faults.append(f"lets in otherwise than by SCRAM: {line}")
        elif match[1] != "local" and match[3] != "reject":
            networks.add(match[2].split()[-1])
            if match[1] != "hostssl":
                faults.append(f"lets in without TLS: {line}")
    if networks != {EXAMPLE}:
        faults.append(f"lets in from {', '.join(sorted(networks - {EXAMPLE})) or 'nowhere'}")
    if "host all +postgres all reject" not in lines[: _first_network(lines)]:
        faults.append("the superuser may come over the network")
    return faults


def _first_network(lines: Sequence[str]) -> int:
    return next((n for n, line in enumerate(lines) if line.startswith("hostssl")), 0)


def find_setting_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return where a network stands that the settings do not know, so that two could disagree."""
    settings = [each for each in of_kind(objects, "ConfigMap") if title(each).endswith(SETTINGS)]
    if len(settings) != 1:
        return ["there is not one ConfigMap of settings"]
    data = settings[0]["data"]
    pods_of, nodes_of = data.get("pod-network"), data.get("node-network")
    faults = []
    urls = [f"https://{host}" for host in data.get("etcd-hosts", "").split(",")]
    if json.loads(data.get("etcd-urls", "[]")) != urls:
        faults.append(f"{title(settings[0])}: members and commands are told of different etcds")
    for each in objects:
        if each is settings[0]:
            continue
        for way, value in walk(each):
            is_block = way.endswith("ipBlock.cidr")
            if isinstance(value, str) and pods_of in value.split():
                faults.append(f"{title(each)} {way}: the pod network stands twice")
            if is_block and value not in {nodes_of, "0.0.0.0/0"}:
                faults.append(f"{title(each)} {way}: {value} is not the nodes' network")
            if is_block and value == "0.0.0.0/0" and "storage" not in title(each):
                faults.append(f"{title(each)} {way}: every address")
    return faults
