from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from test_chunk import transcript_of
from transcript_qa.datatypes import Support
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.ground import ground

TURNS = [
    ("Mira Voss", "We closed the harbour loan on Friday, at 4.5 percent (fixed). It’s “done”."),
    ("Tomas Ekberg", "No. I would not call 100,000 crowns known money; the board did not agree."),
]
TRANSCRIPT = transcript_of(TURNS)


@pytest.mark.parametrize(
    ("quote", "speaker", "support", "turn"),
    [
        ("We closed the harbour loan on Friday", None, Support.EXACT, 0),
        ("we CLOSED the\u00a0harbour loan", None, Support.NORMALISED, 0),
        ('It\'s "done".', "Voss", Support.NORMALISED, 0),
        ("at 4.5 percent (fixed).", "Mira Voss", Support.EXACT, 0),
        ("We closed the harbour loan on Friday", "Tomas Ekberg", Support.WRONG_SPEAKER, 0),
        ("We closed the harbour loan on Monday, at 4.5 percent", None, Support.CLOSE, 0),
        ("The ferry sank in the night", None, Support.MISSING, None),
        (".* (fixed", None, Support.MISSING, None),
        ("No", None, Support.EXACT, 1),
        ("000 crowns", None, Support.MISSING, None),
        ("5 percent", None, Support.MISSING, None),
        ("Mira Voss: We closed", None, Support.MISSING, None),
    ],
)
def test_what_a_quote_is_worth(quote: str, speaker: str | None, support: Support, turn: int | None) -> None:
    check = ground(quote, [TRANSCRIPT], speaker=speaker)
    assert check.support is support
    assert (check.citation.turn if check.citation else None) == turn
    if check.citation:
        assert check.citation.span.of(TRANSCRIPT.text) == check.citation.quote


def test_a_quote_from_another_transcript_is_elsewhere() -> None:
    assert ground("harbour loan", [TRANSCRIPT], transcript_id="other").support is Support.ELSEWHERE


def test_a_quote_without_a_word_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="no word"):
        ground(" … ", [TRANSCRIPT])


@given(st.sampled_from(TRANSCRIPT.turns), st.data())
def test_verbatim_words_are_exact_at_a_right_place(turn: object, data: st.DataObject) -> None:
    words = TRANSCRIPT.words_of(turn).split(" ")  # type: ignore[arg-type]
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    quote = " ".join(words[first:last])
    check = ground(quote, [TRANSCRIPT])
    # A quote that begins or ends with a quotation mark may be found without it.
    assert check.support in (Support.EXACT, Support.NORMALISED)
    assert check.citation is not None
    assert check.citation.quote in quote or quote in check.citation.quote
