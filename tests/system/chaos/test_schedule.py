"""Schedule and orders come from the seed alone."""

from itertools import islice

from tests.system.chaos.orders import PRIORITIES, TENANTS, orders
from tests.system.chaos.schedule import PAUSES, Kind, Pace, planned

PACE = Pace(gap_s=2.0, lease_s=5.0)


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    first, again = (list(islice(planned(7, list(Kind), PACE), 100)) for _ in range(2))
    assert first == again
    assert first != list(islice(planned(8, list(Kind), PACE), 100))


def test_every_kind_of_fault_comes_in_the_first_round() -> None:
    first_round = islice(planned(3, list(Kind), PACE), len(Kind))
    assert {fault.kind for fault in first_round} == set(Kind)


def test_some_pauses_outlast_the_lease_and_some_do_not() -> None:
    faults = islice(planned(3, list(PAUSES), PACE), 100)
    longer = {fault.duration_s > PACE.lease_s for fault in faults}
    assert longer == {True, False}


def test_one_task_in_five_hundred_kills_and_all_tenants_and_priorities_send() -> None:
    sent = orders(5, 5000)
    assert sum(order.kills for order in sent) == 10
    assert {order.tenant for order in sent} == set(TENANTS)
    assert {order.priority for order in sent} == set(PRIORITIES)
    assert sent == orders(5, 5000)
    assert any(order.twice for order in sent)
    assert any(order.cancel_after_s is not None for order in sent)
    assert any(order.deadline_s is not None for order in sent)
