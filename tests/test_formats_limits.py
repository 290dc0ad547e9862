"""Sources larger than people have: read, or refused with a reason, and never with an error of Python's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transcript_qa import corpus
from transcript_qa.corpus import read_transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript

N_CUES = 100_000


def clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def test_a_hundred_thousand_cues() -> None:
    cues = "".join(f"{clock(n)}.000 --> {clock(n + 1)}.000\n<v Voice {n % 7}>word {n}\n\n" for n in range(N_CUES))
    transcript = parse_transcript(f"WEBVTT\n\n{cues}".encode(), source="x.vtt").transcript
    assert len(transcript.turns) == N_CUES
    assert (transcript.turns[-1].start_s, transcript.words_of(transcript.turns[-1])) == (
        N_CUES - 1,
        f"word {N_CUES - 1}",
    )


def test_a_hundred_thousand_segments() -> None:
    segments = [
        {"start": n, "end": n + 1, "text": f" word {n}", "speaker": f"SPEAKER_{n % 2:02d}"} for n in range(N_CUES)
    ]
    transcript = parse_transcript(json.dumps({"segments": segments}).encode(), source="x.json").transcript
    assert len(transcript.turns) == N_CUES


LONG = "word " * 2_000_000


@pytest.mark.parametrize(
    "source",
    [
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mira>{LONG}\n",
        f"1\n00:00:01,000 --> 00:00:02,000\nMira: {LONG}\n",
        f"Mira Voss: {LONG}\n\nTomas Ekberg: At what rate?\n\nMira Voss: Four.\n",
        json.dumps({"turns": [{"speaker": "Mira", "text": LONG}]}),
        f'<tt><body><p begin="1s">{LONG}</p></body></tt>',
        f"<html><body><p>Mira Voss: {LONG}</p><p>Tomas Ekberg: At what rate?</p><p>Mira Voss: Four.</p></body></html>",
        f"@UTF8\n@Begin\n*MIR:\t{LONG}\n@End\n",
        f"0:00:01.000,0:00:02.000\n{LONG}\n",
    ],
    ids=["webvtt", "srt", "names", "json", "ttml", "html", "chat", "sbv"],
)
def test_a_line_of_ten_megabytes(source: str) -> None:
    transcript = parse_transcript(source.encode(), source="x").transcript
    assert sum(len(transcript.words_of(turn).split()) for turn in transcript.turns) >= 2_000_000


@pytest.mark.parametrize(
    "source",
    ["[" * 200_000, '{"turns":' * 100_000, '{"turns": [' + '{"text": [' * 50_000, "<tt>" + "<div>" * 200_000],
    ids=["lists", "objects", "both", "elements"],
)
def test_nesting_without_end_is_refused(source: str) -> None:
    with pytest.raises(ParseError):
        parse_transcript(source.encode(), source="x")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "MAX_BYTES", 1000)
    (tmp_path / "long.txt").write_text("Mira Voss: word\n\n" * 100)
    with pytest.raises(ParseError, match=r"1,700 bytes, the most that is read is 1,000. Split it"):
        read_transcript(tmp_path / "long.txt")
