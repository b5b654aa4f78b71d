"""The agent that gives a lead its number, its reasons and its next step, without a model."""

from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter

from pydantic import ValidationError
from uuid_utils.compat import uuid7

from actors.agent import AgentResult, Clock
from actors.collaborators import Collaborators
from domain.analysis import AnalysisInput, LeadAnalysis
from domain.errors import AgentError
from domain.intake import read_lead
from domain.lead import Lead
from domain.task import LEAD_ANALYSIS, TaskEnvelope
from scoring.analyse import analyse


class LeadAnalysisAgent:
    """Scores a lead by the scorecard; a run takes milliseconds and calls nobody."""

    kind = LEAD_ANALYSIS

    def __init__(self, collaborators: Collaborators) -> None:
        self._scoring = collaborators.scoring
        self._scorecard = collaborators.scorecard

    async def start(self) -> None:
        """Open nothing: this agent needs no connection."""

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Analyse the lead in the payload, an AnalysisInput; the result is a LeadAnalysis.

        Raises:
            AgentError: ``payload_invalid``: the payload is no AnalysisInput.
        """
        began_s = perf_counter()
        analysis = analyse(
            _given(envelope.payload),
            profile=self._scoring.profile,
            scorecard=self._scorecard,
            as_of=datetime.fromtimestamp(clock(), UTC),
            message_budget_chars=self._scoring.message_budget_chars,
        )
        latency_ms = round((perf_counter() - began_s) * 1000, 3)
        analysis = analysis.model_copy(update={"latency_ms": latency_ms})
        return AgentResult(analysis.model_dump_json().encode())

    def payload(self, asked: object) -> bytes:
        """Return the payload for a Lead, an AnalysisInput or a mapping of either's fields.

        Raises:
            InvalidInputError: The mapping cannot be a lead; names the field.
            pydantic.ValidationError: It is neither.
        """
        if isinstance(asked, Mapping) and "lead" not in asked:
            asked = read_lead(asked, received_at=datetime.now(UTC), new_lead_id=str(uuid7()))
        if isinstance(asked, Lead):
            asked = AnalysisInput(lead=asked)
        return AnalysisInput.model_validate(asked).model_dump_json().encode()

    def answer(self, result: bytes) -> LeadAnalysis:
        """Return the result of a run as a LeadAnalysis."""
        return LeadAnalysis.model_validate_json(result)


def _given(payload: bytes) -> AnalysisInput:
    try:
        return AnalysisInput.model_validate_json(payload)
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise AgentError("payload_invalid", ", ".join(fields) or "not JSON", False) from error
