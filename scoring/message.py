"""A lead's message read once, for everyone who asks of it: orders left out, candidates found."""

from dataclasses import dataclass
from functools import cached_property

from domain.analysis import AnalysisInput, Fact
from domain.lead import MAX_MESSAGE_BYTES, Lead
from scoring.candidates import Candidates, find_candidates
from scoring.clauses import Reading as ReadyText
from scoring.clauses import made_ready
from scoring.extractor import best_facts
from scoring.reading import Cleaned, Reading, clean, shortened


@dataclass(frozen=True)
class ReadMessage:
    """What was read of a lead's message; what is costly is found when it is first asked for.

    Attributes:
        lead: Whose message it is.
        cleaned: The whole message, without its orders to the machine.
        reading: The part of it that the patterns read.
    """

    lead: Lead
    cleaned: Cleaned
    reading: Reading

    @cached_property
    def whole(self) -> ReadyText:
        """The whole message made ready, for claims to be held against."""
        text = self.cleaned.text if self.reading.truncated else self.reading.text
        return _made_ready(self.lead, text)

    @cached_property
    def candidates(self) -> Candidates:
        """Everything in the whole message that could be a fact."""
        return find_candidates(self.whole)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What the patterns find in the part that they read."""
        if not self.reading.truncated:
            return best_facts(self.candidates, self.whole)
        ready = _made_ready(self.lead, self.reading.text)
        return best_facts(find_candidates(ready), ready)

    def part(self, budget_chars: int) -> Reading:
        """Return the part of the message that fits a budget, at least 1 character."""
        return shortened(self.cleaned, budget_chars=budget_chars)


def read_once(given: AnalysisInput, *, budget_chars: int = MAX_MESSAGE_BYTES) -> ReadMessage:
    """Read the message of a lead.

    Args:
        given: The lead.
        budget_chars: How much of the message the patterns read, at least 1.
    """
    cleaned = clean(given.lead.message)
    return ReadMessage(given.lead, cleaned, shortened(cleaned, budget_chars=budget_chars))


def _made_ready(lead: Lead, text: str) -> ReadyText:
    country = lead.location.country if lead.location else None
    return made_ready(text, locale=lead.locale, country=country, created_at=lead.created_at)
