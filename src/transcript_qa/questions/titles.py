"""Which transcripts a question names: by title or id, by a number in a title, or as the last or first of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from transcript_qa.datatypes import Implied, ImpliedKind
from transcript_qa.questions.voices import Word, question_words
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import terms

TALK = (
    r"(?:meeting|hearing|session|sitting|inquiry|episode|transcript|recording|call|interview|conversation|podcast"
    r"|briefing|conference|debate|talks?|visit)"
)
"""What people call something that was recorded, as a regular expression."""
_ANY_TALK = frozenset("meeting session transcript recording conversation".split())
_LAST = re.compile(
    r"(?:\b(?P<within>at|in|during|from|of)\s+)?\bthe\s+(?:very\s+)?"
    r"(?P<which>last|latest|most recent|newest|first|earliest|oldest)\s+"
    rf"(?P<of>(?:[\w’'-]+\s+){{0,3}}?)(?P<noun>{TALK})\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(episode|part|day|session|hearing|meeting|chapter|volume|no)\.?\s+(\d{1,5})\b", re.IGNORECASE
)
_NEAR_TITLE = 0.8


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, looked at once and not for every title.

    Attributes:
        text: in words.
        folded: in lower case.
        words: its words.
        stems: of each word the form in which it is matched, or empty for words that carry no topic.
    """

    text: str
    folded: str
    words: list[Word]
    stems: list[str]

    @classmethod
    def of(cls, question: str) -> _Asked:
        words = question_words(question)
        return cls(question, question.casefold(), words, ["".join(terms(word.shown)[:1]) for word in words])


def transcripts_named(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    """The transcripts of these that the question names, each time strict but for "the last meeting" without "in"."""
    yield from _last_ones(question, infos)
    yield from _numbered(question, infos)
    asked = _Asked.of(question)
    titled = [(info, words_of) for info in infos if (words_of := _title_words(asked, info))]
    best = max((len(terms(words_of)) for _, words_of in titled), default=0)
    for info, words_of in titled:
        if len(terms(words_of)) == best:
            yield _transcript([info], info.title, words_of, strict=True)


def _transcript(infos: Sequence[TranscriptInfo], label: str, words_of: str, *, strict: bool) -> Implied:
    ids = tuple(info.id for info in infos)
    return Implied(kind=ImpliedKind.TRANSCRIPT, values=ids, label=label, words=words_of, strict=strict)


def _last_ones(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    """What "the last meeting" is: that of the latest date, among those whose titles have the words in between."""
    match = _LAST.search(question)
    if match is None:
        return
    wanted = set(terms(match["of"])) | (
        set(terms(match["noun"])) if match["noun"].casefold() not in _ANY_TALK else set()
    )
    fit = [(info.date, info) for info in infos if info.date is not None and wanted <= set(_title_terms(info.title))]
    if not fit or len(fit) == len(infos) == 1:
        return
    days = [day for day, _ in fit]
    day = max(days) if match["which"].casefold() in ("last", "latest", "most recent", "newest") else min(days)
    found = [info for when, info in fit if when == day]
    words_of = match[0].strip()
    yield _transcript(found, found[0].title, words_of, strict=match["within"] is not None)


def _numbered(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    """What "episode 58" is, where one title has it."""
    for match in _NUMBERED.finditer(question):
        one = re.compile(rf"\b{match[1]}\.?\s+{match[2]}\b", re.IGNORECASE)
        fit = [info for info in infos if one.search(info.title)]
        if len(fit) == 1 and len(infos) > 1:
            yield _transcript(fit, fit[0].title, match[0], strict=True)


def _title_words(asked: _Asked, info: TranscriptInfo) -> str:
    """The words of the question that are as good as the whole title, or the id; else empty."""
    return _id_in(asked, info.id) or _title_in(asked, info.title) or _nearly_in(asked, info.title)


def _id_in(asked: _Asked, transcript_id: str) -> str:
    """The id as it stands in the question; a plain word is none."""
    if transcript_id.casefold() not in asked.folded or not re.search(r"[\d_-]", transcript_id):
        return ""
    match = re.search(rf"(?<![\w-]){re.escape(transcript_id)}(?![\w-])", asked.text, re.IGNORECASE)
    return match[0] if match else ""


def _title_in(asked: _Asked, title: str) -> str:
    """The title as it stands in the question, in quotes or long enough to be no accident."""
    if title.casefold() not in asked.folded or len(title.split()) < 2:
        return ""
    match = re.search(re.escape(title), asked.text, re.IGNORECASE)
    if match is None:
        return ""
    quoted = match.start() > 0 and asked.text[match.start() - 1] in "“\"‘'"
    return match[0] if quoted or len(_title_terms(title)) >= 3 else ""


def _nearly_in(asked: _Asked, title: str) -> str:
    """Words of the question that have most words of a title close together."""
    wanted = _title_terms(title)
    n_wanted = len(set(wanted))
    if n_wanted < 4:
        return ""
    held = [(at, stem) for at, stem in enumerate(asked.stems) if stem in wanted]
    if len({stem for _, stem in held}) < _NEAR_TITLE * n_wanted:
        return ""
    first, last = held[0][0], held[-1][0]
    if last - first + 1 > 2 * len(wanted) + 3:
        return ""
    return asked.text[asked.words[first].start : asked.words[last].end]


@lru_cache(maxsize=1 << 16)
def _title_terms(title: str) -> tuple[str, ...]:
    """A title's terms; kept, since every question is held against the titles of all transcripts."""
    return terms(title)
