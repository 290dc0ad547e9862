"""Finding and reading files, fingerprints, ids."""

import os
from pathlib import Path

import pytest

from transcript_qa import corpus
from transcript_qa.corpus import find_sources, fingerprint, read_transcript, transcript_ids
from transcript_qa.errors import ParseError, SourceNotFoundError

TALK = "Mira Voss: At what rate?\n\nTomas Ekberg: Four.\n"


def fill(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TALK)


def test_folders_are_searched_and_what_is_no_transcript_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "b.txt", "a.vtt", "deep/er/c.md", "no-suffix")
    fill(tmp_path, "README.md", "readme", "questions-a.jsonl", ".hidden", ".git/x.txt", "LICENSE", "x.png", "x.txt~")
    fill(tmp_path, "index/transcripts.sqlite3", "index/notes.txt")
    found = [source.path.relative_to(tmp_path).as_posix() for source in find_sources([tmp_path])]
    assert found == ["a.vtt", "b.txt", "deep/er/c.md", "no-suffix"]


def test_a_file_named_twice_is_found_once_and_a_named_file_is_always_taken(tmp_path: Path) -> None:
    fill(tmp_path, "README.md", "a.txt")
    found = find_sources([tmp_path / "README.md", tmp_path, tmp_path / "a.txt"])
    assert [source.path.name for source in found] == ["README.md", "a.txt"]
    assert found[1].name == (tmp_path / "a.txt").as_posix()


def test_empty_folders_and_missing_paths_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="Put transcripts into it"):
        find_sources([tmp_path])
    with pytest.raises(SourceNotFoundError, match="Check the path"):
        find_sources([tmp_path / "none.txt"])
    assert find_sources([]) == []


def test_reading(tmp_path: Path) -> None:
    fill(tmp_path, "Harbour Talk.txt")
    report = read_transcript(tmp_path / "Harbour Talk.txt")
    assert report.transcript.id == "harbour-talk"
    assert report.transcript.source == (tmp_path / "Harbour Talk.txt").as_posix()
    assert read_transcript(tmp_path / "Harbour Talk.txt", transcript_id="x").transcript.id == "x"


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceNotFoundError):
        read_transcript(tmp_path / "none.txt")
    with pytest.raises(SourceNotFoundError, match="folder"):
        read_transcript(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(ParseError, match="nothing in it"):
        read_transcript(tmp_path / "empty.txt")
    fill(tmp_path, "large.txt")
    monkeypatch.setattr(corpus, "MAX_BYTES", 10)
    with pytest.raises(ParseError, match="Split it"):
        read_transcript(tmp_path / "large.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    fill(tmp_path, "locked.txt")
    (tmp_path / "locked.txt").chmod(0)
    with pytest.raises(ParseError, match="Check who may read it"):
        read_transcript(tmp_path / "locked.txt")


def test_fingerprints_tell_a_change(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    first = fingerprint(tmp_path / "a.txt")
    assert first == fingerprint(tmp_path / "a.txt", TALK.encode())
    assert first.size == len(TALK)
    (tmp_path / "a.txt").write_text(TALK.replace("Four", "Five"))
    assert fingerprint(tmp_path / "a.txt").sha256 != first.sha256


def test_ids_are_stable_and_distinct() -> None:
    paths = ["x/call.vtt", "y/call.srt", "y/call.vtt", "Z/Ünder Ground!.txt", "!!!.txt"]
    ids = transcript_ids(paths)
    assert ids == {
        "x/call.vtt": "x-call",
        "y/call.srt": "y-call",
        "y/call.vtt": "y-call-2",
        "Z/Ünder Ground!.txt": "ünder-ground",
        "!!!.txt": "transcript",
    }
    assert transcript_ids(reversed(paths)) == ids
    assert transcript_ids([*paths, "z/call.txt"], ids) == {**ids, "z/call.txt": "z-call"}


def test_an_id_given_once_stays() -> None:
    taken = {"x/call.vtt": "call"}
    assert transcript_ids(["x/call.vtt", "y/call.vtt"], taken) == {"x/call.vtt": "call", "y/call.vtt": "y-call"}
