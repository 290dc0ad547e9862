"""A conversation as its session keeps it, what becomes a file of it, and what a person thought of an answer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from transcript_qa.datatypes import Answer
from transcript_qa.errors import IndexWriteError
from transcript_qa.render import answer_json, answer_markdown, citation_json, filters_json

MAX_EXCHANGES = 100
_writing = Lock()


@dataclass(slots=True)
class Exchange:
    """A question and what came of it.

    Attributes:
        question: as asked.
        answer: None where there was an error, or the answer was stopped.
        left_out: keys of what the question implies and the person does not want.
    """

    question: str
    answer: Answer | None = None
    left_out: frozenset[str] = frozenset()


@dataclass(slots=True)
class Conversation:
    """The exchanges of one session, oldest first; it forgets all but the last `MAX_EXCHANGES`.

    Counted from the end, for the page too lets go of its oldest messages, and outlives a restart of the server.
    """

    exchanges: list[Exchange] = field(default_factory=list)

    def begin(self, question: str, *, left_out: frozenset[str] = frozenset()) -> Exchange:
        """A new exchange at the end."""
        exchange = Exchange(question, left_out=left_out)
        self.exchanges.append(exchange)
        del self.exchanges[:-MAX_EXCHANGES]
        return exchange

    def drop_last(self, count: int) -> None:
        """Forget the last `count` exchanges, which the page no longer shows."""
        del self.exchanges[max(0, len(self.exchanges) - count) :]

    def from_end(self, number: int) -> Exchange | None:
        """The exchange after which `number` more were begun; None where it has been forgotten."""
        return self.exchanges[-1 - number] if 0 <= number < len(self.exchanges) else None

    def answers(self) -> list[Answer]:
        """Every answer, oldest first."""
        return [each.answer for each in self.exchanges if each.answer is not None]


def as_markdown(conversation: Conversation, *, base_url: str) -> str:
    """All answers with their citations; the links begin with `base_url`."""
    parts = ["# Questions to the transcripts", ""]
    for answer in conversation.answers():
        parts += [answer_markdown(answer, base_url=base_url)]
    return "\n".join(parts)


def as_json(conversation: Conversation, *, base_url: str) -> str:
    """All answers in their stable shape, and the address to which their links belong."""
    answers = [answer_json(answer) for answer in conversation.answers()]
    return json.dumps({"base_url": base_url, "answers": answers}, ensure_ascii=False, indent=2)


def keep_opinion(file: Path, answer: Answer, *, good: bool, reason: str | None = None) -> None:
    """Append what a person thought of an answer to a file of JSON lines, for measuring with it later.

    Raises:
        IndexWriteError: the file cannot be written.
    """
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "question": answer.question,
        "filters": filters_json(answer.filters),
        "good": good,
        "reason": reason,
        "answered": answer.answered,
        "citations": [citation_json(citation) for citation in answer.citations],
    }
    try:
        with _writing, file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(line, ensure_ascii=False) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        reason_words = error.strerror or type(error).__name__
        raise IndexWriteError(str(file), reason_words, "Check the disk and who may write there.") from error
