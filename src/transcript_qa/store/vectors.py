"""The dense leg: vectors as 16-bit floats, an exact FAISS index over them, and its file.

FAISS finds candidates; their scores are computed again, one row at a time and in double precision, so that a passage
has the same score by whichever way it was found, and equal vectors tie exactly.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Twice what single precision may be wrong by in an inner product of unit vectors.
_SLACK = 2e-5
# In FAISS's file: four letters for the kind of index and four bytes for the dimension come first.
_N_VECTORS_AT = 8


def pack(vectors: NDArray[np.float32]) -> bytes:
    """Rows as they are stored: little-endian 16-bit floats, one row after the other."""
    return vectors.astype("<f2").tobytes()


def unpack(blob: bytes, dim: int) -> NDArray[np.float16]:
    """(n, dim) float16 from `pack`; raises ValueError where the length does not fit."""
    return np.frombuffer(blob, dtype="<f2").reshape(-1, dim)


class VectorIndex:
    """An exact inner-product index over rows of 16-bit floats; a row's position is its place in the order given."""

    def __init__(self, index: Any, matrix: NDArray[np.float16]) -> None:
        self._index = index
        self.matrix = matrix

    @classmethod
    def of(cls, matrix: NDArray[np.float16]) -> VectorIndex:
        """An index over (n, dim) float16 rows."""
        index = cls.empty(matrix.shape[1])
        if len(matrix):
            index.add_sa_codes(np.ascontiguousarray(matrix).view(np.uint8))
        return cls(index, _codes(index))

    @staticmethod
    def empty(dim: int) -> Any:
        """FAISS's own index without a vector in it."""
        faiss = _faiss()
        return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)

    @classmethod
    def read(cls, path: Path, *, dim: int, n: int) -> VectorIndex:
        """The index in a file that `write_file` made, mapped into memory, so that it is there at once.

        Raises OSError or ValueError where it holds something else.
        """
        faiss = _faiss()
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        if not isinstance(index, faiss.IndexScalarQuantizer) or (index.d, index.ntotal) != (dim, n):
            raise ValueError(f"{path.name} holds other vectors")
        return cls(index, _codes(index))

    def search(
        self, query: NDArray[np.float64], *, k: int, positions: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """The k positions with the largest inner product, best first, ties by position.

        Args:
            query: (dim,) unit.
            k: how many, at least 1.
            positions: positions that may be found, rising, or None for all.
        """
        n = len(self.matrix)
        available = n if positions is None else len(positions)
        if not available:
            return []
        # Measured: a scan of 1,000 chosen rows takes as long as FAISS with a bitmap over 100,000 (0.5 to 0.8 ms).
        if positions is not None and available <= max(500, n // 200):
            return self._ranked(query, positions, k)
        single = query.astype(np.float32)
        wanted = min(k + 16, available)
        while True:
            scores, found = self._nearest(single, wanted, positions)
            complete = len(found) == available or scores[-1] < scores[min(k, len(found)) - 1] - _SLACK
            if complete or wanted == available:
                return self._ranked(query, found, k)
            wanted = min(wanted * 4, available)

    def _nearest(
        self, query: NDArray[np.float32], wanted: int, positions: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        faiss = _faiss()
        parameters = None
        if positions is not None:
            allowed = np.zeros(len(self.matrix), dtype=np.bool_)
            allowed[positions] = True
            bits = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        with _one_thread():
            scores, found = self._index.search(query[np.newaxis], wanted, params=parameters)
        real = found[0] >= 0
        return scores[0][real], found[0][real]

    def _ranked(self, query: NDArray[np.float64], positions: NDArray[np.int64], k: int) -> list[tuple[int, float]]:
        # No matrix product: BLAS may round the same row differently according to its place in the block.
        scores = (self.matrix[positions].astype(np.float64) * query).sum(axis=1)
        order = np.lexsort((positions, -scores))[:k]
        return [(int(positions[i]), float(scores[i])) for i in order]


def write_file(path: Path, blocks: Iterable[NDArray[np.float16]], *, dim: int, n: int) -> tuple[int, str]:
    """Write the FAISS file of n vectors, which come in blocks, to the disk; its size in bytes and SHA-256.

    The file is what `faiss.write_index` writes of the whole, without the whole ever being in memory: the file of an
    empty index, with the number of vectors and the number of their bytes filled in, and then their bytes.

    Raises:
        ValueError: the blocks hold another number of vectors.
    """
    faiss = _faiss()
    empty = faiss.serialize_index(VectorIndex.empty(dim)).tobytes()
    n_bytes = n * dim * np.dtype("<f2").itemsize
    at = _N_VECTORS_AT
    head = empty[:at] + n.to_bytes(8, "little") + empty[at + 8 : -8] + n_bytes.to_bytes(8, "little")
    digest = hashlib.sha256(head)
    written = 0
    with path.open("wb") as file:
        file.write(head)
        for block in blocks:
            data = np.ascontiguousarray(block, dtype="<f2").tobytes()
            digest.update(data)
            written += file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if written != n_bytes:
        raise ValueError(f"{written} bytes of vectors where {n_bytes} were promised")
    return len(head) + written, digest.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _faiss() -> Any:
    # Loading it takes a tenth of a second, which only a dense search should pay. Its stubs lack half of what is used.
    import faiss

    return faiss


class _Codes:
    """The bytes inside a FAISS index as NumPy asks for them; whoever has the array has the index too."""

    def __init__(self, index: Any) -> None:
        self._index = index
        codes = _faiss().rev_swig_ptr(index.codes.data(), index.ntotal * index.code_size)
        self.__array_interface__ = {
            "data": (codes.ctypes.data, True),
            "shape": (index.ntotal, index.d),
            "typestr": "<f2",
            "version": 3,
        }


def _codes(index: Any) -> NDArray[np.float16]:
    """The rows inside a FAISS index, without a copy, to be read only."""
    if not index.ntotal:
        return np.empty((0, index.d), dtype=np.float16)
    return np.asarray(_Codes(index))


@contextmanager
def _one_thread() -> Iterator[None]:
    # Two threads made a single query on a busy machine five times slower. The number is per calling thread.
    faiss = _faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
