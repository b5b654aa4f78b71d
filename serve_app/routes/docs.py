"""The address ``/docs``: a page over ``/openapi.json`` that loads nothing from other machines."""

from importlib import resources

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

PAGE = resources.files("serve_app").joinpath("docs.html").read_text(encoding="utf-8")
POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
)
"""What the page may load: its own script and style, data from this service, nothing else."""


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})
