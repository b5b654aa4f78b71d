"""Section ``auth``: how callers are known. It names secrets and never holds one."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.caller import Scope
from serve_app.addresses import is_loopback

HS256_SECRET_VARIABLE = "GARDENOS_AUTH__HS256_SECRET"  # noqa: S105 - a variable's name
TOKEN_SETTINGS = ("issuer", "audience", "jwks_url", "jwks_file", "hs256_secret_file")
"""What makes no sense without tokens; somebody who sets it expects that they are checked."""

Claim = Annotated[str, Field(pattern=r"^[A-Za-z_][\w:/-]*(\.[A-Za-z_][\w:/-]*)*$", max_length=200)]


class AuthMode(StrEnum):
    """How callers are known."""

    NONE = "none"
    """Not at all: whoever reaches a loopback address is the tenant ``default``."""

    API_KEY = "api_key"
    """By keys of ``gardenos keys create``."""

    JWT = "jwt"
    """By tokens that an issuer signed."""


class AuthSettings(BaseModel):
    """How callers are known, and for how long what was found out is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mode: AuthMode = Field(
        default=AuthMode.NONE, description="none (loopback only), api_key or jwt."
    )
    max_credential_bytes: Annotated[int, Field(ge=128, le=65_536)] = Field(
        default=8192, description="Longest key or token, in bytes."
    )
    cache_s: Annotated[float, Field(ge=0.1, le=300)] = Field(
        default=10.0,
        description="Seconds an API key is known without another look; a revoked one opens so long"
        " at most, and keys in use go on so long while the database is away.",
    )
    cache_size: Annotated[int, Field(ge=16, le=1_000_000)] = Field(
        default=10_000, description="Most keys, unknown ids, or tokens that are remembered."
    )
    lookup_interval_s: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.01, description="Least seconds between two statements that look keys up."
    )
    max_lookups: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="Most keys that wait for such a statement; more are refused."
    )
    issuer: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="What a token's iss must be.",
        examples=["https://PROJECT.supabase.co/auth/v1"],
    )
    audience: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="What a token's aud must be or hold.", examples=["authenticated"]
    )
    jwks_url: Annotated[str, Field(pattern=r"^https?://[^\s@#]+$", max_length=500)] | None = Field(
        default=None,
        description="Where the issuer's keys are; https except on loopback.",
        examples=["https://PROJECT.supabase.co/auth/v1/.well-known/jwks.json"],
    )
    jwks_file: Path | None = Field(
        default=None, description="A file of the issuer's keys instead; read again like an address."
    )
    algorithms: tuple[Literal["ES256", "RS256"], ...] = Field(
        default=("ES256", "RS256"),
        min_length=1,
        description="Algorithms of keys that are used; each key is good for its own alone.",
    )
    leeway_s: Annotated[float, Field(ge=0, le=300)] = Field(
        default=30.0, description="Seconds by which the issuer's clock may differ from ours."
    )
    jwks_fresh_s: Annotated[float, Field(ge=1, le=86_400)] = Field(
        default=300.0,
        description="Seconds after which keys are fetched again, in the background; a withdrawn key"
        " opens so long at most while the issuer answers.",
    )
    jwks_stale_s: Annotated[float, Field(ge=0, le=7 * 86_400)] = Field(
        default=3600.0,
        description="Seconds after that for which old keys serve while the issuer does not answer.",
    )
    jwks_retry_s: Annotated[float, Field(ge=0.1, le=3600)] = Field(
        default=10.0,
        description="Least seconds between two fetches, whatever keys tokens ask for.",
    )
    jwks_limit_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5.0, description="Seconds a fetch may take."
    )
    hs256: bool = Field(
        default=False,
        description="Whether tokens signed by a secret that we share with the issuer count too.",
    )
    hs256_secret_variable: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] = Field(
        default=HS256_SECRET_VARIABLE,
        description="Environment variable that holds that secret, 32 bytes or more.",
    )
    hs256_secret_file: Path | None = Field(
        default=None, description="File that holds that secret; wins over the variable."
    )
    tenant_claim: Claim = Field(
        default="app_metadata.tenant_id",
        description="Claim that names the tenant; dots lead into objects.",
    )
    scope_claim: Claim = Field(
        default="scope", description="Claim with scopes, as a list or parted by spaces."
    )
    role_claim: Claim = Field(default="role", description="Claim with one role, or a list of them.")
    role_scopes: dict[str, tuple[Scope, ...]] = Field(
        default_factory=dict,
        max_length=100,
        description="Scopes that a role grants; a role that is not named grants none.",
        examples=[{"authenticated": ["read", "write"]}],
    )

    @property
    def keeps_strangers_out(self) -> bool:
        """Whether callers are known by more than the address they come from."""
        return self.mode is not AuthMode.NONE

    @field_validator("jwks_url")
    @classmethod
    def _not_in_the_clear(cls, url: str | None) -> str | None:
        parts = urlsplit(url) if url else None
        if parts and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ValueError("an https address: whoever changes keys on their way is every tenant")
        return url

    @field_validator("tenant_claim", "scope_claim", "role_claim")
    @classmethod
    def _not_the_users_own(cls, claim: str) -> str:
        if claim.split(".", maxsplit=1)[0] in {"user_metadata", "raw_user_meta_data"}:
            raise ValueError("a claim that users cannot write themselves, such as app_metadata")
        return claim

    @model_validator(mode="after")
    def _tokens_have_what_they_need(self) -> Self:
        given = [name for name in TOKEN_SETTINGS if getattr(self, name) is not None]
        given += ["hs256"] if self.hs256 else []
        if self.mode is not AuthMode.JWT:
            if given:
                raise ValueError(f"mode jwt together with {', '.join(given)}")
            return self
        missing = [name for name in ("issuer", "audience") if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{' and '.join(missing)}, which mode jwt needs")
        if self.jwks_url and self.jwks_file:
            raise ValueError("one of jwks_url and jwks_file")
        if not (self.jwks_url or self.jwks_file or self.hs256):
            raise ValueError("jwks_url, jwks_file or hs256, one of which mode jwt needs")
        if self.hs256_secret_file and not self.hs256:
            raise ValueError("hs256: true together with hs256_secret_file")
        return self
