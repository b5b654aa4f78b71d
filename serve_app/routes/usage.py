"""The resource ``/v1/usage``: what models cost, and what another would have cost."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from actors.prices import PriceTable
from domain.errors import InvalidInputError
from domain.moment import Moment
from domain.usage import UsageDimension
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import ReadCall
from serve_app.usage_report import UsageReport, report

router = APIRouter(prefix="/v1/usage", tags=["usage"], route_class=JsonRoute)

DEFAULT_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=3 * 366)
DIMENSIONS = ", ".join(UsageDimension)
MAX_NAMES = 40
"""Most models that a problem names."""


class UsageQuery(BaseModel):
    """What to report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str = Field(
        default="agent,model",
        max_length=100,
        description=f"What to break down by, joined by commas: {DIMENSIONS}. Empty: the total.",
        examples=["agent,model,day"],
    )
    since: Moment | None = Field(
        default=None, description="First moment; 30 days before `until` where it is absent."
    )
    until: Moment | None = Field(
        default=None, description="First moment that is left out; now where it is absent."
    )
    compare_with: str | None = Field(
        default=None,
        max_length=200,
        description="Model to compare with; `usage.compare_with` of the settings where absent.",
        examples=["gpt-4o"],
    )


def dimensions_of(by: str) -> tuple[UsageDimension, ...]:
    """Return what to break down by.

    Raises:
        InvalidInputError: A name is none of the dimensions, or comes twice.
    """
    names = [name.strip() for name in by.split(",") if name.strip()]
    for name in names:
        if name not in set(UsageDimension) or names.count(name) > 1:
            raise InvalidInputError("by", name[:40], f"each once, joined by commas: {DIMENSIONS}")
    return tuple(UsageDimension(name) for name in names)


def check_reference(asked: str | None, prices: PriceTable) -> None:
    """Raise InvalidInputError where a caller asks for a model without a known price."""
    if asked is not None and prices.find(asked) is None:
        names = sorted(prices)
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        allowed = ", ".join(names[:MAX_NAMES]) + more
        raise InvalidInputError("compare_with", asked[:80], allowed)


@router.get("", operation_id="getUsage", summary="See what models cost", responses=documented())
async def usage(call: ReadCall, query: Annotated[UsageQuery, Query()]) -> UsageReport:
    """Return tokens and cost of all model calls of a period, and a comparison.

    The comparison is computed from the price table: the same tokens at the reference model's
    price, cached tokens as cached ones. Where a price is unknown the figures are null.
    """
    services = call.services
    check_reference(query.compare_with, services.prices)
    by = dimensions_of(query.by)
    until = query.until or services.now()
    since = query.since or until - DEFAULT_PERIOD
    if not timedelta() < until - since <= LONGEST_PERIOD:
        allowed = f"a time before until, at most {LONGEST_PERIOD.days} days"
        raise InvalidInputError("since", since.isoformat(), allowed)
    lines = await services.usage.report(call.tenant_id, since=since, until=until, by=by)
    model = query.compare_with or services.compare_with
    return report(
        lines,
        period=(since, until),
        by=by,
        reference_model=model,
        reference=services.prices.find(model),
    )
