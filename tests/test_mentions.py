"""When and how often a thing is mentioned: counted over all transcripts, each quotation from its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.mentions import find_mentions, thing_asked
from transcript_qa.web.cards import sources_html

FIRST = """Budget hearing
March 19, 2024

Loan Officer: Good morning. The harbour loan is signed. A loan of this size is rare!

Tomas Reed: Which loans do you mean? The harbour? The harbour, and the loan.
"""
SECOND = """Budget hearing, continued
March 2, 2023

Mira Voss: The Harbour Loan was talked about. Harbour loans are slow. We like the harbour.
"""


@pytest.fixture
def qa(tmp_path: Path) -> Iterator[TranscriptQA]:
    (tmp_path / "first.txt").write_text(FIRST, "utf-8")
    (tmp_path / "second.txt").write_text(SECOND, "utf-8")
    files = [tmp_path / "first.txt", tmp_path / "second.txt"]
    with TranscriptQA.build(files, index=tmp_path / "index", embedder=HashingEmbedder()) as built:
        yield built


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("How often was the loan mentioned?", "the loan"),
        ("when were penguins talked about", "penguins"),
        ("how many times has Mira Voss been mentioned", "Mira Voss"),
        ("In which meetings was the sea wall brought up?", "the sea wall"),
        ("what loan was mentioned", None),
        ("When was it mentioned?", None),
        ("How often does the ferry run?", None),
        ("When was the loan approved?", None),
    ],
)
def test_only_questions_about_mentions_are_counted(question: str, thing: str | None) -> None:
    assert thing_asked(question) == thing


def test_words_are_counted_as_said_and_labels_are_not(qa: TranscriptQA) -> None:
    answer = qa.ask("how often was the loan mentioned")
    assert answer.text.startswith("“the loan” is mentioned 6 times, in 2 transcripts.")
    assert answer.answered
    for citation in answer.citations:
        assert citation.span.of(qa.transcript(citation.transcript_id).text) == citation.quote
        assert f"[{citation.marker}]" in answer.text
    assert answer.citations[0].transcript_id == "second"  # the earlier date comes first
    assert len({citation.span for citation in answer.citations}) == len(answer.citations) == 5


def test_words_together_are_one_thing(qa: TranscriptQA) -> None:
    answer = qa.ask("when was the harbour loan mentioned?")
    assert answer.text.startswith("“the harbour loan” is mentioned 3 times, in 2 transcripts.")


def test_filters_hold(qa: TranscriptQA) -> None:
    only = qa.ask("how often was the loan mentioned", speakers=["Tomas Reed"])
    assert only.text.startswith("“the loan” is mentioned 2 times, in one transcript.")
    assert {citation.speaker.display for citation in only.citations} == {"Tomas Reed"}
    assert "2 times" in qa.ask("how often was the loan mentioned", before="2023-12-31").text


def test_what_is_never_mentioned_is_said_to_be_so(qa: TranscriptQA) -> None:
    answer = qa.ask("how often was the penguin mentioned")
    assert (answer.answered, answer.citations, answer.text) == (False, (), "The transcripts don't say.")


def test_mentions_are_in_order_and_each_is_the_thing(qa: TranscriptQA) -> None:
    found = find_mentions(qa._store, "harbour")
    assert [mention.transcript.id for mention in found] == ["second"] * 3 + ["first"] * 3
    assert {mention.span.of(mention.transcript.text).casefold() for mention in found} == {"harbour"}


def test_the_plot_has_a_bar_for_each_transcript_by_date(qa: TranscriptQA) -> None:
    answer = qa.ask("how often was the loan mentioned")
    known = {each: qa.transcript(each) for each in ("first", "second")}
    html = sources_html(answer, known)
    assert html.index("2 March 2023: 2 mentions") < html.index("19 March 2024: 4 mentions")
    assert html.count('class="bar"') == 2
    assert "Mentions over time" not in sources_html(qa.ask("what loan is signed"), known)
