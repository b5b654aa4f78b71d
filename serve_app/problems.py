"""From error to answer: one table, RFC 9457 problem details, never a traceback."""

import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from domain.errors import (
    AgentError,
    ConflictError,
    DatabaseUnavailableError,
    DeadlineExceededError,
    ForbiddenError,
    GardenosError,
    IdempotencyConflictError,
    InvalidInputError,
    LeadExistsError,
    NotFoundError,
    OverloadedError,
    PayloadTooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from serve_app.wording import allowed_of, kind_of_value

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:gardenos:problem:"
MAX_GOT_CHARACTERS = 80
MAX_ERRORS = 50

PRIVATE_FIELDS = frozenset({"contact", "message", "full_name", "email", "phone", "subject", "body"})
"""Parts of a path whose value is never repeated in a problem: it may end in a log."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

SOURCES = frozenset({"body", "query", "path", "header"})


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Dotted path of the field, or name of the parameter.")
    got: str = Field(description="What came, shortened; persons' data is described, not repeated.")
    allowed: str = Field(description="What would be accepted, in words.")


class Problem(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "type": TYPE_PREFIX + "invalid-input",
                    "title": "The request cannot be used",
                    "status": 422,
                    "detail": "budget.currency: got 17; allowed: text",
                    "instance": "/v1/leads",
                    "errors": [{"field": "budget.currency", "got": "17", "allowed": "text"}],
                }
            ]
        },
    )

    type: str = Field(description="Name of the kind of problem; stable.")
    title: str = Field(description="The kind in words; the same for every problem of the kind.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time.")
    instance: str = Field(description="Path of the request.")
    errors: tuple[FieldProblem, ...] = Field(default=(), description="Every field at fault.")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A row of the table."""

    name: str
    title: str
    status: int


INVALID_INPUT = ProblemKind("invalid-input", "The request cannot be used", 422)
INTERNAL = ProblemKind("internal", "Something went wrong on our side", 500)

KINDS: Mapping[type[Exception], ProblemKind] = {
    UnauthenticatedError: ProblemKind("unauthenticated", "Nobody we know is calling", 401),
    ForbiddenError: ProblemKind("forbidden", "The caller may not do this", 403),
    PayloadTooLargeError: ProblemKind("too-large", "The request is too large", 413),
    InvalidInputError: INVALID_INPUT,
    NotFoundError: ProblemKind("not-found", "There is no such thing", 404),
    LeadExistsError: ProblemKind("lead-exists", "The lead_id is taken by another lead", 409),
    IdempotencyConflictError: ProblemKind(
        "idempotency-conflict", "The Idempotency-Key was used for another request", 409
    ),
    ConflictError: ProblemKind("conflict", "The present state forbids it", 409),
    DatabaseUnavailableError: ProblemKind(
        "database-unavailable", "The database cannot answer now", 503
    ),
    OverloadedError: ProblemKind("overloaded", "Too much is waiting already", 429),
    UnavailableError: ProblemKind("unavailable", "Something we need cannot answer now", 503),
    DeadlineExceededError: ProblemKind(
        "deadline-exceeded", "The time for the request is over", 504
    ),
    AgentError: ProblemKind("agent-failed", "The agent could not do the task", 502),
    GardenosError: INTERNAL,
}
"""Our errors; a class that is missing counts as the nearest class above it."""

HTTP_KINDS: Mapping[int, ProblemKind] = {
    400: ProblemKind("malformed", "The request cannot be read", 400),
    404: ProblemKind("no-such-address", "There is nothing at this address", 404),
    405: ProblemKind("method-not-allowed", "The address does not take this method", 405),
    406: ProblemKind("not-acceptable", "We answer in JSON only", 406),
    413: KINDS[PayloadTooLargeError],
    415: ProblemKind("unsupported-media-type", "We read JSON only", 415),
}
"""Problems of HTTP itself, by status."""


def kind_of(error: GardenosError) -> ProblemKind:
    """Return the table's row for an error: its own class's, or the nearest parent's."""
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def describe(value: object, path: Sequence[str]) -> str:
    """Return what came in at most :data:`MAX_GOT_CHARACTERS`, without a person's data."""
    if value is None:
        return "null"
    if PRIVATE_FIELDS.intersection(path):
        length = f" of {len(value)} characters" if isinstance(value, str) else ""
        return kind_of_value(value) + length
    if isinstance(value, (dict, list, tuple)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = json.dumps(value) if isinstance(value, (str, int, float, bool)) else str(value)
    return text if len(text) <= MAX_GOT_CHARACTERS else text[: MAX_GOT_CHARACTERS - 1] + "…"


def field_problems(errors: Sequence[Mapping[str, Any]]) -> tuple[FieldProblem, ...]:
    """Return pydantic's errors as ours, at most :data:`MAX_ERRORS`, in their order."""
    return tuple(_field_problem(error) for error in errors[:MAX_ERRORS])


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    location = [str(part) for part in error["loc"]]
    path = location[1:] if len(location) > 1 and location[0] in SOURCES else location
    missing = error["type"] == "missing"
    return FieldProblem(
        field=".".join(path),
        got="nothing" if missing else describe(error.get("input"), path),
        allowed=allowed_of(error),
    )


def refused_field(error: ValidationError, prefix: str) -> InvalidInputError:
    """Return the first fault of a part of a request as an error that names it below ``prefix``."""
    first = field_problems(error.errors(include_url=False))[0]
    return InvalidInputError(f"{prefix}.{first.field}", first.got, first.allowed)


def problem(
    kind: ProblemKind, *, detail: str, instance: str, errors: tuple[FieldProblem, ...] = ()
) -> Problem:
    """Return the problem of a kind; the caller chooses detail and errors."""
    return Problem(
        type=TYPE_PREFIX + kind.name,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=instance,
        errors=errors,
    )


def problem_of(error: GardenosError, instance: str) -> Problem:
    """Return the problem that tells a caller of an error of ours."""
    kind = kind_of(error)
    errors: tuple[FieldProblem, ...] = ()
    if isinstance(error, InvalidInputError):
        errors = (FieldProblem(field=error.field, got=error.got, allowed=error.allowed),)
    detail = str(error) if kind is not INTERNAL else "The fault has been logged."
    return problem(kind, detail=detail, instance=instance, errors=errors)


def invalid(errors: Sequence[Mapping[str, Any]], instance: str) -> Problem:
    """Return the problem for what pydantic refused."""
    fields = field_problems(errors)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    first = fields[0]
    detail = f"{first.field}: got {first.got}; allowed: {first.allowed}{more}"
    return problem(INVALID_INPUT, detail=detail, instance=instance, errors=fields)


def respond(answer: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the HTTP answer that carries a problem."""
    body = answer.model_dump(mode="json", exclude=None if answer.errors else {"errors"})
    return JSONResponse(
        body, status_code=answer.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


async def _on_our_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, GardenosError):
        raise error
    answer = problem_of(error, request.url.path)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request_failed", extra={"problem": answer.type, "route": route_of(request)})
    return respond(answer, {**challenge(request, error), **retry_after([error])})


def route_of(request: Request) -> str:
    """Return the address as the route writes it, for logs: a path may hold a person's address."""
    return str(getattr(request.scope.get("route"), "path", "none"))


def retry_after(answers: Iterable[object]) -> dict[str, str]:
    """Return the header that says when to come again, where any of the answers asks for it."""
    waits_s = [one.retry_after_s for one in answers if isinstance(one, UnavailableError)]
    return {"Retry-After": str(max(1, math.ceil(max(waits_s))))} if waits_s else {}


def challenge(request: Request, error: GardenosError) -> dict[str, str]:
    """Return the header that says how to be let in (RFC 9110, section 11.6.1; RFC 6750)."""
    said = 'Bearer realm="gardenos"'
    if isinstance(error, UnauthenticatedError):
        if "authorization" in request.headers or "x-api-key" in request.headers:
            said += ', error="invalid_token"'
    elif isinstance(error, ForbiddenError):
        wanted = error.lacking.replace(",", "")
        said += f', error="insufficient_scope", scope="{wanted}"'
    else:
        return {}
    return {"WWW-Authenticate": said}


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return respond(invalid(error.errors(), request.url.path))


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    kind = HTTP_KINDS.get(error.status_code)
    if kind is None:
        phrase = HTTPStatus(error.status_code).phrase
        kind = ProblemKind(phrase.lower().replace(" ", "-"), phrase, error.status_code)
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"{request.url.path} is not an address of this API; see /docs"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods_of(request))
        detail = f"{request.method} is not taken here; allowed: {headers['Allow']}"
    return respond(problem(kind, detail=detail, instance=request.url.path), headers)


def methods_of(request: Request) -> tuple[str, ...]:
    """Return every method that the request's address takes, over all routes of it."""
    return tuple(
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )


async def _on_fault(request: Request, error: Exception) -> JSONResponse:
    extra = {"route": route_of(request), "fault": type(error).__name__}
    logger.error("request_crashed", extra=extra)
    return respond(
        problem(INTERNAL, detail="The fault has been logged.", instance=request.url.path)
    )


def install(api: FastAPI) -> None:
    """Make every error of the application answer as a problem."""
    api.add_exception_handler(GardenosError, _on_our_error)
    api.add_exception_handler(RequestValidationError, _on_invalid_request)
    api.add_exception_handler(HTTPException, _on_http_error)
    api.add_exception_handler(Exception, _on_fault)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI responses for the statuses, plus those that every address may give."""
    titles: dict[int, list[str]] = {}
    for kind in [*KINDS.values(), *HTTP_KINDS.values()]:
        if kind.title not in titles.setdefault(kind.status, []):
            titles[kind.status].append(kind.title)
    always = (401, 403, 406, 422, 500, 503, 504)
    return {
        status: {
            "description": "; or: ".join(titles[status]),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, *always})
    }
