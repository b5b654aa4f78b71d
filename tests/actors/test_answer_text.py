"""From a model's text to a valid answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.answer_text import MAX_COMPLAINT_CHARS, Fit, Misfit, read_answer
from tests.actors.model_world import ANSWER, Said

GOOD = json.dumps(ANSWER)
FITS = Fit(Said.model_validate(ANSWER))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n {GOOD} \n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nI hope this helps.",
        f"Here you are: {GOOD} - anything else?",
        f"<think>Is it {{a hedge}}? Or {GOOD.replace('3', '4')}?</think>\n{GOOD}",
        f"The set {{x}} is not it, {GOOD} is.",
        f'First {{"words": "half"}}, but then {GOOD}',
        f'It said "{{" and then {GOOD}',
    ],
)
def test_an_answer_is_found_whatever_stands_around_it(text: str) -> None:
    assert read_answer(text, Said) == FITS


@pytest.mark.parametrize(
    ("text", "named", "breaks_schema"),
    [
        ("", "empty", True),
        ("  \n", "empty", True),
        ("I cannot help with that.", "Invalid JSON", True),
        (GOOD[:-5], "Invalid JSON", True),
        ('{"words": "a hedge"}', "count: Field required", True),
        ('{"words": "a hedge", "count": 3, "note": ""}', "note: Extra inputs", True),
        ('{"words": ["a hedge"], "count": 3}', "words: Input should be a valid string", True),
        (
            f'```{{"words": "{"x" * 41}", "count": 3}}```',
            "words: String should have at most",
            False,
        ),
        ('{"words": "a hedge", "count": -1}', "count: Input should be greater", False),
        ("[]", "object", True),
    ],
)
def test_a_misfit_names_the_field(text: str, named: str, *, breaks_schema: bool) -> None:
    read = read_answer(text, Said)

    assert isinstance(read, Misfit)
    assert named in read.complaint
    assert read.breaks_schema == breaks_schema


def test_a_complaint_is_short_and_repeats_no_value() -> None:
    values = {f"field_{number}": "jane@example.org" for number in range(100)}
    read = read_answer(json.dumps(values), Said)

    assert isinstance(read, Misfit)
    assert len(read.complaint) <= MAX_COMPLAINT_CHARS
    assert "jane" not in read.complaint


@pytest.mark.timeout(2)
@pytest.mark.parametrize("text", ["{" * 100_000, '{"a":' * 100_000, "[" * 100_000, '"' * 100_000])
def test_hostile_text_ends_soon_as_a_misfit(text: str) -> None:
    assert isinstance(read_answer(text, Said), Misfit)


@given(before=st.text(max_size=50), after=st.text(max_size=50))
def test_no_text_around_an_answer_is_taken_for_another(before: str, after: str) -> None:
    read = read_answer(f"{before}{GOOD}{after}", Said)

    assert isinstance(read, Misfit) or read == FITS
