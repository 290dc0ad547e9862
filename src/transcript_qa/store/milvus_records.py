"""Texts of any length under keys, in an engine without transactions.

A record is one row, and writing it is the one thing that the engine does as a whole: a reader sees the old text or the
new. What is longer than a field stands in rows of its own, written before the row that points to them and deleted after
it points elsewhere.

Kinds: `meta` (the archive itself), `setting`, `head` (a transcript as it is now), `body` (the text and turns of one
version of a transcript), `edits` (what was said about its speakers), `work` (see `milvus_work.py`), `blob` (the rows of
long texts).
"""

from __future__ import annotations

import base64
import json
import secrets
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from transcript_qa.store.milvus_engine import Engine, Row, chunks, listed
from transcript_qa.store.milvus_schema import PIECE_BYTES, records_of

_KEYS_AT_ONCE = 500
# What a text was packed with: nothing that JSON begins with.
_PACKED, _ELSEWHERE = "=", "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A text under its key.

    Attributes:
        kind, name: the key.
        value: what JSON gave.
        owner: key of the transcript it belongs to, or "".
        tag: what else it can be found by, or "".
        version: of the transcript, or of the text alone.
    """

    kind: str
    name: str
    value: Any
    owner: str = ""
    tag: str = ""
    version: str = ""


def new_version() -> str:
    """A name that no other process gives; later ones sort behind earlier ones, as far as clocks agree.

    >>> len(new_version()), new_version() != new_version()
    (24, True)
    """
    return f"{time.time_ns() // 1000:014x}{secrets.token_hex(5)}"


class Records:
    """The records of one archive."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._collection = records_of(engine.address)

    def put(self, record: Record, *, is_new: bool = False) -> None:
        """Write a record in place of the one with its key; `is_new` where there can be none."""
        text = _packed(record.value)
        version = record.version or new_version()
        old = None if is_new or record.owner else self._row(record.kind, record.name)
        if len(text) > PIECE_BYTES:
            pieces = [text[at : at + PIECE_BYTES] for at in range(0, len(text), PIECE_BYTES)]
            self._engine.upsert(
                self._collection,
                (
                    _row(Record(kind="blob", name=f"{version}-{n}", value=None, version=version, owner=record.owner), p)
                    for n, p in enumerate(pieces)
                ),
            )
            text = f"{_ELSEWHERE}{version} {len(pieces)}"
        self._engine.upsert(self._collection, [_row(record, text, version)])
        # What has an owner goes with its version.
        if old is not None and old["value"].startswith(_ELSEWHERE):
            self.drop_versions([old["version"]])

    def get(self, kind: str, names: Sequence[str], *, now: bool = False) -> dict[str, Record]:
        """The records of these names that there are, by name; `now` as in `Engine.query`."""
        return {name: record for (_, name), record in self.get_keys([(kind, name) for name in names], now=now).items()}

    def get_keys(self, keys: Sequence[tuple[str, str]], *, now: bool = False) -> dict[tuple[str, str], Record]:
        """The records of these kinds and names that there are."""
        rows = list(self._rows([f"{kind}/{name}" for kind, name in dict.fromkeys(keys)], now=now))
        return {(record.kind, record.name): record for record in self._read(rows)}

    def versions(self, kind: str, names: Iterable[str], *, now: bool = False) -> dict[str, str]:
        """Version by name, of the records that there are; quicker than `get`."""
        found: dict[str, str] = {}
        for some in chunks((f"{kind}/{name}" for name in dict.fromkeys(names)), _KEYS_AT_ONCE):
            for row in self._engine.query(self._collection, f"pk in {listed(some)}", ("pk", "version"), now=now):
                found[row["pk"].partition("/")[2]] = row["version"]
        return found

    def all(self, kind: str) -> list[Record]:
        """Every record of a kind."""
        return list(self._read(list(self._engine.scan(self._collection, f'kind == "{kind}"', _FIELDS))))

    def tagged(self, kind: str, tag: str, *, now: bool = False) -> list[Record]:
        """The records of a kind with that tag."""
        condition = f'kind == "{kind}" and tag == "{tag}"'
        return list(self._read(self._engine.query(self._collection, condition, _FIELDS, now=now)))

    def owned(self, owner: str) -> list[Record]:
        """Every row that belongs to a transcript at this moment, without its text."""
        fields = ("pk", "tag", "version")
        rows = self._engine.query(self._collection, f'owner == "{owner}"', fields, now=True)
        return [_record({**row, "owner": owner}, None) for row in rows]

    def delete(self, keys: Iterable[tuple[str, str]]) -> None:
        """Delete the rows of these kinds and names; long texts stay until their version goes."""
        for some in chunks((f"{kind}/{name}" for kind, name in keys), _KEYS_AT_ONCE):
            self._engine.delete(self._collection, f"pk in {listed(some)}")

    def drop_versions(self, versions: Iterable[str]) -> None:
        """Delete the bodies and long texts of these versions."""
        for some in chunks(versions, _KEYS_AT_ONCE):
            self._engine.delete(self._collection, f'kind in ["body", "blob"] and version in {listed(some)}')

    def drop_transcripts(self) -> None:
        """Delete all that belongs to transcripts, what was said about speakers left out, and all settings."""
        self._engine.delete(self._collection, 'kind in ["head", "body", "work", "setting"]')
        self._engine.delete(self._collection, 'kind == "blob" and owner != ""')

    def _row(self, kind: str, name: str) -> Row | None:
        return next(iter(self._rows([f"{kind}/{name}"], now=True)), None)

    def _rows(self, pks: Iterable[str], *, now: bool) -> Iterator[Row]:
        for some in chunks(pks, _KEYS_AT_ONCE):
            yield from self._engine.query(self._collection, f"pk in {listed(some)}", _FIELDS, now=now)

    def _read(self, rows: Sequence[Row]) -> Iterator[Record]:
        wanted: list[str] = []
        for row in rows:
            if row["value"].startswith(_ELSEWHERE):
                version, _, n_pieces = row["value"][1:].partition(" ")
                wanted += [f"blob/{version}-{n}" for n in range(int(n_pieces))]
        pieces = {row["pk"]: row["value"] for row in self._rows(wanted, now=False)}
        for row in rows:
            text = row["value"]
            if text.startswith(_ELSEWHERE):
                version, _, n_pieces = text[1:].partition(" ")
                names = [f"blob/{version}-{n}" for n in range(int(n_pieces))]
                if any(name not in pieces for name in names):
                    # Deleted since its row was read: it points elsewhere by now.
                    continue
                text = "".join(pieces[name] for name in names)
            yield _record(row, _unpacked(text))


_FIELDS = ("pk", "owner", "tag", "version", "value")


def _row(record: Record, text: str, version: str = "") -> Row:
    return {
        "pk": f"{record.kind}/{record.name}",
        "kind": record.kind,
        "owner": record.owner,
        "tag": record.tag,
        "version": version or record.version,
        "value": text,
        "unused": [0.0, 0.0],
    }


def _record(row: Row, value: Any) -> Record:
    kind, _, name = row["pk"].partition("/")
    return Record(kind=kind, name=name, value=value, owner=row["owner"], tag=row["tag"], version=row["version"])


def _packed(value: Any) -> str:
    told = json.dumps(value, separators=(",", ":"))
    return _PACKED + base64.b85encode(zlib.compress(told.encode("ascii"))).decode("ascii")


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b85decode(text[1:])))
