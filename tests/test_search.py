from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from builders import make_passages, make_transcript
from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError, UnknownTranscriptError
from transcript_qa.reading.ranking import adjacent
from transcript_qa.search import _Candidates, _smoothed

COUNCIL = """Harbour council
March 5, 2024, Quayside

Mayor Ada Finch: The harbour loan was approved on Monday. We thank the bank.

Councillor Bo Larch: I voted against the harbour loan, and I would again.

Mayor Ada Finch: The parking fee rises to two crowns in May.
"""
CLUB = """Garden club
June 1, 2025, Upper Lane

Cato Brim: The roses need water twice a week in June.

Dee Moss: Our loan of a lawn mower ends on Friday.
"""


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    folder = tmp_path_factory.mktemp("two")
    (folder / "council.txt").write_text(COUNCIL, "utf-8")
    (folder / "club.txt").write_text(CLUB, "utf-8")
    index = tmp_path_factory.mktemp("index")
    with TranscriptQA.build(folder, index=index, embedder=HashingEmbedder()) as built:
        yield built


def test_hits_are_ranked_without_gaps_or_doubles(qa: TranscriptQA) -> None:
    hits = qa.search("harbour loan", k=50)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(a.score >= b.score for a, b in itertools.pairwise(hits))
    assert len({hit.passage.id for hit in hits}) == len(hits)
    assert hits[0].passage.transcript_id == "council"
    assert hits[0].why.matched == ("harbour", "loan")


def test_a_word_that_no_transcript_holds_gives_no_keyword_hit(qa: TranscriptQA) -> None:
    assert all(hit.why.keyword is None and hit.why.matched == () for hit in qa.search("zeppelin"))


def test_filters_hold_on_both_legs(qa: TranscriptQA) -> None:
    assert {hit.passage.transcript_id for hit in qa.search("loan", transcripts=["club"])} == {"club"}
    assert {hit.passage.transcript_id for hit in qa.search("loan", after="2025-01-01")} == {"club"}
    assert {hit.passage.transcript_id for hit in qa.search("loan", before=date(2024, 3, 5))} == {"council"}
    hits = qa.search("loan", speakers=["larch"])
    assert hits
    assert all("Councillor Bo Larch" in hit.passage.speakers for hit in hits)
    assert qa.search("loan", transcripts=["club"], speakers=["Ada Finch"]) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"query": "  "}, InvalidArgumentError, "empty"),
        ({"query": "loan", "k": 0}, InvalidArgumentError, "k is 0"),
        ({"query": "loan", "after": "yesterday"}, InvalidArgumentError, "no date"),
        ({"query": "loan", "after": "2025-01-01", "before": "2024-01-01"}, InvalidArgumentError, "Swap"),
        ({"query": "loan", "transcripts": "club"}, InvalidArgumentError, "lists"),
        ({"query": "loan", "transcripts": ["clubs"]}, UnknownTranscriptError, "club"),
        ({"query": "loan", "speakers": ["Ada Finsh"]}, UnknownSpeakerError, "Ada Finch"),
    ],
)
def test_bad_arguments_say_what_to_do(
    qa: TranscriptQA, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        qa.search(**arguments)  # type: ignore[arg-type]


def test_only_the_selected_speaker_is_quoted(qa: TranscriptQA) -> None:
    answer = qa.ask("what was said about the harbour loan", speakers=["Bo Larch"])
    assert all(citation.speaker.name == "Bo Larch" for citation in answer.citations)


def candidates_of(dense: list[float], places: list[int], *, complete: bool) -> _Candidates:
    """Candidates found by the dense leg, at these turns of a talk."""
    talk = make_transcript("talk", [("ANN", f"Word number {n}.") for n in range(12)])
    passages = [make_passages(talk)[place] for place in places]
    legs = {"dense": {p.id: score for p, score in zip(passages, dense, strict=True)}, "keyword": dict[str, float]()}
    beside = np.array([adjacent(one, other) for one, other in pairwise(passages)], dtype=np.bool_)
    return _Candidates(passages, legs, beside, complete)


def test_a_passage_takes_in_a_share_of_its_neighbours() -> None:
    whole = candidates_of([0.4, 0.8, 0.2, 0.6], [0, 1, 2, 3], complete=True)
    one_away = [0.4 + 0.25 * (0.4 + 0.8), 0.8 + 0.25 * (0.4 + 0.2), 0.2 + 0.25 * (0.8 + 0.6), 0.6 + 0.25 * (0.2 + 0.6)]
    np.testing.assert_allclose(_smoothed(whole, "dense", (0.25,)), one_away)
    # At an end of the transcript, what is nearer stands in for what is not there.
    farther = [0.4 + 0.2, 0.4 + 0.6, 0.4 + 0.6, 0.8 + 0.6]
    two_away = [near + 0.1 * far for near, far in zip(one_away, farther, strict=True)]
    np.testing.assert_allclose(_smoothed(whole, "dense", (0.25, 0.1)), two_away)


def test_a_neighbour_that_was_not_found_is_worth_the_last_find() -> None:
    parts = candidates_of([0.4, 0.8, 0.6], [0, 1, 5], complete=False)
    one_away = [0.4 + 0.25 * (0.4 + 0.8), 0.8 + 0.25 * (0.4 + 0.4), 0.6 + 0.25 * (0.4 + 0.4)]
    np.testing.assert_allclose(_smoothed(parts, "dense", (0.25,)), one_away)
    np.testing.assert_allclose(_smoothed(parts, "keyword", (0.25, 0.1)), [0, 0, 0])
