"""The REST API: shapes, filters, errors, and a crowd."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from inspect import signature
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Hit
from transcript_qa.embed import HashingEmbedder
from transcript_qa.render import answer_json
from transcript_qa.web.rest import Ask, BusyError, Places, add_api
from transcript_qa.web.server import create_app

BUDGET = """Budget hearing
March 19, 2024

Mira Voss: Good morning. The bank has approved a loan of 240 million crowns for the harbour.

Tomas Reed: When does the dredging of the harbour begin?

Mira Voss: Dredging begins in September.
"""


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "budget.txt").write_text(BUDGET, "utf-8")
    with TranscriptQA.build(folder / "budget.txt", index=folder / "index", embedder=HashingEmbedder()) as built:
        yield built


@pytest.fixture(scope="module")
def client(qa: TranscriptQA) -> Iterator[TestClient]:
    with TestClient(create_app(qa), base_url="http://127.0.0.1:7860") as started:
        yield started


def test_an_answer_has_the_shape_that_the_command_prints(client: TestClient, qa: TranscriptQA) -> None:
    sent = {"question": "what loan was approved", "after": "2024-01-01", "speakers": ["Mira Voss"]}
    got = client.post("/api/v1/ask", json=sent)
    assert got.status_code == 200
    expected = answer_json(
        qa.ask("what loan was approved", after="2024-01-01", speakers=["Mira Voss"]), address=qa.address
    )
    assert {**got.json(), "timings_ms": {}} == {**expected, "timings_ms": {}}


def test_a_citation_is_found_at_its_place_in_the_transcript(client: TestClient) -> None:
    check = client.post("/api/v1/verify", json={"quote": "a loan of 240 million crowns", "speaker": "Mira Voss"}).json()
    assert check["support"] == "exact"
    cited = check["citation"]
    transcript = client.get(f"/api/v1/transcripts/{cited['transcript_id']}").json()
    start, end = cited["span"]
    assert transcript["text"][start:end] == cited["quote"]
    assert transcript["turns"][cited["turn"]]["speaker"] == cited["speaker"] == "Mira Voss"
    assert client.post("/api/v1/verify", json={"quote": "zebras fly"}).json()["support"] == "missing"


def test_a_search_and_the_list(client: TestClient) -> None:
    hits = client.post("/api/v1/search", json={"query": "dredging", "k": 1}).json()["hits"]
    assert [hit["rank"] for hit in hits] == [1]
    listed = client.get("/api/v1/transcripts").json()["transcripts"]
    assert [(one["id"], one["date"], one["turns"]) for one in listed] == [("budget", "2024-03-19", 3)]


def test_what_is_left_out_is_as_in_python(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def search(_: TranscriptQA, query: str, **rest: Any) -> list[Hit]:
        given.append(rest)
        return []

    monkeypatch.setattr(TranscriptQA, "search", search)
    for sent in ({}, {"rerank": True}):
        assert client.post("/api/v1/search", json={"query": "dredging", **sent}).json()["hits"] == []
    assert [(each["k"], each["rerank"]) for each in given] == [(10, False), (10, True)]
    for name in ("ask", "stream"):
        assert Ask(question="x").asking()["k"] == signature(getattr(TranscriptQA, name)).parameters["k"].default


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("ask", {}, 422, "question"),
        ("ask", {"question": "  "}, 422, "question"),
        ("ask", {"question": "x" * 2001}, 422, "2000"),
        ("ask", {"question": "x", "k": 0}, 422, "k:"),
        ("ask", {"question": "x", "transcript": ["budget"]}, 422, "transcript"),
        ("ask", {"question": "x", "after": "yesterday"}, 422, "after"),
        ("ask", {"question": "x", "after": "2025-01-02", "before": "2025-01-01"}, 422, "Swap"),
        ("ask", {"question": "x", "transcripts": ["nowhere"]}, 404, "nowhere"),
        ("search", {"query": "x", "speakers": ["Nobody"]}, 404, "Nobody"),
        ("verify", {"quote": "..."}, 422, "word"),
        ("ask", [1], 422, "dictionary"),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, path: str, sent: object, status: int, said: str) -> None:
    got = client.post(f"/api/v1/{path}", json=sent)
    assert got.status_code == status
    assert set(got.json()) == {"error", "message"}
    assert said in got.json()["message"]


def test_an_unknown_transcript_and_broken_json(client: TestClient) -> None:
    assert client.get("/api/v1/transcripts/nowhere").status_code == 404
    broken = client.post("/api/v1/ask", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 422
    assert "/docs" in client.get("/api/v1/ask").json()["message"]


def test_the_api_is_described(client: TestClient) -> None:
    description = client.get("/api/v1/openapi.json").json()
    names = {"ask", "search", "verify", "transcripts", "transcripts/{transcript_id}"}
    assert set(description["paths"]) == {f"/api/v1/{name}" for name in names}
    page = client.get("/docs").text
    for part in (
        "POST /api/v1/ask",
        "curl http://127.0.0.1:7860/api/v1/ask",
        "needed",
        "list of citation",
        "openapi.json",
    ):
        assert part in page
    assert "http://" not in page.replace("http://127.0.0.1:7860", "")
    assert "<script" not in page


def test_a_place_is_waited_for_and_one_too_many_refused() -> None:
    async def crowd() -> list[object]:
        places = Places(at_once=1, waiting=1)
        leave = threading.Event()
        first = asyncio.create_task(places.run(lambda: leave.wait(20)))
        second = asyncio.create_task(places.run(lambda: "second"))
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await places.run(lambda: "third")
        leave.set()
        said = [await first, await second]
        with pytest.raises(ZeroDivisionError):
            await places.run(lambda: 1 / 0)
        return [*said, await places.run(lambda: "fourth")]

    assert asyncio.run(crowd()) == [True, "second", "fourth"]


def test_whoever_comes_to_a_full_house_is_told_to_come_again(qa: TranscriptQA) -> None:
    app = FastAPI()
    add_api(app, qa, places=Places(at_once=1, waiting=-1))
    with TestClient(app) as client:
        refused = client.post("/api/v1/ask", json={"question": "loan"})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        assert refused.json()["error"] == "BusyError"
        assert client.get("/api/v1/transcripts").status_code == 200


def test_fifty_at_once_are_all_answered(client: TestClient) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(client.post("/api/v1/ask", json={"question": "what loan was approved"}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [200] * 50
