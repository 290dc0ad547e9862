"""Milvus Lite: the engine inside this process, over a folder, behind a port that only this machine reaches.

One process at a time may have a folder open; the stores of one process share the engine of it.
"""

from __future__ import annotations

import atexit
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcript_qa.errors import IndexDamagedError, IndexLockedError, IndexWriteError, MissingExtraError

_guard = threading.Lock()
_running: dict[Path, _Running] = {}


@dataclass(slots=True)
class _Running:
    server: Any
    database: Any
    port: int
    n_users: int


def start(folder: Path) -> str:
    """The address of the engine over a folder, started where it does not run yet; each call needs its `stop`.

    Raises:
        MissingExtraError: Milvus Lite is not installed.
        IndexLockedError: another process has the folder open.
        IndexWriteError, IndexDamagedError: the folder cannot be written, or holds something else.
    """
    path = folder.resolve()
    with _guard:
        running = _running.get(path)
        if running is None:
            running = _running[path] = _started(path)
        running.n_users += 1
        return f"http://127.0.0.1:{running.port}"


def stop(folder: Path) -> None:
    """Let go of the engine over a folder; the last one to do so ends it."""
    path = folder.resolve()
    with _guard:
        running = _running.get(path)
        if running is None:
            return
        running.n_users -= 1
        if running.n_users <= 0:
            del _running[path]
            _ended(running)


def _started(path: Path) -> _Running:
    try:
        from milvus_lite.adapter.grpc.server import start_server_in_thread
        from milvus_lite.exceptions import DataDirLockedError, MilvusLiteError
    except ImportError as error:
        raise MissingExtraError("milvus-lite", "milvus") from error
    # It reports what callers are told anyway, with the whole stack.
    logging.getLogger("milvus_lite").setLevel(logging.CRITICAL + 1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One request at a time: it allows one writer for each collection and has no lock of its own.
        server, database, port = start_server_in_thread(str(path), host="127.0.0.1", port=0, max_workers=1)
    except DataDirLockedError as error:
        raise IndexLockedError(str(path), "another process", 0.0) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise IndexWriteError(str(path), reason, "Choose a folder that can be written.") from error
    except MilvusLiteError as error:
        raise IndexDamagedError(str(path), str(error)) from error
    return _Running(server=server, database=database, port=port, n_users=0)


def _ended(running: _Running) -> None:
    running.server.stop(grace=2).wait()
    running.database.close()


@atexit.register
def _end_all() -> None:
    with _guard:
        for running in _running.values():
            _ended(running)
        _running.clear()
