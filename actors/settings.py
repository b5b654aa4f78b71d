"""Settings of the room: which models to ask, and how drafts are signed and bounded.

No secret stands here: an API key is named by the variable or the file that holds it.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

API_KEY_VARIABLE = "GARDENOS_MODEL__API_KEY"

Seconds = Annotated[float, Field(gt=0, le=3600)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=500)]


class Section(BaseModel):
    """A frozen group of settings that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Endpoint(Section):
    """A model of an OpenAI-compatible provider."""

    base_url: Url | None = Field(
        default=None,
        description="Address of the provider's API.",
        examples=["https://api.deepinfra.com/v1/openai"],
    )
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="The model as the provider calls it.",
        examples=["deepseek-ai/DeepSeek-V3.2"],
    )
    api_key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] = Field(
        default=API_KEY_VARIABLE, description="Environment variable that holds the key."
    )
    api_key_file: Path | None = Field(
        default=None,
        description="File that holds the key; read again when it changes. Wins over the variable.",
    )


class Variant(Endpoint):
    """A model that gets a share of the tasks, for comparison; unset fields are the main model's."""

    share: Annotated[float, Field(gt=0, lt=1)] = Field(description="Share of the tasks, 0 to 1.")


class ModelSettings(Endpoint):
    """Section ``model``: without a base_url and a name everything runs offline."""

    variants: tuple[Variant, ...] = Field(
        default=(), description="Models that get a share of the tasks, chosen by the task's id."
    )
    fallbacks: tuple[Endpoint, ...] = Field(
        default=(), description="Models asked in turn where the first fails; then offline."
    )
    timeout_s: Seconds = Field(default=30.0, description="Seconds one call may take.")
    connect_timeout_s: Seconds = Field(default=5.0, description="Seconds a connection may take.")
    run_limit_s: Seconds = Field(
        default=60.0, description="Seconds all calls of one task may take, waits included."
    )
    reserve_s: Annotated[float, Field(ge=0, le=60)] = Field(
        default=0.5, description="Seconds kept before a deadline to answer without the model."
    )
    retries: Annotated[int, Field(ge=0, le=10)] = Field(
        default=2, description="Further calls to the same model after a fault that may pass."
    )
    retry_base_s: Seconds = Field(default=0.2, description="Upper bound of the first wait.")
    retry_cap_s: Seconds = Field(
        default=5.0,
        description="Upper bound of every wait that the provider did not ask for by Retry-After.",
    )
    max_connections: Annotated[int, Field(ge=1, le=4096)] = Field(
        default=256, description="Connections of one replica to one provider."
    )
    message_budget_chars: Annotated[int, Field(ge=200, le=32_768)] = Field(
        default=6000,
        description="Characters of a message that the model gets; a longer one is cut to the"
        " sentences that say most.",
    )
    prices_file: Path | None = Field(
        default=None, description="TOML file whose prices add to or replace the built-in table."
    )

    @model_validator(mode="after")
    def _name_and_address_come_together(self) -> Self:
        if (self.base_url is None) != (self.name is None):
            given = "base_url" if self.name is None else "name"
            raise ValueError(f"base_url and name belong together; only {given} is given")
        if sum(variant.share for variant in self.variants) >= 1:
            raise ValueError("the shares of variants must sum to less than 1")
        if self.base_url is None and (self.variants or self.fallbacks):
            raise ValueError("variants and fallbacks need base_url and name")
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is a model to ask."""
        return self.base_url is not None


class ModelOverride(Section):
    """What one agent kind asks instead: only the fields that differ from section ``model``."""

    base_url: Url | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    api_key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] | None = None
    api_key_file: Path | None = None
    variants: tuple[Variant, ...] | None = None
    fallbacks: tuple[Endpoint, ...] | None = None
    timeout_s: Seconds | None = None
    offline: bool = Field(default=False, description="True: this kind never asks a model.")

    def applied_to(self, model: ModelSettings) -> ModelSettings | None:
        """Return the model settings of the kind, or None where it asks nobody.

        Raises:
            pydantic.ValidationError: The two do not fit together.
        """
        if self.offline:
            return None
        changes = self.model_dump(exclude_none=True, exclude={"offline"})
        merged = ModelSettings.model_validate({**model.model_dump(), **changes})
        return merged if merged.is_configured else None


class WritingSettings(Section):
    """Section ``writing``: who signs the drafts, and what they may say."""

    sender_name: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Who signs the drafts; absent: the business's team."
    )
    postal_address: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        default="Garden demo, 1 Example Street, Portland, OR 97201, USA",
        description="Stands under every e-mail; the law of many countries asks for it.",
    )
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{5,14}$")] | None = Field(
        default=None, description="E.164; the number that drafts may name."
    )
    links: tuple[Url, ...] = Field(
        default=(), description="The only links that drafts may hold, for example a booking page."
    )
    quiet_from: time = Field(
        default=time(20), description="From this local time of the lead nothing is sent."
    )
    quiet_until: time = Field(default=time(8), description="Until this local time of the lead.")
    quiet_weekdays: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        default=(6,), description="Days on which nothing is sent; Monday is 0."
    )
    email_max_chars: Annotated[int, Field(ge=200, le=8000)] = 1800
    sms_max_segments: Annotated[int, Field(ge=1, le=10)] = 3
    whatsapp_max_chars: Annotated[int, Field(ge=100, le=4096)] = 900
    phone_max_chars: Annotated[int, Field(ge=200, le=8000)] = 1500

    @model_validator(mode="after")
    def _some_time_is_left(self) -> Self:
        if self.quiet_from == self.quiet_until:
            raise ValueError("quiet_from and quiet_until are the same: nothing could ever be sent")
        if len(set(self.quiet_weekdays)) == len("MTWTFSS"):
            raise ValueError("quiet_weekdays holds every day: nothing could ever be sent")
        return self
