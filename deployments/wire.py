"""What travels between orchestrator and agents: MessagePack, typed, tolerant of unknown fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from domain.ids import TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, TaskEnvelope
from domain.usage import Usage

SCHEMA_UNKNOWN = "schema_unknown"
"""Code of a task that was sent back because this replica cannot read its envelope."""


class Ending(StrEnum):
    """How a run ended inside an agent's replica."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RETURNED = "returned"
    """Never started: the replica is full, cannot read the envelope or came to it too late."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How one attempt ended.

    Attributes:
        result: JSON where it succeeded.
        code: Constant name of the failure, else empty.
        detail: A sentence without secrets and personal data.
        retryable: Whether another attempt may end otherwise.
        usage: Every model call of the attempt, failed and cancelled ones included.
        retry_after_s: Seconds before which another attempt is in vain, or None.
    """

    task_id: TaskId
    attempt: int
    ending: Ending
    result: bytes | None = None
    code: str = ""
    detail: str = ""
    retryable: bool = False
    usage: tuple[Usage, ...] = ()
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Tasks for one replica.

    Attributes:
        sender: Names the orchestrator.
        sent_unix_s: When it was sent, in seconds since 1970; 0 where an older sender does not say.
    """

    sender: str
    tasks: tuple[TaskEnvelope, ...]
    sent_unix_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Cancel:
    """A task to cancel: all of it, or one attempt where only that was given up."""

    task_id: TaskId
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Outcomes of a batch as they arrive, and the state of the replica.

    Attributes:
        slots: Tasks the replica runs at once.
        free: Slots that nobody runs in or waits for.
        share: Tasks of this sender that the replica could run at once beside those of others.
        started: Tasks that have started since the last group and have not ended; those marked alone
            at once, because their crash has a culprit.
        shortest_run_s: Seconds below which no run here can be expected to end; 0 where unknown.
    """

    replica: str
    slots: int
    free: int
    share: int
    outcomes: tuple[TaskOutcome, ...] = ()
    started: tuple[TaskId, ...] = ()
    shortest_run_s: float = 0.0


def _to_plain(value: Any) -> Any:
    if isinstance(value, Usage):
        return value.model_dump()
    message = f"{type(value).__name__} does not travel"
    raise TypeError(message)


def _from_plain(kind: type, value: Any) -> Any:
    if kind is Usage and isinstance(value, dict):
        known = {name: value[name] for name in Usage.model_fields if name in value}
        return Usage.model_validate(known)
    message = f"{kind.__name__} does not travel"
    raise TypeError(message)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_batch_decoder = msgspec.msgpack.Decoder(Batch, dec_hook=_from_plain)
_group_decoder = msgspec.msgpack.Decoder(Group, dec_hook=_from_plain)
_cancels_decoder = msgspec.msgpack.Decoder(list[Cancel])


def encode_batch(batch: Batch) -> bytes:
    """Return a batch as bytes."""
    return _encoder.encode(batch)


def decode_batch(data: bytes) -> Batch:
    """Return the batch in ``data``.

    Raises:
        msgspec.ValidationError: A field this version needs is absent or of another type.
    """
    return _batch_decoder.decode(data)


def encode_group(group: Group) -> bytes:
    """Return a group of outcomes as bytes."""
    return _encoder.encode(group)


def decode_group(data: bytes) -> Group:
    """Return the group in ``data``; raises as :func:`decode_batch`."""
    return _group_decoder.decode(data)


def encode_cancels(cancels: Sequence[Cancel]) -> bytes:
    """Return cancels as bytes."""
    return _encoder.encode(list(cancels))


def decode_cancels(data: bytes) -> list[Cancel]:
    """Return the cancels in ``data``; raises as :func:`decode_batch`."""
    return _cancels_decoder.decode(data)


def is_readable(task: TaskEnvelope) -> bool:
    """Whether this code knows the envelope's version: its own or the one before."""
    return ENVELOPE_SCHEMA_VERSION - 1 <= task.schema_version <= ENVELOPE_SCHEMA_VERSION
