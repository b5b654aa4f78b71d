"""The way of a model call over the wire: aiohttp's connections under an httpx2 client.

``openai`` speaks through an ``httpx2.AsyncClient``; the stock one spends more CPU on a call than
everything else together. This one answers the same interface from an aiohttp session.
"""

from typing import Any

import aiohttp
import httpx2

from actors.call_mark import CALL

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""A longer answer, unpacked, is a fault; chat completions of this product are a thousandth."""

KEEP_ALIVE_S = 15.0

NEVER_ROUNDED_S = 1e9
"""aiohttp rounds limits above a threshold up to whole seconds; no limit is above this one."""

MAX_ADDRESSES = 16

_LIMIT = "total_limit_s"

_HANDED_ON = ("content-type", "location", "retry-after", "retry-after-ms", "x-request-id")
"""Headers of an answer that anybody reads; those about packing would have it unpacked twice."""


class _Connector(aiohttp.TCPConnector):
    """Marks the calls that get a connection."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> Any:
        """Return a connection, new or kept."""
        connection = await super().connect(req, traces, timeout)
        mark = CALL.get(None)
        if mark is not None:
            mark.sent = True
        return connection


class LeanTransport(httpx2.AsyncClient):
    """An httpx2 client whose plain requests go over aiohttp; streamed ones go the stock way.

    The time limit of a request is one number of seconds for everything: the wait for a free
    connection, connecting, sending, and the answer to its last byte. Redirects are not followed,
    proxies of the environment are not used, cookies are not kept, certificates are checked
    against the trust store of the machine. Serves one event loop; whoever made it closes it.

    Args:
        max_connections: Connections at once, idle ones included.
        connect_timeout_s: Seconds for TCP and TLS.
    """

    def __init__(self, *, max_connections: int, connect_timeout_s: float) -> None:
        super().__init__(trust_env=False, limits=httpx2.Limits(max_connections=max_connections))
        self._max_connections = max_connections
        self._connect_timeout_s = connect_timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._addresses: dict[str, httpx2.URL] = {}

    def build_request(self, method: str, url: httpx2.URL | str, **parts: Any) -> httpx2.Request:
        """Return a request; one whose body is bytes skips what the stock client merges in."""
        content = parts.get("content")
        limit_s = parts.get("timeout")
        plain = isinstance(content, bytes | None) and isinstance(limit_s, int | float)
        if not plain or any(parts.get(part) for part in ("params", "files", "data", "json")):
            return super().build_request(method, url, **parts)
        return httpx2.Request(
            method,
            self._address(str(url)),
            headers=parts.get("headers"),
            stream=httpx2.ByteStream(content or b""),
            extensions={_LIMIT: limit_s},
        )

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **how: Any
    ) -> httpx2.Response:
        """Send a request and return the whole answer.

        Raises:
            httpx2.TransportError: There was no answer, or not a whole one.
            httpx2.DecodingError: The answer is too long.
        """
        limit_s = request.extensions.get(_LIMIT)
        if limit_s is None:
            return await super().send(request, stream=stream, **how)
        body = request.read()
        if stream:
            full = super().build_request(
                request.method, request.url, headers=request.headers, content=body, timeout=limit_s
            )
            return await super().send(full, stream=True, **how)
        try:
            return await self._send(request, body, limit_s)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no answer in time", request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx2.ConnectError("no connection", request=request) from error
        except aiohttp.ClientError as error:
            raise httpx2.ReadError("the connection broke", request=request) from error

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        await super().aclose()

    async def _send(self, request: httpx2.Request, body: bytes, limit_s: float) -> httpx2.Response:
        limits = aiohttp.ClientTimeout(
            total=limit_s, sock_connect=self._connect_timeout_s, ceil_threshold=NEVER_ROUNDED_S
        )
        answer = await self._opened().request(
            request.method,
            str(request.url),
            data=body or None,
            headers=request.headers.items(),
            allow_redirects=False,
            timeout=limits,
        )
        try:
            content = await _content(answer, request)
        except BaseException:
            answer.close()
            raise
        told = answer.headers
        headers = [(name, told[name]) for name in _HANDED_ON if name in told]
        return httpx2.Response(answer.status, headers=headers, content=content, request=request)

    def _address(self, url: str) -> httpx2.URL:
        """Return an address read; there are two or three, so they are kept."""
        known = self._addresses.get(url)
        if known is None:
            if len(self._addresses) >= MAX_ADDRESSES:
                self._addresses.clear()
            known = self._addresses[url] = httpx2.URL(url)
        return known

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    limit=self._max_connections,
                    keepalive_timeout=KEEP_ALIVE_S,
                    timeout_ceil_threshold=NEVER_ROUNDED_S,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _content(answer: aiohttp.ClientResponse, request: httpx2.Request) -> bytes:
    """Return the body, unpacked; stop reading where it is longer than any answer should be.

    At its end aiohttp keeps the connection for the next call.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := await answer.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            raise httpx2.DecodingError("too long", request=request)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
