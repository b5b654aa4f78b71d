"""The outbox: filled with the completion, claimed with a fence, shared among endpoints."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.errors import ConflictError, NotFoundError
from domain.event_ports import DeliveryFilter
from domain.events import END_TYPES, EventType
from domain.ids import DEFAULT_TENANT, TenantId
from domain.webhooks import DeliveryState, Dispatch, DispatchEnd, Webhook
from postgres.delivery_store import PostgresDeliveryStore
from postgres.pool import Database
from postgres.webhook_store import PostgresWebhookStore
from tests.postgres.queue_world import World, noop, success

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ANY = DeliveryFilter()
DAY = timedelta(days=1)
DAY_S = DAY.total_seconds()
WEEK_S = 7 * DAY_S


def endpoint(*types: EventType, kinds: tuple[str, ...] = (), enabled: bool = True) -> Webhook:
    """Return an endpoint as a route makes one."""
    return Webhook(
        webhook_id=uuid7(),
        url="https://example.com/hook",
        types=types or END_TYPES,
        kinds=kinds,
        description="",
        enabled=enabled,
        disabled_reason=None,
        failing_since=None,
        previous_secret_until=None,
        created_at=NOW,
        updated_at=NOW,
    )


async def stored(database: Database, one: Webhook, tenant: str = DEFAULT_TENANT) -> UUID:
    """Store an endpoint and return its id."""
    store = PostgresWebhookStore(database)
    await store.create(TenantId(tenant), one, "whsec_b25l", at_most=9)
    return one.webhook_id


async def complete(world: World, count: int = 1, tenant: str = DEFAULT_TENANT) -> None:
    """Run tasks to their end."""
    await world.admit(*(noop(tenant) for _ in range(count)))
    await world.queue.complete([success(one) for one in await world.claim()])


async def claim(
    store: PostgresDeliveryStore, lease_s: float = 60, per_webhook: int = 4
) -> tuple[Dispatch, ...]:
    """Claim what is due."""
    return await store.claim(limit=100, per_webhook=per_webhook, busy={}, lease_s=lease_s)


async def age(world: World, span: timedelta) -> None:
    """Let everything in the outbox be older."""
    await world.rows(
        "update webhook_deliveries set occurred_at = occurred_at - $1::interval,"
        " pending_since = pending_since - $1::interval returning 1",
        span,
    )


def end(
    one: Dispatch, *, delivered: bool, retry_s: float | None = None, disable: str | None = None
) -> DispatchEnd:
    """Return the end of an attempt."""
    delivery = one.delivery
    return DispatchEnd(
        delivery.delivery_id, delivery.attempt, delivered, 200, None, retry_s, disable
    )


async def test_only_endpoints_of_the_tenant_that_want_the_event_get_a_delivery(
    database: Database,
) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    wanted = await stored(database, endpoint(EventType.SUCCEEDED))
    other_kind = await stored(database, endpoint(kinds=("follow_up",)))
    disabled = await stored(database, endpoint(enabled=False))
    foreign = await stored(database, endpoint(), "other")
    await complete(world)
    found = {row[0] for row in await world.rows("select webhook_id from webhook_deliveries")}
    assert found == {wanted}
    assert not found & {other_kind, disabled, foreign}
    (one,) = await claim(store)
    assert (one.delivery.type, one.secrets) == ("task.succeeded", ("whsec_b25l",))
    assert "whsec" not in repr(one)


async def test_a_completion_that_is_rolled_back_leaves_no_delivery(database: Database) -> None:
    world = World(database)
    await stored(database, endpoint())
    await world.admit(noop())
    await world.claim()
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is the point
        async with database.transaction() as connection:
            await connection.execute("update tasks set state = 'dead', finished_at = now()")
            raise RuntimeError
    assert await world.rows("select 1 from webhook_deliveries") == []


async def test_a_sender_paused_past_its_claim_changes_nothing(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    webhook_id = await stored(database, endpoint())
    await complete(world)
    (paused,) = await claim(store, lease_s=0)
    (current,) = await claim(store)
    assert current.delivery.delivery_id == paused.delivery.delivery_id
    assert await store.finish([end(paused, delivered=False, disable="gone")]) == frozenset()
    assert (await PostgresWebhookStore(database).get(DEFAULT_TENANT, webhook_id)).enabled
    assert await claim(store) == ()
    assert len(await store.finish([end(current, delivered=True)])) == 1


async def test_an_endpoint_never_gets_more_than_its_share_and_a_failing_one_a_single_place(
    database: Database,
) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    first = await stored(database, endpoint())
    second = await stored(database, endpoint())
    await complete(world, 5)
    taken = await store.claim(limit=3, per_webhook=2, busy={}, lease_s=60)
    assert {one.delivery.webhook_id for one in taken} == {first, second}
    await store.finish([end(one, delivered=False, retry_s=60) for one in taken])
    rest = await store.claim(limit=9, per_webhook=4, busy={second: 1}, lease_s=60)
    assert [one.delivery.webhook_id for one in rest] == [first]


async def test_a_tenant_with_many_endpoints_keeps_nobody_else_waiting(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    noisy = [await stored(database, endpoint(), "noisy") for _ in range(6)]
    quiet = await stored(database, endpoint(), "quiet")
    await complete(world, 5, "noisy")
    sending = list(await store.claim(limit=8, per_webhook=2, busy={}, lease_s=60))
    assert Counter(one.delivery.webhook_id for one in sending).keys() == set(noisy)
    await complete(world, 3, "quiet")
    after = []
    for _ in range(6):
        await store.finish([end(sending.pop(0), delivered=True)])
        busy = Counter(one.delivery.webhook_id for one in sending)
        (one,) = await store.claim(limit=1, per_webhook=2, busy=busy, lease_s=60)
        sending.append(one)
        after.append(one.delivery.webhook_id == quiet)
    assert after[:2] == [True, True]
    assert sum(after[2:]) <= 1


async def test_free_places_are_shared_evenly_between_tenants(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    ours = [await stored(database, endpoint(), "noisy") for _ in range(4)]
    theirs = await stored(database, endpoint(), "quiet")
    await complete(world, 4, "noisy")
    await complete(world, 4, "quiet")
    taken = await store.claim(limit=4, per_webhook=4, busy={ours[0]: 1}, lease_s=60)
    by_tenant = Counter(one.tenant_id for one in taken)
    assert by_tenant[TenantId("quiet")] + by_tenant[TenantId("noisy")] == 4
    assert by_tenant[TenantId("quiet")] in {2, 3}  # the fifth place in flight is a tie
    assert {one.delivery.webhook_id for one in taken} - {theirs} <= set(ours[1:])


async def test_the_dead_are_listed_and_replayed_under_the_same_id(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    webhook_id = await stored(database, endpoint())
    await complete(world)
    (one,) = await claim(store)
    await store.finish([end(one, delivered=False)])
    dead = DeliveryFilter(state=DeliveryState.DEAD)
    page = await store.list(DEFAULT_TENANT, webhook_id, dead, cursor=None, limit=5)
    assert [found.delivery_id for found in page.items] == [one.delivery.delivery_id]
    assert await store.replay(TenantId("other"), webhook_id, ANY, limit=5) == 0
    assert await store.replay(DEFAULT_TENANT, webhook_id, dead, limit=5) == 1
    (again,) = await claim(store)
    assert again.delivery.delivery_id == one.delivery.delivery_id
    assert (again.tries, again.delivery.attempt) == (1, 2)


async def test_a_list_and_a_replay_choose_the_same_deliveries_by_time(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    webhook_id = await stored(database, endpoint())
    await complete(world)
    (one,) = await claim(store)
    await store.finish([end(one, delivered=False)])
    at = one.delivery.occurred_at
    chosen = {
        DeliveryFilter(since=at): 1,
        DeliveryFilter(since=at + timedelta(microseconds=1)): 0,
        DeliveryFilter(until=at): 0,
        DeliveryFilter(until=at + timedelta(microseconds=1)): 1,
    }
    for wanted, count in chosen.items():
        page = await store.list(DEFAULT_TENANT, webhook_id, wanted, cursor=None, limit=5)
        assert len(page.items) == count, wanted
        assert await store.replay(DEFAULT_TENANT, webhook_id, wanted, limit=5) == count, wanted
        for again in await claim(store):
            await store.finish([end(again, delivered=False)])


async def test_a_disabled_endpoint_waits_and_goes_on_when_it_is_enabled(
    database: Database,
) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    webhooks = PostgresWebhookStore(database)
    webhook_id = await stored(database, endpoint())
    await complete(world, 2)
    one, _ = await claim(store, per_webhook=2)
    await world.rows("update webhook_deliveries set due_at = clock_timestamp() returning 1")
    await store.finish([end(one, delivered=False, disable="gone: it answered 410")])
    webhook = await webhooks.get(DEFAULT_TENANT, webhook_id)
    assert (webhook.enabled, webhook.disabled_reason) == (False, "gone: it answered 410")
    assert await claim(store) == ()
    changed = await webhooks.change(DEFAULT_TENANT, webhook.model_copy(update={"enabled": True}))
    assert (changed.disabled_reason, changed.failing_since) == (None, None)
    assert len(await claim(store)) == 1


async def test_both_secrets_sign_for_the_time_of_a_rotation(database: Database) -> None:
    store, webhooks = PostgresDeliveryStore(database), PostgresWebhookStore(database)
    webhook_id = await stored(database, endpoint())
    await webhooks.rotate(DEFAULT_TENANT, webhook_id, "whsec_dHdv", overlap_s=60)
    await store.add_test(DEFAULT_TENANT, webhook_id)
    (one,) = await claim(store)
    assert one.secrets == ("whsec_dHdv", "whsec_b25l")
    await webhooks.rotate(DEFAULT_TENANT, webhook_id, "whsec_ZHJlaQ==", overlap_s=0)
    await store.add_test(DEFAULT_TENANT, webhook_id)
    (one,) = await claim(store)
    assert one.secrets == ("whsec_ZHJlaQ==",)


async def test_endpoints_are_bounded_and_seen_by_their_tenant_alone(database: Database) -> None:
    webhooks = PostgresWebhookStore(database)
    one = endpoint()
    await webhooks.create(DEFAULT_TENANT, one, "whsec_b25l", at_most=1)
    with pytest.raises(ConflictError):
        await webhooks.create(DEFAULT_TENANT, endpoint(), "whsec_b25l", at_most=1)
    stranger = TenantId("other")
    assert await webhooks.list(stranger) == ()
    for refused in (
        webhooks.get(stranger, one.webhook_id),
        webhooks.change(stranger, one),
        webhooks.rotate(stranger, one.webhook_id, "whsec_b25l", overlap_s=0),
        webhooks.delete(stranger, one.webhook_id),
        PostgresDeliveryStore(database).add_test(stranger, one.webhook_id),
    ):
        with pytest.raises(NotFoundError):
            await refused
    await webhooks.delete(DEFAULT_TENANT, one.webhook_id)
    assert await webhooks.list(DEFAULT_TENANT) == ()


async def test_old_deliveries_and_those_without_an_endpoint_go(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    await stored(database, endpoint())
    await complete(world, 2)
    one, _ = await claim(store)
    await store.finish([end(one, delivered=True)])
    assert await store.retire(pending_s=3600, keep_s=3600, limit=10) == 0
    assert await store.retire(pending_s=3600, keep_s=0, limit=10) == 1
    await world.rows("delete from webhooks returning 1")
    assert await store.retire(pending_s=3600, keep_s=3600, limit=10) == 1


async def test_what_no_endpoint_took_in_time_is_dead_then_replayed_or_deleted(
    database: Database,
) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    webhook_id = await stored(database, endpoint())
    await complete(world)
    await age(world, 8 * DAY)
    await complete(world)
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=10) == 1
    dead = DeliveryFilter(state=DeliveryState.DEAD)
    (old,) = (await store.list(DEFAULT_TENANT, webhook_id, dead, cursor=None, limit=5)).items
    assert old.error == "too old: never answered"
    assert old.finished_at is not None

    assert await store.replay(DEFAULT_TENANT, webhook_id, dead, limit=5) == 1
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=10) == 0
    assert old.delivery_id in {one.delivery.delivery_id for one in await claim(store)}

    await age(world, 8 * DAY)
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=10) == 0  # being sent
    await world.rows("update webhook_deliveries set due_at = clock_timestamp() returning 1")
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=1) == 1
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=1) == 1
    await world.rows(
        "update webhook_deliveries set finished_at = finished_at - $1::interval returning 1", DAY
    )
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=10) == 2
    assert await world.rows("select 1 from webhook_deliveries") == []


async def test_what_waits_for_a_disabled_endpoint_is_not_given_up(database: Database) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    await stored(database, endpoint())
    await complete(world)
    await age(world, 8 * DAY)
    await world.rows("update webhooks set enabled = false returning 1")
    assert await store.retire(pending_s=WEEK_S, keep_s=9 * DAY_S, limit=10) == 0
    await world.rows("update webhooks set enabled = true returning 1")
    assert len(await claim(store)) == 1


async def test_a_sender_whose_delivery_was_given_up_meanwhile_changes_nothing(
    database: Database,
) -> None:
    world, store = World(database), PostgresDeliveryStore(database)
    await stored(database, endpoint())
    await complete(world)
    (paused,) = await claim(store, lease_s=0)
    await age(world, 8 * DAY)
    assert await store.retire(pending_s=WEEK_S, keep_s=DAY_S, limit=10) == 1
    assert await store.finish([end(paused, delivered=False, retry_s=5)]) == frozenset()
    assert await world.rows("select state from webhook_deliveries") == [("dead",)]
