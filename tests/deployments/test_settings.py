"""Settings that cannot work are refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from deployments.graph import deployment_name
from deployments.replica import ReplicaSettings, build_agent
from deployments.settings import DEFAULT_AGENTS, AgentSettings, QueueSettings
from domain.errors import ConfigurationError
from domain.ids import AgentKind


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
