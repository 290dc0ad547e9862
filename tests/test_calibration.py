from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from builders import make_transcript
from transcript_qa import PastAnswer, TranscriptQA
from transcript_qa.calibration import MAX_FALSE_ANSWERS, self_asked
from transcript_qa.cli import run
from transcript_qa.datatypes import Hit, Transcript
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.reading.features import candidates
from transcript_qa.reading.reader import EvidenceReader, Reading, ReadSentence

THINGS = [
    f"{a} {b}"
    for a in ("harbour", "market", "school", "river", "tram")
    for b in ("roof", "gate", "clock", "lamp", "bench")
]


def write_talk(folder: Path, things: Sequence[str]) -> Path:
    said = []
    for number, thing in enumerate(things):
        said += [
            f"Ann Lee: When was the {thing} finally painted?",
            f"Bo Ray: We painted the {thing} in week {number} of spring.",
        ]
        said += [f"Ann Lee: Thank you, that is good to hear from you. [{number}]"] * 12
    folder.mkdir(exist_ok=True)
    (folder / "talk.txt").write_text("\n\n".join(said), "utf-8")
    return folder


class Sure:
    """A reader that is as sure as it finds the first words of the question, and points at the first reply."""

    threshold = 0.1

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
        on_a_topic: bool = False,
        before: Sequence[PastAnswer] = (),
    ) -> Reading:
        asked = question.removeprefix("When was the ").removesuffix(" finally painted?")
        found = [c for c in candidates(hits, transcripts) if asked in c.text and "We" in c.text]
        sentences = tuple(ReadSentence(candidate=c, score=1.0) for c in found)
        return Reading(sentences=sentences, confidence=0.8 if found else 0.3, hits=tuple(hits))

    def rank(
        self, question: str, hits: Sequence[Hit], transcripts: dict[str, Transcript], *, on_a_topic: bool = False
    ) -> list[Hit]:
        return list(hits)


def test_questions_that_stand_alone_and_get_a_reply_are_asked() -> None:
    talk = make_transcript(
        "talk",
        [
            ("ANN", "Good morning. When does the new ferry timetable start?"),
            ("BO", "It starts on the second Monday of next month."),
            ("ANN", "Why?"),
            ("BO", "Because the crews need all that time to learn it."),
            ("ANN", "Who told the harbour office about the timetable?"),
            ("BO", "Nobody."),
            ("BO", "Where is the harbour master's spare key now?"),
            ("BO", "I think that it hangs behind the door."),
        ],
    )
    assert [(one.text, one.turn) for one in self_asked(talk)] == [("When does the new ferry timetable start?", 0)]


def test_the_threshold_goes_between_what_is_there_and_what_was_removed_and_is_kept(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    corpus = write_talk(tmp_path / "corpus", THINGS)
    with TranscriptQA.build(corpus, index=tmp_path / "index", embedder=embedder) as built:
        qa = TranscriptQA(built._store, embedder, reader=Sure())
        found = qa.calibrate()
    assert found.n_questions == len(THINGS)
    assert 0.3 < found.threshold <= 0.8
    assert found.false_answers <= MAX_FALSE_ANSWERS
    assert found.false_refusals == 0.0
    assert found.before == (Sure.threshold, 1.0, 0.0)
    with TranscriptQA.open(tmp_path / "index", embedder=embedder) as again:
        assert again.threshold == found.threshold
    assert TranscriptQA(built._store, embedder, threshold=0.7).threshold == 0.7


@pytest.mark.parametrize("on_a_topic", [True, False])
def test_the_reader_is_told_of_questions_on_topics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_a_topic: bool
) -> None:
    class Told(Sure):
        told: ClassVar[set[bool]] = set()

        def read(self, *given: Any, on_a_topic: bool = False, **more: Any) -> Reading:
            self.told.add(on_a_topic)
            return super().read(*given, on_a_topic=on_a_topic, **more)

    monkeypatch.setattr("transcript_qa.search.topical", lambda vectors, _: np.full(len(vectors), on_a_topic))
    embedder, reader = HashingEmbedder(), Told()
    corpus = write_talk(tmp_path / "corpus", THINGS)
    with TranscriptQA.build(corpus, index=tmp_path / "index", embedder=embedder) as built:
        TranscriptQA(built._store, embedder, reader=reader).calibrate()
    assert reader.told == {on_a_topic}


def test_too_few_questions_are_said_and_change_nothing(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    with TranscriptQA.build(
        write_talk(tmp_path / "corpus", THINGS[:3]), index=tmp_path / "index", embedder=embedder
    ) as qa:
        with pytest.raises(InvalidArgumentError, match="3 questions"):
            qa.calibrate()
        assert qa.threshold == EvidenceReader(embedder).threshold


def test_doctor_calibrates_and_prints_both_rates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, index = write_talk(tmp_path / "corpus", THINGS), tmp_path / "index"
    assert run(["index", str(corpus), "--index", str(index), "--model", "hashing"]) == 0
    capsys.readouterr()
    assert run(["doctor", "--calibrate", "--index", str(index), "--model", "hashing", "--json"]) == 0
    check = json.loads(capsys.readouterr().out)["checks"][-1]
    assert check["name"] == "calibration"
    assert check["false_answers"] <= MAX_FALSE_ANSWERS
    assert "evidence removed" in check["detail"]
