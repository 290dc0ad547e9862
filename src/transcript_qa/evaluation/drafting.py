"""Drafts of questions for a corpus, for a person to put right.

A model could word them better; these are asked in the words of the transcript, which is what a draft needs to be put
right quickly: the sentence with the answer is there, and the kind of thing it tells. Some ask for what is not there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from transcript_qa.datatypes import Transcript, Turn
from transcript_qa.grounding.facts import facts_of
from transcript_qa.grounding.numerals import STARTS
from transcript_qa.text import STOP_WORDS, sentences, words

_MIN_WORDS, _MAX_WORDS = 8, 40
_UNANSWERABLE_SHARE = 0.25
_TOPIC_WORDS = 3
_EMPTY = frozenset("asked nothing something anything percent thing things really going".split())


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that tells something: where, its words, and those that say what it is about."""

    transcript: Transcript
    turn: Turn
    text: str
    topic: tuple[str, ...]
    figures: bool
    dated: bool


def draft_questions(transcripts: Sequence[Transcript], n: int, *, seed: int = 7) -> list[dict[str, Any]]:
    """At most `n` questions in the shape of a questions file, the same for one seed; three in four have an answer.

    Args:
        transcripts: the corpus.
        n: how many are wanted; fewer come where the corpus holds fewer sentences with a figure, a date or a name.
        seed: another gives others.
    """
    rng = random.Random(seed)
    found = [sentence for transcript in transcripts for sentence in _telling(transcript)]
    rng.shuffle(found)
    n_without = int(n * _UNANSWERABLE_SHARE) if len(transcripts) and len(found) > 1 else 0
    drafts = []
    for sentence in found[: n - n_without]:
        drafts.append(
            {
                "question": _question(sentence),
                "answerable": True,
                "transcript": sentence.transcript.id,
                "turns": [sentence.turn.index],
                "words": [sentence.text],
                "speaker": sentence.turn.speaker.display,
            }
        )
    for one, other in list(zip(found, reversed(found), strict=True))[: min(n_without, len(found) // 2)]:
        # A topic of one sentence with the rest of another: seldom said, and for a person to check.
        drafts.append({"question": _mixed(one, other), "answerable": False, "words": []})
    rng.shuffle(drafts)
    return [{"id": f"d{number:03}", **draft, "draft": True} for number, draft in enumerate(drafts[:n], start=1)]


def _telling(transcript: Transcript) -> Iterator[_Sentence]:
    for turn in transcript.turns:
        body = transcript.words_of(turn)
        for piece in sentences(body):
            text = " ".join(piece.of(body).split())
            if text.endswith("?") or not _MIN_WORDS <= len(text.split()) <= _MAX_WORDS:
                continue
            facts = facts_of(text)
            topic = _topic(text)
            if len(topic) >= 2 and (facts.numbers or facts.dates or facts.names):
                yield _Sentence(transcript, turn, text, topic, bool(facts.numbers), bool(facts.dates))


def _topic(text: str) -> tuple[str, ...]:
    """The longest words that carry a topic, in order of the text; no figures."""
    found = [span.of(text) for span in words(text)]
    chosen = [word for word in found if _is_topic(word)]
    longest = sorted(dict.fromkeys(chosen), key=len, reverse=True)[:_TOPIC_WORDS]
    return tuple(word for word in dict.fromkeys(chosen) if word in longest)


def _is_topic(word: str) -> bool:
    key = word.casefold()
    return word.isalpha() and len(word) > 3 and key not in STOP_WORDS and key not in STARTS and key not in _EMPTY


def _question(sentence: _Sentence) -> str:
    topic = ", ".join(sentence.topic)
    who = sentence.turn.speaker.display
    if sentence.dated:
        return f"When was it, according to {who}: {topic}?"
    if sentence.figures:
        return f"How much or how many did {who} give for {topic}?"
    return f"What did {who} say about {topic}?"


def _mixed(one: _Sentence, other: _Sentence) -> str:
    topic = ", ".join((*one.topic[:2], *other.topic[-1:]))
    return re.sub(r"\s+", " ", f"What did {other.turn.speaker.display} say about {topic}?")
