"""Section ``auth``: what does not fit stops the start, in one line that names the setting."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import ConfigurationError
from serve_app.auth.composition import check_secret
from serve_app.auth.settings import AuthSettings
from serve_app.local import address_of, haproxy_variables
from serve_app.loopback import FRONT_HOST_VARIABLE
from serve_app.settings import HttpSettings, caller_key, hs256_secret, load_settings

TOKENS = {
    "GARDENOS_AUTH__MODE": "jwt",
    "GARDENOS_AUTH__ISSUER": "https://project.supabase.co/auth/v1",
    "GARDENOS_AUTH__AUDIENCE": "authenticated",
    "GARDENOS_AUTH__JWKS_URL": "https://project.supabase.co/auth/v1/.well-known/jwks.json",
}
PUBLIC = ["0.0.0.0", "::", "192.0.2.7", "gardenos.example", "[::]"]  # noqa: S104 - never bound


def given(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_bind_is_refused_without_authentication_and_taken_with_it(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("GARDENOS_HTTP__HOST", host)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.field == "GARDENOS_HTTP__HOST"
    assert "GARDENOS_AUTH__MODE" in caught.value.allowed
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("GARDENOS_AUTH__MODE", "api_key")
    assert load_settings().http.host == host
    given(monkeypatch, TOKENS)
    assert load_settings().http.host == host


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - never bound
        ("::", "http://[::1]:8000"),
        ("[::]", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_this_machine_reaches_a_service_that_listens_everywhere_on_loopback(
    host: str, address: str
) -> None:
    assert address_of(HttpSettings(host=host)) == address


def test_haproxy_alone_is_told_where_callers_come_from(tmp_path: Path) -> None:
    told = haproxy_variables(HttpSettings(host="192.0.2.7"), tmp_path)
    assert [name for name, value in told.items() if "192.0.2.7" in value] == [FRONT_HOST_VARIABLE]


@pytest.mark.parametrize(
    ("variables", "field", "allowed"),
    [
        ({"GARDENOS_AUTH__MODE": "open"}, "GARDENOS_AUTH__MODE", "api_key"),
        ({"GARDENOS_AUTH__MODE": "jwt"}, "auth", "issuer and audience"),
        ({"GARDENOS_AUTH__ISSUER": "https://a"}, "auth", "mode jwt together with issuer"),
        ({"GARDENOS_AUTH__HS256": "true"}, "auth", "mode jwt together with hs256"),
        ({**TOKENS, "GARDENOS_AUTH__JWKS_FILE": "a.json"}, "auth", "one of jwks_url"),
        (
            {**TOKENS, "GARDENOS_AUTH__JWKS_URL": "http://project.supabase.co/jwks"},
            "GARDENOS_AUTH__JWKS_URL",
            "https",
        ),
        (
            {**TOKENS, "GARDENOS_AUTH__JWKS_URL": "http://127.0.0.1@evil.example/jwks"},
            "GARDENOS_AUTH__JWKS_URL",
            "match",
        ),
        (
            {**TOKENS, "GARDENOS_AUTH__TENANT_CLAIM": "user_metadata.tenant"},
            "GARDENOS_AUTH__TENANT_CLAIM",
            "cannot write",
        ),
        ({**TOKENS, "GARDENOS_AUTH__ALGORITHMS": '["none"]'}, "auth.algorithms.0", "ES256"),
        ({**TOKENS, "GARDENOS_AUTH__ALGORITHMS": '["HS256"]'}, "auth.algorithms.0", "ES256"),
        ({**TOKENS, "GARDENOS_AUTH__ALGORITHMS": "[]"}, "GARDENOS_AUTH__ALGORITHMS", "at least 1"),
        (
            {**TOKENS, "GARDENOS_AUTH__ROLE_SCOPES": '{"authenticated": ["all"]}'},
            "auth.role_scopes.authenticated.0",
            "read",
        ),
        ({**TOKENS, "GARDENOS_AUTH__LEEWAY_S": "inf"}, "GARDENOS_AUTH__LEEWAY_S", "finite"),
        ({"GARDENOS_AUTH__CACHE_S": "0"}, "GARDENOS_AUTH__CACHE_S", "greater than"),
    ],
)
def test_what_does_not_fit_is_one_line(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], field: str, allowed: str
) -> None:
    given(monkeypatch, variables)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.field == field
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)


def test_secrets_in_the_environment_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, {**TOKENS, "GARDENOS_AUTH__HS256": "true"})
    monkeypatch.setenv("GARDENOS_AUTH__HS256_SECRET", "hunter2" * 6)
    monkeypatch.setenv("GARDENOS_API_KEY", "hunter2")
    settings = load_settings()
    assert "hunter2" not in settings.model_dump_json() + repr(settings)
    assert hs256_secret(settings.auth) == b"hunter2" * 6
    assert caller_key() == "hunter2"


def test_a_secret_in_a_settings_file_is_refused_by_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("auth: {hs256_secret: hunter2}")
    monkeypatch.setenv("GARDENOS_SETTINGS_FILE", str(file))
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "hs256_secret_file" in caught.value.allowed
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "zwei\nZeilen", "schlüssel"])
def test_a_key_that_no_header_takes_is_one_line_that_hides_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("GARDENOS_API_KEY", key)
    with pytest.raises(ConfigurationError) as caught:
        caller_key()
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    [
        None,
        b"",
        b"hunter2",
        b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 64,
        b'{"kty": "EC"}' + b" " * 40,
    ],
)
def test_a_shared_secret_that_is_none_stops_the_start(secret: bytes | None) -> None:
    values: dict[str, Any] = {"mode": "jwt", "issuer": "https://a", "audience": "b", "hs256": True}
    with pytest.raises(ConfigurationError) as caught:
        check_secret(AuthSettings.model_validate(values), secret)
    assert "GARDENOS_AUTH__HS256_SECRET" in caught.value.allowed
    assert not secret or secret.decode() not in str(caught.value)


def test_a_secret_without_its_switch_is_refused() -> None:
    values = {"mode": "jwt", "issuer": "https://a", "audience": "b", "jwks_file": "c"}
    with pytest.raises(ValidationError, match="hs256: true"):
        AuthSettings.model_validate({**values, "hs256_secret_file": "d"})
