"""Settings of webhooks."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(gt=0, le=30 * 86_400)]

SCHEDULE_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 57600.0, 86400.0)


class WebhookSettings(BaseModel):
    """Where messages may go, and how often and how long they are sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    allow_private_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks that are not public and may be called all the same, such as"
        " 10.0.0.0/8. An endpoint there can read what the service can reach.",
    )
    allow_http: bool = Field(
        default=False,
        description="Whether http is taken, and only towards allow_private_networks.",
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(443, 8443), description="Ports that may be called; an empty list means any."
    )
    max_per_tenant: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=20, description="Endpoints of one tenant."
    )
    concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=32, description="Messages a replica sends at once."
    )
    per_webhook: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=4, description="Of these to one endpoint; one that fails gets a single place."
    )
    lookups: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=32, description="Hosts a replica looks up at once, each in a thread."
    )
    lookups_per_tenant: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=4, description="Of these, a tenant's; one that cannot be found takes its time."
    )
    poll_s: Annotated[float, Field(ge=0.02, le=60)] = Field(
        default=0.5, description="Seconds between two looks for messages that are due."
    )
    time_limit_s: Annotated[float, Field(gt=0, le=120)] = Field(
        default=15.0, description="Seconds a receiver may take, connecting included."
    )
    schedule_s: tuple[Seconds, ...] = Field(
        default=SCHEDULE_S,
        description="Longest wait before each further attempt, in seconds; the wait itself is drawn"
        " evenly below it. After the last the message is dead.",
    )
    give_up_s: Seconds = Field(
        default=7 * 86_400.0,
        description="Seconds a message may wait for an endpoint that is enabled, whatever its"
        " schedule has left, since it was made or replayed; then it is dead.",
    )
    disable_after_s: Seconds = Field(
        default=3 * 86_400.0, description="Seconds of failures alone after which it is disabled."
    )
    overlap_s: Annotated[float, Field(ge=0, le=30 * 86_400)] = Field(
        default=86_400.0, description="Seconds the former secret still signs after a rotation."
    )
    keep_s: Annotated[float, Field(ge=60, le=10 * 365 * 86_400)] = Field(
        default=30 * 86_400.0, description="Seconds a finished delivery can be read and replayed."
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.per_webhook > self.concurrency:
            raise ValueError(
                f"per_webhook {self.per_webhook} is above concurrency {self.concurrency}"
            )
        if self.lookups_per_tenant > self.lookups:
            raise ValueError(
                f"lookups_per_tenant {self.lookups_per_tenant} is above lookups {self.lookups}"
            )
        return self

    @property
    def lease_s(self) -> float:
        """Seconds after which a replica that died in the middle loses its claim."""
        return 2 * self.time_limit_s + 15
