"""What every route knows of its call: services, tenant, deadline, idempotency key."""

import hashlib
import time
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request, Security
from pydantic import StringConstraints

from domain.caller import Caller, Scope
from domain.errors import InvalidInputError
from domain.ids import AgentKind, LeadId, TaskId, TenantId
from domain.lead import LeadIdText
from domain.task import LEAD_ANALYSIS, Submission
from serve_app.auth.gate import NeededScopes, caller_of
from serve_app.auth.schemes import BEARER, KEY
from serve_app.json_route import DEADLINE_HEADER, MAX_DEADLINE_MS, TIMEOUT_HEADER
from serve_app.services import Services

DEFAULT_PAGE = 50
MAX_PAGE = 200

LAST_READ_S = 0.25
"""Kept of a long poll's time to read what there is and say so: silence would be a 504."""

IdempotencyKey = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
]
"""The caller's name for a request."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, identified.

    Attributes:
        caller: Who sent it, and what for.
        deadline_unix_s: When the answer must be out.
        names_deadline: Whether the caller chose that time, or it is the default.
        idempotency_key: As the caller chose it, or None.
        work_deadline_unix_s: When the work itself must be done, by the header of that name; a
            durable task outlives its request, so the request's own deadline is not the task's.
    """

    services: Services
    caller: Caller
    deadline_unix_s: float
    names_deadline: bool
    idempotency_key: str | None
    work_deadline_unix_s: float | None = None

    @property
    def tenant_id(self) -> TenantId:
        """Whose rows the request is about."""
        return self.caller.tenant_id

    def polls_until_unix_s(self, wait_s: float) -> float:
        """Return when a wait that was asked for must end, in seconds since 1970."""
        return min(time.time() + wait_s, self.deadline_unix_s - LAST_READ_S)

    def submission(self, kind: AgentKind = LEAD_ANALYSIS, **changes: Any) -> Submission:
        """Return a submission of this tenant with a new task id and the caller's key."""
        return Submission(
            task_id=self.services.new_task_id(),
            tenant_id=self.tenant_id,
            kind=kind,
            **{"idempotency_key": self.idempotency_key, **changes},
        )

    def check_kind(self, kind: str, field: str) -> AgentKind:
        """Return a kind that is configured.

        Raises:
            InvalidInputError: Names the kinds there are.
        """
        if kind not in self.services.kinds:
            allowed = ", ".join(sorted(self.services.kinds))
            raise InvalidInputError(field, kind[:64], allowed)
        return AgentKind(kind)


async def identified(
    request: Request,
    named_timeout: Annotated[
        float | None,
        Header(
            alias=TIMEOUT_HEADER,
            description="Seconds the caller will wait; becomes one absolute deadline. Below some"
            " hundredths nothing can be done in time. `serve run` and `serve deploy` answer a time"
            " of milliseconds by a 408 of Ray Serve instead of this problem.",
            examples=[5],
        ),
    ] = None,
    deadline_ms: Annotated[
        int | None,
        Header(
            alias=DEADLINE_HEADER,
            ge=1,
            le=MAX_DEADLINE_MS,
            description="Milliseconds from now in which the work must be done: for a direct call"
            " the call's deadline, for tasks that are queued the deadline of each. Where several"
            f" are named - this, `{TIMEOUT_HEADER}`, `deadline_ms`, `deadline_at` - the earliest"
            " holds. What cannot be done in time ends at once as `deadline_exceeded`.",
            examples=[5000],
        ),
    ] = None,
) -> Call:
    """Return the call of a request; a route asks for it by way of the scopes it needs."""
    services: Services = request.app.state.services
    caller = await caller_of(request)
    names_deadline = named_timeout is not None or deadline_ms is not None
    return Call(
        services,
        caller,
        request.state.deadline_unix_s,
        names_deadline,
        None,
        request.state.work_deadline_unix_s,
    )


@dataclass(frozen=True, slots=True)
class Needs(NeededScopes):
    """The dependency of a route on scopes, every one of them.

    Routes of :class:`serve_app.json_route.JsonRoute` are checked before their body is read; this
    is the second look, and the only one for routes of another class.
    """

    async def __call__(
        self,
        call: Annotated[Call, Depends(identified)],
        bearer: Annotated[None, Security(BEARER)],
        key: Annotated[None, Security(KEY)],
    ) -> Call:
        """Return the call.

        Raises:
            ForbiddenError: The caller lacks a scope.
        """
        del bearer, key  # they are for the OpenAPI document
        self.check(call.caller)
        return call


def _needs(*scopes: Scope) -> Any:
    return Security(Needs(scopes), scopes=[*scopes])


ReadCall = Annotated[Call, _needs(Scope.READ)]
ChangeCall = Annotated[Call, _needs(Scope.READ, Scope.WRITE)]
"""Changes what is stored and answers with it: whoever may only bring leads must not see others."""

DeleteCall = Annotated[Call, _needs(Scope.WRITE)]
OperateCall = Annotated[Call, _needs(Scope.OPERATE)]
AdminCall = Annotated[Call, _needs(Scope.ADMIN)]


KeyHeader = Annotated[
    IdempotencyKey | None,
    Header(
        alias="Idempotency-Key",
        description="Unique per request of yours: the same key and request again changes"
        " nothing and answers with the first task.",
        examples=["form-7f3a-1"],
    ),
]


async def keyed(
    call: Annotated[Call, _needs(Scope.WRITE)], idempotency_key: KeyHeader = None
) -> Call:
    """Return the call of a request that may carry an ``Idempotency-Key``."""
    return replace(call, idempotency_key=idempotency_key)


async def keyed_and_reading(call: ChangeCall, idempotency_key: KeyHeader = None) -> Call:
    """Return the call of such a request whose answer tells of what is stored."""
    return replace(call, idempotency_key=idempotency_key)


WriteCall = Annotated[Call, Depends(keyed)]
"""Brings something new, once for each idempotency key; answers with nothing it did not bring."""

AskCall = Annotated[Call, Depends(keyed_and_reading)]
"""Brings something new, once for each idempotency key, and answers from what is stored."""


def digest_of(address: str, body: Any) -> bytes:
    """Return SHA-256 of a request: the same whatever the order of names in its JSON."""
    canonical = orjson.dumps([address, body], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).digest()


def typed_id(lead_id: LeadIdText) -> LeadId:
    """Return a path's lead id as stores want it."""
    return LeadId(lead_id)


def task_address(task_id: TaskId) -> str:
    """Return where a task can be read."""
    return f"/v1/tasks/{task_id}"
