"""Prompts are read whole, filled once, named by their text, and a fault names the file."""

from pathlib import Path

import pytest

from actors.prompt_folder import SYSTEM, load_prompt
from domain.errors import ConfigurationError


def write(folder: Path, text: str) -> Path:
    (folder / SYSTEM).write_text(text, encoding="utf-8")
    return folder


def test_placeholders_are_filled_and_braces_of_json_stay(tmp_path: Path) -> None:
    folder = write(tmp_path, 'Facts: {{ names }}.\nAnswer {"facts": [{"name": "x"}]} for $5.\n')
    prompt = load_prompt(folder, values={"names": "area, {{budget}}"})
    assert prompt.text == 'Facts: area, {{budget}}.\nAnswer {"facts": [{"name": "x"}]} for $5.'


def test_the_version_changes_with_what_is_sent_and_with_nothing_else(tmp_path: Path) -> None:
    first = load_prompt(write(tmp_path, "Say {{what}}"), values={"what": "yes"})
    again = load_prompt(write(tmp_path, "Say {{what}}\n"), values={"what": "yes"})
    other = load_prompt(write(tmp_path, "Say {{what}}"), values={"what": "no"})
    assert first == again
    assert first.version != other.version
    assert len(first.version) == 12


@pytest.mark.parametrize(
    ("content", "values", "said"),
    [
        (None, {}, "No such file"),
        (b"", {}, "an empty file"),
        (b" \n", {}, "an empty file"),
        (b"\xff\xfe", {}, "no UTF-8"),
        (b"Say {{what}}", {}, "no value for {{what}}"),
        (b"Say it", {"what": "yes"}, "no place for {{what}}"),
    ],
)
def test_a_fault_names_the_file(
    tmp_path: Path, content: bytes | None, values: dict[str, str], said: str
) -> None:
    if content is not None:
        (tmp_path / SYSTEM).write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        load_prompt(tmp_path, values=values)
    assert str(tmp_path / SYSTEM) in str(raised.value)
    assert said in str(raised.value)
