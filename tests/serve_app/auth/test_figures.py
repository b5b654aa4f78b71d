"""Claims about what figures tell of other tenants: nothing, but to those who operate."""

from typing import Any

import pytest

from domain.caller import Scope
from postgres.pool import Database
from tests.postgres.queue_world import World
from tests.serve_app.auth.application import add_key, keyed_application, signed

SHARED = ("drain_per_s", "waiting", "running", "direct_waiting")


async def test_the_agents_tell_a_reader_of_its_own_tenants_queue_alone(
    dsn: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await add_key(database, "other", [Scope.READ])
    operator = await add_key(database, "other", [Scope.READ, Scope.OPERATE])
    async with keyed_application(dsn, monkeypatch) as http:
        await _fill(database)

        async def figures(key: str) -> dict[str, Any]:
            items = (await http.get("/v1/agents", headers=signed(key))).json()["items"]
            found: dict[str, Any] = {one["kind"]: one for one in items}["lead_analysis"]
            return found

        told, whole = await figures(reader), await figures(operator)
        assert told["queued"] == 0
        assert set(told["queued_by_priority"].values()) == {0}
        assert [told["oldest_queued_s"], *(told[name] for name in SHARED)] == [None] * 5
        assert told["replicas"] == whole["replicas"]
        assert whole["waiting"] == 137


async def _fill(database: Database) -> None:
    await World(database).rows(
        "insert into tasks (task_id, tenant_id, kind, state, priority, order_key, max_attempts,"
        " not_before) select uuidv7(), 'green', 'lead_analysis', 'waiting', 'urgent',"
        " clock_timestamp(), 5, clock_timestamp() + interval '1 day'"
        " from generate_series(1, 137) returning 1"
    )
