"""Settings of backups: where the repository is, what is kept, how long a step may take."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CIPHER_VARIABLE = "PGBACKREST_REPO1_CIPHER_PASS"
"""pgBackRest's own variable; in a pod it comes from a Secret."""

LongSeconds = Annotated[float, Field(gt=0, le=7 * 86_400)]
OneLine = Annotated[str, Field(pattern=r"^\S+$", max_length=1024)]


class Section(BaseModel):
    """A group of settings: immutable, and closed against names nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ObjectStorage(Section):
    """A bucket that speaks S3; the keys are in files."""

    bucket: OneLine = Field(description="Name of the bucket.")
    endpoint: OneLine = Field(description="Host name of the service.")
    region: OneLine = Field(description="Region, as the service calls it.")
    path_style: bool = Field(
        default=True, description="Whether the bucket stands in the path, as most own ones want it."
    )
    key_file: Path = Field(description="File that holds the access key.")
    secret_file: Path = Field(description="File that holds its secret.")


class RepositorySettings(Section):
    """What a rendered configuration says; not read where a configuration is mounted."""

    path: Path = Field(
        default=Path("/var/lib/pgbackrest"), description="Folder, on a volume or in the bucket."
    )
    object_storage: ObjectStorage | None = Field(
        default=None, description="Bucket that holds the folder; None for a volume."
    )
    cipher_key_file: Path | None = Field(
        default=None,
        description="File with the pass phrase; without one the backups are in the clear.",
    )
    keep_full: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=4, description="Full backups that are kept, with the log that leads on from them."
    )
    keep_differential: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=14, description="Differential backups that are kept."
    )
    compression: Literal["zst", "lz4", "gz", "none"] = Field(
        default="zst", description="How files are compressed; zst is the smallest for its time."
    )
    compression_level: Annotated[int, Field(ge=1, le=9)] = Field(
        default=3, description="Effort of the compression."
    )
    processes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2, description="Processes that compress and copy."
    )


class BackupSettings(Section):
    """How backups are made, restored and proved."""

    program: Path = Field(
        default=Path("pgbackrest"), description="pgBackRest, 2.57 or newer for PostgreSQL 18."
    )
    stanza: OneLine = Field(default="postgres-cluster", description="Name of what is backed up.")
    config_file: Path = Field(
        default=Path("/etc/pgbackrest/pgbackrest.conf"),
        description="Configuration of pgBackRest; further files lie in conf.d beside it.",
    )
    cipher_key_file: Path | None = Field(
        default=None,
        description="File with the repository's pass phrase; without one pgBackRest's own variable"
        " or a file of conf.d has it.",
    )
    repository: RepositorySettings = Field(
        default=RepositorySettings(),
        description="What gardenos postgres configure-backups writes into the configuration.",
    )
    scratch_folder: Path = Field(
        default=Path("/tmp"),  # noqa: S108 - the folder made in it is private
        description="Where a drill restores to; needs room for all data.",
    )
    info_limit_s: LongSeconds = Field(default=60.0, description="Seconds to list the backups.")
    check_limit_s: LongSeconds = Field(
        default=180.0, description="Seconds to prove that the log reaches the repository."
    )
    backup_limit_s: LongSeconds = Field(default=6 * 3600.0, description="Seconds for a backup.")
    restore_limit_s: LongSeconds = Field(
        default=6 * 3600.0, description="Seconds for a restore, and again for its recovery."
    )
    lock_limit_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=0.8,
        description="Seconds a drill waits for writers, who wait behind it; four fifths of the"
        " server's deadlock_timeout at most, so that none of them gives up its transaction.",
    )
    compare_limit_s: LongSeconds = Field(
        default=900.0,
        description="Seconds for reading all rows once; the snapshot it holds slows claims.",
    )


class LocalServer(Section):
    """The server beside pgBackRest."""

    data_folder: Path = Field(description="PGDATA.")
    socket_folder: Path = Field(description="Holds its socket.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=5432, description="Its TCP port.")
    user: OneLine = Field(default="postgres", description="Role that may make backups.")

    @model_validator(mode="after")
    def _paths_are_whole(self) -> Self:
        if not (self.data_folder.is_absolute() and self.socket_folder.is_absolute()):
            raise ValueError("data_folder and socket_folder must be absolute")
        return self
