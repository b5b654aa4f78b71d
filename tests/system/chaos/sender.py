"""Sends orders as callers do, and writes down what came of each."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.system.chaos.journal import Journal
from tests.system.chaos.orders import PAID, Order

THREADS = 24
TRIES = 120
AGAIN_S = 0.5
CALL_LIMIT_S = 40.0
TIMEOUT_HEADER = "X-Request-Timeout-Seconds"
TASK_HEADER = "Gardenos-Task-Id"
MESSAGE = "We own the house ({name}) and want a lawn of 2,000 sq ft, budget $9k."


class Sender:
    """Callers of three tenants, in threads of their own; used as a context.

    Whoever has an idempotency key asks again until there is an answer; whoever has none asks once,
    since nobody could tell the second task from the first.
    """

    def __init__(
        self, address: str, tenants: Mapping[str, dict[str, str]], journal: Journal
    ) -> None:
        """Open connections; send nothing."""
        self._tenants = tenants
        self._journal = journal
        limits = httpx.Limits(max_connections=2 * THREADS, max_keepalive_connections=0)
        self._http = httpx.Client(
            base_url=address, timeout=CALL_LIMIT_S, trust_env=False, limits=limits
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sender")
        self._waits = ThreadPoolExecutor(THREADS, thread_name_prefix="canceller")
        self._open: list[Future[None]] = []

    def send(self, orders: Sequence[Order], over_s: float) -> None:
        """Send orders, evenly over a time; returns when that is over, not when all are answered."""
        for order in orders:
            body = lead_of(order) if order.direct else task_of(order)
            for _ in range(2 if order.twice else 1):
                self._open.append(self._threads.submit(self._send, order, body))
            time.sleep(over_s / len(orders))
        if not orders:
            time.sleep(over_s)

    def end(self, limit_s: float) -> None:
        """Wait until every order has come to an answer."""
        until_s = time.monotonic() + limit_s
        while self._open:  # a cancel is added while its order is waited for
            self._open.pop(0).result(max(0.0, until_s - time.monotonic()))
        self._threads.shutdown()
        self._waits.shutdown()
        self._http.close()

    def _send(self, order: Order, body: dict[str, Any]) -> None:
        for trial in range(TRIES if order.key is not None else 1):
            self._journal.write("sent", order.name, trial=trial)
            done = self._direct(order, body) if order.direct else self._durable(order, body)
            if done:
                return
            time.sleep(AGAIN_S)

    def _durable(self, order: Order, body: dict[str, Any]) -> bool:
        answer = self._post(order, "/v1/tasks", body, {})
        if answer is None:
            return False
        if answer.status_code != httpx.codes.ACCEPTED:
            return self._refused(order, answer)
        task_id = answer.json()["task_id"]
        self._journal.write("accepted", order.name, task_id=task_id)
        if order.cancel_after_s is not None:
            self._open.append(self._waits.submit(self._cancel, order, task_id))
        return True

    def _direct(self, order: Order, body: dict[str, Any]) -> bool:
        headers = {} if order.deadline_s is None else {TIMEOUT_HEADER: f"{order.deadline_s:.2f}"}
        answer = self._post(order, "/v1/leads/analyze", body, headers)
        if answer is None:
            return False
        if answer.status_code != httpx.codes.OK:
            return self._refused(order, answer)
        told = answer.json()
        facts = {"task_id": answer.headers[TASK_HEADER], "lead_id": told["lead_id"]}
        self._journal.write("answered", order.name, **facts)
        return True

    def _refused(self, order: Order, answer: httpx.Response) -> bool:
        """Write a refusal down; return whether it is final."""
        self._journal.write(
            "refused", order.name, status=answer.status_code, body=answer.text[:300]
        )
        is_passing = answer.status_code in {404, 429} or answer.status_code >= 500
        return not is_passing or (order.direct and _is_over(answer))

    def _cancel(self, order: Order, task_id: str) -> None:
        time.sleep(order.cancel_after_s or 0.0)
        for _ in range(TRIES):
            answer = self._post(order, f"/v1/tasks/{task_id}/cancel", None, {})
            if answer is not None and answer.status_code in {200, 409}:
                event = "cancelled" if answer.status_code == httpx.codes.OK else "not_cancelled"
                self._journal.write(event, order.name, state=answer.json().get("state"))
                return
            time.sleep(AGAIN_S)

    def _post(
        self, order: Order, path: str, body: Any, headers: Mapping[str, str]
    ) -> httpx.Response | None:
        carried = {**self._tenants[order.tenant], **headers}
        if order.key is not None and body is not None:
            carried["Idempotency-Key"] = order.key
        try:
            return self._http.post(path, json=body, headers=carried)
        except httpx.HTTPError as error:
            self._journal.write("broken", order.name, error=type(error).__name__)
            return None


def _is_over(answer: httpx.Response) -> bool:
    """Tell whether a direct caller has had his time; another try would only begin anew."""
    return answer.status_code == httpx.codes.GATEWAY_TIMEOUT


def lead_of(order: Order) -> dict[str, Any]:
    """Return a lead that is worth a question, whose message bears the order's name."""
    return {
        "lead_id": order.name,
        "contact": {"full_name": "Kim Lee", "email": f"{order.name}@example.com"},
        "location": {"postal_code": "97209", "country": "US"},
        "message": MESSAGE.format(name=order.name),
    }


def task_of(order: Order) -> dict[str, Any]:
    """Return the body that queues an order."""
    body: dict[str, Any] = {"kind": order.kind, "priority": order.priority}
    if order.kind == PAID:
        body["payload"] = {"name": order.name, "strict": order.strict, "kills": order.kills}
    else:
        body["lead"] = lead_of(order)
    if order.deadline_s is not None:
        deadline = datetime.now(UTC) + timedelta(seconds=order.deadline_s)
        body["deadline_at"] = deadline.isoformat()
    return body
