"""When a model is called again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import FaultCode, ModelError
from actors.retry import RetryPolicy, retry_after_s, wait_before_retry_s
from domain.failures import RETRY_AFTER_AT_MOST_S

POLICY = RetryPolicy(retries=3, base_s=0.2, cap_s=5.0)
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def _fault(*, retryable: bool = True, asked_s: float | None = None) -> ModelError:
    return ModelError(FaultCode.RATE_LIMITED if retryable else FaultCode.REFUSED, "", asked_s)


@given(
    retries=st.integers(0, 2),
    jitter=st.floats(0, 1, exclude_max=True),
    left_s=st.floats(0, 100),
    asked_s=st.none() | st.floats(0, 10),
)
def test_a_wait_keeps_every_bound(
    retries: int, jitter: float, left_s: float, asked_s: float | None
) -> None:
    wait_s = wait_before_retry_s(
        _fault(asked_s=asked_s), retries, POLICY, left_s=left_s, jitter=jitter
    )

    if wait_s is None:
        assert asked_s is not None or left_s <= POLICY.cap_s
        return
    assert wait_s < left_s
    assert wait_s >= (asked_s or 0)
    assert wait_s <= max(POLICY.cap_s, (asked_s or 0) + POLICY.base_s)


@pytest.mark.parametrize(
    ("fault", "retries", "left_s", "waits"),
    [
        (_fault(), 0, 10.0, True),
        (_fault(retryable=False), 0, 10.0, False),
        (_fault(), POLICY.retries, 10.0, False),
        (_fault(), 0, 0.0, False),
        (_fault(asked_s=5.0), 0, 10.0, True),
        (_fault(asked_s=5.1), 0, 10.0, True),
        (_fault(asked_s=60.0), 0, 120.0, True),
        (_fault(asked_s=60.0), 0, 60.0, False),
        (_fault(asked_s=5.0), 0, 5.0, False),
        (_fault(asked_s=0.0), 0, 1.0, True),
    ],
)
def test_a_call_is_made_again_only_where_it_may_help(
    fault: ModelError, retries: int, left_s: float, *, waits: bool
) -> None:
    wait_s = wait_before_retry_s(fault, retries, POLICY, left_s=left_s, jitter=0.5)

    assert (wait_s is not None) == waits


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=30), usegmt=True)}, 0.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:10 -0000"}, 10.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "86401"}, RETRY_AFTER_AT_MOST_S),
        ({"retry-after": "1e300"}, RETRY_AFTER_AT_MOST_S),
        ({"retry-after-ms": "2.6e14"}, RETRY_AFTER_AT_MOST_S),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, RETRY_AFTER_AT_MOST_S),
        ({"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, None),
        ({"retry-after": "Mon, 01 Jan 2027 00:00:00 +99999999999999"}, None),
    ],
)
def test_the_wait_asked_for_is_read(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers, NOW.timestamp()) == wait_s
