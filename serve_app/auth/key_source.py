"""Where an issuer's keys come from: its address, or a file."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import httpx

from domain.errors import UnavailableError

MAX_BYTES = 256 * 1024
"""Largest set of keys that is read."""

RETRY_S = 5.0

Fetch = Callable[[], Awaitable[bytes]]
"""Returns the text of a key set; raises UnavailableError."""


def from_address(http: httpx.AsyncClient, url: str, *, limit_s: float) -> Fetch:
    """Return what fetches keys from an address, within a time and a size, without redirects."""

    async def fetch() -> bytes:
        try:
            async with asyncio.timeout(limit_s), http.stream("GET", url) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise UnavailableError(f"the issuer answers {answer.status_code}", RETRY_S)
                text = bytearray()
                async for chunk in answer.aiter_bytes():
                    text += chunk
                    if len(text) > MAX_BYTES:
                        raise UnavailableError("the issuer's keys are too large", RETRY_S)
                return bytes(text)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            what = f"the issuer's keys cannot be fetched ({type(error).__name__})"
            raise UnavailableError(what, RETRY_S) from error

    return fetch


def from_file(file: Path) -> Fetch:
    """Return what reads keys from a small, local file."""

    def read() -> bytes:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)

    async def fetch() -> bytes:
        try:
            text = await asyncio.to_thread(read)
        except OSError as error:
            what = f"the issuer's keys cannot be read ({type(error).__name__})"
            raise UnavailableError(what, RETRY_S) from error
        if len(text) > MAX_BYTES:
            raise UnavailableError("the issuer's keys are too large", RETRY_S)
        return text

    return fetch
