"""Webhooks: who is told of which events, and the deliveries that tell them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.events import EventType
from domain.ids import TenantId
from domain.lead import Frozen

TEST_TYPE = "webhook.test"


class Webhook(Frozen):
    """An endpoint of a receiver; its secret is apart."""

    webhook_id: UUID
    url: str
    types: tuple[EventType, ...]
    kinds: tuple[str, ...] = Field(description="Kinds of agents; empty means all.")
    description: str
    enabled: bool
    disabled_reason: str | None = Field(description="Why the service has disabled it itself.")
    failing_since: AwareDatetime | None = Field(description="First failure since a success.")
    previous_secret_until: AwareDatetime | None = Field(
        description="Until then the secret before the last rotation signs as well."
    )
    created_at: AwareDatetime
    updated_at: AwareDatetime


class DeliveryState(StrEnum):
    """Where a delivery is: to be sent, accepted by the receiver, or given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Delivery(Frozen):
    """One message to one endpoint."""

    delivery_id: UUID
    webhook_id: UUID
    type: str
    task_id: UUID | None
    kind: str | None
    task_state: str | None
    task_attempt: int | None
    error_code: str | None
    occurred_at: AwareDatetime
    state: DeliveryState
    attempt: int = Field(description="Times it was sent, replays included.")
    due_at: AwareDatetime = Field(description="While pending: when it is sent next.")
    status: int | None = Field(description="HTTP status of the last answer.")
    error: str | None = Field(description="Why the last attempt failed.")
    finished_at: AwareDatetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Dispatch:
    """A claimed delivery with what is needed to send it; holds secrets, so it has no text.

    Attributes:
        secrets: Each signs; the newest first.
        tries: Attempts since the delivery was made or replayed, this one included.
    """

    tenant_id: TenantId
    delivery: Delivery
    url: str
    secrets: tuple[str, ...]
    tries: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class DispatchEnd:
    """How one attempt ended, fenced by (delivery, attempt).

    Attributes:
        retry_s: Seconds to the next attempt; None where there is none.
        disable: Reason to disable the endpoint, or None.
    """

    delivery_id: UUID
    attempt: int
    delivered: bool
    status: int | None
    error: str | None
    retry_s: float | None
    disable: str | None = None
