from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test_chunk import transcript_of
from transcript_qa.datatypes import Speaker, SpeakerKind, Support
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.grounding.ground import ground

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
        ("we closed … at four point five per cent [that is,] fixed", None, Support.NORMALISED, 0),
        ("[W]e closed the harbor", None, Support.CLOSE, 0),
        ("We [finally] closed the harbour loan", None, Support.NORMALISED, 0),
        ("We did not close the harbour loan on Friday", None, Support.CLOSE, 0),
        ("We [did not] closed the harbour loan", None, Support.CLOSE, 0),
        ("the board did … agree.", None, Support.CLOSE, 1),
        ("a hundred thousand crowns", None, Support.NORMALISED, 1),
        ("I would not call 10,000 crowns known money", None, Support.CLOSE, 1),
        ("I would not call 100,000 dollars known money", None, Support.CLOSE, 1),
        ("We closed the harbour loan … the board did not agree", None, Support.STITCHED, 0),
        ("closed the harbour loan on Friday call 100,000 crowns known money", None, Support.STITCHED, 0),
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


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("So, um, it was uh twenty-five percent, you know, of it.", "So it was 25 % of it."),
        ("It cost $1.2 million.", "it cost 1,200,000 dollars"),
        ("Nineteen ninety-five was the year of the e-mail.", "1995 was the year of the email."),
        ("We do n't know what it 's for {vocalsound} .", "We don’t know what it’s for."),
        ("On the twenty-first we met in Zürich.", "on the 21st we met in Zu\u0308rich"),
        ("two and a half million people", "2.5 million people"),
        ("a well-known cooperative [laughs] effort", "a well known co-operative effort"),
    ],
)
def test_what_a_faithful_quotation_changes_is_normalised(said: str, quote: str) -> None:
    check = ground(quote, [transcript_of([("Mira Voss", said)])])
    assert (check.support, check.differences) == (Support.NORMALISED, ())


@pytest.mark.parametrize(
    ("said", "quote", "kind"),
    [
        ("It was twenty-five percent of the whole budget.", "It was 26 percent of the whole budget.", "number"),
        ("It grew by .5 percent in the last quarter.", "It grew by 5 percent in the last quarter.", "number"),
        ("It was -5 degrees in the harbour at night.", "It was 5 degrees in the harbour at night.", "number"),
        ("We run version 3.10 on all of the machines.", "We run version 3.1 on all of the machines.", "number"),
        ("The loan came from Tessaline in the spring.", "The loan came from Ostrany in the spring.", "name"),
        ("We can't sell the harbour to the bank now.", "We can sell the harbour to the bank now.", "negation"),
        ("We will sell the harbour to the bank now.", "We will never sell the harbour to the bank now.", "negation"),
        ("It was 10 m² of glass in the new roof there.", "It was 10 m2 of glass in the new roof there.", "word"),
    ],
)
def test_a_changed_number_name_or_denial_is_never_taken_for_the_words(said: str, quote: str, kind: str) -> None:
    check = ground(quote, [transcript_of([("Mira Voss", said)])])
    assert check.support is Support.CLOSE
    assert [d.kind.value for d in check.differences] == [kind]


def test_an_ellipsis_joins_neighbouring_turns_of_one_speaker_and_no_others() -> None:
    turns = [("Voss", "We closed it on Friday."), ("Tan", "Right."), ("Voss", "At four percent, for ten years.")]
    check = ground("We closed it … for ten years", [transcript_of(turns)])
    assert check.support is Support.NORMALISED
    assert [(piece.turn, piece.quote) for piece in check.pieces] == [(0, "We closed it"), (2, "for ten years")]
    turns[2] = ("Tan", turns[2][1])
    assert ground("We closed it … for ten years", [transcript_of(turns)]).support is Support.STITCHED
    assert ground("for ten years … We closed it", [transcript_of(turns)]).support is Support.STITCHED


def test_a_quote_over_two_turns_of_one_speaker_stands_and_over_two_speakers_does_not() -> None:
    turns = [("Voss", "We closed the loan"), ("Voss", "on Friday in the harbour.")]
    assert ground("closed the loan on Friday in", [transcript_of(turns)]).support is Support.NORMALISED
    turns[1] = ("Tan", turns[1][1])
    assert ground("closed the loan on Friday in", [transcript_of(turns)]).support is not Support.NORMALISED


def test_a_speaker_whom_the_transcript_does_not_name_contradicts_nobody() -> None:
    turn = TRANSCRIPT.turns[0]
    unnamed = replace(turn, speaker=Speaker(label="SPEAKER_00", kind=SpeakerKind.DIARISED))
    check = ground("harbour loan", [replace(TRANSCRIPT, turns=(unnamed,))], speaker="Mira Voss")
    assert (check.support, check.speaker_known) == (Support.EXACT, False)
    assert ground("harbour loan", [TRANSCRIPT], speaker="Mira Voss").speaker_known


@given(st.lists(st.sampled_from("we closed not 25 twenty five … [the] “ ” um it's - $ million".split()), min_size=1))
@settings(max_examples=150, deadline=None)
def test_no_quote_breaks_the_search(parts: list[str]) -> None:
    quote = " ".join(parts)
    try:
        check = ground(quote, [TRANSCRIPT])
    except InvalidArgumentError:
        return
    assert (check.citation is None) == (check.support is Support.MISSING)
    for piece in check.pieces:
        assert piece.span.of(TRANSCRIPT.text) == piece.quote


def test_the_last_word_is_not_taken_from_the_next_speaker() -> None:
    turns = [("Voss", "We closed the harbour loan on"), ("Tan", "Friday we sailed.")]
    check = ground("we closed the harbour loan on Friday", [transcript_of(turns)])
    assert check.support is Support.CLOSE
    assert check.citation is not None
    assert check.citation.turn == 0
