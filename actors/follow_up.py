"""The agent that drafts a follow-up for a person to approve.

A model, where there is one, writes the personal part from a sheet of checked facts. What it wrote
is checked; it may write once more, told what was wrong; then the templates write. Without a model
the templates write at once, and so they do where the job is not for us: a refusal offers no visit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any

from uuid_utils.compat import uuid7

from actors.agent import AgentResult, Clock
from actors.collaborators import Collaborators
from actors.drafting.assignment import Assignment, Sender, sender_of
from actors.drafting.checks import SUBJECT_MAX_CHARS, DraftText, check_personal, check_text
from actors.drafting.choice import (
    choose_channel,
    choose_language,
    choose_tone,
    refuse_disqualified,
)
from actors.drafting.facts_sheet import FactsSheet, facts_sheet
from actors.drafting.frame import framed, unframed
from actors.drafting.question import (
    MAX_OUTPUT_TOKENS,
    QUESTION,
    DraftAnswer,
    as_turn,
    draft_document,
    message_for_writer,
    with_faults,
)
from actors.drafting.quiet_hours import send_not_before
from actors.drafting.sms import segments
from actors.drafting.template_writer import (
    WRITER,
    Check,
    subject_line,
    write_from_templates,
)
from actors.drafting.texts import version
from actors.payloads import read_payload
from actors.prompt_folder import Prompt, load_prompt
from actors.questions import ModelRun, Models, Question
from domain.analysis import AnalysisInput, LeadAnalysis, ModelVersion, Override, Route
from domain.errors import AgentError
from domain.follow_up import DraftFinding, FollowUp, FollowUpInput, FollowUpRequest, Stage
from domain.intake import read_lead
from domain.lead import OPEN_STATUSES, Channel, EventType, Lead, LeadStatus
from domain.task import FOLLOW_UP, TaskEnvelope
from domain.usage import Usage, summarise
from scoring.analyse import analyse
from scoring.reading import Reading, prompt_text, read_message

MODEL_WRITER = "model"
"""Name of the writer in :class:`domain.analysis.ModelVersion` where a model wrote."""

LEAD_CLOSED = "lead_closed"
QUOTE_UNKNOWN = "quote_unknown"
NO_EARLIER_CONTACT = "no_earlier_contact"
"""The draft speaks of an earlier message, but nothing says that there was one."""

DUPLICATE = "duplicate"
"""The person wrote before: ``duplicate:`` and the id of the first lead."""

_AFTER_CONTACT = frozenset(
    {
        EventType.EMAIL_OPENED,
        EventType.EMAIL_CLICKED,
        EventType.QUOTE_PAGE_VIEW,
        EventType.REPLY,
        EventType.VISIT,
        EventType.CALL_ANSWERED,
        EventType.CALL_MISSED,
    }
)
"""What happens only where we wrote, called or sent a quote before."""


@dataclass(frozen=True, slots=True)
class Job:
    """One draft to write, with everything its writers need."""

    given: FollowUpInput
    analysis: LeadAnalysis
    sheet: FactsSheet
    assignment: Assignment
    sender: Sender
    reading: Reading
    check: Check


@dataclass(frozen=True, slots=True)
class _Written:
    """A finished text, and how it came about."""

    text: DraftText
    findings: tuple[DraftFinding, ...]
    model: ModelVersion
    route: Route = Route.LOCAL
    degraded_because: str | None = None


class FollowUpAgent:
    """Writes drafts; a run asks at most two questions, and none where no draft may be written."""

    kind = FOLLOW_UP

    def __init__(self, collaborators: Collaborators) -> None:
        self._scoring = collaborators.scoring
        self._scorecard = collaborators.scorecard
        self._folder = collaborators.prompts
        self._models: Models | None = collaborators.models
        self._message_budget_chars = collaborators.model.message_budget_chars
        self._writing = collaborators.writing
        self._sender = sender_of(collaborators.writing, collaborators.scoring.profile)
        self._prompt = Prompt("", "")

    async def start(self) -> None:
        """Read the prompt and open the connections, where there is a model.

        Raises:
            ConfigurationError: The prompt cannot be used.
        """
        if self._models is not None:
            self._prompt = load_prompt(self._folder)
            await self._models.start()

    async def run(self, envelope: TaskEnvelope, clock: Clock) -> AgentResult:
        """Write the draft that the payload, a FollowUpInput, asks for; the result is a FollowUp.

        Raises:
            AgentError: ``payload_invalid``: the payload is no FollowUpInput;
                ``lead_disqualified``, ``channel_closed``, ``no_channel``: nothing may be written.
            PaidAgentError: The run was cancelled after a call to a model.
        """
        began_s = perf_counter()
        as_of = datetime.fromtimestamp(clock(), UTC)
        job = self._job(read_payload(envelope.payload, FollowUpInput), as_of)
        models = None if job.sheet.cannot_serve else self._models
        calls = models.open(envelope, clock) if models is not None else None
        written = self._from_templates(job) if calls is None else await self._ask(job, calls)
        usage = calls.usage if calls is not None else ()
        return _result(self._draft(job, written, as_of), usage, began_s)

    def payload(self, asked: object) -> bytes:
        """Return the payload for a FollowUpInput, a Lead, or a mapping of either's fields.

        A lead alone, or a mapping without ``request``, asks for a first reply.

        Raises:
            InvalidInputError: The mapping cannot be a lead; names the field.
            pydantic.ValidationError: It is neither.
        """
        if isinstance(asked, Mapping) and "lead" not in asked:
            asked = self._read(asked)
        if isinstance(asked, Lead):
            asked = {"lead": asked}
        if isinstance(asked, Mapping):
            asked = self._completed(asked)
        return FollowUpInput.model_validate(asked).model_dump_json().encode()

    def answer(self, result: bytes) -> FollowUp:
        """Return the result of a run as a FollowUp."""
        return FollowUp.model_validate_json(result)

    def _read(self, raw: Mapping[str, object]) -> Lead:
        return read_lead(
            raw,
            received_at=datetime.now(UTC),
            new_lead_id=str(uuid7()),
            countries=self._scoring.profile.countries_for,
        )

    def _completed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of an input with the lead read and the request about it filled in."""
        given = dict(asked)
        lead = given["lead"]
        given["lead"] = lead = self._read(lead) if isinstance(lead, Mapping) else lead
        request = given.get("request") or {}
        if isinstance(request, Mapping) and isinstance(lead, Lead):
            given["request"] = FollowUpRequest.model_validate({"lead_id": lead.lead_id, **request})
        return given

    def _job(self, given: FollowUpInput, as_of: datetime) -> Job:
        """Decide what is to be written, or refuse."""
        lead, request = given.lead, given.request
        if request.lead_id != lead.lead_id:
            raise AgentError("payload_invalid", "request.lead_id is not the lead's", False)
        analysis = self._analysis(given, as_of)
        refuse_disqualified(analysis)
        profile = self._scoring.profile
        sheet = facts_sheet(lead, analysis, profile=profile)
        reading = read_message(lead.message, budget_chars=self._message_budget_chars)
        language = choose_language(request.language, lead, reading.text)
        assignment = Assignment(
            stage=request.stage,
            channel=choose_channel(request.channel, sheet, analysis),
            tone=choose_tone(request.tone, lead, language, reading.text),
            language=language,
            today=as_of.astimezone(sheet.zone).date(),
        )
        check = partial(
            check_text, lead=lead, analysis=analysis, writing=self._writing, profile=profile
        )
        return Job(given, analysis, sheet, assignment, self._sender, reading, check)

    def _analysis(self, given: FollowUpInput, as_of: datetime) -> LeadAnalysis:
        """Return the analysis of this version of the lead, made by patterns where there is none.

        What a person undid in an older analysis stays undone.
        """
        newest = given.analysis
        if newest is not None and newest.lead_version == given.lead_version:
            return newest
        undone = [finding for finding in newest.gates if finding.undone] if newest else []
        overrides = tuple(
            Override(gate=finding.gate, by="an earlier analysis", at=as_of) for finding in undone
        )
        return analyse(
            AnalysisInput(lead=given.lead, lead_version=given.lead_version, overrides=overrides),
            profile=self._scoring.profile,
            scorecard=self._scorecard,
            as_of=as_of,
            message_budget_chars=self._scoring.message_budget_chars,
        )

    def _from_templates(self, job: Job, *, degraded_because: str | None = None) -> _Written:
        text, findings = write_from_templates(
            job.assignment, job.sheet, job.sender, check=job.check
        )
        return _Written(
            text,
            findings,
            ModelVersion(scorer=WRITER, version=version()),
            route=Route.DEGRADED if degraded_because else Route.LOCAL,
            degraded_because=degraded_because,
        )

    async def _ask(self, job: Job, calls: ModelRun) -> _Written:
        """Have the model write, once more where a check says no, and the templates after that.

        Warnings count here too: nobody asked the model to promise anything.
        """
        document = draft_document(
            job.assignment,
            job.sheet,
            job.sender,
            writing=self._writing,
            message=self._message(job),
        )
        asked = document
        findings: tuple[DraftFinding, ...] = ()
        for _ in range(2):
            reply = await calls.ask(self._question(asked))
            if reply.value is None:
                return self._from_templates(job, degraded_because=reply.degraded_because or "")
            personal = unframed(reply.value.body, job.assignment, job.sheet)
            text = self._around(job, personal, reply.value.subject)
            findings = self._findings(job, personal, text)
            if not findings:
                return self._by_model(text, reply.llm)
            asked = with_faults(document, reply.value, findings)
        names = ", ".join(sorted({finding.check for finding in findings}))
        return self._from_templates(job, degraded_because=f"checks_failed: {names}")

    def _message(self, job: Job) -> str:
        """Return what the model gets to read of the lead's message."""
        return message_for_writer(prompt_text(job.reading))

    def _findings(self, job: Job, personal: str, text: DraftText) -> tuple[DraftFinding, ...]:
        """Return what the checks say of the model's part, and of the text around it."""
        return check_personal(personal, job.assignment.language) + job.check(text)

    def _question(self, document: Mapping[str, Any]) -> Question[DraftAnswer]:
        return Question(
            name=QUESTION,
            system=self._prompt.text,
            user=as_turn(document),
            answer=DraftAnswer,
            max_output_tokens=MAX_OUTPUT_TOKENS,
            prompt_version=self._prompt.version,
        )

    def _around(self, job: Job, personal: str, subject: str | None) -> DraftText:
        """Return the model's words with greeting, signature and the rest around them."""
        line = " ".join((subject or "").split())
        usable = line and len(line) <= SUBJECT_MAX_CHARS
        return framed(
            personal,
            line if usable else subject_line(job.assignment, job.sheet, job.sender),
            assignment=job.assignment,
            sheet=job.sheet,
            sender=job.sender,
        )

    def _by_model(self, text: DraftText, llm: str | None) -> _Written:
        version_of_prompt = self._prompt.version
        made_by = ModelVersion(
            scorer=MODEL_WRITER,
            version=version_of_prompt,
            llm=llm,
            prompt_version=version_of_prompt,
        )
        return _Written(text, (), made_by, route=Route.MODEL)

    def _draft(self, job: Job, written: _Written, as_of: datetime) -> FollowUp:
        channel, text = job.assignment.channel, written.text
        window = job.sheet.window if channel is Channel.PHONE else None
        return FollowUp(
            lead_id=job.given.lead.lead_id,
            lead_version=job.given.lead_version,
            channel=channel,
            language=job.assignment.language,
            tone=job.assignment.tone,
            stage=job.assignment.stage,
            subject=text.subject,
            body=text.body,
            sms_segments=segments(text.body) if channel is Channel.SMS else None,
            send_not_before=send_not_before(as_of, job.sheet.zone, self._writing, window=window),
            drafted_at=as_of,
            findings=written.findings,
            flags=_flags(job),
            route=written.route,
            degraded_because=written.degraded_because,
            model=written.model,
        )


def _flags(job: Job) -> tuple[str, ...]:
    """Return what the person who approves should know: faults of the message, odd stages."""
    lead, stage = job.given.lead, job.assignment.stage
    flags = set(job.reading.flags)
    if lead.status not in OPEN_STATUSES:
        flags.add(LEAD_CLOSED)
    seen_quote = any(event.type is EventType.QUOTE_PAGE_VIEW for event in lead.events)
    quoted = lead.status is LeadStatus.QUOTED or seen_quote
    if stage is Stage.QUOTE_REMINDER and not quoted:
        flags.add(QUOTE_UNKNOWN)
    touched = any(event.type in _AFTER_CONTACT for event in lead.events)
    if stage is not Stage.FIRST_REPLY and lead.status is LeadStatus.NEW and not touched:
        flags.add(NO_EARLIER_CONTACT)
    if job.sheet.cannot_serve:
        flags.add(job.sheet.cannot_serve.value)
    if first := _first_lead(job):
        flags.add(f"{DUPLICATE}:{first}")
    return tuple(sorted(flags))


def _first_lead(job: Job) -> str | None:
    """Return the lead that this one repeats; an analysis of an older version still knows it."""
    seen = (job.analysis, job.given.analysis)
    return next((one.duplicate_of for one in seen if one and one.duplicate_of), None)


def _result(draft: FollowUp, usage: tuple[Usage, ...], began_s: float) -> AgentResult:
    latency_ms = round((perf_counter() - began_s) * 1000, 3)
    counted = draft.model_copy(update={"usage": summarise(usage), "latency_ms": latency_ms})
    return AgentResult(counted.model_dump_json().encode(), usage)
