"""The configuration of one Patroni member: the test cluster and the manifests render the same.

Pure: settings in, a document for Patroni's YAML file out. It holds no secret. Passwords, and in
Kubernetes whatever differs between pods (a field left None here), come from Patroni's own
environment variables, which go before the file::

    PATRONI_NAME                            PATRONI_SUPERUSER_PASSWORD
    PATRONI_RESTAPI_CONNECT_ADDRESS         PATRONI_REPLICATION_PASSWORD
    PATRONI_POSTGRESQL_CONNECT_ADDRESS      PATRONI_REWIND_PASSWORD
    PATRONI_RESTAPI_USERNAME                PATRONI_RESTAPI_PASSWORD
    PATRONI_ETCD3_USERNAME                  PATRONI_ETCD3_PASSWORD

Source: https://patroni.readthedocs.io (dynamic configuration, YAML and environment settings).
"""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCOPE = "postgres-cluster"
NAMESPACE = "/service/"
SUPERUSER = "postgres"
REPLICATION = "replicator"
REWIND = "rewind"

Network = IPv4Network | IPv6Network


class Section(BaseModel):
    """A group of settings: immutable, and closed against names nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TlsFiles(Section):
    """PEM files as the member's container sees them."""

    certificate: Path = Field(description="Certificate, with its chain.")
    key: Path = Field(description="Its private key.")
    authority: Path = Field(description="Certificates of those whom we believe.")


class ClusterRules(Section):
    """What all members agree on; Patroni keeps it in etcd from the cluster's first start on."""

    ttl_s: Annotated[int, Field(ge=20, le=300)] = Field(
        default=20, description="Seconds after which a silent leader has lost; Patroni's floor."
    )
    loop_wait_s: Annotated[int, Field(ge=1, le=60)] = Field(
        default=2, description="Seconds between two looks of a member."
    )
    retry_timeout_s: Annotated[int, Field(ge=3, le=60)] = Field(
        default=5, description="Seconds for which etcd or Postgres may not answer."
    )
    synchronous: bool = Field(
        default=True, description="Whether a commit waits for a standby, so that no kill loses it."
    )
    strict: bool = Field(
        default=False,
        description="Whether commits wait even while there is no standby to wait for.",
    )
    failsafe: bool = Field(
        default=True,
        description="Whether a leader goes on without etcd while it reaches every member.",
    )
    primary_start_timeout_s: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=0,
        description="Seconds a crashed primary may take to start before another is promoted; 0 "
        "promotes at once, in synchronous mode only.",
    )
    maximum_lag_bytes: Annotated[int, Field(ge=0)] = Field(
        default=1 << 20,
        description="Bytes a standby may be behind and still be promoted (asynchronous mode).",
    )

    @model_validator(mode="after")
    def _nothing_acknowledged_is_given_up(self) -> Self:
        if self.primary_start_timeout_s == 0 and not self.synchronous:
            raise ValueError(
                "primary_start_timeout_s 0 promotes a standby at once, which loses acknowledged "
                "rows where synchronous is off: take at least 1, or synchronous mode"
            )
        if self.strict and not self.synchronous:
            raise ValueError("strict says how to be synchronous, which is off")
        if self.loop_wait_s + 2 * self.retry_timeout_s > self.ttl_s:
            raise ValueError(
                f"loop_wait_s + 2 * retry_timeout_s ({self.loop_wait_s + 2 * self.retry_timeout_s})"
                f" must not exceed ttl_s ({self.ttl_s})"
            )
        return self


class Etcd(Section):
    """The store in which the leader's lock lies."""

    hosts: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Addresses of its members, each host:port."
    )
    tls: TlsFiles | None = Field(
        default=None,
        description="Files for TLS; with etcd's authentication on, a certificate without a CN.",
    )


class MemberSettings(Section):
    """What one member needs to know; a None is left to Patroni's environment."""

    name: str | None = Field(default=None, description="Name of the member; the pod's.")
    scope: str = Field(default=SCOPE, description="Name of the cluster.")
    namespace: str = Field(default=NAMESPACE, description="Where in etcd the clusters are.")
    etcd: Etcd = Field(description="Where the leader's lock is.")
    rules: ClusterRules = Field(default=ClusterRules(), description="What all members agree on.")
    network: Annotated[tuple[Network, ...], Field(min_length=1)] = Field(
        default=(IPv4Network("10.42.0.0/16"),),
        description="Networks from which clients and members connect: the pod network of K3s.",
    )
    listen_host: str = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104 - a pod's own
    rest_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=8008, description="TCP port of Patroni's REST API."
    )
    postgres_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=5432, description="TCP port of Postgres."
    )
    connect_host: str | None = Field(
        default=None, description="Address at which others reach this member."
    )
    data_folder: Path = Field(
        default=Path("/var/lib/postgresql/data/pgdata"),
        description="PGDATA: a folder inside the volume, which Patroni makes with mode 0700.",
    )
    bin_folder: Path | None = Field(
        default=Path("/usr/lib/postgresql/18/bin"),
        description="Where the server's programs are.",
    )
    run_folder: Path = Field(
        default=Path("/var/run/postgresql"),
        description="Holds the socket and the password file; writable, short, lost at a restart.",
    )
    tls: TlsFiles | None = Field(
        default=None,
        description="Files for TLS of Postgres and the REST API; None takes connections in the"
        " clear and is for tests, whose server cannot speak TLS.",
    )
    parameters: Mapping[str, str | int] = Field(
        default={}, description="Parameters of Postgres, beside and over ours."
    )
    archive_command: str | None = Field(
        default=None, description="Command that saves a WAL segment; None archives nothing."
    )
    restore_command: str | None = Field(
        default=None, description="Command that fetches a WAL segment which the leader lacks."
    )
    initdb: tuple[str, ...] = Field(
        default=(), description="Further flags of initdb, without their dashes."
    )


def member_configuration(settings: MemberSettings) -> dict[str, Any]:
    """Return the document for ``patroni.yaml``: plain mappings, lists, strings and numbers."""
    return without_none(
        {
            "name": settings.name,
            "scope": settings.scope,
            "namespace": settings.namespace,
            "log": {"level": "INFO"},
            "restapi": rest_section(settings),
            "ctl": tls_section(settings.tls, "certfile", "keyfile", "cacert"),
            "etcd3": etcd_section(settings.etcd),
            "bootstrap": {"dcs": shared_section(settings), "initdb": initdb_section(settings)},
            "postgresql": postgres_section(settings),
            "watchdog": {"mode": "off"},
        }
    )


def without_none(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return a section without what was left to the environment, empty sections included."""
    kept: dict[str, Any] = {}
    for name, value in section.items():
        whole = without_none(value) if isinstance(value, Mapping) else value
        if whole not in (None, {}):
            kept[name] = whole
    return kept


def tls_section(
    tls: TlsFiles | None, certificate: str, key: str, authority: str
) -> dict[str, str | None]:
    """Return the three files under the names that a section of Patroni gives them."""
    if tls is None:
        return {}
    return {certificate: str(tls.certificate), key: str(tls.key), authority: str(tls.authority)}


def address(host: str | None, port: int) -> str | None:
    """Return ``host:port``, or None where the host is left to the environment."""
    return f"{host}:{port}" if host else None


def rest_section(settings: MemberSettings) -> dict[str, Any]:
    """Return how the REST API listens.

    Probes have no certificate, so one is asked for at writing calls only (``optional`` checks the
    ones that are shown).
    """
    return {
        "listen": address(settings.listen_host, settings.rest_port),
        "connect_address": address(settings.connect_host, settings.rest_port),
        "verify_client": "optional" if settings.tls else None,
        **tls_section(settings.tls, "certfile", "keyfile", "cafile"),
    }


def etcd_section(etcd: Etcd) -> dict[str, Any]:
    """Return where etcd is; by its v3 API, the only one that newer servers have."""
    return {
        "hosts": list(etcd.hosts),
        "protocol": "https" if etcd.tls else "http",
        **tls_section(etcd.tls, "cert", "key", "cacert"),
    }


def shared_section(settings: MemberSettings) -> dict[str, Any]:
    """Return what goes into etcd at the cluster's first start, and is changed there later."""
    rules = settings.rules
    return {
        "ttl": rules.ttl_s,
        "loop_wait": rules.loop_wait_s,
        "retry_timeout": rules.retry_timeout_s,
        "maximum_lag_on_failover": rules.maximum_lag_bytes,
        "synchronous_mode": rules.synchronous,
        "synchronous_mode_strict": rules.strict,
        "failsafe_mode": rules.failsafe,
        "primary_start_timeout": rules.primary_start_timeout_s,
        "postgresql": {
            "use_pg_rewind": True,
            "use_slots": True,
            "parameters": {
                "max_connections": 100,
                "max_worker_processes": 8,
                "max_wal_senders": 10,
                "max_replication_slots": 10,
                "wal_level": "replica",
                "hot_standby": "on",
                "wal_log_hints": "on",
            },
        },
    }


def initdb_section(settings: MemberSettings) -> list[str | dict[str, str]]:
    """Return how new data are made: an order of text that no library's update changes."""
    return [
        {"encoding": "UTF8"},
        {"locale": "C"},
        {"locale-provider": "builtin"},
        {"builtin-locale": "C.UTF-8"},
        "data-checksums",
        *settings.initdb,
    ]


def postgres_section(settings: MemberSettings) -> dict[str, Any]:
    """Return how this member runs Postgres."""
    return {
        "listen": address(settings.listen_host, settings.postgres_port),
        "connect_address": address(settings.connect_host, settings.postgres_port),
        "data_dir": str(settings.data_folder),
        "bin_dir": str(settings.bin_folder) if settings.bin_folder else None,
        "pgpass": str(settings.run_folder / "pgpass"),
        "use_unix_socket": True,
        "use_unix_socket_repl": True,
        "remove_data_directory_on_rewind_failure": True,
        "remove_data_directory_on_diverged_timelines": True,
        "authentication": {
            "superuser": {"username": SUPERUSER},
            "replication": credentials(settings, REPLICATION),
            "rewind": credentials(settings, REWIND),
        },
        "parameters": server_parameters(settings),
        "pg_hba": access_rules(settings),
    }


def credentials(settings: MemberSettings, role: str) -> dict[str, str]:
    """Return how a member logs in at another one; the password comes from the environment."""
    if settings.tls is None:
        return {"username": role}
    return {
        "username": role,
        "sslmode": "verify-ca",
        "sslrootcert": str(settings.tls.authority),
    }


def server_parameters(settings: MemberSettings) -> dict[str, str | int]:
    """Return the parameters of Postgres that a member may change alone."""
    parameters: dict[str, str | int] = {
        "password_encryption": "scram-sha-256",
        "unix_socket_directories": str(settings.run_folder),
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A statement or a row in the log could be a person's message or address.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        # A client that vanished must not hold its locks for the two hours of Linux's default.
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 3,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        # A standby asks anew this often after each change of the leader: 5 s by Postgres's default.
        # Until one streams again a new leader's commits wait in strict mode, and are alone in ours.
        "wal_retrieve_retry_interval": 500,
        "wal_sender_timeout": 5_000,
        "wal_receiver_timeout": 5_000,
    }
    if settings.tls:
        parameters |= {
            "ssl": "on",
            "ssl_cert_file": str(settings.tls.certificate),
            "ssl_key_file": str(settings.tls.key),
            "ssl_ca_file": str(settings.tls.authority),
            "ssl_min_protocol_version": "TLSv1.2",
        }
    if settings.archive_command:
        parameters |= {
            "archive_mode": "on",
            "archive_command": settings.archive_command,
            "archive_timeout": 60,
        }
    if settings.restore_command:
        parameters["restore_command"] = settings.restore_command
    return parameters | dict(settings.parameters)


def access_rules(settings: MemberSettings) -> list[str]:
    """Return ``pg_hba.conf``, first match wins: passwords always, the superuser from no network.

    The socket is inside the pod. Everything else comes over TLS where there is any.
    """
    kind = "hostssl" if settings.tls else "host"
    rules = [
        "local all all scram-sha-256",
        f"local replication {REPLICATION} scram-sha-256",
        # With the plus: nor does anybody who may become the superuser.
        f"host all +{SUPERUSER} all reject",
    ]
    for network in settings.network:
        rules.append(f"{kind} replication {REPLICATION} {network} scram-sha-256")
        rules.append(f"{kind} all all {network} scram-sha-256")
    return [*rules, "host all all all reject"]
