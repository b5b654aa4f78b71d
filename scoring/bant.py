"""The salesperson's view of a lead: budget, authority, need, timeline."""

from domain.analysis import Bant, BantItem
from scoring.features import budget_text
from scoring.known import Known


def bant_of(known: Known) -> Bant:
    """Return what is known, each with its evidence; what is unknown says so and invents nothing."""
    nothing = BantItem(known=False)
    budget, role, need, timeline = (
        known.budget,
        known.decision_role,
        known.service,
        known.timeline,
    )
    return Bant(
        budget=_known(budget_text(budget.value), budget.evidence) if budget else nothing,
        authority=_known(role.value.value, role.evidence) if role else nothing,
        need=_known(need.value, need.evidence) if need else nothing,
        timeline=_known(timeline.value.value, timeline.evidence) if timeline else nothing,
    )


def _known(value: str, evidence: str) -> BantItem:
    return BantItem(known=True, value=value, evidence=evidence)
