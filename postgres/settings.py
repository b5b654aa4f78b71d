"""Settings of the room: where the database is, how long anything may take; never a secret."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MIGRATION_URL_VARIABLE = "GARDENOS_DATABASE_MIGRATION_URL"
ADMIN_URL_VARIABLE = "GARDENOS_DATABASE_ADMIN_URL"

Seconds = Annotated[float, Field(gt=0, le=3600)]


class DatabaseSettings(BaseModel):
    """How to reach PostgreSQL 18 or newer, and the limits of every step."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    url_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = Field(
        default="GARDENOS_DATABASE_URL",
        description="Name of the environment variable that holds the database's URL.",
    )
    url_file: Path | None = Field(
        default=None,
        description="File that holds the URL; goes before the variable, read anew when it changes.",
    )
    migration_url_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = (
        Field(
            default=MIGRATION_URL_VARIABLE,
            description="Name of the environment variable that holds the URL for migrations, whose"
            " role owns the tables; without it they run over the application's own.",
        )
    )
    migration_url_file: Path | None = Field(
        default=None, description="File that holds the URL for migrations; before the variable."
    )
    admin_url_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = Field(
        default=ADMIN_URL_VARIABLE,
        description="Name of the environment variable that holds a superuser's URL, for gardenos"
        " postgres bootstrap and drill alone.",
    )
    admin_url_file: Path | None = Field(
        default=None, description="File that holds the superuser's URL; before the variable."
    )
    min_size: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0,
        description="Connections kept open; 0 lets a process start while the database is away.",
    )
    max_size: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=8, description="Connections at most, in each orchestrator."
    )
    connect_limit_s: Seconds = Field(
        default=5.0,
        description="Seconds to open a connection, address look-up and login included; where the"
        " address names several hosts, the search for the one that takes writes as well.",
    )
    acquire_limit_s: Seconds = Field(
        default=5.0, description="Seconds to wait for a free connection."
    )
    command_limit_s: Seconds = Field(
        default=10.0, description="Seconds a single statement may take, on both ends."
    )
    transaction_limit_s: Seconds = Field(
        default=20.0, description="Seconds a transaction may be open; an old snapshot slows claims."
    )
    idle_in_transaction_limit_s: Seconds = Field(
        default=5.0, description="Seconds a transaction may wait for its client."
    )
    idle_s: Annotated[float, Field(ge=0, le=86_400)] = Field(
        default=300.0, description="Seconds after which an idle connection is closed; 0 for never."
    )
    keepalive_idle_s: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=10, description="Seconds of silence before TCP asks whether the peer is there."
    )
    keepalive_interval_s: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=3,
        description="Seconds between two such questions; the third without answer ends it.",
    )
    unacknowledged_limit_s: Seconds = Field(
        default=10.0, description="Seconds that sent bytes may stay unacknowledged (Linux only)."
    )
    application_name: Annotated[str, Field(min_length=1, max_length=63)] = Field(
        default="gardenos", description="How the connections are called in pg_stat_activity."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.min_size > self.max_size:
            raise ValueError(
                f"min_size ({self.min_size}) must not exceed max_size ({self.max_size})"
            )
        return self
