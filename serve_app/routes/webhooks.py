"""The resource ``/v1/webhooks``: who is told of events, and what became of each message."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from domain.errors import InvalidInputError
from domain.event_ports import DeliveryFilter
from domain.events import END_TYPES, EventType
from domain.moment import Moment
from domain.webhooks import Delivery, DeliveryState, Webhook
from serve_app.json_route import JsonRoute
from serve_app.problems import documented
from serve_app.routes.call import DEFAULT_PAGE, MAX_PAGE, Call, OperateCall
from serve_app.routes.examples import (
    DELIVERY_REPLAY_EXAMPLES,
    WEBHOOK_CHANGE_EXAMPLES,
    WEBHOOK_EXAMPLES,
)
from serve_app.routes.views import PageView, View
from serve_app.webhooks.signatures import new_secret

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=JsonRoute)

MAX_REPLAYED = 1000

WebhookPath = Annotated[UUID, Path(description="The endpoint's id, a UUID.")]
Url = Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.com/hook"])]
Types = Annotated[tuple[EventType, ...], Field(min_length=1, max_length=len(EventType))]
Kinds = Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=64)]
Description = Annotated[str, Field(max_length=200)]


class WebhookInput(BaseModel):
    """An endpoint to tell of events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url = Field(description="Where messages are posted; https, at a public address.")
    types: Types = Field(default=END_TYPES, description="Of what; the ends of tasks where absent.")
    kinds: Kinds = Field(default=(), description="Of which kinds of agents; all where empty.")
    description: Description = ""
    enabled: bool = True


class WebhookChange(BaseModel):
    """What to change of an endpoint; what is absent stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url | None = None
    types: Types | None = None
    kinds: Kinds | None = None
    description: Description | None = None
    enabled: bool | None = Field(default=None, description="Enabling forgets old failures.")


class WebhookSecret(View):
    """An endpoint with its secret, which is shown this once."""

    webhook: Webhook
    secret: str = Field(description="Verifies messages by Standard Webhooks; keep it secret.")


class WebhookList(View):
    """Every endpoint of the tenant."""

    items: tuple[Webhook, ...]


class DeliveryChoice(BaseModel):
    """Which deliveries; what is absent does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: DeliveryState | None = None
    type: Annotated[str, Field(max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None

    def filter(self, delivery_id: UUID | None = None) -> DeliveryFilter:
        """Return the filter of the store."""
        return DeliveryFilter(self.state, self.type, self.since, self.until, delivery_id)


class DeliveryQuery(DeliveryChoice):
    """A page of deliveries."""

    cursor: str | None = Field(default=None, max_length=512, description="From the page before.")
    limit: int = Field(default=DEFAULT_PAGE, ge=1, le=MAX_PAGE)


class DeliveryReplay(DeliveryChoice):
    """Which finished deliveries to send again."""

    delivery_id: UUID | None = Field(default=None, description="This one alone.")
    limit: int = Field(default=100, ge=1, le=MAX_REPLAYED)


class DeliveriesReplayed(View):
    """How many messages are sent again, under the ids they had."""

    count: int


@router.post(
    "",
    operation_id="createWebhook",
    summary="Be told of events",
    status_code=201,
    responses=documented(409, 413, 415, 429),
)
async def create(
    call: OperateCall, asked: Annotated[WebhookInput, Body(openapi_examples=WEBHOOK_EXAMPLES)]
) -> WebhookSecret:
    """Store an endpoint and return its secret: this once.

    A URL at an address that is not public is refused, and so is http, unless the settings say
    otherwise. Messages follow Standard Webhooks; each is sent until it is accepted, at least once.
    """
    hooks = call.services.webhooks
    await hooks.check_url(call.tenant_id, asked.url)
    _check_kinds(call, asked.kinds)
    now, secret = call.services.now(), new_secret()
    webhook = Webhook(
        webhook_id=UUID(str(uuid7())),
        disabled_reason=None,
        failing_since=None,
        previous_secret_until=None,
        created_at=now,
        updated_at=now,
        **asked.model_dump(),
    )
    at_most = hooks.settings.max_per_tenant
    await hooks.store.create(call.tenant_id, webhook, secret, at_most=at_most)
    stored = await hooks.store.get(call.tenant_id, webhook.webhook_id)
    return WebhookSecret(webhook=stored, secret=secret)


@router.get("", operation_id="listWebhooks", summary="List endpoints", responses=documented())
async def list_webhooks(call: OperateCall) -> WebhookList:
    """Return every endpoint, without secrets."""
    return WebhookList(items=await call.services.webhooks.store.list(call.tenant_id))


@router.get(
    "/{webhook_id}",
    operation_id="getWebhook",
    summary="Read an endpoint",
    responses=documented(404),
)
async def read(call: OperateCall, webhook_id: WebhookPath) -> Webhook:
    """Return an endpoint, without its secret."""
    return await call.services.webhooks.store.get(call.tenant_id, webhook_id)


@router.patch(
    "/{webhook_id}",
    operation_id="changeWebhook",
    summary="Change an endpoint",
    responses=documented(404, 413, 415, 429),
)
async def change(
    call: OperateCall,
    webhook_id: WebhookPath,
    asked: Annotated[WebhookChange, Body(openapi_examples=WEBHOOK_CHANGE_EXAMPLES)],
) -> Webhook:
    """Change what is given; enabling an endpoint that the service disabled tries it again."""
    hooks = call.services.webhooks
    stored = await hooks.store.get(call.tenant_id, webhook_id)
    if asked.url is not None:
        await hooks.check_url(call.tenant_id, asked.url)
    _check_kinds(call, asked.kinds or ())
    given = {name: getattr(asked, name) for name in asked.model_fields_set}
    if empty := [name for name, value in given.items() if value is None]:
        raise InvalidInputError(empty[0], "null", "a value, or nothing to leave it")
    changed = stored.model_copy(update=given)
    return await hooks.store.change(call.tenant_id, changed, given=given.keys())


@router.delete(
    "/{webhook_id}",
    operation_id="deleteWebhook",
    summary="Delete an endpoint with its deliveries",
    status_code=204,
    responses=documented(404),
)
async def delete(call: OperateCall, webhook_id: WebhookPath) -> None:
    """Delete an endpoint; what is being sent at this moment may still arrive."""
    await call.services.webhooks.store.delete(call.tenant_id, webhook_id)


@router.post(
    "/{webhook_id}/rotate",
    operation_id="rotateWebhook",
    summary="Make a new secret",
    responses=documented(404),
)
async def rotate(call: OperateCall, webhook_id: WebhookPath) -> WebhookSecret:
    """Return a new secret, this once; the one before signs as well for a time."""
    hooks, secret = call.services.webhooks, new_secret()
    webhook = await hooks.store.rotate(
        call.tenant_id, webhook_id, secret, overlap_s=hooks.settings.overlap_s
    )
    return WebhookSecret(webhook=webhook, secret=secret)


@router.post(
    "/{webhook_id}/test",
    operation_id="testWebhook",
    summary="Send a message that tells of no task",
    status_code=202,
    responses=documented(404),
)
async def test(call: OperateCall, webhook_id: WebhookPath) -> Delivery:
    """Queue a `webhook.test`; its delivery tells what came of it."""
    return await call.services.webhooks.deliveries.add_test(call.tenant_id, webhook_id)


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listDeliveries",
    summary="See what became of each message",
    responses=documented(404),
)
async def list_deliveries(
    call: OperateCall, webhook_id: WebhookPath, query: Annotated[DeliveryQuery, Query()]
) -> PageView[Delivery]:
    """Return a page of deliveries, newest first; `state=dead` is what was given up."""
    hooks = call.services.webhooks
    await hooks.store.get(call.tenant_id, webhook_id)
    page = await hooks.deliveries.list(
        call.tenant_id, webhook_id, query.filter(), cursor=query.cursor, limit=query.limit
    )
    return PageView(items=page.items, next_cursor=page.next_cursor)


@router.post(
    "/{webhook_id}/deliveries/replay",
    operation_id="replayDeliveries",
    summary="Send finished messages again",
    responses=documented(404, 413, 415),
)
async def replay(
    call: OperateCall,
    webhook_id: WebhookPath,
    asked: Annotated[DeliveryReplay, Body(openapi_examples=DELIVERY_REPLAY_EXAMPLES)],
) -> DeliveriesReplayed:
    """Make finished deliveries pending again; receivers know them by their ids."""
    hooks = call.services.webhooks
    await hooks.store.get(call.tenant_id, webhook_id)
    count = await hooks.deliveries.replay(
        call.tenant_id, webhook_id, asked.filter(asked.delivery_id), limit=asked.limit
    )
    return DeliveriesReplayed(count=count)


def _check_kinds(call: Call, kinds: tuple[str, ...]) -> None:
    for one in kinds:
        call.check_kind(one, "kinds")
