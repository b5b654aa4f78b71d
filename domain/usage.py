"""What model calls cost: tokens, prices and integer nano-dollars."""

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

    prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0
    cost_nanousd: Annotated[int, Field(ge=0)] = 0


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
