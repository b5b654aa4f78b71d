"""The real application with more open requests than it holds."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.system.application import Application
from tests.system.conftest import SLOW_AGENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FEW = {
    **SLOW_AGENT,
    "GARDENOS_INGRESS__MAX_ONGOING_REQUESTS": "4",
    "GARDENOS_INGRESS__MAX_QUEUED_REQUESTS": "4",
}


def test_requests_beyond_what_a_replica_holds_are_refused_with_a_time(
    folder: Path, tmp_path: Path
) -> None:
    with Application(folder, FEW) as application:
        file = str(tmp_path / "runs.jsonl")
        asked = {"kind": "slow", "payload": {"seconds": 3, "journal": file, "name": "x"}}
        task = application.post("/v1/tasks", asked)

        def poll(_: int) -> httpx.Response:
            address = f"{application.address}/v1/tasks/{task['task_id']}?wait_s=20"
            return httpx.get(address, timeout=90, trust_env=False)

        with ThreadPoolExecutor(24) as threads:
            answers = list(threads.map(poll, range(24)))
        assert {one.status_code for one in answers} == {200, 429}
        refused = [one for one in answers if one.status_code == 429]
        assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)
        assert application.get(f"/v1/tasks/{task['task_id']}")["state"] == "succeeded"
