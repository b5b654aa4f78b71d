"""Claims about ``/v1/usage`` and its comparison with a reference model."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.usage import UsageDimension, UsageLine, UsageSummary
from serve_app.usage_report import compared, priced, total_of, usd
from tests.serve_app.fakes import World
from tests.serve_app.specimens import NOW, PRICES

LINE = UsageLine(
    agent="lead_analysis",
    model="deepseek-ai/DeepSeek-V3",
    calls=1,
    prompt_tokens=800,
    completion_tokens=150,
    cost_nanousd=389_500,
)
"""800 x 0.32 + 150 x 0.89 dollars a million tokens."""


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (0, "0.000000000"),
        (1, "0.000000001"),
        (389_500, "0.000389500"),
        (1_000_000_000, "1.000000000"),
        (123_456_789_012_345_678, "123456789.012345678"),
        (-5, "-0.000000005"),
    ],
)
def test_dollars_are_exact(nanousd: int, text: str) -> None:
    assert usd(nanousd) == text


def test_the_comparison_is_computed_from_the_table() -> None:
    # gpt-4o: 800 x 2.5 + 150 x 10 dollars a million tokens = 0.0035 dollars
    seen = compared(LINE, PRICES["gpt-4o"])
    assert (seen.reference_nanousd, seen.reference_usd) == (3_500_000, "0.003500000")
    assert (seen.saved_nanousd, seen.saved_usd) == (3_110_500, "0.003110500")
    assert seen.saved_percent == 88.9


def test_cached_tokens_are_cached_at_the_reference_too() -> None:
    # (1000 - 600) x 2.5 + 600 x 1.25 + 100 x 10 dollars a million tokens
    tokens = UsageSummary(
        calls=1, prompt_tokens=1000, cached_prompt_tokens=600, completion_tokens=100
    )
    assert compared(tokens, PRICES["gpt-4o"]).reference_nanousd == 2_750_000


def test_a_dearer_model_than_the_reference_saves_less_than_nothing() -> None:
    dear = LINE.model_copy(update={"cost_nanousd": 7_000_000})
    seen = compared(dear, PRICES["gpt-4o"])
    assert (seen.saved_nanousd, seen.saved_percent) == (-3_500_000, -100.0)


def test_where_a_call_has_no_price_nothing_is_said_to_be_saved() -> None:
    seen = compared(LINE.model_copy(update={"unpriced_calls": 1}), PRICES["gpt-4o"])
    assert seen.reference_nanousd == 3_500_000
    assert (seen.saved_nanousd, seen.saved_usd, seen.saved_percent) == (None, None, None)


def test_where_nothing_was_asked_there_is_no_percentage() -> None:
    seen = compared(UsageSummary(), PRICES["gpt-4o"])
    assert (seen.saved_nanousd, seen.saved_percent) == (0, None)


def test_where_the_reference_has_no_price_there_is_no_comparison() -> None:
    assert priced(LINE, None).comparison is None


def test_the_total_is_the_sum_without_dimensions() -> None:
    total = total_of([LINE, LINE.model_copy(update={"estimated_calls": 1})])
    assert (total.calls, total.cost_nanousd, total.estimated_calls) == (2, 779_000, 1)
    assert total.agent is None
    assert total_of([]) == UsageLine()


async def test_the_report_has_lines_total_and_comparison(
    http: httpx.AsyncClient, world: World
) -> None:
    world.usage = [LINE, LINE.model_copy(update={"agent": "follow_up"})]
    body = (await http.get("/v1/usage")).json()
    assert [line["cost_usd"] for line in body["lines"]] == ["0.000389500"] * 2
    assert body["total"]["cost_nanousd"] == 779_000
    assert body["total"]["comparison"]["saved_percent"] == 88.9
    assert body["compared_with"] == "gpt-4o"
    assert body["reference_price"]["as_of"] == "2026-11-01"


async def test_the_last_thirty_days_are_reported_by_agent_and_model(
    http: httpx.AsyncClient, world: World
) -> None:
    await http.get("/v1/usage")
    by = (UsageDimension.AGENT, UsageDimension.MODEL)
    assert world.usage_asked == [{"since": NOW - timedelta(days=30), "until": NOW, "by": by}]


async def test_a_caller_chooses_dimensions_period_and_reference(
    http: httpx.AsyncClient, world: World
) -> None:
    world.usage = [LINE]
    chosen = {
        "by": "day, tenant",
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-11-02T00:00:00+01:00",
        "compare_with": "gpt-5",
    }
    body = (await http.get("/v1/usage", params=chosen)).json()
    (asked,) = world.usage_asked
    assert asked["by"] == (UsageDimension.DAY, UsageDimension.TENANT)
    assert asked["until"] - asked["since"] == timedelta(hours=23)
    # gpt-5: 800 x 1.25 + 150 x 10
    assert body["total"]["comparison"]["reference_nanousd"] == 2_500_000


async def test_no_dimension_gives_the_total_only(http: httpx.AsyncClient, world: World) -> None:
    await http.get("/v1/usage", params={"by": ""})
    assert world.usage_asked[0]["by"] == ()


@pytest.mark.parametrize(
    ("parameters", "field", "allowed"),
    [
        ({"by": "colour"}, "by", "agent, model, tenant, day"),
        ({"by": "day,day"}, "by", "once"),
        ({"since": "2026-11-23T12:00:00Z"}, "since", "before until"),
        ({"since": "2020-01-01T00:00:00Z"}, "since", "days"),
        ({"since": "0001-01-01T00:00:00Z"}, "since", "1900"),
        ({"until": "9999-12-31T23:59:59Z"}, "until", "3000"),
        ({"since": "2026-11-01T00:00:00"}, "since", "zone"),
        ({"compare_with": "gpt-0"}, "compare_with", "gpt-4o, gpt-5"),
        ({"days": "3"}, "days", "no field"),
    ],
)
async def test_a_wrong_question_is_named(
    http: httpx.AsyncClient, parameters: dict[str, Any], field: str, allowed: str
) -> None:
    answer = await http.get("/v1/usage", params=parameters)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert allowed in error["allowed"]
