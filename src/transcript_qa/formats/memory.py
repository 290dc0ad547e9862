"""Memory while a source is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage in cycles.

    Reading makes hundreds of thousands of small things and not one cycle; walking over them again and again, as the
    collector would, takes a quarter of the time at 2 MB and a third at 20 MB.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
