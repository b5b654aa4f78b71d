"""The receiver of the chaos suite keeps a true log, and the judge reads it rightly."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from standardwebhooks import Webhook

from tests.system.chaos.receipts import end_of, faults_of
from tests.system.chaos.receiver import Receiver, receipts_of, secret_of

END = ("acacia", "task-1", "succeeded", 1)


def receipt(**changes: Any) -> dict[str, Any]:
    """Return a message that was taken."""
    told = {"tenant_id": "acacia", "task_id": "task-1", "state": "succeeded", "attempt": 1}
    return {**told, "message": "msg_1", "verified": True, "status": 204, **changes}


def test_an_end_that_came_twice_under_one_id_is_well() -> None:
    assert list(faults_of([receipt(status=500), receipt(), receipt()], [END])) == []


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [receipt(status=500)],
        [receipt(verified=False)],
        [receipt(), receipt(message="msg_2")],
        [receipt(), receipt(attempt=2)],
        [receipt(), receipt(message="msg_2", state="dead")],
        [receipt(tenant_id="birch")],
    ],
    ids=["lost", "refused", "forged", "two ids", "two ends", "false end", "wrong tenant"],
)
def test_the_judge_objects(receipts: list[dict[str, Any]]) -> None:
    assert list(faults_of(receipts, [END]))


def test_the_receiver_tells_a_signed_message_from_a_forged_one(tmp_path: Path) -> None:
    data = {"task_id": "task-1", "state": "succeeded", "attempt": 1}
    body = orjson.dumps({"type": "task.succeeded", "data": data})
    log = tmp_path / "receiver.jsonl"
    with Receiver(log, seed=1) as receiver:
        for tenant in ("acacia", "birch"):
            now = datetime.now(UTC)
            signature = Webhook(secret_of(tenant)).sign("msg_1", now, body.decode())
            headers = {
                "webhook-id": "msg_1",
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signature,
            }
            httpx.post(f"{receiver.address}/acacia", content=body, headers=headers, trust_env=False)
    told = receipts_of(log)
    assert [one["verified"] for one in told] == [True, False]
    assert [end_of(one) for one in told] == [END, END]
