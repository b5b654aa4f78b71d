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


@pytest.mark.parametrize("finished", [True, False])
def test_a_round_that_another_mapping_overtook_does_not_go_on(*, finished: bool) -> None:
    found = next_round(Round(3, finished=finished), again=False, overtaken=True)
    assert found == Round(4, finished=False)


def begun(folder: Path, mapping: str, file: str = "file") -> tuple[int, bool]:
    """Begin a run and end it well; return its round, and whether another had overtaken it."""
    book = RunBook(folder, file, mapping)
    overtaken = book.is_overtaken()
    current = next_round(book.present(), again=False, overtaken=overtaken)
    book.begin(current)
    book.keep(Round(current.number, finished=True))
    return current.number, overtaken


def test_mappings_by_turns_each_begin_a_round_and_the_same_one_goes_on(tmp_path: Path) -> None:
    assert begun(tmp_path, "right") == (0, False)
    assert begun(tmp_path, "right") == (0, False)
    assert begun(tmp_path, "wrong") == (1, True)
    assert begun(tmp_path, "right", file="another") == (0, False)
    assert begun(tmp_path, "right") == (1, True)
    assert begun(tmp_path, "right") == (1, False)
    assert begun(tmp_path, "wrong") == (2, True)


def test_a_run_that_sent_nothing_overtakes_nobody(tmp_path: Path) -> None:
    begun(tmp_path, "right")
    RunBook(tmp_path, "file", "wrong").keep(Round(1, finished=False))
    assert begun(tmp_path, "right") == (0, False)


def test_round_0_needs_no_page(tmp_path: Path) -> None:
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
    with pytest.raises(InvalidInputError, match="data_folder"):
        RunBook(tmp_path / "file", "file", "mapping").keep(Round(1, finished=False))


def test_keys_differ_by_file_mapping_and_round() -> None:
    keys = {
        run_key(file, mapping, number) for file in "ab" for mapping in "cd" for number in (0, 1)
    }
    assert len(keys) == 8
