"""Claims about the doctor: every fault is recognised by its symptom, and by no other's."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from postgres.cluster_doctor import examine, is_patroni
from postgres.cluster_view import (
    ClaimSeen,
    DiskSeen,
    EtcdSeen,
    FolderSeen,
    KubernetesSeen,
    LogSeen,
    MemberKey,
    Observation,
    PatroniSeen,
    PodSeen,
    PostgresSeen,
    ScopeSeen,
    SliceSeen,
)
from postgres.kubernetes_view import read_events
from postgres.log_symptoms import SYMPTOMS
from postgres.remedies import REMEDIES, Weight

CONFIG: Mapping[str, Any] = {
    "ttl": 20,
    "loop_wait": 2,
    "retry_timeout": 5,
    "synchronous_mode": True,
    "failsafe_mode": True,
    "primary_start_timeout": 0,
}


def a_key(index: int, **changed: Any) -> MemberKey:
    """Return a member's key."""
    whole = {
        "name": f"m{index}",
        "api_url": f"http://10.42.0.{index}:8008",
        "host": f"10.42.0.{index}",
        "port": 5432,
        "role": "replica",
        "state": "streaming",
        "timeline": 3,
        "lsn": 1000,
        "version": "4.1.5",
    }
    return MemberKey(**{**whole, **changed})


def an_answer(index: int, **changed: Any) -> PatroniSeen:
    """Return a member's answer to ``/primary``."""
    leads = index == 0
    whole = {
        "address": f"http://10.42.0.{index}:8008",
        "status": 200 if leads else 503,
        "name": f"m{index}",
        "version": "4.1.5",
        "role": "primary" if leads else "replica",
        "state": "running",
        "system_id": "75",
    }
    return PatroniSeen(**{**whole, **changed})


SCOPE = ScopeSeen(
    keys=("config", "initialize", "leader"),
    leader="m0",
    system_id="75",
    members=tuple(a_key(index) for index in range(3)),
    synchronous=("m1",),
    config=CONFIG,
)
POD = PodSeen("m0", "10.42.0.0", "Running", ("patroni", "/etc/patroni.yml"), shares_processes=False)
SLICE = SliceSeen("postgres-primary", ("10.42.0.0",), mirrored=False)
KUBERNETES = KubernetesSeen(
    storage_classes=("postgres-retained",),
    claims=(ClaimSeen("data-m0", "Bound", "postgres-retained"),),
    pods=(POD,),
    slices=(SLICE,),
    pod_network="10.42.0.0/16",
)
SOUND = Observation(
    scope_name="/service/postgres-cluster/",
    etcd=tuple(EtcdSeen(f"http://e{index}", version="3.5.1") for index in range(3)),
    scope=SCOPE,
    patroni=tuple(an_answer(index) for index in range(3)),
    postgres=tuple(PostgresSeen(f"m{index}", in_recovery=index > 0) for index in range(3)),
    kubernetes=KUBERNETES,
    disks=(DiskSeen("/data", 50, 100),),
    folder=FolderSeen("/data/pgdata", 0o700, 999, 999),
    first_process=("patroni", "/etc/patroni.yml"),
    logs=(LogSeen("m0", ("INFO: no action. I am (m0), the leader with the lock",)),),
    networks=(ip_network("10.42.0.0/16"),),
)


def with_scope(**changed: Any) -> Observation:
    """Return a sound cluster whose keys say something else."""
    return replace(SOUND, scope=replace(SCOPE, **changed))


def with_config(**changed: Any) -> Observation:
    """Return a sound cluster with another shared configuration."""
    return with_scope(config={**CONFIG, **changed})


def with_members(**changed: Any) -> Observation:
    """Return a sound cluster whose last member's key says something else."""
    return with_scope(members=(*SCOPE.members[:2], a_key(2, **changed)))


def with_answer(index: int, **changed: Any) -> Observation:
    """Return a sound cluster in which one member answers otherwise."""
    answers = list(SOUND.patroni)
    answers[index] = an_answer(index, **changed)
    return replace(SOUND, patroni=tuple(answers))


def with_server(index: int, **changed: Any) -> Observation:
    """Return a sound cluster in which one server says something else."""
    servers = list(SOUND.postgres)
    servers[index] = replace(servers[index], **changed)
    return replace(SOUND, postgres=tuple(servers))


def with_etcd(**changed: Any) -> Observation:
    """Return a sound cluster with another member of etcd."""
    return replace(SOUND, etcd=(*SOUND.etcd[:2], replace(SOUND.etcd[2], **changed)))


def with_kubernetes(**changed: Any) -> Observation:
    """Return a sound cluster with other objects."""
    return replace(SOUND, kubernetes=replace(KUBERNETES, **changed))


def with_log(line: str) -> Observation:
    """Return a sound cluster with a line in a log."""
    return replace(SOUND, logs=(LogSeen("m0", (line,)),))


CASES: list[tuple[str, Observation]] = [
    ("no_storage_class", with_kubernetes(claims=(ClaimSeen("data-m0", "Pending", "fast"),))),
    ("no_storage_class", with_kubernetes(claims=(ClaimSeen("data-m0", "Pending", None),))),
    ("data_folder_rights", replace(SOUND, folder=FolderSeen("/d", 0o777, 999, 999))),
    ("data_folder_rights", replace(SOUND, folder=FolderSeen("/d", 0o700, 0, 999))),
    ("stale_cluster_state", with_answer(2, system_id="76")),
    (
        "waits_for_nobody",
        replace(with_scope(leader=None, members=()), patroni=(), postgres=(), kubernetes=None),
    ),
    (
        "etcd_unreachable",
        replace(SOUND, etcd=tuple(replace(one, error="ConnectError") for one in SOUND.etcd[:2])),
    ),
    ("etcd_member_away", with_etcd(error="ConnectError")),
    ("etcd_full", with_etcd(alarms=("NOSPACE",))),
    ("etcd_refuses", with_etcd(refusal="401 etcdserver: user name is empty")),
    (
        "gateway_certificate_name",
        with_etcd(refusal="400 CommonName of client sending a request is ignored"),
    ),
    ("etcd_no_quorum", with_etcd(refusal="503 etcdserver: no leader")),
    ("etcd_no_quorum", with_etcd(refusal="etcd at http://e2 does not answer (ReadTimeout)")),
    ("leader_unknown", with_scope(members=SCOPE.members[1:])),
    ("not_streaming", with_members(state="start failed")),
    ("access_rule_network", with_members(host="172.21.0.5")),
    ("access_rule_network", with_kubernetes(pod_network="172.21.0.0/16")),
    ("access_rule_network", with_kubernetes(pod_network="")),
    ("access_rule_network", with_kubernetes(pod_network="10.42.0.0/16,pods")),
    (
        "access_rule_network",
        with_server(2, in_recovery=None, error='no pg_hba.conf entry for host "10.42.0.9"'),
    ),
    ("endpoints_mirrored", with_kubernetes(has_endpoints=True)),
    (
        "endpoints_mirrored",
        with_kubernetes(slices=(SLICE, replace(SLICE, name="x", mirrored=True))),
    ),
    ("leader_unpublished", with_kubernetes(slices=())),
    ("leader_published_wrong", with_kubernetes(slices=(replace(SLICE, addresses=("10.42.0.1",)),))),
    ("disk_full", replace(SOUND, disks=(DiskSeen("/data", 1, 100),))),
    ("disk_filling", replace(SOUND, disks=(DiskSeen("/data", 10, 100),))),
    ("slot_holds_wal", with_server(0, retained=(("gone", 3 << 30),))),
    ("archive_fails", with_server(0, archive_fails=True)),
    ("primary_is_replica", with_answer(1, status=200)),
    ("role_master", with_answer(1, role="master")),
    ("role_master", with_kubernetes(old_selectors=("postgres-old",))),
    ("patroni_not_first", with_kubernetes(pods=(replace(POD, command=("sh", "-c", "patroni x")),))),
    ("patroni_not_first", with_kubernetes(pods=(replace(POD, shares_processes=True),))),
    ("patroni_not_first", replace(SOUND, first_process=("/usr/bin/supervisord",))),
    ("ttl_clamped", with_config(ttl=10, loop_wait=1, retry_timeout=3)),
    ("timing_violated", with_config(loop_wait=10, retry_timeout=10)),
    ("timing_violated", with_config(loop_wait="10", retry_timeout="10")),
    ("not_synchronous", with_config(synchronous_mode={}, primary_start_timeout=300)),
    ("not_synchronous", with_config(synchronous_mode=False, primary_start_timeout=300)),
    ("start_timeout_loses", with_config(synchronous_mode=False)),
    ("no_failsafe", with_config(failsafe_mode=False)),
    ("no_synchronous_standby", with_scope(synchronous=())),
    ("paused", with_answer(1, paused=True)),
    ("failsafe_active", with_answer(0, failsafe=True)),
    (
        "no_scope",
        replace(
            with_scope(keys=(), leader=None, members=()), postgres=(), patroni=(), kubernetes=None
        ),
    ),
    (
        "no_leader",
        replace(with_scope(leader=None), patroni=SOUND.patroni[1:], postgres=SOUND.postgres[1:]),
    ),
    ("member_silent", with_answer(2, error="ConnectTimeout", status=None)),
    ("leader_silent", replace(with_answer(0, error="ConnectTimeout", status=None), postgres=())),
    ("patroni_gone", with_answer(0, error="ConnectError", status=None)),
    ("disk_full", with_kubernetes(disks=(DiskSeen("claim data-m0", 1, 100),))),
    ("postgres_silent", with_server(2, in_recovery=None, error="ConnectionRefusedError")),
    ("two_primaries", with_server(1, in_recovery=False)),
    ("two_primaries", with_answer(1, status=200, role="primary")),
    ("leader_disagrees", replace(SOUND, postgres=(PostgresSeen("m1", in_recovery=False),))),
    ("leader_disagrees", with_answer(0, status=503, role="replica")),
    ("leader_disagrees", with_server(0, in_recovery=True)),
    ("timelines_differ", with_members(timeline=2)),
    ("lagging", with_scope(members=(a_key(0, lsn=1 << 30), a_key(1, lsn=1 << 30), a_key(2)))),
    ("unread", with_kubernetes(errors=("pods: the API answers 403 Forbidden",))),
]
LINES = Path(__file__).with_name("symptoms.txt").read_text(encoding="utf-8").splitlines()
CASES += [(line.partition(": ")[0], with_log(line.partition(": ")[2])) for line in LINES]


def test_a_sound_cluster_has_no_finding() -> None:
    assert examine(SOUND) == ()


def test_nothing_seen_is_nothing_found() -> None:
    assert examine(Observation()) == ()


@pytest.mark.parametrize(
    ("code", "seen"), CASES, ids=[f"{code}-{index}" for index, (code, _) in enumerate(CASES)]
)
def test_a_fault_is_found_by_its_symptom_and_no_other_is(code: str, seen: Observation) -> None:
    assert {one.code for one in examine(seen)} == {code}


WELL = "INFO: no action. I am (m1), a secondary, and following a leader (m0)"


def a_log(*lines: str) -> Observation:
    """Return a sound cluster with a log of several lines."""
    return replace(SOUND, logs=(LogSeen("m1", lines),))


@pytest.mark.parametrize(
    "line",
    [
        "INFO: waiting for leader to bootstrap",
        "INFO: waiting on etcd",
        'FATAL:  data directory "/d" has invalid permissions',
    ],
)
def test_what_a_member_has_got_over_is_no_fault(line: str) -> None:
    assert examine(a_log(line, WELL)) == ()
    assert len(examine(a_log(WELL, line))) == 1


def test_a_standby_that_is_shut_out_says_that_it_is_well_and_is_not() -> None:
    refused = 'FATAL:  no pg_hba.conf entry for replication connection from host "10.42.1.7"'
    assert [one.code for one in examine(a_log(refused, WELL))] == ["access_rule_network"]


@pytest.mark.parametrize(
    ("kind", "plural", "phase"),
    [("Pod", "pods", "Running"), ("PersistentVolumeClaim", "persistentvolumeclaims", "Bound")],
)
def test_events_of_what_has_come_about_since_are_over(kind: str, plural: str, phase: str) -> None:
    told = {
        "message": "pod has unbound immediate PersistentVolumeClaims",
        "involvedObject": {"kind": kind, "name": "x"},
    }
    for now, lines in ((phase, ()), ("Pending", (told["message"],))):
        objects = {plural: [{"metadata": {"name": "x"}, "status": {"phase": now}}]}
        assert read_events({**objects, "events": [told]}).lines == lines


def test_a_leader_is_published_by_its_pods_address_where_its_key_holds_a_name() -> None:
    named = (a_key(0, host="postgres-cluster-0.postgres-cluster"), *SCOPE.members[1:])
    assert examine(with_scope(members=named)) == ()


def test_every_remedy_is_reached_by_a_case() -> None:
    assert {code for code, _ in CASES} == set(REMEDIES)
    assert {one.code for one in SYMPTOMS} <= set(REMEDIES)


def test_the_worst_is_told_first() -> None:
    found = examine(replace(with_config(failsafe_mode=False), disks=(DiskSeen("/d", 0, 100),)))
    assert [one.remedy.weight for one in found] == [Weight.BROKEN, Weight.WEAK]


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ((), True),
        (("patroni", "x.yml"), True),
        (("/usr/local/bin/patroni", "x.yml"), True),
        (("/usr/bin/python3", "/usr/bin/patroni", "x.yml"), True),
        (("python3", "-m", "patroni", "x.yml"), True),
        (("sh", "-c", "exec patroni x.yml"), False),
        (("tini", "--", "patroni"), False),
        (("python3", "-m", "supervisor"), False),
    ],
)
def test_a_shell_around_patroni_is_not_patroni(command: tuple[str, ...], *, is_one: bool) -> None:
    assert is_patroni(command) is is_one
