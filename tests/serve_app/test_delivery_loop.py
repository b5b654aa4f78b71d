"""Claims about the loop that sends webhooks and its schedule, in simulated time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest

from domain.errors import DatabaseUnavailableError
from domain.ids import TenantId
from domain.webhooks import Delivery, DeliveryState, Dispatch, DispatchEnd
from serve_app.webhooks.delivery_loop import DeliveryLoop
from serve_app.webhooks.schedule import MAX_RETRY_AFTER_S, Answer, decide, retry_after_s
from serve_app.webhooks.sender import Sender
from serve_app.webhooks.settings import WebhookSettings
from serve_app.webhooks.signatures import new_secret
from tests.fakes.simulation import now_unix_s, simulated
from tests.serve_app.event_fakes import NoDeliveries

SETTINGS = WebhookSettings(
    concurrency=6, per_webhook=2, schedule_s=(10.0, 20.0, 40.0), time_limit_s=15.0
)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GOOD, BAD = UUID(int=1), UUID(int=2)
SECRET = new_secret()
OK = Answer(204)


def dispatch(number: int, webhook_id: UUID = GOOD, tries: int = 1) -> Dispatch:
    """Return a claimed delivery."""
    delivery = Delivery(
        delivery_id=UUID(int=number),
        webhook_id=webhook_id,
        type="task.succeeded",
        task_id=UUID(int=1000 + number),
        kind="noop",
        task_state="succeeded",
        task_attempt=1,
        error_code=None,
        occurred_at=NOW,
        state=DeliveryState.PENDING,
        attempt=tries,
        due_at=NOW,
        status=None,
        error=None,
        finished_at=None,
    )
    url = f"https://{webhook_id.int}.example.com/hook"
    return Dispatch(TenantId("ours"), delivery, url, (SECRET,), tries, None)


@dataclass
class Outbox(NoDeliveries):
    """DeliveryStore in memory, with the due time, the lease and the fence of the real one."""

    waiting: dict[UUID, tuple[Dispatch, float]] = field(default_factory=dict)
    done: dict[UUID, DispatchEnd] = field(default_factory=dict)
    is_away: bool = False
    is_deaf: bool = False

    def add(self, *ones: Dispatch) -> None:
        """Let deliveries be due now."""
        for one in ones:
            fresh = replace(one, delivery=one.delivery.model_copy(update={"attempt": 0}), tries=0)
            self.waiting[one.delivery.delivery_id] = (fresh, 0.0)

    async def claim(
        self, *, limit: int, per_webhook: int, busy: Mapping[UUID, int], lease_s: float
    ) -> tuple[Dispatch, ...]:
        """Take what is due, by share."""
        if self.is_away:
            raise DatabaseUnavailableError("away", 1.0)
        now_s, shares = _now_s(), Counter(busy)
        taken: list[Dispatch] = []
        for name, (one, due_s) in self.waiting.items():
            webhook_id = one.delivery.webhook_id
            if due_s <= now_s and shares[webhook_id] < per_webhook and len(taken) < limit:
                shares[webhook_id] += 1
                attempt = one.delivery.attempt + 1
                delivery = one.delivery.model_copy(update={"attempt": attempt})
                claimed = replace(one, delivery=delivery, tries=one.tries + 1)
                self.waiting[name] = (claimed, now_s + lease_s)
                taken.append(claimed)
        return tuple(taken)

    async def finish(self, ends: Sequence[DispatchEnd]) -> frozenset[UUID]:
        """Settle where the attempt still holds."""
        if self.is_deaf:
            raise DatabaseUnavailableError("away", 1.0)
        held = set()
        for end in ends:
            one, _ = self.waiting.get(end.delivery_id, (None, 0.0))
            if one is None or one.delivery.attempt != end.attempt:
                continue
            held.add(end.delivery_id)
            if end.retry_s is not None:
                self.waiting[end.delivery_id] = (one, _now_s() + end.retry_s)
            else:
                del self.waiting[end.delivery_id]
                self.done[end.delivery_id] = end
        return frozenset(held)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class Post(Sender):
    """A sender that asks the test, and keeps when each message went out."""

    def __init__(self, answer: Callable[[str], Answer], took_s: Callable[[str], float]) -> None:
        self.answer, self.took_s = answer, took_s
        self.sent: list[tuple[float, str, str]] = []
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def post(
        self, tenant_id: TenantId, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Take as long as the test says."""
        assert body
        assert tenant_id == "ours"
        self.sent.append((_now_s(), url, headers["webhook-id"]))
        self.open[url] += 1
        self.most[url] = max(self.most[url], self.open[url])
        self.most["all"] = max(self.most["all"], self.open.total())
        await asyncio.sleep(self.took_s(url))
        self.open[url] -= 1
        return self.answer(url)


class Loop:
    """A delivery loop that runs over an outbox."""

    def __init__(
        self,
        answer: Callable[[str], Answer] = lambda _: OK,
        took_s: Callable[[str], float] = lambda _: 0.1,
    ) -> None:
        self.outbox = Outbox()
        self.post = Post(answer, took_s)
        self.loop = DeliveryLoop(
            self.outbox,
            self.post,
            SETTINGS,
            now_s=now_unix_s,
            rng=Random(3),  # noqa: S311 - seeded
        )

    async def __aenter__(self) -> "Loop":  # noqa: PYI034 - no subclass
        self.running = asyncio.create_task(self.loop.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


class Keeper(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self._records.append(record)


def is_bad(url: str) -> bool:
    """Tell whether a URL is that of the bad receiver."""
    return url.startswith(f"https://{BAD.int}.")


@simulated
async def test_a_receiver_that_hangs_holds_up_no_other() -> None:
    slow = Loop(took_s=lambda url: 15.0 if is_bad(url) else 0.1)
    async with slow as running:
        running.outbox.add(*(dispatch(number, BAD) for number in range(100, 200)))
        running.outbox.add(*(dispatch(number) for number in range(1, 41)))
        await asyncio.sleep(10)
        assert all(UUID(int=number) in running.outbox.done for number in range(1, 41))
        assert max(running.post.most[url] for url in running.post.most if is_bad(url)) == 2


@simulated
async def test_no_more_is_sent_at_once_than_is_allowed() -> None:
    async with Loop(took_s=lambda _: 5.0) as running:
        for webhook in range(1, 10):
            numbers = range(webhook * 100, webhook * 100 + 9)
            running.outbox.add(*(dispatch(number, UUID(int=webhook)) for number in numbers))
        await asyncio.sleep(60)
        assert running.post.most["all"] == SETTINGS.concurrency
        assert (
            max(running.post.most[f"https://{one}.example.com/hook"] for one in range(1, 10)) <= 2
        )


@simulated
async def test_a_message_is_tried_by_the_schedule_under_one_id_and_then_dead() -> None:
    async with Loop(answer=lambda _: Answer(500)) as running:
        running.outbox.add(dispatch(1))
        await asyncio.sleep(200)
        times = [at for at, _, _ in running.post.sent]
        assert len(times) == 1 + len(SETTINGS.schedule_s)
        gaps = [after - before for before, after in pairwise(times)]
        for wait_s, gap in zip(SETTINGS.schedule_s, gaps, strict=True):
            assert gap <= wait_s + 0.1 + SETTINGS.poll_s
        assert len({name for _, _, name in running.post.sent}) == 1
        assert running.outbox.done[UUID(int=1)].error == "status 500"
        assert not running.outbox.done[UUID(int=1)].delivered


@simulated
async def test_what_a_replica_that_died_was_sending_is_sent_by_another_after_its_lease() -> None:
    first = Loop(took_s=lambda _: 3600.0)
    second = Loop()
    second.loop._store = first.outbox
    async with first as dead:
        dead.outbox.add(dispatch(1))
        await asyncio.sleep(1)
    async with second as other:
        await asyncio.sleep(SETTINGS.lease_s - 5)
        assert other.post.sent == []
        await asyncio.sleep(6)
        assert len(other.post.sent) == 1
        assert other.post.sent[0][2] == dead.post.sent[0][2]
        assert dead.outbox.done[UUID(int=1)].delivered


@simulated
async def test_a_database_that_is_away_is_asked_again_and_the_message_sent_again() -> None:
    async with Loop() as running:
        running.outbox.add(dispatch(1))
        running.outbox.is_deaf = True
        await asyncio.sleep(1)
        running.outbox.is_away = True
        await asyncio.sleep(30)
        running.outbox.is_away = running.outbox.is_deaf = False
        await asyncio.sleep(SETTINGS.lease_s)
        assert running.outbox.done[UUID(int=1)].delivered
        assert {name for _, _, name in running.post.sent} == {running.post.sent[0][2]}


@simulated
async def test_a_fault_of_ours_uses_up_an_attempt_and_is_logged_without_a_secret() -> None:
    def fault(url: str) -> Answer:
        raise RuntimeError(url) if is_bad(url) else AssertionError

    records: list[logging.LogRecord] = []
    handler = Keeper(records)
    logger = logging.getLogger("serve_app.webhooks.delivery_loop")
    logger.addHandler(handler)
    try:
        async with Loop(answer=fault) as running:
            running.outbox.add(dispatch(1, BAD))
            await asyncio.sleep(200)
            assert running.outbox.done[UUID(int=1)].error == "fault: RuntimeError"
    finally:
        logger.removeHandler(handler)
    assert {one.msg for one in records} == {"delivery_fault"}
    assert not any(SECRET in str(one.__dict__) for one in records)


@simulated
async def test_a_stop_lets_what_is_nearly_sent_arrive_and_cancels_the_rest() -> None:
    loop = Loop(took_s=lambda url: 3600.0 if is_bad(url) else 1.0)
    async with loop as running:
        running.outbox.add(dispatch(1), dispatch(2, BAD))
        await asyncio.sleep(0.6)
    assert set(loop.outbox.done) == {UUID(int=1)}
    assert _now_s() < 10


@pytest.mark.parametrize(
    ("answer", "tries", "retry_s"),
    [
        (Answer(204), 1, None),
        (Answer(500), 1, 5.0),
        (Answer(302), 2, 10.0),
        (Answer(None, "no answer in 15 s"), 3, 20.0),
        (Answer(500), 4, None),
        (Answer(410), 1, None),
        (Answer(429, None, "30"), 1, 30.0),
        (Answer(503, None, "Wed, 25 Nov 2026 12:01:00 GMT"), 1, 60.0),
        (Answer(503, None, "Wed, 25 Nov 2026 11:00:00 GMT"), 1, 5.0),
        (Answer(429, None, "99999999"), 1, MAX_RETRY_AFTER_S),
        (Answer(429, None, "soon"), 1, 5.0),
        (Answer(429, None, "-1"), 1, 5.0),
    ],
)
def test_what_follows_from_an_answer(answer: Answer, tries: int, retry_s: float | None) -> None:
    end = decide(answer, dispatch(1, tries=tries), SETTINGS, now=NOW, jitter=0.5)
    assert end.retry_s == retry_s
    assert end.delivered == (answer.status == 204)
    assert (end.disable is not None) == (answer.status == 410)


@pytest.mark.parametrize(("since_s", "reason"), [(3600, None), (4 * 86_400, "failing: ")])
def test_only_failures_over_days_disable_an_endpoint(since_s: int, reason: str | None) -> None:
    one = replace(dispatch(1), failing_since=NOW - timedelta(seconds=since_s))
    end = decide(Answer(500), one, SETTINGS, now=NOW, jitter=0.5)
    assert (end.disable and end.disable[:9]) == reason
    assert decide(OK, one, SETTINGS, now=NOW, jitter=0.5).disable is None


def test_a_retry_after_is_never_below_zero_nor_above_a_day() -> None:
    for text in ("0", "1e9", "", None, "Thu, 01 Jan 2099 00:00:00 GMT", "9" * 40):
        assert 0 <= retry_after_s(text, now=NOW) <= MAX_RETRY_AFTER_S
