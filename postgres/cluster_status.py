"""The state of the cluster as one document: members, leader, lag, what is published."""

from typing import Any

from postgres.cluster_view import STREAMING, MemberKey, Observation, PatroniSeen
from postgres.disagreements import find_disagreements, lags


def status_document(seen: Observation) -> dict[str, Any]:
    """Return what ``status`` prints; plain values in a fixed order."""
    scope = seen.scope
    kubernetes = seen.kubernetes
    slices = kubernetes.slices if kubernetes else None
    known = {one.name: one for one in (scope.members if scope else ())}
    answers = {one.name or one.address: one for one in seen.patroni if one.error is None}
    return {
        "leader": scope.leader if scope else None,
        "synchronous": list(scope.synchronous) if scope else [],
        "system_id": scope.system_id if scope else None,
        "paused": any(one.paused for one in seen.patroni),
        "published": None
        if slices is None
        else sorted({address for one in slices for address in one.addresses}),
        "members": [
            member_document(name, known.get(name), answers.get(name), seen)
            for name in sorted({*known, *answers})
        ],
        "silent": [one.address for one in seen.patroni if one.error],
        "etcd": [
            {"address": one.address, "version": one.version, "error": one.error or one.refusal}
            for one in seen.etcd
        ],
        "disagreements": [{"code": code, "seen": told} for code, told in find_disagreements(seen)],
    }


def member_document(
    name: str, key: MemberKey | None, answer: PatroniSeen | None, seen: Observation
) -> dict[str, Any]:
    """Return one member: its key, its own answer, and its server's."""
    server = next((one for one in seen.postgres if one.member == name), None)
    role = "leader" if seen.scope and seen.scope.leader == name else key and key.role
    if seen.scope and name in seen.scope.synchronous:
        role = "synchronous"
    return {
        "name": name,
        "role": role,
        "state": key.state if key else answer and answer.state,
        "host": key.host if key else None,
        "timeline": key.timeline if key else answer and answer.timeline,
        "lag_bytes": lags(seen).get(name),
        "patroni_says": answer.role if answer else None,
        "postgres_says": None
        if server is None
        else server.error or ("replica" if server.in_recovery else "primary"),
        "version": key.version if key else answer and answer.version,
    }


def is_well(document: dict[str, Any]) -> bool:
    """Tell whether somebody leads, all others stream, nobody is silent and nothing contradicts."""
    behind = [
        one
        for one in document["members"]
        if one["name"] != document["leader"] and one["state"] not in STREAMING
    ]
    bad = document["disagreements"] or document["silent"] or behind
    return bool(document["leader"]) and not bad
