"""Where an agent's collaborators are built, inside the replica that uses them.

What is bound into a Serve graph is pickled into the cluster's store, so the settings that travel
hold no secret; the process that needs one resolves the reference here.
"""

from pydantic import Field, ValidationError

from actors.agent import Agent, load_agent_class, prompts_of
from actors.collaborators import Collaborators
from actors.models import build_models
from actors.prices import load_prices
from actors.questions import Models
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
    """Return the agent of a pool, not started; it opens nothing before its start.

    Raises:
        ConfigurationError: The class cannot be found or serves another kind, the kind's model does
            not fit the section ``model``, or its prices cannot be read.
    """
    agent_class = load_agent_class(settings.agent)
    model = model_of(kind, settings, replica)
    agent = agent_class(
        Collaborators(
            scoring=replica.scoring,
            scorecard=load_scorecard(),
            prompts=prompts_of(agent_class, kind),
            models=None if model is None else _models(model),
            model=model or ModelSettings(),
            writing=replica.writing,
        )
    )
    if agent.kind != kind:
        raise ConfigurationError(f"agents.{kind}.agent", settings.agent, f"an agent of kind {kind}")
    return agent


def model_of(
    kind: AgentKind, settings: AgentSettings, replica: ReplicaSettings
) -> ModelSettings | None:
    """Return what a kind asks, or None where it runs offline.

    Raises:
        ConfigurationError: What the kind changes does not fit the section ``model``.
    """
    try:
        return settings.model.applied_to(replica.model)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        path = ".".join(["agents", kind, "model", *(str(part) for part in fault["loc"])])
        allowed = fault["msg"].removeprefix("Value error, ")
        raise ConfigurationError(path, "settings that do not fit together", allowed) from error


def _models(model: ModelSettings) -> Models:
    return build_models(model, load_prices(model.prices_file))
