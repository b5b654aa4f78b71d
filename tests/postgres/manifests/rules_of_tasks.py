"""What looks after the database: backups, drills, their age, and who may be the superuser."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.postgres.manifests.kustomize import Manifest
from tests.postgres.manifests.rules_of_pods import amount
from tests.postgres.manifests.shipped import Pod, of_kind, pods, title

WEEK = re.compile(r"^\d+ \d+ \* \* (?P<days>[0-6](-[0-6])?)$")
MEMBERS = "StatefulSet/postgres-cluster"
ROW = range(3)
SUPERUSER = "postgres"
DATA = Decimal(10 * 2**30)
"""Bytes of a member's volume, all of which a drill brings back."""


def find_backup_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return how a backup could be missed, run beside another, or run for ever."""
    faults = []
    days: dict[str, set[int]] = {"full": set(), "diff": set()}
    for each in of_kind(objects, "CronJob"):
        spec = each["spec"]
        kind = _kind_of(spec["jobTemplate"]["spec"]["template"]["spec"])
        if spec.get("concurrencyPolicy") != "Forbid" or "startingDeadlineSeconds" not in spec:
            faults.append(f"{title(each)}: may run twice, or late for ever")
        if spec.get("timeZone") != "Etc/UTC" or spec.get("suspend"):
            faults.append(f"{title(each)}: runs at no certain time")
        if "drill" in title(each):
            continue
        match = WEEK.match(spec["schedule"])
        if match is None or kind not in days:
            faults.append(f"{title(each)}: {kind} at {spec['schedule']} is no plan of a week")
            continue
        first, _, last = match["days"].partition("-")
        days[kind] |= set(range(int(first), int(last or first) + 1))
    if days["full"] & days["diff"] or days["full"] | days["diff"] != set(range(7)):
        faults.append(f"not one backup a day: full {days['full']}, differential {days['diff']}")
    if len(days["full"]) != 1:
        faults.append("not one full backup a week")
    return faults + _jobs(objects)


def _jobs(objects: Sequence[Manifest]) -> list[str]:
    faults = []
    jobs = [(each, each["spec"]["jobTemplate"]["spec"]) for each in of_kind(objects, "CronJob")]
    jobs += [(each, each["spec"]) for each in of_kind(objects, "Job")]
    for each, spec in jobs:
        if not {"activeDeadlineSeconds", "backoffLimit"} <= spec.keys():
            faults.append(f"{title(each)}: has no end")
        if each["kind"] == "Job" and "ttlSecondsAfterFinished" not in spec:
            faults.append(f"{title(each)}: stays, and cannot be changed by an upgrade")
        pod = spec["template"]["spec"]
        stanza = [step["command"][-1] for step in pod.get("initContainers", [])]
        labels = spec["template"]["metadata"]["labels"]
        if labels["app.kubernetes.io/component"] != "backup":
            continue
        if stanza != ["stanza-create"]:
            faults.append(f"{title(each)}: may find no stanza")
        if _kind_of(pod) is None:
            faults.append(f"{title(each)}: does not wait for a new leader's first checkpoint")
    return faults


def _kind_of(spec: dict[str, Any]) -> str | None:
    """Return which backup a pod makes by the command that waits for a new leader; None for none."""
    words = [each["command"] for each in spec["containers"]]
    made = [each[-1] for each in words if each[:3] == ["gardenos", "postgres", "backup"]]
    return made[0].removeprefix("--kind=") if made else None


def find_drill_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return how backups could stay unproved, or the age of the last unseen."""
    faults = []
    drills = [pod for pod in pods(objects) if _calls(pod, "drill")]
    if [pod.owner["kind"] for pod in drills] != ["CronJob"]:
        faults.append("no one CronJob proves the backups")
    for pod in drills:
        volumes = {each["name"]: each for each in pod.spec["volumes"]}
        scratch = volumes.get("scratch", {}).get("emptyDir", {})
        variables = _variables(pod)
        room = amount(scratch.get("sizeLimit", 0))
        if variables.get("GARDENOS_BACKUPS__SCRATCH_FOLDER") != "/scratch" or room < DATA:
            faults.append(f"{pod.name}: has no room for all data")
        limits = pod.spec["containers"][0]["resources"]["limits"]
        if amount(limits.get("ephemeral-storage", 0)) < room:
            faults.append(f"{pod.name}: would be evicted before its room is full")
        if "/usr/lib/postgresql/18/bin" not in str(pod.spec["containers"][0]["command"]):
            faults.append(f"{pod.name}: restores to another server than the members'")
    metrics = [pod for pod in pods(objects) if _calls(pod, "metrics") and pod.is_lasting]
    if len(metrics) != 1:
        faults.append("nothing tells how old the last backup and the last drill are")
    return faults


def _calls(pod: Pod, command: str) -> bool:
    words = ["gardenos", "postgres", command]
    return any(each.get("command", [])[:3] == words for each in pod.spec["containers"])


def _variables(pod: Pod) -> dict[str, str]:
    return {
        variable["name"]: variable.get("value", "")
        for container in pod.containers()
        for variable in container.get("env", [])
    }


def find_superuser_faults(objects: Sequence[Manifest]) -> list[str]:
    """Return who could be, or try to be, the superuser from outside a member's pod; and who tells.

    An address over the network names a role that is none, compares names over TLS, and holds no
    password.
    """
    faults = []
    for pod in pods(objects):
        for container in pod.containers():
            where = f"{pod.name} {container['name']}"
            for variable in container.get("env", []):
                secret = variable.get("valueFrom", {}).get("secretKeyRef", {})
                if secret.get("key") == "superuser" and pod.name != MEMBERS:
                    faults.append(f"{where}: has the superuser's password")
                if variable.get("value", "").startswith("postgresql://"):
                    faults += [f"{where}: {fault}" for fault in _address(variable["value"])]
    return faults


def _address(url: str) -> list[str]:
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    login, _, hosts = parts.netloc.rpartition("@")
    faults = ["an address holds a password"] if ":" in login else []
    if not hosts:
        return faults if options.get("host") == ["/run/postgresql"] else [*faults, "goes nowhere"]
    if login == SUPERUSER:
        faults.append("would be the superuser over the network")
    if options.get("sslmode") != ["verify-full"] or "sslrootcert" not in options:
        faults.append("does not check whom it speaks to")
    if len(hosts.split(",")) != len(ROW):
        faults.append("does not name every member")
    return faults
