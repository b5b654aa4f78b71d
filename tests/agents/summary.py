"""The agent that says in one sentence what a lead wants, by a model or from its fields."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import orjson
from pydantic import Field
from uuid_utils.compat import uuid7

from actors.agent import AgentResult, Clock
from actors.collaborators import Collaborators
from actors.payloads import read_payload
from actors.prompt_folder import Prompt, load_prompt
from actors.questions import Models, Question
from domain.analysis import AnalysisInput, Route
from domain.ids import AgentKind
from domain.intake import read_lead
from domain.lead import Frozen, Lead
from domain.task import TaskEnvelope
from domain.usage import Usage, UsageSummary, summarise
from scoring.reading import read_message


class Sentence(Frozen):
    """What the model is asked for."""

    sentence: Annotated[str, Field(min_length=1, max_length=400)]


class Summary(Frozen):
    """What the agent answers."""

    lead_id: str
    sentence: str
    route: Route
    degraded_because: str | None = None
    usage: UsageSummary = UsageSummary()


class SummaryAgent:
    """Asks a model for one sentence; without one it names what the form says."""

    kind = AgentKind("summary")

    def __init__(self, collaborators: Collaborators) -> None:
        self._folder = collaborators.prompts
        self._models: Models | None = collaborators.models
        self._budget_chars = collaborators.model.message_budget_chars
        self._prompt = Prompt("", "")

    async def start(self) -> None:
        """Read the prompt and open the connections, where there is a model."""
        if self._models is not None:
            self._prompt = load_prompt(self._folder)
            await self._models.start()

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Summarise the lead in the payload, an AnalysisInput.

        Raises:
            AgentError: ``payload_invalid``: the payload is no AnalysisInput.
        """
        lead = read_payload(envelope.payload, AnalysisInput).lead
        if self._models is None:
            return _result(_from_fields(lead, Route.LOCAL))
        calls = self._models.open(envelope, clock)
        reply = await calls.ask(self._question(lead))
        if reply.value is None:
            summary = _from_fields(lead, Route.DEGRADED, reply.degraded_because)
        else:
            summary = Summary(
                lead_id=lead.lead_id, sentence=reply.value.sentence, route=Route.MODEL
            )
        return _result(summary, calls.usage)

    def payload(self, asked: object) -> bytes:
        """Return the payload for a Lead or a mapping of its fields.

        Raises:
            InvalidInputError: It cannot be a lead; names the field.
        """
        if isinstance(asked, Mapping):
            asked = read_lead(asked, received_at=datetime.now(UTC), new_lead_id=str(uuid7()))
        return AnalysisInput.model_validate({"lead": asked}).model_dump_json().encode()

    def answer(self, result: bytes) -> Summary:
        """Return the result of a run as a Summary."""
        return Summary.model_validate_json(result)

    def _question(self, lead: Lead) -> Question[Sentence]:
        message = read_message(lead.message, budget_chars=self._budget_chars).text
        data = {"service": lead.service, "timeline": lead.timeline, "message": message}
        return Question(
            name="summary",
            system=self._prompt.text,
            user=orjson.dumps(data).decode(),
            answer=Sentence,
            max_output_tokens=120,
            prompt_version=self._prompt.version,
        )


def _from_fields(lead: Lead, route: Route, because: str | None = None) -> Summary:
    """Say what the form says; the message needs a reader, so nothing is claimed of it."""
    said = [
        f"asks for {lead.service.replace('_', ' ')}" if lead.service else "names no service",
        f"{lead.area_m2:g} square metres" if lead.area_m2 else "no area given",
        f"start: {lead.timeline.replace('_', ' ')}" if lead.timeline else "no start given",
    ]
    return Summary(
        lead_id=lead.lead_id,
        sentence=f"The form {', '.join(said)}.",
        route=route,
        degraded_because=because,
    )


def _result(summary: Summary, usage: tuple[Usage, ...] = ()) -> AgentResult:
    billed = summary.model_copy(update={"usage": summarise(usage)})
    return AgentResult(billed.model_dump_json().encode(), usage)
