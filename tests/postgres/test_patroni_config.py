"""A member's configuration: what it refuses, whom it lets in, what it leaves to the environment."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from postgres.patroni_config import (
    ClusterRules,
    Etcd,
    MemberSettings,
    TlsFiles,
    member_configuration,
)

ETCD = Etcd(hosts=("etcd-0:2379", "etcd-1:2379", "etcd-2:2379"))
TLS = TlsFiles(
    certificate=Path("/tls/tls.crt"), key=Path("/tls/tls.key"), authority=Path("/tls/ca.crt")
)
SHIPPED = MemberSettings(etcd=Etcd(hosts=ETCD.hosts, tls=TLS), tls=TLS)


def test_the_document_is_plain_yaml() -> None:
    document = member_configuration(SHIPPED)

    assert yaml.safe_load(yaml.safe_dump(document)) == document


def test_what_differs_between_pods_is_left_to_the_environment() -> None:
    document = member_configuration(SHIPPED)

    assert "name" not in document
    assert "connect_address" not in document["restapi"]
    assert "connect_address" not in document["postgresql"]


def test_no_secret_is_in_the_document() -> None:
    text = yaml.safe_dump(member_configuration(SHIPPED))

    assert "password:" not in text
    assert set(member_configuration(SHIPPED)["postgresql"]["authentication"]["rewind"]) == {
        "username",
        "sslmode",
        "sslrootcert",
    }


def test_with_tls_nobody_enters_in_the_clear() -> None:
    rules: list[str] = member_configuration(SHIPPED)["postgresql"]["pg_hba"]

    in_the_clear = [r for r in rules if r.startswith("host ") and not r.endswith("reject")]
    assert in_the_clear == []
    assert "trust" not in " ".join(rules)


@pytest.mark.parametrize("network", ["10.42.0.0/16", "192.168.7.0/24", "fd00:42::/56"])
def test_only_the_pod_network_enters(network: str) -> None:
    settings = SHIPPED.model_copy(update={"network": (ip_network(network),)})

    rules: list[str] = member_configuration(settings)["postgresql"]["pg_hba"]

    let_in = [r for r in rules if r.startswith("host") and not r.endswith("reject")]
    assert {rule.split()[3] for rule in let_in} == {network}
    assert rules[-1] == "host all all all reject"


def test_the_superuser_enters_from_no_network() -> None:
    rules: list[str] = member_configuration(SHIPPED)["postgresql"]["pg_hba"]

    refusal = rules.index("host all +postgres all reject")
    assert all(rule.startswith("local") for rule in rules[:refusal])


def test_an_archive_is_switched_on_by_its_command_alone() -> None:
    def parameters(settings: MemberSettings) -> dict[str, Any]:
        chosen: dict[str, Any] = member_configuration(settings)["postgresql"]["parameters"]
        return chosen

    archiving = SHIPPED.model_copy(update={"archive_command": "pgbackrest archive-push %p"})

    assert "archive_mode" not in parameters(SHIPPED)
    assert parameters(archiving)["archive_mode"] == "on"


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"synchronous": False, "primary_start_timeout_s": 0}, "loses acknowledged"),
        ({"synchronous": False, "primary_start_timeout_s": 1, "strict": True}, "strict"),
        ({"ttl_s": 19}, "greater than or equal to 20"),
        ({"loop_wait_s": 10, "retry_timeout_s": 6}, r"\(22\) must not exceed ttl_s \(20\)"),
    ],
)
def test_rules_that_would_lose_or_flap_are_refused(rules: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        ClusterRules(**rules)


def test_the_rules_that_ship_are_the_ones_that_were_measured() -> None:
    shared = member_configuration(SHIPPED)["bootstrap"]["dcs"]

    assert (shared["ttl"], shared["loop_wait"], shared["retry_timeout"]) == (20, 2, 5)
    assert shared["synchronous_mode"]
    assert shared["failsafe_mode"]
    assert shared["primary_start_timeout"] == 0


def test_a_standby_follows_a_new_leader_at_once() -> None:
    parameters = member_configuration(SHIPPED)["postgresql"]["parameters"]

    assert parameters["wal_retrieve_retry_interval"] <= 1000
