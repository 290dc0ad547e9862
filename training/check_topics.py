"""Check the questions on topics: every run of turns is there, and nothing is asked twice.

    python training/check_topics.py [--qmsum FOLDER] [FILE.tsv…]

A file is named after a transcript of the project or a meeting of QMSum, a line a question, two columns parted by a tab:
the question, and the turns in which all that was said about it stands, as `FIRST-LAST` (counted from 0, both of them
in), several runs parted by blanks.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from check_questions import TRAINING, parse_questions

from transcript_qa.corpus import read_transcript

TOPICS = TRAINING / "topics"
_RUN = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Topic:
    """A question, and the turns in which all stands that was said about it."""

    text: str
    runs: tuple[range, ...]


def parse_topics(text: str, *, n_turns: int) -> list[Topic]:
    """The questions of one file on a transcript of so many turns; raises ValueError naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        question, tab, places = line.partition("\t")
        matches = [_RUN.fullmatch(place) for place in places.split()]
        runs = tuple(range(int(m[1]), int(m[2]) + 1) for m in matches if m is not None)
        if not question.strip() or not tab or not runs or len(runs) != len(matches):
            raise ValueError(f"line {number}: want a question and runs of turns like 12-40, parted by a tab")
        if any(not run or run[-1] >= n_turns for run in runs):
            raise ValueError(f"line {number}: a run ends before it begins, or behind the last turn, {n_turns - 1}")
        found.append(Topic(question.strip(), runs))
    return found


def faults(file: Path, qmsum: Path | None) -> list[str]:
    """What is wrong with one file, in words; of a meeting only where the folder of QMSum's meetings is given."""
    own = TRAINING / "transcripts" / f"{file.stem}.txt"
    known = _questions_on_facts(file.stem)
    if own.is_file():
        n_turns = len(read_transcript(own).transcript.turns)
    elif qmsum is None:
        n_turns = sys.maxsize
    else:
        held = json.loads((qmsum / f"{file.stem}.json").read_text("utf-8"))
        n_turns = len(held["meeting_transcripts"])
        known |= {entry["query"].strip().casefold() for entry in held.get("specific_query_list", ())}
    try:
        topics = parse_topics(file.read_text("utf-8"), n_turns=n_turns)
    except ValueError as error:
        return [str(error)]
    asked = [topic.text.casefold() for topic in topics]
    return [f"asked twice: {text}" for text, count in Counter([*asked, *known]).items() if count > 1]


def _questions_on_facts(stem: str) -> set[str]:
    files = [TRAINING / "questions" / name for name in (f"{stem}.tsv", f"qmsum-{stem}.tsv")]
    return {q.text.casefold() for file in files if file.is_file() for q in parse_questions(file.read_text("utf-8"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="default: all that are there")
    parser.add_argument(
        "--qmsum", type=Path, help="folder of QMSum's meetings; without it, turns of theirs are not looked up"
    )
    options = parser.parse_args()
    files = options.files or sorted(TOPICS.glob("*.tsv"))
    found = [f"{file.name}: {fault}" for file in files for fault in faults(file, options.qmsum)]
    print(*found, f"{len(files)} files, {len(found)} faults", sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
