"""Roles, passwords and addresses of the test cluster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from postgres.patroni_config import REPLICATION, REWIND, SUPERUSER

APP, OWNER, DATABASE = "gardenos_app", "gardenos_owner", "gardenos"
PASSWORDS: Mapping[str, str] = {
    role: f"{role}-secret" for role in (SUPERUSER, REPLICATION, REWIND, APP, OWNER)
}
BOOTSTRAP = (
    f"create role {OWNER} login password '{PASSWORDS[OWNER]}'",
    f"create role {APP} login password '{PASSWORDS[APP]}'",
    f"create database {DATABASE} owner {OWNER}",
)
RIGHTS = (
    f"alter default privileges for role {OWNER} grant all on tables to {APP}",
    f"alter default privileges for role {OWNER} grant all on sequences to {APP}",
)


def address_of(role: str, hosts: Sequence[str], port: int) -> str:
    """Return the address of a role on hosts that share a port."""
    places = ",".join(f"{host}:{port}" for host in hosts)
    return f"postgresql://{role}:{PASSWORDS[role]}@{places}/{DATABASE}?sslmode=disable"


def socket_address_of(folders: Sequence[Path], port: int) -> str:
    """Return the superuser's address through sockets in these folders."""
    places = quote(",".join(str(folder) for folder in folders), safe=",")
    ports = ",".join([str(port)] * len(folders))
    return f"postgresql://{SUPERUSER}:{PASSWORDS[SUPERUSER]}@/postgres?host={places}&port={ports}"
