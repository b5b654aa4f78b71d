"""What model calls cost: tokens, prices and integer nano-dollars."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from domain.lead import Frozen

NANOUSD_PER_USD = 1_000_000_000
TOKENS_PER_MILLION = 1_000_000

TokenCount = Annotated[int, Field(ge=0)]


class Price(Frozen):
    """Price of a model in integer nano-dollars per million tokens, as of a day, with its source."""

    model: str
    input_nanousd_per_mtok: Annotated[int, Field(ge=0)]
    cached_input_nanousd_per_mtok: Annotated[int, Field(ge=0)]
    output_nanousd_per_mtok: Annotated[int, Field(ge=0)]
    as_of: str = Field(description="Day of the price, YYYY-MM-DD.")
    source: str


class UsageSummary(Frozen):
    """Tokens and cost of everything a task called; zero where no model was asked."""

    calls: Annotated[int, Field(ge=0)] = 0
    prompt_tokens: TokenCount = Field(default=0, description="Those from the cache included.")
    cached_prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0
    cost_nanousd: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Billionths of a US dollar."
    )
    estimated_calls: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Calls whose tokens we counted because the provider sent no usage."
    )
    unpriced_calls: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Calls to a model without a known price; their cost is not in here."
    )


class Usage(Frozen):
    """One model call: the row of the ledger, keyed by (task, attempt, call)."""

    attempt: Annotated[int, Field(ge=1)]
    call: Annotated[int, Field(ge=0)] = Field(
        description="Number of the call within the attempt, from 0."
    )
    model: str
    prompt_tokens: TokenCount
    cached_prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount
    cost_nanousd: Annotated[int, Field(ge=0)]
    estimated: bool = Field(default=False, description="True where the provider sent no usage.")
    priced: bool = Field(
        default=True, description="False where no price of the model is known; its cost is 0 then."
    )
    at: AwareDatetime


def cost_nanousd(
    price: Price, *, prompt_tokens: int, cached_prompt_tokens: int, completion_tokens: int
) -> int:
    """Return the cost of one call in nano-dollars, rounded up.

    Args:
        price: Prices of the model that was called.
        prompt_tokens: All tokens of the prompt, those from the provider's cache included.
        cached_prompt_tokens: How many of them came from the provider's cache.
        completion_tokens: Tokens of the answer.
    """
    fresh = max(0, prompt_tokens - cached_prompt_tokens)
    total = (
        fresh * price.input_nanousd_per_mtok
        + cached_prompt_tokens * price.cached_input_nanousd_per_mtok
        + completion_tokens * price.output_nanousd_per_mtok
    )
    return -(-total // TOKENS_PER_MILLION)


def summarise(calls: Iterable[Usage]) -> UsageSummary:
    """Return the sum of model calls."""
    every = tuple(calls)
    return UsageSummary(
        calls=len(every),
        prompt_tokens=sum(call.prompt_tokens for call in every),
        cached_prompt_tokens=sum(call.cached_prompt_tokens for call in every),
        completion_tokens=sum(call.completion_tokens for call in every),
        cost_nanousd=sum(call.cost_nanousd for call in every),
        estimated_calls=sum(call.estimated for call in every),
        unpriced_calls=sum(not call.priced for call in every),
    )


class UsageDimension(StrEnum):
    """What a report of usage may be broken down by."""

    AGENT = "agent"
    MODEL = "model"
    TENANT = "tenant"
    DAY = "day"


class UsageLine(UsageSummary):
    """One line of a report of usage; a dimension that was not asked for is None."""

    agent: str | None = None
    model: str | None = None
    tenant: str | None = None
    day: str | None = Field(default=None, description="YYYY-MM-DD, in UTC.")
