"""The last few things that were read, for threads to share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Cache(Generic[_Key, _Value]):
    """At most so many values, the least used go first. What is kept under a key never changes.

    >>> cache: Cache[str, int] = Cache(2)
    >>> for name in "abc":
    ...     cache.keep(name, ord(name))
    >>> cache.get("a"), cache.get("c")
    (None, 99)
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[_Key, _Value] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """The value under a key, or None."""
        with self._guard:
            value = self._kept.get(key)
            if value is not None:
                self._kept.move_to_end(key)
            return value

    def keep(self, key: _Key, value: _Value) -> None:
        """Keep a value."""
        with self._guard:
            self._kept[key] = value
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
