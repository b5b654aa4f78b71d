"""A small client of etcd's v3 JSON gateway: what the commands need, each call with a limit."""

import base64
import binascii
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from domain.errors import ConfigurationError, ForbiddenError, UnavailableError
from postgres.cluster_settings import ClusterSettings
from postgres.dcs_keys import DcsKey, KeyListing
from postgres.dcs_repair import Removal
from serve_app.cluster.bounded import exchange, lines_of
from serve_app.cluster.tls import http_client

RETRY_S = 2.0
PAGE = 1000
MAX_KEYS = 100_000
SNAPSHOT_LIMIT_S = 600.0
TOLD = 200
"""Characters of a refusal that are worth showing."""


@dataclass(frozen=True, slots=True)
class EtcdAnswer:
    """One answer as it came: HTTP status, parsed JSON or None, and the text's beginning."""

    status: int
    document: Any
    text: str


class EtcdClient:
    """Speaks to the first member that answers; close it, best by ``with``.

    Args:
        settings: Addresses, user, TLS and the limit of one answer.
        password: Of ``settings.etcd_user``; kept in memory only.
    """

    def __init__(self, settings: ClusterSettings, password: str | None = None) -> None:
        if not settings.etcd:
            raise ConfigurationError(
                "cluster.etcd", "nothing", "addresses such as http://127.0.0.1:2379, or --etcd"
            )
        self.addresses = settings.etcd
        self._user = settings.etcd_user
        self._password = password
        self._token: str | None = None
        self._limit_s = settings.answer_limit_s
        secure = any(address.startswith("https:") for address in settings.etcd)
        self._http = http_client(
            settings.etcd_tls, "cluster.etcd_tls", secure=secure, limit_s=settings.answer_limit_s
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, address: str, path: str) -> EtcdAnswer:
        """Return what one member answers to a GET.

        Raises:
            UnavailableError: It does not.
        """
        try:
            return answer_of(self._exchange("GET", address + path))
        except httpx.HTTPError as error:
            raise unreachable([address], error) from error

    def post_to(self, address: str, path: str, body: object) -> EtcdAnswer:
        """Return what one member answers to a call of the v3 API; raises as :meth:`get`."""
        try:
            headers = self._headers(address)
            return answer_of(self._exchange("POST", address + path, json=body, headers=headers))
        except httpx.HTTPError as error:
            raise unreachable([address], error) from error

    def call(self, path: str, body: object) -> Any:
        """Return the document of the first member that answers.

        Raises:
            ForbiddenError: etcd knows us not, or lets us not do this.
            UnavailableError: None answers in time, or etcd refuses for another reason.
        """
        fault: UnavailableError | None = None
        for address in self.addresses:
            try:
                answer = self.post_to(address, path, body)
            except UnavailableError as error:
                fault = error
                continue
            if answer.status == httpx.codes.OK and answer.document is not None:
                return answer.document
            if answer.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                raise ForbiddenError(f"rights in etcd ({reason_of(answer)})")
            fault = UnavailableError(
                f"etcd at {address} refuses {path}: {answer.status} {reason_of(answer)}", RETRY_S
            )
        assert fault is not None  # noqa: S101 - there is at least one address
        raise fault

    def list_range(self, start: str, end: str) -> KeyListing:
        """Return the keys from ``start`` to before ``end`` as of one revision, in order.

        Raises:
            UnavailableError: There are more than MAX_KEYS, or what :meth:`call` raises.
        """
        found: list[DcsKey] = []
        revision, following = 0, start
        while len(found) <= MAX_KEYS:
            body = {"key": coded(following), "range_end": coded(end), "limit": str(PAGE)}
            if revision:
                body["revision"] = str(revision)
            page = self.call("/v3/kv/range", body)
            revision = revision or int(page["header"]["revision"])
            found += [key_of(one) for one in page.get("kvs", ())]
            if not page.get("more"):
                return KeyListing(tuple(found), revision, str(page["header"].get("cluster_id", "")))
            following = found[-1].name + "\0"
        raise UnavailableError(f"more than {MAX_KEYS} keys below {start}", RETRY_S)

    def lease_ttl_s(self, lease: int) -> int:
        """Return the seconds a lease has left; -1 where it has run out."""
        found = self.call("/v3/lease/timetolive", {"ID": str(lease)})
        return int(found.get("TTL", -1))

    def remove(self, removal: Removal) -> bool:
        """Remove exactly the planned keys, in one step; False where anything changed since."""
        start, end = removal.key_range
        unchanged = {
            "key": coded(start),
            "range_end": coded(end),
            "target": "MOD",
            "result": "LESS",
            "mod_revision": str(removal.revision + 1),
        }
        same = [
            {
                "key": coded(one.name),
                "target": "MOD",
                "result": "EQUAL",
                "mod_revision": str(one.mod_revision),
            }
            for one in removal.keys
        ]
        deletes = [{"request_delete_range": {"key": coded(one.name)}} for one in removal.keys]
        body = {"compare": [unchanged, *same], "success": deletes, "failure": []}
        return bool(self.call("/v3/kv/txn", body).get("succeeded", False))

    def snapshot(self, *, limit_s: float = SNAPSHOT_LIMIT_S) -> Iterator[bytes]:
        """Yield a snapshot of all of etcd in pieces, as ``etcdutl snapshot restore`` takes it.

        Of the first member that begins one: they all hold the same.

        Args:
            limit_s: Seconds for all of it; each silence ends it sooner.

        Raises:
            UnavailableError: It breaks off, takes too long, or no member gives one.
        """
        give_up_at = time.monotonic() + limit_s
        faults: list[UnavailableError] = []
        for address in self.addresses:
            pieces = self._snapshot_of(address, give_up_at)
            try:
                first = next(pieces, b"")
            except UnavailableError as error:
                faults.append(error)
                continue
            yield first
            yield from pieces
            return
        raise faults[-1]

    def _snapshot_of(self, address: str, give_up_at: float) -> Iterator[bytes]:
        url = f"{address}/v3/maintenance/snapshot"
        try:
            headers = self._headers(address)
            with self._http.stream("POST", url, json={}, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    answer = answer_of(response)
                    raise UnavailableError(f"etcd gives no snapshot: {reason_of(answer)}", RETRY_S)
                for line in lines_of(response, give_up_at):
                    yield piece_of(json.loads(line))
        except (httpx.HTTPError, ValueError) as error:
            raise unreachable([address], error) from error

    def _exchange(self, method: str, url: str, **options: Any) -> httpx.Response:
        return exchange(self._http, method, url, limit_s=self._limit_s, **options)

    def _headers(self, address: str) -> dict[str, str]:
        if self._user is None:
            return {}
        if self._token is None:
            body = {"name": self._user, "password": self._password or ""}
            url = f"{address}/v3/auth/authenticate"
            answer = answer_of(self._exchange("POST", url, json=body))
            if answer.status != httpx.codes.OK:
                raise ForbiddenError(f"a login at etcd ({reason_of(answer)})")
            self._token = str(answer.document["token"])
        return {"Authorization": self._token}


def unreachable(addresses: Sequence[str], error: Exception) -> UnavailableError:
    """Return the error for members that do not answer."""
    named = ", ".join(addresses)
    return UnavailableError(f"etcd at {named} does not answer ({type(error).__name__})", RETRY_S)


def answer_of(response: httpx.Response) -> EtcdAnswer:
    """Return a response, parsed where it is JSON."""
    try:
        document = response.json()
    except ValueError:
        document = None
    return EtcdAnswer(response.status_code, document, response.text[:TOLD])


def reason_of(answer: EtcdAnswer) -> str:
    """Return etcd's own words for a refusal, in one line."""
    told = answer.document if isinstance(answer.document, dict) else {}
    words = told.get("message") or told.get("error") or answer.text or "no reason given"
    return " ".join(str(words).split())[:TOLD]


def coded(text: str) -> str:
    """Return a key as the gateway takes it."""
    return base64.b64encode(text.encode()).decode()


def decoded(text: str) -> bytes:
    """Return what the gateway gives as bytes."""
    return base64.b64decode(text) if text else b""


def key_of(told: dict[str, Any]) -> DcsKey:
    """Return a key as the gateway tells it."""
    return DcsKey(
        name=decoded(told["key"]).decode(errors="replace"),
        value=decoded(told.get("value", "")),
        mod_revision=int(told["mod_revision"]),
        create_revision=int(told["create_revision"]),
        lease=int(told.get("lease", 0)),
    )


def piece_of(told: dict[str, Any]) -> bytes:
    """Return a snapshot's piece.

    Raises:
        UnavailableError: etcd tells of an error in the middle, or of nothing that we know.
    """
    if "error" in told:
        raise UnavailableError("etcd broke its snapshot off", RETRY_S)
    try:
        return base64.b64decode(told["result"].get("blob", ""), validate=True)
    except (binascii.Error, AttributeError, KeyError, TypeError) as error:
        raise UnavailableError("etcd's snapshot is garbled", RETRY_S) from error
