"""The log of a local start: every process adds its lines to one file, which the start shows.

Serve hands only its own logger's records on; those of the agents and the orchestrator would reach
nobody. So each worker process writes them to the file, and the process that the user started
follows it on standard error. The file stays after the stop.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from logging.handlers import WatchedFileHandler
from pathlib import Path

from domain.errors import ConfigurationError
from serve_app.log_lines import EventFormatter, is_ours

VARIABLE = "_GARDENOS_LOG_FILE"
"""Tells the workers which file; not a setting."""

NAME = "gardenos.log"
MAX_BYTES = 10 * 2**20
"""From this size the file is put aside, in the place of the one before."""

LOOK_S = 0.25


def write_to_log() -> None:
    """Write this process's warnings and errors to the log, where the start has named one."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    # Each line is one write to a file opened for appending, so processes do not mix theirs.
    handler = WatchedFileHandler(path, encoding="utf-8", delay=True)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(EventFormatter())
    handler.addFilter(is_ours)
    logging.getLogger().addHandler(handler)


@contextlib.contextmanager
def followed_log(folder: Path, show: Callable[[str], None]) -> Iterator[Path]:
    """Give the log's file for the length of a ``with``; each new line is shown.

    Args:
        folder: Of the log; made where it is not there, for its owner alone.
        show: Called with one line at a time, from a thread of its own.

    Raises:
        ConfigurationError: The folder cannot be used.
    """
    path = folder.absolute() / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        got = f"{path} ({error.strerror})"
        raise ConfigurationError("data_folder", got, "a folder that can be written to") from error
    follower = Follower(path, show)
    os.environ[VARIABLE] = str(path)
    ended = threading.Event()
    thread = threading.Thread(target=follower.run, args=(ended,), name="log", daemon=True)
    thread.start()
    try:
        yield path
    finally:
        ended.set()
        thread.join()
        os.environ.pop(VARIABLE, None)


class Follower:
    """Shows what is added to a file, and puts the file aside when it is large."""

    def __init__(self, path: Path, show: Callable[[str], None]) -> None:
        """Begin at the end of the file: what stands there was shown before."""
        self._path = path
        self._show = show
        self._at = path.stat().st_size
        self._rest = b""

    def run(self, ended: threading.Event) -> None:
        """Look until the event is set, and once more then."""
        while not ended.wait(LOOK_S):
            self.look()
        self.look()

    def look(self) -> None:
        """Show the lines that were added since the last look."""
        with contextlib.suppress(OSError):  # removed by its owner: the writers make a new one
            size = self._path.stat().st_size
            self._at = min(self._at, size)
            with self._path.open("rb") as opened:
                opened.seek(self._at)
                added = opened.read(size - self._at)
            self._at += len(added)
            *lines, self._rest = (self._rest + added).split(b"\n")
            for line in lines:
                self._show(line.decode("utf-8", "replace"))
            if size > MAX_BYTES:
                self._put_aside()

    def _put_aside(self) -> None:
        self._path.replace(self._path.with_suffix(".log.1"))
        self._path.touch(mode=0o600)
        self._at, self._rest = 0, b""
