"""Every task that is submitted has an answer of its own."""

from collections.abc import Sequence
from typing import Any

from domain.errors import GardenosError
from domain.task import Admission, Submission, TaskState
from tests.deployments.engine_world import world
from tests.fakes.simulation import simulated
from tests.fakes.tasks import submission, task_id


@simulated
async def test_a_task_that_the_store_cannot_take_is_refused_alone_whatever_was_raised() -> None:
    async with world() as w:
        admit = w.queue.admit

        async def odd(submissions: Sequence[Submission], *rest: Any, **named: Any) -> Any:
            if any(one.task_id == task_id(3) for one in submissions):
                raise OverflowError("date value out of range")
            return await admit(submissions, *rest, **named)

        w.queue.admit = odd  # type: ignore[method-assign]
        answers = await w.engine.submit([submission(n) for n in range(6)])
        assert [isinstance(one, Admission) for one in answers] == [n != 3 for n in range(6)]
        assert isinstance(answers[3], GardenosError)
        assert "date" not in str(answers[3])
        await w.settled()
        assert w.queue.states() == {TaskState.SUCCEEDED: 5}
