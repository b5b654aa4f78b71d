"""Deletes finished tasks past their time, a bounded batch at a time."""

import asyncio
import logging

from domain.errors import DatabaseUnavailableError
from domain.ports import TaskStore
from serve_app.settings import RetentionSettings

logger = logging.getLogger(__name__)


async def delete_finished_tasks(tasks: TaskStore, retention: RetentionSettings) -> None:
    """Delete what is past its time, again and again, until cancelled.

    Several orchestrators may do so at once: each statement deletes what is still there.
    """
    while True:
        await asyncio.sleep(retention.look_s)
        try:
            await delete_once(tasks, retention)
        except DatabaseUnavailableError as error:
            logger.info("retention_postponed", extra={"error": str(error)})


async def delete_once(tasks: TaskStore, retention: RetentionSettings) -> int:
    """Delete everything that is past its time now; return how many tasks that were."""
    deleted = 0
    while True:
        batch = await tasks.delete_finished(
            older_than_s=retention.finished_tasks_s, limit=retention.batch
        )
        deleted += batch
        if batch < retention.batch:
            return deleted
