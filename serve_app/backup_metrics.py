"""An endpoint that tells Prometheus how old the last good backup and the last drill are.

Ages are computed when asked; the repository itself is read once in a while only, since each look
starts a program and, with object storage, costs calls.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from domain.errors import ConfigurationError, GardenosError
from postgres.backup import PgBackRest
from postgres.backup_info import RepositoryInfo
from postgres.backup_metrics import metrics_text

logger = logging.getLogger(__name__)

HEAD_LIMIT_S = 5.0
HEAD_BYTES = 8192
MOST_CALLERS = 16
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class BackupMetrics:
    """What the repository holds, read at most every ``refresh_s`` seconds, by one caller at a time.

    Args:
        read: Reads the repository; one that cannot be read is told as such.
        stanza: Name of what is backed up.
        refresh_s: How old what is told may be, in seconds.
    """

    def __init__(
        self, read: Callable[[], Awaitable[RepositoryInfo]], stanza: str, refresh_s: float
    ) -> None:
        self._read = read
        self._stanza = stanza
        self._refresh_s = refresh_s
        self._reading = asyncio.Lock()
        self._info: RepositoryInfo | None = None
        self._read_at_s = float("-inf")

    async def text(self) -> str:
        """Return the metrics as of now."""
        async with self._reading:
            if time.monotonic() - self._read_at_s >= self._refresh_s:
                self._info = await self._look()
                self._read_at_s = time.monotonic()
        return metrics_text(self._info, self._stanza, datetime.now(UTC))

    async def _look(self) -> RepositoryInfo | None:
        try:
            return await self._read()
        except GardenosError as error:
            logger.warning("backup_repository_unreadable", extra={"error": str(error)})
            return None


@asynccontextmanager
async def metrics_server(
    tool: PgBackRest, *, host: str, port: int, refresh_s: float = 60.0
) -> AsyncIterator[int]:
    """Answer ``GET /metrics`` for the length of an ``async with``; give the port.

    Args:
        tool: The stanza's pgBackRest.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        refresh_s: How often the repository is read at most, in seconds.

    Raises:
        ConfigurationError: The address is not ours or the port is taken.
    """
    metrics = BackupMetrics(tool.info, tool.settings.stanza, refresh_s)
    callers = asyncio.Semaphore(MOST_CALLERS)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if callers.locked():
                return
            async with callers:
                await answer_one(reader, writer, metrics)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    try:
        server = await asyncio.start_server(answer, host, port, limit=HEAD_BYTES)
    except OSError as error:
        got = f"{host}:{port} ({error.strerror})"
        raise ConfigurationError(
            "listen", got, "an address of this machine, a free port"
        ) from error
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def answer_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, metrics: BackupMetrics
) -> None:
    """Read a request's head and answer it; the connection is closed afterwards."""
    async with asyncio.timeout(HEAD_LIMIT_S):
        head = await reader.readuntil(b"\r\n\r\n")
    wanted = head.split(b"\r\n", 1)[0].split(b" ")[:2]
    known = wanted[0] == b"GET" and wanted[1:] == [b"/metrics"]
    body = (await metrics.text() if known else "there is /metrics only\n").encode()
    status = "200 OK" if known else "404 Not Found"
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {TYPE}", f"Content-Length: {len(body)}")
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
    async with asyncio.timeout(HEAD_LIMIT_S):
        await writer.drain()
