"""The conversations written for training, and the weights that are fitted on them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "training"))

import weights
from check_conversations import CONVERSATIONS, faults, parse_conversations
from check_questions import TRAINING, turns_of
from reader import HELD_OUT
from unseen import Case

from builders import make_transcript
from transcript_qa.reading.features import QUESTION_FEATURES, SENTENCE_FEATURES, Candidate, Described
from transcript_qa.reading.reader import Weights, shipped_weights

ASKED = (
    "a\tWho lent money for the bridge?\tThe bank lent\n"
    "a\thow much\tforty thousand crowns\tHow much was lent for the bridge?\n"
    "n\tat what rate?\t\tAt what rate was the money for the bridge lent?\n"
)
TURNS = ["Ann Gall: The bank lent forty thousand crowns for the bridge.", "Bo Lind: Nobody asked for a bridge."]


def test_the_conversations_have_their_answers_word_for_word() -> None:
    files = sorted(CONVERSATIONS.glob("*.tsv"))
    assert len(files) >= 80
    assert {file.stem for file in files} >= HELD_OUT
    for file in files:
        asked = parse_conversations(file.read_text("utf-8"))
        wrong = faults(asked, turns_of(TRAINING / "transcripts" / f"{file.stem}.txt"))
        assert not wrong, (file.name, wrong)
        assert any(not line.written.answerable for each in asked for line in each), file.name


@pytest.mark.parametrize(
    "wrong",
    ["n\tWho?\t\n", "a\tWho?\tAnn\tWho lent it?\n", "a\tWho lent it?\tThe bank\na\thow much\tforty\n"],
)
def test_a_conversation_begins_with_an_answer_and_says_what_each_follow_up_means(wrong: str) -> None:
    with pytest.raises(ValueError, match="want an answered question"):
        parse_conversations(ASKED + "\n" + wrong)


def test_what_is_wrong_with_a_conversation_is_named() -> None:
    (talk, alone) = parse_conversations(ASKED + "\n \na\tWho rows?\tNobody rows\n")
    assert [line.whole for line in talk[:2]] == ["", "How much was lent for the bridge?"]
    assert faults([talk], TURNS) == []
    assert faults([talk, alone], TURNS) == [
        "stands in 0 turns, want 1: 'Nobody rows' (Who rows?)",
        "nothing follows: Who rows?",
    ]


def case(near: float, *, right: bool) -> Case:
    """A question with two sentences that are alike but for how near they are to what was cited."""
    transcript = make_transcript("talk", [("ANN", "It is wet."), ("BO", "It is dry.")])
    rows = np.zeros((2, len(SENTENCE_FEATURES)))
    rows[:, SENTENCE_FEATURES.index("closely")] = 1.0, 1.2
    rows[0, SENTENCE_FEATURES.index("near_cited")] = near
    found = [
        Candidate(hit=None, transcript=transcript, turn=turn, span=turn.span, text="", before="", after="", asked="")  # type: ignore[arg-type]
        for turn in transcript.turns
    ]
    described = Described(found, rows, 0.0, 0.0, 0.0, 1, in_conversation=True)
    return Case("one", right, described, np.array([right, False]))


def changed(names: Sequence[str], before: np.ndarray, after: np.ndarray) -> list[str]:
    return [name for name, moved in zip(names, before != after, strict=True) if moved]


def test_what_was_cited_before_gets_weights_and_nothing_else_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(described: Described, scores: np.ndarray) -> np.ndarray:
        row = np.zeros(len(QUESTION_FEATURES))
        row[QUESTION_FEATURES.index("best_score")] = scores.max()
        row[QUESTION_FEATURES.index("in_conversation")] = 1.0
        return row

    monkeypatch.setattr(weights, "question_features", told)
    before = Weights(np.zeros(len(SENTENCE_FEATURES)), np.zeros(len(QUESTION_FEATURES)), 2.0, 0.2)
    before.sentence[SENTENCE_FEATURES.index("closely")] = 1.0
    cases = [*(case(1.0, right=True) for _ in range(20)), *(case(0.0, right=False) for _ in range(20))]
    after = weights.fit_in_conversations(cases, before)
    assert changed(SENTENCE_FEATURES, before.sentence, after.sentence) == ["near_cited"]
    assert after.sentence[SENTENCE_FEATURES.index("near_cited")] > 0.5
    assert changed(QUESTION_FEATURES, before.question, after.question) == ["in_conversation"]
    # Half of these are answered, and it was all but sure of each.
    assert after.question[QUESTION_FEATURES.index("in_conversation")] < -1
    assert (after.question_bias, after.threshold) == (before.question_bias, before.threshold)


def test_what_ships_favours_what_stands_near_the_last_citation_and_is_no_repetition() -> None:
    shipped = shipped_weights("trained")
    weight = dict(zip(SENTENCE_FEATURES, shipped.sentence.tolist(), strict=True))
    assert weight["in_cited_transcript"] > 0 < weight["near_cited"]
    assert weight["was_cited"] < 0
    assert dict(zip(QUESTION_FEATURES, shipped.question.tolist(), strict=True))["in_conversation"] < 0
