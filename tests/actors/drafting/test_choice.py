"""What is chosen where a request leaves it open."""

from typing import Any

import pytest

from actors.drafting.choice import choose_language, choose_tone
from actors.drafting.languages import detect, foreign_sentence, reads_as
from domain.follow_up import Language, Tone
from tests.actors.drafting.drafts import dana, juergen

ENGLISH, GERMAN = Language.ENGLISH, Language.GERMAN

LANGUAGES = [
    ("de-DE", "", GERMAN),
    ("de", "Hecke, 25 m", GERMAN),
    ("de-AT", "", GERMAN),
    ("en-US", "", ENGLISH),
    ("fr-FR", "", ENGLISH),
    (None, "", ENGLISH),
    ("en-US", "Guten Tag, wir suchen jemanden für die Pflege unseres Gartens.", GERMAN),
    ("de-DE", "Hello, we are looking for someone who could take care of our garden.", ENGLISH),
    (None, "Wir hätten gern ein Angebot für unseren Garten, vielen Dank.", GERMAN),
    ("de-DE", "Landscaping quote, urgent!", GERMAN),
]


@pytest.mark.parametrize(("locale", "message", "expected"), LANGUAGES)
def test_who_writes_in_a_language_is_answered_in_it(
    locale: str | None, message: str, expected: Language
) -> None:
    assert choose_language(None, dana(locale=locale), message) is expected
    assert choose_language(GERMAN, dana(locale=locale), message) is GERMAN


BERLIN, PORTLAND = {"city": "Berlin", "country": "DE"}, {"city": "Portland", "country": "US"}
GERMAN_PHONE, US_PHONE = "+493023125042", "+15035550142"

WITHOUT_LOCALE: list[tuple[str, dict[str, str] | None, str | None, Language]] = [
    ("Hecke schneiden, 25 m", BERLIN, None, GERMAN),
    ("Hecke schneiden, 25 m", PORTLAND, US_PHONE, GERMAN),
    ("Hedge trimming, 25 m", BERLIN, GERMAN_PHONE, ENGLISH),
    ("Need a quote", BERLIN, None, ENGLISH),
    ("25 m", BERLIN, None, GERMAN),
    ("25 m", {"country": "AT"}, None, GERMAN),
    ("25 m", {"country": "CH"}, US_PHONE, GERMAN),
    ("25 m", PORTLAND, GERMAN_PHONE, ENGLISH),
    ("25 m", None, GERMAN_PHONE, GERMAN),
    ("25 m", None, US_PHONE, ENGLISH),
    ("25 m", None, None, ENGLISH),
]


@pytest.mark.parametrize(("message", "place", "phone", "expected"), WITHOUT_LOCALE)
def test_without_a_locale_words_then_place_then_number_decide(
    message: str, place: dict[str, str] | None, phone: str | None, expected: Language
) -> None:
    contact = {"full_name": "Kim", "email": "kim@example.com", "phone": phone}
    lead = dana(locale=None, location=place, contact=contact, message=message)
    assert choose_language(None, lead, message) is expected


TONES: list[tuple[dict[str, Any], Language, str, Tone]] = [
    ({}, ENGLISH, "", Tone.FRIENDLY),
    ({}, GERMAN, "", Tone.FORMAL),
    ({}, GERMAN, "Kannst du mir ein Angebot machen?", Tone.CASUAL),
    ({}, ENGLISH, "du", Tone.FRIENDLY),
    ({"source": "social"}, ENGLISH, "", Tone.CASUAL),
    ({"source": "social"}, GERMAN, "", Tone.CASUAL),
    ({"decision_role": "committee"}, ENGLISH, "", Tone.FORMAL),
    ({"property_type": "commercial", "source": "social"}, ENGLISH, "", Tone.FORMAL),
]


@pytest.mark.parametrize(("fields", "language", "message", "expected"), TONES)
def test_the_tone_is_that_of_the_person(
    fields: dict[str, Any], language: Language, message: str, expected: Tone
) -> None:
    lead = juergen(**fields)
    assert choose_tone(None, lead, language, message) is expected
    assert choose_tone(Tone.CASUAL, lead, language, message) is Tone.CASUAL


def test_short_or_mixed_texts_have_no_language() -> None:
    assert detect("") is None
    assert detect("Rasen mähen") is None
    assert detect("the lawn and the hedge, und der Rasen und die Hecke") is None


@pytest.mark.parametrize(
    "text",
    [
        "Nous voulons voir le jardin avec vous, merci pour votre demande.",
        "Hola, gracias por su consulta, nos gusta el jardín.",
        "Wir freuen uns auf die Antwort und sind für Sie da.",
    ],
)
def test_a_sentence_in_another_language_is_seen(text: str) -> None:
    whole = f"Thank you for your message. {text} We would be glad to help."
    assert foreign_sentence(whole, ENGLISH) is not None
    assert not reads_as(f"{text} {text}", ENGLISH)
