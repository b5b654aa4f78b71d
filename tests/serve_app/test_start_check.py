"""Claims about what a start checks of the models' settings."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError
from serve_app.settings import load_settings
from serve_app.start_check import check_models

ADDRESS = {"base_url": "http://127.0.0.1:1/v1", "name": "deepseek"}


def with_model(**fields: Any) -> dict[str, Any]:
    """Return settings of a model with further fields."""
    return {"model": {**ADDRESS, **fields}}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (with_model(api_key_file="/nowhere/key"), "model.api_key_file"),
        (
            with_model(variants=[{"share": 0.5, "api_key_file": "/nowhere/key"}]),
            "model.variants.0.api_key_file",
        ),
        (
            with_model(fallbacks=[{"name": "b"}, {"api_key_file": "/nowhere/key"}]),
            "model.fallbacks.1.api_key_file",
        ),
        (
            {"agents": {"lead_analysis": {"model": {**ADDRESS, "api_key_file": "/nowhere/key"}}}},
            "agents.lead_analysis.model.api_key_file",
        ),
        ({"model": {"prices_file": "/nowhere/prices.toml"}}, "model.prices_file"),
        ({"usage": {"compare_with": "gpt-0"}}, "usage.compare_with"),
    ],
)
def test_what_cannot_be_read_or_compared_stops_the_start_in_one_line(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_models(load_settings(wrong))
    assert caught.value.field == field
    assert "\n" not in str(caught.value)


def test_a_key_that_can_be_read_is_not_kept(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("hunter2", encoding="utf-8")
    settings = load_settings(with_model(api_key_file=str(key)))
    check_models(settings)
    assert "hunter2" not in repr(settings)


def test_nothing_configured_passes() -> None:
    check_models(load_settings())
