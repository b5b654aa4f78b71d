"""The follow-up agent: what it chooses, what it refuses, and how it writes without a model."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.agent import prompts_of
from actors.collaborators import Collaborators
from actors.drafting.texts import version
from actors.follow_up import FollowUpAgent
from domain.analysis import FirstLead, Gate, GateFinding, Override, Route
from domain.errors import AgentError, InvalidInputError
from domain.follow_up import FollowUp, FollowUpInput, FollowUpRequest, Language, Stage, Tone
from domain.lead import Channel, Lead
from domain.task import FOLLOW_UP
from domain.usage import UsageSummary
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings
from tests.actors.draft_world import NOW, draft_input, draft_world
from tests.actors.drafting.drafts import WRITING, dana, juergen
from tests.fakes.tasks import envelope
from tests.scoring.leads import analysed, sample


@pytest.fixture
def agent() -> FollowUpAgent:
    return FollowUpAgent(
        Collaborators(
            ScoringSettings(),
            load_scorecard(),
            prompts_of(FollowUpAgent, FOLLOW_UP),
            writing=WRITING,
        )
    )


def draft(agent: FollowUpAgent, given: FollowUpInput) -> FollowUp:
    payload = given.model_dump_json().encode()
    result = asyncio.run(agent.run(envelope(1, payload=payload), NOW.timestamp))
    assert result.usage == ()
    return agent.answer(result.result)


def refusal(agent: FollowUpAgent, given: FollowUpInput) -> AgentError:
    with pytest.raises(AgentError) as raised:
        draft(agent, given)
    assert not raised.value.retryable
    return raised.value


def test_a_draft_says_what_it_is(agent: FollowUpAgent) -> None:
    lead = sample(1)
    found = draft(agent, draft_input(lead, analysis=analysed(lead), channel=Channel.EMAIL))
    assert (found.lead_id, found.lead_version) == ("demo-01", 1)
    assert (found.stage, found.channel) == (Stage.FIRST_REPLY, Channel.EMAIL)
    assert (found.route, found.degraded_because) == (Route.LOCAL, None)
    assert (found.model.scorer, found.model.version) == ("templates", version())
    assert (found.model.llm, found.model.prompt_version) == (None, None)
    assert (found.findings, found.usage) == ((), UsageSummary())
    assert found.drafted_at == NOW
    assert found.send_not_before == NOW
    assert found.send_not_before.utcoffset() == timedelta(hours=-8)
    assert found.latency_ms > 0
    assert found.body.startswith("Hi Dana,\n\nThank you")


SAMPLES: list[tuple[int, Channel, Language, Tone]] = [
    (1, Channel.PHONE, Language.ENGLISH, Tone.FRIENDLY),
    (2, Channel.PHONE, Language.GERMAN, Tone.FORMAL),
    (3, Channel.EMAIL, Language.ENGLISH, Tone.FRIENDLY),
    (5, Channel.EMAIL, Language.ENGLISH, Tone.FRIENDLY),
    (6, Channel.WHATSAPP, Language.ENGLISH, Tone.CASUAL),
    (9, Channel.EMAIL, Language.ENGLISH, Tone.FRIENDLY),
    # a letter in English from a German browser is answered in English
    (10, Channel.PHONE, Language.ENGLISH, Tone.FRIENDLY),
    # the decision is near, so the proposal goes out by e-mail; a committee is addressed formally
    (11, Channel.EMAIL, Language.ENGLISH, Tone.FORMAL),
    (12, Channel.PHONE, Language.ENGLISH, Tone.FRIENDLY),
]


@pytest.mark.parametrize(("number", "channel", "language", "tone"), SAMPLES)
@pytest.mark.parametrize("with_analysis", [True, False])
def test_what_is_absent_is_chosen_from_the_lead(
    agent: FollowUpAgent,
    number: int,
    channel: Channel,
    language: Language,
    tone: Tone,
    *,
    with_analysis: bool,
) -> None:
    lead = sample(number)
    found = draft(agent, draft_input(lead, analysis=analysed(lead) if with_analysis else None))
    assert (found.channel, found.language, found.tone) == (channel, language, tone)
    assert found.findings == ()


def test_what_is_asked_for_wins(agent: FollowUpAgent) -> None:
    asked: dict[str, Any] = {
        "channel": Channel.SMS,
        "language": Language.GERMAN,
        "tone": Tone.CASUAL,
        "stage": Stage.BREAKUP,
    }
    found = draft(agent, draft_input(dana(), **asked))
    assert found.model_dump(include=set(asked)) == asked
    assert found.subject is None
    assert found.sms_segments == 2


def test_only_an_sms_has_segments(agent: FollowUpAgent) -> None:
    for channel in Channel:
        found = draft(agent, draft_input(dana(), channel=channel))
        assert (found.sms_segments is None) is (channel is not Channel.SMS)
        assert (found.subject is None) is (channel is not Channel.EMAIL)


REFUSALS: list[tuple[Lead, Channel | None, str, str]] = [
    (sample(7), None, "lead_disqualified", "solicitation"),
    (sample(8), None, "lead_disqualified", "spam"),
    (sample(4), None, "no_channel", "no channel to the lead is open"),
    (sample(2), Channel.SMS, "channel_closed", "open: phone, email"),
    (sample(12), Channel.EMAIL, "channel_closed", "open: phone"),
    (sample(12), Channel.WHATSAPP, "channel_closed", "open: phone"),
    (sample(6), Channel.EMAIL, "no_channel", "no e-mail address"),
    (sample(3), Channel.PHONE, "no_channel", "no telephone number"),
    (dana(consent={"email": False, "phone": False}), None, "lead_disqualified", "opted_out"),
]


@pytest.mark.parametrize(("lead", "channel", "code", "says"), REFUSALS)
def test_what_may_not_be_written_is_refused(
    agent: FollowUpAgent, lead: Lead, channel: Channel | None, code: str, says: str
) -> None:
    error = refusal(agent, draft_input(lead, channel=channel))
    assert error.code == code
    assert says in error.detail
    contact = lead.contact
    private = [contact.full_name, contact.email, contact.phone]
    assert not any(one in error.detail for one in private if one)


def test_a_gate_that_a_person_undid_stops_no_draft(agent: FollowUpAgent) -> None:
    lead = sample(7)
    override = Override(gate=Gate.SOLICITATION, by="Robin", at=NOW)
    undone = analysed(lead, overrides=(override,))
    assert draft(agent, draft_input(lead, analysis=undone)).channel is Channel.EMAIL


def test_what_was_undone_stays_so_when_the_lead_changes(agent: FollowUpAgent) -> None:
    lead = sample(7)
    override = Override(gate=Gate.SOLICITATION, by="Robin", at=NOW)
    undone = analysed(lead, overrides=(override,))
    assert draft(agent, draft_input(lead, analysis=undone, lead_version=2)).lead_version == 2


def test_a_stale_analysis_lends_no_facts(agent: FollowUpAgent) -> None:
    before = dana()
    after = before.model_copy(update={"area_m2": None, "message": "Please write to me."})
    given = draft_input(after, analysis=analysed(before), lead_version=2, channel=Channel.EMAIL)
    body = draft(agent, given).body
    assert "sq ft" not in body
    assert "January" not in body


def test_an_opt_out_after_the_analysis_closes_the_channel(agent: FollowUpAgent) -> None:
    before = dana()
    consent = before.consent.model_copy(update={"email": False})
    after = before.model_copy(update={"consent": consent})
    given = draft_input(after, analysis=analysed(before), channel=Channel.EMAIL)
    assert refusal(agent, given).code == "channel_closed"


def test_a_job_that_is_not_ours_is_declined(agent: FollowUpAgent) -> None:
    found = draft(agent, draft_input(sample(9)))
    assert "outside the area we work in" in found.body
    assert "colleague near you" in found.body
    assert "out_of_area" in found.flags
    undone = analysed(sample(9)).model_copy(
        update={
            "gates": (GateFinding(gate=Gate.OUT_OF_AREA, evidence="far", undone=True),),
        }
    )
    assert "outside" not in draft(agent, draft_input(sample(9), analysis=undone)).body


def test_odd_stages_are_flagged(agent: FollowUpAgent) -> None:
    asked = draft_input(dana(), stage=Stage.QUOTE_REMINDER)
    assert draft(agent, asked).flags == ("no_earlier_contact", "quote_unknown")
    quoted = draft_input(dana(status="quoted"), stage=Stage.QUOTE_REMINDER)
    assert draft(agent, quoted).flags == ()
    assert draft(agent, draft_input(dana(status="won"))).flags == ("lead_closed",)
    assert draft(agent, draft_input(sample(5))).flags == ("prompt_injection",)


def _event(kind: str) -> dict[str, str]:
    return {"type": kind, "at": "2026-11-21T10:00:00Z"}


CONTACTS: list[tuple[dict[str, Any], Stage, bool]] = [
    ({}, Stage.FIRST_REPLY, False),
    ({}, Stage.SECOND_TOUCH, True),
    ({}, Stage.BREAKUP, True),
    ({"events": [_event("page_view")]}, Stage.BREAKUP, True),
    ({"events": [_event("email_opened")]}, Stage.BREAKUP, False),
    ({"events": [_event("quote_page_view")]}, Stage.QUOTE_REMINDER, False),
    ({"status": "contacted"}, Stage.SECOND_TOUCH, False),
]


@pytest.mark.parametrize(("fields", "stage", "flagged"), CONTACTS)
def test_a_second_message_without_a_first_is_flagged(
    agent: FollowUpAgent, fields: dict[str, Any], stage: Stage, *, flagged: bool
) -> None:
    flags = draft(agent, draft_input(dana(**fields), stage=stage)).flags
    assert ("no_earlier_contact" in flags) is flagged


def test_a_duplicate_names_the_first_lead(agent: FollowUpAgent) -> None:
    lead = dana()
    known = analysed(lead, first=FirstLead(lead_id="lead-0"))
    assert draft(agent, draft_input(lead, analysis=known)).flags == ("duplicate:lead-0",)
    stale = draft_input(lead, analysis=known, lead_version=2)
    assert draft(agent, stale).flags == ("duplicate:lead-0",)
    assert draft(agent, draft_input(lead, analysis=analysed(lead))).flags == ()


SEND_TIMES = [
    # somebody who asked for a call after 18:00, at 15:00 and 20:30 of Berlin
    (Channel.PHONE, "2026-11-23T15:00+01:00", "2026-11-23T18:00+01:00"),
    (Channel.PHONE, "2026-11-23T20:30+01:00", "2026-11-23T20:30+01:00"),
    # the same person by e-mail
    (Channel.EMAIL, "2026-11-23T15:00+01:00", "2026-11-23T15:00+01:00"),
    (Channel.EMAIL, "2026-11-23T20:30+01:00", "2026-11-24T08:00+01:00"),
    (Channel.EMAIL, "2026-11-22T12:00+01:00", "2026-11-23T08:00+01:00"),
]


@pytest.mark.parametrize(("channel", "now", "expected"), SEND_TIMES)
def test_a_draft_says_when_it_may_be_sent(
    agent: FollowUpAgent, channel: Channel, now: str, expected: str
) -> None:
    payload = draft_input(sample(2), channel=channel).model_dump_json().encode()
    clock = datetime.fromisoformat(now).timestamp
    result = asyncio.run(agent.run(envelope(1, payload=payload), clock))
    assert agent.answer(result.result).send_not_before.isoformat(timespec="minutes") == expected


def test_a_past_day_is_not_mentioned(agent: FollowUpAgent) -> None:
    given = draft_input(juergen(), channel=Channel.EMAIL)
    payload = given.model_dump_json().encode()
    later = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp
    result = asyncio.run(agent.run(envelope(1, payload=payload), later))
    assert "im Februar 2027" in draft(agent, given).body
    assert "2027" not in agent.answer(result.result).body


def test_a_lead_a_mapping_and_an_input_are_the_same_question(agent: FollowUpAgent) -> None:
    lead = sample(3)
    raw = lead.model_dump(mode="json")
    expected = draft_input(lead).model_dump_json().encode()
    assert agent.payload(lead) == expected
    assert agent.payload(raw) == expected
    assert agent.payload({"lead": lead}) == expected
    assert agent.payload({"lead": raw, "request": {"lead_id": lead.lead_id}}) == expected
    assert agent.payload(draft_input(lead)) == expected
    asked = agent.payload({"lead": raw, "request": {"stage": "breakup", "tone": "formal"}})
    request = FollowUpInput.model_validate_json(asked).request
    assert request == FollowUpRequest(lead_id=lead.lead_id, stage=Stage.BREAKUP, tone=Tone.FORMAL)


def test_what_cannot_be_a_lead_is_refused_by_name(agent: FollowUpAgent) -> None:
    with pytest.raises(InvalidInputError):
        agent.payload({"message": {"not": "text"}})
    with pytest.raises(InvalidInputError):
        agent.payload({"lead": {"message": {"not": "text"}}})


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"lead": {}}', b"\xff"])
def test_a_payload_that_asks_for_no_draft_is_not_tried_again(
    agent: FollowUpAgent, payload: bytes
) -> None:
    with pytest.raises(AgentError) as raised:
        asyncio.run(agent.run(envelope(1, payload=payload), NOW.timestamp))
    assert (raised.value.code, raised.value.retryable) == ("payload_invalid", False)


def test_a_request_about_another_lead_is_refused(agent: FollowUpAgent) -> None:
    given = FollowUpInput(request=FollowUpRequest(lead_id="another"), lead=dana())
    assert refusal(agent, given).code == "payload_invalid"


async def test_without_a_model_no_prompt_is_needed() -> None:
    async with draft_world(None) as world:
        assert (await world.draft(dana())).route is Route.LOCAL
