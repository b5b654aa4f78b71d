"""Claims about what is left of a lead that was deleted, whose id was a person's address."""

import asyncpg
import httpx
import pytest

from serve_app.api import build_api
from serve_app.app import open_services
from serve_app.settings import load_settings
from tests.serve_app.test_app import local_links

ADDRESS = "bob.private@example.com"
FIRST = {
    "lead_id": ADDRESS,
    "source": "referral",
    "contact": {"full_name": "Bob", "phone": "+15035550123", "preferred_channel": "sms"},
    "service": "landscape_design",
    "message": "I would like a garden of 350 square metres for 20000 USD.",
    "location": {"postal_code": "97209", "country": "US"},
    "consent": {"sms": True},
}


async def test_its_id_is_nowhere_not_even_in_what_was_derived_from_its_duplicates(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARDENOS_DATABASE_URL", dsn)
    async with open_services(load_settings(), local_links()) as services:
        transport = httpx.ASGITransport(build_api(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            first = await http.post("/v1/leads/analyze", json=FIRST)
            again = await http.post("/v1/leads/analyze", json={**FIRST, "lead_id": "second"})
            draft = await http.post("/v1/follow-ups", json={"lead_id": "second"})
            assert (first.status_code, again.json()["duplicate_of"]) == (200, ADDRESS)
            assert ADDRESS in again.json()["next_best_action"]["text"]
            assert draft.status_code == 201, draft.text
            assert ADDRESS in draft.text
            deleted = await http.delete(f"/v1/leads/{ADDRESS}")
            assert deleted.status_code == 204
            second = await http.get("/v1/leads/second")
            assert second.json()["drafts"]
            assert len(second.json()["analyses"]) >= 1
            assert ADDRESS not in second.text
    assert await _tables_with(dsn, ADDRESS) == []


async def _tables_with(dsn: str, text: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE' order by 1"
        )
        return [
            row["table_name"]
            for row in tables
            if await connection.fetchval(
                f"select count(*) from {row['table_name']} t where strpos(t::text, $1) > 0",  # noqa: S608 - names of tables
                text,
            )
        ]
    finally:
        await connection.close()
