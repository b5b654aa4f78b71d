"""The rows between reading and writing: bounded in number, given out in the order of the file."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from batch.preparation import NOBODY, Person, Prepared, Reject, described
from batch.results import Failed, RowResult, Scored
from batch.service import Accepted, Finished, Refused

MAX_TRIES = 10
"""Runs of a file, at most, that start a failed row's task anew."""

MAX_LOSSES = 3
"""How often one run sends a row whose task the service forgot."""


@dataclass(slots=True)
class Entry:
    """One row on its way.

    Attributes:
        tries: How many tasks of the row are known to have failed in earlier runs.
        losses: How many of its tasks the service forgot during this run.
        was_known: Whether the row's present key was known when this run first sent it.
        sent: Whether this run has sent the row with its present key.
    """

    row: Prepared | Reject
    task_id: str | None = None
    tries: int = 0
    losses: int = 0
    was_known: bool = False
    sent: bool = False
    result: RowResult | None = None


class Window:
    """Rows in file order, each waiting to be sent, open at the service, or done. Pure."""

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._entries: dict[int, Entry] = {}
        self._unsent: deque[int] = deque()
        self._lines: dict[str, int] = {}

    @property
    def room(self) -> int:
        """How many more rows may be added."""
        return self._most_rows - len(self._entries)

    @property
    def is_empty(self) -> bool:
        """Whether every row that was added has been taken."""
        return not self._entries

    def add(self, rows: Iterable[Prepared | Reject]) -> None:
        """Add rows of the file, in its order; what was rejected is done at once."""
        for row in rows:
            rejected = isinstance(row, Reject)
            self._entries[row.line] = Entry(row, result=row if isinstance(row, Reject) else None)
            if not rejected:
                self._unsent.append(row.line)

    def unsent(self, *, most_rows: int, most_bytes: int) -> list[tuple[Prepared, int]]:
        """Return the next rows to send, each with the number of its try; at least one if any."""
        chunk: list[tuple[Prepared, int]] = []
        size_bytes = 0
        for line in self._unsent:
            entry = self._entries[line]
            row = entry.row
            if len(chunk) == most_rows or not isinstance(row, Prepared):
                break
            size_bytes += len(row.lead)
            if chunk and size_bytes > most_bytes:
                break
            chunk.append((row, entry.tries))
        return chunk

    def settle(self, row: Prepared, answer: Accepted | Refused) -> None:
        """Note what the service said to a row; one that may come again stays to be sent."""
        entry = self._entries[row.line]
        if isinstance(answer, Refused):
            if answer.again:
                return
            got = described(answer.field, answer.got)
            entry.result = Reject(row.line, row.lead_id, answer.field, got, answer.allowed)
        else:
            entry.was_known = entry.was_known or not (answer.created or entry.sent)
            entry.task_id = answer.task_id
            self._lines[answer.task_id] = row.line
        entry.sent = True
        self._unsent.remove(row.line)

    def mark_sent(self, rows: Iterable[Prepared]) -> None:
        """Note rows whose batch got no answer: the service may have stored them all the same."""
        for row in rows:
            self._entries[row.line].sent = True

    def open_tasks(self, most: int) -> list[str]:
        """Return tasks that are not known to be finished, the oldest rows' first."""
        found: list[str] = []
        for entry in self._entries.values():
            if len(found) == most:
                break
            if entry.task_id is not None and entry.result is None:
                found.append(entry.task_id)
        return found

    def finish(self, finished: Finished) -> bool:
        """Note a task's end; tell whether it was an open row's.

        A row that failed in an earlier run is sent anew under its next key.
        """
        line = self._lines.pop(finished.task_id, None)
        if line is None:
            return False
        entry = self._entries[line]
        lead_id, person = entry.row.lead_id, _person_of(entry.row)
        if finished.result is not None:
            entry.result = Scored(
                line, lead_id, finished.result, resumed=entry.was_known, person=person
            )
        elif entry.was_known and entry.tries < MAX_TRIES:
            entry.tries += 1
            self._send_again(line, entry)
        else:
            error = finished.error or "no reason was given"
            entry.result = Failed(line, lead_id, error, resumed=entry.was_known, person=person)
        return True

    def lose(self, task_id: str) -> None:
        """Note that the service does not have a task: its row is sent again, a few times."""
        line = self._lines.pop(task_id, None)
        if line is None:
            return
        entry = self._entries[line]
        entry.losses += 1
        if entry.losses < MAX_LOSSES:
            self._send_again(line, entry)
        else:
            error = "the service deleted the task"
            entry.result = Failed(line, entry.row.lead_id, error, person=_person_of(entry.row))

    def _send_again(self, line: int, entry: Entry) -> None:
        entry.task_id = None
        entry.was_known = entry.sent = False
        self._unsent.append(line)

    def take_done(self) -> list[RowResult]:
        """Take the results that nothing earlier in the file is waiting for, in file order."""
        done: list[RowResult] = []
        for entry in self._entries.values():
            if entry.result is None:
                break
            done.append(entry.result)
        for result in done:
            del self._entries[result.line]
        return done


def _person_of(row: Prepared | Reject) -> Person:
    return row.person if isinstance(row, Prepared) else NOBODY
