"""The application: ``build`` binds the graph; the ingress composes engine, stores and routes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from ray import serve
from ray.serve import Application, Deployment
from ray.serve.config import BackpressureConfig
from ray.serve.handle import DeploymentHandle
from uuid_utils.compat import uuid7

from actors.prices import load_prices
from deployments.graph import bind_agents
from deployments.link import Link, ServeLink
from deployments.loops import end_all, forever
from deployments.orchestrator import Engine, EngineParts
from deployments.replica import ReplicaSettings
from domain.errors import ConfigurationError
from domain.ids import AgentKind, TaskId, WorkerId
from domain.intake import CountriesOf, read_lead
from domain.lead import Lead
from postgres.announce import Announcer, listen
from postgres.dead_letter_store import PostgresDeadLetterStore
from postgres.delivery_store import PostgresDeliveryStore
from postgres.derived_stores import PostgresAnalysisStore, PostgresUsageStore
from postgres.event_store import PostgresEventStore
from postgres.follow_up_store import PostgresFollowUpStore
from postgres.key_store import PostgresKeyStore
from postgres.lead_store import PostgresLeadStore
from postgres.pool import Database, open_database
from postgres.queue_gauge import PostgresQueueGauge
from postgres.task_queue import PostgresTaskQueue
from postgres.task_store import PostgresTaskStore
from postgres.webhook_store import PostgresWebhookStore
from serve_app.api import build_api
from serve_app.auth.composition import open_identity
from serve_app.business import business_line
from serve_app.draft_check import draft_check
from serve_app.draining import is_draining
from serve_app.events.hub import EventHub
from serve_app.identity import Identity
from serve_app.retention import keep_deleting, old_things
from serve_app.services import LeadReader, Services, Webhooks
from serve_app.settings import Settings, database_url, hs256_secret
from serve_app.start_check import reference_model
from serve_app.webhooks.delivery_loop import DeliveryLoop
from serve_app.webhooks.lookups import Lookups
from serve_app.webhooks.sender import Sender

logger = logging.getLogger(__name__)

NOBODY = WorkerId(UUID(int=0))
"""Worker of admissions that claim nothing."""

READY_WAIT_S = 5.0
"""How long a start waits for the database; without it the service starts all the same."""

SHUTDOWN_MARGIN_S = 10.0
"""Time for the last statements after the queue's grace, before Serve kills the replica."""


class Orchestrator:
    """The ingress of a replica: HTTP outside, the engine inside."""

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self, settings: Settings, agents: "dict[AgentKind, DeploymentHandle[Any]]"
    ) -> None:
        self._open = AsyncExitStack()
        links = {kind: ServeLink(handle) for kind, handle in agents.items()}
        self._services = await self._open.enter_async_context(open_services(settings, links))

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return the application; Serve asks for it after the constructor."""
        return build_api(self._services)

    async def __del__(self) -> None:
        """Stop the engine; Serve awaits this after it has drained the replica."""
        await self._open.aclose()


def build(settings: Settings) -> Application:
    """Return the bound application: what ``serve run`` and ``serve deploy`` import.

    Args:
        settings: Ray makes them from the config's ``args``; the environment of the process that
            builds adds to them. They hold no secret, since the graph is stored in Ray's head.
    """
    kinds = {AgentKind(kind): agent for kind, agent in settings.agents.items()}
    sections = ReplicaSettings(
        scoring=settings.scoring, model=settings.model, writing=settings.writing
    )
    agents = bind_agents(kinds, sections)
    ingress = settings.ingress
    as_deployment = serve.deployment(
        name="Orchestrator",
        max_ongoing_requests=ingress.max_ongoing_requests,
        max_queued_requests=ingress.max_queued_requests,
        backpressure_config=BackpressureConfig(status_code=429, retry_after_s=1),
        autoscaling_config={
            "min_replicas": ingress.min_replicas,
            "max_replicas": ingress.max_replicas,
            "target_ongoing_requests": ingress.target_ongoing,
        },
        max_surge_percent=ingress.max_surge_percent,
        ray_actor_options={"num_cpus": ingress.cpus},
        graceful_shutdown_wait_loop_s=0.1,
        graceful_shutdown_timeout_s=settings.queue.grace_s + SHUTDOWN_MARGIN_S,
    )
    deployment: Deployment = as_deployment(serve.ingress()(Orchestrator))
    application: Application = deployment.bind(settings, agents)
    return application


@asynccontextmanager
async def open_services(
    settings: Settings, links: Mapping[AgentKind, Link]
) -> AsyncIterator[Services]:
    """Open database, engine and stores for the length of the block.

    Args:
        settings: Of the whole product; secrets are resolved here, in the process that uses them.
        links: The way to the replicas of each kind.
    """

    def url() -> str:
        found = database_url(settings.database)
        if found is None:
            name = settings.database.url_variable or "database.url_file"
            raise ConfigurationError(name, "nothing", "the address of a PostgreSQL database")
        return found

    url()  # a missing address stops the start, not every statement later
    async with (
        open_database(url, settings.database) as database,
        Announcer(database) as announcer,
        open_identity(
            settings.auth, PostgresKeyStore(database), hs256_secret=hs256_secret(settings.auth)
        ) as identity,
        Lookups(settings.webhooks) as lookups,
    ):
        sender = Sender(settings.webhooks, lookups)
        engine, services = _compose(
            settings, links, database, announcer=announcer, identity=identity, sender=sender
        )
        deliveries = DeliveryLoop(
            services.webhooks.deliveries,
            sender,
            settings.webhooks,
            now_s=time.time,
            rng=Random(),  # noqa: S311 - jitter, no secret
        )
        await engine.start()
        loops = [
            forever("hints", partial(listen, url, settings.database, engine.wake)),
            forever("retention", partial(keep_deleting, old_things(services, settings))),
            forever("events", services.event_hub.run),
            forever("webhooks", deliveries.run),
        ]
        try:
            await _wait_until_ready(engine)
            yield services
        finally:
            await end_all(loops)
            await engine.stop()


def _compose(
    settings: Settings,
    links: Mapping[AgentKind, Link],
    database: Database,
    *,
    announcer: Announcer,
    identity: Identity,
    sender: Sender,
) -> tuple[Engine, Services]:
    agents = {AgentKind(kind): agent for kind, agent in settings.agents.items()}
    tasks = PostgresTaskStore(database, tuple(agents))
    engine = Engine(
        EngineParts(
            queue=PostgresTaskQueue(database, announcer.announce),
            gauge=PostgresQueueGauge(database),
            tasks=tasks,
            links=links,
            agents=agents,
            settings=settings.queue,
            clock=time.time,
            rng=Random(),  # noqa: S311 - jitter, no secret
            new_worker_id=lambda: WorkerId(uuid7()),
        )
    )

    def announce(kind: AgentKind) -> None:
        engine.wake(kind)
        announcer.announce(kind)

    leads = PostgresLeadStore(database, announce, new_task_id, NOBODY)
    prices = load_prices(settings.model.prices_file)
    services = Services(
        engine=engine,
        tasks=tasks,
        dead_letters=PostgresDeadLetterStore(database, announce),
        leads=leads,
        analyses=PostgresAnalysisStore(database),
        follow_ups=PostgresFollowUpStore(database),
        event_hub=EventHub(PostgresEventStore(database), settings.events, is_draining),
        webhooks=Webhooks(
            store=PostgresWebhookStore(database),
            deliveries=PostgresDeliveryStore(database),
            check_url=sender.check,
            settings=settings.webhooks,
        ),
        usage=PostgresUsageStore(database),
        business=""
        if settings.auth.keeps_strangers_out
        else business_line(settings.scoring.profile.name, settings.writing.postal_address),
        check_draft=draft_check(settings.writing, settings.scoring.profile),
        prices=prices,
        compare_with=reference_model(prices, settings.usage),
        identity=identity,
        read_lead=_reader(settings.scoring.profile.countries_for),
        kinds=frozenset(agents),
        limits=settings.http,
        now=lambda: datetime.now(UTC),
        new_task_id=new_task_id,
    )
    return engine, services


def new_task_id() -> TaskId:
    """Return a new UUID version 7, so that ids sort by the time they were made."""
    return TaskId(uuid7())


def _reader(countries: CountriesOf) -> LeadReader:
    def read(raw: Mapping[str, Any], received_at: datetime) -> Lead:
        return read_lead(
            raw,
            received_at=received_at,
            new_lead_id=str(uuid7()),
            countries=countries,
        )

    return read


async def _wait_until_ready(engine: Engine) -> None:
    """Let the first request find the lease held, where the database is there."""
    until_s = time.monotonic() + READY_WAIT_S
    while not engine.is_ready and time.monotonic() < until_s:  # noqa: ASYNC110 - has no event
        await asyncio.sleep(0.02)
    if not engine.is_ready:
        logger.warning("started_without_database")
