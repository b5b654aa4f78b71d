"""Remembers which of a file's rounds of scoring is the present one: ``--again`` begins the next.

A round's number is part of every row's key. It is kept beside the product's data, so that a
killed run of a new round goes on in it, and later runs show the newest round's results.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from domain.errors import InvalidInputError


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


def next_round(present: Round, *, again: bool) -> Round:
    """Return the round to run: the present one, or the next where ``again`` asks for it.

    A round that was begun and not finished goes on, whether asked for again or not.
    """
    return Round(present.number + 1, finished=False) if again and present.finished else present


class RunBook:
    """The rounds of one file under one mapping, kept in one small file."""

    def __init__(self, folder: Path, file_digest: str, mapping_digest: str) -> None:
        """Look into ``folder``, which need not exist."""
        self._page = folder / f"{run_key(file_digest, mapping_digest, 0)}.json"

    def present(self) -> Round:
        """Return the present round: round 0, taken as finished, where nothing is kept."""
        try:
            kept = json.loads(self._page.read_text(encoding="utf-8"))
            return Round(int(kept["round"]), bool(kept["finished"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Round(0, finished=True)

    def keep(self, current: Round) -> None:
        """Keep a round; round 0 needs no keeping, since it is what an empty book says.

        Raises:
            InvalidInputError: The folder cannot be written.
        """
        if current.number == 0:
            return
        kept = json.dumps({"round": current.number, "finished": current.finished})
        unfinished = self._page.with_suffix(".part")
        try:
            self._page.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(kept, encoding="utf-8")
            unfinished.replace(self._page)
        except OSError as error:
            got = f"{self._page.parent} ({error.strerror})"
            raise InvalidInputError("--again", got, "a data folder that can be written") from error
