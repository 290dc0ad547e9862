"""What may be quoted of a turn: sentences, and pieces of speech that has no full stops."""

from __future__ import annotations

import pytest

from transcript_qa.datatypes import Mark, Span, Speaker, Turn
from transcript_qa.reading.sentencing import quotable

CAPTION = "and so we closed the harbour loan on that day"


def turn_of(words: str, *, marked: bool) -> Turn:
    step = len(CAPTION) + 1
    marks = tuple(Mark(start=10 + at, start_s=at / 10) for at in range(0, len(words), step)) if marked else ()
    return Turn(index=0, speaker=Speaker(label=""), span=Span(start=10, end=10 + len(words)), marks=marks)


def test_sentences_stay_whole() -> None:
    words = "We closed it. " + "At what rate, they asked, and " * 8 + "so on. Four percent."
    found = [piece.of(words) for piece in quotable(turn_of(words, marked=True), words)]
    assert found[0] == "We closed it."
    assert found[-1] == "Four percent."
    assert len(found) == 3


@pytest.mark.parametrize("marked", [True, False])
def test_speech_without_full_stops_is_cut_into_pieces_and_nothing_is_lost(marked: bool) -> None:
    words = " ".join([CAPTION] * 60)
    pieces = list(quotable(turn_of(words, marked=marked), words))
    texts = [piece.of(words) for piece in pieces]
    assert " ".join(texts) == words
    assert max(map(len, texts)) < 400
    if marked:
        assert all(text.startswith("and so we closed") for text in texts)


def test_captions_that_are_far_apart_do_not_make_long_quotes() -> None:
    words = " ".join([CAPTION] * 60)
    far = Turn(
        index=0,
        speaker=Speaker(label=""),
        span=Span(start=10, end=10 + len(words)),
        marks=(Mark(start=10, start_s=0.0), Mark(start=10 + 46 * 30, start_s=300.0)),
    )
    assert max(len(piece.of(words)) for piece in quotable(far, words)) < 400
