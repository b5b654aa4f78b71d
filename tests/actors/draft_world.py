"""The follow-up agent over the models it asks, and what to ask of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actors.agent import AgentResult, Clock, prompts_of
from actors.collaborators import Collaborators
from actors.follow_up import FollowUpAgent
from actors.settings import ModelSettings
from domain.analysis import LeadAnalysis
from domain.follow_up import FollowUp, FollowUpInput, FollowUpRequest
from domain.lead import Lead
from domain.task import FOLLOW_UP
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings
from tests.actors.drafting.drafts import WRITING
from tests.actors.model_world import envelope, models_of, settings_for
from tests.provider.server import Provider

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def draft_input(
    lead: Lead, *, analysis: LeadAnalysis | None = None, lead_version: int = 1, **asked: Any
) -> FollowUpInput:
    """Return what the agent gets; ``asked`` are fields of the request."""
    request = FollowUpRequest(lead_id=lead.lead_id, **asked)
    return FollowUpInput(request=request, lead=lead, lead_version=lead_version, analysis=analysis)


@dataclass(frozen=True, slots=True)
class DraftWorld:
    """An agent that has been started."""

    agent: FollowUpAgent

    async def run(
        self, given: FollowUpInput, *, clock: Clock = NOW.timestamp, **fields: Any
    ) -> AgentResult:
        """Run a task about a lead; ``fields`` are of the envelope. The time stands still."""
        payload = given.model_dump_json().encode()
        task = envelope(**{"kind": FOLLOW_UP, "payload": payload, **fields})
        return await self.agent.run(task, clock)

    async def draft(self, lead: Lead, **asked: Any) -> FollowUp:
        """Return the draft to a lead that was never analysed."""
        return self.agent.answer((await self.run(draft_input(lead, **asked))).result)


@asynccontextmanager
async def draft_world(
    provider: Provider | None,
    *,
    build: Callable[[Collaborators], FollowUpAgent] = FollowUpAgent,
    **model: Any,
) -> AsyncIterator[DraftWorld]:
    """Start an agent that asks the provider, or nobody; ``model`` are settings of the model."""
    scoring, card = ScoringSettings(), load_scorecard()
    folder = prompts_of(FollowUpAgent, FOLLOW_UP)
    if provider is None:
        settings = ModelSettings(**model)
        agent = build(Collaborators(scoring, card, folder, model=settings, writing=WRITING))
        await agent.start()
        yield DraftWorld(agent)
        return
    settings = settings_for(provider, **model)
    async with models_of(settings) as models:
        agent = build(Collaborators(scoring, card, folder, models, settings, WRITING))
        await agent.start()
        yield DraftWorld(agent)
