"""The addresses ``/healthz`` and ``/readyz``: is the process alive, can it do its work."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from domain.errors import UnavailableError
from serve_app.routes.agents import PoolState, state_of
from serve_app.routes.views import View
from serve_app.services import Services

router = APIRouter(tags=["health"])

READY_LIMIT_S = 2.0
"""Longest wait for the database; a probe must not hang."""


class Alive(View):
    """The process runs and its loop turns."""

    status: str = Field(default="alive", examples=["alive"])


class Ready(View):
    """Whether the service can do its work, part by part."""

    ready: bool
    database: bool
    business: str = Field(
        description="For whom leads are scored; says so where it is the example. Empty where"
        " callers must say who they are: this address is open to strangers.",
        examples=["business: Elbgrün Gartenbau"],
    )
    agents: dict[str, PoolState] = Field(description="State of each kind; `asleep` counts.")


@router.get("/healthz", operation_id="isAlive", summary="Is the process alive?")
async def healthz() -> Alive:
    """Answer 200 while the process runs; never asks the database."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="isReady",
    summary="Can it do its work?",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "A part is missing."}},
)
async def readyz(request: Request) -> JSONResponse:
    """Answer 200 where the database answers and every kind of agent is ready or asleep."""
    services: Services = request.app.state.services
    agents = {str(pool.kind): state_of(pool) for pool in await services.engine.pools()}
    database = await _database_answers(services)
    working = all(state is not PoolState.STARTING for state in agents.values())
    ready = Ready(
        ready=database and working, database=database, business=services.business, agents=agents
    )
    return JSONResponse(ready.model_dump(mode="json"), status_code=200 if ready.ready else 503)


async def _database_answers(services: Services) -> bool:
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            await services.tasks.depths(cap=1)
    except (UnavailableError, TimeoutError):
        return False
    return True
