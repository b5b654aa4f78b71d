"""Settings of the three-node cluster as commands see it from outside; never a secret."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from postgres.patroni_config import NAMESPACE, SCOPE

Address = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\[\]:_-]+$", max_length=255)]
ServerName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", max_length=253)
]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
ScopeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)]

ETCD_PASSWORD_VARIABLE = "GARDENOS_ETCD_PASSWORD"  # noqa: S105 - the name of a variable
PATRONI_PASSWORD_VARIABLE = "GARDENOS_PATRONI_PASSWORD"  # noqa: S105 - the name of a variable


class ClientTls(BaseModel):
    """PEM files by which a command knows a server, and shows itself to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    authority: Path | None = Field(
        default=None, description="Certificates of those whom we believe; None the system's."
    )
    certificate: Path | None = Field(
        default=None,
        description="Our certificate; for etcd with its authentication on, one without a CN.",
    )
    key: Path | None = Field(default=None, description="Its private key.")
    server_name: ServerName | None = Field(
        default=None,
        description="Name that the server's certificate must carry, where its address is one that"
        " no certificate names, as a pod's is; None the address itself.",
    )


class ClusterSettings(BaseModel):
    """Where the cluster's parts are, and how long each may take to answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    etcd: Annotated[tuple[Address, ...], Field(max_length=9)] = Field(
        default=(), description="Addresses of etcd's members, such as http://10.0.0.1:2379."
    )
    etcd_user: str | None = Field(default=None, description="User of etcd, where it asks for one.")
    etcd_password_variable: VariableName = Field(
        default=ETCD_PASSWORD_VARIABLE, description="Variable that holds the password of that user."
    )
    etcd_tls: ClientTls = Field(default=ClientTls(), description="Files for TLS with etcd.")
    scope: ScopeName = Field(default=SCOPE, description="Name of the cluster in etcd.")
    namespace: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]*/$|^/$")] = Field(
        default=NAMESPACE, description="Where in etcd the clusters are; a slash at both ends."
    )
    members: Annotated[tuple[Address, ...], Field(max_length=32)] = Field(
        default=(),
        description="Addresses of the members' REST API; those that etcd lists come in addition.",
    )
    patroni_user: str | None = Field(
        default=None, description="User for writing calls of Patroni's REST API, if it has one."
    )
    patroni_password_variable: VariableName = Field(
        default=PATRONI_PASSWORD_VARIABLE,
        description="Variable that holds the password of that user.",
    )
    patroni_tls: ClientTls = Field(default=ClientTls(), description="Files for TLS with Patroni.")
    pod_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(IPv4Network("10.42.0.0/16"),),
        description="Networks that pg_hba lets in: the pod network of K3s.",
    )
    answer_limit_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=3.0, description="Seconds one question to etcd, Patroni or Postgres may take."
    )
    lag_limit_bytes: Annotated[int, Field(ge=0)] = Field(
        default=64 << 20, description="Bytes behind the leader from which the doctor speaks."
    )
    free_limit_percent: Annotated[float, Field(ge=1, le=90)] = Field(
        default=15.0, description="Free part of a disk, per hundred, under which he speaks."
    )
    retained_limit_bytes: Annotated[int, Field(ge=1 << 20)] = Field(
        default=2 << 30, description="Bytes of WAL an idle slot may hold before he speaks."
    )
