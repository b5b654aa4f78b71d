"""What every pod must say of itself: probes, resources, rights, images, where it may run."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.shipped import Pod, matches, of_kind, pods, title

UNITS = {
    "m": Decimal("0.001"),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "": Decimal(1),
}
PINNED = re.compile(r"^[\w./-]+(:\d+\.\d+[\w.-]*|(:[\w.-]+)?@sha256:[0-9a-f]{64})$")
BOUND = ("periodSeconds", "timeoutSeconds", "failureThreshold")
UNASKED = ["gardenos", "postgres", "bootstrap"]
"""Answers nobody: its end is all that there is to see of it."""

HOST = ("hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace")
VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}


def amount(text: str | int) -> Decimal:
    """Return a Kubernetes quantity as a number of cores or bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|)", str(text))
    if match is None:
        raise ValueError(f"{text} is no quantity that we use")
    return Decimal(match[1]) * UNITS[match[2]]


def find_probe_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what is wrong with how Kubernetes would see that a container works."""
    faults = []
    for pod in pods(objects):
        for container in pod.containers() if pod.is_lasting else []:
            where = f"{pod.name} {container['name']}"
            if container in pod.spec.get("initContainers", []):
                continue
            if container["command"][: len(UNASKED)] == UNASKED and "ports" not in container:
                continue
            names = {"livenessProbe", "readinessProbe"}
            if {"name": "patroni", "containerPort": 8008} in container.get("ports", []):
                names |= {"startupProbe"}
            faults += [f"{where}: no {name}" for name in sorted(names - container.keys())]
            for name in sorted(names & container.keys()):
                faults += [f"{where} {name}: {fault}" for fault in _probe(container, name)]
    return faults


def _probe(container: dict[str, Any], name: str) -> list[str]:
    probe = container[name]
    faults = [f"leaves {bound} to a default" for bound in BOUND if bound not in probe]
    action = probe.get("httpGet") or probe.get("tcpSocket") or {}
    ports = {port["name"] for port in container.get("ports", [])}
    if action.get("port") not in ports:
        faults.append(f"port {action.get('port')} is none of its own")
    if "patroni" in ports and action.get("port") != "patroni":
        faults.append("asks not Patroni")
    if "httpGet" in probe and action.get("port") == "patroni":
        wanted = "/readiness" if name == "readinessProbe" else "/liveness"
        if action.get("scheme") != "HTTPS":
            faults.append("Patroni answers over TLS")
        if not action.get("path", "").startswith(wanted):
            faults.append(f"asks {action.get('path')}, not {wanted}")
    return faults


def find_resource_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what could take more of a node than it said, or is not said."""
    faults = []
    for pod in pods(objects):
        for container in pod.containers():
            where = f"{pod.name} {container['name']}"
            resources = container.get("resources", {})
            requests, limits = resources.get("requests", {}), resources.get("limits", {})
            faults += [f"{where}: requests no {n}" for n in ("cpu", "memory") if n not in requests]
            if "memory" not in limits:
                faults.append(f"{where}: has no limit of memory")
            elif amount(requests.get("memory", 0)) > amount(limits["memory"]):
                faults.append(f"{where}: requests more memory than it may have")
            if "cpu" in limits:
                faults.append(f"{where}: a limit of cpu stops a leader while the node is idle")
        faults += [
            f"{pod.name}: volume {volume['name']} is without bound"
            for volume in pod.spec.get("volumes", [])
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]
        ]
    return faults


def find_security_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what a pod may do that it need not."""
    faults = [
        f"{title(namespace)}: does not enforce the restricted standard"
        for namespace in of_kind(objects, "Namespace")
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
        != "restricted"
    ]
    for pod in pods(objects):
        faults += [f"{pod.name}: {fault}" for fault in _pod_rights(pod.spec)]
        faults += [f"{pod.name} {fault}" for fault in _tokens(pod.spec)]
        for container in pod.containers():
            where = f"{pod.name} {container['name']}"
            faults += [f"{where}: {fault}" for fault in _container_rights(container)]
    return faults


def _pod_rights(spec: dict[str, Any]) -> list[str]:
    context = spec.get("securityContext", {})
    faults = [f"{name} is on" for name in HOST if spec.get(name)]
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        faults.append("may run as root")
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        faults.append("has no seccomp profile")
    if context.get("fsGroupChangePolicy") != "OnRootMismatch":
        faults.append("would open the data folder to its group at each start")
    if spec.get("automountServiceAccountToken") is not False:
        faults.append("mounts a token of the API")
    if spec.get("enableServiceLinks") is not False:
        faults.append("gets every service as variables")
    return faults + [
        f"volume {volume['name']} is of a kind that may touch the node"
        for volume in spec.get("volumes", [])
        if not (volume.keys() - {"name"}) <= VOLUMES
    ]


def _tokens(spec: dict[str, Any]) -> list[str]:
    volumes = {
        volume["name"]
        for volume in spec.get("volumes", [])
        if any(
            "serviceAccountToken" in one for one in volume.get("projected", {}).get("sources", [])
        )
    }
    return [
        f"{container['name']}: mounts a token of the API"
        for container in (*spec.get("initContainers", []), *spec["containers"])
        if container["name"] != "sidecar"
        and volumes & {mount["name"] for mount in container.get("volumeMounts", [])}
    ]


def _container_rights(container: dict[str, Any]) -> list[str]:
    context = container.get("securityContext", {})
    faults = []
    if context.get("allowPrivilegeEscalation") is not False:
        faults.append("may gain rights")
    if context.get("privileged"):
        faults.append("is privileged")
    if context.get("readOnlyRootFilesystem") is not True:
        faults.append("may write to its image")
    if context.get("capabilities") != {"drop": ["ALL"]}:
        faults.append("keeps capabilities")
    if any("hostPort" in port for port in container.get("ports", [])):
        faults.append("takes a port of the node")
    return faults


def find_image_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which images are not exactly one version."""
    faults = []
    versions: dict[str, set[str]] = {}
    for pod in pods(objects):
        for container in pod.containers():
            image = container.get("image", "")
            versions.setdefault(re.split(r"[:@]", image)[0], set()).add(image)
            if not PINNED.match(image):
                faults.append(f"{pod.name} {container['name']}: {image} is not pinned")
            if container.get("imagePullPolicy") == "Always":
                faults.append(f"{pod.name} {container['name']}: cannot start without a registry")
    return faults + [
        f"{name} must be of one version: {', '.join(sorted(found))}"
        for name, found in sorted(versions.items())
        if len(found) > 1
    ]


def find_process_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return where Patroni would not be process 1, so that Postgres could outlive it."""
    faults = []
    for pod in pods(objects):
        for container in pod.spec["containers"]:
            ports = {port["name"] for port in container.get("ports", [])}
            if "patroni" not in ports:
                continue
            if container.get("command", ["?"])[0] != "patroni":
                faults.append(f"{pod.name} {container['name']}: Patroni is not process 1")
            if container.get("lifecycle"):
                faults.append(f"{pod.name} {container['name']}: a hook would delay its end")
    return faults


def find_spread_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what could lose more than one member at a time, or could not be drained at all."""
    faults = []
    for pod in pods(objects):
        count = pod.owner["spec"].get("replicas", 1) if pod.is_lasting else 1
        if count == 1:
            continue
        if not _is_one_to_a_node(pod):
            faults.append(f"{pod.name}: two of its pods may share a node")
        budgets = [
            budget["spec"]
            for budget in of_kind(objects, "PodDisruptionBudget")
            if matches(budget["spec"]["selector"].get("matchLabels"), pod.labels)
        ]
        if [budget.get("maxUnavailable") for budget in budgets] != [1]:
            faults.append(f"{pod.name}: no single budget of one pod at a time")
        if any(budget.get("unhealthyPodEvictionPolicy") != "AlwaysAllow" for budget in budgets):
            faults.append(f"{pod.name}: a pod that cannot become ready would block a drain")
        if pod.owner["kind"] == "StatefulSet" and (
            pod.owner["spec"].get("podManagementPolicy") != "Parallel"
        ):
            faults.append(f"{pod.name}: a first pod that is not ready keeps the others away")
        if pod.owner["spec"].get("updateStrategy", {}).get("type") != "RollingUpdate":
            faults.append(f"{pod.name}: an update would not go pod by pod")
    return faults


def _is_one_to_a_node(pod: Pod) -> bool:
    affinity = pod.spec.get("affinity", {}).get("podAntiAffinity", {})
    rules = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", [])
    return any(
        rule["topologyKey"] == "kubernetes.io/hostname"
        and matches(rule["labelSelector"].get("matchLabels"), pod.labels)
        for rule in rules
    )
