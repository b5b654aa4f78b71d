"""Deletes what is past its time, a bounded batch at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from domain.errors import DatabaseUnavailableError
from serve_app.services import Services
from serve_app.settings import Settings

logger = logging.getLogger(__name__)

DeleteSome = Callable[[int], Awaitable[int]]
"""Deletes, or gives up, so many things that are past their time; returns how many."""


@dataclass(frozen=True, slots=True)
class OldThings:
    """What is deleted when its time is over.

    Attributes:
        deletes: By the name of what is deleted.
        look_s: Seconds between two looks.
        batch: Things deleted by one statement.
    """

    deletes: Mapping[str, DeleteSome]
    look_s: float
    batch: int


def old_things(services: Services, settings: Settings) -> OldThings:
    """Return everything of the product that has a time to be kept."""
    retention, events = settings.retention, settings.events

    async def tasks(limit: int) -> int:
        return await services.tasks.delete_finished(
            older_than_s=retention.finished_tasks_s, limit=limit
        )

    async def old_events(limit: int) -> int:
        return await services.event_hub.store.delete_old(
            older_than_s=events.keep_s, keep=events.keep_count, limit=limit
        )

    async def deliveries(limit: int) -> int:
        return await services.webhooks.deliveries.retire(
            pending_s=settings.webhooks.give_up_s, keep_s=settings.webhooks.keep_s, limit=limit
        )

    deletes = {"tasks": tasks, "events": old_events, "deliveries": deliveries}
    return OldThings(deletes, retention.look_s, retention.batch)


async def keep_deleting(old: OldThings) -> None:
    """Delete what is past its time, again and again, until cancelled.

    Several orchestrators may do so at once: each statement deletes what is still there.
    """
    while True:
        await asyncio.sleep(old.look_s)
        for name, delete in old.deletes.items():
            try:
                await delete_once(delete, old.batch)
            except DatabaseUnavailableError as error:
                logger.info("retention_postponed", extra={"what": name, "error": str(error)})
            except Exception:  # a fault of one kind must not keep the others for ever
                logger.exception("retention_fault", extra={"what": name})


async def delete_once(delete: DeleteSome, batch: int) -> int:
    """Delete everything of a kind that is past its time now; return how much that was."""
    deleted = 0
    while True:
        count = await delete(batch)
        deleted += count
        if count < batch:
            return deleted
