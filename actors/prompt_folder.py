"""Reads an agent's prompts from its folder, placeholders filled once, each named by its text.

A prompt is a Markdown file with placeholders such as ``{{facts}}``. It is read at the agent's
start and stays the same for every task, so that providers can cache it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from domain.errors import ConfigurationError

SYSTEM = "system.md"
"""The file every kind that asks a model has: what the model is to do."""

_PLACEHOLDER = re.compile(r"\{\{ *(\w+) *\}\}")
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as it is sent.

    Attributes:
        text: Without space around it.
        version: The first 12 hexadecimal digits of the text's SHA-256.
    """

    text: str
    version: str


def load_prompt(
    folder: Path, name: str = SYSTEM, *, values: Mapping[str, str] | None = None
) -> Prompt:
    """Return a prompt with its placeholders filled.

    Args:
        folder: ``prompts/<kind>`` beside the agent's module.
        name: The file's name.
        values: Text for each placeholder, by name; what it holds is not searched for more.

    Raises:
        ConfigurationError: The file cannot be read or is empty, a placeholder has no value, or a
            value has no placeholder; names the file.
    """
    path = folder / name
    given = dict(values or {})
    template = _read(path)
    wanted = set(_PLACEHOLDER.findall(template))
    if wanted != given.keys():
        missing, unused = sorted(wanted - given.keys()), sorted(given.keys() - wanted)
        faults = [f"no value for {{{{{name}}}}}" for name in missing]
        faults += [f"no place for {{{{{name}}}}}" for name in unused]
        raise ConfigurationError(
            str(path), ", ".join(faults), "one placeholder for every value of the agent"
        )
    text = _PLACEHOLDER.sub(lambda match: given[match[1]], template).strip()
    if not text:
        raise ConfigurationError(str(path), "an empty file", "a prompt")
    return Prompt(text, sha256(text.encode()).hexdigest()[:_VERSION_LENGTH])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise ConfigurationError(str(path), str(reason), "a readable prompt in UTF-8") from error
