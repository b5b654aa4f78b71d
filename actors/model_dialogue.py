"""One question to one model: calls, retries, one longer answer, one repair, until it fits or fails.

What to do after a turn is decided by :func:`next_step`, which is pure.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Generic, Protocol

from actors.answer_ladder import AnswerLadder, Manner
from actors.answer_text import Fit, Misfit, read_answer
from actors.call_mark import CallMark
from actors.chat_protocol import Ask, Completion, answer_form, repair_turns
from actors.errors import FaultCode, FeatureRefusedError, ModelError
from actors.model_ledger import ModelLedger
from actors.questions import AnswerT, Question
from actors.retry import RetryPolicy, wait_before_retry_s
from actors.run_times import RunTimes
from domain.usage import Price

MIN_CALL_S = 0.05
"""No call is begun with less time than this: no model answers so fast."""

MAX_OUTPUT_TOKENS = 32_768
"""A cut answer is asked for again with twice the room, up to this."""

MAX_REFUSED_FEATURES = 5
"""Two rungs of the ladder, the length field and the temperature, and one for good measure."""


class Client(Protocol):
    """Calls one model; see :class:`actors.model_client.ModelClient`."""

    name: str

    async def warm(self, limit_s: float) -> None:
        """Prepare the first call."""
        ...

    async def call(
        self, body: bytes, asked: Manner, *, limit_s: float, mark: CallMark
    ) -> Completion:
        """Make one call."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A model that may be asked.

    Attributes:
        ladder: What is known of how to ask it; shared by all runs of the replica.
        price: None where none is known.
        times: How long its calls took; shared likewise.
    """

    client: Client
    ladder: AnswerLadder
    price: Price | None
    times: RunTimes = field(default_factory=RunTimes)

    @property
    def name(self) -> str:
        """The model as the provider calls it."""
        return self.client.name

    def least_s(self, now_unix_s: float) -> float:
        """Return the seconds below which no call can be expected to be answered."""
        return max(MIN_CALL_S, self.times.shortest_s(now_unix_s))


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of a run.

    Attributes:
        call_limit_s: Seconds one call may take.
        until_unix_s: When the run must be over, in seconds since 1970.
        clock: Returns seconds since 1970.
        rng: Source of jitter.
    """

    call_limit_s: float
    until_unix_s: float
    retry: RetryPolicy
    clock: Callable[[], float]
    rng: Random

    def left_s(self) -> float:
        """Return the seconds until the run's end."""
        return self.until_unix_s - self.clock()

    def before(self, behind: int) -> "Pace":
        """Return the limits for a model that has so many others behind it."""
        return replace(self, retry=replace(self.retry, is_last=behind == 0))


@dataclass(frozen=True, slots=True)
class Course(Generic[AnswerT]):
    """How far a question has come at one model.

    Attributes:
        ask: The next request.
        lengthened: Whether a cut answer was asked for again.
        fault: What was wrong with an answer that the model is asked to mend; None before.
    """

    ask: Ask[AnswerT]
    lengthened: bool = False
    fault: Misfit | None = None


def next_step(
    course: Course[AnswerT], completion: Completion
) -> Fit[AnswerT] | Course[AnswerT] | ModelError:
    """Return the answer, or how to go on, or why not to."""
    if completion.is_refused:
        return ModelError(FaultCode.REFUSED, "The model refuses to answer.")
    ask = course.ask
    read = read_answer(completion.content, ask.question.answer)
    if isinstance(read, Fit):
        return read
    if completion.is_cut:
        if course.lengthened or ask.max_tokens >= MAX_OUTPUT_TOKENS:
            detail = f"The answer was longer than {ask.max_tokens} tokens."
            return ModelError(FaultCode.ANSWER_CUT, detail)
        longer = min(2 * ask.max_tokens, MAX_OUTPUT_TOKENS)
        return replace(course, ask=replace(ask, max_tokens=longer), lengthened=True)
    if course.fault is not None:
        return ModelError(FaultCode.INVALID_ANSWER, "The answer did not fit, nor did its repair.")
    turns = repair_turns(completion.content, read.complaint, ask.form, ask.manner.rung)
    return replace(course, ask=replace(ask, repair=turns), fault=read)


def _broke_schema(step: Fit[AnswerT] | Course[AnswerT] | ModelError) -> bool:
    return isinstance(step, Course) and step.fault is not None and step.fault.breaks_schema


async def ask_model(
    model: Model, question: Question[AnswerT], pace: Pace, ledger: ModelLedger
) -> AnswerT:
    """Return a model's answer to a question.

    Raises:
        ModelError: It gave none, or time ran out.
    """
    manner = model.ladder.manner(pace.clock())
    form = answer_form(question.name, question.answer)
    course = Course(Ask(question, form, manner, question.max_output_tokens))
    while True:
        completion, manner = await _completion(model, course.ask, pace, ledger)
        course = replace(course, ask=replace(course.ask, manner=manner))
        step = next_step(course, completion)
        if not course.lengthened and course.fault is None:
            model.ladder.note(manner, pace.clock(), broke_schema=_broke_schema(step))
        match step:
            case Fit(value):
                return value
            case ModelError():
                raise step
            case _:
                course = step


async def _completion(
    model: Model, ask: Ask[AnswerT], pace: Pace, ledger: ModelLedger
) -> tuple[Completion, Manner]:
    """Call until there is a completion; also return the manner in which it was asked for."""
    before = ask.manner
    retries = refused = 0
    while True:
        try:
            return await _call(model, ask, pace, ledger), ask.manner
        except FeatureRefusedError as error:
            refused += 1
            model.ladder.learn(error.feature, ask.manner, pace.clock())
            ask = replace(ask, manner=model.ladder.manner(pace.clock()))
            if refused > MAX_REFUSED_FEATURES:
                model.ladder.revert(before)
                raise
        except ModelError as error:
            if refused and error.code is FaultCode.BAD_REQUEST:
                model.ladder.revert(before)
            jitter = pace.rng.random()
            left_s = pace.left_s() - model.least_s(pace.clock())
            wait_s = wait_before_retry_s(error, retries, pace.retry, left_s=left_s, jitter=jitter)
            if wait_s is None:
                raise
            retries += 1
            await asyncio.sleep(wait_s)


async def _call(model: Model, ask: Ask[AnswerT], pace: Pace, ledger: ModelLedger) -> Completion:
    """Make one call, and enter it in the ledger whatever it ends in."""
    left_s, began_s = pace.left_s(), pace.clock()
    if left_s < model.least_s(began_s):
        raise ModelError(FaultCode.DEADLINE, "No time was left to ask.")
    mark = CallMark()
    try:
        completion = await model.client.call(
            ask.body(model.name), ask.manner, limit_s=min(pace.call_limit_s, left_s), mark=mark
        )
    except asyncio.CancelledError:
        if mark.sent:
            ledger.add_estimated(model.name, model.price, ask.texts())
        raise
    except ModelError as error:
        if error.may_be_billed:
            ledger.add_estimated(model.name, model.price, ask.texts())
        raise
    model.times.succeeded(pace.clock() - began_s, pace.clock())
    if completion.tokens is None:
        ledger.add_estimated(model.name, model.price, ask.texts(), completion.content)
    else:
        ledger.add(model.name, model.price, completion.tokens)
    return completion
