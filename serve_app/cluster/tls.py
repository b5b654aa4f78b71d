"""TLS as the settings describe it."""

import ssl
from pathlib import Path

import httpx

from domain.errors import ConfigurationError
from postgres.cluster_settings import ClientTls


def tls_context(tls: ClientTls, field: str) -> ssl.SSLContext:
    """Return how to speak TLS.

    Args:
        tls: The files.
        field: Name of the settings they are from.

    Raises:
        ConfigurationError: A file cannot be read or holds no such thing.
    """
    try:
        context = ssl.create_default_context(cafile=path(tls.authority))
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, path(tls.key))
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(str(one) for one in (tls.authority, tls.certificate, tls.key) if one)
        got = f"{named} ({type(error).__name__})"
        raise ConfigurationError(field, got, "readable PEM files that belong together") from error
    return context


class NamedTransport(httpx.HTTPTransport):
    """Knows servers under a name, whatever their addresses.

    The chain is verified as ever, and the certificate must carry this name in place of the address.

    Args:
        context: How to speak TLS.
        name: What every server's certificate must carry; None its own address.
    """

    def __init__(self, context: ssl.SSLContext, name: str | None) -> None:
        super().__init__(verify=context, trust_env=False)
        self._named = {"sni_hostname": name} if name else {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to a server of that name."""
        request.extensions = {**request.extensions, **self._named}
        return super().handle_request(request)


def http_client(tls: ClientTls, field: str, *, secure: bool, limit_s: float) -> httpx.Client:
    """Return a client for servers that are reached over TLS, or, where not ``secure``, without.

    Args:
        tls: The files, and the name of the servers.
        field: Name of the settings they are from.
        secure: Whether any address begins with https.
        limit_s: Of each step of a call, in seconds.

    Raises:
        ConfigurationError: As :func:`tls_context`.
    """
    if not secure:
        return httpx.Client(timeout=limit_s, trust_env=False)
    transport = NamedTransport(tls_context(tls, field), tls.server_name)
    return httpx.Client(timeout=limit_s, trust_env=False, transport=transport)


def path(file: Path | None) -> str | None:
    """Return a path as the standard library takes it."""
    return str(file) if file else None
