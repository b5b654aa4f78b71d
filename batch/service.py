"""The two addresses of the service that scoring a file needs, with a time limit on every call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from domain.errors import (
    InvalidInputError,
    OverloadedError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnavailableError,
)

CONNECT_LIMIT_S = 5.0
ANSWER_LIMIT_S = 60.0
"""Longest wait for the answer to a batch; a long poll gets its own time on top."""

MAX_RETRY_AFTER_S = 300.0
"""Longest wait that is obeyed, in seconds; as long as the service's own longest."""

FINISHED_WELL = "succeeded"
KEY_VARIABLE = "GARDENOS_API_KEY"
"""How whoever starts a run calls the key that the service was given."""

_JSON = {"Content-Type": "application/json"}
_NOT_OURS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
        HTTPStatus.REQUEST_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A task that is stored; ``created`` is False where its key was known already."""

    task_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A task that was not stored; ``again`` where it may be later.

    Attributes:
        field: Dotted path of what is at fault.
        got: What came, shortened by the service.
        allowed: What would be accepted, or what the service says.
        wait_s: Seconds that the service asks to wait before it comes again.
    """

    field: str
    got: str
    allowed: str
    again: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that came to its end: with a result, or with an error."""

    task_id: str
    result: Mapping[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Results:
    """What is finished of the tasks asked for; ``unknown`` are those the service does not have."""

    finished: tuple[Finished, ...]
    unknown: tuple[str, ...]


class Service:
    """Calls a running service; closed by ``async with``.

    Every method raises UnavailableError where another try may help (OverloadedError where the
    service is merely busy), PayloadTooLargeError where a smaller batch may, UnauthenticatedError
    where the key opens nothing, and InvalidInputError where the address is not that of a service
    like ours.
    """

    def __init__(self, address: str, key: str | None = None) -> None:
        """Call the service at ``address``, signed by ``key``, a secret, where there is one."""
        self.address = address.rstrip("/")
        limits = httpx.Limits(max_connections=4)
        # a proxy of the environment has no business between this machine and its own service
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_LIMIT_S, connect=CONNECT_LIMIT_S),
            limits=limits,
            trust_env=False,
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def submit(self, items: Sequence[bytes]) -> list[Accepted | Refused]:
        """Queue tasks; return what became of each, in order.

        Args:
            items: JSON of each task.
        """
        body = b'{"items":[' + b",".join(items) + b"]}"
        answer, asked_s = await self._post("/v1/tasks/batch", body, ANSWER_LIMIT_S)
        try:
            settled = [_settled(item, asked_s) for item in answer["items"]]
        except (KeyError, TypeError) as error:
            raise self._foreign("an answer of another form") from error
        if len(settled) != len(items):
            raise self._foreign(f"{len(settled)} answers to {len(items)} tasks")
        return settled

    async def results(self, task_ids: Sequence[str], *, wait_s: float) -> Results:
        """Return those of the tasks that are finished, as soon as there is one or after a while.

        Args:
            task_ids: At most 1,000.
            wait_s: Longest wait, at most 60 s.
        """
        body = orjson.dumps({"task_ids": list(task_ids), "wait_s": wait_s})
        answer, _ = await self._post("/v1/tasks/results", body, ANSWER_LIMIT_S + wait_s)
        try:
            finished = tuple(_finished(item) for item in answer["items"])
            return Results(finished, tuple(str(one) for one in answer.get("unknown", ())))
        except (KeyError, TypeError) as error:
            raise self._foreign("an answer of another form") from error

    async def _post(self, path: str, body: bytes, limit_s: float) -> tuple[dict[str, Any], float]:
        """Return the answer, and for how long the service asks to be left alone, in seconds."""
        try:
            answer = await self._http.post(
                self.address + path,
                content=body,
                headers=_JSON,
                timeout=httpx.Timeout(limit_s, connect=CONNECT_LIMIT_S),
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            allowed = "an address such as http://127.0.0.1:8000"
            raise InvalidInputError("--address", self.address[:80], allowed) from error
        except httpx.HTTPError as error:
            what = f"cannot reach {self.address}: {str(error) or type(error).__name__}"
            raise UnavailableError(what, 0.0) from error
        return self._read(answer), retry_after_s(answer.headers.get("retry-after"))

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        status = answer.status_code
        if status in _BUSY:
            what = f"{self.address} answers {status} ({detail_of(answer)})"
            asked_s = retry_after_s(answer.headers.get("retry-after"))
            busy = status == HTTPStatus.TOO_MANY_REQUESTS
            raise (OverloadedError if busy else UnavailableError)(what, asked_s)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _too_many(answer):
            raise PayloadTooLargeError("a batch", "more than the service takes", "a smaller one")
        if status in _NOT_OURS:
            why = f"{self.address} refuses what {KEY_VARIABLE} holds ({detail_of(answer)})"
            raise UnauthenticatedError(why, "a key with the scopes read and write")
        if not answer.is_success:
            raise self._foreign(f"status {status} ({detail_of(answer)})")
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise self._foreign("what is no JSON") from error
        if not isinstance(found, dict):
            raise self._foreign("JSON of another form")
        return found

    def _foreign(self, what: str) -> InvalidInputError:
        got = f"{what} from {self.address}"
        return InvalidInputError("--address", got, "a GardenOS service of this version")


def detail_of(answer: httpx.Response) -> str:
    """Return what a problem says, in one line."""
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return "no detail"
    told = found if isinstance(found, dict) else {}
    return " ".join(str(told.get("detail") or told.get("title") or "no detail").split())[:200]


def retry_after_s(header: str | None) -> float:
    """Return how long the service asks to wait, in seconds; 0 where it does not say."""
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _too_many(answer: httpx.Response) -> bool:
    """Tell whether a service takes fewer tasks at once than came."""
    if answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return False
    try:
        errors = orjson.loads(answer.content).get("errors", ())
        return [error["field"] for error in errors] == ["items"]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return False


def _settled(item: Mapping[str, Any], asked_s: float) -> Accepted | Refused:
    task = item.get("task")
    if task is not None:
        return Accepted(str(task["task_id"]), bool(task.get("created", True)))
    problem = item["problem"]
    again = int(problem["status"]) in _BUSY
    first = next(iter(problem.get("errors") or ()), None)
    if first is None:
        return Refused("lead", str(problem["title"]), str(problem["detail"])[:200], again, asked_s)
    return Refused(str(first["field"]), str(first["got"]), str(first["allowed"]), again, asked_s)


def _finished(item: Mapping[str, Any]) -> Finished:
    task_id = str(item["task_id"])
    if item["state"] == FINISHED_WELL and isinstance(item.get("result"), dict):
        return Finished(task_id, item["result"], None)
    return Finished(task_id, None, item.get("error") or f"the task ended as {item['state']}")
