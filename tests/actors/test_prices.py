"""The price table and files that add to it."""

from pathlib import Path

import pytest

from actors.prices import load_prices
from domain.errors import ConfigurationError
from domain.usage import cost_nanousd

ENTRY = """
[[model]]
name = "garden-7b"
aliases = ["local/garden-7b"]
input = 100_000_000
cached_input = 10_000_000
output = 200_000_000
as_of = 2026-11-23
source = "our own machine"
"""


def _file(folder: Path, text: str) -> Path:
    file = folder / "prices.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_first_choice_and_the_reference_have_prices() -> None:
    table = load_prices(None)

    price = table.find("deepseek-ai/DeepSeek-V3.2")
    assert price is not None
    assert price.as_of == "2026-11-23"
    assert "deepinfra.com" in price.source
    assert table.find(table.reference) is not None


def test_every_price_is_dated_and_sourced_and_dearer_fresh_than_cached() -> None:
    for price in load_prices(None).values():
        assert price.as_of >= "2026-11-01"
        assert price.source
        assert price.cached_input_nanousd_per_mtok <= price.input_nanousd_per_mtok
        assert price.cached_input_nanousd_per_mtok < price.input_nanousd_per_mtok or (
            "price" in price.source
        ), "an entry without a price for cached input says so"


def test_a_model_of_the_first_choice_costs_a_fraction_of_the_reference() -> None:
    table = load_prices(None)
    tokens = {"prompt_tokens": 800, "cached_prompt_tokens": 0, "completion_tokens": 150}

    first = cost_nanousd(table["deepseek-ai/DeepSeek-V3"], **tokens)
    assert first == 800 * 320 + 150 * 890
    assert first / cost_nanousd(table["gpt-4o"], **tokens) == pytest.approx(1 - 0.889, abs=0.001)
    assert first / cost_nanousd(table["gpt-4"], **tokens) == pytest.approx(1 - 0.988, abs=0.001)


@pytest.mark.parametrize("name", ["gpt-4o", "GPT-4o", "openai/gpt-4o"])
def test_a_model_is_found_by_name_alias_and_any_case(name: str) -> None:
    table = load_prices(None)

    assert table.find(name) == table["gpt-4o"]
    assert table.get(name) == table["gpt-4o"]
    assert name in table


def test_an_unknown_model_has_no_price() -> None:
    assert load_prices(None).find("garden-7b") is None


def test_a_file_adds_and_replaces_and_may_name_another_reference(tmp_path: Path) -> None:
    dearer = ENTRY.replace("garden-7b", "gpt-4o").replace("100_000_000", "3_000_000_000")
    table = load_prices(_file(tmp_path, f'reference = "garden-7b"\n{ENTRY}\n{dearer}'))

    assert table.reference == "garden-7b"
    assert table["local/garden-7b"].output_nanousd_per_mtok == 200_000_000
    assert table["gpt-4o"].input_nanousd_per_mtok == 3_000_000_000
    assert table["gpt-5"] == load_prices(None)["gpt-5"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("model = [", "prices.toml"),
        ("[prices]", "prices"),
        (ENTRY.replace("input = 100", "input = -100", 1), "'garden-7b', input"),
        (ENTRY.replace("100_000_000", '"0.10 USD"'), "'garden-7b', input"),
        (ENTRY.replace("100_000_000", "0.1"), "'garden-7b', input"),
        (ENTRY.replace('source = "our own machine"', ""), "'garden-7b', source"),
        (ENTRY.replace("2026-11-23", '"last week"'), "'garden-7b', as_of"),
        (ENTRY.replace('name = "garden-7b"', ""), "model number 1"),
        (ENTRY.replace("10_000_000\n", "900_000_000\n"), "'garden-7b'"),
        (ENTRY + ENTRY, "'garden-7b'"),
        (f'reference = "nobody"\n{ENTRY}', "reference"),
        (ENTRY + "colour = 1", "colour"),
    ],
)
def test_a_fault_in_a_file_is_named_by_entry_and_field(
    tmp_path: Path, text: str, named: str
) -> None:
    file = _file(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        load_prices(file)
    assert str(file) in str(caught.value)
    assert named in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"prices_file.*absent"):
        load_prices(tmp_path / "absent")
