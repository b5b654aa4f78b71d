"""Before anything of a request is read: headers of a bounded size, a caller, his scopes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.dependencies.models import Dependant
from starlette.exceptions import HTTPException

from domain.caller import Caller, Scope
from domain.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from serve_app.services import Services


@dataclass(frozen=True, slots=True)
class NeededScopes:
    """What a route asks of its caller: every one of the scopes."""

    scopes: tuple[Scope, ...]

    def check(self, caller: Caller) -> None:
        """Raise ForbiddenError where the caller lacks a scope."""
        if lacking := caller.lacks(*self.scopes):
            raise ForbiddenError(", ".join(lacking))


def needed_by(dependant: Dependant) -> tuple[NeededScopes, ...]:
    """Return what a route's dependencies ask of its caller; nothing for an open one."""
    called: object = dependant.call
    own = (called,) if isinstance(called, NeededScopes) else ()
    return own + tuple(one for below in dependant.dependencies for one in needed_by(below))


async def caller_of(request: Request) -> Caller:
    """Return who calls, found once a request.

    Raises:
        UnauthenticatedError: Nobody we know.
        UnavailableError: Who it is cannot be found out now.
        HTTPException: The headers are too large.
    """
    known = getattr(request.state, "caller", None)
    if isinstance(known, Caller):
        return known
    services: Services = request.app.state.services
    size_bytes = sum(len(name) + len(value) for name, value in request.headers.raw)
    if size_bytes > services.limits.max_header_bytes:
        raise HTTPException(431, f"allowed: {services.limits.max_header_bytes} bytes of headers")
    caller = await services.identity.identify(request.headers)
    request.state.caller = caller
    return caller


def still_admits(request: Request, *scopes: Scope) -> Callable[[], Awaitable[bool]]:
    """Return what tells, for an answer that lasts, whether its caller may still have it.

    Not to know at the moment is no reason to end: without a database there is nothing to tell.
    """
    services: Services = request.app.state.services

    async def asked() -> bool:
        before = await caller_of(request)
        try:
            now = await services.identity.identify(request.headers)
        except UnavailableError:
            return True
        except UnauthenticatedError:
            return False
        return now.tenant_id == before.tenant_id and not now.lacks(*scopes)

    return asked


async def admit(request: Request, needed: tuple[NeededScopes, ...]) -> None:
    """Find the caller of a request and check his scopes; an open route needs nobody.

    Raises:
        ForbiddenError: He lacks a scope. See :func:`caller_of` for the others.
    """
    if not needed:
        return
    caller = await caller_of(request)
    for one in needed:
        one.check(caller)
