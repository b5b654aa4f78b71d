"""Retries, fallbacks, shares, deadlines and cancellation of a run."""

import asyncio
import time

import pytest

from actors.agent import PaidAgentError
from actors.model_choice import choose_variant
from actors.models import ProviderRun
from actors.run_times import FEWEST
from actors.settings import Endpoint, Variant
from tests.actors.model_world import (
    ANSWER,
    MODEL,
    QUESTION,
    Said,
    answering,
    ask_once,
    envelope,
    models_of,
    settings_for,
    settings_for_address,
)
from tests.actors.recorder import Recorder, refusal
from tests.provider.faults import Fault, RetryAfterForm, Rule
from tests.provider.server import Provider

OTHER = "gpt-4o"
THIRD = "gpt-6-luna"


async def test_questions_of_one_run_share_its_numbering() -> None:
    async with Provider(answering()) as there, models_of(settings_for(there)) as models:
        run = models.open(envelope(attempt=3), time.time)
        await run.ask(QUESTION)
        await run.ask(QUESTION)

    assert [(row.attempt, row.call) for row in run.usage] == [(3, 0), (3, 1)]


async def test_runs_of_one_replica_have_bills_of_their_own() -> None:
    async with Provider(answering()) as there, models_of(settings_for(there)) as models:
        runs = [models.open(envelope(number), time.time) for number in range(20)]
        await asyncio.gather(*(run.ask(QUESTION) for run in runs))

    assert [len(run.usage) for run in runs] == [1] * 20


@pytest.mark.parametrize(
    "form", [RetryAfterForm.SECONDS, RetryAfterForm.MILLISECONDS, RetryAfterForm.NONSENSE]
)
async def test_a_wait_that_the_provider_asks_for_is_kept(form: RetryAfterForm) -> None:
    asked_s = 0.4
    busy = Rule(fault=Fault.RATE_LIMITED, times=1, retry_after_s=asked_s, retry_after_form=form)
    async with Provider(answering(rules=(busy,))) as there:
        reply, _ = await ask_once(settings_for(there, retry_cap_s=1.0), time.time)

        first, second = there.log.calls
    assert reply.value is not None
    assert (second.arrived_s - first.arrived_s >= asked_s) == (form is not RetryAfterForm.NONSENSE)


async def test_a_wait_longer_than_the_cap_goes_on_to_the_next_model_where_there_is_one() -> None:
    busy = Rule(fault=Fault.RATE_LIMITED, model=MODEL, retry_after_s=30)
    async with Provider(answering(rules=(busy,))) as there:
        settings = settings_for(there, fallbacks=(Endpoint(name=OTHER),))
        reply, _ = await ask_once(settings, time.time)

        assert [call.model for call in there.log.calls] == [MODEL, OTHER]
    assert reply.llm == OTHER


async def test_fallbacks_are_asked_in_their_order_until_one_answers() -> None:
    down = (
        Rule(fault=Fault.UNAVAILABLE, model=MODEL),
        Rule(fault=Fault.REFUSAL, model=OTHER),
    )
    async with Provider(answering(rules=down)) as there:
        fallbacks = (Endpoint(name=OTHER), Endpoint(name=THIRD))
        reply, run = await ask_once(settings_for(there, fallbacks=fallbacks), time.time)

        assert [call.model for call in there.log.calls] == [MODEL] * 3 + [OTHER, THIRD]
    assert (reply.value, reply.llm) == (Said.model_validate(ANSWER), THIRD)
    assert [row.model for row in run.usage] == [OTHER, THIRD]


async def test_a_model_that_hangs_leaves_time_for_the_one_behind_it() -> None:
    hang = Rule(fault=Fault.HANG, model=MODEL)
    async with Provider(answering(rules=(hang,))) as there:
        fallbacks = (Endpoint(name=OTHER),)
        settings = settings_for(there, timeout_s=0.4, run_limit_s=0.8, fallbacks=fallbacks)
        reply, _ = await ask_once(settings, time.time)

        assert [call.model for call in there.log.calls] == [MODEL, OTHER]
    assert reply.llm == OTHER


async def test_a_reply_without_a_value_names_the_first_fault_and_then_the_others() -> None:
    down = (Rule(fault=Fault.QUOTA_EXCEEDED, model=MODEL), Rule(fault=Fault.REFUSAL, model=OTHER))
    async with Provider(answering(rules=down)) as there:
        settings = settings_for(there, fallbacks=(Endpoint(name=OTHER),))
        reply, _ = await ask_once(settings, time.time)

    assert reply.degraded_because == (
        "no_credit: The account at the provider has no credit left (429)."
        f" Then {OTHER}: The model refuses to answer."
    )


async def test_a_reply_repeats_no_word_of_the_provider() -> None:
    async with Recorder(lambda _: refusal(400, "bad: jane@example.org, key sk-123")) as there:
        reply, _ = await ask_once(settings_for_address(there.base_url), time.time)

    assert reply.degraded_because == "bad_request: The provider refuses the call (400)."


async def test_a_variant_gets_its_tasks_and_keeps_them() -> None:
    async with Provider(answering()) as there:
        settings = settings_for(there, variants=(Variant(name=OTHER, share=0.3),))
        async with models_of(settings) as models:

            async def llm(number: int) -> str | None:
                return (await models.open(envelope(number), time.time).ask(QUESTION)).llm

            first = await asyncio.gather(*(llm(number) for number in range(40)))
            again = await asyncio.gather(*(llm(number) for number in range(40)))

    keys = [envelope(number).task_id.bytes for number in range(40)]
    due = [MODEL if choose_variant([0.3], key) is None else OTHER for key in keys]
    assert first == again == due
    assert set(due) == {MODEL, OTHER}


async def test_behind_a_variant_stands_the_main_model() -> None:
    down = Rule(fault=Fault.FORBIDDEN, model=OTHER)
    async with Provider(answering(rules=(down,))) as there:
        settings = settings_for(there, variants=(Variant(name=OTHER, share=0.999),))
        reply, _ = await ask_once(settings, time.time)

        assert [call.model for call in there.log.calls] == [OTHER, MODEL]
    assert reply.llm == MODEL


async def test_a_run_ends_before_the_deadline_less_the_reserve() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.HANG),))) as there:
        settings = settings_for(there, reserve_s=0.3, fallbacks=(Endpoint(name=OTHER),))
        began_s = time.perf_counter()
        reply, run = await ask_once(settings, time.time, deadline_unix_s=time.time() + 0.6)
        took_s = time.perf_counter() - began_s

        assert len(there.log.calls) == 1
    assert 0.25 <= took_s < 0.6
    assert str(reply.degraded_because).startswith("timeout: ")
    assert len(run.usage) == 1


async def test_no_call_is_made_that_could_not_end_in_time() -> None:
    async with Provider(answering()) as there:
        settings = settings_for(there, reserve_s=0.5)
        reply, run = await ask_once(settings, time.time, deadline_unix_s=time.time() + 0.5)

        assert there.log.calls == ()
    assert reply.degraded_because == "deadline: No time was left to ask."
    assert run.usage == ()


class Clock:
    """A clock that a test sets."""

    now_s = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


async def test_no_call_is_made_where_less_time_is_left_than_any_took() -> None:
    clock, took_s = Clock(), 2.0
    async with Provider(answering()) as there, models_of(settings_for(there)) as models:
        (model,) = models._models()
        for _ in range(FEWEST):
            model.times.succeeded(took_s, clock.now_s)
        before = len(there.log.calls)
        short = envelope(deadline_unix_s=clock.now_s + 0.5 + took_s / 2)
        reply = await models.open(short, clock).ask(QUESTION)
        assert len(there.log.calls) == before
        assert reply.degraded_because == "deadline: No time was left to ask."

        enough = envelope(deadline_unix_s=clock.now_s + 0.5 + 2 * took_s)
        reply = await models.open(enough, clock).ask(QUESTION)
        assert reply.value == Said(**ANSWER)  # type: ignore[arg-type]
        assert len(there.log.calls) == before + 1


async def test_no_retry_is_begun_that_could_not_end_in_time() -> None:
    clock, took_s = Clock(), 2.0
    busy = Rule(fault=Fault.RATE_LIMITED, times=1, retry_after_s=0.01)
    async with Provider(answering(rules=(busy,))) as there:
        settings = settings_for(there, reserve_s=0.0)
        async with models_of(settings) as models:
            (model,) = models._models()
            for _ in range(FEWEST):
                model.times.succeeded(took_s, clock.now_s)
            least_s = model.least_s(clock.now_s)
            just = envelope(deadline_unix_s=clock.now_s + least_s + 0.005)
            reply = await models.open(just, clock).ask(QUESTION)

        assert len(there.log.calls) == 1
    assert str(reply.degraded_because).startswith("rate_limited: ")


async def test_all_calls_of_a_run_share_one_limit() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.HANG),))) as there:
        settings = settings_for(there, run_limit_s=0.4, timeout_s=0.1, retries=10)
        began_s = time.perf_counter()
        await ask_once(settings, time.time)

        assert time.perf_counter() - began_s < 1.0
        assert 2 <= len(there.log.calls) <= 5


async def test_a_model_is_asked_again_as_often_as_the_settings_say() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.UNAVAILABLE),))) as there:
        await ask_once(settings_for(there, retries=8), time.time)

        assert len(there.log.calls) == 9


async def _cancel_when(there: Provider, run: ProviderRun, calls: int) -> BaseException:
    """Cancel a question as soon as the provider has seen so many calls; return how it ended."""
    asking = asyncio.create_task(run.ask(QUESTION))
    await there.log.until(lambda log: len(log.calls) >= calls)
    asking.cancel()
    try:
        await asking
    except BaseException as error:  # noqa: BLE001 - how it ends is the claim
        return error
    raise AssertionError("the question ended in spite of the cancellation")


async def test_a_cancelled_call_closes_its_connection_and_stands_in_the_bill() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.HANG),))) as there:
        async with models_of(settings_for(there)) as models:
            run = models.open(envelope(), time.time)
            error = await _cancel_when(there, run, 1)
            cancelled_s = time.monotonic()
            await there.log.until(lambda log: log.calls[0].closed_s is not None)

        (call,) = there.log.calls
        assert call.closed_s is not None
        assert call.closed_s - cancelled_s < 0.5
    assert isinstance(error, PaidAgentError)
    assert (error.code, error.retryable, error.usage) == ("interrupted", True, run.usage)
    assert [(row.estimated, row.completion_tokens) for row in run.usage] == [(True, 0)]


async def test_a_run_cancelled_in_its_second_question_keeps_the_bill_of_the_first() -> None:
    second = Rule(fault=Fault.HANG, calls=(2,))
    behaviour = answering(rules=(second,))
    async with Provider(behaviour) as there, models_of(settings_for(there)) as models:
        run = models.open(envelope(), time.time)
        await run.ask(QUESTION)
        error = await _cancel_when(there, run, 2)

    assert isinstance(error, PaidAgentError)
    assert [row.estimated for row in error.usage] == [False, True]


async def test_a_run_cancelled_before_it_cost_anything_is_only_cancelled() -> None:
    async with Provider(answering()) as there, models_of(settings_for(there)) as models:
        run = models.open(envelope(), time.time)
        asking = asyncio.create_task(run.ask(QUESTION))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        assert there.log.calls == ()
    assert run.usage == ()
