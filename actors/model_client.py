"""Calls to one model of one OpenAI-compatible provider; the only importer of ``openai``.

Retries, fallbacks and the shape of answers are others' affairs: here a body goes out and a
completion comes back, or an error in our own words.
"""

import asyncio
import logging
from collections.abc import Callable

import httpx2
import openai

from actors.answer_ladder import Manner, refused_feature
from actors.api_key import ApiKey
from actors.call_mark import CALL, CallMark
from actors.chat_protocol import Completion, read_completion
from actors.errors import FaultCode, FeatureRefusedError, ModelError
from actors.model_faults import fault_of_status
from actors.model_transport import LeanTransport
from actors.retry import retry_after_s

logger = logging.getLogger(__name__)

NO_KEY = "none"
"""Sent where there is no key: ``openai`` demands one, and self-hosted servers ignore it."""

MAX_REFUSAL_CHARS = 4096


class _Client(openai.AsyncOpenAI):
    """Sends no more about this machine than it must.

    The stock client adds headers about the platform, and organisation, project and headers from
    the environment, whoever the provider is.
    """

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "gardenos",
        }


class ModelClient:
    """Calls one model. Serves one event loop.

    Args:
        name: The model as the provider calls it.
        base_url: Address of the provider's API.
        key: Where its key is found.
        transport: Connections to the provider; shared with its other models, closed by the owner.
        clock: Returns seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        key: ApiKey,
        transport: LeanTransport,
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._transport = transport
        self._clock = clock
        self._client: _Client | None = None

    async def warm(self, limit_s: float) -> None:
        """Build the client and open a connection, so that the first call need not wait for either.

        Lists the provider's models, which costs nothing and shows whether the key is taken. Never
        fails: a provider that is down now may be up when it is needed.
        """
        client = await asyncio.to_thread(self._built)
        try:
            await self._fetch(client, limit_s)
        except openai.AuthenticationError:
            logger.warning("model_key_refused", extra={"model": self.name})
        except openai.APIStatusError:
            pass  # no list of models there, but a connection
        except openai.APIConnectionError:
            logger.warning("model_unreachable", extra={"model": self.name})

    async def call(
        self, body: bytes, asked: Manner, *, limit_s: float, mark: CallMark
    ) -> Completion:
        """Make one call.

        Args:
            body: The request.
            asked: How it was written; tells what a refusal is about.
            limit_s: Seconds for everything, connecting included.
            mark: Tells afterwards whether the request was sent, whatever the call ends in.

        Raises:
            ModelError: There is no completion.
        """
        token = CALL.set(mark)
        try:
            return await self._call(body, asked, limit_s, mark)
        except openai.APITimeoutError:
            if mark.sent:
                raise ModelError(
                    FaultCode.TIMEOUT, "The provider did not answer in time.", None, True
                ) from None
            raise ModelError(
                FaultCode.CONNECTION, "The provider could not be reached in time."
            ) from None
        except openai.APIConnectionError as error:
            raise _of_connection(error, mark) from None
        finally:
            CALL.reset(token)

    async def _call(self, body: bytes, asked: Manner, limit_s: float, mark: CallMark) -> Completion:
        key, began_s = self._key.current(), self._clock()
        try:
            answer = await self._post(body, key, limit_s)
        except openai.AuthenticationError as error:
            left_s = limit_s - (self._clock() - began_s)
            if left_s <= 0 or not self._key.is_newer_than(key):
                raise self._of_status(error, asked) from None
            mark.sent = False
            try:
                answer = await self._post(body, self._key.current(), left_s)
            except openai.APIStatusError as again:
                raise self._of_status(again, asked) from None
        except openai.APIStatusError as error:
            raise self._of_status(error, asked) from None
        completion = read_completion(answer.content)
        if completion is None:
            raise ModelError(
                FaultCode.GARBLED_ANSWER,
                "The provider's answer is no chat completion.",
                None,
                True,
            )
        return completion

    async def _post(self, body: bytes, key: str | None, limit_s: float) -> httpx2.Response:
        client = self._built()
        client.api_key = key or NO_KEY
        return await client.post(
            f"{self._base_url}/chat/completions",  # whole: joining the two costs 0.03 ms a call
            cast_to=httpx2.Response,
            content=body,
            options={"timeout": limit_s},
        )

    async def _fetch(self, client: _Client, limit_s: float) -> None:
        client.api_key = self._key.current() or NO_KEY
        await client.get("/models", cast_to=httpx2.Response, options={"timeout": limit_s})

    def _built(self) -> _Client:
        if self._client is None:
            self._client = _Client(
                api_key=NO_KEY,
                base_url=self._base_url,
                max_retries=0,
                http_client=self._transport,
            )
        return self._client

    def _of_status(self, error: openai.APIStatusError, asked: Manner) -> ModelError:
        """Return our error for a status; the provider's words are read here and go no further."""
        said = error.response.text[:MAX_REFUSAL_CHARS]
        feature = refused_feature(error.status_code, said, asked)
        if feature is not None:
            return FeatureRefusedError(feature, error.status_code)
        return fault_of_status(
            error.status_code,
            said,
            has_key=self._key.current() is not None,
            retry_after_s=retry_after_s(error.response.headers, self._clock()),
        )


def _of_connection(error: openai.APIConnectionError, mark: CallMark) -> ModelError:
    if isinstance(error.__cause__, httpx2.DecodingError):
        return ModelError(
            FaultCode.INVALID_ANSWER, "The provider's answer is too long.", None, True
        )
    if mark.sent:
        return ModelError(FaultCode.CONNECTION, "The connection to the provider broke.", None, True)
    return ModelError(FaultCode.CONNECTION, "The provider could not be reached.")
