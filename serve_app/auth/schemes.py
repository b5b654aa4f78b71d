"""How a credential is sent, for the OpenAPI document; FastAPI collects it by dependency."""

from typing import Any

from fastapi.openapi.models import APIKey, HTTPBearer
from fastapi.security.base import SecurityBase

from serve_app.auth.credential import KEY_HEADER


class CredentialScheme(SecurityBase):
    """A way to send a credential; it describes only, the gate has checked it by then."""

    def __init__(self, name: str, model: Any) -> None:
        """Describe a way by its name and model."""
        self.scheme_name = name
        self.model = model

    async def __call__(self) -> None:
        """Do nothing."""


BEARER = CredentialScheme(
    "bearer",
    HTTPBearer(
        description="An API key of `gardenos keys create`, or a token of the configured issuer."
        " Not needed where `auth.mode` is `none`, which serves loopback only."
    ),
)
KEY = CredentialScheme(
    "apiKey",
    APIKey.model_validate(
        {
            "in": "header",
            "name": KEY_HEADER,
            "description": "An API key, for who cannot send `Authorization`.",
        }
    ),
)
