"""Check questions written for training: every answer is found once, word for word, in its transcript.

    python training/check_questions.py [FILE.tsv…]            # transcripts of the project
    python training/check_questions.py --qmsum FOLDER [FILE.tsv…]

A file of questions is named after its transcript, a line a question, three columns parted by tabs: `a` (answered) or
`n` (not answered), the question, and words. The words of an answered question are copied from the transcript and stand
in one turn; two or more answers are parted by ` || `. The words of an unanswered one are those that come nearest
without answering, or nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

TRAINING = Path(__file__).resolve().parent
_COLUMNS = 3
_PLACE = re.compile(r"(\d+):(\d+)-(\d+)")


@dataclass(frozen=True)
class Asked:
    """A question and the words that answer it, or that nearly do."""

    text: str
    answerable: bool
    words: tuple[str, ...]


def parse_questions(text: str) -> list[Asked]:
    """The questions of one file; raises ValueError naming the line."""
    asked = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        columns = line.split("\t")
        columns += [""] * (_COLUMNS - len(columns))
        if len(columns) != _COLUMNS or columns[0] not in ("a", "n") or not columns[1].strip():
            raise ValueError(f"line {number}: want `a` or `n`, a question and words, parted by tabs")
        words = tuple(part.strip() for part in columns[2].split(" || ") if part.strip())
        asked.append(Asked(columns[1].strip(), columns[0] == "a", words))
    return asked


def parse_places(text: str, meeting: Path) -> list[Asked]:
    """The questions of one file on a meeting of QMSum, with the words of their places; ValueError as above."""
    turns = [turn["content"] for turn in json.loads(meeting.read_text("utf-8"))["meeting_transcripts"]]
    return [replace(each, words=tuple(_words_at(each, turns))) for each in parse_questions(text)]


def _words_at(asked: Asked, turns: Sequence[str]) -> Iterator[str]:
    for place in (place for column in asked.words for place in column.split()):
        match = _PLACE.fullmatch(place)
        turn, first, last = map(int, match.groups()) if match is not None else (len(turns), 0, 0)
        if turn >= len(turns) or not first < last <= len(turns[turn]):
            raise ValueError(f"there is no place {place!r} ({asked.text})")
        yield turns[turn][first:last]


def turns_of(transcript: Path) -> list[str]:
    """The turns of a transcript, labels and all."""
    if transcript.suffix == ".json":
        spoken = json.loads(transcript.read_text("utf-8"))["meeting_transcripts"]
        return [f"{turn['speaker']}: {turn['content']}" for turn in spoken]
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", transcript.read_text("utf-8")) if block.strip()]


def faults(questions: list[Asked], turns: list[str]) -> list[str]:
    """What is wrong with the questions of one transcript, in words."""
    found = []
    for question in questions:
        if question.answerable and not question.words:
            found.append(f"no answer is given: {question.text}")
        for words in question.words:
            n_turns = sum(words in turn for turn in turns)
            if n_turns != 1:
                found.append(f"stands in {n_turns} turns, want 1: {words!r} ({question.text})")
    twice = [text for text, count in Counter(q.text.casefold() for q in questions).items() if count > 1]
    return found + [f"asked twice: {text}" for text in twice]


def _all_in(folder: str) -> list[Path]:
    return sorted((TRAINING / folder).glob("*.tsv"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="default: all that are there")
    parser.add_argument("--qmsum", type=Path, help="folder of QMSum's meetings, for files named qmsum-MEETING.tsv")
    options = parser.parse_args()
    n_faults = n_asked = 0
    for file in options.files or [*_all_in("questions"), *_all_in("details")]:
        if file.stem.startswith("qmsum-"):
            if options.qmsum is None:
                continue
            transcript = options.qmsum / f"{file.stem.removeprefix('qmsum-')}.json"
            questions = parse_places(file.read_text("utf-8"), transcript)
        else:
            transcript = TRAINING / "transcripts" / f"{file.stem}.txt"
            questions = parse_questions(file.read_text("utf-8"))
        n_asked += len(questions)
        for fault in faults(questions, turns_of(transcript)):
            n_faults += 1
            print(f"{file.name}: {fault}")
    print(f"{n_asked} questions, {n_faults} faults")
    sys.exit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
