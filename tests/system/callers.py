"""Callers who wait on the line, one lead after another, while something happens to the service."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

TRIES = 60
AGAIN_S = 0.25
CALL_LIMIT_S = 60.0
JOIN_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller got for one lead in the end.

    Attributes:
        name: Of the lead.
        status: Of the last answer; None where no connection brought one.
        before: What came of the tries before it: a status, or the name of an error.
        at_s: When the first try began, on the steady clock.
        took_s: From the first try to the last answer.
    """

    name: str
    status: int | None
    before: tuple[str, ...]
    at_s: float
    took_s: float


class Callers:
    """Call without a pause from ``__enter__`` to ``__exit__``; a refused caller asks again.

    Each lead has an idempotency key, as whoever asks again must give one.
    """

    def __init__(
        self, address: str, prefix: str, *, count: int, headers: Mapping[str, str] | None = None
    ) -> None:
        """Describe ``count`` callers; ``prefix`` begins the name of each of their leads."""
        self._http = httpx.Client(
            base_url=address, timeout=CALL_LIMIT_S, trust_env=False, headers=dict(headers or {})
        )
        self._prefix = prefix
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers: list[Answer] = []
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(JOIN_LIMIT_S)
            assert not thread.is_alive(), "a caller waits for ever"
        self._http.close()

    def names(self) -> set[str]:
        """Return the leads that were answered with a result."""
        return {one.name for one in self.answers if one.status == httpx.codes.OK}

    def unanswered(self) -> list[Answer]:
        """Return what never became a result."""
        return [one for one in self.answers if one.status != httpx.codes.OK]

    def troubles(self) -> Counter[str]:
        """Return how often a try failed before its caller got his answer, by what it was told."""
        return Counter(trouble for one in self.answers for trouble in one.before)

    def refusals(self) -> Counter[str]:
        """Return the troubles that were answers; the others are connections that ended."""
        return Counter({told: n for told, n in self.troubles().items() if told[0].isdigit()})

    def _call(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                name = f"{self._prefix}-{next(self._numbers)}"
            answer = self._ask(name)
            with self._lock:
                self.answers.append(answer)

    def _ask(self, name: str) -> Answer:
        began_s = time.monotonic()
        before: list[str] = []
        status: int | None = None
        for trial in range(TRIES):
            status, told = self._try(name)
            if status == httpx.codes.OK:
                break
            if trial + 1 < TRIES:
                before.append(told)
                time.sleep(AGAIN_S)
        return Answer(name, status, tuple(before), began_s, time.monotonic() - began_s)

    def _try(self, name: str) -> tuple[int | None, str]:
        headers = {"Idempotency-Key": name}
        try:
            answer = self._http.post("/v1/leads/analyze", json=lead(name), headers=headers)
        except httpx.HTTPError as error:
            return None, type(error).__name__
        return answer.status_code, f"{answer.status_code} {answer.text[:200]}"


def lead(name: str) -> dict[str, Any]:
    """Return a lead that is worth a question, whose message bears its name."""
    return {
        "lead_id": name,
        "contact": {"full_name": "Kim Lee", "email": f"{name}@example.com"},
        "location": {"postal_code": "97209", "country": "US"},
        "message": f"We own the house ({name}) and want a lawn of 2,000 sq ft, budget $9k.",
    }
