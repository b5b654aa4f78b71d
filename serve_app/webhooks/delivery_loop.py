"""Sends what is due, a bounded number at once; one loop in each orchestrator."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from domain.errors import DatabaseUnavailableError
from domain.event_ports import DeliveryStore
from domain.webhooks import Dispatch
from serve_app.webhooks.schedule import Answer, decide
from serve_app.webhooks.sender import Sender
from serve_app.webhooks.settings import WebhookSettings
from serve_app.webhooks.signatures import message_of, signed_headers

logger = logging.getLogger(__name__)

STOP_S = 2.0
"""What is being sent when the loop stops may take so long; its claim lapses otherwise."""


class DeliveryLoop:
    """Claims, sends and settles deliveries until it is cancelled."""

    def __init__(
        self,
        store: DeliveryStore,
        sender: Sender,
        settings: WebhookSettings,
        *,
        now_s: Callable[[], float],
        rng: Random,
    ) -> None:
        """Send what ``store`` has by ``sender``; ``now_s`` are seconds since 1970."""
        self._store = store
        self._sender = sender
        self._settings = settings
        self._now_s = now_s
        self._rng = rng
        self._busy: Counter[UUID] = Counter()
        self._sending: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; a database that is away is asked again."""
        try:
            while True:
                self._news.clear()
                try:
                    await self.look()
                except DatabaseUnavailableError as error:
                    logger.info("deliveries_postponed", extra={"error": str(error)})
                await self._wait()
        finally:
            if self._sending:
                await asyncio.wait(self._sending, timeout=STOP_S)
            for one in self._sending:
                one.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def look(self) -> None:
        """Claim what fits and start to send it."""
        free = self._settings.concurrency - len(self._sending)
        if free < 1:
            return
        for one in await self._store.claim(
            limit=free,
            per_webhook=self._settings.per_webhook,
            busy=+self._busy,
            lease_s=self._settings.lease_s,
        ):
            self._busy[one.delivery.webhook_id] += 1
            task = asyncio.create_task(self._deliver(one), name="delivery")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll_s):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _deliver(self, one: Dispatch) -> None:
        try:
            await self._settle(one, await self._answer(one))
        except DatabaseUnavailableError as error:
            # The claim lapses and the message is sent again, under the same id.
            logger.info("delivery_unsettled", extra={"error": str(error)})
        finally:
            self._busy[one.delivery.webhook_id] -= 1
            self._busy = +self._busy
            self._news.set()

    async def _answer(self, one: Dispatch) -> Answer:
        """Return what came of an attempt; a fault of ours uses up attempts as others' do."""
        try:
            return await self._send(one)
        except Exception as error:  # noqa: BLE001 - the top of an attempt; else its claim lapses for ever
            fault, name = type(error).__name__, str(one.delivery.delivery_id)
            # Without its text and trace: they might hold a secret.
            logger.error("delivery_fault", extra={"delivery_id": name, "fault": fault})  # noqa: TRY400
            return Answer(None, f"fault: {fault}")

    async def _send(self, one: Dispatch) -> Answer:
        body = message_of(one.delivery)
        now_s = self._now_s()
        headers = signed_headers(one.delivery.delivery_id, body, one.secrets, now_s=now_s)
        described = {"content-type": "application/json", "user-agent": "GardenOS-Webhooks/1"}
        return await self._sender.post(
            one.tenant_id, one.url, headers=headers | described, body=body
        )

    async def _settle(self, one: Dispatch, answer: Answer) -> None:
        now = datetime.fromtimestamp(self._now_s(), UTC)
        end = decide(answer, one, self._settings, now=now, jitter=self._rng.random())
        held = await self._store.finish([end])
        if held and end.disable is not None:
            logger.warning(
                "webhook_disabled",
                extra={"webhook_id": str(one.delivery.webhook_id), "reason": end.disable},
            )
