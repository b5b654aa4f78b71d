"""What a call to a model can end in, other than an answer.

ModelError                 (below domain.errors.GardenosError) a call, or a question, failed
└── FeatureRefusedError    the provider does not take a field of our request; ask without it

Neither leaves the room: :mod:`actors.models` answers every fault of a provider with a reply that
says why there is no value. No error here holds a word of the provider's: it may quote the prompt.
"""

from enum import StrEnum

from domain.errors import GardenosError
from domain.failures import is_retryable


class FaultCode(StrEnum):
    """Why a model gave no answer; the first word of a reply's ``degraded_because``."""

    NO_KEY = "no_key"
    UNAUTHORISED = "unauthorised"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    NO_CREDIT = "no_credit"
    GARBLED_ANSWER = "garbled_answer"
    INVALID_ANSWER = "invalid_answer"
    ANSWER_CUT = "answer_cut"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    DEADLINE = "deadline"


class Feature(StrEnum):
    """A field of our requests that not every provider takes."""

    ANSWER_FORMAT = "response_format"
    LENGTH_FIELD = "max_tokens"
    TEMPERATURE = "temperature"


class ModelError(GardenosError):
    """A call to a model brought no answer; :mod:`domain.failures` says whether to call again.

    Args:
        code: What happened.
        detail: A sentence in our own words.
        retry_after_s: Seconds the provider asked to wait, or None.
        may_be_billed: Whether the provider may have worked on it, and asks to be paid.
    """

    def __init__(
        self,
        code: FaultCode,
        detail: str,
        retry_after_s: float | None = None,
        may_be_billed: bool = False,  # noqa: FBT001, FBT002 - pickles by position
    ) -> None:
        super().__init__(code, detail, retry_after_s, may_be_billed)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.may_be_billed = may_be_billed

    @property
    def retryable(self) -> bool:
        """Whether the same call may end otherwise."""
        return is_retryable(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class FeatureRefusedError(ModelError):
    """The provider refused a field of the request, and may answer without it.

    Args:
        feature: The field.
        status: HTTP status of the refusal.
    """

    def __init__(self, feature: Feature, status: int) -> None:
        super().__init__(FaultCode.BAD_REQUEST, f"The provider refuses {feature} ({status}).")
        self.args = (feature, status)
        self.feature = feature
        self.status = status
