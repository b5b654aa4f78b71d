"""The models an agent kind may ask: which one a task gets, what stands behind it, what it cost.

A chain of models is asked in turn: the task's variant where it has one, the main model, the
fallbacks. Where none answers, the reply says why, and the agent goes on without.
"""

import asyncio
import importlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Any

from actors.agent import Clock, PaidAgentError
from actors.answer_ladder import AnswerLadder
from actors.api_key import ApiKey
from actors.errors import FaultCode, ModelError
from actors.model_choice import choose_variant, key_variable, origin_of, resolve
from actors.model_dialogue import MIN_CALL_S, Model, Pace, ask_model
from actors.model_ledger import ModelLedger
from actors.questions import AnswerT, Question, Reply
from actors.retry import RetryPolicy
from actors.settings import Endpoint, ModelSettings
from domain.task import TaskEnvelope
from domain.usage import Price, Usage

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Health:
    """Whether each model answers, as far as the log has said; one line per change of state."""

    failing: dict[str, FaultCode] = field(default_factory=dict)

    def failed(self, model: str, code: FaultCode) -> None:
        """Take note of a fault."""
        if self.failing.get(model) != code:
            self.failing[model] = code
            logger.warning("model_failing", extra={"model": model, "code": code.value})

    def answered(self, model: str) -> None:
        """Take note of an answer."""
        if self.failing.pop(model, None) is not None:
            logger.warning("model_recovered", extra={"model": model})


class ProviderRun:
    """The model calls of one attempt at one task: a :class:`actors.questions.ModelRun`.

    Args:
        chain: The models to ask in turn; at least one.
        settings: Limits and retries.
        envelope: The task.
        clock: Returns seconds since 1970.
        rng: Source of jitter.
        health: Shared by all runs of the replica.
    """

    def __init__(
        self,
        chain: Sequence[Model],
        settings: ModelSettings,
        envelope: TaskEnvelope,
        *,
        clock: Clock,
        rng: Random,
        health: Health,
    ) -> None:
        self._chain = chain
        self._settings = settings
        self._deadline_unix_s = envelope.deadline_unix_s
        self._clock = clock
        self._rng = rng
        self._health = health
        self._ledger = ModelLedger(envelope.attempt, clock)
        self._pace: Pace | None = None

    @property
    def usage(self) -> tuple[Usage, ...]:
        """Every call so far that may cost something, numbered from 0."""
        return self._ledger.rows

    async def ask(self, question: Question[AnswerT]) -> Reply[AnswerT]:
        """Ask the chain; see :meth:`actors.questions.ModelRun.ask`.

        Raises:
            PaidAgentError: The run was cancelled after a call that may cost something.
        """
        try:
            return await self._ask(question)
        except asyncio.CancelledError as cancelled:
            if not self.usage:
                raise
            detail = "The run was cancelled after a model call."
            raise PaidAgentError("interrupted", detail, True, self.usage) from cancelled

    async def _ask(self, question: Question[AnswerT]) -> Reply[AnswerT]:
        pace = self._begun()
        faults: list[tuple[str, ModelError]] = []
        for place, model in enumerate(self._chain, 1):
            try:
                value = await ask_model(
                    model, question, pace.before(len(self._chain) - place), self._ledger
                )
            except ModelError as error:
                faults.append((model.name, error))
                self._note(model, error)
            else:
                self._health.answered(model.name)
                return Reply(value, llm=model.name)
            if pace.left_s() < MIN_CALL_S:
                break
        asked_s = faults[0][1].retry_after_s
        return Reply(None, degraded_because=reason(faults), retry_after_s=asked_s)

    def _begun(self) -> Pace:
        """Return the limits of the run; its time starts with the first question."""
        if self._pace is None:
            until_unix_s = self._clock() + self._settings.run_limit_s
            if self._deadline_unix_s is not None:
                until_unix_s = min(until_unix_s, self._deadline_unix_s - self._settings.reserve_s)
            self._pace = Pace(
                call_limit_s=self._settings.timeout_s,
                until_unix_s=until_unix_s,
                retry=RetryPolicy(
                    retries=self._settings.retries,
                    base_s=self._settings.retry_base_s,
                    cap_s=self._settings.retry_cap_s,
                ),
                clock=self._clock,
                rng=self._rng,
            )
        return self._pace

    def _note(self, model: Model, error: ModelError) -> None:
        if error.code is not FaultCode.DEADLINE:  # the task came late: nothing is known of a model
            self._health.failed(model.name, error.code)


class ProviderModels:
    """The models of one agent kind in one replica: an :class:`actors.questions.Models`.

    Serves one event loop. ``close`` ends its connections; a replica that goes away needs none.

    Args:
        main: The model that most tasks get.
        variants: Models that get a share of the tasks, with the share.
        fallbacks: Models behind it.
        settings: Limits and retries.
        transports: Connections by origin; owned.
        rng: Source of jitter.
    """

    def __init__(
        self,
        main: Model,
        *,
        variants: Sequence[tuple[float, Model]],
        fallbacks: Sequence[Model],
        settings: ModelSettings,
        transports: Mapping[str, Any],
        rng: Random,
    ) -> None:
        self._main = main
        self._variants = tuple(variants)
        self._fallbacks = tuple(fallbacks)
        self._settings = settings
        self._transports = transports
        self._rng = rng
        self._health = Health()

    async def start(self) -> None:
        """Open a connection to each provider, side by side; one that is down is logged only."""
        limit_s = self._settings.connect_timeout_s
        await asyncio.gather(*(model.client.warm(limit_s) for model in self._models()))
        for model in self._models():
            if model.price is None:
                logger.warning("model_unpriced", extra={"model": model.name})

    def open(self, envelope: TaskEnvelope, clock: Clock) -> ProviderRun:
        """Begin an attempt at a task."""
        return ProviderRun(
            self._chain(envelope),
            self._settings,
            envelope,
            clock=clock,
            rng=self._rng,
            health=self._health,
        )

    async def close(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.aclose()

    def _models(self) -> tuple[Model, ...]:
        return (self._main, *(model for _, model in self._variants), *self._fallbacks)

    def _chain(self, envelope: TaskEnvelope) -> tuple[Model, ...]:
        """Return the models of a task: its variant in front, where it has one."""
        shares = [share for share, _ in self._variants]
        chosen = choose_variant(shares, envelope.task_id.bytes)
        behind = (self._main, *self._fallbacks)
        return behind if chosen is None else (self._variants[chosen][1], *behind)


def reason(faults: Sequence[tuple[str, ModelError]]) -> str:
    """Return why no model answered: the first one's code, and a sentence for each.

    The first is the one that was wanted; what its fallbacks lacked comes after it.
    """
    (_, first), *others = faults
    sentences = [first.detail, *(f"Then {name}: {error.detail}" for name, error in others)]
    return f"{first.code}: {' '.join(sentences)}"


def build_models(
    settings: ModelSettings, prices: Mapping[str, Price], *, clock: Clock = time.time
) -> ProviderModels:
    """Return the models of an agent kind; opens nothing.

    Args:
        settings: With a base_url and a name.
        prices: By the models' names; :func:`actors.prices.load_prices` reads them.
        clock: Returns seconds since 1970.

    Raises:
        ConfigurationError: An address is none.
    """
    # 0.3 s and 25 MB of imports that an installation without a model need not pay for.
    client = importlib.import_module("actors.model_client")
    transport = importlib.import_module("actors.model_transport")
    transports: dict[str, Any] = {}

    def model(endpoint: Endpoint) -> Model:
        asked = resolve(endpoint, settings)
        base_url, name = str(asked.base_url), str(asked.name)
        origin = origin_of(base_url)
        if origin not in transports:
            transports[origin] = transport.LeanTransport(
                max_connections=settings.max_connections,
                connect_timeout_s=settings.connect_timeout_s,
            )
        key = ApiKey(
            key_variable(asked, settings),
            asked.api_key_file,
            now_s=time.monotonic,
        )
        return Model(
            client.ModelClient(name, base_url, key=key, transport=transports[origin], clock=clock),
            AnswerLadder(),
            prices.get(name),
        )

    return ProviderModels(
        model(settings),
        variants=[(variant.share, model(variant)) for variant in settings.variants],
        fallbacks=[model(fallback) for fallback in settings.fallbacks],
        settings=settings,
        transports=transports,
        rng=SystemRandom(),
    )
