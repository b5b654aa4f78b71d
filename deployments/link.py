"""The way from an orchestrator to the replicas of one agent kind."""

import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol, cast

from ray.exceptions import RayActorError, RayError, TaskCancelledError, WorkerCrashedError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    RayServeException,
    ReplicaUnavailableError,
)
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from deployments.errors import LinkError
from deployments.wire import encode_ids
from domain.ids import TaskId

logger = logging.getLogger(__name__)

BROADCAST_LIMIT_S = 2.0
"""Seconds a broadcast may take; a replica that does not hear a cancel runs its task to the end."""


class Link(Protocol):
    """Carries batches to some replica of the pool and cancels to all of them."""

    def stream(self, batch: bytes) -> AsyncGenerator[bytes, None]:
        """Send a batch; yield encoded groups of outcomes. Closing it cancels the batch.

        Raises:
            LinkError: The replica was lost or none could be reached.
        """
        ...

    async def cancel(self, task_ids: Sequence[TaskId]) -> None:
        """Tell every replica to cancel these tasks; a replica that cannot hear it is no error."""
        ...

    async def describe(self, sender: str) -> list[bytes] | None:
        """Return one encoded group from every replica, or None where not all could be asked."""
        ...


class ServeLink:
    """A link over a Serve handle of :class:`deployments.agents.AgentReplica`.

    Every batch is one streaming call, routed anew, so that replicas come and go freely.
    """

    def __init__(self, handle: "DeploymentHandle[Any]") -> None:
        self._handle = handle
        self._streams = handle.options(stream=True)

    async def stream(self, batch: bytes) -> AsyncGenerator[bytes, None]:
        """Send a batch; see :class:`Link`."""
        response = cast("DeploymentResponseGenerator[bytes]", self._streams.batch.remote(batch))
        ended = False
        try:
            async for group in response:
                yield group
            ended = True
        except (RayError, RayServeException) as error:
            ended = True
            raise _translated(error) from error
        finally:
            if not ended:
                response.cancel()  # type: ignore[no-untyped-call]

    async def cancel(self, task_ids: Sequence[TaskId]) -> None:
        """Broadcast a cancel; see :class:`Link`."""
        answers = await self._ask_all("cancel", encode_ids(task_ids))
        if answers is None:
            logger.warning("cancel_not_heard", extra={"tasks": len(task_ids)})

    async def describe(self, sender: str) -> list[bytes] | None:
        """Broadcast the question; see :class:`Link`."""
        return await self._ask_all("describe", sender)

    async def _ask_all(self, method: str, argument: object) -> list[Any] | None:
        try:
            broadcast = self._handle.broadcast(method, argument)
            return await broadcast.results_async(timeout_s=BROADCAST_LIMIT_S)
        except (RayError, RayServeException, TimeoutError):
            return None


def _translated(error: Exception) -> LinkError:
    """Say of a Ray error whether the batch may have reached an agent and whether that one died."""
    if isinstance(error, BackPressureError | DeploymentUnavailableError | ReplicaUnavailableError):
        return LinkError(type(error).__name__, False, False)
    if isinstance(error, RayActorError | WorkerCrashedError):
        return LinkError(type(error).__name__, True, True)
    if isinstance(error, TaskCancelledError):
        return LinkError(type(error).__name__, True, False)
    return LinkError(type(error).__name__, True, True)
