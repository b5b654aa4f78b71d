"""Claims about rounds: --again begins one, and a round that was begun goes on."""

from pathlib import Path

import pytest

from batch.run_book import Round, RunBook, next_round, run_key
from domain.errors import InvalidInputError


@pytest.mark.parametrize(
    ("present", "again", "number"),
    [
        (Round(0, finished=True), False, 0),
        (Round(0, finished=True), True, 1),
        (Round(1, finished=False), False, 1),
        (Round(1, finished=False), True, 1),
        (Round(1, finished=True), False, 1),
        (Round(1, finished=True), True, 2),
    ],
)
def test_again_begins_a_round_where_the_last_is_finished(
    present: Round, number: int, *, again: bool
) -> None:
    assert next_round(present, again=again).number == number


def test_a_round_is_kept_for_its_file_and_mapping_alone(tmp_path: Path) -> None:
    book = RunBook(tmp_path / "score", "file", "mapping")
    assert book.present() == Round(0, finished=True)
    book.keep(Round(1, finished=False))
    assert RunBook(tmp_path / "score", "file", "mapping").present() == Round(1, finished=False)
    assert RunBook(tmp_path / "score", "file", "other").present() == Round(0, finished=True)


def test_an_ordinary_run_writes_nothing(tmp_path: Path) -> None:
    RunBook(tmp_path / "score", "file", "mapping").keep(Round(0, finished=True))
    assert list(tmp_path.iterdir()) == []


def test_a_torn_page_counts_as_none(tmp_path: Path) -> None:
    book = RunBook(tmp_path, "file", "mapping")
    book.keep(Round(3, finished=True))
    (page,) = tmp_path.iterdir()
    page.write_text('{"round":')
    assert book.present() == Round(0, finished=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="--again"):
        RunBook(tmp_path / "file", "file", "mapping").keep(Round(1, finished=False))


def test_keys_differ_by_file_mapping_and_round() -> None:
    keys = {
        run_key(file, mapping, number) for file in "ab" for mapping in "cd" for number in (0, 1)
    }
    assert len(keys) == 8
