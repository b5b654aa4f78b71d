"""The repository itself has no fault that a check of this folder can see."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shape import errors, files, imports, requirements
from tests.shape.tree import REPOSITORY, rooms

CHECKS: list[Callable[[Path], list[str]]] = [
    files.find_crowded_front_pages,
    files.find_deferred_annotations,
    files.find_long_files,
    files.find_places_named,
    files.find_shadowing_test_folders,
    files.find_undocumented,
    files.find_unfinished,
    files.find_unlisted_rooms,
    imports.find_circles,
    imports.find_foreign_imports,
    requirements.find_lock_faults,
    requirements.find_unreasoned_lines,
]


@pytest.mark.parametrize("find", CHECKS, ids=lambda find: find.__name__.removeprefix("find_"))
def test_the_repository_has_no(find: Callable[[Path], list[str]]) -> None:
    faults = find(REPOSITORY)

    assert not faults, "\n".join(faults)


def test_every_error_of_every_room_survives_the_way_to_another_process() -> None:
    classes = errors.error_classes(REPOSITORY)

    faults = errors.find_errors_that_do_not_travel(classes)

    assert "domain.errors" in {each.__module__ for each in classes}
    assert not faults, "\n".join(faults)


def test_the_checks_see_the_rooms() -> None:
    assert {"domain", "scoring", "serve_app"} <= set(rooms(REPOSITORY))
