"""Binds one Serve deployment per agent kind; the ingress is bound on top by ``serve_app``."""

from collections.abc import Mapping
from typing import cast

from ray import serve
from ray.serve import Application, Deployment

from deployments.agents import AgentReplica
from deployments.replica import ReplicaSettings, model_of
from deployments.settings import AgentSettings
from domain.ids import AgentKind

OPEN_BATCHES = 10_000
"""Serve's own queue must never hold a batch back: waiting is the orchestrator's and the heap's."""


def deployment_name(kind: AgentKind) -> str:
    """Return the name of a kind's deployment: ``lead_analysis`` becomes ``LeadAnalysis``."""
    return "".join(word.capitalize() for word in kind.split("_"))


def bind_agents(
    agents: Mapping[AgentKind, AgentSettings], replica: ReplicaSettings
) -> dict[AgentKind, Application]:
    """Return a bound application per kind; bound into an ingress they arrive there as handles.

    Raises:
        ConfigurationError: The model of a kind does not fit the section ``model``.
    """
    for kind, settings in agents.items():
        model_of(kind, settings, replica)
    return {kind: _bind(kind, settings, replica) for kind, settings in agents.items()}


def _bind(kind: AgentKind, settings: AgentSettings, replica: ReplicaSettings) -> Application:
    deployment = cast("Deployment", serve.deployment(AgentReplica)).options(
        name=deployment_name(kind),
        max_ongoing_requests=OPEN_BATCHES,
        max_queued_requests=-1,
        autoscaling_config={
            "min_replicas": settings.min_replicas,
            "initial_replicas": settings.min_replicas,
            "max_replicas": settings.max_replicas,
            "target_ongoing_requests": settings.target_ongoing,
            "upscale_delay_s": settings.upscale_delay_s,
            "downscale_delay_s": settings.downscale_delay_s,
        },
        max_surge_percent=settings.max_surge_percent,
        ray_actor_options={"num_cpus": settings.cpus},
        graceful_shutdown_wait_loop_s=0.1,
        graceful_shutdown_timeout_s=settings.drain_s,
        health_check_period_s=settings.health_check_period_s,
        health_check_timeout_s=settings.health_check_timeout_s,
    )
    return deployment.bind(kind, settings, replica)
