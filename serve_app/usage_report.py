"""What model calls cost, and what a reference model would have asked for the same tokens. Pure.

Nothing is claimed that the price table does not say: where a price is missing, the figure is null.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.usage import (
    NANOUSD_PER_USD,
    Price,
    UsageDimension,
    UsageLine,
    UsageSummary,
    cost_nanousd,
)

Usd = Annotated[
    str,
    Field(pattern=r"^-?\d+\.\d{9}$", description="US dollars, exact.", examples=["0.004213700"]),
]


class Comparison(BaseModel):
    """The same tokens at the reference model's price.

    Tokens that came from a provider's cache are counted as cached there too.
    """

    model_config = ConfigDict(frozen=True)

    reference_nanousd: int = Field(description="What the reference model would have cost.")
    reference_usd: Usd
    saved_nanousd: int | None = Field(
        description="Less than that by so much; below 0 where it was more. Null where calls to a"
        " model without a known price are among them."
    )
    saved_usd: Usd | None
    saved_percent: float | None = Field(
        description="Of the reference's cost, to a tenth; null where nothing was asked."
    )


class PricedLine(UsageLine):
    """One line of the report with its cost in dollars and the comparison."""

    cost_usd: Usd
    comparison: Comparison | None = Field(
        description="Null where the reference model has no known price."
    )


class UsageReport(BaseModel):
    """What models cost from ``since`` to before ``until``."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime
    until: AwareDatetime
    by: tuple[UsageDimension, ...]
    compared_with: str = Field(description="Name of the reference model.")
    reference_price: Price | None = Field(
        description="Its price as of a day, with the source; null where none is known."
    )
    lines: tuple[PricedLine, ...] = Field(
        description="Sorted by the dimensions, in the order asked for."
    )
    total: PricedLine


def usd(nanousd: int) -> str:
    """Return nano-dollars as dollars in decimal, exactly."""
    return f"{Decimal(nanousd) / NANOUSD_PER_USD:.9f}"


def compared(tokens: UsageSummary, reference: Price) -> Comparison:
    """Return what the tokens would have cost at the reference price, and the difference.

    The reference is priced once over all tokens, so it is at most one nano-dollar a call below
    what single calls, each rounded up, would sum to.
    """
    would_be = cost_nanousd(
        reference,
        prompt_tokens=tokens.prompt_tokens,
        cached_prompt_tokens=tokens.cached_prompt_tokens,
        completion_tokens=tokens.completion_tokens,
    )
    saved = None if tokens.unpriced_calls else would_be - tokens.cost_nanousd
    return Comparison(
        reference_nanousd=would_be,
        reference_usd=usd(would_be),
        saved_nanousd=saved,
        saved_usd=None if saved is None else usd(saved),
        saved_percent=None if saved is None or not would_be else round(100 * saved / would_be, 1),
    )


def priced(line: UsageLine, reference: Price | None) -> PricedLine:
    """Return a line with its cost in dollars and the comparison."""
    return PricedLine(
        **line.model_dump(),
        cost_usd=usd(line.cost_nanousd),
        comparison=None if reference is None else compared(line, reference),
    )


def total_of(lines: Sequence[UsageLine]) -> UsageLine:
    """Return the sum of all lines, without dimensions."""
    names = UsageSummary.model_fields
    return UsageLine(**{name: sum(getattr(line, name) for line in lines) for name in names})


def report(
    lines: Sequence[UsageLine],
    *,
    period: tuple[datetime, datetime],
    by: Sequence[UsageDimension],
    reference_model: str,
    reference: Price | None,
) -> UsageReport:
    """Return the report over the ledger's lines.

    Args:
        lines: One per combination of ``by``, as the store sorted them.
        period: First moment, and the first one after it.
        by: What the lines are broken down by.
        reference_model: Name of the model to compare with.
        reference: Its price, or None where none is known.
    """
    since, until = period
    return UsageReport(
        since=since,
        until=until,
        by=tuple(by),
        compared_with=reference_model,
        reference_price=reference,
        lines=tuple(priced(line, reference) for line in lines),
        total=priced(total_of(lines), reference),
    )
