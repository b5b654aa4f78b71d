"""The command line's own client of the HTTP face."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from domain.errors import GardenosError, UnavailableError
from serve_app.settings import CALLER_KEY_VARIABLE, caller_key

TIMEOUT_S = 90.0

KEY_HINT = (
    f"put a key of `gardenos keys create`, or a token, into the variable {CALLER_KEY_VARIABLE}"
)


class RefusedError(GardenosError):
    """The service answered with a problem.

    Args:
        status: HTTP status.
        title: The kind of problem, in words.
        detail: What happened.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


class ServiceClient:
    """Calls a running service, signed by the key in the environment where there is one.

    Close it, best by ``with``.
    """

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        self.address = address
        key = caller_key()
        self._http = httpx.Client(
            base_url=address,
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=False,
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a resource."""
        return self._json(self._send("GET", path, params=dict(params or {})))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post JSON and return the answer."""
        return self._json(self._send("POST", path, json=dict(body)))

    def delete(self, path: str) -> None:
        """Delete a resource."""
        answer = self._send("DELETE", path)
        if not answer.is_success:
            self._json(answer)

    def ready(self) -> dict[str, Any]:
        """Return what ``/readyz`` says, whether ready or not."""
        answer = self._send("GET", "/readyz")
        body = answer.json() if answer.headers.get("content-type") == "application/json" else {}
        return body if "ready" in body else self._json(answer)

    @contextmanager
    def stream(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        """Give an answer whose body is read as it comes; read errors are httpx's own.

        Raises:
            UnavailableError: The service cannot be reached.
            RefusedError: It answered with a problem.
        """
        request = self._http.build_request("GET", path, params=dict(params), headers=dict(headers))
        try:
            answer = self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        with closing(answer):
            if not answer.is_success:
                try:
                    answer.read()
                except httpx.HTTPError as error:
                    raise self._unreachable(error) from error
                self._json(answer)
            yield answer

    def _unreachable(self, error: httpx.HTTPError) -> UnavailableError:
        why = str(error) or type(error).__name__
        what = f"cannot reach {self.address}: {why}; gardenos serve starts a service"
        return UnavailableError(what, 5.0)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.InvalidURL as error:
            raise RefusedError(0, "The address cannot be used", str(error)) from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError as error:
            title = f"{self.address} answered {answer.status_code} without JSON"
            raise RefusedError(answer.status_code, title, "is it GardenOS?") from error
        if answer.is_success and isinstance(body, dict):
            return body
        told = body if isinstance(body, dict) else {}
        detail = str(told.get("detail", "no detail"))
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            detail = f"{detail}; {KEY_HINT}"
        raise RefusedError(
            answer.status_code, str(told.get("title", f"status {answer.status_code}")), detail
        )
