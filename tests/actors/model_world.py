"""A question, the models that are asked it, and the provider they are asked at."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from actors.models import ProviderModels, ProviderRun, build_models
from actors.prices import load_prices
from actors.questions import Question, Reply
from actors.settings import ModelSettings
from domain.ids import DEFAULT_TENANT, AgentKind, TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority, TaskEnvelope
from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.server import Provider

MODEL = "deepseek-ai/DeepSeek-V3.2"
ANSWER = {"words": "a hedge", "count": 3}


class Said(BaseModel):
    """An answer of two fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field(max_length=40)
    count: int = Field(ge=0)


QUESTION = Question(
    name="said",
    system="Read what the person said.",
    user='{"message": "a hedge of three metres, please"}',
    answer=Said,
    max_output_tokens=200,
    prompt_version="said-1",
)


def answering(**fields: Any) -> Behaviour:
    """Return a behaviour that answers the question well, save for some fields."""
    return Behaviour(**{"brain": BrainName.SCRIPTED, "answers": (ANSWER,), **fields})


def settings_for(provider: Provider, **fields: Any) -> ModelSettings:
    """Return settings that ask the provider, with waits short enough for tests."""
    return settings_for_address(provider.base_url, **fields)


def settings_for_address(base_url: str, **fields: Any) -> ModelSettings:
    """Return settings that ask whoever is at an address."""
    return ModelSettings(
        **{
            "base_url": base_url,
            "name": MODEL,
            "timeout_s": 5.0,
            "run_limit_s": 10.0,
            "retry_base_s": 0.002,
            "retry_cap_s": 0.05,
            **fields,
        }
    )


def envelope(number: int = 1, **fields: Any) -> TaskEnvelope:
    """Return a task."""
    return TaskEnvelope(
        **{
            "schema_version": ENVELOPE_SCHEMA_VERSION,
            "task_id": TaskId(UUID(int=number)),
            "tenant_id": DEFAULT_TENANT,
            "kind": AgentKind("sayer"),
            "attempt": 1,
            "priority": Priority.NORMAL,
            "deadline_unix_s": None,
            "payload": b"{}",
            **fields,
        }
    )


@asynccontextmanager
async def models_of(settings: ModelSettings) -> AsyncIterator[ProviderModels]:
    """Build the models of some settings, and close them in the end."""
    models = build_models(settings, load_prices(settings.prices_file))
    try:
        yield models
    finally:
        await models.close()


async def ask_once(
    settings: ModelSettings, clock: Callable[[], float], **fields: Any
) -> tuple[Reply[Said], ProviderRun]:
    """Ask the question once, by models of their own."""
    async with models_of(settings) as models:
        run = models.open(envelope(**fields), clock)
        return await run.ask(QUESTION), run
