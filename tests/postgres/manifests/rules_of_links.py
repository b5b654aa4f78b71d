"""What refers to what: every object is valid, and everything it names is there and fits."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]

from tests.postgres.manifests.kustomize import Manifest, key_of
from tests.postgres.manifests.shipped import (
    NAMESPACE,
    Pod,
    matches,
    of_kind,
    pods,
    required_secrets,
    selector_of,
    selects,
    title,
)

VERSIONS = ("1.34", "1.36")
"""The oldest Kubernetes we mean to run on, and the one the facts were measured on."""

WITHOUT_NAMESPACE = {"Namespace", "StorageClass", "PriorityClass"}
PUT_THERE = [
    {"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}}
]
"""What Kubernetes itself puts into every namespace."""

OWN_KEYS = {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/part-of": "gardenos"}


def find_schema_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what a server that validates strictly would refuse."""
    return [
        f"{title(manifest)} in {version}: {fault}"
        for manifest in objects
        for version in VERSIONS
        for fault in _refusals(json.dumps(manifest), version)
    ]


@cache
def _refusals(manifest: str, version: str) -> tuple[str, ...]:
    """Return what is wrong with one object; each is looked at once, whichever overlay it is in."""
    try:
        kubernetes_validate.validate(json.loads(manifest), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        way = ".".join(str(step) for step in error.path)
        return (f"{way}: {error.message}",)
    except (KeyError, kubernetes_validate.SchemaNotFoundError) as error:
        return (f"of no known kind: {error}",)
    return ()


def find_name_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return objects that come twice, lie in another namespace, or do not say whose they are."""
    keys = [key_of(manifest) for manifest in objects]
    faults = [f"{kind}/{name} comes twice" for kind, _, name in sorted(set(_repeated(keys)))]
    for manifest in objects:
        metadata = manifest.get("metadata", {})
        wanted = None if manifest.get("kind") in WITHOUT_NAMESPACE else NAMESPACE
        if metadata.get("namespace") != wanted:
            faults.append(f"{title(manifest)}: namespace is {metadata.get('namespace')}")
        labels = metadata.get("labels", {})
        if manifest.get("kind") in {"Pod", "ReplicaSet"}:
            faults.append(f"{title(manifest)}: nobody makes it anew, and no rule looks at it")
        kept = OWN_KEYS if manifest.get("kind") != "Namespace" else {}
        faults += [f"{title(manifest)}: no {k}: {v}" for k, v in kept.items() if labels.get(k) != v]
    return faults


def _repeated(keys: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    return (key for key in keys if keys.count(key) > 1)


def find_selector_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which selectors choose nothing, or more than they mean."""
    faults = []
    made = pods(objects)
    for pod in made:
        selector = pod.owner["spec"].get("selector", {}).get("matchLabels")
        if not pod.is_lasting:
            continue
        chosen = [each.name for each in made if matches(selector, each.labels)]
        if not selector or chosen != [pod.name]:
            faults.append(f"{pod.name}: its selector chooses {', '.join(chosen) or 'nothing'}")
    for manifest in of_kind(objects, "Service", "PodDisruptionBudget", "NetworkPolicy"):
        for what, selector in _selectors(manifest, objects):
            if not any(selects(selector, pod.labels) for pod in made):
                faults.append(f"{title(manifest)}: {what} chooses no pod")
            if not any(selector.values()):
                faults.append(f"{title(manifest)}: {what} chooses every pod")
    return faults


def _selectors(
    manifest: Manifest, objects: Sequence[Manifest]
) -> Iterator[tuple[str, dict[str, Any]]]:
    spec = manifest["spec"]
    if manifest["kind"] == "Service":
        if (chosen_by := selector_of(manifest, objects)) is not None:
            yield "selector", {"matchLabels": chosen_by}
    elif manifest["kind"] == "NetworkPolicy":
        yield "podSelector", spec["podSelector"]
    else:
        yield "selector", spec["selector"]


def find_service_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which services would answer from the wrong pods, or from no port of theirs."""
    faults = []
    services = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "Service")}
    for service in of_kind(objects, "Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        selector = selector_of(service, objects)
        chosen = [pod for pod in pods(objects) if selector and matches(selector, pod.labels)]
        for port in spec["ports"]:
            faults += [
                f"Service/{name}: {pod.name} has no port {port['targetPort']}"
                for pod in chosen
                if port["targetPort"] not in _ports(pod)
            ]
            if chosen and isinstance(port["targetPort"], int):
                faults.append(f"Service/{name}: names its port by number")
    return faults + _three_services(services, objects)


def _three_services(services: Mapping[str, Any], objects: Sequence[Manifest]) -> list[str]:
    faults = [
        f"Service/{name} is missing"
        for name in ("postgres-cluster", "postgres-primary", "postgres-replica")
        if name not in services
    ]
    cluster = services.get("postgres-cluster", {})
    if cluster.get("clusterIP") != "None" or not cluster.get("publishNotReadyAddresses"):
        faults.append("Service/postgres-cluster: does not name every member")
    if "selector" in services.get("postgres-primary", {}):
        faults.append("Service/postgres-primary: a selector would add standbys to the leader")
    if services.get("postgres-replica", {}).get("publishNotReadyAddresses"):
        faults.append("Service/postgres-replica: would answer from members that are not ready")
    faults += [
        f"{title(each)}: what is written by hand is mirrored, or reset at each apply"
        for each in of_kind(objects, "Endpoints", "EndpointSlice")
    ]
    faults += [
        f"{title(each)}: {each['spec']['serviceName']} is no headless service"
        for each in of_kind(objects, "StatefulSet")
        if services.get(each["spec"]["serviceName"], {}).get("clusterIP") != "None"
    ]
    return faults


def _ports(pod: Pod) -> set[str | int]:
    ports = [port for each in pod.spec["containers"] for port in each.get("ports", [])]
    return {port["name"] for port in ports} | {port["containerPort"] for port in ports}


def find_reference_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which pods could not start because something they name is not there."""
    faults = []
    there = {(each["kind"], each["metadata"]["name"]): each for each in (*objects, *PUT_THERE)}
    for pod in pods(objects):
        for kind, name, key in _references(pod):
            if kind == "Secret":
                known = required_secrets().get(name)
            else:
                known = (there.get((kind, name)) or {}).get("data", {}) or None
            if kind not in {"Secret", "ConfigMap"}:
                known = {} if (kind, name) in there else None
            if known is None:
                faults.append(f"{pod.name}: {kind}/{name} is not there")
            elif key and key not in known:
                faults.append(f"{pod.name}: {kind}/{name} has no {key}")
        faults += [f"{pod.name}: {fault}" for fault in _mounts(pod)]
    return faults + [
        f"{title(each)}: Secrets stand in no file" for each in of_kind(objects, "Secret")
    ]


def _references(pod: Pod) -> Iterator[tuple[str, str, str | None]]:
    yield "ServiceAccount", pod.spec.get("serviceAccountName", "default"), None
    if name := pod.spec.get("priorityClassName"):
        yield "PriorityClass", name, None
    for container in pod.containers():
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if reference := source.get("secretKeyRef"):
                yield "Secret", reference["name"], reference["key"]
            if reference := source.get("configMapKeyRef"):
                yield "ConfigMap", reference["name"], reference["key"]
    for volume in pod.spec.get("volumes", []):
        yield from _sources(volume)
        for source in volume.get("projected", {}).get("sources", []):
            yield from _sources(source)


def _sources(volume: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    if claim := volume.get("persistentVolumeClaim"):
        yield "PersistentVolumeClaim", claim["claimName"], None
    for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
        if reference := volume.get(field):
            name = reference.get("secretName") or reference["name"]
            yield kind, name, None
            for item in reference.get("items", []):
                yield kind, name, item["key"]


def _mounts(pod: Pod) -> list[str]:
    claims = pod.owner["spec"].get("volumeClaimTemplates", [])
    volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in claims}
    mounted = {mount["name"] for each in pod.containers() for mount in each.get("volumeMounts", [])}
    faults = [f"mounts {name}, which it has not" for name in sorted(mounted - volumes)]
    return faults + [f"has {name} and mounts it nowhere" for name in sorted(volumes - mounted)]


def find_network_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return which pods anybody may reach, or which may reach anybody."""
    faults = []
    policies = of_kind(objects, "NetworkPolicy")
    for pod in pods(objects):
        covered = {
            kind
            for policy in policies
            if selects(policy["spec"]["podSelector"], pod.labels)
            for kind in policy["spec"].get("policyTypes", [])
        }
        faults += [
            f"{pod.name}: no policy for its {kind}"
            for kind in ("Ingress", "Egress")
            if kind not in covered
        ]
    for policy in policies:
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                if not all(rule.get(peers, [])) or not rule.get(peers):
                    faults.append(f"{title(policy)}: {direction} with everybody")
                if not all("port" in port for port in rule.get("ports", [{}])):
                    faults.append(f"{title(policy)}: {direction} at every port")
                if any(peer == {"namespaceSelector": {}} for peer in rule.get(peers, [])):
                    faults.append(f"{title(policy)}: {direction} with every namespace")
    return faults
