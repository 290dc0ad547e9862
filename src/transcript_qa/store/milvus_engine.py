"""The connection to an engine: bounded waiting, and errors in our own words."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from transcript_qa.errors import InvalidArgumentError, MissingExtraError, StoreUnavailableError
from transcript_qa.store import milvus_lite
from transcript_qa.store.milvus_address import Credentials, MilvusAddress
from transcript_qa.store.milvus_errors import not_loaded, transient, translated

_Result = TypeVar("_Result")
Row = dict[str, Any]

# The most hits that one search may ask for, and rows that one write may carry.
MAX_HITS = 16_384
_ROWS_AT_ONCE = 1000
# gRPC messages of servers are limited to 64 MiB; a row's fields are at most 64 KiB each.
_BYTES_AT_ONCE = 16_000_000
_PAGE = 1000
_CONNECT_S = 5.0
_WRITE_S = 120.0
_RESTED_S = 1.0
# gRPC waits up to two minutes before it tries a server again that was away.
_SOON_AGAIN = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
}
# The client's signs of life are more than a server allows that was not set up for them, as that of Milvus Lite.
_NO_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": 0}
# The first release with keyword search.
_OLDEST = (2, 5)


class Engine:
    """A connection to one engine. Safe to share between threads.

    A call that fails because the engine is away is tried again until its time is over; for a second after that, other
    calls fail at once, so that a crowd does not queue up before a server that is down.

    Attributes:
        address: what it is connected to.
        is_lite: whether it is Milvus Lite, which differs from servers in a few things.
        version: as the engine states it.
        spent_s: seconds that this connection's calls have taken.
        reload: has the engine take its collections into memory, where a restart has lost them.
    """

    def __init__(self, address: MilvusAddress, credentials: Credentials) -> None:
        self.address = address
        self.spent_s = 0.0
        self.reload: Callable[[], None] = lambda: None
        self._closed = False
        self._wrote = False
        self._down_until = 0.0
        self._guard = threading.Lock()
        make, self._failures = _client()
        uri = milvus_lite.start(address.lite) if address.lite else _uri(address)
        options: dict[str, Any] = {
            "secure": address.tls,
            "grpc_options": _SOON_AGAIN | (_NO_PINGS if address.lite else {}),
        }
        if credentials.ca is not None:
            options["server_pem_path"] = str(credentials.ca)
        try:
            self._client = self._patiently(
                lambda timeout: make(
                    uri=uri,
                    token=credentials.token,
                    db_name=address.database,
                    timeout=min(timeout, _CONNECT_S),
                    dedicated=True,
                    **options,
                ),
                within_s=min(address.timeout_s, _CONNECT_S),
            )
            self.version = str(self._patiently(lambda timeout: self._client.get_server_version(timeout=timeout)))
            self.is_lite = self.version.startswith("milvus_lite")
            self._refuse_old()
        except BaseException:
            if address.lite:
                milvus_lite.stop(address.lite)
            raise

    @property
    def schemas(self) -> Any:
        """The client's class, which makes descriptions of collections and their indexes."""
        return type(self._client)

    def call(self, name: str, *arguments: Any, within_s: float = _WRITE_S, **options: Any) -> Any:
        """What the client's method of that name gives."""
        method = getattr(self._client, name)
        return self._patiently(lambda timeout: method(*arguments, timeout=timeout, **options), within_s=within_s)

    def upsert(self, collection: str, rows: Iterable[Row]) -> None:
        """Write rows, in place of those with their keys."""
        for some in _batches(rows):
            self.call("upsert", collection, some)
            self._wrote = True

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows that satisfy a condition."""
        self.call("delete", collection, filter=condition, consistency_level="Strong")
        self._wrote = True

    def query(
        self, collection: str, condition: str, fields: Sequence[str], *, now: bool = False, limit: int | None = None
    ) -> list[Row]:
        """The rows that satisfy a condition; few enough for one answer.

        Args:
            collection: where.
            condition: on their fields.
            fields: what to give of them.
            now: see what every process has written up to this moment, which takes a server some tenths of a second.
            limit: how many rows at most.
        """
        options: dict[str, Any] = {} if limit is None else {"limit": limit}
        found = self.call(
            "query",
            collection,
            filter=condition,
            output_fields=list(fields),
            consistency_level=self._consistency(now),
            within_s=self.address.timeout_s,
            **options,
        )
        return [dict(row) for row in found]

    def scan(self, collection: str, condition: str, fields: Sequence[str]) -> Iterator[Row]:
        """The rows that satisfy a condition, however many, as every process has written them up to this moment."""
        pages = self.call(
            "query_iterator",
            collection,
            filter=condition,
            output_fields=list(fields),
            batch_size=_PAGE,
            consistency_level="Strong",
            within_s=self.address.timeout_s,
        )
        try:
            while rows := self._patiently(lambda _: pages.next(), within_s=self.address.timeout_s):
                yield from (dict(row) for row in rows)
        finally:
            pages.close()

    def count(self, collection: str, condition: str) -> int:
        """How many rows satisfy a condition."""
        return int(self.query(collection, condition, ("count(*)",))[0]["count(*)"])

    def search(
        self,
        collection: str,
        field: str,
        query: list[float] | str,
        *,
        condition: str,
        k: int,
        fields: Sequence[str],
        parameters: Mapping[str, Any],
    ) -> list[tuple[Row, float]]:
        """At most k rows and what the engine says of their nearness, the nearest first."""
        found = self.call(
            "search",
            collection,
            data=[query],
            anns_field=field,
            filter=condition,
            limit=k,
            output_fields=list(fields),
            search_params=dict(parameters),
            consistency_level=self._consistency(False),
            within_s=self.address.timeout_s,
        )
        return [({"pk": hit["pk"], **hit["entity"]}, float(hit["distance"])) for hit in found[0]]

    def close(self) -> None:
        """End the connection; a second call does nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        self._client.close()
        if self.address.lite:
            milvus_lite.stop(self.address.lite)

    def _consistency(self, now: bool) -> str:
        # "Session" gives this process what it wrote itself, "Bounded" gives what others wrote some seconds ago.
        return "Strong" if now else "Session" if self._wrote else "Bounded"

    def _patiently(self, call: Callable[[float], _Result], *, within_s: float = 10.0) -> _Result:
        """What the call gives that is told how long it may take."""
        if self._closed:
            raise InvalidArgumentError(f"{self.address.text}: this index is closed.")
        started = time.monotonic()
        if started < self._down_until:
            raise StoreUnavailableError(self.address.text, "the server cannot be reached (tried a moment ago)")
        pause_s = 0.05
        reloaded = False
        try:
            while True:
                left_s = within_s - (time.monotonic() - started)
                try:
                    return call(max(left_s, 0.5))
                except self._failures as error:
                    if not_loaded(error) and not reloaded:
                        # However late it is: the server has come back.
                        self.reload()
                        reloaded = True
                        continue
                    left_s = within_s - (time.monotonic() - started)
                    if left_s <= pause_s or not transient(error):
                        told = translated(error, self.address, waited_s=time.monotonic() - started)
                        if isinstance(told, StoreUnavailableError) and transient(error):
                            self._down_until = time.monotonic() + _RESTED_S
                        raise told from error
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, 1.0)
        finally:
            self.spent_s += time.monotonic() - started

    def _refuse_old(self) -> None:
        numbers = re.search(r"(\d+)\.(\d+)", self.version)
        if numbers and not self.is_lite and (int(numbers[1]), int(numbers[2])) < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise StoreUnavailableError(
                self.address.text,
                f"this is Milvus {self.version}, which has no keyword search",
                f"Use Milvus {oldest} or newer.",
            )


def _uri(address: MilvusAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'https' if address.tls else 'http'}://{host}:{address.port}"


def _client() -> tuple[Any, tuple[type[Exception], ...]]:
    """The client's class, and what it raises."""
    # The C core of gRPC writes of every connection lost to stderr, unless somebody asked for something else.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    try:
        import grpc
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException
    except ImportError as error:
        raise MissingExtraError("pymilvus", "milvus") from error
    # On import it sets up a handler of its own that prints every failed call with its stack and arguments.
    for name in ("pymilvus", "pymilvus.milvus_client", "pymilvus.bulk_writer"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return MilvusClient, (MilvusException, grpc.RpcError, grpc.FutureTimeoutError, OSError)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    n_bytes = 0
    for row in rows:
        size = sum(4 * len(value) if isinstance(value, str | list) else 8 for value in row.values())
        if some and (len(some) == _ROWS_AT_ONCE or n_bytes + size > _BYTES_AT_ONCE):
            yield some
            some, n_bytes = [], 0
        some.append(row)
        n_bytes += size
    if some:
        yield some


def listed(values: Iterable[str]) -> str:
    """Values as a list inside a condition; they are keys made here, of letters, digits and a few signs."""
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def chunks(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    left = iter(values)
    while some := list(islice(left, size)):
        yield some
