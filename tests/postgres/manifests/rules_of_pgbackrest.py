"""What pgBackRest reads in each pod: whole, said once, encrypted, over TLS."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.shipped import Pod, of_kind, pods

CIPHER = "PGBACKREST_REPO1_CIPHER_PASS"
PEERS = {"postgres-backup=postgres-cluster", "postgres-cluster=postgres-cluster"}
"""Who may come, and for which stanza: backups to members, members to the repository."""


def find_pgbackrest_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return what pgBackRest would refuse at its start, or would keep or send in the clear."""
    faults = []
    for pod in pods(objects):
        for name, lines in _files(pod, objects):
            found: dict[str, str] = {}
            for line in lines:
                option, is_set, value = line.partition("=")
                if not is_set:
                    faults.append(f"{pod.name} {name}: {line} is no option")
                elif option in found:
                    faults.append(f"{pod.name} {name}: {option} is set twice")
                found[option] = value
            faults += [f"{pod.name} {name}: {fault}" for fault in _meaning(found, pod)]
    return faults


def _files(pod: Pod, objects: Sequence[Manifest]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder of configuration with the lines of all its files together."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(objects, "ConfigMap")}
    for volume in pod.spec.get("volumes", []):
        sources = volume.get("projected", {}).get("sources", [volume])
        items = [
            (source["configMap"]["name"], item)
            for source in sources
            for item in source.get("configMap", {}).get("items", [])
        ]
        if not any(item["path"] == "pgbackrest.conf" for _, item in items):
            continue
        text = "\n".join(maps[name][item["key"]] for name, item in items)
        lines = [line.strip() for line in text.splitlines()]
        yield volume["name"], [line for line in lines if line and line[0] not in "#["]


def _meaning(options: Mapping[str, str], pod: Pod) -> list[str]:
    faults = []
    if "repo1-host" not in options:
        if options.get("repo1-cipher-type") != "aes-256-cbc":
            faults.append("keeps backups in the clear")
        if not any(CIPHER in _variables(each) for each in pod.containers()):
            faults.append("has no pass phrase")
        if "repo1-path" not in options:
            faults.append("does not say where the repository is")
    faults += [
        f"{option.removesuffix('-type')} is reached otherwise than by TLS"
        for option in ("repo1-host-type", "pg1-host-type", "pg2-host-type", "pg3-host-type")
        if option.removesuffix("-type") in options and options.get(option) != "tls"
    ]
    if "tls-server-address" in options and options.get("tls-server-auth") not in PEERS:
        faults.append(f"lets {options.get('tls-server-auth')} in")
    mounted = {mount["mountPath"] for each in pod.containers() for mount in each["volumeMounts"]}
    faults += [
        f"{option} is in {value}, which is not mounted"
        for option, value in options.items()
        if option.endswith("-file")
        and value.startswith("/")
        and value.rpartition("/")[0] not in mounted
    ]
    return faults


def _variables(container: dict[str, Any]) -> set[str]:
    return {variable["name"] for variable in container.get("env", [])}
