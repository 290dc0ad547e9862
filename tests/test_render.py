"""Where a quote is said to stand: time, native address, recording."""

from __future__ import annotations

import pytest

from transcript_qa.datatypes import Answer, Mark, Span, Speaker, Support, Transcript, Turn
from transcript_qa.grounding.ground import cite
from transcript_qa.render import citation_json, media_link, place
from transcript_qa.web.cards import sources_html

WORDS = "We closed the loan. It was Friday. All of it is repaid."


def transcript_with(*marks: Mark, media_url: str | None = None, **turn: object) -> Transcript:
    speaker = Speaker(label="Mira Voss", name="Mira Voss")
    one = Turn(index=0, speaker=speaker, span=Span(start=0, end=len(WORDS)), marks=marks, **turn)  # type: ignore[arg-type]
    return Transcript(id="loan", title="The loan", source="loan.txt", text=WORDS, turns=(one,), media_url=media_url)


def lines(*addresses: str) -> tuple[Mark, ...]:
    return tuple(Mark(start=at, address=address) for at, address in zip((0, 20, 35), addresses, strict=True))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 19, "41:24"), (0, 34, "41:24-25"), (20, 55, "41:25-42:1"), (35, 55, "42:1")],
)
def test_a_quote_over_several_numbered_lines_has_their_range(start: int, end: int, expected: str) -> None:
    transcript = transcript_with(*lines("41:24", "41:25", "42:1"), address="41:24-42:1")
    citation = cite(transcript, transcript.turns[0], Span(start=start, end=end), Support.EXACT)
    assert (citation.address, place(citation)) == (expected, expected)


def test_a_native_address_stands_beside_the_time_unless_it_is_the_time() -> None:
    both = transcript_with(start_s=754.0, address="col. 301")
    only = transcript_with(start_s=754.0, address="00:12:34")
    neither = transcript_with()
    shown = [place(cite(each, each.turns[0], Span(start=0, end=5), Support.EXACT)) for each in (both, only, neither)]
    assert shown == ["12:34 · col. 301", "12:34", "turn 1"]


@pytest.mark.parametrize(
    ("url", "seconds", "expected"),
    [
        ("https://www.youtube.com/watch?v=abc", 75.9, "https://www.youtube.com/watch?v=abc&t=75"),
        ("https://youtu.be/abc?t=10&si=x", 75, "https://youtu.be/abc?si=x&t=75"),
        ("https://www.loom.com/share/abc", 75, "https://www.loom.com/share/abc?t=75"),
        ("https://archive.org/details/talk", 75, "https://archive.org/details/talk?start=75"),
        ("https://vimeo.com/123#old", 75, "https://vimeo.com/123#t=75"),
        ("https://notyoutube.com/a", 75, "https://notyoutube.com/a#t=75"),
        ("https://example.org/p?at={seconds}", 75, "https://example.org/p?at=75"),
        ("https://example.org/a.mp3", None, "https://example.org/a.mp3"),
        ("javascript:alert(1)", 75, None),
        ("file:///etc/passwd", 75, None),
        ("https://example.org/a b", 75, None),
        (None, 75, None),
    ],
)
def test_a_link_opens_the_recording_at_the_second(url: str | None, seconds: float | None, expected: str | None) -> None:
    assert media_link(url, seconds) == expected


def test_a_citation_carries_the_recording_to_json_and_to_the_page() -> None:
    transcript = transcript_with(start_s=75.0, media_url="https://youtu.be/abc")
    citation = cite(transcript, transcript.turns[0], Span(start=0, end=19), Support.EXACT)
    assert citation_json(citation)["media_link"] == "https://youtu.be/abc?t=75"
    assert 'href="https://youtu.be/abc?t=75"' in _sources(transcript)
    assert "tq-recording" not in _sources(transcript_with(start_s=75.0))


def _sources(transcript: Transcript) -> str:
    """The cards of an answer that quotes the transcript's first words."""
    citation = cite(transcript, transcript.turns[0], Span(start=0, end=19), Support.EXACT)
    answer = Answer(
        question="q", asked_as="q", text="[1]", citations=(citation,), hits=(), answered=True, confidence=1.0
    )
    return sources_html(answer, {transcript.id: transcript})
