"""The members' configuration in Kubernetes: a ConfigMap, made here and kept in ``manifests/``.

After a change: ``python -m postgres.pod_configuration > postgres/manifests/base/patroni.yaml``.
What differs between pods comes from Patroni's environment; the pod network, which Patroni takes
from no variable, is filled in by ``member_files`` before the member starts.
"""

import sys
from ipaddress import IPv4Network
from pathlib import Path

import yaml

from postgres.patroni_config import SCOPE, Etcd, MemberSettings, TlsFiles, member_configuration

NAME = "postgres-patroni"
KEY = "patroni.yml"
EXAMPLE_NETWORK = IPv4Network("192.0.2.0/24")
"""Stands in for the pod network while the document is made; never a network of anybody's."""

PLACEHOLDER = "${POD_NETWORK}"
VOLUME = Path("/var/lib/postgresql")
DATA_FOLDER = VOLUME / "data" / "pgdata"
RUN_FOLDER = Path("/run/postgresql")
MEMBER_TLS = Path("/etc/tls/postgres")
ETCD_TLS = Path("/etc/tls/etcd")

PARAMETERS: dict[str, str | int] = {
    # A quarter of the container's 1536 MiB, and half of it as what the kernel may hold besides.
    "shared_buffers": "384MB",
    "effective_cache_size": "768MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    # A standby that is away must not fill the volume of 10 GiB: it is then made anew.
    "max_slot_wal_keep_size": "2GB",
    # Without it the extension of that name, which bootstrap makes, tells nothing.
    "shared_preload_libraries": "pg_stat_statements",
}

COMMENT = """\
# Made by postgres.pod_configuration; a test compares. A member's name and addresses, etcd's hosts
# and every password come from the environment, which Patroni puts over this file. What stands under
# bootstrap.dcs is written to etcd once; later it is changed with patronictl edit-config.
"""


def tls_files(folder: Path) -> TlsFiles:
    """Return the files of a mounted Secret of type kubernetes.io/tls that names its authority."""
    return TlsFiles(
        certificate=folder / "tls.crt", key=folder / "tls.key", authority=folder / "ca.crt"
    )


def pod_settings() -> MemberSettings:
    """Return what a member in a pod is told before it starts."""
    return MemberSettings(
        etcd=Etcd(hosts=("from-environment:2379",), tls=tls_files(ETCD_TLS)),
        network=(EXAMPLE_NETWORK,),
        data_folder=DATA_FOLDER,
        run_folder=RUN_FOLDER,
        tls=tls_files(MEMBER_TLS),
        parameters=PARAMETERS,
        archive_command=f'pgbackrest --stanza={SCOPE} archive-push "%p"',
        restore_command=f'pgbackrest --stanza={SCOPE} archive-get %f "%p"',
    )


def template() -> str:
    """Return the configuration with the pod network left open."""
    document = member_configuration(pod_settings())
    del document["etcd3"]["hosts"]
    # For patronictl; members are told so by Patroni itself. Not what the word says: who shows a
    # certificate still asks for one of our authority, and only does not compare its name with the
    # address, since pods' addresses come and go.
    document["ctl"]["insecure"] = True
    text = yaml.safe_dump(document, sort_keys=False, default_flow_style=False, width=1000)
    return text.replace(str(EXAMPLE_NETWORK), PLACEHOLDER)


def config_map() -> str:
    """Return the ConfigMap that a member's template is mounted from, as YAML."""
    body = "".join(f"    {line}\n" for line in template().splitlines())
    return (
        f"{COMMENT}apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {NAME}\n"
        "  namespace: gardenos\n  labels:\n    app.kubernetes.io/name: postgres\n"
        f"    app.kubernetes.io/part-of: gardenos\ndata:\n  {KEY}: |\n{body}"
    )


if __name__ == "__main__":
    sys.stdout.write(config_map())
