"""What the repository holds, and which backup leads to a moment; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from domain.errors import ConflictError, UnavailableError

DRILL_KEY = "drill-passed"
"""Annotation of a backup: when a drill last brought it back whole, seconds since 1970."""

DAMAGED_WAIT_S = 60.0
CLOCKS_AGREE_WITHIN = timedelta(minutes=1)
"""Of this machine and the server whose log is brought back."""


class BackupKind(StrEnum):
    """How much a backup copies."""

    FULL = "full"
    DIFFERENTIAL = "diff"
    INCREMENTAL = "incr"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes:
        label: Its name in the repository.
        started_at: When it began.
        stopped_at: When it was complete, in whole seconds; it leads to moments after that second.
        is_good: Whether no page failed its checksum.
        size_bytes: What it restores.
        stored_bytes: What it added to the repository.
        drilled_at: When a drill last brought it back whole, or None.
    """

    label: str
    kind: BackupKind
    started_at: datetime
    stopped_at: datetime
    is_good: bool
    size_bytes: int
    stored_bytes: int
    drilled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """What the repository holds of one stanza.

    Attributes:
        is_sound: Whether pgBackRest finds nothing wrong.
        message: What it says of that.
        backups: In the order in which they were complete.
        newest_log: Name of the newest segment of the write-ahead log, or None.
    """

    is_sound: bool
    message: str
    backups: tuple[Backup, ...]
    newest_log: str | None

    @property
    def last_good(self) -> Backup | None:
        """Return the newest backup without a fault."""
        good = [one for one in self.backups if one.is_good]
        return good[-1] if good else None

    @property
    def last_drill(self) -> datetime | None:
        """Return when a drill last brought a backup back."""
        return max((one.drilled_at for one in self.backups if one.drilled_at), default=None)


def parse_info(text: bytes, stanza: str) -> RepositoryInfo:
    """Return what ``pgbackrest info --output=json`` said.

    Raises:
        UnavailableError: It said something else.
    """
    try:
        found = [one for one in orjson.loads(text) if one["name"] == stanza]
        if not found:
            return RepositoryInfo(
                is_sound=False, message="no such stanza", backups=(), newest_log=None
            )
        (one,) = found
        backups = sorted(map(parse_backup, one.get("backup", ())), key=lambda b: b.stopped_at)
        logs = [log["max"] for log in one.get("archive", ()) if log.get("max")]
        status = one["status"]
        return RepositoryInfo(
            is_sound=status["code"] == 0,
            message=str(status["message"]),
            backups=tuple(backups),
            newest_log=max(logs, default=None),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(
            "pgbackrest info said what we cannot read", DAMAGED_WAIT_S
        ) from error


def parse_backup(one: dict[str, Any]) -> Backup:
    """Return a backup from its part of the answer."""
    drilled = (one.get("annotation") or {}).get(DRILL_KEY)
    return Backup(
        label=str(one["label"]),
        kind=BackupKind(one["type"]),
        started_at=from_unix(one["timestamp"]["start"]),
        stopped_at=from_unix(one["timestamp"]["stop"]),
        is_good=not one.get("error", False),
        size_bytes=int(one["info"]["size"]),
        stored_bytes=int(one["info"]["repository"].get("delta", 0)),
        drilled_at=from_unix(int(drilled)) if drilled else None,
    )


def from_unix(seconds: float) -> datetime:
    """Return a moment from its seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def refuse_future(target: datetime, now: datetime) -> None:
    """Let a moment pass that has been, as far as clocks agree.

    Raises:
        ConflictError: No log leads there: a recovery would end with an error.
    """
    if target > now + CLOCKS_AGREE_WITHIN:
        why = f"it is {now.isoformat(timespec='seconds')} here; take a moment that has been"
        raise ConflictError("restore target", target.isoformat(), why)


def backup_before(backups: Sequence[Backup], target: datetime) -> Backup:
    """Return the newest good backup that leads to a moment.

    pgBackRest keeps whole seconds, and a recovery that begins in the target's own second may begin
    after it: the target's second must be later than the backup's. Asked without a backup's name,
    pgBackRest would take the newest instead, which leads to another moment.

    Args:
        backups: Of one stanza.
        target: With a time zone.

    Raises:
        ConflictError: No backup was complete before the target's second.
    """
    good = sorted((one for one in backups if one.is_good), key=lambda one: one.stopped_at)
    second = target.replace(microsecond=0)
    before = [one for one in good if one.stopped_at < second]
    if before:
        return before[-1]
    if not good:
        why = "the repository holds no good backup; make one with gardenos postgres backup"
    elif good[0].stopped_at == second:
        next_second = from_unix(good[0].stopped_at.timestamp() + 1)
        why = (
            f"backup {good[0].label} was complete in that very second, and leads only to later"
            f" ones; take a time from {next_second.isoformat()} on"
        )
    else:
        why = (
            f"the oldest backup, {good[0].label}, was complete at {good[0].stopped_at.isoformat()};"
            " take a time in a later second"
        )
    raise ConflictError("restore target", target.isoformat(), why)
