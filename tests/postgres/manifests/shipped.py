"""What the repository ships for the cluster, and ways to look into it and to break it."""

import copy
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.postgres.manifests.kustomize import Manifest, read_all, render

REPOSITORY = Path(__file__).parents[3]
MANIFESTS = REPOSITORY / "postgres" / "manifests"
FOLDERS = {
    folder.name: folder
    for place in (MANIFESTS, Path(__file__).parent)
    for folder in sorted((place / "overlays").iterdir())
}
OVERLAYS = tuple(FOLDERS)
"""What we ship, and what it becomes with a component that no overlay of ours has yet."""

NAMESPACE = "gardenos"
ROLE_LABEL = "gardenos.ai/role"
"""Which the sidecar writes while a pod runs, so that no manifest can have it."""


class Pod(NamedTuple):
    """Pods of one kind: who makes them, their labels, their description."""

    owner: Manifest
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        """Return kind and name of what makes them."""
        return title(self.owner)

    @property
    def is_lasting(self) -> bool:
        """Return whether such a pod is meant to run for ever."""
        return self.owner["kind"] in {"StatefulSet", "Deployment", "DaemonSet"}

    def containers(self) -> list[dict[str, Any]]:
        """Return every container, those that only begin included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Return an overlay's objects and the administrator's; rendered once, so change a copy only."""
    return (*render(FOLDERS[overlay]), *read_all(MANIFESTS / "admin.yaml"))


@cache
def required_secrets() -> dict[str, dict[str, str]]:
    """Return the Secrets to be created: by name, each key with its sentence."""
    return tomllib.loads((MANIFESTS / "secrets.toml").read_text(encoding="utf-8"))


def title(manifest: Manifest) -> str:
    """Return an object's kind and name, as faults name it."""
    return f"{manifest.get('kind')}/{manifest.get('metadata', {}).get('name')}"


def of_kind(objects: Sequence[Manifest], *kinds: str) -> list[Manifest]:
    """Return the objects of some kinds."""
    return [manifest for manifest in objects if manifest["kind"] in kinds]


def pods(objects: Sequence[Manifest]) -> list[Pod]:
    """Return every kind of pod that the objects make."""
    found = []
    for manifest in objects:
        spec = manifest.get("spec", {})
        if manifest["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if manifest["kind"] == "Pod" or "template" not in spec:
            continue
        template = spec["template"]
        labels = template.get("metadata", {}).get("labels", {})
        found.append(Pod(manifest, labels, template["spec"]))
    return found


def selector_of(service: Manifest, objects: Sequence[Manifest]) -> dict[str, str] | None:
    """Return by which labels of manifests a service chooses; None where it chooses nothing.

    The label of a role counts as there where something in the pods writes it.
    """
    selector: dict[str, str] | None = service["spec"].get("selector")
    writers = [c for pod in pods(objects) for c in pod.spec["containers"] if c["name"] == "sidecar"]
    if selector is None or not writers:
        return selector
    return {name: value for name, value in selector.items() if name != ROLE_LABEL}


def matches(selector: dict[str, str] | None, labels: dict[str, str]) -> bool:
    """Return whether labels satisfy a plain selector; an empty one is satisfied by all."""
    return (selector or {}).items() <= labels.items()


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Return whether labels satisfy a selector with expressions.

    Raises:
        ValueError: An expression is of a kind that these rules do not work out.
    """
    for each in selector.get("matchExpressions", []):
        if each["operator"] != "In":
            raise ValueError(f"an expression by {each['operator']}")
        if labels.get(each["key"]) not in each["values"]:
            return False
    return matches(selector.get("matchLabels"), labels)


def walk(place: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value below a place with its way, leaves and branches."""
    yield way, place
    if isinstance(place, dict):
        for name, value in place.items():
            yield from walk(value, f"{way}.{name}" if way else str(name))
    elif isinstance(place, list):
        for number, value in enumerate(place):
            yield from walk(value, f"{way}.{number}")


class Removed:
    """Stands for a value that is taken out."""


REMOVED = Removed()


def broken(objects: Sequence[Manifest], name: str, way: str, value: Any) -> list[Manifest]:
    """Return a copy in which one value of one object is another, or gone.

    Args:
        objects: The sound ones; left as they are.
        name: Kind and name of the object; an empty way and ``REMOVED`` take all of it out.
        way: Steps with dots; a number is a place in a list, ``-`` adds to one.
        value: What stands there now, or ``REMOVED``.
    """
    changed = copy.deepcopy(list(objects))
    (manifest,) = [each for each in changed if title(each) == name]
    if not way:
        return [each for each in changed if each is not manifest]
    *steps, last = way.split(".") if "|" not in way else way.split("|")
    place: Any = manifest
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    index: Any = int(last) if isinstance(place, list) and last != "-" else last
    if value is REMOVED:
        del place[index]
    elif last == "-":
        place.append(value)
    else:
        place[index] = value
    return changed
