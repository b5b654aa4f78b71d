"""Lines by which Patroni, Postgres, etcd and Kubernetes tell of a fault that the doctor knows."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Symptom(NamedTuple):
    """A fault's code and the lines that tell of it."""

    code: str
    pattern: re.Pattern[str]


def symptom(code: str, *words: str) -> Symptom:
    """Return a symptom of several wordings."""
    return Symptom(code, re.compile("|".join(words), re.IGNORECASE))


SYMPTOMS = (
    symptom(
        "no_storage_class",
        r"storageclass\.storage\.k8s\.io \S+ not found",
        r"no storage class is set",
        r"unbound immediate PersistentVolumeClaims",
    ),
    symptom(
        "etcd_v2_api",
        r"/v2/(machines|keys|members)\S*.{0,120}(404|not found)",
        r"Could not get the list of servers, maybe you provided the wrong host",
        r"Failed to get list of machines from \S+/v2",
        r"Bad response : 404 page not found",
    ),
    symptom(
        "data_folder_rights",
        r"data directory \S+ has (invalid permissions|wrong ownership)",
        r"could not (change permissions of|access|create|open) (the )?(data )?directory "
        r"\S+: (Permission denied|Operation not permitted)",
        r"data directory is not accessible",
        r"could not access the server configuration file \S+: Permission denied",
        r"PermissionError: \[Errno 13\] Permission denied: '\S*pgdata",
    ),
    symptom(
        "server_as_root",
        r'"root" execution of the PostgreSQL server is not permitted',
        r"(initdb|pg_ctl): (error: )?cannot be run as root",
    ),
    symptom("socket_path_long", r"Unix-domain socket path \S+ is too long"),
    symptom("stale_cluster_state", r"system ID mismatch, node \S+ belongs to a different cluster"),
    symptom("waits_for_nobody", r"waiting for leader to bootstrap"),
    symptom(
        "etcd_unreachable",
        r"DCS is not accessible|Error communicating with DCS",
        r"waiting on etcd",
        r"No more .*etcd.* hosts|No more machines in the cluster",
        r"EtcdConnectionFailed",
    ),
    symptom(
        "access_rule_network",
        r"no pg_hba\.conf entry for (replication connection from )?host",
        r"pg_hba\.conf rejects (replication )?connection for host",
    ),
    symptom(
        "disk_full",
        r"No space left on device",
        r"could not (extend|write) file .*space",
        r"The node was low on resource: ephemeral-storage|had condition: \[DiskPressure\]",
    ),
    symptom("etcd_full", r"mvcc: database space exceeded"),
    symptom(
        "gateway_certificate_name",
        r"CommonName of client sending a request against gateway will be ignored",
    ),
    symptom("ttl_clamped", r"ttl=\d+ can't be smaller than \d+, adjusting"),
    symptom("password_refused", r"password authentication failed for user \"?(replicator|rewind)"),
)


EXPLAINED = {"etcd_unreachable": "etcd_v2_api"}
"""Faults whose lines another one writes too: who asks for the old API waits for etcd as well."""


HEALTHY = re.compile(r"no action\. I am \(")
"""Patroni's word, once a loop, that it leads with the lock or follows who does."""

NOT_HEALED = frozenset({"access_rule_network", "password_refused", "ttl_clamped"})
"""Faults that go on below a Patroni which says that it is well."""


def find_symptoms(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield code and newest line of each fault that a log tells of.

    What a member has got over, such as the wait for a leader at its first start, is no fault.
    """
    well_at = max((at for at, line in enumerate(lines) if HEALTHY.search(line)), default=-1)
    found = {
        code: line
        for code, pattern in SYMPTOMS
        for at, line in enumerate(lines)
        if (at > well_at or code in NOT_HEALED) and pattern.search(line)
    }
    for code, line in found.items():
        if EXPLAINED.get(code) not in found:
            yield code, " ".join(line.split())[:300]
