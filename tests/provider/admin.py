"""The doors for another process: reads the log, changes the behaviour, over HTTP."""

from typing import Any, Protocol

import orjson
from aiohttp import web
from pydantic import ValidationError

from tests.provider.behaviour import Behaviour
from tests.provider.call_log import CallLog

LOG = "/_log"
SUMMARY = "/_summary"
PLAN = "/_plan"
CLEAR = "/_clear"


class Governed(Protocol):
    """What the doors lead to."""

    log: CallLog

    @property
    def behaviour(self) -> Behaviour:
        """How it behaves now."""
        ...

    def change(self, **fields: Any) -> None:
        """Give other values to some fields of the behaviour."""
        ...


class Admin:
    """Answers ``GET /_log[?after=N]``, ``GET /_summary``, ``GET|POST /_plan``, ``POST /_clear``.

    ``POST /_plan`` takes an object with the fields of :class:`Behaviour` that shall change. The
    expected key is never told.
    """

    def __init__(self, governed: Governed) -> None:
        self._governed = governed

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer a call of one of the doors."""
        match request.method, request.path:
            case "GET", "/_log":
                return self._log(request)
            case "GET", "/_summary":
                return _json(self._governed.log.summary())
            case "GET", "/_plan":
                return self._plan()
            case "POST", "/_plan":
                return self._change(await request.read())
            case "POST", "/_clear":
                self._governed.log.clear()
                return _json(self._governed.log.summary())
            case _:
                return _json({"error": f"{request.method} {request.path} is not offered"}, 404)

    def _log(self, request: web.BaseRequest) -> web.Response:
        given = request.query.get("after", "0")
        if not given.isdigit():
            return _json({"error": f"after={given}: must be the number of a call"}, 400)
        after = int(given)
        log = self._governed.log
        calls = [call for call in log.calls if call.number > after]
        return _json({"summary": log.summary(), "calls": calls})

    def _plan(self) -> web.Response:
        shown = self._governed.behaviour.model_dump(mode="json")
        shown["api_key"] = "***" if shown["api_key"] is not None else None
        return _json(shown)

    def _change(self, body: bytes) -> web.Response:
        try:
            fields = orjson.loads(body)
            if not isinstance(fields, dict):
                return _json({"error": "must be an object with fields of the behaviour"}, 400)
            self._governed.change(**fields)
        except orjson.JSONDecodeError as error:
            return _json({"error": f"no JSON: {error}"}, 400)
        except ValidationError as error:
            return _json({"error": error.errors(include_url=False, include_input=False)}, 400)
        return self._plan()


def _json(value: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(value, default=str)
    return web.Response(status=status, body=body, content_type="application/json")
