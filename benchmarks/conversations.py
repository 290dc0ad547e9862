"""Conversations with known answers: how often a first question and a follow-up are answered rightly, and declined.

    python benchmarks/conversations.py [--conversations FOLDER --transcripts FOLDER]

Asked are conversations as training/check_conversations.py describes them, by default those on the transcripts held out
of the training, all in one index; each question with the answers before it, right or not, as its history. On these
transcripts the six weights for what was cited before are fitted, and so are all others; so other conversations, of
transcripts in any format, can be named. Of each kind: whether the answer stands in one of the passages that are read,
and in the first citation. Beside it the same follow-ups asked alone, as the whole question that they mean.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcript_qa import Answer, TranscriptQA
from transcript_qa.text import normalise

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "training"))

from check_conversations import CONVERSATIONS, Line, parse_conversations  # noqa: E402
from reader import HELD_OUT, TRAINING  # noqa: E402

FIRST, FOLLOW_UP, WHOLE = "first question", "follow-up", "follow-up as meant, alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a question.

    Attributes:
        kind: `FIRST`, `FOLLOW_UP` or `WHOLE`.
        answerable: whether it has an answer.
        found: whether that stands in a passage that was read.
        right: whether the first citation holds it.
        declined: whether nothing was quoted.
    """

    kind: str
    answerable: bool
    found: bool
    right: bool
    declined: bool


def asked(qa: TranscriptQA, transcript: str, conversation: Sequence[Line]) -> Iterator[Outcome]:
    """The questions of a conversation one after the other, and its follow-ups as meant."""
    past: list[Answer] = []
    for line in conversation:
        answer = qa.ask(line.written.text, history=past)
        yield outcome(FOLLOW_UP if past else FIRST, line, answer, transcript)
        if past:
            yield outcome(WHOLE, line, qa.ask(line.whole), transcript)
        past.append(answer)


def outcome(kind: str, line: Line, answer: Answer, transcript: str) -> Outcome:
    """What came of one question, by the words that answer it in its transcript."""
    wanted = [_plain(words) for words in line.written.words] if line.written.answerable else []

    def holds(where: str, text: str) -> bool:
        said = _plain(text)
        return where == transcript and any(w in said or (said in w and len(said) > len(w) / 2) for w in wanted)

    passages = [(hit.passage.transcript_id, hit.passage.text) for hit in answer.hits]
    cited = [(citation.transcript_id, citation.quote) for citation in answer.citations[:1]]
    return Outcome(
        kind=kind,
        answerable=line.written.answerable,
        found=any(where == transcript and any(w in _plain(text) for w in wanted) for where, text in passages),
        right=any(holds(*each) for each in cited),
        declined=not answer.answered,
    )


def _plain(text: str) -> str:
    return " ".join(normalise(text).text.split())


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The outcomes of each kind as lines of a table."""
    lines = ["| question | answerable | found | right first | declined | unanswerable | declined |",
             "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for kind in (FIRST, FOLLOW_UP, WHOLE):
        yes = [each for each in outcomes if each.kind == kind and each.answerable]
        no = [each for each in outcomes if each.kind == kind and not each.answerable]
        counts = (sum(each.found for each in yes), sum(each.right for each in yes), sum(each.declined for each in yes))
        cells = kind, len(yes), *counts, len(no), sum(each.declined for each in no)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def main() -> None:
    """Ask them all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=Path, default=CONVERSATIONS, help="a file for each transcript")
    parser.add_argument("--transcripts", type=Path, default=TRAINING / "transcripts", help="where these lie")
    options = parser.parse_args()
    wanted = {file.stem: file for file in sorted(options.conversations.glob("*.tsv"))}
    if options.conversations == CONVERSATIONS:
        wanted = {stem: file for stem, file in wanted.items() if stem in HELD_OUT}
    transcripts = [file for file in sorted(options.transcripts.iterdir()) if file.stem in wanted]
    if not transcripts:
        raise SystemExit(f"{options.transcripts} holds no transcript named as one of {options.conversations}/*.tsv is.")
    with tempfile.TemporaryDirectory() as index, TranscriptQA.build(transcripts, index=Path(index) / "index") as qa:
        ids = {Path(info.source).stem: info.id for info in qa.transcripts()}
        print(f"{len(ids)} transcripts, {len(wanted)} files of conversations", flush=True)
        outcomes = [
            each
            for stem, transcript in sorted(ids.items())
            for conversation in parse_conversations(wanted[stem].read_text("utf-8"))
            for each in asked(qa, transcript, conversation)
        ]
    print(*table(outcomes), sep="\n")


if __name__ == "__main__":
    main()
