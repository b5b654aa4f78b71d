"""Calls as a client writes them, for the tests of the provider itself."""

from typing import Any

import aiohttp
import orjson

from tests.provider.protocol import ChatRequest, Message, ResponseFormat

MESSAGE = "Hello, our garden of 300 m2 needs a new lawn. We own the house, the budget is $5,000."
LEAD_FACTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["facts"],
    "properties": {"facts": {"type": "array", "items": {"$ref": "#/$defs/Fact"}}},
    "$defs": {
        "Fact": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "value", "quote"],
            "properties": {
                "name": {"type": "string"},
                "value": {"type": "string", "maxLength": 200},
                "quote": {"type": "string", "maxLength": 300},
            },
        }
    },
}
FOLLOW_UP_DRAFT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject", "body"],
    "properties": {
        "subject": {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}]},
        "body": {"type": "string", "minLength": 1, "maxLength": 8000},
    },
}
SCHEMAS = {"lead_facts": LEAD_FACTS, "follow_up_draft": FOLLOW_UP_DRAFT}


def user_turn(message: str, **others: Any) -> str:
    """Return the document that an agent sends for a lead."""
    lead = {"lead_id": "lead-1", "contact": {"full_name": "Kim Doe"}, "message": message}
    return orjson.dumps({"lead": lead, **others}).decode()


def body(message: str = MESSAGE, *, schema: str | None = "lead_facts", **fields: Any) -> Any:
    """Return the body of a call; ``fields`` are put on top, None takes one away."""
    asked: dict[str, Any] = {
        "model": "model-a",
        "messages": [
            {"role": "system", "content": "Answer in JSON."},
            {"role": "user", "content": user_turn(message)},
        ],
    }
    if schema is not None:
        asked["response_format"] = response_format(schema)
    asked |= fields
    return {name: value for name, value in asked.items() if value is not None}


def response_format(schema: str) -> Any:
    """Return the response_format that asks for one of the known schemas, strictly."""
    wrapped = {"name": schema, "strict": True, "schema": SCHEMAS[schema]}
    return {"type": "json_schema", "json_schema": wrapped}


def request_of(message: str = MESSAGE, *, schema: str = "lead_facts", **others: Any) -> ChatRequest:
    """Return a call as brains see it."""
    return ChatRequest(
        model="model-a",
        messages=(
            Message("system", "You read enquiries. Secret word: rhododendron. Answer in JSON."),
            Message("user", user_turn(message, **others)),
        ),
        format=ResponseFormat.JSON_SCHEMA,
        schema_name=schema,
        schema=SCHEMAS[schema],
    )


def client(*, connections: int = 100) -> aiohttp.ClientSession:
    """Return a client that reuses at most so many connections and waits at most five seconds."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=5),
    )


async def ask(session: aiohttp.ClientSession, base_url: str, asked: Any) -> tuple[int, Any]:
    """Send a call; return status and document."""
    async with session.post(f"{base_url}/chat/completions", json=asked) as answer:
        return answer.status, orjson.loads(await answer.read())


def content_of(document: Any) -> Any:
    """Return the JSON inside the content of an answer."""
    return orjson.loads(document["choices"][0]["message"]["content"])
