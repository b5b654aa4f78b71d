"""How many messages an SMS is billed as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.drafting.sms import is_gsm, plain, segments

TABLE = [
    ("", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("a" * 459, 3),
    ("a" * 460, 4),
    ("ä" * 160, 1),
    ("ÄÖÜäöüß" * 22 + "123456", 1),
    ("ÄÖÜäöüß" * 22 + "1234567", 2),
    ("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡§¿ñà", 1),
    ("a" * 158 + "€", 1),
    ("a" * 159 + "€", 2),
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("[" * 80, 1),
    ("{}\\[~]|^" * 10, 1),
    ("{}\\[~]|^" * 10 + "a", 2),
    # a sign of the extension is not split: 152 and its escape would end at 154
    ("a" * 152 + "€" + "a" * 152, 3),
    ("a" * 151 + "€" + "a" * 153, 2),
    ("ç" + "a" * 69, 1),
    ("ç" + "a" * 70, 2),
    ("Ł" * 134, 2),
    ("Ł" * 135, 3),
    ("😀" * 35, 1),
    ("😀" * 36, 2),
    # a surrogate pair is not split: 33 pairs fill 66 of 67 units
    ("😀" * 66, 2),
    ("😀" * 67, 3),
    ("a\nb" * 53 + "a", 1),
    ("²" * 70, 1),
    ("²" * 71, 2),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_a_text_is_billed_as_the_standard_says(text: str, expected: int) -> None:
    assert segments(text) == expected


@given(st.text(max_size=400), st.text(max_size=40))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text) >= 1


@given(
    st.text(
        alphabet="a\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026\u00b2\u00b3\u00d7", max_size=200
    )
)
def test_typographic_signs_cost_no_other_alphabet(text: str) -> None:
    assert is_gsm(plain(text))


def test_letters_stay_as_they_are() -> None:
    assert plain("Łukasz Müller \u2013 “ja”…") == 'Łukasz Müller - "ja"...'
