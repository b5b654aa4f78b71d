"""Whether a call can end in time, by the wait ahead of it and the shortest run. Pure."""

from enum import StrEnum


class Chance(StrEnum):
    """What a call can hope for."""

    IN_TIME = "in_time"
    BEHIND_OTHERS = "behind_others"
    """There would be time to run, but not behind all who wait: a later try may find fewer."""

    NONE = "none"
    """Were nobody ahead, there would not be time to run: no try with so little time is worth it."""


def chance_of(left_s: float, *, wait_s: float, run_s: float) -> Chance:
    """Return what a call can hope for.

    Args:
        left_s: Seconds until its deadline.
        wait_s: Seconds until its turn at least; 0 where nothing is known.
        run_s: Seconds a run takes at least; 0 where nothing is known.
    """
    if left_s <= 0.0 or left_s < run_s:
        return Chance.NONE
    return Chance.BEHIND_OTHERS if left_s < wait_s + run_s else Chance.IN_TIME
