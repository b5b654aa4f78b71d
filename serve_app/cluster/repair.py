"""Remove a dead cluster's keys from etcd: look for life, list, remove in one step."""

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from domain.errors import ConflictError
from postgres.cluster_settings import ClusterSettings
from postgres.cluster_view import ScopeSeen, read_scope
from postgres.dcs_keys import DcsKey, KeyListing, scope_range
from postgres.dcs_repair import (
    LifeSign,
    Removal,
    failsafe_addresses,
    leases_of,
    plan_removal,
    refuse_unasked,
    refuse_while_alive,
)
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.observe import Secrets
from serve_app.cluster.patroni_client import PatroniClient

WORKERS = 8


class Repair:
    """The repair of one scope on an open client of etcd.

    Args:
        client: Of etcd; stays the caller's.
        settings: Which scope, which members.
        secrets: For questions to members.
    """

    def __init__(self, client: EtcdClient, settings: ClusterSettings, secrets: Secrets) -> None:
        self._client = client
        self._settings = settings
        self._secrets = secrets

    def plan(
        self,
        *,
        keep_config: bool,
        is_known_gone: bool = False,
        show: Callable[[Removal], None] = lambda _: None,
    ) -> Removal:
        """Return exactly what would be removed; touches nothing.

        Args:
            keep_config: Whether Patroni's shared configuration stays.
            is_known_gone: Whether something else than silence says that no member lives.
            show: Is given the keys before anything is asked, or refused.

        Raises:
            ConflictError: A member lives, nobody can be asked, or the keys are not a cluster's.
        """
        settings = self._settings
        start, end = scope_range(settings.namespace, settings.scope)
        listing = self._client.list_range(start, end)
        removal = plan_removal(
            listing, namespace=settings.namespace, scope=settings.scope, keep_config=keep_config
        )
        show(removal)
        places = self.places(listing, start)
        refuse_while_alive(settings.scope, self.life_signs(listing, start, places))
        refuse_unasked(removal, list(places), is_known_gone=is_known_gone)
        return removal

    def places(self, listing: KeyListing, prefix: str) -> dict[str, str]:
        """Return by address of a REST API who is, or was, there: as settings and keys say."""
        named = {one.name: one.api_url for one in read_scope(listing, prefix).members}
        noted = {**failsafe_addresses(listing, prefix), **named}
        found = dict.fromkeys(self._settings.members, "")
        return found | {url: name for name, url in noted.items() if url}

    def life_signs(
        self, listing: KeyListing, prefix: str, places: Mapping[str, str]
    ) -> list[LifeSign]:
        """Return what shows that a member lives: its lease, its Patroni, its Postgres."""
        signs = [
            LifeSign(name, f"its key's lease has {left} s left")
            for name, lease in leases_of(listing, prefix)
            if (left := self._client.lease_ttl_s(lease)) > 0
        ]
        scope = read_scope(listing, prefix)
        return signs + self._answers(places) + self._servers(scope)

    def _answers(self, places: Mapping[str, str]) -> list[LifeSign]:
        if not places:
            return []
        secure = any(one.startswith("https:") for one in places)
        with (
            PatroniClient(self._settings, self._secrets.patroni, secure=secure) as patroni,
            ThreadPoolExecutor(WORKERS) as pool,
        ):
            signs = pool.map(lambda one: self._sign_at(patroni, *one), places.items())
            return [one for one in signs if one is not None]

    def _sign_at(self, patroni: PatroniClient, address: str, name: str) -> LifeSign | None:
        """Return what speaks for life at an address; a frozen member still takes connections."""
        seen = patroni.look(address)
        if seen.error is None:
            is_ours = seen.scope in {None, self._settings.scope}
            return LifeSign(seen.name or address, "its Patroni answers") if is_ours else None
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if parts.hostname and listens(parts.hostname, port, self._settings.answer_limit_s):
            return LifeSign(name or address, f"something listens at {parts.netloc}")
        return None

    def _servers(self, scope: ScopeSeen) -> list[LifeSign]:
        places = {one.name: (one.host, one.port) for one in scope.members if one.host}
        return [
            LifeSign(name, f"something listens at {host}:{port}")
            for name, (host, port) in places.items()
            if host and port and listens(host, port, self._settings.answer_limit_s)
        ]

    def run(self, removal: Removal) -> None:
        """Remove what was planned, in one step.

        Raises:
            ConflictError: A key came or changed since the plan; nothing was removed.
            UnavailableError: No member of etcd says whether it did; look again.
        """
        if not removal.keys or self._client.remove(removal):
            return
        # One member may have done it, lost its answer, and the next one found the keys gone.
        planned = {(one.name, one.mod_revision) for one in removal.keys}
        left = self._client.list_range(*removal.key_range).keys
        if any((one.name, one.mod_revision) in planned for one in left) or is_newer(left, removal):
            why = "a key came or changed since the listing; nothing was removed, look again"
            raise ConflictError("scope", removal.scope, why)


def is_newer(left: Sequence[DcsKey], removal: Removal) -> bool:
    """Tell whether a key came or changed since the listing."""
    return any(one.mod_revision > removal.revision for one in left)


def listens(host: str, port: int, limit_s: float) -> bool:
    """Tell whether a TCP connection is taken."""
    try:
        with socket.create_connection((host, port), timeout=limit_s):
            return True
    except OSError:
        return False
