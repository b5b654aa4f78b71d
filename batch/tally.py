"""What has become of the rows so far: counts, cost, and the summary at the end."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from batch.preparation import Reject
from batch.results import Failed, RowResult, Scored
from domain.analysis import Route
from domain.usage import NANOUSD_PER_USD

REJECTS_SHOWN = 5


def rows_in_words(count: int) -> str:
    """Return a number of rows as it is said: ``1 row``, ``1,200 rows``."""
    return f"{count:,} {'row' if count == 1 else 'rows'}"


@dataclass(slots=True)
class Tally:
    """Counts of one run.

    Attributes:
        total: Rows of the file, or as many as were asked for.
        resumed: Rows that an earlier run had sent already.
        cost_nanousd: Cost of all rows' analyses, those of earlier runs included.
        first_rejects: A few to show.
        unpriced: Rows with calls to a model of unknown price, whose cost is not in there.
    """

    total: int
    scored: int = 0
    rejected: int = 0
    failed: int = 0
    resumed: int = 0
    cost_nanousd: int = 0
    unpriced: int = 0
    by_grade: Counter[str] = field(default_factory=Counter)
    by_route: Counter[str] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Reject] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Rows that have their result."""
        return self.scored + self.rejected + self.failed

    @property
    def degraded(self) -> int:
        """Rows that a fallback answered because the model could not."""
        return self.by_route[Route.DEGRADED]

    def count(self, result: RowResult) -> None:
        """Count one row."""
        match result:
            case Reject():
                self.rejected += 1
                self.by_fault[result.field] += 1
                if len(self.first_rejects) < REJECTS_SHOWN:
                    self.first_rejects.append(result)
            case Failed():
                self.failed += 1
                self.resumed += result.resumed
            case Scored():
                self.scored += 1
                self.resumed += result.resumed
                self._count_analysis(result)

    def _count_analysis(self, result: Scored) -> None:
        usage = result.analysis.get("usage") or {}
        self.cost_nanousd += int(usage.get("cost_nanousd") or 0)
        self.unpriced += bool(usage.get("unpriced_calls"))
        self.by_grade[str(result.analysis.get("grade"))] += 1
        self.by_route[str(result.analysis.get("route"))] += 1

    def summary(self, seconds: float) -> dict[str, Any]:
        """Return the counts as JSON; ``seconds`` is how long the scoring took."""
        return {
            "rows": self.total,
            "scored": self.scored,
            "rejected": self.rejected,
            "failed": self.failed,
            "resumed": self.resumed,
            "by_grade": dict(sorted(self.by_grade.items())),
            "by_route": dict(sorted(self.by_route.items())),
            "rejected_by_field": dict(self.by_fault.most_common()),
            "first_rejects": [asdict(one) for one in self.first_rejects],
            "cost_nanousd": self.cost_nanousd,
            "cost_usd": self.cost_nanousd / NANOUSD_PER_USD,
            "unpriced_rows": self.unpriced,
            "seconds": round(seconds, 2),
            "rows_per_s": round(self.done / seconds, 1) if seconds > 0 else 0.0,
        }
