"""Which processes a process has started, read from /proc; knows nothing where there is none."""

import contextlib
from pathlib import Path


def children_of(pid: int) -> frozenset[int]:
    """Return a process's children, by /proc; empty where there is none (macOS)."""
    found: set[int] = set()
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= {int(child) for child in file.read_text(encoding="ascii").split()}
    return frozenset(found)


def descendants_of(pid: int) -> frozenset[int]:
    """Return every process below one, at any depth."""
    found: set[int] = set()
    rest = [pid]
    while rest:
        fresh = children_of(rest.pop()) - found
        found |= fresh
        rest.extend(fresh)
    return frozenset(found)


def alive(pids: frozenset[int]) -> frozenset[int]:
    """Return which processes still run; a zombie does not."""
    return frozenset(pid for pid in pids if _runs(pid))


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
