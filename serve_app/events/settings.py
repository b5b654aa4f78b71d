"""Settings of streams of events."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class EventSettings(BaseModel):
    """Streams of events, and how long events are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    keep_s: Annotated[float, Field(ge=60, le=10 * 365 * 86_400)] = Field(
        default=7 * 86_400.0, description="Seconds an event can be read."
    )
    keep_count: Annotated[int, Field(ge=1000, le=1_000_000_000)] = Field(
        default=2_000_000, description="Most events kept, of all tenants together."
    )
    poll_s: Annotated[float, Field(ge=0.02, le=60)] = Field(
        default=0.25, description="Seconds between two looks while anybody watches."
    )
    keep_alive_s: Annotated[float, Field(ge=0.1, le=60)] = Field(
        default=15.0, description="Seconds of silence before a comment goes out."
    )
    retry_ms: Annotated[int, Field(ge=100, le=60_000)] = Field(
        default=2000, description="Milliseconds a client waits before it connects again."
    )
    max_streams: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="Streams open at once on a replica."
    )
    max_streams_per_tenant: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100, description="Streams of one tenant open at once on a replica."
    )
    buffer: Annotated[int, Field(ge=16, le=100_000)] = Field(
        default=1000, description="Events that wait for one reader; a slower one is dropped."
    )
    send_limit_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=30.0, description="Seconds a reader may take to accept what is sent."
    )
    max_stream_s: Annotated[float, Field(ge=1, le=86_400)] = Field(
        default=900.0, description="Seconds after which a stream ends and is resumed elsewhere."
    )
