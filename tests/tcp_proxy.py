"""A TCP proxy in front of a Unix socket that can fall silent, as a network does when it breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class TcpProxy:
    """Forwards bytes both ways while it is not silent.

    Attributes:
        port: Where it listens, on loopback.
        accepted: Connections taken so far.
    """

    def __init__(self, socket: Path) -> None:
        self.port = 0
        self.accepted = 0
        self._socket = socket
        self._flows = asyncio.Event()
        self._flows.set()
        self._pumps: set[asyncio.Task[None]] = set()

    def fall_silent(self) -> None:
        """Keep connections open and forward nothing, in either direction."""
        self._flows.clear()

    def speak(self) -> None:
        """Forward again, what was held included."""
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until either end closes."""
        self.accepted += 1
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        self._pumps.update(pumps)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def stop(self) -> None:
        """End all forwarding."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


@asynccontextmanager
async def tcp_proxy(socket: Path) -> AsyncIterator[TcpProxy]:
    """Run a proxy on a free port for the length of the block."""
    proxy = TcpProxy(socket)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.stop()
