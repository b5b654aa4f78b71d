"""A small client of Patroni's REST API, each call with a limit."""

from types import TracebackType
from typing import Any, Self

import httpx

from domain.errors import UnavailableError
from postgres.cluster_settings import ClusterSettings
from postgres.cluster_view import PatroniSeen
from serve_app.cluster.bounded import exchange
from serve_app.cluster.tls import http_client

RETRY_S = 2.0


class PatroniClient:
    """Asks members by their addresses; close it, best by ``with``.

    Args:
        settings: User, TLS and the limit of one answer.
        password: Of ``settings.patroni_user``; sent with writing calls only.
        secure: Whether any address begins with https.
    """

    def __init__(
        self, settings: ClusterSettings, password: str | None = None, *, secure: bool = False
    ) -> None:
        user = settings.patroni_user
        self._limit_s = settings.answer_limit_s
        self._auth = httpx.BasicAuth(user, password or "") if user else None
        self._http = http_client(
            settings.patroni_tls,
            "cluster.patroni_tls",
            secure=secure,
            limit_s=settings.answer_limit_s,
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

    def _exchange(self, method: str, url: str) -> httpx.Response:
        return exchange(self._http, method, url, limit_s=self._limit_s)

    def look(self, address: str) -> PatroniSeen:
        """Return how a member answers ``/primary``, silence included."""
        try:
            response = self._exchange("GET", f"{address}/primary")
        except httpx.HTTPError as error:
            return PatroniSeen(address=address, error=type(error).__name__)
        document = document_of(response)
        patroni = document.get("patroni", {})
        return PatroniSeen(
            address=address,
            status=response.status_code,
            name=patroni.get("name"),
            scope=patroni.get("scope"),
            version=patroni.get("version"),
            role=document.get("role"),
            state=document.get("state"),
            timeline=document.get("timeline"),
            system_id=str(document.get("database_system_identifier") or "") or None,
            paused=bool(document.get("pause")),
            failsafe=bool(document.get("failsafe_mode_is_active")),
        )

    def get(self, address: str, path: str) -> dict[str, Any]:
        """Return a document, such as that of ``/cluster`` or ``/config``.

        Raises:
            UnavailableError: The member does not answer with one.
        """
        try:
            response = self._exchange("GET", address + path)
        except httpx.HTTPError as error:
            raise silent(address, error) from error
        if response.status_code != httpx.codes.OK:
            raise UnavailableError(f"{address}{path} answers {response.status_code}", RETRY_S)
        return document_of(response)

    def send(self, method: str, url: str, body: object, *, limit_s: float) -> tuple[int, str]:
        """Return status and words of a writing call; raises as :meth:`get` on silence."""
        try:
            response = exchange(
                self._http, method, url, limit_s=limit_s, json=body, auth=self._auth
            )
        except httpx.HTTPError as error:
            raise silent(url, error) from error
        return response.status_code, " ".join(response.text.split())[:300]


def silent(address: str, error: Exception) -> UnavailableError:
    """Return the error for a member that does not answer."""
    return UnavailableError(f"Patroni at {address} is silent ({type(error).__name__})", RETRY_S)


def document_of(response: httpx.Response) -> dict[str, Any]:
    """Return a response's JSON object; empty where it is none."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
