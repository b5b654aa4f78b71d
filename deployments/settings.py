"""Settings of the agents' pools and the durable queue; no secret may stand here."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from actors.settings import ModelOverride
from domain.task import FOLLOW_UP, LEAD_ANALYSIS

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A frozen group of settings that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AgentSettings(Section):
    """One pool of agents: what runs in it, how wide, how many."""

    agent: Annotated[str, Field(pattern=r"^[a-z_][\w.]*:[A-Z]\w*$")] = Field(
        description="Class of the agent as module:Class."
    )
    model: ModelOverride = Field(
        default_factory=ModelOverride,
        description="What this kind asks where it differs from the section model.",
    )
    concurrency: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=64,
        description="Tasks a replica runs at once; nearly all of them wait for a model.",
    )
    prefetch: Annotated[int, Field(ge=0, le=1024)] = Field(
        default=4,
        description="Tasks sent to a replica beyond its slots, so that no slot waits.",
    )
    heap_bound: Annotated[int, Field(ge=1, le=65_536)] = Field(
        default=256, description="Tasks that may wait inside a replica; more are sent back."
    )
    batch_bound: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=64, description="Tasks in one batch to a replica."
    )
    min_replicas: Annotated[int, Field(ge=0, le=256)] = Field(
        default=1, description="Replicas kept while idle; 0 lets the pool sleep."
    )
    max_replicas: Annotated[int, Field(ge=1, le=256)] = Field(
        default=2, description="Replicas at most."
    )
    max_surge_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        default=100,
        description="Replicas an update starts before it stops old ones, per hundred of them; 0 "
        "stops first, where the machine has no room for both.",
    )
    target_ongoing: Annotated[float, Field(gt=0, le=1024)] = Field(
        default=32.0, description="Open batches per replica that autoscaling aims at."
    )
    upscale_delay_s: Seconds = Field(
        default=2.0, description="Seconds of high load before a replica is added."
    )
    downscale_delay_s: Seconds = Field(
        default=60.0, description="Seconds of low load before a replica is removed."
    )
    attempt_limit_s: Seconds = Field(
        default=120.0, description="Seconds after which an attempt is given up and tried elsewhere."
    )
    shortest_run_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=0.0,
        description="Seconds below which no run can end: none is started then.",
    )
    remember_cancel_s: Seconds = Field(
        default=10.0, description="Seconds a replica remembers a cancel for a task not yet seen."
    )
    drain_s: Seconds = Field(
        default=20.0, description="Seconds a stopping replica may finish what it runs."
    )
    health_check_period_s: Seconds = Field(
        default=5.0, description="Seconds between health checks."
    )
    health_check_timeout_s: Seconds = Field(
        default=30.0, description="Seconds without an answer after which a replica is replaced."
    )
    cpus: Annotated[float, Field(ge=0, le=64)] = Field(
        default=0.0, description="Cores Ray reserves for a replica; 0 reserves none."
    )

    @model_validator(mode="after")
    def _replicas_are_ordered(self) -> Self:
        if self.min_replicas > self.max_replicas:
            message = f"min_replicas {self.min_replicas} is above max_replicas {self.max_replicas}"
            raise ValueError(message)
        return self


class QueueSettings(Section):
    """How an orchestrator claims, holds, sends and settles tasks."""

    lease_s: Seconds = Field(
        default=10.0, description="Seconds after which a silent orchestrator's tasks are another's."
    )
    renew_s: Seconds = Field(default=2.0, description="Seconds between renewals of the lease.")
    poll_s: Seconds = Field(
        default=1.0, description="Seconds between looks into the queue when no hint arrives."
    )
    recover_s: Seconds = Field(
        default=1.0,
        description="Seconds between looks for tasks nobody holds, and for held ones that ended.",
    )
    recover_batch: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=500, description="Tasks moved by one look."
    )
    claim_batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=64, description="Tasks claimed by one statement."
    )
    claim_ahead: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=16, description="Claimed tasks held beyond what the agents can take."
    )
    waiting_bound: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=2048, description="Tasks of one kind that may wait in an orchestrator."
    )
    direct_bound: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1024, description="Callers that may wait on the line; more get 429."
    )
    tenant_direct_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5,
        description="Part of direct_bound that a single tenant may fill; more get 429.",
    )
    direct_deadline_s: Seconds = Field(
        default=30.0,
        description="Seconds a direct call may take that names no deadline.",
    )
    backoff_base_s: Seconds = Field(
        default=1.0, description="Upper bound of the first wait before a retry."
    )
    backoff_cap_s: Seconds = Field(
        default=60.0, description="Upper bound of every wait before a retry."
    )
    send_gap_s: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.002,
        description="Seconds between two batches; an idle kind sends at once.",
    )
    commit_bound: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=256, description="Admissions, completions or releases in one statement."
    )
    admission_bound: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=10_000, description="Tasks that may wait for their admission; more get 429."
    )
    queued_bound: Annotated[int, Field(ge=1, le=5_000_000)] = Field(
        default=1_000_000,
        description="Tasks of one kind that may wait in the durable queue; more get 429.",
    )
    tenant_queued_share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5,
        description="Part of queued_bound that a single tenant may fill; more get 429.",
    )
    look_s: Annotated[float, Field(ge=0.05, le=60)] = Field(
        default=1.0,
        description="Seconds between looks at how full the queue is; more where a look takes long.",
    )
    grace_s: Seconds = Field(
        default=10.0, description="Seconds a stopping orchestrator waits for tasks in flight."
    )

    @model_validator(mode="after")
    def _lease_outlives_a_missed_renewal(self) -> Self:
        if self.renew_s * 2 > self.lease_s:
            message = f"renew_s {self.renew_s:g} must be at most half of lease_s {self.lease_s:g}"
            raise ValueError(message)
        return self


DEFAULT_AGENTS = {
    LEAD_ANALYSIS: AgentSettings(agent="actors.lead_analysis:LeadAnalysisAgent"),
    FOLLOW_UP: AgentSettings(agent="actors.follow_up:FollowUpAgent"),
}
"""One line per agent kind: this and the agent's file and prompts are all a new kind needs."""
