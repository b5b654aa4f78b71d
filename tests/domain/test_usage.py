"""What a model call costs, in integers."""

import pytest

from domain.usage import Price, cost_nanousd

PRICE = Price(
    model="m",
    input_nanousd_per_mtok=260_000_000,
    cached_input_nanousd_per_mtok=130_000_000,
    output_nanousd_per_mtok=380_000_000,
    as_of="2026-11-01",
    source="test",
)


@pytest.mark.parametrize(
    ("prompt", "cached", "completion", "cost"),
    [(0, 0, 0, 0), (800, 0, 150, 265_000), (800, 800, 0, 104_000), (1, 0, 0, 260), (1, 1, 0, 130)],
)
def test_a_call_costs_fresh_and_cached_prompt_and_completion(
    prompt: int, cached: int, completion: int, cost: int
) -> None:
    assert (
        cost_nanousd(
            PRICE,
            prompt_tokens=prompt,
            cached_prompt_tokens=cached,
            completion_tokens=completion,
        )
        == cost
    )


def test_a_fraction_of_a_nano_dollar_is_rounded_up() -> None:
    cheap = PRICE.model_copy(update={"input_nanousd_per_mtok": 1})
    assert cost_nanousd(cheap, prompt_tokens=1, cached_prompt_tokens=0, completion_tokens=0) == 1
