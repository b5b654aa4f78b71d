"""Claims about what the log says of a request that failed: which route, never whose."""

import httpx
import pytest

from domain.errors import DatabaseUnavailableError
from tests.serve_app.fakes import World

ADDRESS = "bob.private@example.com"


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (RuntimeError(f"no row for {ADDRESS}"), "request_crashed"),
        (DatabaseUnavailableError("the database does not answer", 1.0), "request_failed"),
    ],
)
async def test_a_failed_request_is_logged_by_its_route_and_not_by_its_path(
    http: httpx.AsyncClient,
    world: World,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    event: str,
) -> None:
    world.fault = fault
    with caplog.at_level("INFO", logger="serve_app"):
        answer = await http.get(f"/v1/leads/{ADDRESS}")
    assert answer.status_code >= 500
    (record,) = [one for one in caplog.records if one.name.startswith("serve_app")]
    assert record.getMessage() == event
    assert record.__dict__["route"] == "/v1/leads/{lead_id:path}"
    assert ADDRESS not in str(record.__dict__)
