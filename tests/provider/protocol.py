"""The chat completions protocol: what a call must look like, and how refusals are worded."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson

from tests.provider.strict_mode import find_strict_fault


class ResponseFormat(StrEnum):
    """What the call wants its answer to be."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"


class RefusedError(Exception):
    """A call that gets an error for an answer, worded as providers do.

    Attributes:
        status: HTTP status.
        param: The field at fault, or None.
        code: Machine-readable name, or None.
    """

    def __init__(
        self, status: int, message: str, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(status, message, param, code)
        self.status = status
        self.message = message
        self.param = param
        self.code = code

    def body(self) -> bytes:
        """Return the error as the protocol writes it."""
        return error_body(self.status, self.message, self.param, self.code)


_TYPES = {401: "invalid_request_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(
    status: int, message: str, param: str | None = None, code: str | None = None
) -> bytes:
    """Return an error as the protocol writes it."""
    fallback = "invalid_request_error" if status < 500 else "server_error"
    kind = "insufficient_quota" if code == "insufficient_quota" else _TYPES.get(status, fallback)
    return orjson.dumps({"error": {"message": message, "type": kind, "param": param, "code": code}})


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation; a content in parts is joined."""

    role: str
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """A call that keeps to the protocol.

    Attributes:
        schema: The JSON schema of the answer, or None where the call names none.
        max_tokens: Bound of the answer in tokens, or None.
    """

    model: str
    messages: tuple[Message, ...]
    format: ResponseFormat = ResponseFormat.TEXT
    schema_name: str | None = None
    schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    temperature: float | None = None

    @cached_property
    def system(self) -> str:
        """The system messages, joined."""
        roles = ("system", "developer")
        return "\n".join(turn.content for turn in self.messages if turn.role in roles)

    @cached_property
    def user_turn(self) -> str:
        """The first message of the user; later ones ask for repairs. Empty where there is none."""
        return next((turn.content for turn in self.messages if turn.role == "user"), "")

    @cached_property
    def document(self) -> Any:
        """The user turn as JSON, or None where it is none."""
        return _json(self.user_turn)

    @cached_property
    def lead_id(self) -> str | None:
        """The id of the lead the user turn is about, or None where it names none."""
        return _lead_id(self.document)

    @cached_property
    def message(self) -> str:
        """What the lead wrote: the shallowest text named ``message`` of the user's document.

        The whole user turn where that is no document; empty where it holds no message.
        """
        if self.document is None:
            return self.user_turn
        return shallowest_text(self.document, "message") or ""


def shallowest_text(document: Any, key: str) -> str | None:
    """Return the first text under a key, however deep, the shallowest first."""
    level = [document]
    while level:
        for place in level:
            if isinstance(place, dict) and isinstance(place.get(key), str):
                return str(place[key])
        level = [inner for place in level for inner in _inside(place)]
    return None


def _inside(place: Any) -> list[Any]:
    if isinstance(place, dict):
        return list(place.values())
    return place if isinstance(place, list) else []


def check_key(header: str | None, expected: str | None) -> None:
    """Refuse a call without the expected bearer key.

    Raises:
        RefusedError: 401.
    """
    if expected is None:
        return
    kind, _, key = (header or "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise RefusedError(401, "No API key was given in an Authorization header of type Bearer.")
    if key.strip() != expected:
        raise RefusedError(
            401, f"Incorrect API key provided: ****{key.strip()[-4:]}.", code="invalid_api_key"
        )


def check_model(name: str, models: Collection[str]) -> None:
    """Refuse a model that does not exist.

    Raises:
        RefusedError: 404.
    """
    if models and name not in models:
        raise RefusedError(
            404, f"The model `{name}` does not exist.", param="model", code="model_not_found"
        )


def read_request(body: bytes, *, demands_json_word: bool, checks_schema: bool) -> ChatRequest:
    """Return the call that a body makes.

    Raises:
        RefusedError: 400; the body breaks the protocol.
    """
    given = _json(body)
    if not isinstance(given, dict):
        raise RefusedError(400, "The body of the request is no JSON object.")
    model = given.get("model")
    if not isinstance(model, str) or not model:
        raise RefusedError(400, "You must provide a model parameter.", param="model")
    if given.get("stream"):
        raise RefusedError(400, "Streaming is not offered here.", param="stream")
    if given.get("n", 1) != 1:
        raise RefusedError(400, "Only one choice a call is offered here.", param="n")
    messages = _messages(given.get("messages"))
    kind, schema_name, schema = _response_format(
        given.get("response_format"), checks_schema=checks_schema
    )
    if kind is ResponseFormat.JSON_OBJECT and demands_json_word:
        _check_json_word(messages)
    return ChatRequest(
        model=model,
        messages=messages,
        format=kind,
        schema_name=schema_name,
        schema=schema,
        max_tokens=_max_tokens(given),
        temperature=_temperature(given.get("temperature")),
    )


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        raise RefusedError(400, "messages must be a list of at least one.", param="messages")
    return tuple(_message(place, turn) for place, turn in enumerate(given))


_ROLES = ("system", "developer", "user", "assistant", "tool")


def _message(place: int, turn: Any) -> Message:
    where = f"messages[{place}]"
    if not isinstance(turn, dict) or turn.get("role") not in _ROLES:
        raise RefusedError(400, f"{where}.role must be one of {', '.join(_ROLES)}.", param=where)
    content = turn.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if content is None and turn["role"] == "assistant":
        content = ""
    if not isinstance(content, str):
        raise RefusedError(400, f"{where}.content must be text.", param=f"{where}.content")
    return Message(turn["role"], content)


def _response_format(
    given: Any, *, checks_schema: bool
) -> tuple[ResponseFormat, str | None, dict[str, Any] | None]:
    if given is None:
        return ResponseFormat.TEXT, None, None
    where = "response_format"
    if not isinstance(given, dict) or given.get("type") not in set(ResponseFormat):
        raise RefusedError(400, "response_format.type is unknown.", param=f"{where}.type")
    kind = ResponseFormat(given["type"])
    if kind is not ResponseFormat.JSON_SCHEMA:
        return kind, None, None
    wrapped = given.get("json_schema")
    name = wrapped.get("name") if isinstance(wrapped, dict) else None
    if not isinstance(wrapped, dict) or not isinstance(name, str) or not name:
        raise RefusedError(400, "json_schema.name is missing.", param=f"{where}.json_schema.name")
    schema = wrapped.get("schema")
    if not isinstance(schema, dict):
        raise RefusedError(400, "json_schema.schema is missing.", param=f"{where}.json_schema")
    fault = find_strict_fault(schema) if checks_schema and wrapped.get("strict") else None
    if fault:
        raise RefusedError(400, f"Invalid schema for response_format '{name}': {fault}", where)
    return kind, name, schema


def _check_json_word(messages: tuple[Message, ...]) -> None:
    if not any("json" in turn.content.lower() for turn in messages):
        raise RefusedError(
            400,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of"
            " type 'json_object'.",
            param="messages",
        )


def _max_tokens(given: dict[str, Any]) -> int | None:
    bound = None
    for name in ("max_tokens", "max_completion_tokens"):
        value = given.get(name)
        if value is None:
            continue
        if bound is not None:
            raise RefusedError(400, "Set only one bound of the answer's length.", param=name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise RefusedError(400, f"{name} must be an integer of at least 1.", param=name)
        bound = value
    return bound


_HOTTEST = 2


def _temperature(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= _HOTTEST:
        raise RefusedError(400, "temperature must be from 0 to 2.", param="temperature")
    return float(given)


def _lead_id(document: Any) -> str | None:
    if not isinstance(document, dict):
        return None
    lead = document.get("lead")
    places = (document, lead) if isinstance(lead, dict) else (document,)
    for place in places:
        for name in ("lead_id", "id"):
            if isinstance(place.get(name), str):
                return str(place[name])
    return None
