"""Every test runs offline: a socket to anywhere but this machine is an error."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transcript_qa import TranscriptQA
from transcript_qa.embed import SentenceTransformerEmbedder

ROOT = Path(__file__).parents[1]
# Read when gRPC is first imported, which tests do before the store can ask for it.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

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


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the web chat over two small transcripts."""
    from browsing import serving

    with serving(tmp_path_factory.mktemp("web")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium, or a skip with the reason where there is none."""
    from browsing import CHROMIUM

    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The chat in a window of 1280 by 800."""
    from browsing import opened

    with opened(browser, address, width=1280, height=800) as shown:
        yield shown


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Any]:
    """The chat on a phone."""
    from browsing import opened

    with opened(browser, address, width=390, height=844) as shown:
        yield shown
