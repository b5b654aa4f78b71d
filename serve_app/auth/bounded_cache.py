"""Answers kept for a bounded time, and never more than a bounded number of them."""

from collections import OrderedDict
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class BoundedCache(Generic[KeyT, ValueT]):
    """Keeps values until their time; where it is full, the one unused for longest goes.

    The clock is the caller's; one cache takes the times of one clock.
    """

    def __init__(self, size: int) -> None:
        """Keep at most ``size`` values."""
        self._size = size
        self._kept: OrderedDict[KeyT, tuple[ValueT, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: KeyT, now_s: float) -> ValueT | None:
        """Return the value, or None where there is none or its time is over."""
        found = self._kept.get(key)
        if found is None:
            return None
        value, until_s = found
        if now_s >= until_s:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT, until_s: float) -> None:
        """Keep a value until a time."""
        self._kept[key] = (value, until_s)
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def drop(self, key: KeyT) -> None:
        """Forget a value."""
        self._kept.pop(key, None)
