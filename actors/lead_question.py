"""What the lead analysis asks a model: which facts, in what shape, of which data."""

from collections.abc import Mapping
from typing import Annotated, cast

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from domain.lead import Lead, Location
from scoring.claim_forms import FORMS, ClaimForm, Kind
from scoring.claims import CLAIM_NAMES, Claim
from scoring.injection import injected_spans

QUESTION = "lead_facts"

MAX_FACTS = 64
"""Far more than there are names; an answer beyond is no answer."""

MAX_OUTPUT_TOKENS = 1200
"""Every name once, each with a sentence for a quote, and some room."""


def _as_text(value: JsonValue) -> JsonValue:
    """Take what a model without a schema may write for text: a number, a list, nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(cast("list[str]", value))
    return "" if value is None else orjson.dumps(value).decode()


class LeadFact(BaseModel):
    """A fact, with the words it follows from."""

    # This docstring and the next travel in the schema: they speak to the model.

    model_config = ConfigDict(frozen=True)

    # Only the schema binds the name: asking again costs more than dropping a fact nobody knows.
    name: str = Field(json_schema_extra={"enum": list(CLAIM_NAMES)})
    value: Annotated[str, BeforeValidator(_as_text)]
    quote: str


class LeadFacts(BaseModel):
    """The facts that stand in the message."""

    model_config = ConfigDict(frozen=True)

    facts: Annotated[tuple[LeadFact, ...], Field(max_length=MAX_FACTS)]


def claims_of(answer: LeadFacts) -> tuple[Claim, ...]:
    """Return the facts of an answer as scoring takes them."""
    return tuple(Claim(fact.name, fact.value, fact.quote) for fact in answer.facts)


def fact_list(forms: Mapping[str, ClaimForm] = FORMS) -> str:
    """Return the part of the prompt that names the facts, one a line, with their values."""
    return "\n".join(f"- {name}: {form.means} -> {_written(form)}" for name, form in forms.items())


def lead_document(lead: Lead, message: str) -> str:
    """Return what the model gets of a lead, as one JSON document.

    Nothing that names or reaches the person is in it, but for what stands in the message; nor is a
    field that gives orders.

    Args:
        lead: The lead.
        message: The part of its message that is read.
    """
    fields = {
        "created_at": lead.created_at.date().isoformat(),
        "locale": lead.locale,
        "service": lead.service,
        "location": _place(lead.location) if lead.location else None,
        "message": message,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value}).decode()


def _place(location: Location) -> dict[str, str]:
    """Return where the work is; a field of a form can hold orders as well as the message can."""
    said = location.model_dump(include={"postal_code", "city", "region", "country"})
    return {name: text for name, text in said.items() if text and not injected_spans(text)}


def _written(form: ClaimForm) -> str:
    if form.kind is Kind.YES:
        return "true"
    if form.kind is Kind.CHOICE:
        return f"one of {', '.join(form.values)}"
    return f"{form.written}: {', '.join(form.values)}" if form.values else form.written
