"""How much the durable queue takes, and what is told to whoever finds it full."""

import pytest

from deployments.drain_rate import QueueDrain
from deployments.queue_room import QueueRoom
from domain.ids import AgentKind, TenantId
from domain.queue_look import QueueLook

KIND = AgentKind("noop")
ADA, BEN, EVE = TenantId("ada"), TenantId("ben"), TenantId("eve")


def a_room(look: QueueLook, *, bound: int = 100, share: float = 1.0) -> QueueRoom:
    room = QueueRoom(KIND, bound=bound, tenant_share=share)
    room.looked(look)
    return room


def taken(room: QueueRoom, tenant: TenantId, asked: int) -> int:
    return sum(room.take(tenant, jitter=0.0) is None for _ in range(asked))


@pytest.mark.parametrize("waiting", [0, 1, 99, 100, 101])
def test_what_was_seen_and_what_was_added_since_never_exceed_the_bound(waiting: int) -> None:
    assert taken(a_room(QueueLook(waiting)), ADA, 300) == max(0, 100 - waiting)


def test_a_new_look_counts_anew() -> None:
    room = a_room(QueueLook(0))
    assert taken(room, ADA, 300) == 100
    room.looking(())
    room.looked(QueueLook(60))
    assert taken(room, ADA, 300) == 40


def test_what_was_not_stored_makes_room_again() -> None:
    room = a_room(QueueLook(99))
    assert taken(room, ADA, 2) == 1
    room.give_back(ADA)
    room.give_back(ADA)
    assert taken(room, ADA, 2) == 1


def test_a_tenant_fills_its_share_and_leaves_the_rest_to_others() -> None:
    room = a_room(QueueLook(30, {ADA: 30}), share=0.5)
    assert taken(room, ADA, 300) == 20
    assert taken(room, BEN, 300) == 50
    assert taken(room, EVE, 300) == 0


def test_a_tenant_that_a_look_does_not_name_has_at_most_what_the_least_of_the_named_has() -> None:
    look = QueueLook(50, {ADA: 30, BEN: 15}, unnamed=15)
    assert taken(a_room(look, share=0.2), EVE, 300) == 5


def test_the_wait_is_the_time_until_those_refused_before_have_found_room() -> None:
    room = QueueRoom(KIND, bound=100, tenant_share=1.0)
    for _ in range(5):
        room.looked(QueueLook(100, finished=50, finished_in_s=1.0))
    assert room.figures().drain_per_s == 50
    refusals = [room.take(ADA, jitter=0.0) for _ in range(1000)]
    waits_s = [refusal.retry_after_s for refusal in refusals if refusal is not None]
    assert waits_s[0] == 1  # the shortest that is ever asked for
    assert waits_s[499] == pytest.approx(10)
    assert waits_s[999] == pytest.approx(20)
    spread = [room.take(ADA, jitter=n / 10) for n in range(10)]
    assert len({round(one.retry_after_s, 1) for one in spread if one is not None}) == 10


def test_a_tenant_at_its_share_waits_for_its_own_part_of_the_drain() -> None:
    room = QueueRoom(KIND, bound=100, tenant_share=0.5)
    for _ in range(5):
        room.looked(QueueLook(60, {ADA: 50, BEN: 10}, finished=10, finished_in_s=1.0))
    refusals = [room.take(ADA, jitter=0.0) for _ in range(10)]
    assert refusals[-1] is not None
    assert refusals[-1].retry_after_s == pytest.approx(2)  # the tenth in front, 10 a second for two


def test_a_drain_is_not_believed_before_a_second_and_forgets_an_idle_time() -> None:
    drain = QueueDrain()
    for _ in range(100):
        drain.looked(0, 1.0, waiting=0)
    assert drain.per_s() is None
    drain.looked(3, 1.0, waiting=500)
    assert drain.per_s() is None
    drain.looked(100, 0.5, waiting=500)
    assert drain.per_s() is None
    drain.looked(100, 0.5, waiting=500)
    assert drain.per_s() == 200


def test_a_queue_that_does_not_drain_asks_for_a_long_wait_but_not_for_ever() -> None:
    drain = QueueDrain()
    assert drain.retry_after_s(1000, jitter=0.0) == 1
    for _ in range(60):
        drain.looked(0, 1.0, waiting=1)
    assert drain.per_s() == 0
    assert 5 <= drain.retry_after_s(1, jitter=0.0) <= 10
    assert drain.retry_after_s(1000, jitter=0.99) == 300


def test_what_was_on_its_way_when_a_look_began_is_never_counted_too_little() -> None:
    room = a_room(QueueLook(0))
    assert taken(room, ADA, 30) == 30
    room.looking([ADA] * 10)
    assert taken(room, BEN, 5) == 5
    room.looked(QueueLook(20))  # the ten and the five may be among them, or not
    assert taken(room, ADA, 300) == 65
