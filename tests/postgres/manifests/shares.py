"""Whether everything that is to run fits the nodes, by what each pod requests."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.rules_of_pods import amount
from tests.postgres.manifests.shipped import MANIFESTS, Pod, pods


class Share(NamedTuple):
    """What one pod takes of a node: cores and bytes; and whether each node carries one."""

    what: str
    cpu: Decimal
    memory: Decimal
    is_on_every_node: bool


class Nodes(NamedTuple):
    """How many nodes there are, and what of each is left for pods."""

    number: int
    cpu: Decimal
    memory: Decimal


def table() -> dict[str, Any]:
    """Return the table of shares as it is written."""
    return tomllib.loads((MANIFESTS / "shares.toml").read_text(encoding="utf-8"))


def nodes() -> Nodes:
    """Return the nodes, less what is kept for what runs beside Kubernetes."""
    node = table()["node"]
    return Nodes(
        node["count"],
        amount(node["cpu"]) - amount(node["kept_cpu"]),
        amount(node["memory"]) - amount(node["kept_memory"]),
    )


def reserved(objects: Sequence[Manifest] = ()) -> list[Share]:
    """Return what later parts of the product have been promised, but for what is there already."""
    names = {each["name"] for pod in pods(objects) for each in pod.spec["containers"]}
    return [
        Share(each["what"], amount(each["cpu"]), amount(each["memory"]), each["on"] == "every node")
        for each in table()["reserved"]
        if each.get("container") not in names
    ]


def shipped(objects: Sequence[Manifest]) -> list[Share]:
    """Return what our manifests request, one share for each pod, jobs included."""
    found = []
    for pod in pods(objects):
        count = pod.owner["spec"].get("replicas", 1) if pod.is_lasting else 1
        share = Share(pod.name, requested(pod, "cpu"), requested(pod, "memory"), count > 1)
        if count not in {1, nodes().number}:
            raise ValueError(f"{pod.name}: {count} pods on {nodes().number} nodes")
        found.append(share)
    return found


def requested(pod: Pod, name: str) -> Decimal:
    """Return what the scheduler reserves for a pod: its containers, or a greater beginning."""

    def of(container: dict[str, Any]) -> Decimal:
        return amount(container["resources"]["requests"][name])

    first = [of(each) for each in pod.spec.get("initContainers", [])]
    together = sum((of(each) for each in pod.spec["containers"]), Decimal(0))
    return max([together, *first])


def find_what_does_not_fit(shares: Sequence[Share], room: Nodes) -> list[str]:
    """Place the shares, greatest first, each where most is left; return what found no place.

    Simple on purpose: a plan that needs a cleverer scheduler is too tight.
    """
    left = [[room.cpu, room.memory] for _ in range(room.number)]

    def most(node: list[Decimal]) -> Decimal:
        return min(node[0] / room.cpu, node[1] / room.memory)

    homeless = []
    for share in sorted(shares, key=lambda each: (not each.is_on_every_node, -part(each, room))):
        homes = left if share.is_on_every_node else [max(left, key=most)]
        for node in homes:
            node[0] -= share.cpu
            node[1] -= share.memory
        if any(min(node) < 0 for node in homes):
            homeless.append(share.what)
    return homeless


def part(share: Share, room: Nodes) -> Decimal:
    """Return the part of a node that a share takes: of what it takes more of."""
    return max(share.cpu / room.cpu, share.memory / room.memory)
