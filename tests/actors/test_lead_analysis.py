"""The lead analysis agent, offline."""

import asyncio
import pickle
from datetime import UTC, datetime

import pytest

from actors.agent import PaidAgentError, prompts_of
from actors.collaborators import Collaborators
from actors.lead_analysis import LeadAnalysisAgent
from domain.analysis import AnalysisInput, LeadAnalysis
from domain.errors import AgentError, InvalidInputError
from domain.lead import Lead
from domain.task import LEAD_ANALYSIS
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings
from tests.fakes.agents import a_bill
from tests.fakes.tasks import envelope

RAW = {
    "lead_id": "L-1",
    "source": "website_form",
    "contact": {"full_name": "Ada", "email": "ada@example.org"},
    "message": "We want a new terrace of 40 m2 this spring, budget 12,000 USD.",
}
NOW_UNIX_S = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def agent() -> LeadAnalysisAgent:
    return LeadAnalysisAgent(
        Collaborators(
            ScoringSettings(), load_scorecard(), prompts_of(LeadAnalysisAgent, LEAD_ANALYSIS)
        )
    )


def run(agent: LeadAnalysisAgent, payload: bytes) -> LeadAnalysis:
    result = asyncio.run(agent.run(envelope(1, payload=payload), lambda: NOW_UNIX_S))
    assert result.usage == ()
    return agent.answer(result.result)


def test_a_lead_gets_a_number_with_reasons(agent: LeadAnalysisAgent) -> None:
    analysis = run(agent, agent.payload(RAW))
    assert analysis.lead_id == "L-1"
    assert analysis.reasons
    assert analysis.analysed_at == datetime.fromtimestamp(NOW_UNIX_S, UTC)


def test_a_mapping_a_lead_and_an_input_are_the_same_question(agent: LeadAnalysisAgent) -> None:
    payload = agent.payload(RAW)
    given = AnalysisInput.model_validate_json(payload)
    assert agent.payload(given) == agent.payload(given.lead) == payload
    assert isinstance(given.lead, Lead)


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"lead": {}}', b"\xff"])
def test_a_payload_that_is_no_lead_is_not_tried_again(
    agent: LeadAnalysisAgent, payload: bytes
) -> None:
    with pytest.raises(AgentError) as raised:
        asyncio.run(agent.run(envelope(1, payload=payload), lambda: NOW_UNIX_S))
    assert (raised.value.code, raised.value.retryable) == ("payload_invalid", False)


def test_what_cannot_be_a_lead_is_refused_by_name(agent: LeadAnalysisAgent) -> None:
    with pytest.raises(InvalidInputError):
        agent.payload({"message": {"not": "text"}})


def test_a_paid_error_keeps_its_bill_on_the_way() -> None:
    error = PaidAgentError("busy", "later", True, (a_bill(1),))
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (arrived.args, arrived.usage) == (error.args, error.usage)
