from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transcript_qa.wording.checks import Checker
from transcript_qa.wording.figures import days, figures
from transcript_qa.wording.names import capitalised
from transcript_qa.wording.polarity import contradiction
from transcript_qa.wording.replies import SentenceBuffer
from wording_cases import cases

WORDS = st.sampled_from(
    "twenty nineteen a hundred and forty point half past seven to 3.1 % percent million 19:36 7 pm June 1 the third of "
    "not no never Mira Voss “ ” \" ' [1] [99] <quote 1> . ? ! : ; , \n - ** # http://x 1. o'clock dozen per year "
    "$".split(" ")
)
REPLIES = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=30).map(" ".join)


@given(REPLIES)
@settings(max_examples=150, deadline=None)
def test_nothing_that_a_model_writes_breaks_the_checks(reply: str) -> None:
    checker = Checker.of(cases()[0].evidence, "what loan")
    buffer = SentenceBuffer()
    for sentence in [*buffer.feed(reply), *buffer.close()]:
        checker.check(sentence)


@given(REPLIES)
@settings(max_examples=150, deadline=None)
def test_values_are_read_off_any_text(text: str) -> None:
    assert all(figure.kind in ("number", "percent", "time") for figure in figures(text))
    assert all(day.month is None or 1 <= day.month <= 12 for day in days(text))
    assert contradiction(text, [text]) is None
    assert all(shown in text for name in capitalised(text) for shown, _ in name)


@given(REPLIES, st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_sentences_do_not_depend_on_how_the_pieces_are_cut(reply: str, size: int) -> None:
    whole, pieces = SentenceBuffer(), SentenceBuffer()
    at_once = [*whole.feed(reply), *whole.close()]
    bit_by_bit = [s for at in range(0, len(reply), size) for s in pieces.feed(reply[at : at + size])]
    bit_by_bit += pieces.close()
    assert [s.template for s in at_once] == [s.template for s in bit_by_bit]
