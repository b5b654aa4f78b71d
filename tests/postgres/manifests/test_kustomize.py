"""The renderer of these tests gives what kubectl would, and refuses what it cannot do."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.postgres.manifests.kustomize import Manifest, NotSupportedError, key_of, render
from tests.postgres.manifests.shipped import FOLDERS, OVERLAYS

KUBECTL = shutil.which("kubectl")
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
OBJECT = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {image: 'a:1', list: 'x', b: c}\n"
)
POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
    "spec: {containers: [{name: c, image: 'a/b:1'}, {name: d, image: 'a/bc:1'}]}\n"
)


def by_kubectl(folder: Path) -> list[Manifest]:
    """Return what kubectl renders."""
    if KUBECTL is None:
        pytest.skip("kubectl, which holds kustomize, is not installed")
    done = subprocess.run(
        [KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, timeout=30, check=True
    )
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def write(folder: Path, kustomization: str) -> Path:
    """Write a kustomization of one object."""
    (folder / "kustomization.yaml").write_text(HEAD + kustomization, encoding="utf-8")
    (folder / "a.yaml").write_text(OBJECT, encoding="utf-8")
    (folder / "p.yaml").write_text(POD, encoding="utf-8")
    return folder


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubectl_renders_the_same_objects(overlay: str) -> None:
    folder = FOLDERS[overlay]

    ours = {key_of(each): each for each in render(folder)}

    assert {key_of(each): each for each in by_kubectl(folder)} == ours


@pytest.mark.parametrize(
    "text",
    [
        "resources: [a.yaml]\n",
        "resources: [p.yaml]\nimages: [{name: a/b, newName: c, newTag: '2'}]\n",
        (
            "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"
            "  patch: |-\n    - {op: add, path: /data/a~1b, value: d}\n"
            "    - {op: remove, path: /data/b}\n"
        ),
        (
            "resources: [p.yaml]\npatches:\n- target: {kind: Pod, name: 'p|q'}\n"
            "  patch: |-\n    - {op: replace, path: /spec/containers/1/image, value: x}\n"
        ),
        (
            "resources: [p.yaml]\npatches:\n- target: {kind: Pod}\n"
            "  patch: |-\n    - {op: add, path: /spec/containers/0, value: {name: e}}\n"
            "    - {op: remove, path: /spec/containers/1}\n"
        ),
        (
            "resources: [a.yaml, p.yaml]\nreplacements:\n"
            "- source: {kind: ConfigMap, name: a, fieldPath: data.b}\n"
            "  targets: [{select: {kind: Pod}, fieldPaths: [spec.containers.0.image]}]\n"
        ),
    ],
)
def test_kubectl_renders_the_same_of_each_thing_we_do(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path, text)

    ours = {key_of(each): each for each in render(folder)}

    assert {key_of(each): each for each in by_kubectl(folder)} == ours


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("resources: [a.yaml, a.yaml]\n", "comes twice"),
        ("resources: [a.yaml]\nnamePrefix: x-\n", "namePrefix"),
        ("resources: [a.yaml]\ncomponents: [.]\n", "where a Component is wanted"),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: Pod}, patch: '[]'}]\n",
            "nothing is",
        ),
        (
            "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: 'data: {}'}]\n",
            "no list of operations",
        ),
        (
            (
                "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"
                "  patch: '[{op: replace, path: /data/new, value: d}]'\n"
            ),
            "replace /data/new",
        ),
    ],
)
def test_what_it_cannot_do_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(NotSupportedError, match=why):
        render(write(tmp_path, text))
