"""Settings that cannot work are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from actors.collaborators import Collaborators
from actors.lead_analysis import LeadAnalysisAgent
from deployments.graph import bind_agents, deployment_name
from deployments.replica import ReplicaSettings, build_agent
from deployments.settings import DEFAULT_AGENTS, AgentSettings, QueueSettings
from domain.errors import ConfigurationError
from domain.ids import AgentKind
from domain.task import LEAD_ANALYSIS


@pytest.mark.parametrize(
    "fields",
    [
        {"agent": "no class"},
        {"agent": "a:B", "min_replicas": 3, "max_replicas": 2},
        {"agent": "a:B", "concurrency": 0},
        {"agent": "a:B", "unknown": 1},
    ],
)
def test_an_impossible_pool_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AgentSettings(**fields)


def test_a_lease_must_outlive_a_missed_renewal() -> None:
    with pytest.raises(ValidationError, match="renew_s"):
        QueueSettings(lease_s=3, renew_s=2)


@pytest.mark.parametrize(("kind", "settings"), DEFAULT_AGENTS.items())
def test_every_configured_agent_can_be_built(kind: AgentKind, settings: AgentSettings) -> None:
    assert build_agent(kind, settings, ReplicaSettings()).kind == kind


@pytest.mark.parametrize("path", ["no.such.module:Agent", "actors.agent:Nobody"])
def test_an_agent_that_does_not_exist_is_named(path: str) -> None:
    with pytest.raises(ConfigurationError, match="agent"):
        build_agent(AgentKind("x"), AgentSettings(agent=path), ReplicaSettings())


def test_an_agent_under_another_kinds_name_is_refused() -> None:
    settings = AgentSettings(agent="actors.lead_analysis:LeadAnalysisAgent")
    with pytest.raises(ConfigurationError, match="follow_up"):
        build_agent(AgentKind("follow_up"), settings, ReplicaSettings())


def test_deployments_are_named_after_their_kind() -> None:
    assert deployment_name(AgentKind("lead_analysis")) == "LeadAnalysis"


SECTION = {"base_url": "http://127.0.0.1:9/v1", "name": "main"}
LEADS = "actors.lead_analysis:LeadAnalysisAgent"


class Given(LeadAnalysisAgent):
    """Keeps what it was given."""

    def __init__(self, collaborators: Collaborators) -> None:
        super().__init__(collaborators)
        self.given = collaborators


def given(model: dict[str, Any], section: dict[str, Any] = SECTION) -> Collaborators:
    settings = AgentSettings.model_validate({"agent": f"{__name__}:Given", "model": model})
    replica = ReplicaSettings.model_validate({"model": section})
    agent = build_agent(LEAD_ANALYSIS, settings, replica)
    assert isinstance(agent, Given)
    return agent.given


@pytest.mark.parametrize(
    ("section", "model", "asked"),
    [
        ({}, {}, None),
        (SECTION, {}, "main"),
        (SECTION, {"name": "other"}, "other"),
        ({}, {"base_url": "http://127.0.0.1:9/v1", "name": "own"}, "own"),
        (SECTION, {"offline": True}, None),
    ],
)
def test_a_kind_asks_its_own_model_where_it_names_one(
    section: dict[str, Any], model: dict[str, Any], asked: str | None
) -> None:
    collaborators = given(model, section)
    assert collaborators.model.name == asked
    assert (collaborators.models is None) is (asked is None)


@pytest.mark.parametrize(
    ("section", "model", "named"),
    [
        ({}, {"name": "alone"}, "agents.lead_analysis.model"),
        (
            SECTION,
            {"variants": [{"name": "b", "share": 0.6}, {"name": "c", "share": 0.6}]},
            "model",
        ),
        ({**SECTION, "prices_file": "/nowhere/prices.toml"}, {}, "prices_file"),
        ({**SECTION, "base_url": "http://host:99999/v1"}, {}, "base_url"),
    ],
)
def test_a_model_that_cannot_be_asked_is_refused_by_name(
    section: dict[str, Any], model: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        given(model, section)


def test_what_does_not_fit_together_is_refused_where_the_graph_is_bound() -> None:
    settings = AgentSettings.model_validate({"agent": LEADS, "model": {"name": "alone"}})
    with pytest.raises(ConfigurationError, match="belong together"):
        bind_agents({LEAD_ANALYSIS: settings}, ReplicaSettings())
