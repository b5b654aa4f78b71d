"""Patroni's keys of one scope in etcd, and what they say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DcsKey:
    """A key of etcd; ``lease`` is 0 where the key stays for ever."""

    name: str
    value: bytes
    mod_revision: int
    create_revision: int = 0
    lease: int = 0


@dataclass(frozen=True, slots=True)
class KeyListing:
    """Keys in order, all as of ``revision`` of the etcd cluster ``cluster_id``."""

    keys: tuple[DcsKey, ...]
    revision: int
    cluster_id: str = ""


def scope_range(namespace: str, scope: str) -> tuple[str, str]:
    """Return first key and end (not included) of a scope's keys.

    The slash belongs to the first key: ``-`` and ``.`` sort before ``0``, so that a range from
    ``/service/a`` to ``/service/a0`` holds the keys of ``/service/a-2`` and ``/service/a.b`` too.
    ``0`` follows ``/`` in ASCII, so the end leaves nothing out and lets nothing else in.
    """
    start = f"{namespace}{scope}/"
    return start, start[:-1] + "0"


def short_name(key: DcsKey, prefix: str) -> str:
    """Return a key's name within its scope, such as ``members/postgres-cluster-0``."""
    return key.name.removeprefix(prefix)


def document_of(value: bytes) -> Mapping[str, Any]:
    """Return a key's JSON object; empty where it is none."""
    try:
        found = json.loads(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
