"""What travels between orchestrator and agents."""

import json
from base64 import b64decode
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from deployments.wire import (
    Batch,
    Cancel,
    Ending,
    Group,
    TaskOutcome,
    decode_batch,
    decode_cancels,
    decode_group,
    encode_batch,
    encode_cancels,
    encode_group,
    is_readable,
)
from domain.ids import TaskId
from domain.task import ENVELOPE_SCHEMA_VERSION, Priority
from tests.fakes.agents import a_bill
from tests.fakes.tasks import envelope, task_id

TASK = envelope(
    1, priority=Priority.URGENT, deadline_unix_s=1.5, payload=b'{"a":"\xc3\xa4"}', alone=True
)
CANCEL = Cancel(task_id(7), 2)
GROUP = Group(
    "replica",
    slots=4,
    free=1,
    share=2,
    outcomes=(
        TaskOutcome(
            task_id(1), 2, Ending.FAILED, None, "c", "d", retryable=True, usage=(a_bill(2),)
        ),
    ),
    started=(task_id(3),),
)


def test_batches_groups_and_ids_arrive_as_they_were_sent() -> None:
    assert decode_batch(encode_batch(Batch("me", (TASK,)))) == Batch("me", (TASK,))
    assert decode_group(encode_group(GROUP)) == GROUP
    assert decode_cancels(encode_cancels([CANCEL])) == [CANCEL]


def test_fields_of_a_newer_version_are_ignored() -> None:
    plain = msgspec.msgpack.decode(encode_batch(Batch("me", (TASK,))))
    plain["new"] = 1
    plain["tasks"][0]["new"] = {"deep": [1]}
    assert decode_batch(msgspec.msgpack.encode(plain)) == Batch("me", (TASK,))
    group = msgspec.msgpack.decode(encode_group(GROUP))
    group["outcomes"][0]["usage"][0]["new"] = 1
    assert decode_group(msgspec.msgpack.encode(group)) == GROUP


def test_fields_an_older_version_did_not_know_have_their_defaults() -> None:
    plain = msgspec.msgpack.decode(encode_batch(Batch("me", (TASK,))))
    for name in ("crashes", "alone", "direct", "max_attempts"):
        del plain["tasks"][0][name]
    assert decode_batch(msgspec.msgpack.encode(plain)).tasks[0].alone is False


def test_what_is_no_batch_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_batch(msgspec.msgpack.encode({"sender": "me", "tasks": [{"task_id": "no"}]}))


@pytest.mark.parametrize(("step", "expected"), [(-2, False), (-1, True), (0, True), (1, False)])
def test_this_version_and_the_one_before_are_read(step: int, expected: bool) -> None:  # noqa: FBT001 - a table
    task = envelope(1, schema_version=ENVELOPE_SCHEMA_VERSION + step)
    assert is_readable(task) is expected


SPECIMENS = sorted((Path(__file__).parent / "specimens").glob("*.json"))
"""What earlier code has put on the wire; none is ever changed, and a new version adds its own."""


@pytest.mark.parametrize("file", SPECIMENS, ids=lambda file: file.stem)
def test_what_earlier_code_sent_is_read_as_it_was_meant(file: Path) -> None:
    said = json.loads(file.read_text(encoding="utf-8"))
    batch = decode_batch(b64decode(said["batch"]))
    (task,) = batch.tasks
    assert is_readable(task)
    assert (batch.sender, task.task_id, task.attempt, task.crashes) == ("me", UUID(int=1), 2, 2)
    assert (task.priority, task.deadline_unix_s, task.alone) == (Priority.URGENT, 1.5, True)
    assert task.payload == b'{"a":"\xc3\xa4"}'
    group = decode_group(b64decode(said["group"]))
    failed, succeeded = group.outcomes
    assert (group.slots, group.free, group.share, group.started) == (4, 1, 2, (UUID(int=3),))
    assert (failed.ending, failed.code, failed.retryable) == (Ending.FAILED, "c", True)
    assert [(one.call, one.prompt_tokens, one.cost_nanousd) for one in failed.usage] == [(0, 10, 7)]
    assert (succeeded.result, succeeded.retry_after_s) == (b'{"x":1}', None)
    cancels = decode_cancels(b64decode(said["cancels"]))
    assert cancels == [Cancel(TaskId(UUID(int=7)), 2), Cancel(TaskId(UUID(int=8)))]
