"""Tasks for tests."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from domain.ids import DEFAULT_TENANT, AgentKind, TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority, Submission, TaskEnvelope

KIND = AgentKind("scripted")


def task_id(number: int) -> TaskId:
    """Return the id of a test's task by its number."""
    return TaskId(UUID(int=number))


def envelope(number: int = 1, **changes: Any) -> TaskEnvelope:
    """Return a task as it travels; ``changes`` are fields of the envelope."""
    task = TaskEnvelope(
        schema_version=ENVELOPE_SCHEMA_VERSION,
        task_id=task_id(number),
        tenant_id=DEFAULT_TENANT,
        kind=KIND,
        attempt=1,
        priority=Priority.NORMAL,
        deadline_unix_s=None,
        payload=b"{}",
    )
    return replace(task, **changes)


def script(**orders: Any) -> bytes:
    """Return the payload that tells a ScriptedAgent what to do."""
    return orjson.dumps(orders)


def submission(number: int, *, direct: bool = False, **orders: Any) -> Submission:
    """Return a task to admit; ``orders`` are for the ScriptedAgent."""
    deadline_unix_s = orders.pop("deadline_unix_s", None)
    return Submission(
        task_id(number),
        DEFAULT_TENANT,
        KIND,
        payload=script(**orders),
        direct=direct,
        deadline_unix_s=deadline_unix_s,
        idempotency_key=orders.pop("key", None),
    )
