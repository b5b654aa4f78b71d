"""What the templates say: every one of them, on leads of which much or nothing is known."""

from dataclasses import replace
from itertools import product

import pytest

from actors.drafting.assignment import Assignment, sender_of
from actors.drafting.checks import DraftText, check_text
from actors.drafting.facts_sheet import FactsSheet, facts_sheet
from actors.drafting.sms import segments
from actors.drafting.template_writer import is_blocked, write_from_templates
from actors.drafting.texts import texts
from actors.settings import WritingSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import DraftFinding, Language, Stage, Tone
from domain.lead import Channel, Lead
from tests.actors.drafting.drafts import (
    EVERYTHING,
    TODAY,
    WRITING,
    assignment,
    dana,
    juergen,
    names,
)
from tests.scoring.leads import PROFILE, analysed, sample

EMPTY = dana(
    contact={"full_name": "", "email": "someone@example.com", "phone": "+15035550142"},
    locale=None,
    service=None,
    budget=None,
    area_m2=None,
    location=None,
    decision_role=None,
    message="",
)
"""A lead of which nothing is known but how to reach it."""

RICH = (dana(), juergen(), *(sample(number, consent=EVERYTHING) for number in (1, 2, 3, 6, 9, 10)))
LEADS = (EMPTY, *RICH, sample(5), sample(11), sample(12))


_known: dict[str, LeadAnalysis] = {}


def analysis_of(lead: Lead) -> LeadAnalysis:
    """Return the analysis of a lead, made once."""
    key = lead.model_dump_json()
    if key not in _known:
        _known[key] = analysed(lead)
    return _known[key]


def written(
    lead: Lead, wanted: Assignment, *, writing: WritingSettings = WRITING
) -> tuple[DraftText, tuple[DraftFinding, ...]]:
    """Return the draft to a lead and what the checks saw."""
    analysis = analysis_of(lead)
    return write_from_templates(
        wanted,
        sheet_of(lead),
        sender_of(writing, PROFILE),
        check=lambda text: check_text(
            text, lead=lead, analysis=analysis, writing=writing, profile=PROFILE
        ),
    )


def sheet_of(lead: Lead) -> FactsSheet:
    return facts_sheet(lead, analysis_of(lead), profile=PROFILE)


@pytest.mark.parametrize("lead", LEADS, ids=[lead.lead_id for lead in LEADS])
@pytest.mark.parametrize("language", Language)
def test_every_template_passes_every_check(lead: Lead, language: Language) -> None:
    for stage, channel, tone in product(Stage, sheet_of(lead).channels, Tone):
        wanted = Assignment(stage, channel, tone, language, TODAY)
        text, findings = written(lead, wanted)
        assert findings == (), (stage, channel, tone, text.body)
        assert "{" not in text.body
        assert "  " not in text.body
        assert "\n\n\n" not in text.body
        assert " ," not in text.body
        assert " ." not in text.body


@pytest.mark.parametrize("language", Language)
def test_every_template_passes_under_the_settings_as_they_come(language: Language) -> None:
    for stage, channel, tone in product(Stage, Channel, Tone):
        wanted = Assignment(stage, channel, tone, language, TODAY)
        text, findings = written(dana(), wanted, writing=WritingSettings())
        assert findings == (), text.body


FIRST_REPLY = """\
Hi Dana,

Thank you for getting in touch about landscape design (roughly 3,800 sq ft) in Portland. \
We would be glad to help.

We have noted that the decision is due on January 15, 2027.

One short question: When should the work start?

You asked for a call on Saturday after 6 pm, and we will keep to that.

Best wishes,
Robin Hale
Garden demo
+1 503-555-0100
https://garden-demo.example/visit

Garden demo, 1 Example Street, Portland, OR 97201, USA
If you would rather not hear from us again, just reply \u201cno thanks\u201d."""

ERSTE_ANTWORT = """\
Guten Tag Jürgen Hölzl,

vielen Dank für Ihre Anfrage zur Gartenpflege (rund 240 m²) in Berlin. Gern helfen wir Ihnen weiter.

Wir haben notiert, dass Sie im Februar 2027 beginnen möchten.

Dazu haben wir noch eine kurze Frage: Sind Sie Eigentümer, oder entscheidet jemand anderes?

Sie hatten um einen Rückruf nach 18 Uhr gebeten. Daran halten wir uns gern.

Mit freundlichen Grüßen
Robin Hale
Garden demo
+1 503-555-0100
https://garden-demo.example/visit

Garden demo, 1 Example Street, Portland, OR 97201, USA
Wenn Sie keine weiteren Nachrichten von uns möchten, antworten Sie einfach mit „Nein danke“."""


def test_an_english_letter_reads_like_one() -> None:
    text, _ = written(dana(), assignment())
    assert text.subject == "Your enquiry about landscape design"
    assert text.body == FIRST_REPLY


def test_a_german_letter_reads_like_one() -> None:
    wanted = assignment(language=Language.GERMAN, tone=Tone.FORMAL)
    text, _ = written(juergen(), wanted)
    assert text.subject == "Ihre Anfrage zur Gartenpflege"
    assert text.body == ERSTE_ANTWORT


def test_nothing_known_is_nothing_said() -> None:
    text, _ = written(EMPTY, assignment())
    assert text.subject == "Your enquiry"
    assert text.body.startswith(
        "Hello,\n\nThank you for getting in touch. We would be glad to help.\n\n"
        "Two short questions would help us get it right:\n- "
    )
    assert text.body.count("?") == 3


def test_casual_german_says_du_throughout() -> None:
    for stage, channel in product(Stage, Channel):
        wanted = assignment(
            stage=stage, channel=channel, tone=Tone.CASUAL, language=Language.GERMAN
        )
        for lead in (juergen(), juergen(budget=None, timeline=None, area_m2=None)):
            text, findings = written(lead, wanted)
            assert findings == ()
            own = text.body.partition("Notizen:")[0]
            assert not {"Sie", "Ihnen", "Ihre", "Ihr", "Ihrem"} & set(own.split())


def test_a_breakup_asks_nothing_and_ends() -> None:
    for channel, language in product((Channel.EMAIL, Channel.SMS, Channel.WHATSAPP), Language):
        text, _ = written(
            dana(), assignment(stage=Stage.BREAKUP, channel=channel, language=language)
        )
        said = text.body.partition("Keine weiteren Nachrichten?")[0]
        assert "?" not in said


def test_nobody_is_offered_a_call_who_refused_calls() -> None:
    lead = juergen(consent={**EVERYTHING, "phone": False})
    for stage, tone, language in product(Stage, Tone, Language):
        text, findings = written(lead, assignment(stage=stage, tone=tone, language=language))
        assert findings == ()
        for word in ("call", "phone", "anruf", "ückruf", "telefon"):
            assert word not in text.body.lower().replace("phone_max", "")


def test_an_sms_that_gets_too_long_says_less() -> None:
    lead = dana(
        contact={"full_name": "Łukasz Brzęczyszczykiewicz", "phone": "+15035550142"}, budget=None
    )
    text, findings = written(lead, assignment(channel=Channel.SMS, tone=Tone.FORMAL))
    assert segments(text.body) <= WRITING.sms_max_segments
    assert findings == ()
    narrow = WRITING.model_copy(update={"sms_max_segments": 2})
    text, findings = written(
        lead, assignment(channel=Channel.SMS, tone=Tone.FORMAL), writing=narrow
    )
    assert findings == ()
    assert "ukasz" not in text.body


def test_settings_without_room_are_said_and_no_error() -> None:
    narrow = WRITING.model_copy(update={"whatsapp_max_chars": 100})
    text, findings = written(dana(), assignment(channel=Channel.WHATSAPP), writing=narrow)
    assert is_blocked(findings)
    assert names(findings) == {"too_long"}
    assert text.body


def test_a_job_that_is_not_ours_is_declined_kindly() -> None:
    for channel, tone, language in product(sheet_of(sample(9)).channels, Tone, Language):
        text, findings = written(
            sample(9), assignment(channel=channel, tone=tone, language=language)
        )
        assert findings == ()
        assert "outside the area" in text.body or "außerhalb des Gebiets" in text.body


def test_a_partner_is_offered_only_by_a_business_that_has_one() -> None:
    lone = replace(sender_of(WRITING, PROFILE), has_partners=False)
    for sender, offers in ((sender_of(WRITING, PROFILE), True), (lone, False)):
        text, _ = write_from_templates(
            assignment(), sheet_of(sample(9)), sender, check=lambda _: ()
        )
        assert ("colleague near you" in text.body) is offers


FAMILIES = [
    ("Familie Krüger", Language.GERMAN, Tone.FORMAL, "Guten Tag Familie Krüger,"),
    ("Familie Krüger", Language.GERMAN, Tone.CASUAL, "Hallo Familie Krüger,"),
    ("Familie Krüger", Language.ENGLISH, Tone.FORMAL, "Dear Krüger family,"),
    ("Familie Krüger", Language.ENGLISH, Tone.FRIENDLY, "Hello Krüger family,"),
    ("Fam. Krüger", Language.ENGLISH, Tone.CASUAL, "Hello Krüger family,"),
    ("The Krüger Family", Language.GERMAN, Tone.FRIENDLY, "Guten Tag Familie Krüger,"),
]


@pytest.mark.parametrize(("name", "language", "tone", "greeting"), FAMILIES)
def test_a_family_is_greeted_in_the_drafts_language(
    name: str, language: Language, tone: Tone, greeting: str
) -> None:
    lead = juergen(contact={"full_name": name, "email": "k@example.de", "phone": "+493023125042"})
    text, findings = written(lead, assignment(language=language, tone=tone))
    assert text.body.startswith(f"{greeting}\n\n")
    assert findings == ()
    spoken, findings = written(
        lead, assignment(language=language, tone=tone, channel=Channel.PHONE)
    )
    called = "the Krüger family?" if language is Language.ENGLISH else "Familie Krüger?"
    assert called in spoken.body
    assert findings == ()


@pytest.mark.parametrize("language", Language)
def test_a_place_that_is_a_code_alone_is_left_out(language: Language) -> None:
    code = {"postal_code": "13187", "country": "DE"}
    for channel in Channel:
        wanted = assignment(language=language, channel=channel)
        text, _ = written(juergen(location=code), wanted)
        assert "13187" not in text.body
        text, _ = written(juergen(location={**code, "city": "Berlin"}), wanted)
        assert "13187" not in text.body
        assert ("in Berlin" in text.body) is (channel is not Channel.SMS)


def test_who_signs_without_a_name_is_the_team() -> None:
    writing = WritingSettings()
    english, _ = written(dana(), assignment(), writing=writing)
    german, _ = written(dana(), assignment(language=Language.GERMAN), writing=writing)
    assert "\nYour team at Garden demo\n" in english.body
    assert "\nIhr Team von Garden demo\n" in german.body


def test_both_languages_have_the_same_texts() -> None:
    english, german = (texts(language, Tone.FRIENDLY).tables for language in Language)
    only_german = {"questions_casual", "spoken_casual"}
    assert set(english) - {"jobs_casual"} == set(german) - only_german - {"jobs_casual"}
    assert set(english["jobs"]) == set(german["jobs"]) == set(PROFILE.services)
    for channel in Channel:
        assert set(english[channel.value]) == set(german[channel.value])
        for stage in (stage.value for stage in Stage):
            assert "casual" in german[channel.value][stage]
