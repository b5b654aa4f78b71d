"""Remembers which of a file's rounds of scoring is the present one, and who begins the next.

``--again`` does, and a run of another mapping: it has replaced the stored leads, so that what was
found under the mapping before no longer fits them. A round's number is part of every row's key. It
is kept beside the product's data, so that a killed run of a new round goes on in it, and later
runs show the newest round's results.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InvalidInputError

_NAME_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Round:
    """One scoring of a file.

    Attributes:
        number: From 0.
        finished: Whether every row of it has its result.
    """

    number: int
    finished: bool


def run_key(file_digest: str, mapping_digest: str, number: int) -> str:
    """Return what the keys of all rows of a round begin with: 32 hexadecimal digits."""
    text = f"{file_digest} {mapping_digest} {number}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def next_round(present: Round, *, again: bool, overtaken: bool = False) -> Round:
    """Return the round to run: the present one, or the next where there is a reason for it.

    A round that was begun and not finished goes on, whether asked for again or not; but none goes
    on that was overtaken, since the leads it sent are no longer those that are stored.
    """
    if overtaken or (again and present.finished):
        return Round(present.number + 1, finished=False)
    return present


class RunBook:
    """The rounds of one file under one mapping, and which mapping of the file was the last."""

    def __init__(self, folder: Path, file_digest: str, mapping_digest: str) -> None:
        """Look into ``folder``, which need not exist."""
        self._mapping_digest = mapping_digest
        self._page = folder / f"{run_key(file_digest, mapping_digest, 0)}.json"
        self._newest = folder / f"{file_digest[:_NAME_DIGITS]}.newest.json"

    def present(self) -> Round:
        """Return the present round: round 0, taken as finished, where nothing is kept."""
        kept = _read(self._page)
        try:
            return Round(int(kept["round"]), bool(kept["finished"]))
        except (KeyError, TypeError, ValueError):
            return Round(0, finished=True)

    def is_overtaken(self) -> bool:
        """Tell whether the file was last sent under another mapping."""
        newest = _read(self._newest).get("mapping")
        return newest is not None and newest != self._mapping_digest

    def begin(self, current: Round) -> None:
        """Keep a round whose rows are about to be sent, as the newest of its file.

        Raises:
            InvalidInputError: The folder cannot be written.
        """
        self.keep(current)
        # last: until then nothing of the round is sent, so nobody is overtaken
        _write(self._newest, {"mapping": self._mapping_digest})

    def keep(self, current: Round) -> None:
        """Keep a round; round 0 needs no keeping, since it is what an empty book says.

        Raises:
            InvalidInputError: The folder cannot be written.
        """
        if current.number > 0:
            _write(self._page, {"round": current.number, "finished": current.finished})


def _read(page: Path) -> dict[str, Any]:
    try:
        kept = json.loads(page.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(page: Path, kept: Mapping[str, object]) -> None:
    unfinished = page.with_suffix(".part")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(kept), encoding="utf-8")
        unfinished.replace(page)
    except OSError as error:
        got = f"{page.parent} ({error.strerror})"
        raise InvalidInputError("data_folder", got, "a data folder that can be written") from error
