"""A file that appears whole or not at all: written beside its place, renamed at the end."""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from domain.errors import InvalidInputError


class OutputFile:
    """A file under way; its place is proved to be writable at once, before any work.

    Leaving the ``with`` without :meth:`keep` removes what was written. Only one process at a time
    writes to a place; what a killed one left is overwritten.
    """

    def __init__(self, path: Path, option: str) -> None:
        """Open the file beside its place.

        Args:
            path: Where the file will be.
            option: What the user calls it, for messages.

        Raises:
            InvalidInputError: It cannot be written there, or another run is writing it.
        """
        self.path = path
        self._option = option
        if path.is_dir():
            raise InvalidInputError(option, f"{path}, a folder", "a file")
        self._part = path.with_name(f".{path.name}.part")
        try:
            self.file: IO[bytes] = self._part.open("ab")
        except OSError as error:
            raise self.unwritable(error) from error
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.file.truncate(0)
        except BlockingIOError as error:
            self.file.close()
            got = f"{path}, which another run is writing"
            raise InvalidInputError(option, got, "a file of its own for each run") from error
        except OSError as error:
            self.file.close()
            raise self.unwritable(error) from error
        self._kept = False

    def keep(self) -> None:
        """Put the file in its place, in one step, after all of it is on the disk."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self._part.replace(self.path)
        except OSError as error:
            raise self.unwritable(error) from error
        self._kept = True

    def unwritable(self, error: OSError) -> InvalidInputError:
        """Return the error that says why the place cannot be written."""
        got = f"{self.path} ({error.strerror or error})"
        allowed = "a file in a folder that can be written, with room on the disk"
        return InvalidInputError(self._option, got, allowed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._kept:
            # unlinked while locked, so that it is never another run's file
            self._part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.file.close()
