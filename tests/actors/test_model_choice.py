"""Which model a task gets, and whose key goes where."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model_choice import choose_variant, key_variable, origin_of, resolve
from actors.settings import API_KEY_VARIABLE, Endpoint
from domain.errors import ConfigurationError

MAIN = Endpoint(
    base_url="https://api.deepinfra.com/v1/openai", name="main", api_key_variable="MAIN_KEY"
)


@given(st.uuids(), st.lists(st.floats(0.01, 0.3), max_size=3))
def test_a_task_always_gets_the_same_variant(task: UUID, shares: list[float]) -> None:
    chosen = choose_variant(shares, task.bytes)

    assert chosen == choose_variant(shares, task.bytes)
    assert chosen is None or chosen < len(shares)


def test_variants_get_their_shares() -> None:
    chosen = [choose_variant([0.1, 0.3], number.to_bytes(16)) for number in range(20_000)]

    assert chosen.count(0) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert chosen.count(1) / 20_000 == pytest.approx(0.3, abs=0.01)


def test_unset_fields_are_the_main_models() -> None:
    resolved = resolve(Endpoint(name="other"), MAIN)

    assert resolved == MAIN.model_copy(update={"name": "other"})


@pytest.mark.parametrize(
    ("endpoint", "variable"),
    [
        (Endpoint(), "MAIN_KEY"),
        (Endpoint(base_url="https://api.deepinfra.com/other"), "MAIN_KEY"),
        (Endpoint(base_url="https://api.deepinfra.com:443/v1"), "MAIN_KEY"),
        (Endpoint(api_key_variable="MINE"), "MINE"),
        (Endpoint(base_url="https://elsewhere.example/v1"), None),
        (Endpoint(base_url="http://api.deepinfra.com/v1/openai"), None),
        (Endpoint(base_url="https://elsewhere.example/v1", api_key_variable="MINE"), "MINE"),
    ],
)
def test_a_key_goes_to_its_own_provider_only(endpoint: Endpoint, variable: str | None) -> None:
    assert key_variable(resolve(endpoint, MAIN), MAIN) == variable


def test_the_main_model_may_use_the_default_variable() -> None:
    main = Endpoint(base_url="http://127.0.0.1:8000/v1", name="local")

    assert key_variable(resolve(main, main), main) == API_KEY_VARIABLE


@pytest.mark.parametrize("address", ["https://", "http://:80/v1", "http://[::1", "http://a:99999"])
def test_an_address_without_a_host_is_named(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"model\.base_url"):
        origin_of(address)
