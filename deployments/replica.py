"""Where an agent's collaborators are built, inside the replica that uses them.

What is bound into a Serve graph is pickled into the cluster's store, so the settings that travel
hold no secret; the process that needs one resolves the reference here.
"""

from pydantic import Field

from actors.agent import Agent, load_agent_class, prompts_of
from actors.collaborators import Collaborators
from actors.settings import ModelSettings, WritingSettings
from deployments.settings import AgentSettings, Section
from domain.errors import ConfigurationError
from domain.ids import AgentKind
from scoring.scorecard import load_scorecard
from scoring.settings import ScoringSettings


class ReplicaSettings(Section):
    """What every replica is told: the sections its collaborators are built from."""

    scoring: ScoringSettings = Field(default_factory=ScoringSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    writing: WritingSettings = Field(default_factory=WritingSettings)


def build_agent(kind: AgentKind, settings: AgentSettings, replica: ReplicaSettings) -> Agent:
    """Return the agent of a pool, not started.

    Raises:
        ConfigurationError: The class cannot be found or serves another kind.
    """
    agent_class = load_agent_class(settings.agent)
    agent = agent_class(
        Collaborators(
            scoring=replica.scoring,
            scorecard=load_scorecard(),
            prompts=prompts_of(agent_class, kind),
            model=settings.model.applied_to(replica.model) or ModelSettings(),
            writing=replica.writing,
        )
    )
    if agent.kind != kind:
        raise ConfigurationError(f"agents.{kind}.agent", settings.agent, f"an agent of kind {kind}")
    return agent
