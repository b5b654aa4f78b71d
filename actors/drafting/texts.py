"""The template files, read once, and how a text is looked up in them by tone."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from domain.follow_up import Language, Tone

_VERSION_LENGTH = 12
_FOLDER = files("actors.drafting").joinpath("templates")


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of one language in one tone.

    Attributes:
        tables: The file as it is.
    """

    tables: Mapping[str, Any]
    tone: Tone

    def find(self, table: str, key: str) -> str | None:
        """Return a text: in the casual form where there is one and the tone is casual."""
        found = self.tables.get(table, {})
        if self.tone is Tone.CASUAL:
            found = found | self.tables.get(f"{table}_casual", {})
            found = found | {key: found[f"{key}_casual"]} if f"{key}_casual" in found else found
        text = found.get(key)
        return text if isinstance(text, str) else None

    def get(self, table: str, key: str) -> str:
        """Return a text that every file has.

        Raises:
            KeyError: The file lacks it.
        """
        text = self.find(table, key)
        if text is None:
            raise KeyError(f"{table}.{key}")
        return text

    def by_tone(self, table: str, suffix: str = "") -> str:
        """Return the text of the tone, or the friendly one where the tone has none of its own."""
        found = self._table(table)
        return str(found.get(self.tone.value + suffix) or found["friendly" + suffix])

    def subject(self, stage: str) -> str:
        """Return the subject of an e-mail."""
        found = self._table(f"email.{stage}")
        casual = found.get("subject_casual") if self.tone is Tone.CASUAL else None
        return casual or found["subject"]

    def piece(self, key: str) -> str:
        """Return a sentence of the tone's own set."""
        pieces = self.tables["pieces"]
        return str(pieces.get(self.tone.value, pieces["friendly"])[key])

    def words(self, table: str, key: str) -> tuple[str, ...]:
        """Return a list of words, such as the names of the months."""
        return tuple(self.tables[table][key])

    @property
    def capitalises(self) -> bool:
        """Whether the text begins with a capital after the greeting's line."""
        return bool(self.tables["start_capital"])

    def _table(self, path: str) -> Mapping[str, str]:
        found: Any = self.tables
        for name in path.split("."):
            found = found[name]
        return MappingProxyType(found)


def texts(language: Language, tone: Tone) -> Texts:
    """Return the texts of a language in a tone."""
    return Texts(_tables(language), tone)


@cache
def version() -> str:
    """Return a name of all template files that changes with any of them: 12 hexadecimal digits."""
    digest = sha256()
    for language in Language:
        digest.update(_FOLDER.joinpath(f"{language.value}.toml").read_bytes())
    return digest.hexdigest()[:_VERSION_LENGTH]


@cache
def _tables(language: Language) -> Mapping[str, Any]:
    text = _FOLDER.joinpath(f"{language.value}.toml").read_text("utf-8")
    return MappingProxyType(tomllib.loads(text))
