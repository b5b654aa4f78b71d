"""The bill of one run: a row for every call that may cost something, priced or marked unpriced."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from actors.chat_protocol import Tokens
from actors.token_estimate import estimate_prompt_tokens, estimate_tokens
from domain.usage import Price, Usage, cost_nanousd


class ModelLedger:
    """Rows of one attempt, numbered from 0 in the order in which the calls ended.

    Args:
        attempt: The attempt that the calls belong to.
        clock: Returns seconds since 1970.
    """

    def __init__(self, attempt: int, clock: Callable[[], float]) -> None:
        self._attempt = attempt
        self._clock = clock
        self._rows: list[Usage] = []

    @property
    def rows(self) -> tuple[Usage, ...]:
        """Every row so far."""
        return tuple(self._rows)

    def add(self, model: str, price: Price | None, tokens: Tokens) -> None:
        """Enter a call whose tokens the provider counted."""
        self._enter(model, price, tokens, estimated=False)

    def add_estimated(
        self, model: str, price: Price | None, texts: Iterable[str], answer: str = ""
    ) -> None:
        """Enter a call whose tokens nobody told us.

        Args:
            model: Its name.
            price: Its price, or None where none is known.
            texts: Everything of the prompt.
            answer: What came back; empty where nothing did.
        """
        tokens = Tokens(estimate_prompt_tokens(texts), 0, estimate_tokens(answer))
        self._enter(model, price, tokens, estimated=True)

    def _enter(self, model: str, price: Price | None, tokens: Tokens, *, estimated: bool) -> None:
        cost = 0
        if price is not None:
            cost = cost_nanousd(
                price,
                prompt_tokens=tokens.prompt,
                cached_prompt_tokens=tokens.cached,
                completion_tokens=tokens.completion,
            )
        self._rows.append(
            Usage(
                attempt=self._attempt,
                call=len(self._rows),
                model=model,
                prompt_tokens=tokens.prompt,
                cached_prompt_tokens=tokens.cached,
                completion_tokens=tokens.completion,
                cost_nanousd=cost,
                estimated=estimated,
                priced=price is not None,
                at=datetime.fromtimestamp(self._clock(), UTC),
            )
        )
