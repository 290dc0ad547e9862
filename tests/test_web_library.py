"""The library: naming speakers, making two one, taking out and putting back; nothing of it where all is read-only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.web.server import create_app

TALK = """SPEAKER_00: The lighthouse keeps eleven lamps, and each of them has a name of its own.

SPEAKER_01: <script>alert(1)</script> Eleven?

SPEAKER_02: That is what I heard as well.
"""


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[TranscriptQA]:
    (tmp_path / "talk.txt").write_text(TALK, "utf-8")
    uploads = tmp_path / "index" / "uploads"
    with TranscriptQA.build(tmp_path / "talk.txt", index=tmp_path / "index", embedder=HashingEmbedder()) as built:
        uploads.mkdir()
        (uploads / "note.txt").write_text("Olga Winter: A note.\n\nPer Holm: Yes.\n", "utf-8")
        built.add(uploads / "note.txt")
        yield built


@pytest.fixture
def client(qa: TranscriptQA, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(qa, uploads=tmp_path / "index" / "uploads")
    with TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=True) as started:
        yield started


def ids(qa: TranscriptQA) -> list[str]:
    return sorted(info.id for info in qa.transcripts())


def test_the_library_shows_what_there_is(client: TestClient) -> None:
    page = client.get("/library").text
    for part in ("2 transcripts", 'href="/t/talk"', "3 turns", "SPEAKER_00", 'action="/library/talk/remove"'):
        assert part in page
    speakers = client.get("/library/talk").text
    assert "eleven lamps" in speakers
    assert "&lt;script&gt;alert(1)" in speakers
    assert "<script>" not in speakers
    assert client.get("/library/nowhere").status_code == 404


def test_a_speaker_gets_a_name_and_loses_it_again(client: TestClient, qa: TranscriptQA) -> None:
    page = client.post("/library/talk/rename", data={"label": "SPEAKER_00", "name": "Ada <b>"})
    assert page.status_code == 200
    assert "Ada &lt;b&gt;" in page.text
    assert qa.transcript("talk").turns[0].speaker.display == "Ada <b>"
    assert "Undo the last change" in page.text
    assert "Undo the last change" not in client.post("/library/talk/undo").text
    assert qa.transcript("talk").turns[0].speaker.name is None
    nothing = client.post("/library/talk/undo")
    assert nothing.status_code == 400
    assert "nothing to undo" in nothing.text


def test_two_become_one(client: TestClient, qa: TranscriptQA) -> None:
    client.post("/library/talk/merge", data={"label": ["SPEAKER_00", "SPEAKER_02"], "name": "Ada Long"})
    assert [turn.speaker.display for turn in qa.transcript("talk").turns] == ["Ada Long", "SPEAKER_01", "Ada Long"]
    assert "Two different speakers" in client.post("/library/talk/merge", data={"label": "SPEAKER_01"}).text


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("talk/rename", {"label": "SPEAKER_00", "name": ""}, 400),
        ("talk/rename", {"label": "Nobody", "name": "x"}, 400),
        ("talk/rename", {}, 400),
        ("nowhere/rename", {"label": "A", "name": "B"}, 404),
        ("nowhere/remove", {}, 404),
        ("talk/put-back", {}, 400),
        ("talk/burn", {}, 404),
        ("talk/rename", {"label": "SPEAKER_00", "name": "x" * 70_000}, 400),
    ],
)
def test_what_cannot_be_done_is_said(client: TestClient, path: str, data: dict[str, str], status: int) -> None:
    got = client.post(f"/library/{path}", data=data)
    assert got.status_code == status
    assert "Traceback" not in got.text


def test_what_was_removed_can_be_put_back_with_its_names(client: TestClient, qa: TranscriptQA, tmp_path: Path) -> None:
    client.post("/library/talk/rename", data={"label": "SPEAKER_00", "name": "Ada Long"})
    page = client.post("/library/talk/remove")
    assert ids(qa) == ["note"]
    assert "is no longer searched" in page.text
    assert (tmp_path / "talk.txt").exists()
    assert "is no longer searched" not in client.post("/library/talk/put-back").text
    assert ids(qa) == ["note", "talk"]
    assert qa.transcript("talk").turns[0].speaker.display == "Ada Long"


def test_an_uploaded_file_is_put_aside_and_comes_back(client: TestClient, qa: TranscriptQA, tmp_path: Path) -> None:
    uploads = tmp_path / "index" / "uploads"
    client.post("/library/note/remove")
    assert ids(qa) == ["talk"]
    assert not (uploads / "note.txt").exists()
    client.post("/library/note/put-back")
    assert ids(qa) == ["note", "talk"]
    assert (uploads / "note.txt").exists()


def test_a_file_that_has_gone_cannot_be_put_back_and_nothing_breaks(
    client: TestClient, qa: TranscriptQA, tmp_path: Path
) -> None:
    (tmp_path / "talk.txt").unlink()
    client.post("/library/talk/remove")
    refused = client.post("/library/talk/put-back")
    assert refused.status_code == 400
    assert "talk.txt" in refused.text
    assert ids(qa) == ["note"]


def test_another_site_cannot_change_anything(client: TestClient, qa: TranscriptQA) -> None:
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert client.post("/library/talk/remove", headers=headers).status_code == 403
    assert ids(qa) == ["note", "talk"]


def test_read_only_means_that_nothing_can_be_changed(qa: TranscriptQA) -> None:
    with TestClient(create_app(qa), base_url="http://127.0.0.1:7860") as client:
        for path in ("/library", "/library/talk"):
            assert "<form" not in client.get(path).text
        for action in ("remove", "rename", "merge", "undo", "put-back"):
            assert client.post(f"/library/talk/{action}").status_code in (404, 405)
    assert ids(qa) == ["note", "talk"]
