"""Render a kustomization: the part of kustomize that our overlays use, and a refusal of the rest.

Where ``kubectl`` is installed a test compares this with what it renders.
"""

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

KNOWN = {"apiVersion", "kind", "resources", "components", "patches", "images", "replacements"}
KINDS = {"Kustomization": "v1beta1", "Component": "v1alpha1"}


class NotSupportedError(Exception):
    """A kustomization uses what this renderer does not do, so it could not be checked."""


def render(folder: Path) -> list[Manifest]:
    """Return the objects of a kustomization, in the order of its resources.

    Raises:
        NotSupportedError: Something in it is beyond this renderer, or kustomize would refuse it.
    """
    return _add(folder, [], kind="Kustomization")


def read_all(path: Path) -> list[Manifest]:
    """Return the objects of one file."""
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def key_of(manifest: Manifest) -> tuple[str, str, str]:
    """Return what names an object in its cluster: kind, namespace, name."""
    metadata = manifest.get("metadata", {})
    return manifest.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", "")


def _add(folder: Path, found: list[Manifest], *, kind: str) -> list[Manifest]:
    (document,) = read_all(folder / "kustomization.yaml")
    if unknown := sorted(document.keys() - KNOWN):
        raise NotSupportedError(f"{folder.name}: {', '.join(unknown)}")
    if document["kind"] != kind or not document["apiVersion"].endswith(KINDS[kind]):
        raise NotSupportedError(f"{folder.name}: {document['kind']} where a {kind} is wanted")
    for name in document.get("resources", []):
        path = folder / name
        if path.is_dir():
            found = _add(path, found, kind="Kustomization")
        else:
            found = [*found, *read_all(path)]
    keys = [key_of(manifest) for manifest in found]
    if len(set(keys)) < len(keys):
        raise NotSupportedError(f"{folder.name}: an object comes twice")
    for name in document.get("components", []):
        found = _add(folder / name, found, kind="Component")
    found = copy.deepcopy(found)
    for patch in document.get("patches", []):
        _patch(found, patch)
    for image in document.get("images", []):
        _rename_image(found, image)
    for replacement in document.get("replacements", []):
        _replace(found, replacement)
    return found


def _chosen(found: Sequence[Manifest], target: dict[str, str]) -> list[Manifest]:
    if unknown := sorted(target.keys() - {"kind", "name"}):
        raise NotSupportedError(f"a target by {', '.join(unknown)}")
    chosen = [
        manifest
        for manifest in found
        if re.fullmatch(target["kind"], manifest["kind"])
        and re.fullmatch(target.get("name", ".*"), manifest["metadata"]["name"])
    ]
    if not chosen:
        raise NotSupportedError(f"nothing is {target}")
    return chosen


def _patch(found: Sequence[Manifest], patch: dict[str, Any]) -> None:
    operations = yaml.safe_load(patch["patch"])
    if not isinstance(operations, list):
        raise NotSupportedError("a patch that is no list of operations")
    for manifest in _chosen(found, patch["target"]):
        for operation in operations:
            _operate(manifest, operation)


def _operate(manifest: Manifest, operation: dict[str, Any]) -> None:
    *way, last = operation["path"].strip("/").split("/")
    last = last.replace("~1", "/").replace("~0", "~")
    place: Any = manifest
    for step in way:
        step = step.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901 - unescaped
        place = place[int(step)] if isinstance(place, list) else place[step]
    value = copy.deepcopy(operation.get("value"))
    match operation["op"], isinstance(place, list):
        case "add", True if last == "-":
            place.append(value)
        case "add", True:
            place.insert(int(last), value)
        case "replace", True:
            place[int(last)] = value
        case "remove", True:
            del place[int(last)]
        case "add", False:
            place[last] = value
        case "replace", False if last in place:
            place[last] = value
        case "remove", False:
            del place[last]
        case _:
            raise NotSupportedError(f"{operation['op']} {operation['path']}")


def _replace(found: Sequence[Manifest], replacement: dict[str, Any]) -> None:
    source = replacement["source"]
    (origin,) = _chosen(found, {"kind": source["kind"], "name": source["name"]})
    value: Any = origin
    for step in source["fieldPath"].split("."):
        value = value[step]
    for target in replacement["targets"]:
        if unknown := sorted(target.keys() - {"select", "fieldPaths"}):
            raise NotSupportedError(f"a replacement with {', '.join(unknown)}")
        for manifest in _chosen(found, target["select"]):
            for path in target["fieldPaths"]:
                way = "/".join(path.split("."))
                _operate(manifest, {"op": "replace", "path": way, "value": value})


def _rename_image(found: Sequence[Manifest], image: dict[str, str]) -> None:
    for manifest in found:
        for place in _images(manifest):
            name, _, tag = place["image"].rpartition(":")
            if name == image["name"]:
                tag = image.get("newTag", tag)
                digest = image.get("digest")
                name = image.get("newName", name)
                place["image"] = f"{name}@{digest}" if digest else f"{name}:{tag}"


def _images(place: Any) -> list[dict[str, Any]]:
    if isinstance(place, list):
        return [found for each in place for found in _images(each)]
    if not isinstance(place, dict):
        return []
    own = [place] if isinstance(place.get("image"), str) else []
    return own + [found for each in place.values() for found in _images(each)]
