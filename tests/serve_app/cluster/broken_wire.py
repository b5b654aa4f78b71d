"""A server behind a wire that breaks, or falls silent, in the middle of the rows of a COPY."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

PIECE = 1 << 16
MARK = b"COPY "


@asynccontextmanager
async def broken_wire(url: str, *, after_bytes: int, is_silent: bool = False) -> AsyncIterator[str]:
    """Give an address by which a server is reached until it has sent so much of a COPY.

    Args:
        url: Of a server on TCP.
        after_bytes: Of its answer to the first COPY; connections without one live on.
        is_silent: Whether the wire stays open then and carries nothing more.
    """
    parts = urlsplit(url)
    never = asyncio.Event()

    async def serve(client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, questions = await asyncio.open_connection(parts.hostname, parts.port)
        asked = asyncio.Event()

        async def ask() -> None:
            while piece := await client.read(PIECE):
                if MARK in piece:
                    asked.set()
                questions.write(piece)
                await questions.drain()

        async def answer() -> None:
            left = after_bytes
            while piece := await server.read(PIECE):
                if asked.is_set():
                    piece, left = piece[:left], left - len(piece)
                answers.write(piece)
                await answers.drain()
                if left < 0 and is_silent:
                    await never.wait()
                if left < 0:
                    return

        asking = asyncio.create_task(ask())
        try:
            await answer()
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await asking
            answers.transport.abort()
            questions.transport.abort()

    wire = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = wire.sockets[0].getsockname()[1]
        login = parts.netloc.rpartition("@")[0]
        yield urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
    finally:
        never.set()
        wire.close()
