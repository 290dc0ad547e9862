"""Which store an index is in, by its name: a folder on this machine, or an address of Milvus."""

from __future__ import annotations

import os
from pathlib import Path

from transcript_qa.store.base import EmbedderInfo, Store
from transcript_qa.store.local import LocalStore
from transcript_qa.store.milvus import MilvusStore
from transcript_qa.store.milvus_address import is_milvus

Index = str | os.PathLike[str]
"""A folder, or an address as `milvus_address` describes it."""


def open_store(index: Index, *, embedder: EmbedderInfo | None = None, writable: bool = False) -> Store:
    """Open the index of that name; see `LocalStore.open` and `MilvusStore.open`."""
    if is_milvus(index):
        return MilvusStore.open(str(index), embedder=embedder, writable=writable)
    return LocalStore.open(Path(index), embedder=embedder, writable=writable)


def create_store(index: Index, embedder: EmbedderInfo, *, replace: bool = False) -> Store:
    """Make an empty index of that name and open it for writing; see `LocalStore.create` and `MilvusStore.create`."""
    if is_milvus(index):
        return MilvusStore.create(str(index), embedder, replace=replace)
    return LocalStore.create(Path(index), embedder, replace=replace)


def open_or_create_store(index: Index, embedder: EmbedderInfo) -> Store:
    """Open the index of that name for writing, or make it where there is none."""
    if is_milvus(index):
        return MilvusStore.open_or_create(str(index), embedder)
    return LocalStore.open_or_create(Path(index), embedder)


def folder_of(index: Index) -> Path | None:
    """The folder on this machine in which an index is, or None where it is elsewhere."""
    return None if is_milvus(index) else Path(index)


def has_index(index: Index) -> bool:
    """Whether a folder looks as if it held an index; an address of Milvus is taken to name one."""
    folder = folder_of(index)
    return folder is None or any(folder.glob("*.sqlite"))
