"""The guide's agent does what the guide says: with a model, without, and with one that is down."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from actors.agent import prompts_of
from actors.collaborators import Collaborators
from actors.settings import ModelSettings
from deployments.runner import AgentRunner
from deployments.settings import AgentSettings
from domain.analysis import Route
from domain.errors import AgentError, InvalidInputError
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings
from tests.actors.lead_world import MIDDLING
from tests.actors.model_world import envelope, models_of, settings_for
from tests.agents.summary import Summary, SummaryAgent
from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.faults import Fault
from tests.provider.server import Provider

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs" / "how-to" / "add-an-agent.md").read_text(encoding="utf-8")
SAID = "The hedge along the street is to be trimmed in spring."
FROM_THE_FORM = "The form asks for hedge trimming, no area given, no start given."


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    behaviour = Behaviour(brain=BrainName.SCRIPTED, answers=({"sentence": SAID},))
    async with Provider(behaviour) as running:
        yield running


@asynccontextmanager
async def summaries(provider: Provider | None) -> AsyncIterator[SummaryAgent]:
    """Build the agent over the provider, or without a model."""
    folder = prompts_of(SummaryAgent, SummaryAgent.kind)
    scoring, scorecard = ScoringSettings(), load_scorecard()
    if provider is None:
        yield SummaryAgent(Collaborators(scoring, scorecard, folder, model=ModelSettings()))
        return
    settings = settings_for(provider, retries=0)
    async with models_of(settings) as models:
        yield SummaryAgent(Collaborators(scoring, scorecard, folder, models, settings))


async def summarised(agent: SummaryAgent, payload: bytes) -> Summary:
    """Run a task as a replica does; the bill must be that of the answer."""
    settings = AgentSettings(agent="tests.agents.summary:SummaryAgent")
    runner = AgentRunner(agent, settings, replica="r", clock=time.time)
    result = await runner.call(envelope(kind=SummaryAgent.kind, payload=payload))
    summary = agent.answer(result.result)
    assert summary.usage.calls == len(result.usage)
    return summary


async def test_a_model_says_it_in_a_sentence(provider: Provider) -> None:
    async with summaries(provider) as agent:
        summary = await summarised(agent, agent.payload(MIDDLING))
    assert (summary.lead_id, summary.sentence) == ("middling", SAID)
    assert (summary.route, summary.usage.calls) == (Route.MODEL, 1)


async def test_without_a_model_only_the_form_speaks() -> None:
    async with summaries(None) as agent:
        summary = await summarised(agent, agent.payload(MIDDLING))
    assert (summary.sentence, summary.route) == (FROM_THE_FORM, Route.LOCAL)


async def test_a_model_that_is_down_is_named(provider: Provider) -> None:
    provider.plan(Fault.UNAVAILABLE)
    async with summaries(provider) as agent:
        summary = await summarised(agent, agent.payload(MIDDLING))
    assert (summary.sentence, summary.route) == (FROM_THE_FORM, Route.DEGRADED)
    assert str(summary.degraded_because).startswith("unavailable: ")


async def test_what_is_no_lead_is_refused() -> None:
    async with summaries(None) as agent:
        with pytest.raises(AgentError, match="payload_invalid"):
            await summarised(agent, b"{}")
        with pytest.raises(InvalidInputError):
            agent.payload({"message": 7})


@pytest.mark.parametrize(
    ("language", "file"),
    [("python", "tests/agents/summary.py"), ("markdown", "tests/agents/prompts/summary/system.md")],
)
def test_the_guide_shows_the_files_as_they_are(language: str, file: str) -> None:
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert (REPOSITORY / file).read_text(encoding="utf-8") in blocks
