"""Fixtures of the HTTP face."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.serve_app.fakes import World, client_over


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World()


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the application over the world."""
    async with client_over(world) as client:
        yield client
