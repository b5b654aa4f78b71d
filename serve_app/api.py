"""The FastAPI application: routers, problems and the OpenAPI document over one Services value."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serve_app import problems
from serve_app.routes import (
    agents,
    dead_letters,
    docs,
    events,
    follow_ups,
    health,
    lead_events,
    lead_overrides,
    leads,
    task_batches,
    task_results,
    tasks,
    usage,
    webhooks,
)
from serve_app.routes.views import LEAD_INPUT, LEAD_MARK
from serve_app.services import Services

DESCRIPTION = """Leads in, stored, scored with reasons, answered; drafts for people to approve.

* **Answer now:** `POST /v1/leads/analyze`. **Later:** `POST /v1/leads`, then `GET /v1/tasks/{id}`.
* A lead with a wrong value is accepted; the value is set aside and named in `flags`.
* What a 202 names is stored and will be done.
* A draft is sent to nobody; it waits at `GET /v1/follow-ups?state=awaiting_approval`.
* Errors are problem details (RFC 9457), lists go by cursor, times are ISO 8601 with zone.
"""

TAGS = [
    {"name": "leads", "description": "Enquiries, their analyses, and whom to call first."},
    {"name": "follow-ups", "description": "Drafts, which a person approves before they count."},
    {"name": "tasks", "description": "Work in the queue."},
    {"name": "webhooks", "description": "Who is told of events, signed and until accepted."},
    {"name": "usage", "description": "What models cost."},
    {"name": "agents", "description": "Who does the work."},
    {"name": "health", "description": "For probes."},
]

MADE_AT_INTAKE = frozenset({"flags", "set_aside"})
"""Fields of a lead that intake fills; a sender has no business with them."""


def build_api(services: Services) -> FastAPI:
    """Return the application that serves every address; it holds no state but ``services``."""
    api = FastAPI(
        title="GardenOS",
        summary="Lead analysis and follow-up drafts for a garden and landscaping business.",
        description=DESCRIPTION,
        version=version("gardenos"),
        openapi_tags=TAGS,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    api.state.services = services
    problems.install(api)
    # The longer addresses come first: an id may hold a slash, so /{lead_id:path} takes the rest.
    for resource in (lead_events, lead_overrides, leads):
        api.include_router(resource.router)
    for resource in (
        task_batches,
        task_results,
        dead_letters,
        events,
        tasks,
        follow_ups,
        webhooks,
        usage,
        agents,
        health,
        docs,
    ):
        api.include_router(resource.router)

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = describe(api)
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return api


def describe(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the lead as a sender posts it and our problems."""
    document = get_openapi(
        title=api.title,
        version=api.version,
        summary=api.summary,
        description=api.description,
        routes=api.routes,
        tags=api.openapi_tags,
        license_info=api.license_info,
    )
    schemas = document["components"]["schemas"]
    schemas["Problem"] = _inlined(problems.Problem.model_json_schema())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    referenced: dict[str, Any] = _with_references(document)
    referenced["components"]["schemas"][LEAD_INPUT] = lead_input(schemas["Lead"])
    return referenced


def lead_input(lead: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a posted lead from that of a stored one: nothing is required."""
    properties = {
        name: schema for name, schema in lead["properties"].items() if name not in MADE_AT_INTAKE
    }
    description = (
        "A lead as it is posted. Every field may be absent. A value that is wrong but real is"
        " accepted, set aside and named in the stored lead's `flags`."
    )
    return {
        "type": "object",
        "title": LEAD_INPUT,
        "description": description,
        "properties": properties,
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = schema.pop("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return walk(definitions[node["$ref"].rsplit("/", 1)[1]])
            return {name: walk(value) for name, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    inlined: dict[str, Any] = walk(schema)
    return inlined


def _with_references(node: Any) -> Any:
    if isinstance(node, dict):
        if node.get(LEAD_MARK) == LEAD_INPUT:
            return {"$ref": f"#/components/schemas/{LEAD_INPUT}"}
        return {name: _with_references(value) for name, value in node.items()}
    return [_with_references(item) for item in node] if isinstance(node, list) else node
