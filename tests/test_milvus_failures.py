"""An engine that is away, lost, slow, full, old or closed to us: a clear message, and nothing half seen."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import grpc
import pytest

from builders import DIM, EMBEDDER, make_corpus, make_entry
from transcript_qa.cli import run
from transcript_qa.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    IndexNotFoundError,
    IndexWriteError,
    InvalidArgumentError,
    StoreAccessError,
    StoreUnavailableError,
    TranscriptQAError,
)
from transcript_qa.store import EmbedderInfo, MilvusStore
from transcript_qa.store.milvus_address import CA_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, MilvusAddress
from transcript_qa.store.milvus_errors import translated
from transcript_qa.store.milvus_records import Record, Records

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed")

from milvus_server import Server, free_port, running, silent_port

CORPUS = make_corpus(n_transcripts=2, n_turns=8)
SECRET = "root:s3cret-word"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "engine") as one:
        yield one


@pytest.fixture
def store(server: Server) -> Iterator[MilvusStore]:
    with MilvusStore.open_or_create(server.address(timeout=2), EMBEDDER) as one:
        for entry in CORPUS:
            entry.put_into(one)
        yield one


def test_a_server_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    address = f"milvus://127.0.0.1:{free_port()}/archive?timeout=1"
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:\d+/archive: the server cannot be reached"):
        MilvusStore.open(address)
    assert run(["list", "--index", address]) == 1
    told = capfd.readouterr()
    assert "cannot be reached" in told.err
    assert "Traceback" not in told.err + told.out


def test_a_server_that_says_nothing_is_given_up() -> None:
    with silent_port() as port, pytest.raises(StoreUnavailableError, match="the server"):
        MilvusStore.open(f"milvus://127.0.0.1:{port}/archive?timeout=1")


def test_a_server_lost_in_mid_query_is_found_again(
    store: MilvusStore, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    query = CORPUS[0].vectors[0]
    before = store.search_dense(query, k=3)
    server.stop()
    for call in (
        lambda: store.search_dense(query, k=3),
        lambda: store.search_keyword(["loan"], k=3),
        lambda: store.infos(),
        lambda: make_entry("new", [("TAN", "Hello.")]).put_into(store),
    ):
        with pytest.raises(StoreUnavailableError, match="the server"):
            call()
    server.start()
    store.engine._down_until = 0.0
    assert store.search_dense(query, k=3) == before
    assert "new" not in store.titles()
    assert store.health() == []
    assert capfd.readouterr().err == ""


def test_the_log_of_grpc_is_quiet_before_it_is_imported() -> None:
    # It reads the variable once; a line of a lost connection comes or does not come, as the threads fall.
    program = """
import os, sys

class Watch:
    def find_spec(self, name, path, target=None):
        if name == "grpc":
            print(os.environ.get("GRPC_VERBOSITY"))

sys.meta_path.insert(0, Watch())
from transcript_qa.store import milvus_engine
milvus_engine._client()
"""
    quiet = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    told = subprocess.run([sys.executable, "-c", program], env=quiet, capture_output=True, text=True, check=True)
    assert told.stdout == "ERROR\n"


def test_others_do_not_queue_up_before_a_server_that_is_down(store: MilvusStore, server: Server) -> None:
    server.stop()
    with pytest.raises(StoreUnavailableError, match="tried for"):
        store.infos()
    with pytest.raises(StoreUnavailableError, match="tried a moment ago"):
        store.infos()
    server.start()


def test_a_full_server_keeps_what_it_had(store: MilvusStore, server: Server) -> None:
    refused: list[str] = []

    def full_after_two(name: str, _: dict[str, str]) -> Any:
        if name == "Upsert":
            refused.append(name)
            if len(refused) > 2:
                return grpc.StatusCode.RESOURCE_EXHAUSTED, "disk quota exceeded, please allocate more"
        return None

    old = store.transcript("meeting-0")
    server.refuse = full_after_two
    with pytest.raises(IndexWriteError, match=r"takes no more: disk quota exceeded.*run this again"):
        make_entry("meeting-0", [("ABEL", "A zebra."), ("TAN", "Two zebras.")]).put_into(store)
    server.refuse = lambda _name, _sent: None
    assert store.transcript("meeting-0") == old
    assert store.search_keyword(["zebra"], k=3) == []
    assert store.passages([p.id for p in CORPUS[0].passages]) == list(CORPUS[0].passages)
    make_entry("meeting-0", [("ABEL", "A zebra."), ("TAN", "Two zebras.")]).put_into(store)
    assert len(store.search_keyword(["zebra"], k=3)) == 2


def refuse_strangers(_: str, sent: dict[str, str]) -> Any:
    if sent.get("authorization") != base64.b64encode(SECRET.encode()).decode():
        return grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check username and password are correct"
    return None


def test_a_token_opens_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path / "engine", refuse=refuse_strangers) as server:
        for token in ("", "root:other-word"):
            monkeypatch.setenv(TOKEN_VARIABLE, token)
            with pytest.raises(StoreAccessError, match=f"refuses the credentials.*{TOKEN_VARIABLE}") as told:
                MilvusStore.open(server.address(timeout=2))
            assert "other-word" not in str(told.value)
            assert run(["list", "--index", server.address(timeout=2)]) == 1
        monkeypatch.delenv(TOKEN_VARIABLE)
        file = tmp_path / "token"
        file.write_text(f"{SECRET}\n", "utf-8")
        monkeypatch.setenv(TOKEN_FILE_VARIABLE, str(file))
        with MilvusStore.open_or_create(server.address(), EMBEDDER) as store:
            CORPUS[0].put_into(store)
            assert store.titles() == {"meeting-0": "Meeting-0"}
    told_all = capfd.readouterr()
    assert "word" not in told_all.out + told_all.err.replace("password", "").replace("PASSWORD", "")


@pytest.mark.skipif(which("openssl") is None, reason="no openssl to make a certificate with")
def test_an_encrypted_connection_needs_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    with running(tmp_path / "engine", credentials=credentials) as server:
        address = server.address(timeout=1).replace("milvus://", "milvus+tls://")
        with pytest.raises(StoreUnavailableError):
            MilvusStore.open(address)
        monkeypatch.setenv(CA_VARIABLE, str(certificate))
        with MilvusStore.open_or_create(address, EMBEDDER) as store:
            CORPUS[0].put_into(store)
            assert store.passage_count() == len(CORPUS[0].passages)


def test_an_old_server_is_refused(tmp_path: Path) -> None:
    with (
        running(tmp_path / "engine", version="v2.3.5") as server,
        pytest.raises(StoreUnavailableError, match=r"this is Milvus v2\.3\.5.*Use Milvus 2\.5 or newer"),
    ):
        MilvusStore.open_or_create(server.address(), EMBEDDER)


def test_archives_of_others_are_told_apart(server: Server) -> None:
    with pytest.raises(IndexNotFoundError, match="there is no index here"):
        MilvusStore.open(server.address())
    with MilvusStore.create(server.address(), EMBEDDER) as store:
        with pytest.raises(InvalidArgumentError, match="already"):
            MilvusStore.create(server.address(), EMBEDDER)
        other = EmbedderInfo(name="other", fingerprint="other-1", dim=DIM)
        with pytest.raises(IndexMismatchError, match="test-model, now in use is other"):
            MilvusStore.open(server.address(), embedder=other)
        told = {"format": 99, "embedder": [EMBEDDER.name, EMBEDDER.fingerprint, DIM]}
        Records(store.engine).put(Record(kind="meta", name="archive", value=told))
    with pytest.raises(IndexMismatchError, match="version 99"):
        MilvusStore.open(server.address())


def test_a_collection_of_another_program_is_left_alone(server: Server) -> None:
    with MilvusStore.create(server.address("mine"), EMBEDDER) as store:
        client = store.engine._client
        client.create_collection("theirs_passages", dimension=4)
        with pytest.raises(IndexDamagedError, match="theirs_passages is of another program"):
            MilvusStore.open_or_create(server.address("theirs"), EMBEDDER)
        assert client.has_collection("theirs_passages")


def test_one_process_at_a_time_has_a_folder_of_milvus_lite(server: Server, tmp_path: Path) -> None:
    with pytest.raises(IndexLockedError, match="another process"):
        MilvusStore.open(f"milvus-lite:{tmp_path / 'engine'}")
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(TranscriptQAError):
        MilvusStore.open(f"milvus-lite:{tmp_path / 'file' / 'below'}")


def test_a_store_opened_for_reading_writes_nothing(store: MilvusStore, server: Server) -> None:
    with MilvusStore.open(server.address()) as reader:
        for write in (
            lambda: CORPUS[0].put_into(reader),
            lambda: reader.remove("meeting-0"),
            lambda: reader.set_setting("a", "b"),
            lambda: reader.save(),
        ):
            with pytest.raises(IndexWriteError, match="opened for reading"):
                write()


def test_vectors_that_no_engine_takes_are_refused(server: Server) -> None:
    with pytest.raises(InvalidArgumentError, match="1 dimensions"):
        MilvusStore.create(server.address(), EmbedderInfo(name="one", fingerprint="one", dim=1))


def test_the_chat_and_the_api_say_that_the_server_is_away(server: Server, tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from transcript_qa import TranscriptQA
    from transcript_qa.embed import HashingEmbedder
    from transcript_qa.web.server import create_app

    file = tmp_path / "budget.txt"
    file.write_text("Mira Voss: The harbour loan is closed.\n\nAdam Tan: Good.", "utf-8")
    with TranscriptQA.build(file, index=server.address(timeout=1), embedder=HashingEmbedder()) as qa:
        app = create_app(qa)
        with TestClient(app, base_url="http://127.0.0.1") as client:
            asked = {"question": "Who spoke of the harbour loan?"}
            assert client.post("/api/v1/ask", json=asked).status_code == 200
            server.stop()
            answer = client.post("/api/v1/ask", json=asked)
            assert answer.status_code >= 400
            assert "the server" in answer.text
            server.start()
            qa._store.engine._down_until = 0.0  # type: ignore[attr-defined]
            assert client.post("/api/v1/ask", json=asked).status_code == 200


SAID = [
    ("PERMISSION_DENIED: PrivilegeUpsert: permission deny", 65535, StoreAccessError),
    ("quota exceeded[reason=memory quota exceeded, please allocate more resources]", 9, IndexWriteError),
    ("rate limit exceeded", 8, IndexWriteError),
    ("collection not found[database=default][collection=archive_passages]", 100, IndexNotFoundError),
    ("database not found[database=other]", 800, IndexNotFoundError),
    ("collection not loaded[collection=449]", 101, StoreUnavailableError),
    ("channel not found: no available shard leaders", 503, StoreUnavailableError),
    ("something that nobody has heard of", 1, StoreUnavailableError),
]


@pytest.mark.parametrize(("said", "code", "kind"), SAID)
def test_what_an_engine_says_becomes_an_error_of_ours(said: str, code: int, kind: type[TranscriptQAError]) -> None:
    from pymilvus.exceptions import MilvusException

    error = translated(MilvusException(code, said), MilvusAddress(text="milvus://db:1/a", archive="a"), waited_s=3)
    assert type(error) is kind
    assert str(error).startswith("milvus://db:1/a: ")
