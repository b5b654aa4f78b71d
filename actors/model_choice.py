"""Which model a task gets, at which address and with whose key. Pure."""

from collections.abc import Sequence
from hashlib import blake2b
from urllib.parse import urlsplit

from actors.settings import API_KEY_VARIABLE, Endpoint
from domain.errors import ConfigurationError

DEFAULT_PORTS = {"http": 80, "https": 443}


def choose_variant(shares: Sequence[float], key: bytes) -> int | None:
    """Return the place of the variant that a key falls to, or None for the main model.

    The same key always falls to the same place, so every attempt at a task asks the same model.

    Args:
        shares: Of each variant, in (0, 1), together below 1.
        key: The task's id.
    """
    digest = blake2b(key, digest_size=8).digest()
    point = int.from_bytes(digest) / 2**64
    for place, share in enumerate(shares):
        if point < share:
            return place
        point -= share
    return None


def resolve(endpoint: Endpoint, main: Endpoint) -> Endpoint:
    """Return an endpoint whose unset fields are the main model's.

    The key goes with the address: an endpoint at the same origin that names no key of its own uses
    the main model's, one elsewhere does not.
    """
    name, base_url = endpoint.name or main.name, endpoint.base_url or main.base_url
    variable, file = endpoint.api_key_variable, endpoint.api_key_file
    names_no_key = file is None and variable == API_KEY_VARIABLE
    if names_no_key and origin_of(str(base_url)) == origin_of(str(main.base_url)):
        variable, file = main.api_key_variable, main.api_key_file
    return Endpoint(base_url=base_url, name=name, api_key_variable=variable, api_key_file=file)


def key_variable(resolved: Endpoint, main: Endpoint) -> str | None:
    """Return the variable that may hold a resolved endpoint's key, or None.

    The default variable holds the key of the main model's provider: it is not sent to another.
    """
    elsewhere = origin_of(str(resolved.base_url)) != origin_of(str(main.base_url))
    if elsewhere and resolved.api_key_variable == API_KEY_VARIABLE:
        return None
    return resolved.api_key_variable


def origin_of(base_url: str) -> str:
    """Return scheme, host and port of an address, in lower case.

    Raises:
        ConfigurationError: It is none.
    """
    allowed = "scheme, host and path, such as https://api.deepinfra.com/v1/openai"
    try:
        parts = urlsplit(base_url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        raise ConfigurationError("model.base_url", base_url, allowed) from error
    if not parts.hostname or port is None:
        raise ConfigurationError("model.base_url", base_url, allowed)
    return f"{parts.scheme}://{parts.hostname}:{port}"
