"""What a lead shows of its analyses, in plain code: of the newest version the last begun."""

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.ids import TaskId, TenantId
from domain.task import Completion

LeadKey = tuple[TenantId, str]


class SeenLead(NamedTuple):
    """A lead's row: its version, and the version and the task of the analysis it shows."""

    version: int
    analysed_version: int
    analysis: TaskId | None


@dataclass(slots=True)
class ModelLead:
    """A lead; tasks that began at one moment have no order, so each of them may be shown."""

    text: str
    version: int = 1
    analysed_version: int = 0
    begun: int = 0
    shown: set[TaskId | None] = field(default_factory=lambda: {None})

    def fits(self, seen: SeenLead) -> bool:
        """Say whether a row is as modelled."""
        versions = (seen.version, seen.analysed_version)
        return versions == (self.version, self.analysed_version) and seen.analysis in self.shown


class LeadModel:
    """The leads that tasks are about; ``moment`` grows between what cannot be at once."""

    def __init__(self) -> None:
        self.moment = 0
        self.leads: dict[LeadKey, ModelLead] = {}

    def bring(self, key: LeadKey, text: str) -> None:
        """Store a lead; a changed text is its next version."""
        known = self.leads.setdefault(key, ModelLead(text))
        if known.text != text:
            known.text, known.version = text, known.version + 1

    def analysed(self, key: LeadKey, end: Completion, begun: int) -> None:
        """Show a stored result, unless what is shown is of a newer version or began later."""
        known = self.leads[key]
        version = version_of(end.result)
        if (version, begun) > (known.analysed_version, known.begun):
            known.shown = {end.task_id}
            known.analysed_version, known.begun = version, begun
        elif (version, begun) == (known.analysed_version, known.begun):
            known.shown.add(end.task_id)


def version_of(result: bytes | None) -> int:
    """Return which version of its lead a result is about."""
    return int(json.loads(result or b"{}").get("lead_version", 0))
