"""Claims about the settings: order of the sources, and one clear line for every fault."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError
from serve_app.addresses import is_loopback
from serve_app.settings import (
    Settings,
    database_url,
    load_settings,
    model_of,
)
from serve_app.settings_file import FILE_VARIABLE

MODEL = {
    "GARDENOS_MODEL__BASE_URL": "http://127.0.0.1:1/v1",
    "GARDENOS_MODEL__NAME": "deepseek",
    "GARDENOS_MODEL__API_KEY": "hunter2",
}


def write(folder: Path, text: str) -> str:
    """Write a settings file and return its path."""
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_order_is_arguments_environment_file_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "http: {port: 1001, max_batch_items: 11, max_body_bytes: 2048}"
    monkeypatch.setenv(FILE_VARIABLE, write(tmp_path, text))
    monkeypatch.setenv("GARDENOS_HTTP__PORT", "1002")
    monkeypatch.setenv("GARDENOS_HTTP__MAX_BATCH_ITEMS", "12")
    http = load_settings({"http": {"port": 1003}}).http
    assert (http.port, http.max_batch_items, http.max_body_bytes) == (1003, 12, 2048)
    assert http.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value", "field", "allowed"),
    [
        ("GARDENOS_PORT", "1", "GARDENOS_PORT", "GARDENOS_HTTP"),
        ("GARDENOS_PORT", "1", "GARDENOS_PORT", "GARDENOS_DATABASE_URL"),
        ("GARDENOS_PORT", "1", "GARDENOS_PORT", FILE_VARIABLE),
        ("GARDENOS_MODEL__BASE_URL", "http://127.0.0.1:1/v1", "model", "belong together"),
        ("GARDENOS_MODEL__NAME", "deepseek", "model", "only name is given"),
        ("GARDENOS_MODEL__BASE_URL", "ftp://x", "GARDENOS_MODEL__BASE_URL", "https?"),
        ("GARDENOS_MODEL__TIMEOUT_S", "0", "GARDENOS_MODEL__TIMEOUT_S", "greater than 0"),
        ("GARDENOS_MODEL__API_KEY", "hunter2", "GARDENOS_MODEL__BASE_URL", "__NAME"),
        ("GARDENOS_WRITING__PHONE", "555", "GARDENOS_WRITING__PHONE", "pattern"),
        ("GARDENOS_WRITING__QUIET_FROM", "08:00", "writing", "the same"),
        (
            "GARDENOS_AGENTS__LEAD_ANALYSIS__MODEL__NAME",
            "deepseek",
            "agents.lead_analysis.model",
            "belong together",
        ),
        ("GARDENOS_HTTP__PROT", "1", "GARDENOS_HTTP__PROT", "declared settings"),
        ("GARDENOS_HTTP__PORT", "many", "GARDENOS_HTTP__PORT", "integer"),
        ("GARDENOS_HTTP__PORT", "0", "GARDENOS_HTTP__PORT", "greater than or equal to 1"),
        ("GARDENOS_HTTP__DEFAULT_TIMEOUT_S", "nan", "GARDENOS_HTTP__DEFAULT_TIMEOUT_S", "finite"),
        ("GARDENOS_HTTP__HOST", "0.0.0.0", "GARDENOS_HTTP__HOST", "loopback"),  # noqa: S104 - refused
        ("GARDENOS_HTTP__HOST", "gardenos.example", "GARDENOS_HTTP__HOST", "loopback"),
        ("GARDENOS_HTTP", "{", "GARDENOS_HTTP", "JSON"),
        ("GARDENOS_HTTP", "17", "GARDENOS_HTTP", ""),
        (FILE_VARIABLE, "/nowhere/settings.yaml", FILE_VARIABLE, "readable file"),
    ],
)
def test_a_wrong_variable_is_one_line_with_field_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.field == field
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "field", "allowed"),
    [
        ("http: {prot: 1}", "http.prot", "declared settings"),
        ("htpp: {port: 1}", "htpp", "declared settings"),
        ("http: {port: [}", FILE_VARIABLE, "valid YAML"),
        ("- http", FILE_VARIABLE, "mapping"),
        ("http: {port: 70000}", "http.port", "less than or equal to 65535"),
        ("model: {api_key: hunter2}", "model.api_key", "api_key_file"),
        ("model: {api_key: hunter2}", "model.api_key", "GARDENOS_MODEL__API_KEY"),
        (
            "agents: {lead_analysis: {model: {api_key: hunter2}}}",
            "agents.lead_analysis.model.api_key",
            "api_key_file",
        ),
        ("database: {url: 'postgresql://u:hunter2@db/x'}", "database.url", "url_file"),
    ],
)
def test_a_wrong_file_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, field: str, allowed: str
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, write(tmp_path, text))
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.field == field
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_empty_file_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FILE_VARIABLE, write(tmp_path, ""))
    assert load_settings().http.port == 8000


def test_secrets_in_the_environment_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", "postgresql://user:hunter2@db/x")
    for name, value in MODEL.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert "hunter2" not in settings.model_dump_json()
    assert b"hunter2" not in pickle.dumps(settings)
    assert "hunter2" not in repr(settings)


def test_a_wrong_secret_is_never_shown() -> None:
    wrong: dict[str, Any] = {"http": {"api_key": "hunter2"}}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(wrong)
    assert "hunter2" not in str(caught.value)


def test_settings_survive_the_way_through_ray_as_a_plain_mapping() -> None:
    settings = load_settings({"http": {"port": 8123}})
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - refused
        ("::", False),
        ("192.168.0.4", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_only_loopback_addresses_count_as_such(host: str, answer: bool) -> None:  # noqa: FBT001 - a table
    assert is_loopback(host) is answer


def test_a_field_of_a_known_agent_is_set_without_repeating_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GARDENOS_AGENTS__LEAD_ANALYSIS__CONCURRENCY", "3")
    agent = load_settings().agents["lead_analysis"]
    assert agent.concurrency == 3
    assert agent.agent


def test_three_variables_name_a_model_and_an_agent_may_ask_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in MODEL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GARDENOS_AGENTS__LEAD_ANALYSIS__MODEL__NAME", "small")
    settings = load_settings()
    asked = model_of("lead_analysis", settings.agents["lead_analysis"], settings.model)
    assert settings.model.name == "deepseek"
    assert asked is not None
    assert (asked.name, asked.base_url) == ("small", "http://127.0.0.1:1/v1")


@pytest.mark.parametrize(("limit_s", "fits"), [("60", False), ("61", True)])
def test_an_attempt_outlives_the_calls_to_its_model(
    monkeypatch: pytest.MonkeyPatch,
    limit_s: str,
    fits: bool,  # noqa: FBT001 - a table
) -> None:
    monkeypatch.setenv("GARDENOS_AGENTS__FOLLOW_UP__ATTEMPT_LIMIT_S", limit_s)
    assert load_settings().agents["follow_up"].attempt_limit_s == float(limit_s)
    for name, value in MODEL.items():
        monkeypatch.setenv(name, value)
    if fits:
        assert load_settings().model.is_configured
    else:
        name = r"^GARDENOS_AGENTS__FOLLOW_UP__ATTEMPT_LIMIT_S.*more than model.run_limit_s, 60"
        with pytest.raises(ConfigurationError, match=name):
            load_settings()


def test_a_key_is_welcome_where_only_an_agent_names_a_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in MODEL.items():
        monkeypatch.setenv(name.replace("_MODEL__", "_AGENTS__LEAD_ANALYSIS__MODEL__"), value)
    monkeypatch.delenv("GARDENOS_AGENTS__LEAD_ANALYSIS__MODEL__API_KEY")
    monkeypatch.setenv("GARDENOS_MODEL__API_KEY", "hunter2")
    assert not load_settings().model.is_configured


def test_the_address_of_the_database_comes_by_reference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://from-file/x\n", encoding="utf-8")
    monkeypatch.setenv("GARDENOS_DATABASE_URL", "postgresql://from-variable/x")
    by_variable = load_settings().database
    by_file = load_settings({"database": {"url_file": str(file)}}).database
    assert database_url(by_variable) == "postgresql://from-variable/x"
    assert database_url(by_file) == "postgresql://from-file/x"


def test_a_file_for_the_address_that_is_missing_is_one_line(tmp_path: Path) -> None:
    settings = load_settings({"database": {"url_file": str(tmp_path / "none")}})
    with pytest.raises(ConfigurationError, match=r"database\.url_file"):
        database_url(settings.database)
