"""Promises read off a queue's rows alone, one look after the other, without any model."""

import json
from collections.abc import Mapping

from domain.ids import TaskId
from domain.task import FINISHED_STATES, REPLAYABLE_STATES, TaskState
from tests.fakes.lead_model import LeadKey, SeenLead
from tests.fakes.queue_model import Seen, SeenTask


class Witness:
    """Remembers the last look and says which promise the next one breaks.

    A model may share a mistake with the queue that it is compared with; what is asked here needs
    no knowledge of what was called in between, except what was deleted or replayed.
    """

    def __init__(self) -> None:
        self._before: Mapping[TaskId, SeenTask] = {}
        self._leads: Mapping[LeadKey, SeenLead] = {}

    def look(self, seen: Seen, *, deleted: set[TaskId], replayed: set[TaskId]) -> list[str]:
        """Return broken promises; ``deleted`` and ``replayed`` since the last look."""
        faults = [f"{task_id} is lost" for task_id in self._before.keys() - seen.tasks - deleted]
        keys = [(one.tenant, one.key) for one in seen.tasks.values() if one.key is not None]
        if len(keys) != len(set(keys)):
            faults.append("two tasks have one idempotency key")
        for task_id, now in seen.tasks.items():
            faults += [f"{task_id}: {fault}" for fault in _alone(now)]
            before = self._before.get(task_id)
            if before is not None:
                grown = _since(before, now, replayed=task_id in replayed)
                faults += [f"{task_id}: {fault}" for fault in grown]
        for key, lead in seen.leads.items():
            was = self._leads.get(key, lead)
            if lead.version < was.version or lead.analysed_version < was.analysed_version:
                faults.append(f"lead {key} went back from {was} to {lead}")
            if lead.analysed_version > lead.version:
                faults.append(f"lead {key} shows a version that is not: {lead}")
        self._before, self._leads = dict(seen.tasks), dict(seen.leads)
        return faults


def _alone(now: SeenTask) -> list[str]:
    """Judge one row by itself."""
    faults = []
    if (now.result is not None) != (now.state is TaskState.SUCCEEDED):
        faults.append(f"{now.state} with result {now.result!r}")
    if now.result is not None and json.loads(now.result)["attempt"] != now.attempt:
        faults.append(f"attempt {now.attempt} stands with the result {now.result!r}")
    if (now.worker is not None) != (now.state is TaskState.RUNNING):
        faults.append(f"{now.state} in the name of {now.worker}")
    if now.waits != (now.state is TaskState.WAITING):
        faults.append(f"{now.state} with a back-off" if now.waits else "waits for no time")
    if now.state is TaskState.WAITING and now.attempt >= now.max_attempts:
        faults.append(f"waits for attempt {now.attempt + 1} of {now.max_attempts}")
    numbers = [one.attempt for one in now.attempts]
    if numbers != sorted(set(numbers)) or any(number > now.attempt for number in numbers):
        faults.append(f"keeps attempts {numbers} at attempt {now.attempt}")
    return faults


def _since(before: SeenTask, now: SeenTask, *, replayed: bool) -> list[str]:
    """Judge what became of a row."""
    faults = []
    is_changed = now not in (before, before._replace(key=None))  # an undone task's key goes back
    if before.state in FINISHED_STATES and is_changed:
        if not replayed or before.state not in REPLAYABLE_STATES:
            faults.append(f"finished as {before.state} and changed to {now.state}")
        elif now.attempt <= before.attempt:
            faults.append("replayed under a number that an older attempt had")
    if now.attempt < before.attempt:
        faults.append(f"its attempt fell from {before.attempt} to {now.attempt}")
    if now.attempts[: len(before.attempts)] != before.attempts:
        faults.append("an ended attempt was forgotten or changed")
    began = now.state is TaskState.RUNNING and before.state is not TaskState.RUNNING
    if began and now.attempt <= before.attempt:
        faults.append(f"runs again under the same number {now.attempt}")
    return faults


def result_of(attempt: int, **analysis: object) -> bytes:
    """Return the result that only this attempt brings, an analysis where it was given a lead."""
    result = {"attempt": attempt, **analysis}
    return json.dumps(result, separators=(",", ":"), sort_keys=True).encode()
