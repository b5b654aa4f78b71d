"""HTTP exchanges with a limit on all of each: httpx's own limits begin anew with every byte."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

LARGEST_ANSWER = 64 << 20
"""Bytes of an answer at most: a scope's keys are some kilobytes."""


def exchange(
    http: httpx.Client, method: str, url: str, *, limit_s: float, **options: Any
) -> httpx.Response:
    """Return an answer that was read whole within the limit.

    Args:
        http: The client to ask with.
        method: Of HTTP.
        url: Whom.
        limit_s: Seconds for connecting, sending, waiting and reading together.
        options: Of httpx's own.

    Raises:
        httpx.HTTPError: Nobody answered, the time is over, or the answer is too large.
    """
    give_up_at = time.monotonic() + limit_s
    pieces: list[bytes] = []
    size = 0
    with http.stream(method, url, timeout=limit_s, **options) as response:
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_ANSWER:
                raise httpx.ReadError(f"an answer of more than {LARGEST_ANSWER} bytes")
            if time.monotonic() > give_up_at:
                raise httpx.ReadTimeout("the answer did not end in time", request=response.request)
    headers = {"content-type": response.headers.get("content-type", "text/plain")}
    return httpx.Response(
        response.status_code, headers=headers, content=b"".join(pieces), request=response.request
    )


def lines_of(response: httpx.Response, give_up_at: float) -> Iterator[bytes]:
    """Yield the lines of an answer that has begun, without empty ones.

    Args:
        response: Of ``httpx.Client.stream``.
        give_up_at: By ``time.monotonic``.

    Raises:
        httpx.HTTPError: It breaks off, the time is over, or a line is too large.
    """
    rest = b""
    for piece in response.iter_bytes():
        if time.monotonic() > give_up_at:
            raise httpx.ReadTimeout("the answer did not end in time", request=response.request)
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LARGEST_ANSWER:
            raise httpx.ReadError(f"a line of more than {LARGEST_ANSWER} bytes")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest
