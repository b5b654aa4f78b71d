"""The senders' journal: what was sent, promised and answered, on disk before anything goes on."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Lines of JSON, each forced to disk before the call returns; any thread may write.

    Events: ``sent``, ``accepted`` (a 202), ``refused``, ``answered`` (a direct caller's answer),
    ``broken`` (the connection ended without one), ``cancelled`` and ``not_cancelled``.
    """

    def __init__(self, path: Path) -> None:
        """Open a file to append to."""
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._accepted: dict[str, str] = {}

    def write(self, event: str, name: str, **facts: Any) -> None:
        """Write what happened to an order."""
        line = json.dumps({"event": event, "name": name, "at": time.time(), **facts})
        with self._lock:
            os.write(self._file, line.encode() + b"\n")
            if event == "accepted":
                self._accepted[name] = facts["task_id"]
        os.fsync(self._file)

    @property
    def accepted(self) -> int:
        """How many orders have been promised."""
        return len(self._accepted)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def events(self) -> Iterator[dict[str, Any]]:
        """Read what was written, from the disk."""
        for line in self._path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
