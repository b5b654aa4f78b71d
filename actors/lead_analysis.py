"""The agent that gives a lead its number, its reasons and its next step.

A model, where there is one, is asked which facts stand in the message. What it says is held
against the message, and the scorecard scores; without a model patterns alone read the message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from uuid_utils.compat import uuid7

from actors.agent import AgentResult, Clock
from actors.collaborators import Collaborators
from actors.lead_question import (
    MAX_OUTPUT_TOKENS,
    QUESTION,
    LeadFacts,
    claims_of,
    fact_list,
    lead_document,
)
from actors.payloads import read_payload
from actors.prompt_folder import Prompt, load_prompt
from actors.questions import Models, Question, Reply
from domain.analysis import AnalysisInput, LeadAnalysis, Route
from domain.intake import read_lead
from domain.lead import Lead
from domain.task import LEAD_ANALYSIS, TaskEnvelope
from domain.usage import Usage, summarise
from scoring.analyse import ModelAnswer, analyse, analyse_with_claims, needs_model
from scoring.message import ReadMessage, read_once
from scoring.reading import Reading, prompt_text


@dataclass(frozen=True, slots=True)
class Told:
    """What a model said of a lead.

    Attributes:
        read: The lead's message.
        shown: The part of it that the model got.
    """

    read: ReadMessage
    shown: Reading
    reply: Reply[LeadFacts]


class LeadAnalysisAgent:
    """Scores a lead by the scorecard, with the facts that patterns and a model find.

    A run asks at most one question, and none for a lead that a gate closes or that says nothing.
    """

    kind = LEAD_ANALYSIS

    def __init__(self, collaborators: Collaborators) -> None:
        self._scoring = collaborators.scoring
        self._scorecard = collaborators.scorecard
        self._folder = collaborators.prompts
        self._models: Models | None = collaborators.models
        self._model_budget_chars = collaborators.model.message_budget_chars
        self._prompt = Prompt("", "")

    async def start(self) -> None:
        """Read the prompt and open the connections, where there is a model.

        Raises:
            ConfigurationError: The prompt cannot be used.
        """
        if self._models is not None:
            self._prompt = load_prompt(self._folder, values={"facts": fact_list()})
            await self._models.start()

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Analyse the lead in the payload, an AnalysisInput; the result is a LeadAnalysis.

        Raises:
            AgentError: ``payload_invalid``: the payload is no AnalysisInput.
            PaidAgentError: The run was cancelled after a call to a model.
        """
        began_s = perf_counter()
        given = read_payload(envelope.payload, AnalysisInput)
        as_of = datetime.fromtimestamp(clock(), UTC)
        read = read_once(given, budget_chars=self._scoring.message_budget_chars)
        if self._models is None or not self._is_worth_asking(given, read):
            return _result(self._offline(given, read, as_of), (), began_s)
        calls = self._models.open(envelope, clock)
        shown = self._shown(read)
        reply = await calls.ask(self._question(given.lead, shown))
        told = Told(read, shown, reply)
        return _result(self._judge(given, told, as_of), calls.usage, began_s)

    def payload(self, asked: object) -> bytes:
        """Return the payload for a Lead, an AnalysisInput or a mapping of either's fields.

        Raises:
            InvalidInputError: The mapping cannot be a lead; names the field.
            pydantic.ValidationError: It is neither.
        """
        if isinstance(asked, Mapping) and "lead" not in asked:
            asked = read_lead(
                asked,
                received_at=datetime.now(UTC),
                new_lead_id=str(uuid7()),
                countries=self._scoring.profile.countries_for,
            )
        if isinstance(asked, Lead):
            asked = AnalysisInput(lead=asked)
        return AnalysisInput.model_validate(asked).model_dump_json().encode()

    def answer(self, result: bytes) -> LeadAnalysis:
        """Return the result of a run as a LeadAnalysis."""
        return LeadAnalysis.model_validate_json(result)

    def _is_worth_asking(self, given: AnalysisInput, read: ReadMessage) -> bool:
        return needs_model(given, profile=self._scoring.profile, read=read)

    def _shown(self, read: ReadMessage) -> Reading:
        """Return what the model gets to read of a lead's message."""
        return read.part(self._model_budget_chars)

    def _question(self, lead: Lead, reading: Reading) -> Question[LeadFacts]:
        return Question(
            name=QUESTION,
            system=self._prompt.text,
            user=lead_document(lead, prompt_text(reading)),
            answer=LeadFacts,
            max_output_tokens=MAX_OUTPUT_TOKENS,
            prompt_version=self._prompt.version,
        )

    def _offline(self, given: AnalysisInput, read: ReadMessage, as_of: datetime) -> LeadAnalysis:
        return analyse(
            given,
            profile=self._scoring.profile,
            scorecard=self._scorecard,
            as_of=as_of,
            read=read,
        )

    def _judge(self, given: AnalysisInput, told: Told, as_of: datetime) -> LeadAnalysis:
        """Score by what the model's claims are worth, or offline where it made none."""
        reply = told.reply
        if reply.value is None:
            because = reply.degraded_because
            degraded = {"route": Route.DEGRADED, "degraded_because": because}
            return self._offline(given, told.read, as_of).model_copy(update=degraded)
        return analyse_with_claims(
            given,
            ModelAnswer(
                claims_of(reply.value),
                llm=reply.llm or "",
                prompt_version=self._prompt.version,
                truncated=told.shown.truncated,
            ),
            profile=self._scoring.profile,
            scorecard=self._scorecard,
            as_of=as_of,
            read=told.read,
        )


def _result(analysis: LeadAnalysis, usage: tuple[Usage, ...], began_s: float) -> AgentResult:
    latency_ms = round((perf_counter() - began_s) * 1000, 3)
    counted = analysis.model_copy(update={"usage": summarise(usage), "latency_ms": latency_ms})
    return AgentResult(counted.model_dump_json().encode(), usage)
