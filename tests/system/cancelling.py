"""Ends tasks of the real application in every way there is, and takes the stand-in's word for it.

Shared by the tests, which look whether, and the benchmark, which looks how soon.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from uuid import UUID

from tests.provider.faults import Fault, Rule
from tests.system.hang_up import Caller
from tests.system.model_world import ModelWorld, lead, task

ANALYZE = "/v1/leads/analyze"
HANGS = "hangs-"
"""A lead so named is one whose call the model never answers."""

AT_A_TIME = 8
"""With as many beside them they fit into one replica's slots: none waits for another's end."""

_numbers = count()


@dataclass(slots=True)
class Ended:
    """Calls that were ended from outside, and those beside them that were not.

    Attributes:
        waits_s: From the end to its arrival at the stand-in, one for each.
        beside: How the task about each other lead ended that was under way then.
    """

    waits_s: list[float] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)


def prepare(world: ModelWorld) -> None:
    """Let the model hang for the leads named so."""
    world.provider.plan(Rule(fault=Fault.HANG, contains=f"({HANGS}"))


def names(beginning: str, many: int) -> list[str]:
    """Return names that no lead had before."""
    return [f"{beginning}{next(_numbers)}" for _ in range(many)]


def callers_leave(world: ModelWorld, many: int, *, front: str | None = None) -> Ended:
    """Have callers on the line hang up while as many others wait for their answers.

    Args:
        world: The application.
        many: How many hang up, some at a time.
        front: Where they call; None: at the address of the service.
    """
    ended, address = Ended(), front or world.application.address
    for _ in range(0, many, AT_A_TIME):
        going, staying = names(HANGS, AT_A_TIME), names("stays-", AT_A_TIME)
        callers = {name: Caller(address, ANALYZE, lead(name)) for name in [*going, *staying]}
        world.await_calls([*going, *staying])
        _end_each(world, going, partial(_hang_up, callers), ended)
        ended.beside |= {name: str(callers[name].status()) for name in staying}
    return ended


def _hang_up(callers: Mapping[str, Caller], name: str) -> float:
    return callers[name].hang_up()


def tasks_are_cancelled(
    world: ModelWorld, many: int, *, at: Callable[[str], str] | None = None
) -> Ended:
    """Cancel durable tasks while as many others of the same batch run on.

    Args:
        world: The application.
        many: How many are cancelled, some at a time.
        at: Returns the address that shall take the cancel of a lead's task; None: the service's.
    """
    ended = Ended()
    for _ in range(0, many, AT_A_TIME):
        going, staying = names(HANGS, AT_A_TIME), names("stays-", AT_A_TIME)
        ids = world.queue([task(name) for name in [*going, *staying]])
        world.await_calls([*going, *staying])
        where = {name: at(name) if at else world.application.address for name in going}
        _end_each(world, going, partial(_cancel, world, ids, where), ended)
        states = world.await_finished([ids[name] for name in staying])
        ended.beside |= {name: states[ids[name]][0] for name in staying}
    return ended


def _cancel(
    world: ModelWorld, ids: Mapping[str, str], where: Mapping[str, str], name: str
) -> float:
    at_unix_s = time.time()
    world.cancel(ids[name], where[name])
    return at_unix_s


def leads_are_deleted(world: ModelWorld, many: int) -> Ended:
    """Delete leads whose durable tasks run."""
    ended = Ended()
    for _ in range(0, many, AT_A_TIME):
        going = names(HANGS, AT_A_TIME)
        world.queue([task(name) for name in going])
        world.await_calls(going)
        _end_each(world, going, partial(_delete, world), ended)
    return ended


def _delete(world: ModelWorld, name: str) -> float:
    at_unix_s = time.time()
    answer = world.application.http.delete(f"/v1/leads/{name}")
    assert answer.status_code == 204, answer.text
    return at_unix_s


def deadlines_pass(world: ModelWorld, many: int, *, deadline_ms: int) -> Ended:
    """Let the deadlines of direct calls pass; the waits count from those, so may be below 0."""
    ended, going = Ended(), names(HANGS, many)
    address = world.application.address
    until_unix_s, callers = {}, {}
    for name in going:
        until_unix_s[name] = time.time() + deadline_ms / 1000
        told = {"Gardenos-Deadline-Ms": str(deadline_ms)}
        callers[name] = Caller(address, ANALYZE, lead(name), told)
    closed = world.await_closed(going)
    ended.waits_s += [closed[name] - until_unix_s[name] for name in going]
    ended.beside |= {name: str(caller.status()) for name, caller in callers.items()}
    return ended


def workers(world: ModelWorld) -> dict[UUID, str]:
    """Return the address of each orchestrator by its name as a worker in the rows."""
    found = {}
    for address in world.orchestrators():
        (name,) = names(HANGS, 1)
        caller = Caller(address, ANALYZE, lead(name))
        world.await_calls([name])
        found[world.holder_of(name)] = address
        caller.hang_up()
        world.await_closed([name])
    return found


def other_than_holder(world: ModelWorld) -> Callable[[str], str]:
    """Return what names an orchestrator that does not hold a lead's task."""
    addresses = workers(world)

    def at(name: str) -> str:
        holder = world.holder_of(name)
        return next(address for worker, address in addresses.items() if worker != holder)

    return at


def _end_each(
    world: ModelWorld, going: Sequence[str], end: Callable[[str], float], ended: Ended
) -> None:
    """End one after another, each after the end before has arrived."""
    for name in going:
        at_unix_s = end(name)
        ended.waits_s.append(world.await_closed([name])[name] - at_unix_s)
