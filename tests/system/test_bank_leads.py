"""Two thousand real rows, posted as leads with the seller's own columns."""

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest

from tests.system.application import REPOSITORY, Application, until

pytestmark = pytest.mark.timeout(240)

BANK = REPOSITORY.parent / "shared" / "data" / "leads" / "bank_marketing.csv"
ROWS = 2000
NOT_AT_INTAKE = {"y", "duration"}
"""The outcome, and what is known only after the call."""


def leads() -> Iterator[dict[str, Any]]:
    """Yield rows as leads whose columns are attributes."""
    with BANK.open(encoding="utf-8", newline="") as file:
        for row in islice(csv.DictReader(file), ROWS):
            columns = {name: text for name, text in row.items() if name not in NOT_AT_INTAKE}
            contact = {"email": f"bank-{row['seq']}@example.com"}
            yield {"lead_id": f"bank-{row['seq']}", "contact": contact, "attributes": columns}


@pytest.mark.skipif(not BANK.exists(), reason="the shared lead data is not beside this checkout")
def test_two_thousand_rows_are_stored_whole_and_all_analysed(application: Application) -> None:
    sent = list(leads())
    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda lead: application.http.post("/v1/leads", json=lead).status_code, sent)
        )
    assert set(statuses) == {202}

    def idle() -> bool:
        pools = {pool["kind"]: pool for pool in application.get("/v1/agents")["items"]}
        mine = pools["lead_analysis"]
        return (mine["queued"], mine["running"]) == (0, 0)

    until(idle, "every lead is analysed")
    stored: dict[str, Any] = {}
    cursor: str | None = None
    while True:
        page = application.get("/v1/leads", limit=200, **({"cursor": cursor} if cursor else {}))
        stored |= {item["lead"]["lead_id"]: item for item in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            break
    mine = {lead["lead_id"]: stored[lead["lead_id"]] for lead in sent}
    assert all(item["analysis"] for item in mine.values())
    assert all(mine[lead["lead_id"]]["lead"]["attributes"] == lead["attributes"] for lead in sent)
