"""What becomes of a row in the end: an analysis, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch.preparation import NOBODY, Person, Reject


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with its analysis.

    Attributes:
        analysis: JSON of a LeadAnalysis, as the service gave it.
        resumed: Whether an earlier run had sent the row already.
    """

    line: int
    lead_id: str
    analysis: Mapping[str, Any]
    resumed: bool = False
    person: Person = NOBODY


@dataclass(frozen=True, slots=True)
class Failed:
    """A row whose task ended without a result; sent anew by the next run."""

    line: int
    lead_id: str
    error: str
    resumed: bool = False
    person: Person = NOBODY


RowResult = Scored | Failed | Reject
