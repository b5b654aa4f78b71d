"""Loops that end with the process: an unexpected error is logged, and the loop goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

logger = logging.getLogger(__name__)

FAULT_WAIT_S = 1.0
"""Wait before a loop that met an unexpected error goes on, in seconds."""


async def first_of(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for an event, but no longer than ``limit_s``; return whether it came."""
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return False
    return True


def forever(name: str, loop_body: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
    """Run a loop that goes on after an unexpected error; it ends when its body returns."""

    async def run() -> None:
        while True:
            try:
                await loop_body()
            except Exception:
                logger.exception("loop_fault", extra={"loop": name})
                await asyncio.sleep(FAULT_WAIT_S)
            else:
                return

    return asyncio.create_task(run(), name=name)


async def end_all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
