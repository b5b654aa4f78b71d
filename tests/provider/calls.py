"""One call as the provider saw it, sums over calls, and the file that tells of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from tests.provider.faults import Fault


class Outcome(StrEnum):
    """How a call ended."""

    OPEN = "open"
    ANSWERED = "answered"
    CLIENT_CLOSED = "client_closed"
    CUT = "cut"


@dataclass(slots=True)
class Call:
    """One call. Times are seconds, once on the monotonic clock and once since 1970.

    Attributes:
        number: From 1, in the order of arrival.
        connection: Number of the connection it came on, from 1.
        in_flight: Calls without an answer at its arrival, itself included.
        key_last4: The last four characters of the key it came with; empty without one.
        format: What response_format asked for.
        turns: Messages it brought; a repair has more than the first question.
        user_turn: The first message of the user.
        answered_s: When the answer was handed to the network, whole or, where it was cut, the
            last of it; None while open and where the client left first.
        closed_s: When the client was seen to leave without its answer, else None.
        prompt_tokens: Charged, whether or not the answer said so; 0 where none was given.
    """

    number: int
    connection: int
    in_flight: int
    arrived_s: float
    arrived_unix_s: float
    model: str = ""
    key_last4: str = ""
    format: str = ""
    schema_name: str | None = None
    turns: int = 0
    lead_id: str | None = None
    user_sha256: str = ""
    user_turn: str = ""
    outcome: Outcome = Outcome.OPEN
    fault: Fault | None = None
    status: int | None = None
    finish: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    answered_s: float | None = None
    answered_unix_s: float | None = None
    closed_s: float | None = None
    closed_unix_s: float | None = None

    @property
    def ended_unix_s(self) -> float | None:
        """When it was over for the provider; None while it is open."""
        return self.answered_unix_s or self.closed_unix_s


_NAMES = frozenset(one.name for one in fields(Call))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums over calls."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0


@dataclass(slots=True)
class Totals:
    """Counters since the start or the last clearing; they outlive calls that were forgotten.

    Attributes:
        connections: Accepted, those of the admin doors included.
        connections_with_calls: Those that brought at least one call.
    """

    calls: int = 0
    answered: int = 0
    client_closed: int = 0
    cut: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    connections: int = 0
    open_connections: int = 0
    connections_with_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)
    by_model: Counter[str] = field(default_factory=Counter)


def read_calls(path: Path) -> list[Call]:
    """Return the calls in a file that :class:`CallLog` wrote, of all its runs.

    A call whose end is missing is open. A last line that was cut is passed over.
    """
    runs: dict[tuple[int, int], dict[str, Any]] = {}
    run = 0
    for record in _records(path):
        event = record.pop("event")
        if event == "started":
            run += 1
        else:
            runs.setdefault((run, record["number"]), {}).update(record)
    return [call_of(record) for record in runs.values()]


def call_of(record: dict[str, Any]) -> Call:
    """Return the call that a record of plain values describes."""
    known = {name: value for name, value in record.items() if name in _NAMES}
    known["outcome"] = Outcome(known.get("outcome", Outcome.OPEN))
    if known.get("fault") is not None:
        known["fault"] = Fault(known["fault"])
    return Call(**known)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            continue


def beginning_of(call: Call) -> dict[str, Any]:
    """Return what is written when a call arrives."""
    return {name: getattr(call, name) for name in _NAMES}


_BEGINNING = frozenset(
    (
        "connection",
        "in_flight",
        "arrived_s",
        "arrived_unix_s",
        "model",
        "key_last4",
        "format",
        "schema_name",
        "turns",
        "lead_id",
        "user_sha256",
        "user_turn",
    )
)
_END_NAMES = tuple(_NAMES - _BEGINNING)


def ending_of(call: Call) -> dict[str, Any]:
    """Return what is written when a call ends: its number and what was not known before."""
    return {name: getattr(call, name) for name in _END_NAMES}
