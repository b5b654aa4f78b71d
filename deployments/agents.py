"""The Serve deployment that runs an agent: batches from orchestrators, calls from Ray users."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ray import serve
from uuid_utils.compat import uuid7

from deployments.replica import ReplicaSettings, build_agent
from deployments.runner import AgentRunner
from deployments.settings import AgentSettings
from deployments.wire import decode_cancels, encode_group
from domain.ids import DEFAULT_TENANT, AgentKind, TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority, TaskEnvelope


class AgentReplica:
    """One replica of an agent pool; a thin skin over :class:`deployments.runner.AgentRunner`.

    Serve waits for open batches when it stops a replica and sends no new ones, so stopping is
    graceful within ``drain_s``; what is left then is cancelled and retried elsewhere.
    """

    def __init__(self, kind: AgentKind, settings: AgentSettings, replica: ReplicaSettings) -> None:
        self._kind = kind
        self._agent = build_agent(kind, settings, replica)
        self._runner = AgentRunner(
            self._agent,
            settings,
            replica=serve.get_replica_context().replica_id.unique_id,
            clock=time.time,
        )

    async def batch(self, data: bytes) -> AsyncGenerator[bytes, None]:
        """Run an encoded batch; yield encoded groups of outcomes as they finish."""
        async with aclosing(self._runner.batch(data)) as groups:
            async for group in groups:
                yield group

    async def cancel(self, cancels: bytes) -> bytes:
        """Cancel what the encoded cancels name; called on every replica."""
        self._runner.cancel(decode_cancels(cancels))
        return b""

    async def describe(self, sender: str) -> bytes:
        """Return the replica's state as an encoded group without outcomes."""
        return encode_group(self._runner.describe(sender))

    async def analyze(self, asked: object, deadline_unix_s: float | None = None) -> object:
        """Do one task for a caller with a plain handle; nothing is stored.

        Args:
            asked: What the kind works on; for ``lead_analysis`` a Lead or a mapping of its fields.
            deadline_unix_s: When the caller stops waiting, seconds since 1970.

        Returns:
            The kind's result as its model; for ``lead_analysis`` a LeadAnalysis.

        Raises:
            pydantic.ValidationError: ``asked`` is not what the kind works on.
            AgentError: The task could not be done.
        """
        task = TaskEnvelope(
            schema_version=ENVELOPE_SCHEMA_VERSION,
            task_id=TaskId(uuid7()),
            tenant_id=DEFAULT_TENANT,
            kind=self._kind,
            attempt=1,
            priority=Priority.NORMAL,
            deadline_unix_s=deadline_unix_s,
            payload=self._agent.payload(asked),
            direct=True,
        )
        return self._agent.answer((await self._runner.call(task)).result)

    async def check_health(self) -> None:
        """Start the agent on the first check; raise where it cannot start."""
        await self._runner.ensure_started()
