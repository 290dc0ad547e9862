"""Every test runs offline: a socket to anywhere but this machine is an error."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transcript_qa import TranscriptQA
from transcript_qa.embed import SentenceTransformerEmbedder

ROOT = Path(__file__).parents[1]
_LOCAL = {"127.0.0.1", "::1", "localhost", "testserver"}


@pytest.fixture(autouse=True, scope="session")
def _offline() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in _LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def model() -> SentenceTransformerEmbedder:
    """The bundled model, loaded once."""
    return SentenceTransformerEmbedder()


@pytest.fixture(scope="session")
def sample(model: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    """The sample corpus with the bundled model."""
    with TranscriptQA.build(ROOT / "corpus", index=tmp_path_factory.mktemp("sample"), embedder=model) as qa:
        yield qa
