"""Check the conversations: each begins with a question that stands alone, and every answer stands in its transcript.

    python training/check_conversations.py [FILE.tsv…]

A file is named after a transcript of the project, a line a question, four columns parted by tabs: three as in
check_questions.py, and of a follow-up the whole question that it means. A blank line parts conversations, each of which
begins with an answered question that stands alone.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from check_questions import TRAINING, Asked, parse_questions, turns_of
from check_questions import faults as faults_of_questions

CONVERSATIONS = TRAINING / "conversations"
_COLUMNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A question of a conversation; `whole` is what a follow-up means, empty of a first question."""

    written: Asked
    whole: str = ""


def parse_conversations(text: str) -> list[list[Line]]:
    """The conversations of one file. Raises ValueError naming what is wrong."""
    found = []
    for block in re.split(r"\n[ \t]*\n", text.strip()):
        rows = [line.split("\t") for line in block.splitlines() if line.strip()]
        asked = parse_questions("\n".join("\t".join(row[:_COLUMNS]) for row in rows))
        wholes = ["".join(row[_COLUMNS:]).strip() for row in rows]
        if not asked or not asked[0].answerable or wholes[0] or not all(wholes[1:]):
            raise ValueError(f"want an answered question and follow-ups with their whole questions: {block[:80]!r}")
        found.append([Line(written=each, whole=whole) for each, whole in zip(asked, wholes, strict=True)])
    return found


def faults(conversations: Sequence[Sequence[Line]], turns: list[str]) -> list[str]:
    """What is wrong with the conversations on one transcript, in words; the same follow-up may come in several."""
    found = [fault for each in conversations for fault in faults_of_questions([line.written for line in each], turns)]
    return found + [f"nothing follows: {each[0].written.text}" for each in conversations if len(each) == 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="default: all that are there")
    files = parser.parse_args().files or sorted(CONVERSATIONS.glob("*.tsv"))
    n_faults = n_asked = 0
    for file in files:
        conversations = parse_conversations(file.read_text("utf-8"))
        n_asked += sum(map(len, conversations))
        for fault in faults(conversations, turns_of(TRAINING / "transcripts" / f"{file.stem}.txt")):
            n_faults += 1
            print(f"{file.name}: {fault}")
    print(f"{len(files)} files, {n_asked} questions, {n_faults} faults")
    sys.exit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
