"""Why attempts fail, and whether another one may end otherwise: the one table that decides.

Whoever judges a failure asks :func:`is_retryable`; the code is the first word of a task's error.
An agent of somebody's own may use codes of its own, of which only it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RETRY_AFTER_AT_MOST_S = 86_400.0
"""The longest wait that is believed where somebody asks for one, in seconds: a mistaken Retry-After
must neither hold a task back for ever nor name a time that no calendar has."""


def believed_wait_s(asked_s: float) -> float:
    """Return what is waited where ``asked_s`` were asked for, whatever number that is."""
    return min(RETRY_AFTER_AT_MOST_S, max(0.0, asked_s))  # in this order NaN becomes 0


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a call, an attempt or a task ends without a result.

    Attributes:
        is_retryable: Whether the same again may end otherwise.
        why: Why so, for whoever reads a dead letter.
    """

    is_retryable: bool
    why: str


def _again(why: str) -> Failure:
    return Failure(True, why)


def _final(why: str) -> Failure:
    return Failure(False, why)


FAILURES: Mapping[str, Failure] = MappingProxyType(
    {
        # A call to a model's provider: its status, or what became of the connection.
        "rate_limited": _again("429: the provider takes no more calls for now"),
        "unavailable": _again("408, 409, 425 and 5xx but 501 and 505: the provider cannot now"),
        "timeout": _again("no answer came in time; the next one may be faster"),
        "connection": _again("the connection failed or broke"),
        "garbled_answer": _again("what came was no answer of a model: a page, or half of one"),
        "invalid_answer": _final("the model's answer did not fit, nor did its repair"),
        "answer_cut": _final("the answer was too long even where twice the room was given"),
        "refused": _final("the model or its provider refuses the content"),
        "bad_request": _final("3xx and other 4xx: the same request would meet the same refusal"),
        "unauthorised": _final("401, 403: the key is refused"),
        "no_key": _final("401, 403: the provider asks for a key and none is set"),
        "no_credit": _final("402, or 429 for want of credit: somebody has to pay first"),
        "deadline": _final("no time was left to ask"),
        # What agents say of a task.
        "payload_invalid": _final("the payload is not what this kind of agent works on"),
        "lead_disqualified": _final("nobody should write to this lead"),
        "no_channel": _final("the lead left no way to be reached that is open"),
        "channel_closed": _final("the lead does not want to hear by this channel"),
        "agent_fault": _again("a fault of the agent's code; what caused it may have passed"),
        "interrupted": _again("the run was cut off after a paid call, the task not cancelled"),
        # What becomes of an attempt between orchestrator and agent.
        "attempt_limit": _again("the agent gave no answer within attempt_limit_s"),
        "agent_lost": _again("the agent's process died under it; ends after ten such deaths"),
        "unreached": _again("no agent could be reached"),
        "schema_unknown": _again("this agent's code is too old or too new to read the task"),
        "full": _again("the replica had no room"),
        "handed_back": _again("its orchestrator could not keep it"),
        "worker_lost": _again("its orchestrator died; ends after twenty such deaths"),
        "claim_lost": _again("the reply to its claim was lost"),
        "poison": _final("its process died each time it ran, the last three times alone"),
        "result_not_storable": _final("no column takes the agent's result"),
        # Ends that somebody chose, or that time brought.
        "cancelled": _final("its caller cancelled it, or has gone"),
        "abandoned": _final("its caller waited on the line and has lost the orchestrator"),
        "deadline_exceeded": _final("its deadline passed, or nothing can be done before it does"),
    }
)


def is_retryable(code: str, *, said: bool = False) -> bool:
    """Return whether the same again may end otherwise.

    Args:
        code: First word of the error.
        said: The word of whoever raised it, which counts for codes of their own.
    """
    known = FAILURES.get(code)
    return said if known is None else known.is_retryable
