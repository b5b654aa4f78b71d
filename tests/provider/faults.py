"""What can go wrong with a call, and the rules that say which calls it happens to."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tests.provider.protocol import ChatRequest, ResponseFormat


class Fault(StrEnum):
    """One way to misbehave; the value is the name on the command line and in the log."""

    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    MODEL_NOT_FOUND = "model_not_found"
    CONTEXT_TOO_LONG = "context_too_long"
    NO_JSON_SCHEMA = "no_json_schema"
    NO_JSON_OBJECT = "no_json_object"
    LATE = "late"
    SLOW_BODY = "slow_body"
    HANG = "hang"
    RESET = "reset"
    CLOSE_EARLY = "close_early"
    HALF_BODY = "half_body"
    GARBAGE = "garbage"
    HTML_PAGE = "html_page"
    OVERSIZED = "oversized"
    NO_CHOICES = "no_choices"
    HALF_CONTENT = "half_content"
    WRONG_SCHEMA = "wrong_schema"
    PROSE = "prose"
    FENCE = "fence"
    THINKING = "thinking"
    EMPTY_CONTENT = "empty_content"
    NULL_CONTENT = "null_content"
    CUT_BY_LENGTH = "cut_by_length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    NO_USAGE = "no_usage"
    NULL_USAGE = "null_usage"


EXPLANATIONS: dict[Fault, str] = {
    Fault.RATE_LIMITED: "429, with Retry-After where the rule sets one",
    Fault.QUOTA_EXCEEDED: "429 of code insufficient_quota: the account has no money left",
    Fault.SERVER_ERROR: "500 with an error in JSON",
    Fault.BAD_GATEWAY: "502 with an error in JSON",
    Fault.UNAVAILABLE: "503 with an error in JSON, with Retry-After where the rule sets one",
    Fault.UNAUTHORIZED: "401, whatever the key",
    Fault.FORBIDDEN: "403",
    Fault.MODEL_NOT_FOUND: "404, whatever the model",
    Fault.CONTEXT_TOO_LONG: "400 of code context_length_exceeded",
    Fault.NO_JSON_SCHEMA: "400 to calls that ask for json_schema; others are answered",
    Fault.NO_JSON_OBJECT: "400 to calls that ask for json_object; others are answered",
    Fault.LATE: "the right answer, extra_ms later",
    Fault.SLOW_BODY: "the right answer, its body in small pieces over extra_ms",
    Fault.HANG: "no answer until the client closes",
    Fault.RESET: "the connection is reset (RST) without an answer",
    Fault.CLOSE_EARLY: "the connection is closed (FIN) without an answer",
    Fault.HALF_BODY: "200, half of the announced body, then closed",
    Fault.GARBAGE: "200 with bytes that are no JSON",
    Fault.HTML_PAGE: "200 with a page of HTML, as a captive portal or a proxy sends it",
    Fault.OVERSIZED: "200 with an answer of size_bytes",
    Fault.NO_CHOICES: "200 with an empty list of choices",
    Fault.HALF_CONTENT: "a whole envelope whose content is JSON cut in the middle",
    Fault.WRONG_SCHEMA: "content is JSON that breaks the schema",
    Fault.PROSE: "sentences before and after the JSON",
    Fault.FENCE: "the JSON inside a Markdown fence",
    Fault.THINKING: "a block of thoughts before the JSON",
    Fault.EMPTY_CONTENT: "content is the empty string",
    Fault.NULL_CONTENT: "content is null",
    Fault.CUT_BY_LENGTH: "content cut in the middle, finish_reason length",
    Fault.CONTENT_FILTER: "no content, finish_reason content_filter",
    Fault.REFUSAL: "content null, a refusal in its place",
    Fault.NO_USAGE: "the right answer without usage",
    Fault.NULL_USAGE: "the right answer with usage null",
}

_ONLY_FOR = {
    Fault.NO_JSON_SCHEMA: ResponseFormat.JSON_SCHEMA,
    Fault.NO_JSON_OBJECT: ResponseFormat.JSON_OBJECT,
}


class RetryAfterForm(StrEnum):
    """How the wait is written: Retry-After in seconds or as a date, retry-after-ms, or nonsense."""

    SECONDS = "seconds"
    DATE = "date"
    MILLISECONDS = "milliseconds"
    NONSENSE = "nonsense"


class Rule(BaseModel):
    """One fault and the calls it happens to; conditions that are absent hold for every call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    model: str | None = Field(default=None, description="Only calls of this model.")
    schema_name: str | None = Field(default=None, description="Only calls that name this schema.")
    format: ResponseFormat | None = Field(
        default=None, description="Only calls of this response_format."
    )
    contains: str | None = Field(
        default=None, description="Only calls whose user turn contains this text."
    )
    calls: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="Only these, counted from 1 over the calls that meet the conditions above"
        " since the rule was set.",
    )
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="At most this often."
    )
    retry_after_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="Seconds; for rate_limited, quota_exceeded, unavailable."
    )
    retry_after_form: RetryAfterForm = RetryAfterForm.SECONDS
    status: Annotated[int, Field(ge=400, le=599)] | None = Field(
        default=None, description="Another status than the fault's own."
    )
    extra_ms: Annotated[float, Field(ge=0)] = Field(
        default=1000.0, description="Milliseconds; for late and slow_body."
    )
    size_bytes: Annotated[int, Field(ge=1, le=256 * 1024 * 1024)] = Field(
        default=4 * 1024 * 1024, description="For oversized."
    )


@dataclass(slots=True)
class _Course:
    """How far a rule has come."""

    rule: Rule
    rng: random.Random
    met: int = 0
    played: int = 0


class Schedule:
    """Chooses the rule for each call; the first that applies wins.

    Each rule draws from its own source of chance, so that adding one leaves the others as they
    were.
    """

    def __init__(self, rules: Sequence[Rule], *, seed: int) -> None:
        self._courses = [
            _Course(rule, random.Random(f"{seed}/{place}"))  # noqa: S311 - repeatable on purpose
            for place, rule in enumerate(rules)
        ]

    def choose(self, request: ChatRequest) -> Rule | None:
        """Return the rule for the next call, or None where it is answered as it should be."""
        return next((one.rule for one in self._courses if _plays(one, request)), None)


def _plays(course: _Course, request: ChatRequest) -> bool:
    rule = course.rule
    if not _concerns(rule, request):
        return False
    course.met += 1
    if rule.calls and course.met not in rule.calls:
        return False
    if rule.times is not None and course.played >= rule.times:
        return False
    if rule.probability < 1 and course.rng.random() >= rule.probability:
        return False
    course.played += 1
    return True


def _concerns(rule: Rule, request: ChatRequest) -> bool:
    wanted = (
        (rule.model, request.model),
        (rule.schema_name, request.schema_name),
        (rule.format, request.format),
        (_ONLY_FOR.get(rule.fault), request.format),
    )
    if any(sought is not None and sought != given for sought, given in wanted):
        return False
    return rule.contains is None or rule.contains in request.user_turn
