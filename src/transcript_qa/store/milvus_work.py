"""Who is writing what, so that nothing half written is ever seen and nothing is left behind.

Every change of a transcript begins with a `work` record and ends by deleting it. In between its rows are written under
a version of their own, which no reader looks at; then one row, the transcript's head, says that this version holds, and
the record says that the change is done. Rows of a version that is neither the head nor that of an open change are
garbage, for no such version ever becomes a head. Whoever is done clears them up and takes the record away last: of
several at once, the last to be done sees all the others done.

A process that was killed leaves its record behind. It is known to be dead at once on its own machine, and elsewhere
after a quarter of an hour; whoever comes next then clears up. A writer that was taken for dead while it lived finds its
record gone before it writes the head, and begins again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import sys
import time

from transcript_qa.store.milvus_engine import Engine, listed
from transcript_qa.store.milvus_records import Record, Records, new_version
from transcript_qa.store.milvus_schema import passages_of

_LEASE_S = 900
_MACHINE = hashlib.blake2b(socket.gethostname().encode(), digest_size=6).hexdigest()
# Tells this process from one before it with the same number, as in a container that was started again.
_PROCESS = secrets.token_hex(4)
_OPEN, _DONE = "open", "done"
PUTTING, REMOVING, TOUCHING = "put", "remove", "touch"


class Works:
    """The changes under way in one archive."""

    def __init__(self, engine: Engine, records: Records) -> None:
        self._engine = engine
        self._records = records

    def begin(self, owner: str, what: str, version: str = "") -> str:
        """Say that a transcript is being changed, and keep the rows of a version until that ends.

        Args:
            owner: the transcript's key.
            what: `PUTTING`, `REMOVING` or `TOUCHING`.
            version: one that is there; else it has the name of the change.

        Returns:
            The name of the change.
        """
        name = new_version()
        record = Record(kind="work", name=name, value=what, owner=owner, tag=_tag(_OPEN), version=version or name)
        self._records.put(record, is_new=True)
        return name

    def holds(self, name: str) -> bool:
        """Whether the record of a change is still there."""
        return bool(self._records.versions("work", [name], now=True))

    def end(self, name: str, owner: str) -> None:
        """Say that a change is done, and clear up after it."""
        self._records.put(Record(kind="work", name=name, value="", owner=owner, tag=_tag(_DONE), version=name))
        self.clear(owner)
        self._records.delete([("work", name)])

    def clear(self, owner: str) -> None:
        """Delete what is left of a transcript's former versions and of changes whose process has died."""
        rows = self._records.owned(owner)
        head = {row.version for row in rows if row.kind == "head"}
        works = [row for row in rows if row.kind == "work"]
        kept = head | {row.version for row in works if _alive(row.tag) and row.tag.endswith(_OPEN)}
        garbage = sorted({row.version for row in rows if row.kind in ("body", "blob")} - kept)
        if garbage:
            self._engine.delete(passages_of(self._engine.address), f"version in {listed(garbage)}")
            self._records.drop_versions(garbage)
        dead = [row.name for row in works if not _alive(row.tag)]
        if not head and any(one.value == REMOVING for one in self._records.get("work", dead).values()):
            self._records.delete([("edits", owner)])
        self._records.delete(("work", name) for name in dead)

    def clear_dead(self) -> None:
        """Clear up after every process that has died at work."""
        for owner in dict.fromkeys(work.owner for work in self._records.all("work") if not _alive(work.tag)):
            self.clear(owner)

    def any(self) -> bool:
        """Whether anything is being changed, or was left unfinished."""
        return bool(self._records.all("work"))

    def left_behind(self) -> int:
        """How many changes have been begun by processes that have died."""
        return sum(not _alive(work.tag) for work in self._records.all("work"))


def _tag(state: str) -> str:
    return f"{_MACHINE} {os.getpid()} {_PROCESS} {int(time.time())} {state}"


def _alive(tag: str) -> bool:
    machine, number, process, since, _ = tag.split(" ")
    if machine == _MACHINE:
        if int(number) == os.getpid():
            return process == _PROCESS
        if sys.platform != "win32":
            return _runs(int(number)) and time.time() - int(since) < _LEASE_S
    return time.time() - int(since) < _LEASE_S


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
