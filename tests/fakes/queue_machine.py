"""Every statement of a durable queue in every order, compared with the model after each."""

import asyncio
from datetime import UTC, datetime
from typing import Any

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

from domain.errors import GardenosError
from domain.ids import TaskId, TenantId
from domain.task import (
    FINISHED_STATES,
    REPLAYABLE_STATES,
    Admission,
    Priority,
    Release,
    TaskEnvelope,
    TaskState,
)
from tests.fakes.queue_caller import (
    KIND,
    STEP_S,
    TENANTS,
    QueueCaller,
    Run,
    Subject,
    bill,
    refusal_of,
)
from tests.fakes.queue_model import Refusal
from tests.fakes.queue_witness import Witness

DEADLINES_S = (None, -50.0, 150.0, 350.0)
WAITS_S = (0.0, 50.0, 250.0)
OLDER_S = (50.0, 250.0)

WORKERS = st.integers(0, 1)
PICKS = st.integers(0, 8)
"""Mostly one of the tasks that a rule is about; from ``ANY`` on, one of all."""

BACK = st.sampled_from((0, 0, 0, 1, 2))
"""How many attempts ago: mostly the last one handed out."""

MINE = st.sampled_from((True, True, True, False))
ENDS = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.DEAD, *sorted(FINISHED_STATES))
DIRECT = st.sampled_from((False, False, True))
ADMISSIONS_AT_MOST = 10
MANY = 1000
RACE = "an end and a cancellation both won, or both lost"


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
    run_state_machine_as_test(lambda: QueueMachine(subject, run), settings=profile)  # type: ignore[arg-type]


class QueueMachine(RuleBasedStateMachine):
    """Two workers, two tenants, and time; ends of attempts come late and more than once.

    Who wins a race is not the machine's to say, so no rule's precondition looks at the tasks: the
    same choices must stay possible when a run is repeated.
    """

    def __init__(self, subject: Subject, run: Run) -> None:
        super().__init__()
        self.caller = QueueCaller(subject, run)
        self.run, self.queue, self.store = run, subject.queue, subject.tasks
        self.model, self.subject = self.caller.model, subject
        self.witness = Witness()
        self.deleted: set[TaskId] = set()
        self.replayed: set[TaskId] = set()

    @initialize(directs=st.lists(DIRECT, min_size=2, max_size=3))
    def begin(self, directs: list[bool]) -> None:
        """Begin with a few tasks, so that there is something to do."""
        for place, direct in enumerate(directs):
            asked = self.caller.submission(None, TENANTS[place % 2], None, "x", direct=direct)
            (answer,) = self.run(self.queue.admit([asked], self.caller.workers[0]))
            self.caller.admitted(asked, answer, self.caller.workers[0], None)

    @precondition(lambda self: self.caller.admissions < ADMISSIONS_AT_MOST)
    @rule(
        tenant=st.sampled_from(TENANTS),
        worker=WORKERS,
        direct=DIRECT,
        key=st.sampled_from((None, None, "key-a", "key-b")),
        request=st.sampled_from("xy"),
        deadline_in_s=st.sampled_from(DEADLINES_S),
        max_attempts=st.integers(1, 3),
        priority=st.sampled_from(Priority),
        text=st.sampled_from((None, None, "spring", "autumn")),
    )
    def admit(self, worker: int, deadline_in_s: float | None, **fields: Any) -> None:
        """Admit a task, perhaps under a key that was used before."""
        asked = self.caller.submission(deadline_in_s, **fields)
        (answer,) = self.run(self.queue.admit([asked], self.caller.workers[worker]))
        self.caller.admitted(asked, answer, self.caller.workers[worker], deadline_in_s)

    @precondition(lambda self: self.caller.admissions < ADMISSIONS_AT_MOST)
    @rule(key=st.sampled_from(("key-a", "key-c")), direct=DIRECT)
    def admit_at_once(self, *, key: str, direct: bool) -> None:
        """Send the same request through both workers at once: one task is stored."""
        twice = [
            self.caller.submission(None, TENANTS[0], key, "x", direct=direct) for _ in range(2)
        ]

        async def both() -> list[list[Admission | GardenosError]]:
            pairs = zip(twice, self.caller.workers, strict=True)
            return await asyncio.gather(*(self.queue.admit([one], by) for one, by in pairs))

        answers = [some[0] for some in self.run(both())]
        triples = list(zip(twice, answers, self.caller.workers, strict=True))
        triples.sort(key=lambda one: not getattr(one[1], "created", False))
        for one in triples:
            self.caller.admitted(*one, None)

    @rule(worker=WORKERS, limit=st.integers(1, 3), fresh=MINE, express=st.booleans())
    def claim(self, worker: int, limit: int, *, fresh: bool, express: bool) -> None:
        """Claim for one worker: something where there is something, and nothing without a lease."""
        if fresh and not self.model.lives(self.caller.workers[worker]):
            self.restart(worker)
        by = self.caller.workers[worker]
        claimable = self.model.claimable(by, express=express)
        claimed = self.run(self.queue.claim(KIND, by, limit=limit, express=express))
        on_time = [key for key in claimable if not self.caller.is_late(key)]
        assert len(claimed) >= min(1, len(on_time)), "nothing was claimed of what is queued"
        self.caller.claimed_in_order(claimed, claimable)
        self.caller.claimed(claimed, claimable, by, limit)

    @rule()
    def claim_at_once(self) -> None:
        """Claim for both workers at once."""

        async def both() -> list[list[TaskEnvelope]]:
            claims = (self.queue.claim(KIND, by, limit=2) for by in self.caller.workers)
            return await asyncio.gather(*claims)

        for by, claimed in zip(self.caller.workers, self.run(both()), strict=True):
            self.caller.claimed(claimed, self.model.claimable(by), by, 2)

    @rule(
        picks=st.lists(PICKS, min_size=1, max_size=2, unique=True),
        back=BACK,
        state=st.sampled_from(ENDS),
    )
    def complete(self, picks: list[int], back: int, state: TaskState) -> None:
        """Finish attempts: the one handed out last, or an older one that was given up."""
        ends = [self.caller.end(one, back, state) for one in self.caller.ran(picks, back)]
        stored = self.run(self.queue.complete(ends))
        assert stored == self.model.complete(ends), "other ends were stored than were current"

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
                attempt := self.caller.attempt(one, back),
                wait_s,
                f"released: attempt {attempt}",
                crashed=crashed,
                count_attempt=counts,
                usage=bill(attempt),
                tenant_id=self.caller.tenants[one],
                kind=KIND,
            )
            for one in self.caller.ran(picks, back)
        ]
        stored = self.run(self.queue.release(ends))
        assert stored == self.model.release(ends), "other attempts were given back than ran"

    @rule(pick=PICKS, worker=WORKERS)
    def crash_twice(self, pick: int, worker: int) -> None:
        """Let an agent die under a task, and once more: the task comes back as a suspect."""
        for _ in range(2):
            self.release([pick], 0, 0.0, crashed=True, counts=False)
            self.claim(worker, 3, fresh=True, express=False)

    @precondition(lambda self: self.caller.admissions < ADMISSIONS_AT_MOST)
    @rule(
        tenant=st.sampled_from(TENANTS),
        worker=WORKERS,
        texts=st.lists(st.sampled_from(("spring", "autumn")), min_size=2, max_size=2),
        last_first=st.booleans(),
        together=st.booleans(),
    )
    def analyse_twice(
        self, tenant: TenantId, worker: int, texts: list[str], *, last_first: bool, together: bool
    ) -> None:
        """Let two analyses of one lead run at once, of two versions perhaps, and end somehow."""
        begun: list[TaskId] = []
        for text in texts:
            asked = self.caller.submission(None, tenant, None, "x", direct=True, text=text)
            (answer,) = self.run(self.queue.admit([asked], self.caller.workers[worker]))
            self.caller.admitted(asked, answer, self.caller.workers[worker], None)
            self.model.leads.moment += 1
            begun.append(asked.task_id)
        ends = [self.caller.end(one, 0, TaskState.SUCCEEDED) for one in begun]
        ends = ends[::-1] if last_first else ends
        for some in [ends] if together else [[one] for one in ends]:
            stored = self.run(self.queue.complete(some))
            assert stored == self.model.complete(some), "other ends were stored than were current"

    @rule(pick=PICKS, mine=MINE)
    def cancel(self, pick: int, *, mine: bool) -> None:
        """Cancel a task of one's own or of somebody else."""
        task_id, tenant = self.caller.picked(pick, mine=mine)
        said = self.run(refusal_of(self.store.cancel(tenant, task_id)))
        assert said == self.model.cancel(tenant, task_id), "cancelled what may not be, or not"

    @rule(pick=PICKS)
    def cancel_and_complete_at_once(self, pick: int) -> None:
        """Let an end race a cancellation: one of them wins, and the other is told."""
        if not self.caller.handed:
            return
        (task_id,) = self.caller.ran([pick], 0)
        tenant, ends = (
            self.caller.tenants[task_id],
            [self.caller.end(task_id, 0, TaskState.SUCCEEDED)],
        )

        async def both() -> tuple[Refusal | None, frozenset[TaskId]]:
            cancel = refusal_of(self.store.cancel(tenant, task_id))
            return await asyncio.gather(cancel, self.queue.complete(ends))

        refusal, stored = self.run(both())
        if refusal is None:
            assert self.model.cancel(tenant, task_id) is None, RACE
            assert stored == self.model.complete(ends), RACE
        else:
            assert stored == self.model.complete(ends), RACE
            assert refusal == self.model.cancel(tenant, task_id), RACE

    @rule(pick=PICKS, mine=MINE, deadline_in_s=st.sampled_from(DEADLINES_S))
    def replay(self, pick: int, *, mine: bool, deadline_in_s: float | None) -> None:
        """Replay a task that may or may not be dead."""
        task_id, tenant = self.caller.picked(pick, *REPLAYABLE_STATES, mine=mine)
        unix_s = self.caller.unix_s(deadline_in_s)
        deadline_at = None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
        replay = self.subject.replay(tenant, task_id, deadline_at)
        said = self.run(refusal_of(replay))
        modelled = self.model.replay(tenant, task_id, deadline_in_s)
        assert said == modelled, "replayed what may not be, or not"
        self.replayed |= {task_id} if said is None else set()

    @rule(steps=st.integers(1, 3))
    def pass_time(self, steps: int) -> None:
        """Let leases, deadlines and back-offs come to their end."""
        self.run(self.subject.pass_time(steps * STEP_S))
        self.model.pass_time(steps * STEP_S)

    @rule(worker=WORKERS)
    def renew(self, worker: int) -> None:
        """Renew a lease, which may have run out."""
        self.caller.renew(self.caller.workers[worker])

    @rule(worker=WORKERS)
    def restart(self, worker: int) -> None:
        """Put another worker in a worker's place, which keeps its lease and its tasks."""
        self.caller.workers[worker] = self.caller.new_worker()
        self.caller.renew(self.caller.workers[worker], is_new=True)

    @rule(steps=st.integers(0, 3), worker=st.sampled_from((0, 1, None)), knows=st.booleans())
    def recover(self, steps: int, worker: int | None, *, knows: bool) -> None:
        """Recover, in a worker's name perhaps, which knows all that it holds or nothing."""
        self.pass_time(steps)
        by, holds = self.caller.held(worker, knows=knows)
        moved = self.run(self.queue.recover(limit=MANY, worker=by, holds=holds))
        assert moved == self.model.recover(by, holds), "recovery moved others than are lost or due"
        self.caller.nobody_dead_runs()

    @rule(steps=st.integers(0, 3), worker=st.sampled_from((0, 1, None)), knows=st.booleans())
    def recover_one_by_one(self, steps: int, worker: int | None, *, knows: bool) -> None:
        """Recover in the smallest steps until nothing is left to move; the caller is alive."""
        self.pass_time(steps)
        by, holds = self.caller.held(worker, knows=knows)
        by = by if self.model.lives(by) else None
        while self.run(self.queue.recover(limit=1, worker=by, holds=holds)):
            pass
        while self.model.recover(by, holds):
            pass
        self.caller.nobody_dead_runs()

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
        task_id, tenant = self.caller.picked(pick, mine=mine)
        known = self.model.tasks.get(task_id)
        assert self.run(self.store.finished([task_id])) == (
            {task_id} if known is None or known.is_finished else set()
        )
        if known is None or known.asked.tenant_id != tenant:
            said = self.run(refusal_of(self.store.get(tenant, task_id)))
            assert said == "not_found", "another tenant's task was seen"
            return
        task = self.run(self.store.get(tenant, task_id))
        kept = {one.attempt: (one.state, one.crashed) for one in known.attempts}
        if known.state is TaskState.SUCCEEDED:
            kept[known.attempt] = (TaskState.SUCCEEDED, False)
        told = [(one.attempt, (one.state, one.crashed)) for one in task.attempts or ()]
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
            row, model = seen.tasks.get(task_id), modelled.tasks.get(task_id)
            assert row == model, f"a row is not as modelled: {row} != {model}"
        leases = (seen.alive, seen.dead)
        assert leases == (modelled.alive, modelled.dead), "the leases are not as modelled"
        assert seen.bills == modelled.bills, "the bills are not as modelled"
        leads = self.model.leads
        assert seen.leads.keys() == leads.leads.keys(), "other leads are stored"
        for key, lead in leads.leads.items():
            assert lead.fits(seen.leads[key]), f"a lead shows another: {seen.leads[key]} != {lead}"
        leads.moment += 1
