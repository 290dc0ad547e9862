"""Questions with known places of their answers, from the three sources that training may use.

QMSum train (MIT): the questions that came with the meetings, whose evidence is turns; and questions written for this
    project on the same meetings (training/questions/qmsum-*.tsv), on some of them rich in detail with near misses
    (training/details/qmsum-*.tsv), whose evidence is words.
FriendsQA (Apache-2.0): the questions on scripted dialogue, whose evidence is words.
The project's own transcripts (training/transcripts/) with the questions written on them (training/questions/), and on
    some of them questions rich in detail with near misses of the same kind (training/details/).
On QMSum's meetings and the project's own transcripts, questions on topics (training/topics/), whose evidence is turns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from check_questions import TRAINING, parse_places, parse_questions
from check_questions import Asked as Written
from check_topics import TOPICS, parse_topics

from transcript_qa.datatypes import Span, Speaker, Transcript, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and where its answer is.

    Attributes:
        source: `qmsum`, `qmsum-own`, `topics`, `friends` or `own`.
        text: the question.
        transcript: id of the transcript that it was asked on.
        gold: spans in the text of that transcript that answer; empty where nothing does.
        topical: True where `gold` is all that was said about it, not the words that answer.
        words: `gold` as words, of questions written for this project.
    """

    source: str
    text: str
    transcript: str
    gold: tuple[Span, ...]
    topical: bool = False
    words: tuple[str, ...] = ()


def own_asked(transcripts: Mapping[str, Transcript]) -> list[Asked]:
    """The questions on the project's own transcripts (by the stem of their file)."""
    asked = []
    for stem, transcript in transcripts.items():
        questions = TRAINING / "questions" / f"{stem}.tsv"
        if questions.is_file():
            asked += placed(parse_questions(questions.read_text("utf-8")), transcript, "own")
        asked += _own_topics(stem, transcript, dict(enumerate(transcript.turns)), len(transcript.turns))
    return asked


def detailed(transcripts: Mapping[str, Transcript]) -> list[Asked]:
    """The questions rich in detail on the project's own transcripts, half of them near misses."""
    return [
        asked
        for stem, transcript in transcripts.items()
        for file in (TRAINING / "details" / f"{stem}.tsv",)
        if file.is_file()
        for asked in placed(parse_questions(file.read_text("utf-8")), transcript, "own")
    ]


def qmsum_asked(folder: Path, transcripts: Mapping[str, Transcript], *, written: bool = True) -> list[Asked]:
    """The questions that came with the meetings of a split and, where `written`, those of the project on them."""
    asked = []
    for file in sorted(folder.glob("*.json")):
        transcript = transcripts[file.stem]
        by_entry = turns_by_entry(transcript)
        held = json.loads(file.read_text("utf-8"))
        for entry in held.get("specific_query_list", ()):
            runs = [range(int(first), int(last) + 1) for first, last in entry.get("relevant_text_span", ())]
            asked += _on_topic(entry["query"], runs, by_entry, transcript, "qmsum")
        if written:
            asked += _own_topics(file.stem, transcript, by_entry, len(held["meeting_transcripts"]))
        for questions in (TRAINING / part / f"qmsum-{file.stem}.tsv" for part in ("questions", "details")):
            if written and questions.is_file():
                asked += placed(parse_places(questions.read_text("utf-8"), file), transcript, "qmsum-own")
    return asked


def turns_by_entry(transcript: Transcript) -> dict[int, Turn]:
    """The turns of a meeting of QMSum by the number of their entry in its file; entries without a word are no turns."""
    numbered = ((re.fullmatch(r"turn (\d+)", turn.address or ""), turn) for turn in transcript.turns)
    return {int(match[1]) - 1: turn for match, turn in numbered if match is not None}


def _own_topics(stem: str, transcript: Transcript, turns: Mapping[int, Turn], n_turns: int) -> Iterator[Asked]:
    """The project's questions on topics of a transcript, if there are any."""
    file = TOPICS / f"{stem}.tsv"
    if file.is_file():
        for topic in parse_topics(file.read_text("utf-8"), n_turns=n_turns):
            yield from _on_topic(topic.text, topic.runs, turns, transcript, "topics")


def _on_topic(
    text: str, runs: Sequence[range], turns: Mapping[int, Turn], transcript: Transcript, source: str
) -> Iterator[Asked]:
    gold = tuple(turns[number].span for run in runs for number in run if number in turns)
    if gold:
        yield Asked(source=source, text=text, transcript=transcript.id, gold=gold, topical=True)


def placed(questions: Sequence[Written], transcript: Transcript, source: str) -> Iterator[Asked]:
    """Questions written on a transcript with the places of their words; without those whose words are not found."""
    for question in questions:
        words = question.words if question.answerable else ()
        gold = tuple(span for piece in words for span in _find(transcript, piece))
        if gold or not question.answerable:
            yield Asked(source=source, text=question.text, transcript=transcript.id, gold=gold, words=words)


def _find(transcript: Transcript, piece: str) -> Iterator[Span]:
    """Where these words stand in the transcript, white space aside; a label in front of them is left away."""
    piece = re.sub(r"^[^:]{1,40}:\s+(?=\S)", "", piece) if piece not in transcript.text else piece
    pattern = r"\s+".join(re.escape(word) for word in piece.split())
    for match in re.finditer(pattern, transcript.text):
        yield Span(start=match.start(), end=match.end())


def friends_asked(path: Path) -> tuple[list[Transcript], list[Asked]]:
    """The scenes of FriendsQA, and the questions on them."""
    scenes, asked = [], []
    for entry in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in entry["paragraphs"]:
            scene = _scene(entry["title"], paragraph["utterances:"])
            scenes.append(scene)
            for qa in paragraph["qas"]:
                gold = tuple(span for answer in qa["answers"] for span in _answer(scene, answer))
                if gold:
                    asked.append(Asked(source="friends", text=natural(qa["question"]), transcript=scene.id, gold=gold))
    return scenes, asked


def natural(text: str) -> str:
    """Words as they are written, from words as a tokenizer left them."""
    text = re.sub(r" (n't|'\w+|[.,!?;:%)])", r"\1", text)
    text = re.sub(r"\b([Cc]an|[Gg]on|[Gg]ot|[Ww]an) (not|na|ta)\b", r"\1\2", text)
    return re.sub(r"([(]) ", r"\1", text).strip()


def _scene(title: str, utterances: Sequence[dict[str, object]]) -> Transcript:
    text, turns = "", []
    for index, utterance in enumerate(utterances):
        label = " and ".join(utterance["speakers"]) or "All"  # type: ignore[arg-type, call-overload]
        text += f"\n\n{label}: " if text else f"{label}: "
        start = len(text)
        text += natural(str(utterance["utterance"]))
        span = Span(start=start, end=len(text))
        turns.append(Turn(index=index, speaker=Speaker(label=label, name=label), span=span))
    return Transcript(id=title, title=title, source=title, text=text, turns=tuple(turns))


def _answer(scene: Transcript, answer: dict[str, object]) -> Iterator[Span]:
    turn = scene.turns[int(str(answer["utterance_id"]))]
    if answer["is_speaker"]:
        yield turn.span
        return
    words = natural(str(answer["answer_text"])).strip(" .!?,").casefold()
    at = scene.words_of(turn).casefold().find(words)
    if words and at >= 0:
        yield Span(start=turn.span.start + at, end=turn.span.start + at + len(words))
