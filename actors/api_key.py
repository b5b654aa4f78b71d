"""The key of a model provider: read where it is used, kept out of every log and every repr."""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

logger = logging.getLogger(__name__)

CHECK_INTERVAL_S = 1.0
"""A file is looked at this often at most."""

MAX_KEY_BYTES = 8192


class ApiKey:
    """A reference to a key: an environment variable, or a file that wins over it.

    A file is read again when it changes, also when it is replaced as Kubernetes and ``mv`` do.
    Files are small and local, so reading them keeps to the loop.

    Args:
        variable: Name of the variable, or None where none may be used.
        file: The file, or None.
        environment: Where variables are looked up.
        now_s: Returns seconds of a clock that never goes back.
    """

    def __init__(
        self,
        variable: str | None,
        file: Path | None,
        *,
        environment: Mapping[str, str] = os.environ,
        now_s: Callable[[], float],
    ) -> None:
        self._variable = variable
        self._file = file
        self._environment = environment
        self._now_s = now_s
        self._looked_at_s = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._key: str | None = None
        self._complained = False

    def __repr__(self) -> str:
        return f"ApiKey({self._file or self._variable})"

    def current(self) -> str | None:
        """Return the key, or None where there is none that could stand in a header."""
        if self._file is None:
            found = self._environment.get(self._variable, "") if self._variable else ""
            return self._usable(found)
        now_s = self._now_s()
        if now_s - self._looked_at_s >= CHECK_INTERVAL_S:
            self._looked_at_s = now_s
            self._look(self._file)
        return self._key

    def is_newer_than(self, refused: str | None) -> bool:
        """Look at once, and return whether the key is another one than one that was refused.

        Args:
            refused: What the refused call was sent with: others may have read a new one since.
        """
        self._looked_at_s = float("-inf")
        self._seen = None
        return self.current() != refused

    def _look(self, file: Path) -> None:
        try:
            status = file.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen == self._seen:
                return
            with file.open("rb") as opened:
                self._key = self._usable(opened.read(MAX_KEY_BYTES).decode())
            self._seen = seen
        except (OSError, UnicodeDecodeError) as error:
            self._key, self._seen = None, None
            self._complain(type(error).__name__)

    def _usable(self, text: str) -> str | None:
        key = text.strip()
        if not key:
            return None
        if key.isascii() and key.isprintable() and " " not in key:
            return key
        self._complain("characters that no key has")
        return None

    def _complain(self, why: str) -> None:
        """Say once that the key cannot be read."""
        if not self._complained:
            self._complained = True
            logger.warning("model_key_unreadable", extra={"key": repr(self), "why": why})
