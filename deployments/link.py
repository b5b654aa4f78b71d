"""The way from an orchestrator to the replicas of one agent kind."""

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
from deployments.wire import Cancel, encode_cancels

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

    async def cancel(self, cancels: Sequence[Cancel]) -> bool:
        """Tell every replica; False where not all have heard it, so that it should be repeated."""
        ...

    async def describe(self, sender: str) -> list[bytes] | None:
        """Return an encoded group from every live replica, or None where they cannot be asked."""
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
                response.cancel()

    async def cancel(self, cancels: Sequence[Cancel]) -> bool:
        """Broadcast cancels; see :class:`Link`."""
        answers = await self._ask_all("cancel", encode_cancels(cancels))
        return answers is not None and None not in answers

    async def describe(self, sender: str) -> list[bytes] | None:
        """Broadcast the question; see :class:`Link`."""
        answers = await self._ask_all("describe", sender)
        return None if answers is None else [answer for answer in answers if answer is not None]

    async def _ask_all(self, method: str, argument: object) -> list[bytes | None] | None:
        """Return an answer per replica, None from a dead one; None where there is no way to ask."""
        try:
            answers = await self._handle.broadcast(method, argument).results_async(
                timeout_s=BROADCAST_LIMIT_S, return_exceptions=True
            )
        except (RayError, RayServeException, TimeoutError):
            return None
        return [None if isinstance(answer, BaseException) else answer for answer in answers]


def _translated(error: Exception) -> LinkError:
    """Say of a Ray error whether the batch may have reached an agent and whether that one died."""
    if isinstance(error, BackPressureError | DeploymentUnavailableError | ReplicaUnavailableError):
        return LinkError(type(error).__name__, False, False)
    if isinstance(error, RayActorError | WorkerCrashedError):
        return LinkError(type(error).__name__, True, True)
    if isinstance(error, TaskCancelledError):
        return LinkError(type(error).__name__, True, False)
    return LinkError(type(error).__name__, True, True)
