"""Secrets and signatures after Standard Webhooks, so that any of its libraries verifies them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from domain.webhooks import Delivery

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a secret; whoever holds it can sign."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def message_id(delivery_id: UUID) -> str:
    """Return what is the same at every attempt and replay of a message."""
    return f"msg_{delivery_id.hex}"


def message_of(delivery: Delivery) -> bytes:
    """Return the body: ids and states, nothing personal."""
    data: dict[str, Any] = {}
    if delivery.task_id is not None:
        data = {
            "task_id": str(delivery.task_id),
            "kind": delivery.kind,
            "state": delivery.task_state,
            "attempt": delivery.task_attempt,
            "error_code": delivery.error_code,
        }
    timestamp = delivery.occurred_at.isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": delivery.type, "timestamp": timestamp, "data": data})


def signed_headers(
    delivery_id: UUID, body: bytes, secrets_: Sequence[str], *, now_s: float
) -> dict[str, str]:
    """Return the headers that prove who sent a body and when.

    Args:
        delivery_id: Makes the id of the message.
        body: As it is sent, to the byte.
        secrets_: Each signs; a receiver knows one of them.
        now_s: Seconds since 1970; receivers refuse what is minutes old.
    """
    name, second = message_id(delivery_id), int(now_s)
    signed = f"{name}.{second}.".encode() + body
    return {
        "webhook-id": name,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(f"v1,{_signature(one, signed)}" for one in secrets_),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
