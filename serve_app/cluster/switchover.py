"""Hand the lead over through Patroni, and wait until the new leader has committed a write."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from domain.errors import ConflictError, DeadlineExceededError, NotFoundError, UnavailableError
from postgres.cluster_probe import write_once
from postgres.cluster_settings import ClusterSettings
from postgres.cluster_view import MemberKey, ScopeSeen, read_scope
from postgres.dcs_keys import scope_range
from serve_app.cluster.etcd_client import EtcdClient
from serve_app.cluster.observe import Secrets
from serve_app.cluster.patroni_client import PatroniClient

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Switched:
    """What came of it; ``written`` is False where no login was given to try a write."""

    old: str
    new: str
    took_s: float
    written: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """A switchover in its surroundings; the clock is an argument."""

    settings: ClusterSettings
    secrets: Secrets
    limit_s: float
    clock: Callable[[], float] = time.monotonic

    def run(self, candidate: str | None) -> Switched:
        """Hand over, to ``candidate`` or whom Patroni chooses, and wait.

        Raises:
            ConflictError: Patroni refuses, in its own words.
            NotFoundError: There is no such member.
            UnavailableError: etcd or the leader does not answer; nobody leads.
            DeadlineExceededError: Asked, and not seen to be done within the limit.
        """
        began = self.clock()
        with EtcdClient(self.settings, self.secrets.etcd) as etcd:
            scope = self._read(etcd)
            old = leader_of(scope)
            if candidate and candidate not in {one.name for one in scope.members}:
                raise NotFoundError("member", candidate)
            secure = (old.api_url or "").startswith("https:")
            with PatroniClient(self.settings, self.secrets.patroni, secure=secure) as patroni:
                self._ask(patroni, old, candidate)
                new = self._wait(etcd, patroni, old.name, began)
        return Switched(
            old.name, new, self.clock() - began, written=self.secrets.database_url is not None
        )

    def _read(self, etcd: EtcdClient) -> ScopeSeen:
        start, end = scope_range(self.settings.namespace, self.settings.scope)
        return read_scope(etcd.list_range(start, end), start)

    def _ask(self, patroni: PatroniClient, old: MemberKey, candidate: str | None) -> None:
        body = {"leader": old.name} | ({"candidate": candidate} if candidate else {})
        status, words = patroni.send(
            "POST", f"{old.api_url}/switchover", body, limit_s=self.limit_s
        )
        if status != httpx.codes.OK:
            hint = "; set GARDENOS_CLUSTER__PATRONI_USER" if status in {401, 403} else ""
            raise ConflictError("switchover", self.settings.scope, f"{words or status}{hint}")

    def _wait(self, etcd: EtcdClient, patroni: PatroniClient, old: str, began: float) -> str:
        """Return the new leader's name once it is published and commits."""
        while (left := self.limit_s - (self.clock() - began)) > 0:
            try:
                scope = self._read(etcd)
                new = leader_of(scope)
                if new.name != old and self._accepts(patroni, new, left):
                    return new.name
            except UnavailableError:
                pass  # between two leaders; the limit ends the wait
            time.sleep(POLL_S)
        raise DeadlineExceededError(
            "the switchover was asked for, and no new leader was seen to accept writes",
            time.time(),
        )

    def _accepts(self, patroni: PatroniClient, new: MemberKey, left_s: float) -> bool:
        if not patroni.look(new.api_url or "").is_primary:
            return False
        url = self.secrets.database_url
        if url is None or new.host is None:
            return True
        limit_s = min(left_s, self.settings.answer_limit_s)
        return asyncio.run(write_once(url, (new.host, new.port or 5432), limit_s))


def leader_of(scope: ScopeSeen) -> MemberKey:
    """Return the leader with its addresses.

    Raises:
        UnavailableError: Nobody leads, or the leader's own key is gone.
    """
    for one in scope.members:
        if one.name == scope.leader:
            return one
    raise UnavailableError("nobody leads the cluster", POLL_S)
