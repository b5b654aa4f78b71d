"""The real application over a stand-in model: HAProxy, two orchestrators, three agent replicas."""

import asyncio
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import asyncpg

from postgres.embedded import running_dsn
from tests.provider.beside import ProviderProcess
from tests.provider.calls import Call, Outcome
from tests.system.application import Application, until

KIND = "lead_analysis"
REPLICAS = {"LeadAnalysis": 3, "Orchestrator": 2}
DIRECT_PORTS = range(30_000, 30_100)
"""Where Serve lets the ingress replicas listen, behind HAProxy."""

LOOK_S = 0.02
"""Between looks into the stand-in's log; what is measured comes from the log itself."""

LIMIT_S = 90.0

VARIABLES = {
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MIN_REPLICAS": str(REPLICAS["LeadAnalysis"]),
    "GARDENOS_AGENTS__LEAD_ANALYSIS__MAX_REPLICAS": str(REPLICAS["LeadAnalysis"]),
    "GARDENOS_AGENTS__LEAD_ANALYSIS__HEALTH_CHECK_TIMEOUT_S": "60",
    "GARDENOS_AGENTS__FOLLOW_UP__MIN_REPLICAS": "0",
    "GARDENOS_INGRESS__MIN_REPLICAS": str(REPLICAS["Orchestrator"]),
    "GARDENOS_INGRESS__MAX_REPLICAS": str(REPLICAS["Orchestrator"]),
    "GARDENOS_MODEL__NAME": "deepseek-ai/DeepSeek-V3.2",
    "GARDENOS_MODEL__RETRIES": "0",
    "GARDENOS_DASHBOARD__ENABLED": "false",
}


def lead(name: str) -> dict[str, Any]:
    """Return a lead worth asking a model about; its message, which the model gets, names it."""
    return {
        "lead_id": name,
        "contact": {"full_name": "Kim Lee", "email": f"{name}@example.com"},
        "location": {"postal_code": "97209", "country": "US"},
        "message": f"We own the house ({name}) and want a lawn of 2,000 sq ft, budget $9k.",
    }


def task(name: str, **fields: Any) -> dict[str, Any]:
    """Return a durable task about a lead of its own."""
    return {"kind": KIND, "lead": lead(name), **fields}


class ModelWorld:
    """Runs for the length of ``with``."""

    def __init__(
        self,
        folder: Path,
        *,
        concurrency: int,
        latency_ms: float,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Describe it; nothing runs yet.

        Args:
            folder: For everything it writes; short and open to the database's user.
            concurrency: Slots of each agent replica.
            latency_ms: Before each answer of the model.
            variables: More settings of the application.
        """
        self.provider = ProviderProcess("--latency-ms", f"{latency_ms:g}")
        slots = {"GARDENOS_AGENTS__LEAD_ANALYSIS__CONCURRENCY": str(concurrency)}
        self._variables = {**VARIABLES, **slots, **(variables or {})}
        self.folder = folder
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self.provider)
            url = {"GARDENOS_MODEL__BASE_URL": self.provider.base_url}
            variables = {**self._variables, **url}
            self.application = opened.enter_context(Application(self.folder, variables))
            until(self._is_whole, "every replica is there", LIMIT_S)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def _is_whole(self) -> bool:
        replicas = self.application.replicas
        whole = all(len(replicas(f":{name}")) == count for name, count in REPLICAS.items())
        return whole and len(self.orchestrators()) == REPLICAS["Orchestrator"]

    def orchestrators(self) -> list[str]:
        """Return the address of each orchestrator itself, behind HAProxy."""
        ports = {
            listening.laddr.port
            for replica in self.application.replicas(":Orchestrator")
            for listening in replica.net_connections("tcp")
            if listening.status == "LISTEN"
        }
        return [f"http://127.0.0.1:{port}" for port in sorted(ports & set(DIRECT_PORTS))]

    def calls(self, names: Iterable[str]) -> dict[str, list[Call]]:
        """Return the calls about each lead that was called about, by the stand-in's log."""
        log = self.provider.calls()
        found = {name: [call for call in log if f"({name})" in call.user_turn] for name in names}
        return {name: calls for name, calls in found.items() if calls}

    def await_calls(self, names: Sequence[str]) -> dict[str, list[Call]]:
        """Wait until the model has been asked about every lead."""
        return self._await(names, tuple(Outcome), "asked about every lead")

    def await_closed(self, names: Sequence[str], limit_s: float = LIMIT_S) -> dict[str, float]:
        """Wait until the call about each lead was closed by us; return when, since 1970."""
        found = self._await(names, {Outcome.CLIENT_CLOSED}, "every call is closed", limit_s)
        return {name: calls[0].closed_unix_s or 0.0 for name, calls in found.items()}

    def _await(
        self, names: Sequence[str], ends: Container[Outcome], what: str, limit_s: float = LIMIT_S
    ) -> dict[str, list[Call]]:
        end_s = time.monotonic() + limit_s
        while True:
            found = self.calls(names)
            met = [name for name in found if all(call.outcome in ends for call in found[name])]
            if len(met) == len(names):
                return found
            missing = sorted(set(names) - set(met))
            assert time.monotonic() < end_s, f"not in {limit_s:g} s: {what}: {missing}"
            time.sleep(LOOK_S)

    def queue(
        self, items: Sequence[dict[str, Any]], headers: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Queue tasks in one batch; return their ids by the names of their leads."""
        answer = self._post("/v1/tasks/batch", {"items": list(items)}, headers=headers)
        ids = [item["task"]["task_id"] for item in answer["items"]]
        return {item["lead"]["lead_id"]: one for item, one in zip(items, ids, strict=True)}

    def cancel(self, task_id: str, address: str) -> None:
        """Cancel a task at an address: the service's, or that of one orchestrator."""
        self._post(f"/v1/tasks/{task_id}/cancel", None, address=address)

    def states(self, task_ids: Iterable[str]) -> dict[str, tuple[str, int]]:
        """Return state and attempt of each task."""
        rows = self.rows("select task_id, state, attempt from tasks")
        wanted = set(task_ids)
        return {
            str(row["task_id"]): (row["state"], row["attempt"])
            for row in rows
            if str(row["task_id"]) in wanted
        }

    def await_finished(self, task_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Wait until none of the tasks is open; return their states and attempts."""
        still = {"queued", "waiting", "running"}

        def finished() -> bool:
            return not still & {state for state, _ in self.states(task_ids).values()}

        until(finished, "every task has ended", LIMIT_S)
        return self.states(task_ids)

    def holder_of(self, name: str) -> UUID:
        """Return the worker that runs the task about a lead."""
        (row,) = self.rows(f"select claimed_by from tasks where lead_id = '{name}'")  # noqa: S608
        found: UUID = row["claimed_by"]
        return found

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds in the application's database."""
        dsn = running_dsn(self.folder / ".gardenos" / "postgres")
        assert dsn is not None

        async def read() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(dsn)
            try:
                return [dict(row) for row in await connection.fetch(query)]
            finally:
                await connection.close()

        return asyncio.run(read())

    def _post(
        self,
        path: str,
        body: Any,
        *,
        address: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        url = f"{address or self.application.address}{path}"
        answer = self.application.http.post(url, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()


def percentile_ms(seconds: Sequence[float], part: float) -> float:
    """Return a percentile in milliseconds: the least of which ``part`` are not above it."""
    return round(1000 * sorted(seconds)[max(0, -int(-part * len(seconds) // 1) - 1)], 1)
