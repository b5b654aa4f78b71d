"""Claims about sending rows: whatever goes wrong, each row gets one result and is paid once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from batch.pace import Pace
from batch.preparation import Prepared, Reject
from batch.results import Failed, RowResult, Scored
from batch.service import Service, retry_after_s
from batch.submitter import Submitter, key_of
from domain.errors import InvalidInputError, UnavailableError
from tests.batch.fake_service import FakeService, Faults, serving

PACE = Pace(
    rows_open=40,
    chunk_rows=7,
    asked_at_once=20,
    poll_s=1.0,
    rest_s=0.0,
    patience_s=20.0,
    base_s=0.001,
    cap_s=0.01,
)


def rows(count: int, *, size: int = 10) -> Iterator[Prepared | Reject]:
    """Yield rows of which every tenth is a reject."""
    for line in range(2, count + 2):
        if line % 10 == 0:
            yield Reject(line, "", "line", "x", "y")
        else:
            lead = f'{{"lead_id":"lead-{line}","message":"{"m" * size}"}}'
            yield Prepared(line, f"lead-{line}", lead.encode())


async def run(
    service: FakeService,
    count: int = 100,
    *,
    pace: Pace = PACE,
    key: str = "run",
    size: int = 10,
) -> list[RowResult]:
    """Score rows against a running fake; return the results as they came."""
    found: list[RowResult] = []
    async with Service(service.address) as client:
        submitter = Submitter(client, key, pace=pace, rng=Random(1))  # noqa: S311 - jitter
        await submitter.run(rows(count, size=size), found.append)
    return found


def a_service(seed: int = 7, **changes: object) -> FakeService:
    """Return a fake that is not served yet."""
    return FakeService(Random(seed), **changes)  # type: ignore[arg-type]  # noqa: S311


async def test_every_row_gets_its_result_in_the_order_of_the_file() -> None:
    async with serving(a_service()) as service:
        found = await run(service)
    assert [one.line for one in found] == list(range(2, 102))
    assert Counter(type(one) for one in found) == {Scored: 90, Reject: 10}
    assert all(one.analysis["lead_id"] == one.lead_id for one in found if isinstance(one, Scored))


async def test_rows_without_a_lead_need_no_call() -> None:
    async with serving(a_service()) as service:
        found: list[RowResult] = []
        async with Service(service.address) as client:
            submitter = Submitter(client, "run", pace=PACE, rng=Random(1))  # noqa: S311
            await submitter.run(iter([Reject(2, "", "a", "b", "c")]), found.append)
    assert [one.line for one in found] == [2]
    assert service.batches == []


@pytest.mark.parametrize("seed", range(8))
async def test_no_row_is_lost_or_doubled_whatever_goes_wrong(seed: int) -> None:
    faults = Faults(busy=0.1, away=0.1, cut_before=0.1, cut_after=0.15, item_busy=0.1, slow=0.3)
    async with serving(a_service(seed, faults=faults)) as service:
        found = await run(service, 300)
    assert [one.line for one in found] == list(range(2, 302))
    scored = [one for one in found if isinstance(one, Scored)]
    assert len(scored) == 270
    assert not any(one.resumed for one in scored)
    assert Counter(service.analysed) == Counter(one.lead_id for one in scored)
    assert service.most_open <= PACE.rows_open


async def test_the_same_run_again_pays_for_nothing() -> None:
    async with serving(a_service()) as service:
        first = await run(service)
        paid = list(service.analysed)
        second = await run(service)
    assert service.analysed == paid
    assert [one.resumed for one in second if isinstance(one, Scored)] == [True] * 90
    assert [one.line for one in second] == [one.line for one in first]


async def test_chunks_of_another_size_meet_the_same_tasks() -> None:
    async with serving(a_service()) as service:
        await run(service, 50)
        paid = len(service.analysed)
        await run(service, 100, pace=replace(PACE, chunk_rows=11))
    assert paid == 45
    assert len(service.analysed) == len(set(service.analysed)) == 90


async def test_another_round_is_another_set_of_tasks() -> None:
    async with serving(a_service()) as service:
        await run(service)
        await run(service, key="again")
    assert set(Counter(service.analysed).values()) == {2}


async def test_a_refused_row_is_a_reject_and_a_failed_one_says_why() -> None:
    service = a_service(refuse=frozenset({"lead-3"}), fail=frozenset({"lead-4"}))
    async with serving(service):
        found = {one.line: one for one in await run(service)}
    assert found[3] == Reject(3, "lead-3", "lead.colour", "a colour", "no colour")
    assert found[4] == Failed(4, "lead-4", "dead: it was hopeless")


async def test_the_next_run_tries_a_failed_row_anew_and_no_other() -> None:
    service = a_service(fail=frozenset({"lead-4"}))
    async with serving(service):
        await run(service)
        service.fail = frozenset()
        found = {one.line: one for one in await run(service)}
    assert isinstance(found[4], Scored)
    assert Counter(service.analysed)["lead-4"] == 2
    assert len(service.analysed) == 91


async def test_tasks_that_were_deleted_meanwhile_are_sent_again() -> None:
    async with serving(a_service(faults=Faults(lost=0.1))) as service:
        found = await run(service, 200)
    assert [one.line for one in found] == list(range(2, 202))
    assert sum(isinstance(one, Scored) for one in found) >= 178


async def test_a_service_that_takes_fewer_rows_gets_fewer() -> None:
    async with serving(a_service(max_items=3)) as service:
        found = await run(service)
    assert len(found) == 100
    assert max(service.batches) == 3


async def test_a_lead_larger_than_the_service_takes_is_a_reject() -> None:
    async with serving(a_service(max_bytes=400)) as service:
        found = await run(service, 20, size=1000)
    assert {type(one) for one in found} == {Reject}


async def test_a_chunk_never_outgrows_its_bytes() -> None:
    async with serving(a_service(max_bytes=6000)) as service:
        found = await run(service, 50, pace=replace(PACE, chunk_bytes=5000), size=1000)
    assert sum(isinstance(one, Scored) for one in found) == 45
    assert max(service.batches) == 4


async def test_a_service_that_stays_away_ends_the_run_and_says_how_to_go_on() -> None:
    impatient = replace(PACE, patience_s=0.1)
    async with serving(a_service(faults=Faults(away=1.0))) as service:
        with pytest.raises(UnavailableError, match=r"answers 503.*same command again"):
            await run(service, pace=impatient)
    with pytest.raises(UnavailableError, match=r"cannot reach.*same command again"):
        await run(service, pace=impatient)


async def test_no_more_rows_are_open_than_allowed_however_slow_the_service_is() -> None:
    stalled = replace(PACE, stall_s=0.3)
    async with serving(a_service(faults=Faults(slow=1.0))) as service:
        with pytest.raises(UnavailableError):
            await run(service, 300, pace=stalled)
    assert PACE.rows_open / 2 < len(service.tasks) <= PACE.rows_open


async def test_rows_that_never_finish_end_the_run() -> None:
    stalled = replace(PACE, stall_s=0.1)
    async with serving(a_service(faults=Faults(slow=1.0))) as service:
        with pytest.raises(UnavailableError, match="no row has finished"):
            await run(service, pace=stalled)


async def test_a_busy_service_is_left_alone_for_as_long_as_it_asks() -> None:
    service = a_service(faults=Faults(busy=1.0), retry_after="60")
    impatient = replace(PACE, stall_s=0.0)
    async with serving(service):
        with pytest.raises(UnavailableError):
            await run(service, pace=impatient)
        async with Service(service.address) as client:
            with pytest.raises(UnavailableError) as busy:
                await client.submit([b"{}"])
    assert busy.value.retry_after_s == 60.0


@pytest.mark.parametrize("room", [1, 3, 6])
async def test_a_full_queue_is_filled_as_it_drains_and_each_row_is_paid_once(room: int) -> None:
    async with serving(a_service(room=room, retry_after="0.02")) as service:
        found = await run(service, 100)
    assert [one.line for one in found] == list(range(2, 102))
    assert sum(isinstance(one, Scored) for one in found) == 90
    assert max(Counter(service.analysed).values()) == 1
    assert service.most_open == room


@pytest.mark.parametrize("full", [{"room": 5}, {"busy_first": 3}])
async def test_no_batch_is_sent_before_the_time_that_a_full_queue_asked_for(
    full: dict[str, int],
) -> None:
    async with serving(a_service(**full, retry_after="0.05")) as service:
        await run(service, 60)
    gaps_s = [
        after.at_s - before.at_s
        for before, after in pairwise(service.creates)
        if before.asked_to_wait
    ]
    assert min(gaps_s) >= 0.045  # what asyncio's clock may be early by


async def test_results_come_in_while_the_queue_takes_nothing() -> None:
    async with serving(a_service(room=5, retry_after="0.05")) as service:
        await run(service, 60)
    assert any(
        before.at_s < asked_s < after.at_s
        for before, after in pairwise(service.creates)
        if before.asked_to_wait
        for asked_s in service.asked_for_results_s
    )


async def test_a_queue_that_is_full_for_long_does_not_end_a_run() -> None:
    impatient = replace(PACE, patience_s=0.0)
    async with serving(a_service(busy_first=30)) as service:
        found = await run(service, 20, pace=impatient)
    assert sum(isinstance(one, Scored) for one in found) == 18


@pytest.mark.parametrize("address", ["http://127.0.0.1:port", "ftp://example", "nonsense"])
async def test_an_address_that_is_none_is_named(address: str) -> None:
    async with Service(address) as client:
        with pytest.raises(InvalidInputError, match="--address"):
            await client.submit([b"{}"])


async def test_a_stranger_at_the_address_is_told_from_a_busy_service() -> None:
    async with serving(a_service()) as service, Service(service.address + "/other") as client:
        with pytest.raises(InvalidInputError, match=r"status 404.*allowed: a GardenOS service"):
            await client.results(["a"], wait_s=0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("", 0), ("2", 2), ("1e9", 300), ("-1", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 0)],
)
def test_retry_after_is_read_with_a_bound(header: str | None, seconds: float) -> None:
    assert retry_after_s(header) == seconds


def test_a_rows_key_depends_on_run_line_and_try_alone() -> None:
    assert key_of("abc", 17, 0) == "score:abc:17"
    assert key_of("abc", 17, 2) == "score:abc:17:2"
