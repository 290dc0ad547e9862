"""The two collections of an archive, and what makes them.

`ARCHIVE_passages` has a row for each passage (more where one is longer than a field), with its vector and its words.
`ARCHIVE_records` has all else as pieces of text under a key (`milvus_records.py`); collections need a vector, so each
record has one of two zeros. What is looked for by equality has an index of its own on a server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from transcript_qa.errors import IndexDamagedError, InvalidArgumentError, StoreUnavailableError
from transcript_qa.store.milvus_address import MilvusAddress
from transcript_qa.store.milvus_engine import Engine

# Version of all that is written below and in `milvus_records.py`, `milvus_words.py` and `milvus_nouns.py`.
FORMAT = 1
# What fits one field, with room for what the engine counts otherwise.
FIELD_BYTES = 65_535
PIECE_BYTES = 60_000
MAX_ID_BYTES = 2_000
MAX_SPEAKERS = 4_096
KEY_CHARS = 24

_INDEXED = {"passages": ("transcript", "version", "who"), "records": ("kind", "owner", "tag", "version")}
_BUILD = {"HNSW": {"M": 16, "efConstruction": 200}, "IVF_FLAT": {"nlist": 1024}, "IVF_SQ8": {"nlist": 1024}}


def passages_of(address: MilvusAddress) -> str:
    """Name of the collection of passages."""
    return f"{address.archive}_passages"


def records_of(address: MilvusAddress) -> str:
    """Name of the collection of records."""
    return f"{address.archive}_records"


def key_of(*parts: str) -> str:
    """A key for any text: 24 letters and digits, the same everywhere.

    >>> len(key_of("minutes, 3 May")), key_of("a", "b") == key_of("ab")
    (24, False)
    """
    told = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=KEY_CHARS // 2).hexdigest()


def search_parameters(index_type: str, k: int) -> dict[str, Any]:
    """How widely to look in an index of vectors of that type for k hits."""
    if index_type == "HNSW":
        return {"ef": max(128, 2 * k)}
    if index_type in ("IVF_FLAT", "IVF_SQ8"):
        return {"nprobe": 64}
    if index_type == "DISKANN":
        return {"search_list": max(128, 2 * k)}
    return {}


def exists(engine: Engine) -> bool:
    """Whether the engine has both collections of the archive.

    Raises:
        IndexDamagedError: one of these names belongs to a collection of something else.
    """
    address = engine.address
    for name, fields in _fields(engine).items():
        if not engine.call("has_collection", name, within_s=address.timeout_s):
            return False
        found = {field["name"] for field in engine.call("describe_collection", name)["fields"]}
        if not {field for field, *_ in fields} <= found:
            raise IndexDamagedError(address.text, f"the collection {name} is of another program or version")
    return True


def make(engine: Engine, dim: int) -> None:
    """Make what is missing of the archive's collections, and load them; harmless where another process does the same.

    Raises:
        InvalidArgumentError: the engine allows no such vectors.
    """
    address = engine.address
    if not 2 <= dim <= 32_768:
        raise InvalidArgumentError(f"Vectors of {dim} dimensions do not go into Milvus, which takes 2 to 32,768.")
    for name in _fields(engine):
        with _unless(partial(engine.call, "has_collection", name)) as missing:
            if missing:
                engine.call(
                    "create_collection",
                    name,
                    schema=_schema(engine, name, dim),
                    num_shards=address.shards,
                    consistency_level="Session",
                )
        for field, options in _indexes(engine, name):
            with _unless(partial(_has_index, engine, name, field)) as missing:
                if missing:
                    wanted = engine.schemas.prepare_index_params()
                    wanted.add_index(field, index_name=field, **options)
                    # Loading waits for them; waiting here sleeps half a second for each.
                    engine.call("create_index", name, wanted, sync=False)
    load(engine)


def _has_index(engine: Engine, name: str, field: str) -> bool:
    return field in engine.call("list_indexes", name)


@contextmanager
def _unless(there: Callable[[], bool]) -> Iterator[bool]:
    """Whether something has to be made; that it failed is forgiven where another process has made it meanwhile."""
    try:
        yield not there()
    except StoreUnavailableError:
        if not there():
            raise


def load(engine: Engine) -> None:
    """Have the engine hold the archive in memory; nothing happens where it does."""
    for name in _fields(engine):
        options = {} if engine.is_lite else {"replica_number": engine.address.replicas}
        engine.call("load_collection", name, **options)


def drop(engine: Engine, collection: str) -> None:
    """Drop a collection; nothing happens where there is none."""
    engine.call("drop_collection", collection)


def _fields(engine: Engine) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Name, type and options of every field, the vectors of passages without their length, by collection."""
    key, analysed = (
        {"max_length": 96},
        {"enable_analyzer": True, "enable_match": True, "analyzer_params": {"tokenizer": "standard"}},
    )
    text = {"max_length": FIELD_BYTES}
    return {
        passages_of(engine.address): [
            ("pk", "VARCHAR", {**key, "is_primary": True}),
            ("transcript", "VARCHAR", key),
            ("version", "VARCHAR", key),
            ("place", "INT64", {}),
            ("part", "INT64", {}),
            ("who", "ARRAY", {"element_type": "VARCHAR", "max_capacity": MAX_SPEAKERS, **key}),
            ("passage", "VARCHAR", {"max_length": MAX_ID_BYTES}),
            ("payload", "VARCHAR", text),
            ("words", "VARCHAR", {**text, **analysed}),
            ("dense", "FLOAT_VECTOR", {}),
            ("sparse", "SPARSE_FLOAT_VECTOR", {}),
        ],
        records_of(engine.address): [
            ("pk", "VARCHAR", {**key, "is_primary": True}),
            ("kind", "VARCHAR", key),
            ("owner", "VARCHAR", key),
            ("tag", "VARCHAR", key),
            ("version", "VARCHAR", key),
            ("value", "VARCHAR", text),
            ("unused", "FLOAT_VECTOR", {"dim": 2}),
        ],
    }


def _schema(engine: Engine, name: str, dim: int) -> Any:
    from pymilvus import DataType, Function, FunctionType

    schema = engine.schemas.create_schema(auto_id=False, enable_dynamic_field=False)
    for field, kind, options in _fields(engine)[name]:
        given = {**options, "dim": dim} if field == "dense" else dict(options)
        if "element_type" in given:
            given["element_type"] = DataType[given["element_type"]]
        schema.add_field(field, DataType[kind], **given)
    if name == passages_of(engine.address):
        schema.add_function(
            Function(
                name="bm25", function_type=FunctionType.BM25, input_field_names=["words"], output_field_names=["sparse"]
            )
        )
    return schema


def _indexes(engine: Engine, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    address = engine.address
    if name == passages_of(address):
        kind = "FLAT" if engine.is_lite else address.index_type
        yield "dense", {"index_type": kind, "metric_type": "IP", "params": _BUILD.get(kind, {})}
        # As in `milvus_scores.py`.
        words = {"bm25_k1": 1.2, "bm25_b": 0.75}
        yield "sparse", {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": words}
    else:
        yield "unused", {"index_type": "FLAT", "metric_type": "L2", "params": {}}
    if not engine.is_lite:
        for field in _INDEXED[name.rpartition("_")[2]]:
            yield field, {"index_type": "INVERTED"}
