"""Claims about changing an endpoint while the service itself changes it."""

from typing import Any

import httpx
import pytest

from postgres.pool import Database
from serve_app.api import build_api
from serve_app.app import open_services
from serve_app.settings import load_settings
from tests.postgres.queue_world import World
from tests.serve_app.test_app import local_links

REASON = "gone: the receiver answered 410"


@pytest.mark.parametrize(
    ("asked", "enabled", "reason"),
    [
        ({"description": "new"}, False, REASON),
        ({"description": "new", "enabled": True}, True, None),
        ({"description": "new", "types": ["task.succeeded"], "kinds": []}, False, REASON),
    ],
)
async def test_an_endpoint_disabled_meanwhile_stays_so_unless_it_is_enabled(
    dsn: str,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, Any],
    *,
    enabled: bool,
    reason: str | None,
) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            made = await http.post("/v1/webhooks", json={"url": "https://1.1.1.1/x"})
            webhook = made.json()["webhook"]
            get = services.webhooks.store.get

            async def disabled_after_it_was_read(*key: Any) -> Any:
                found = await get(*key)
                await World(database).rows(
                    f"update webhooks set enabled = false, disabled_reason = '{REASON}' returning 1"  # noqa: S608 - a constant
                )
                return found

            monkeypatch.setattr(services.webhooks.store, "get", disabled_after_it_was_read)
            changed = (await http.patch(f"/v1/webhooks/{webhook['webhook_id']}", json=asked)).json()
    assert (changed["enabled"], changed["disabled_reason"]) == (enabled, reason)
    assert changed["description"] == "new"
    assert changed["url"] == webhook["url"]
    assert changed["types"] == asked.get("types", webhook["types"])
