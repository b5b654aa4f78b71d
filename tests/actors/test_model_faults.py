"""What becomes of a question for each way in which a provider can misbehave."""

import time
from dataclasses import dataclass

import pytest

from actors.errors import FaultCode
from actors.model_faults import fault_of_status
from tests.actors.model_world import ANSWER, MODEL, Said, answering, ask_once, settings_for
from tests.provider.faults import Fault, Rule
from tests.provider.server import Provider


@dataclass(frozen=True)
class Ending:
    """What is expected of a question.

    Attributes:
        code: Why there is no value; None where there is one.
        calls: Calls that the provider's log shows.
        rows: Rows of the ledger.
        estimated: Rows among them whose tokens were estimated.
    """

    code: FaultCode | None
    calls: int
    rows: int
    estimated: int = 0


ANSWERED = Ending(None, calls=1, rows=1)
REPAIRED_IN_VAIN = Ending(FaultCode.INVALID_ANSWER, calls=2, rows=2)

ENDINGS = {
    Fault.RATE_LIMITED: Ending(FaultCode.RATE_LIMITED, calls=3, rows=0),
    Fault.QUOTA_EXCEEDED: Ending(FaultCode.NO_CREDIT, calls=1, rows=0),
    Fault.SERVER_ERROR: Ending(FaultCode.UNAVAILABLE, calls=3, rows=0),
    Fault.BAD_GATEWAY: Ending(FaultCode.UNAVAILABLE, calls=3, rows=0),
    Fault.UNAVAILABLE: Ending(FaultCode.UNAVAILABLE, calls=3, rows=0),
    Fault.UNAUTHORIZED: Ending(FaultCode.NO_KEY, calls=1, rows=0),
    Fault.FORBIDDEN: Ending(FaultCode.NO_KEY, calls=1, rows=0),
    Fault.MODEL_NOT_FOUND: Ending(FaultCode.BAD_REQUEST, calls=1, rows=0),
    Fault.CONTEXT_TOO_LONG: Ending(FaultCode.BAD_REQUEST, calls=1, rows=0),
    Fault.NO_JSON_SCHEMA: Ending(None, calls=2, rows=1),
    Fault.NO_JSON_OBJECT: ANSWERED,
    Fault.LATE: Ending(FaultCode.TIMEOUT, calls=3, rows=3, estimated=3),
    Fault.SLOW_BODY: Ending(FaultCode.TIMEOUT, calls=3, rows=3, estimated=3),
    Fault.HANG: Ending(FaultCode.TIMEOUT, calls=3, rows=3, estimated=3),
    Fault.RESET: Ending(FaultCode.CONNECTION, calls=3, rows=3, estimated=3),
    Fault.CLOSE_EARLY: Ending(FaultCode.CONNECTION, calls=3, rows=3, estimated=3),
    Fault.HALF_BODY: Ending(FaultCode.CONNECTION, calls=3, rows=3, estimated=3),
    Fault.GARBAGE: Ending(FaultCode.GARBLED_ANSWER, calls=3, rows=3, estimated=3),
    Fault.HTML_PAGE: Ending(FaultCode.GARBLED_ANSWER, calls=3, rows=3, estimated=3),
    Fault.OVERSIZED: Ending(FaultCode.INVALID_ANSWER, calls=1, rows=1, estimated=1),
    Fault.NO_CHOICES: Ending(FaultCode.GARBLED_ANSWER, calls=3, rows=3, estimated=3),
    Fault.HALF_CONTENT: REPAIRED_IN_VAIN,
    Fault.WRONG_SCHEMA: REPAIRED_IN_VAIN,
    Fault.EMPTY_CONTENT: REPAIRED_IN_VAIN,
    Fault.NULL_CONTENT: REPAIRED_IN_VAIN,
    Fault.PROSE: ANSWERED,
    Fault.FENCE: ANSWERED,
    Fault.THINKING: ANSWERED,
    Fault.CUT_BY_LENGTH: Ending(FaultCode.ANSWER_CUT, calls=2, rows=2),
    Fault.CONTENT_FILTER: Ending(FaultCode.REFUSED, calls=1, rows=1),
    Fault.REFUSAL: Ending(FaultCode.REFUSED, calls=1, rows=1),
    Fault.NO_USAGE: Ending(None, calls=1, rows=1, estimated=1),
    Fault.NULL_USAGE: Ending(None, calls=1, rows=1, estimated=1),
}

SHORT_S = 0.1
OVER_THE_BOUND = 4 * 1024 * 1024 + 1


def test_the_table_knows_every_fault_of_the_stand_in() -> None:
    assert set(ENDINGS) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_that_stays_ends_in_a_reply_that_says_why(fault: Fault) -> None:
    expected = ENDINGS[fault]
    timeout_s = SHORT_S if expected.code is FaultCode.TIMEOUT else 5.0
    async with Provider(answering(rules=(Rule(fault=fault, size_bytes=OVER_THE_BOUND),))) as there:
        reply, run = await ask_once(settings_for(there, timeout_s=timeout_s), time.time)

        calls = there.log.calls
    assert len(calls) == expected.calls
    assert len(run.usage) == expected.rows
    assert sum(row.estimated for row in run.usage) == expected.estimated
    assert [row.call for row in run.usage] == list(range(expected.rows))
    if expected.code is None:
        assert reply.value == Said.model_validate(ANSWER)
        assert (reply.llm, reply.degraded_because) == (MODEL, None)
    else:
        assert (reply.value, reply.llm) == (None, None)
        assert str(reply.degraded_because).partition(": ")[0] == expected.code


@pytest.mark.parametrize(
    "fault", [fault for fault, ending in ENDINGS.items() if ending.code is not None]
)
async def test_a_fault_of_one_call_costs_no_answer_where_asking_again_helps(fault: Fault) -> None:
    final = {FaultCode.NO_KEY, FaultCode.BAD_REQUEST, FaultCode.REFUSED}
    once = Rule(fault=fault, times=1, size_bytes=OVER_THE_BOUND)
    async with Provider(answering(rules=(once,))) as there:
        reply, _ = await ask_once(settings_for(there, timeout_s=SHORT_S * 4), time.time)

    helps = ENDINGS[fault].code not in final and fault not in {
        Fault.QUOTA_EXCEEDED,
        Fault.OVERSIZED,
    }
    assert (reply.value is not None) == helps


async def test_a_row_holds_what_the_provider_counted_and_its_price() -> None:
    counted = answering(prompt_tokens=1000, completion_tokens=200, cached_tokens=400)
    async with Provider(counted) as there:
        _, run = await ask_once(settings_for(there), time.time)

    (row,) = run.usage
    assert (row.prompt_tokens, row.cached_prompt_tokens, row.completion_tokens) == (1000, 400, 200)
    # (600 x 0.26 + 400 x 0.13 + 200 x 0.38) USD per million tokens
    assert row.cost_nanousd == 600 * 260 + 400 * 130 + 200 * 380
    assert (row.model, row.priced, row.estimated) == (MODEL, True, False)


async def test_an_estimated_row_is_near_what_the_provider_would_have_counted() -> None:
    async with Provider(answering(rules=(Rule(fault=Fault.NO_USAGE),))) as there:
        _, run = await ask_once(settings_for(there), time.time)

        (call,) = there.log.calls
    (row,) = run.usage
    assert row.estimated
    assert row.completion_tokens == pytest.approx(call.completion_tokens, abs=3)
    assert row.prompt_tokens >= call.prompt_tokens  # the schema counts as well
    assert row.cost_nanousd > 0


async def test_a_model_without_a_price_costs_nothing_and_says_so() -> None:
    async with Provider(answering()) as there:
        _, run = await ask_once(settings_for(there, name="garden-7b"), time.time)

    (row,) = run.usage
    assert (row.priced, row.cost_nanousd) == (False, 0)


SECRET = "sk-very-secret"

STATUSES: dict[int, tuple[FaultCode, bool]] = {
    307: (FaultCode.BAD_REQUEST, False),
    400: (FaultCode.BAD_REQUEST, False),
    401: (FaultCode.UNAUTHORISED, False),
    402: (FaultCode.NO_CREDIT, False),
    403: (FaultCode.UNAUTHORISED, False),
    404: (FaultCode.BAD_REQUEST, False),
    408: (FaultCode.UNAVAILABLE, True),
    409: (FaultCode.UNAVAILABLE, True),
    413: (FaultCode.BAD_REQUEST, False),
    422: (FaultCode.BAD_REQUEST, False),
    429: (FaultCode.RATE_LIMITED, True),
    500: (FaultCode.UNAVAILABLE, True),
    501: (FaultCode.BAD_REQUEST, False),
    503: (FaultCode.UNAVAILABLE, True),
    529: (FaultCode.UNAVAILABLE, True),
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_says_what_happened_and_whether_to_ask_again(status: int) -> None:
    error = fault_of_status(status, f"bad {SECRET}", has_key=True, retry_after_s=None)

    assert (error.code, error.retryable) == STATUSES[status]
    assert str(status) in error.detail
    assert SECRET not in str(error)
    assert not error.may_be_billed


def test_content_refused_by_a_status_is_a_refusal() -> None:
    error = fault_of_status(400, '{"code": "content_filter"}', has_key=True, retry_after_s=None)

    assert error.code is FaultCode.REFUSED
