"""The age of the last good backup and of the last drill, in the text format of Prometheus.

Both are read from the repository, which is the only place that knows: a job that made a backup is
gone when somebody asks. So nothing needs to be kept beside it, and a repository that cannot be
read shows as such instead of as an old figure.
"""

import os
from datetime import datetime
from pathlib import Path

from domain.errors import ConfigurationError, GardenosError
from postgres.backup import PgBackRest
from postgres.backup_info import RepositoryInfo

HELP = {
    "gardenos_backup_repository_up": "Whether the repository could be read and is sound.",
    "gardenos_backup_age_seconds": "Seconds since the last good backup was complete.",
    "gardenos_backup_last_good_timestamp_seconds": "When the last good backup was complete.",
    "gardenos_backup_size_bytes": "What the last good backup restores.",
    "gardenos_backup_good": "Good backups in the repository.",
    "gardenos_backup_drill_age_seconds": "Seconds since a drill last brought every row back.",
    "gardenos_backup_drill_last_passed_timestamp_seconds": "When a drill last did.",
    "gardenos_backup_read_timestamp_seconds": "When this was read from the repository.",
}


def metrics_text(info: RepositoryInfo | None, stanza: str, now: datetime) -> str:
    """Return the metrics of a stanza; pure.

    An age that is not known has no line, so that an alert must ask for ``absent`` too.

    Args:
        info: What the repository holds; None where it cannot be read.
        stanza: Name of what is backed up.
        now: When it was read.
    """
    values: dict[str, float] = {
        "gardenos_backup_repository_up": float(info is not None and info.is_sound),
        "gardenos_backup_read_timestamp_seconds": now.timestamp(),
    }
    if info is not None:
        values["gardenos_backup_good"] = sum(one.is_good for one in info.backups)
        if good := info.last_good:
            values |= {
                "gardenos_backup_age_seconds": (now - good.stopped_at).total_seconds(),
                "gardenos_backup_last_good_timestamp_seconds": good.stopped_at.timestamp(),
                "gardenos_backup_size_bytes": good.size_bytes,
            }
        if drilled := info.last_drill:
            values |= {
                "gardenos_backup_drill_age_seconds": (now - drilled).total_seconds(),
                "gardenos_backup_drill_last_passed_timestamp_seconds": drilled.timestamp(),
            }
    lines = []
    for name, text in HELP.items():
        if name in values:
            lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
            lines.append(f'{name}{{stanza="{stanza}"}} {values[name]:.15g}')
    return "\n".join(lines) + "\n"


async def read_metrics(tool: PgBackRest, now: datetime) -> str:
    """Return the metrics as the repository is now; one that cannot be read is a metric too."""
    try:
        info = await tool.info()
    except GardenosError:
        info = None
    return metrics_text(info, tool.settings.stanza, now)


def write_textfile(file: Path, text: str) -> None:
    """Put the metrics where the node exporter's textfile collector looks, whole or not at all.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.rename(file)
    except OSError as error:
        raise ConfigurationError(
            "metrics_file", f"{file} ({error.strerror})", "a file in a folder that may be written"
        ) from error
