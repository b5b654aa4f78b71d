"""What makes the content of an answer: brains that read, that keep to a script, or say nothing."""

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from tests.provider.behaviour import Behaviour, BrainName
from tests.provider.obedience import ObedientBrain
from tests.provider.protocol import ChatRequest
from tests.provider.questions import Shape, wanted
from tests.provider.reading import ReadingBrain, nothing_read
from tests.provider.schema_values import smallest

Brain = Callable[[ChatRequest], str]
"""Returns the content of the answer to a call."""


class MinimalBrain:
    """Says as little as the schema lets it; the cheapest brain, for load."""

    def __call__(self, request: ChatRequest) -> str:
        """Return an empty list of facts, a short draft, or the smallest value of the schema."""
        want = wanted(request)
        if want.shape is not Shape.OTHER:
            return nothing_read(want.shape)
        return orjson.dumps(smallest(want.schema) if want.schema else {}).decode()


class ScriptedBrain:
    """Gives the answers it was given, in turn; the last one stays. Safe between threads."""

    def __init__(self, answers: Sequence[Any]) -> None:
        """Take texts as they are and anything else as JSON.

        Raises:
            ValueError: There is no answer.
        """
        if not answers:
            raise ValueError("a script needs at least one answer")
        self._answers = [
            one if isinstance(one, str) else orjson.dumps(one).decode() for one in answers
        ]
        self._given = 0
        self._lock = threading.Lock()

    def __call__(self, request: ChatRequest) -> str:
        """Return the next answer, whatever is asked."""
        del request
        with self._lock:
            place = min(self._given, len(self._answers) - 1)
            self._given += 1
        return self._answers[place]


def brain_of(behaviour: Behaviour) -> Brain:
    """Return the brain that a behaviour names."""
    match behaviour.brain:
        case BrainName.READING:
            return ReadingBrain()
        case BrainName.OBEDIENT:
            rng = random.Random(f"{behaviour.seed}/obedience")  # noqa: S311 - repeatable on purpose
            return ObedientBrain(rate=behaviour.obedience, rng=rng)
        case BrainName.MINIMAL:
            return MinimalBrain()
        case BrainName.SCRIPTED:
            return ScriptedBrain(behaviour.answers)
