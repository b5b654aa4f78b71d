"""What a start checks of the models' settings, so that a fault is a line and no late failure."""

from collections.abc import Iterator

from actors.prices import PriceTable, load_prices
from actors.settings import Endpoint
from domain.errors import ConfigurationError
from serve_app.settings import Settings, UsageSettings, model_of


def check_models(settings: Settings) -> None:
    """Read the prices, and see that every file with a key can be read; no key is kept.

    Meant for a start where the processes that ask the models run on this machine too.

    Raises:
        ConfigurationError: A file cannot be read, or the reference model has no price.
    """
    reference_model(load_prices(settings.model.prices_file), settings.usage)
    for field, endpoint in endpoints(settings):
        if endpoint.api_key_file is None:
            continue
        try:
            with endpoint.api_key_file.open("rb") as opened:
                opened.read(1)
        except OSError as error:
            got = f"{endpoint.api_key_file} ({error.strerror})"
            raise ConfigurationError(f"{field}.api_key_file", got, "a readable file") from error


def endpoints(settings: Settings) -> Iterator[tuple[str, Endpoint]]:
    """Yield every model that may be asked, with the name of its section."""
    sections = {"model": settings.model}
    for kind, agent in settings.agents.items():
        asked = model_of(kind, agent, settings.model)
        if asked is not None:
            sections[f"agents.{kind}.model"] = asked
    for name, model in sections.items():
        yield name, model
        for number, variant in enumerate(model.variants):
            yield f"{name}.variants.{number}", variant
        for number, fallback in enumerate(model.fallbacks):
            yield f"{name}.fallbacks.{number}", fallback


def reference_model(prices: PriceTable, usage: UsageSettings) -> str:
    """Return the model that costs are compared with.

    Raises:
        ConfigurationError: The settings name one without a known price.
    """
    name = usage.compare_with or prices.reference
    if prices.find(name) is None:
        allowed = "a model of the price table; model.prices_file may add to it"
        raise ConfigurationError("usage.compare_with", name, allowed)
    return name
