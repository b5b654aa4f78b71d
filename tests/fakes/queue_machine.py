"""Every statement of a durable queue in every order, compared with the model after each."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.errors import ConflictError, GardenosError, NotFoundError
from domain.ids import AgentKind, TaskId, TenantId, WorkerId
from domain.ports import TaskQueue, TaskStore
from domain.task import (
    FINISHED_STATES,
    REPLAYABLE_STATES,
    Admission,
    Completion,
    Release,
    Submission,
    TaskEnvelope,
    TaskState,
)
from domain.usage import Usage
from tests.fakes.queue_model import QueueModel, Refusal, Seen
from tests.fakes.queue_witness import Witness, result_of

KIND = AgentKind("modelled")
TENANTS = (TenantId("north"), TenantId("south"))
WORKER_LOSSES_AT_MOST = 2
"""Small enough that a machine gets there."""

STEP_S = 100.0
"""Time passes in such steps; every length below ends in the middle of one, far from its border."""

LEASE_S = 250.0
DEADLINES_S = (None, -50.0, 150.0, 350.0)
WAITS_S = (0.0, 50.0, 250.0)
OLDER_S = (50.0, 250.0)

WORKERS = st.integers(0, 1)
PICKS = st.integers(0, 8)
"""Mostly one of the tasks that a rule is about; from :data:`ANY` on, one of all."""

ANY = 6

BACK = st.sampled_from((0, 0, 0, 1, 2))
"""How many attempts ago: mostly the last one handed out."""

MINE = st.sampled_from((True, True, True, False))
ENDS = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.DEAD, *sorted(FINISHED_STATES))
DIRECT = st.sampled_from((False, False, True))
ADMISSIONS_AT_MOST = 10
MANY = 1000


class Subject(Protocol):
    """A queue under test, with its rows as seen from outside."""

    queue: TaskQueue
    tasks: TaskStore

    async def reset(self) -> None:
        """Empty it."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Let time pass for it."""
        ...

    async def seen(self) -> Seen:
        """Look at its rows."""
        ...

    def now_unix_s(self) -> float:
        """Return its present."""
        ...


Run = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the one loop of a test."""


def check_queue(subject: Subject, run: Run, *, examples: int, steps: int, shrink: bool) -> None:
    """Run the machine on a queue, the same runs every time; raise at the first difference."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    profile = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: QueueMachine(subject, run), settings=profile)  # type: ignore[no-untyped-call]


class QueueMachine(RuleBasedStateMachine):
    """Two workers, two tenants, and time; ends of attempts come late and more than once.

    Who wins a race is not the machine's to say, so no rule's precondition looks at the tasks: the
    same choices must stay possible when a run is repeated.
    """

    def __init__(self, subject: Subject, run: Run) -> None:
        super().__init__()
        self.subject, self.run = subject, run
        self.queue, self.store = subject.queue, subject.tasks
        self.model = QueueModel(worker_losses_at_most=WORKER_LOSSES_AT_MOST)
        self.witness = Witness()
        self.handed: dict[TaskId, list[int]] = {}
        self.tenants: dict[TaskId, TenantId] = {}
        self.deleted: set[TaskId] = set()
        self.replayed: set[TaskId] = set()
        self.numbers = 0
        self.admissions = 0
        self.workers = [self._new_worker(), self._new_worker()]
        run(subject.reset())
        for worker in self.workers:
            self._renew(worker)

    @initialize(directs=st.lists(DIRECT, min_size=2, max_size=3))
    def begin(self, directs: list[bool]) -> None:
        """Begin with a few tasks, so that there is something to do."""
        for place, direct in enumerate(directs):
            asked = self._submission(None, TENANTS[place % 2], None, "x", direct=direct)
            (answer,) = self.run(self.queue.admit([asked], self.workers[0]))
            self._admitted(asked, answer, self.workers[0], None)

    @precondition(lambda self: self.admissions < ADMISSIONS_AT_MOST)
    @rule(
        tenant=st.sampled_from(TENANTS),
        worker=WORKERS,
        direct=DIRECT,
        key=st.sampled_from((None, None, "key-a", "key-b")),
        request=st.sampled_from("xy"),
        deadline_in_s=st.sampled_from(DEADLINES_S),
        max_attempts=st.integers(1, 3),
    )
    def admit(self, worker: int, deadline_in_s: float | None, **fields: Any) -> None:
        """Admit a task, perhaps under a key that was used before."""
        asked = self._submission(deadline_in_s, **fields)
        (answer,) = self.run(self.queue.admit([asked], self.workers[worker]))
        self._admitted(asked, answer, self.workers[worker], deadline_in_s)

    @precondition(lambda self: self.admissions < ADMISSIONS_AT_MOST)
    @rule(key=st.sampled_from(("key-a", "key-c")), direct=DIRECT)
    def admit_at_once(self, *, key: str, direct: bool) -> None:
        """Send the same request through both workers at once: one task is stored."""
        twice = [self._submission(None, TENANTS[0], key, "x", direct=direct) for _ in range(2)]

        async def both() -> list[list[Admission | GardenosError]]:
            pairs = zip(twice, self.workers, strict=True)
            return await asyncio.gather(*(self.queue.admit([one], by) for one, by in pairs))

        answers = [some[0] for some in self.run(both())]
        triples = list(zip(twice, answers, self.workers, strict=True))
        triples.sort(key=lambda one: not getattr(one[1], "created", False))
        for one in triples:
            self._admitted(*one, None)

    @rule(worker=WORKERS, limit=st.integers(1, 3), fresh=MINE)
    def claim(self, worker: int, limit: int, *, fresh: bool) -> None:
        """Claim for one worker: something where there is something, and nothing without a lease."""
        if fresh and not self.model.lives(self.workers[worker]):
            self.restart(worker)
        by = self.workers[worker]
        claimable = self.model.claimable(by)
        claimed = self.run(self.queue.claim(KIND, by, limit=limit))
        on_time = [key for key in claimable if not self._is_late(key)]
        assert len(claimed) >= min(1, len(on_time)), "nothing was claimed of what is queued"
        self._claimed(claimed, by, limit)

    @rule()
    def claim_at_once(self) -> None:
        """Claim for both workers at once."""

        async def both() -> list[list[TaskEnvelope]]:
            claims = (self.queue.claim(KIND, by, limit=2) for by in self.workers)
            return await asyncio.gather(*claims)

        for by, claimed in zip(self.workers, self.run(both()), strict=True):
            self._claimed(claimed, by, 2)

    @rule(
        picks=st.lists(PICKS, min_size=1, max_size=2, unique=True),
        back=BACK,
        state=st.sampled_from(ENDS),
    )
    def complete(self, picks: list[int], back: int, state: TaskState) -> None:
        """Finish attempts: the one handed out last, or an older one that was given up."""
        ends = [self._end(one, back, state) for one in self._ran(picks, back)]
        assert self.run(self.queue.complete(ends)) == self.model.complete(ends)

    @rule(
        picks=st.lists(PICKS, min_size=1, max_size=2, unique=True),
        back=BACK,
        wait_s=st.sampled_from(WAITS_S),
        crashed=st.booleans(),
        counts=st.booleans(),
    )
    def release(
        self, picks: list[int], back: int, wait_s: float, *, crashed: bool, counts: bool
    ) -> None:
        """Give attempts back, current or stale."""
        ends = [
            Release(
                one,
                attempt := self._attempt(one, back),
                wait_s,
                f"released: attempt {attempt}",
                crashed=crashed,
                count_attempt=counts,
                usage=_bill(attempt),
                tenant_id=self.tenants[one],
                kind=KIND,
            )
            for one in self._ran(picks, back)
        ]
        assert self.run(self.queue.release(ends)) == self.model.release(ends)

    @rule(pick=PICKS, mine=MINE)
    def cancel(self, pick: int, *, mine: bool) -> None:
        """Cancel a task of one's own or of somebody else."""
        task_id, tenant = self._picked(pick, mine=mine)
        said = self.run(_refusal(self.store.cancel(tenant, task_id)))
        assert said == self.model.cancel(tenant, task_id)

    @rule(pick=PICKS)
    def cancel_and_complete_at_once(self, pick: int) -> None:
        """Let an end race a cancellation: one of them wins, and the other is told."""
        if not self.handed:
            return
        (task_id,) = self._ran([pick], 0)
        tenant, ends = self.tenants[task_id], [self._end(task_id, 0, TaskState.SUCCEEDED)]

        async def both() -> tuple[Refusal | None, frozenset[TaskId]]:
            cancel = _refusal(self.store.cancel(tenant, task_id))
            return await asyncio.gather(cancel, self.queue.complete(ends))

        refusal, stored = self.run(both())
        if refusal is None:
            assert self.model.cancel(tenant, task_id) is None
            assert stored == self.model.complete(ends)
        else:
            assert stored == self.model.complete(ends)
            assert refusal == self.model.cancel(tenant, task_id)

    @rule(pick=PICKS, mine=MINE, deadline_in_s=st.sampled_from(DEADLINES_S))
    def replay(self, pick: int, *, mine: bool, deadline_in_s: float | None) -> None:
        """Replay a task that may or may not be dead."""
        task_id, tenant = self._picked(pick, *REPLAYABLE_STATES, mine=mine)
        unix_s = self._unix_s(deadline_in_s)
        deadline_at = None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
        replay = self.store.replay(tenant, task_id, deadline_at=deadline_at)
        said = self.run(_refusal(replay))
        assert said == self.model.replay(tenant, task_id, deadline_in_s)
        self.replayed |= {task_id} if said is None else set()

    @rule(steps=st.integers(1, 3))
    def pass_time(self, steps: int) -> None:
        """Let leases, deadlines and back-offs come to their end."""
        self.run(self.subject.pass_time(steps * STEP_S))
        self.model.pass_time(steps * STEP_S)

    @rule(worker=WORKERS)
    def renew(self, worker: int) -> None:
        """Renew a lease, which may have run out."""
        self._renew(self.workers[worker])

    @rule(worker=WORKERS)
    def restart(self, worker: int) -> None:
        """Put another worker in a worker's place, which keeps its lease and its tasks."""
        self.workers[worker] = self._new_worker()
        self._renew(self.workers[worker])

    @rule(steps=st.integers(0, 3), worker=st.sampled_from((None, 0, 1)), knows=st.booleans())
    def recover(self, steps: int, worker: int | None, *, knows: bool) -> None:
        """Recover, in a worker's name perhaps, which knows all that it holds or nothing."""
        self.pass_time(steps)
        by, holds = self._held(worker, knows=knows)
        moved = self.run(self.queue.recover(limit=MANY, worker=by, holds=holds))
        assert moved == self.model.recover(by, holds)
        self._nobody_dead_runs()

    @rule(steps=st.integers(0, 3), worker=st.sampled_from((None, 0, 1)), knows=st.booleans())
    def recover_one_by_one(self, steps: int, worker: int | None, *, knows: bool) -> None:
        """Recover in the smallest steps until nothing is left to move; the caller is alive."""
        self.pass_time(steps)
        by, holds = self._held(worker, knows=knows)
        by = by if self.model.lives(by) else None
        while self.run(self.queue.recover(limit=1, worker=by, holds=holds)):
            pass
        while self.model.recover(by, holds):
            pass
        self._nobody_dead_runs()

    @rule(older_than_s=st.sampled_from(OLDER_S), limit=st.integers(1, 3))
    def retain(self, older_than_s: float, limit: int) -> None:
        """Delete what finished long ago, so much at a time."""
        deletable = self.model.deletable(older_than_s)
        before = self.run(self.subject.seen()).tasks.keys()
        count = self.run(self.store.delete_finished(older_than_s=older_than_s, limit=limit))
        gone = before - self.run(self.subject.seen()).tasks.keys()
        assert gone <= deletable, f"{gone - deletable} were deleted too early"
        assert count == len(gone) == min(limit, len(deletable))
        for task_id in gone:
            self.model.delete(task_id)
        self.deleted |= gone

    @rule(pick=PICKS, mine=MINE)
    def get(self, pick: int, *, mine: bool) -> None:
        """Look at a task as its owner or as somebody else."""
        task_id, tenant = self._picked(pick, mine=mine)
        known = self.model.tasks.get(task_id)
        assert self.run(self.store.finished([task_id])) == (
            {task_id} if known is None or known.is_finished else set()
        )
        if known is None or known.asked.tenant_id != tenant:
            assert self.run(_refusal(self.store.get(tenant, task_id))) == "not_found"
            return
        task = self.run(self.store.get(tenant, task_id))
        kept = {one.attempt: (one.state, one.crashed) for one in known.attempts}
        if known.state is TaskState.SUCCEEDED:
            kept[known.attempt] = (TaskState.SUCCEEDED, False)
        told = [(one.attempt, (one.state, one.crashed)) for one in task.attempts]
        assert told == sorted(kept.items())
        assert (task.state, task.error) == (known.state, known.error)

    @invariant()
    def the_rows_are_as_modelled_and_keep_every_promise(self) -> None:
        """Compare everything, then ask what needs no model."""
        seen = self.run(self.subject.seen())
        faults = self.witness.look(seen, deleted=self.deleted, replayed=self.replayed)
        self.replayed.clear()
        assert not faults, "; ".join(faults)
        modelled = self.model.seen()
        for task_id in seen.tasks.keys() | modelled.tasks.keys():
            assert seen.tasks.get(task_id) == modelled.tasks.get(task_id)
        assert (seen.alive, seen.dead) == (modelled.alive, modelled.dead)
        assert seen.bills == modelled.bills

    def _in(self, *states: TaskState) -> list[TaskId]:
        return [key for key, task in self.model.tasks.items() if task.state in states]

    def _ran(self, picks: list[int], back: int) -> list[TaskId]:
        """Return tasks that were handed out, preferably such as run after ``back`` attempts."""
        if not self.handed:
            return []
        stale = [key for key, numbers in self.handed.items() if len(numbers) > back]
        running = set(self._in(TaskState.RUNNING))
        first = [key for key in stale if key in running] or stale
        return sorted({_pick(pick, first, list(self.handed)) for pick in picks})

    def _picked(self, pick: int, *first: TaskState, mine: bool) -> tuple[TaskId, TenantId]:
        """Return a task, preferably in one of the states, and its tenant or the other one."""
        task_id = _pick(pick, self._in(*first), list(self.tenants))
        others = [one for one in TENANTS if one != self.tenants[task_id]]
        return task_id, self.tenants[task_id] if mine else others[0]

    def _new_worker(self) -> WorkerId:
        self.numbers += 1
        return WorkerId(UUID(int=self.numbers << 64))

    def _renew(self, worker: WorkerId) -> None:
        said = self.run(_refusal(self.queue.renew(worker, lease_s=LEASE_S)))
        assert (said is None) == self.model.renew(worker, LEASE_S)

    def _submission(
        self,
        deadline_in_s: float | None,
        tenant: TenantId,
        key: str | None,
        request: str,
        **fields: Any,
    ) -> Submission:
        self.numbers += 1
        self.admissions += 1
        return Submission(
            TaskId(UUID(int=self.numbers)),
            tenant,
            KIND,
            payload=b'{"n": %d}' % self.numbers,
            deadline_unix_s=self._unix_s(deadline_in_s),
            idempotency_key=key,
            request_digest=request.encode() if key else b"",
            **fields,
        )

    def _unix_s(self, in_s: float | None) -> float | None:
        return None if in_s is None else self.subject.now_unix_s() + in_s

    def _admitted(
        self,
        asked: Submission,
        answer: Admission | GardenosError,
        by: WorkerId,
        deadline_in_s: float | None,
    ) -> None:
        expected = self.model.admit(asked, by, deadline_in_s)
        if expected == "conflict":
            assert isinstance(answer, ConflictError)
            return
        assert isinstance(answer, Admission)
        assert (answer.task_id, answer.created) == (expected, expected == asked.task_id)
        self.tenants[answer.task_id] = asked.tenant_id
        assert (answer.envelope is not None) == (answer.created and asked.direct)
        if answer.envelope is not None:
            self._handed(answer.envelope)

    def _claimed(self, claimed: list[TaskEnvelope], by: WorkerId, limit: int) -> None:
        taken = {one.task_id for one in claimed}
        assert len(taken) == len(claimed) <= limit
        assert taken <= self.model.claimable(by), "claimed what was not for this worker"
        for envelope in claimed:
            self.model.claim(envelope.task_id, by)
            self._handed(envelope)

    def _handed(self, envelope: TaskEnvelope) -> None:
        task = self.model.tasks[envelope.task_id]
        assert envelope.tenant_id == task.asked.tenant_id
        assert envelope.payload == task.asked.payload
        counts = (envelope.attempt, envelope.max_attempts, envelope.crashes, envelope.direct)
        assert counts == (task.attempt, task.max_attempts, task.crashes, task.direct)
        assert envelope.alone == (task.crashes >= 2)
        assert (envelope.deadline_unix_s is None) == (task.deadline_s is None)
        if envelope.deadline_unix_s is not None and task.deadline_s is not None:
            left_s = envelope.deadline_unix_s - self.subject.now_unix_s()
            assert abs(left_s - (task.deadline_s - self.model.now_s)) < STEP_S / 2
        numbers = self.handed.setdefault(envelope.task_id, [])
        assert envelope.attempt not in numbers, "two attempts have one number"
        numbers.append(envelope.attempt)

    def _attempt(self, task_id: TaskId, back: int) -> int:
        return self.handed[task_id][-1 - min(back, len(self.handed[task_id]) - 1)]

    def _end(self, task_id: TaskId, back: int, state: TaskState) -> Completion:
        attempt = self._attempt(task_id, back)
        is_success = state is TaskState.SUCCEEDED
        return Completion(
            task_id,
            attempt,
            state,
            result_of(attempt) if is_success else None,
            None if is_success else f"ended: attempt {attempt}",
            _bill(attempt),
            tenant_id=self.tenants[task_id],
            kind=KIND,
        )

    def _is_late(self, task_id: TaskId) -> bool:
        deadline_s = self.model.tasks[task_id].deadline_s
        return deadline_s is not None and deadline_s <= self.model.now_s

    def _held(self, worker: int | None, *, knows: bool) -> tuple[WorkerId | None, list[TaskId]]:
        if worker is None:
            return None, []
        by = self.workers[worker]
        holds = [key for key, task in self.model.tasks.items() if task.worker == by]
        return by, holds if knows else []

    def _nobody_dead_runs(self) -> None:
        seen = self.run(self.subject.seen())
        runs = {one.worker for one in seen.tasks.values() if one.state is TaskState.RUNNING}
        assert runs <= seen.alive, "a dead worker's task still runs after recovery"


async def _refusal(call: Coroutine[Any, Any, object]) -> Refusal | None:
    try:
        await call
    except ConflictError:
        return "conflict"
    except NotFoundError:
        return "not_found"
    return None


def _pick(number: int, favoured: list[TaskId], every: list[TaskId]) -> TaskId:
    order = favoured if favoured and number < ANY else every
    return order[number % len(order)]


def _bill(attempt: int) -> tuple[Usage, ...]:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    return (
        Usage(
            attempt=attempt,
            call=0,
            model="m",
            prompt_tokens=5,
            completion_tokens=2,
            cost_nanousd=7,
            at=at,
        ),
    )
