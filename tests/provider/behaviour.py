"""How the provider behaves: everything that can be set at the start or while it runs."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from tests.provider.faults import Rule

Milliseconds = Annotated[float, Field(ge=0, le=600_000)]
Tokens = Annotated[int, Field(ge=0, le=10_000_000)]


class BrainName(StrEnum):
    """What makes the answers."""

    READING = "reading"
    OBEDIENT = "obedient"
    MINIMAL = "minimal"
    SCRIPTED = "scripted"


class Behaviour(BaseModel):
    """Settings of the provider; the defaults answer every call at once and well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: str | None = Field(
        default=None, description="The only key that is accepted; absent: every key, or none."
    )
    models: tuple[str, ...] = Field(
        default=(), description="The models that exist; empty: every name does."
    )
    latency_ms: Milliseconds = Field(default=0.0, description="Before every answer.")
    jitter_ms: Milliseconds = Field(
        default=0.0, description="The latency varies by up to this much, evenly, either way."
    )
    seed: int = Field(default=0, description="Of all chance: jitter, probabilities, obedience.")
    rules: tuple[Rule, ...] = Field(default=(), description="Faults; the first that applies wins.")
    brain: BrainName = BrainName.READING
    answers: tuple[JsonValue, ...] = Field(
        default=(), description="Of the scripted brain, in turn; the last one stays."
    )
    obedience: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1.0, description="Share of orders that the obedient brain obeys."
    )
    prompt_tokens: Tokens | None = Field(
        default=None, description="What every answer says; absent: a quarter of the characters."
    )
    completion_tokens: Tokens | None = Field(default=None, description="The same for the answer.")
    cached_tokens: Tokens = Field(
        default=0, description="Of the prompt's tokens, as every answer says."
    )
    caches_prefix: bool = Field(
        default=False,
        description="Count a system message as cached from its second call of a model on.",
    )
    max_in_flight: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Further calls at the same time get 429."
    )
    demands_json_word: bool = Field(
        default=True, description="Refuse json_object where no message says json."
    )
    checks_schema: bool = Field(
        default=True, description="Refuse a strict schema that strict mode does not allow."
    )

    @model_validator(mode="after")
    def _a_script_has_answers(self) -> Self:
        if (self.brain is BrainName.SCRIPTED) != bool(self.answers):
            raise ValueError("the scripted brain and answers belong together")
        return self

    def changed(self, **fields: Any) -> "Behaviour":
        """Return the behaviour with other values for some fields.

        Raises:
            pydantic.ValidationError: Unknown field, or a value out of range.
        """
        return Behaviour.model_validate({**dict(self), **fields})
