"""Work done ahead in a thread: what it makes waits in a queue with room for so much, until it is taken."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

# Windows lets Ctrl-C through only between waits.
_WAIT_S = 0.5


class NobodyWaitsError(Exception):
    """Raised in the thread where its maker has turned away; it ends the thread and is seen by nobody else."""


class Queue(Generic[T]):
    """Items on their way from one thread to another, in order.

    Args:
        room: an item goes in while those that wait are smaller than this together, so that one at least always does.
        size: of an item, 0 for one that may always go in.
    """

    def __init__(self, *, room: int, size: Callable[[T], int]) -> None:
        self._room = room
        self._size = size
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._filled = 0
        self._ended = False
        self._abandoned = False
        self._error: BaseException | None = None

    def put(self, item: T) -> None:
        """Put an item in, once there is room; raises `NobodyWaitsError` where it would never be taken."""
        size = self._size(item)
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or not size or self._filled < self._room)
            if self._abandoned:
                raise NobodyWaitsError
            self._items.append(item)
            self._filled += size
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing comes after what is in; `error` is raised where the next item would be taken."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Nothing will be taken any more."""
        with self._changed:
            self._abandoned = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not self._changed.wait_for(lambda: self._items or self._ended, timeout=_WAIT_S):
                    pass
                if not self._items:
                    if self._error is not None:
                        raise self._error
                    return
                item = self._items.popleft()
                self._filled -= self._size(item)
                self._changed.notify_all()
            yield item


@contextmanager
def ahead(
    make: Callable[[Callable[[T], None]], None], *, room: int, size: Callable[[T], int], name: str
) -> Iterator[Queue[T]]:
    """The items that `make` puts, made in a thread while the block runs.

    What `make` raises is raised where the next item would be taken. At the end of the block, however it ends, `make` is
    stopped at its next put, and waited for.

    Args:
        make: called with the function that puts an item.
        room: see `Queue`.
        size: see `Queue`.
        name: of the thread.

    >>> with ahead(lambda put: [put(n) for n in range(3)], room=1, size=lambda _: 1, name="counting") as numbers:
    ...     list(numbers)
    [0, 1, 2]
    """
    queue: Queue[T] = Queue(room=room, size=size)

    def work() -> None:
        try:
            make(queue.put)
        except NobodyWaitsError:
            queue.end()
        except BaseException as error:  # noqa: BLE001 - it is raised in the other thread
            queue.end(error)
        else:
            queue.end()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield queue
    finally:
        queue.abandon()
        thread.join()
