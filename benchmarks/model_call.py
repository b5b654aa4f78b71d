"""What does a call to a model cost the caller? CPU a call with 64 at once, beside its peers.

Run: ``python -m benchmarks.model_call``. Prints one JSON line. Goal: at most 0.55 ms, validation
of the answer included. The provider is a process of its own and answers after 50 ms; every way
sends the same question and reads the same answer, and the ways take turns.
"""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import aiohttp
import openai
import orjson
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel, ConfigDict

from actors.answer_schema import strict_schema
from actors.models import ProviderModels, build_models
from actors.prices import load_prices
from actors.questions import Question
from actors.settings import ModelSettings
from domain.ids import DEFAULT_TENANT, AgentKind, TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority, TaskEnvelope
from tests.provider.beside import ProviderProcess

CONCURRENCY = 64
CALLS = 512
ROUNDS = 5
WARM_CALLS = 128
GOAL_MS = 0.55
LATENCY_MS = 50
MODEL = "deepseek-ai/DeepSeek-V3.2"

Call = Callable[[], Awaitable[None]]


class Fact(BaseModel):
    """Something read, with its quote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: str
    quote: str


class Facts(BaseModel):
    """The answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: tuple[Fact, ...]


ANSWER = {
    "facts": [
        {"name": name, "value": value, "quote": f"about {value} or a little more"}
        for name, value in (
            ("area_m2", "120"),
            ("budget", "12000 EUR"),
            ("start", "March 2027"),
            ("decision_role", "owner"),
            ("project", "terrace and hedge"),
        )
    ]
}
SYSTEM = "Read the message and name each fact with the words that say it. " * 25
USER = orjson.dumps({"message": "We have a garden of about 120 square metres. " * 30}).decode()
MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": SYSTEM},
    {"role": "user", "content": USER},
]
QUESTION = Question("facts", SYSTEM, USER, Facts, 500, "bench-1")

ENVELOPE = TaskEnvelope(
    schema_version=ENVELOPE_SCHEMA_VERSION,
    task_id=TaskId(UUID(int=1)),
    tenant_id=DEFAULT_TENANT,
    kind=AgentKind("bench"),
    attempt=1,
    priority=Priority.NORMAL,
    deadline_unix_s=None,
    payload=b"{}",
)


def ours(models: ProviderModels) -> Call:
    """Ask as an agent does: ladder, limits, validation, ledger."""

    async def call() -> None:
        reply = await models.open(ENVELOPE, time.time).ask(QUESTION)
        if reply.value is None:
            raise RuntimeError(reply.degraded_because)

    return call


def bare(session: aiohttp.ClientSession, base_url: str) -> Call:
    """Post the question and read the bytes of the answer; the floor."""
    body = orjson.dumps({"model": MODEL, "messages": MESSAGES, "max_tokens": 500})

    async def call() -> None:
        async with session.post(
            f"{base_url}/chat/completions",
            data=body,
            headers={"Content-Type": "application/json", "Authorization": "Bearer none"},
        ) as answer:
            await answer.read()

    return call


def create(client: openai.AsyncOpenAI) -> Call:
    """Ask by ``create`` as its documentation shows, and validate the content."""

    async def call() -> None:
        answer = await client.chat.completions.create(
            model=MODEL,
            messages=MESSAGES,
            max_tokens=500,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "facts", "strict": True, "schema": strict_schema(Facts)},
            },
        )
        Facts.model_validate_json(answer.choices[0].message.content or "")

    return call


def parse(client: openai.AsyncOpenAI) -> Call:
    """Ask by ``parse``, which makes the schema and validates."""

    async def call() -> None:
        answer = await client.chat.completions.parse(
            model=MODEL,
            messages=MESSAGES,
            max_tokens=500,
            response_format=Facts,
        )
        if answer.choices[0].message.parsed is None:
            raise RuntimeError("nothing was parsed")

    return call


async def cpu_ms_per_call(call: Call, calls: int) -> float:
    """Make calls, 64 at once; return milliseconds of this process's CPU for each."""
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await call()

    began_s = time.process_time()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return (time.process_time() - began_s) * 1000 / calls


async def measure(base_url: str) -> dict[str, float]:
    """Return the median CPU of each way, in milliseconds a call."""
    models = build_models(ModelSettings(base_url=base_url, name=MODEL), load_prices(None))
    await models.start()
    async with (
        aiohttp.ClientSession() as session,
        openai.AsyncOpenAI(api_key="none", base_url=base_url, max_retries=0) as stock,
        openai.AsyncOpenAI(
            api_key="none",
            base_url=base_url,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
        ) as on_aiohttp,
    ):
        ways = {
            "bare_aiohttp": bare(session, base_url),
            "ours": ours(models),
            "create": create(stock),
            "create_on_aiohttp": create(on_aiohttp),
            "parse": parse(stock),
            "parse_on_aiohttp": parse(on_aiohttp),
        }
        for call in ways.values():
            await cpu_ms_per_call(call, WARM_CALLS)
        rounds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, call in ways.items():
                rounds[name].append(await cpu_ms_per_call(call, CALLS))
    await models.close()
    return {name: statistics.median(figures) for name, figures in rounds.items()}


def main() -> None:
    """Measure all ways against one provider."""
    with ProviderProcess("--latency-ms", str(LATENCY_MS)) as there:
        there.change(brain="scripted", answers=[ANSWER])
        figures = asyncio.run(measure(there.base_url))
    print(
        json.dumps(
            {
                "benchmark": "model_call",
                "cores": os.cpu_count(),
                "concurrency": CONCURRENCY,
                "model_ms": LATENCY_MS,
                "goal_cpu_ms": GOAL_MS,
                "reached": figures["ours"] <= GOAL_MS,
                "cpu_ms_per_call": {name: round(ms, 3) for name, ms in figures.items()},
                "times_ours": {
                    name: round(ms / figures["ours"], 2) for name, ms in figures.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
