"""The rule for Patroni's configuration refuses each line that would break a promise."""

import pytest

from tests.postgres.manifests.rules_of_pgbackrest import find_pgbackrest_faults
from tests.postgres.manifests.rules_of_the_cluster import find_patroni_faults
from tests.postgres.manifests.shipped import REMOVED, broken, of_kind, rendered

REFUSED = {find_patroni_faults.__name__, find_pgbackrest_faults.__name__}
CONFIGURATION = "ConfigMap/postgres-patroni"
OPEN = "hostssl all all ${POD_NETWORK} scram-sha-256"


def template() -> str:
    """Return the configuration that we ship."""
    (text,) = [
        each["data"]["patroni.yml"]
        for each in of_kind(rendered("volume"), "ConfigMap")
        if "patroni.yml" in each["data"]
    ]
    return str(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ttl: 20", "ttl: 30", "ttl is 30, not 20"),
        ("loop_wait: 2", "loop_wait: 10", "loop_wait is 10"),
        ("retry_timeout: 5", "retry_timeout: 10", "retry_timeout is 10"),
        ("synchronous_mode: true", "synchronous_mode: false", "synchronous_mode is False"),
        ("failsafe_mode: true", "failsafe_mode: false", "failsafe_mode is False"),
        ("use_slots: true", "use_slots: true\n      pg_hba: []", "pg_hba stands twice"),
        ("ssl: 'on'", "ssl: 'off'", "without TLS"),
        ("password_encryption: scram-sha-256", "password_encryption: md5", "than SCRAM"),
        ("sslmode: verify-ca", "sslmode: require", "does not check whom"),
        ("protocol: https", "protocol: http", "etcd is not asked over TLS"),
        ("verify_client: optional", "verify_client: none", "anybody may change the cluster"),
        ("username: rewind", "username: rewind\n      password: secret", "holds a password"),
        (OPEN, OPEN.replace("hostssl", "host"), "lets in without TLS"),
        (OPEN, OPEN.replace("scram-sha-256", "trust"), "otherwise than by SCRAM"),
        (OPEN, OPEN.replace("scram-sha-256", "md5"), "otherwise than by SCRAM"),
        (OPEN, OPEN.replace("${POD_NETWORK}", "172.21.0.0/16"), "lets in from 172.21.0.0/16"),
        (OPEN, f"{OPEN}\n  - hostssl all all 0.0.0.0/0 scram-sha-256", "lets in from 0.0.0.0/0"),
        ("- host all +postgres all reject\n", "", "the superuser may come over the network"),
        ("${POD_NETWORK}", "${NETWORK}", "NETWORK is in the template"),
        ("log_error_verbosity: terse", "log_error_verbosity: verbose", "pod_configuration renders"),
    ],
)
def test_a_configuration_is_refused_that(old: str, new: str, said: str) -> None:
    sound = template()
    assert old in sound

    changed = broken(rendered("volume"), CONFIGURATION, "data|patroni.yml", sound.replace(old, new))

    assert any(said in fault for fault in find_patroni_faults(changed))


def test_no_second_place_may_speak_of_who_comes_in() -> None:
    spare = {"pg_hba.conf": "host all all all trust"}

    changed = broken(rendered("volume"), "ConfigMap/postgres-pgbackrest", "data", spare)

    assert any("speaks of pg_hba" in fault for fault in find_patroni_faults(changed))


def test_there_is_one_configuration() -> None:
    changed = broken(rendered("volume"), CONFIGURATION, "data|patroni.yml", REMOVED)

    assert find_patroni_faults(changed) == ["there is not one configuration of Patroni"]


@pytest.mark.parametrize(
    ("name", "key", "old", "new", "said"),
    [
        ("pgbackrest", "job.conf", "start-fast=y", "start-fast=y\nrepo1-path=/x", "set twice"),
        ("pgbackrest", "job.conf", "start-fast=y", "start-fast", "start-fast is no option"),
        ("pgbackrest", "job.conf", "pg2-host-type=tls\n", "", "pg2-host is reached otherwise"),
        ("pgbackrest", "job.conf", "/etc/tls/backup/ca.crt", "/etc/ca.crt", "is not mounted"),
        ("pgbackrest", "member.conf", "postgres-backup=", "anybody=", "lets anybody="),
        ("repository", "member.conf", "repo1-host-type=tls\n", "", "repo1-host is reached"),
        ("repository", "job.conf", "repo1-cipher-type=aes-256-cbc\n", "", "in the clear"),
        ("repository", "job.conf", "repo1-path=/var/lib/pgbackrest\n", "", "where the repository"),
        ("repository", "server.conf", "postgres-cluster=post", "postgres-cluster=*,post", "lets"),
    ],
)
def test_pgbackrest_is_refused_that(name: str, key: str, old: str, new: str, said: str) -> None:
    title = f"ConfigMap/postgres-{name}"
    (data,) = [
        each["data"]
        for each in of_kind(rendered("volume"), "ConfigMap")
        if each["metadata"]["name"] == f"postgres-{name}"
    ]
    assert old in data[key]

    changed = broken(rendered("volume"), title, f"data|{key}", data[key].replace(old, new))

    assert any(said in fault for fault in find_pgbackrest_faults(changed))


def test_a_repository_without_its_pass_phrase_is_refused() -> None:
    way = "spec.template.spec.containers.0.env"
    changed = broken(rendered("volume"), "Deployment/postgres-repository", way, [])

    assert any("has no pass phrase" in fault for fault in find_pgbackrest_faults(changed))
