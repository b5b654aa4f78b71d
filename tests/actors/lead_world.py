"""The lead analysis agent over the models it asks, and leads to give it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actors.agent import AgentResult, Clock, prompts_of
from actors.collaborators import Collaborators
from actors.lead_analysis import LeadAnalysisAgent
from actors.settings import ModelSettings
from domain.analysis import AnalysisInput, LeadAnalysis
from domain.intake import read_lead
from domain.task import LEAD_ANALYSIS
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings
from tests.actors.model_world import envelope, models_of, settings_for
from tests.provider.server import Provider

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 20, 8, 12, tzinfo=UTC)

MIDDLING: dict[str, Any] = {
    "lead_id": "middling",
    "source": "website_form",
    "locale": "en-US",
    "contact": {
        "full_name": "Kim Ortiz",
        "email": "kim.ortiz@example.com",
        "phone": "+15035550111",
    },
    "service": "hedge_trimming",
    "location": {"postal_code": "97209", "country": "US"},
    "message": "Hi, our hedge along the street has grown over the fence, about 25 m long."
    " Could you trim it some time in spring? A colleague of mine is happy with your work.",
}
"""A lead with some good sides and much unsaid."""

WEAK: dict[str, Any] = {
    "lead_id": "weak",
    "source": "website_form",
    "locale": "en-US",
    "contact": {"full_name": "Sam Reed", "email": "sam.reed@example.com"},
    "location": {"postal_code": "97209", "country": "US"},
    "message": "Hello, I wanted to ask what you charge for mowing a lawn. It is behind the house."
    " Thank you.",
}
"""A lead that says next to nothing."""


def lead_input(raw: dict[str, Any], **changes: Any) -> AnalysisInput:
    """Return what the agent gets of a raw lead, read as the front door reads it."""
    fields = {name: value for name, value in {**raw, **changes}.items() if name != "expect"}
    return AnalysisInput(lead=read_lead(fields, received_at=RECEIVED, new_lead_id="unused"))


@dataclass(frozen=True, slots=True)
class LeadWorld:
    """An agent that has been started."""

    agent: LeadAnalysisAgent

    async def run(
        self, given: AnalysisInput, *, clock: Clock = NOW.timestamp, **fields: Any
    ) -> AgentResult:
        """Run a task about a lead; ``fields`` are of the envelope. The time stands still."""
        payload = given.model_dump_json().encode()
        task = envelope(**{"kind": LEAD_ANALYSIS, "payload": payload, **fields})
        return await self.agent.run(task, clock)

    async def analyse(self, raw: dict[str, Any], **changes: Any) -> LeadAnalysis:
        """Return the analysis of a raw lead."""
        return self.agent.answer((await self.run(lead_input(raw, **changes))).result)


@asynccontextmanager
async def lead_world(
    provider: Provider | None,
    *,
    build: Callable[[Collaborators], LeadAnalysisAgent] = LeadAnalysisAgent,
    **model: Any,
) -> AsyncIterator[LeadWorld]:
    """Start an agent that asks the provider, or nobody; ``model`` are settings of the model."""
    scoring = ScoringSettings()
    folder = prompts_of(LeadAnalysisAgent, LEAD_ANALYSIS)
    if provider is None:
        agent = build(Collaborators(scoring, load_scorecard(), folder, model=ModelSettings()))
        await agent.start()
        yield LeadWorld(agent)
        return
    settings = settings_for(provider, **model)
    async with models_of(settings) as models:
        agent = build(Collaborators(scoring, load_scorecard(), folder, models, settings))
        await agent.start()
        yield LeadWorld(agent)
