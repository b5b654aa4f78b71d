"""``gardenos postgres export-config``, ``restore-config`` and ``make-key``."""

import base64
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import httpx

from domain.errors import ConfigurationError, ConflictError, NotFoundError, UnavailableError
from kuberay.cluster_reader import ClusterReader, KubernetesError
from postgres.cluster_settings import ClusterSettings
from postgres.cluster_view import read_scope
from postgres.dcs_keys import KeyListing, document_of, scope_range
from postgres.etcd_snapshot import checked
from postgres.sealed_file import make_key as write_key
from postgres.sealed_file import read_key
from serve_app.cluster import saved_config
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.observe import Places, Secrets
from serve_app.cluster.patroni_client import PatroniClient
from serve_app.commands.cluster_options import (
    FILE,
    FOLDER,
    cluster_options,
    place_options,
    places_of,
    settings_of,
)
from serve_app.commands.options import json_option, print_json, printer, teller
from serve_app.exit_codes import EPILOG, ExitCode

RETRY_S = 5.0
APPLY_LIMIT_S = 30.0
KEY_OPTION = click.option(
    "--key-file", type=FILE, required=True, help="Key of gardenos postgres make-key, mode 0600."
)


@click.command("make-key", epilog=EPILOG)
@click.argument("file", type=FILE)
@json_option
def make_key(*, file: Path, as_json: bool) -> int:
    """Write a new key for export-config; keep it apart from what it seals, and twice."""
    write_key(file)
    if as_json:
        print_json({"key_file": str(file)})
    return ExitCode.DONE


@click.command("export-config", epilog=EPILOG)
@cluster_options
@place_options
@KEY_OPTION
@click.option("--out", type=FILE, required=True, help="New file; nothing is overwritten.")
@click.option("--no-snapshot", is_flag=True, help="Leave etcd's snapshot out.")
@json_option
def export_config(
    *,
    kubeconfig: Path | None,
    kubernetes_namespace: str,
    key_file: Path,
    out: Path,
    no_snapshot: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Save what no backup of the database holds, sealed by a key: AES-256-GCM, every byte proved.

    Patroni's shared configuration and the scope's keys; a snapshot of all of etcd, as etcdutl
    restores it; with --kubeconfig the namespace's Secrets. All of it is sealed as it comes, never
    written in the clear. The file is whole or not there.
    """
    key = read_key(key_file)
    settings, secrets = settings_of(**chosen)
    places = places_of(kubeconfig, kubernetes_namespace)
    with EtcdClient(settings, secrets.etcd) as etcd:
        parts = parts_of(etcd, settings)
        if kubeconfig is not None:
            parts[saved_config.SECRETS] = lambda: [
                saved_config.secrets_document(secrets_of(places, limit_s=settings.answer_limit_s))
            ]
        if not no_snapshot:
            parts[saved_config.SNAPSHOT] = lambda: checked(etcd.snapshot())
        manifest = saved_config.save(out, key, parts, scope=settings.scope)
    show(manifest, str(out), as_json=as_json)
    return ExitCode.DONE


def parts_of(etcd: EtcdClient, settings: ClusterSettings) -> dict[str, saved_config.Part]:
    """Return the scope's keys and configuration as files.

    Raises:
        NotFoundError: etcd holds no such scope.
    """
    start, end = scope_range(settings.namespace, settings.scope)
    listing = etcd.list_range(start, end)
    if not listing.keys:
        raise NotFoundError("scope", settings.scope)
    config = next((k.value for k in listing.keys if k.name == f"{start}config"), b"{}")
    patroni = json.dumps(document_of(config), indent=2).encode()
    return {
        saved_config.PATRONI: lambda: [patroni],
        saved_config.KEYS: lambda: [keys_document(listing)],
    }


def keys_document(listing: KeyListing) -> bytes:
    """Return keys as JSON, their values in base64."""
    keys = {one.name: base64.b64encode(one.value).decode() for one in listing.keys}
    told = {"cluster_id": listing.cluster_id, "revision": listing.revision, "keys": keys}
    return json.dumps(told, indent=2).encode()


def secrets_of(places: Places, *, limit_s: float) -> list[dict[str, Any]]:
    """Return the namespace's Secrets.

    Raises:
        ConfigurationError: The kubeconfig cannot be used.
        UnavailableError: The Secrets cannot be read: nothing is saved without them.
    """
    assert places.kubeconfig is not None  # noqa: S101 - asked by the caller
    try:
        reader = ClusterReader(places.kubeconfig, places.namespace, limit_s=limit_s)
    except KubernetesError as error:
        raise ConfigurationError("--kubeconfig", error.why, "a usable kubeconfig") from error
    with closing(reader):
        try:
            return reader.secrets()
        except KubernetesError as error:
            raise UnavailableError(f"no Secrets: {error.why}", RETRY_S) from error


@click.command("restore-config", epilog=EPILOG)
@click.argument("file", type=FILE)
@cluster_options
@KEY_OPTION
@click.option("--to", type=FOLDER, required=True, help="Empty or new folder for what was saved.")
@click.option("--apply-patroni", is_flag=True, help="Give Patroni its shared configuration back.")
@json_option
def restore_config(
    *, file: Path, key_file: Path, to: Path, apply_patroni: bool, as_json: bool, **chosen: Any
) -> int:
    """Open a file of export-config into a folder, every byte proved, readable to you alone.

    Then: kubectl apply -f TO/secrets.yaml; etcdutl snapshot restore TO/etcd-snapshot.db --data-dir
    NEW, on each member of etcd with its own name and peers. --apply-patroni replaces the shared
    configuration of the running cluster by TO/patroni.json through its leader; code 5 where the
    file is another cluster's or holds none. Delete the folder afterwards: it holds secrets in the
    clear.
    """
    manifest = saved_config.restore(file, read_key(key_file), to)
    if apply_patroni:
        settings, secrets = settings_of(**chosen)
        config = json.loads((to / saved_config.PATRONI).read_bytes())
        refuse_to_apply(config, str(manifest["scope"]), settings.scope)
        apply(config, settings, secrets)
    show(manifest, str(to), as_json=as_json)
    return ExitCode.DONE


def refuse_to_apply(config: dict[str, Any], saved: str, scope: str) -> None:
    """Let a cluster take only a configuration that was its own, and that says something.

    Patroni would take an empty one: its rules, synchronous mode among them, would be gone.

    Raises:
        ConflictError: It is another cluster's, or empty.
    """
    if saved != scope:
        raise ConflictError("configuration", scope, f"the file is of {saved}; nothing was applied")
    if not config:
        raise ConflictError("configuration", scope, "the file holds none; nothing was applied")


def apply(config: dict[str, Any], settings: ClusterSettings, secrets: Secrets) -> None:
    """Replace the shared configuration through the leader.

    Raises:
        UnavailableError: Nobody leads, or the leader is silent.
        ConflictError: Patroni refuses.
    """
    start, end = scope_range(settings.namespace, settings.scope)
    with EtcdClient(settings, secrets.etcd) as etcd:
        scope = read_scope(etcd.list_range(start, end), start)
    leader = next((m for m in scope.members if m.name == scope.leader and m.api_url), None)
    if leader is None:
        raise UnavailableError("nobody leads the cluster", RETRY_S)
    secure = str(leader.api_url).startswith("https:")
    with PatroniClient(settings, secrets.patroni, secure=secure) as patroni:
        status, words = patroni.send(
            "PUT", f"{leader.api_url}/config", config, limit_s=APPLY_LIMIT_S
        )
    if status != httpx.codes.OK:
        raise ConflictError("configuration", settings.scope, words or str(status))


def show(manifest: dict[str, Any], place: str, *, as_json: bool) -> None:
    """Say what is in it."""
    if as_json:
        print_json({"place": place, **manifest})
        return
    tell = teller(printer())
    tell(f"{manifest['scope']} of {manifest['made_at']} in {place}:")
    for name, told in manifest["files"].items():
        tell(f"  {name}: {told['bytes']:,} bytes")
