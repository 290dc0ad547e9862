"""One writer at a time, over threads and processes: a lock file with its holder's name in it."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from transcript_qa.errors import IndexLockedError, IndexWriteError

_POLL_S = 0.05
READ_ONLY_REMEDY = "Give yourself the right to write there, or choose another folder with --index."

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: a byte far behind the holder's name keeps the name readable.
    _FAR = 1 << 30

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True


class WriteLock:
    """The right to write one index.

    The system lets go of it when its holder dies, however it dies; the file itself stays and means nothing. The thread
    that holds it may take it again.
    """

    def __init__(self, path: Path, *, wait_s: float) -> None:
        self._path = path
        self._wait_s = wait_s
        self._threads = threading.RLock()
        self._depth = 0
        self._handle = -1

    def check(self) -> None:
        """Raise `IndexWriteError` where the lock file cannot be opened, before any work is done for it."""
        os.close(self._open())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock while the block runs.

        Raises:
            IndexLockedError: another thread or process still holds it after the time to wait.
        """
        since = time.monotonic()
        if not self._threads.acquire(timeout=self._wait_s):
            raise self._refusal(since)
        try:
            if self._depth == 0:
                self._take(since)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._release()
        finally:
            self._threads.release()

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise IndexWriteError(str(self._path.parent), error.strerror or str(error), READ_ONLY_REMEDY) from error

    def _take(self, since: float) -> None:
        handle = self._open()
        try:
            while not _try_lock(handle):
                if time.monotonic() - since >= self._wait_s:
                    raise self._refusal(since)
                time.sleep(_POLL_S)
            # A full disk must not cost the lock, only its holder's name.
            with suppress(OSError):
                os.ftruncate(handle, 0)
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def _release(self) -> None:
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
        os.close(self._handle)
        self._handle = -1

    def _refusal(self, since: float) -> IndexLockedError:
        try:
            holder = self._path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            holder = ""
        folder = str(self._path.parent)
        return IndexLockedError(folder, holder or "another process", time.monotonic() - since)
