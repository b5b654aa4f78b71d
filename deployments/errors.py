"""Errors of the way to the agents; they leave this room only as those of ``domain.errors``.

GardenosError
└── LinkError    a batch ended before all its tasks were answered
"""

from domain.errors import GardenosError


class LinkError(GardenosError):
    """A batch ended before all its tasks were answered.

    Args:
        reason: Name of what happened, for example ``ActorDiedError``.
        reached: Whether the batch may have reached an agent.
        crashed: Whether the process that ran it is gone.
    """

    def __init__(self, reason: str, reached: bool, crashed: bool) -> None:  # noqa: FBT001 - pickles by position
        super().__init__(reason, reached, crashed)
        self.reason = reason
        self.reached = reached
        self.crashed = crashed

    def __str__(self) -> str:
        return f"the way to an agent broke: {self.reason}"
