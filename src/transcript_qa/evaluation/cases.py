"""Questions with known answers: a JSONL file, one object a line.

`question` is all that must be there. `answerable` (by default true where an answer is given), `transcript`, `turns`
(0-based indices), `words` (any of which answers), `speaker` (one or several), `filters` (`transcripts`, `speakers`,
`after`, `before`), `history` (earlier questions) and `id` may be; fields of your own are kept aside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from transcript_qa.corpus import read_bytes
from transcript_qa.datatypes import Transcript
from transcript_qa.errors import ParseError
from transcript_qa.filters import as_filters
from transcript_qa.text import normalise

_REMEDY = 'Each line is an object such as {"question": "…", "transcript": "budget", "words": ["…"]}.'
_TYPES: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "question": str, "transcript": str, "turns": list, "words": (list, str), "speaker": (str, list), "answerable": bool,
    "filters": dict, "history": list,
}  # fmt: skip
_FILTERS = {"transcripts", "speakers", "after", "before"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its answer.

    Attributes:
        id: given, else `q` and the number of the line.
        question: in words.
        answerable: whether the transcripts answer it.
        transcript: id of the transcript that does, or None.
        turns: indices of turns any of which is right; empty for those that hold `words`.
        words: what the answer holds; any of them is right.
        speakers: who says it; any of them is right.
        filters: keyword arguments of `TranscriptQA.ask`.
        history: questions asked before it, oldest first.
    """

    id: str
    question: str
    answerable: bool
    transcript: str | None = None
    turns: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[str, ...] = ()


def read_cases(path: Path) -> list[Case]:
    """The questions of a file, in its order.

    Raises:
        SourceNotFoundError: there is no such file.
        ParseError: a line that is none, with its number; a file without questions; an id that stands twice.
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ParseError(str(path), "this is no UTF-8", "Save it as UTF-8.") from error
    cases = [_case(str(path), number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not cases:
        raise ParseError(str(path), "there is no question in this file", _REMEDY)
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise ParseError(str(path), f"the id {case.id!r} stands twice", "Give each question its own id.")
        seen.add(case.id)
    return cases


def _case(source: str, number: int, line: str) -> Case:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise ParseError(source, f"this is no JSON ({error})", _REMEDY, line=number) from error
    if not isinstance(entry, dict) or not str(entry.get("question") or "").strip():
        raise ParseError(source, "there is no question on this line", _REMEDY, line=number)
    for name, kind in _TYPES.items():
        if entry.get(name) is not None and not isinstance(entry[name], kind):
            wanted = kind[0] if isinstance(kind, tuple) else kind
            raise ParseError(source, f"{name!r} is {entry[name]!r}, not a {wanted.__name__}", _REMEDY, line=number)
    filters = entry.get("filters") or {}
    if unknown := set(filters) - _FILTERS:
        raise ParseError(
            source, f"unknown filter {sorted(unknown)[0]!r}", f"Use {', '.join(sorted(_FILTERS))}.", line=number
        )
    as_filters(filters.get("transcripts"), filters.get("speakers"), filters.get("after"), filters.get("before"))
    words = several(entry.get("words"))
    if any(isinstance(turn, bool) or not isinstance(turn, int) for turn in entry.get("turns") or ()):
        raise ParseError(source, "'turns' are not whole numbers", _REMEDY, line=number)
    turns = tuple(entry.get("turns") or ())
    return Case(
        id=str(entry.get("id") or f"q{number}"),
        question=entry["question"].strip(),
        answerable=bool(entry.get("answerable", bool(words or turns or entry.get("transcript")))),
        transcript=entry.get("transcript"),
        turns=turns,
        words=words,
        speakers=several(entry.get("speaker")),
        filters=filters,
        history=tuple(map(str, entry.get("history") or ())),
    )


def several(given: str | list[Any] | None) -> tuple[str, ...]:
    """What stands in a case as one thing, as several, or not at all."""
    return (given,) if isinstance(given, str) else tuple(map(str, given or ()))


@lru_cache(maxsize=100_000)
def _folded(text: str) -> str:
    """A text as it is compared; the same turns are looked at for each question."""
    return normalise(text).text


def right_turns(case: Case, transcripts: Mapping[str, Transcript]) -> frozenset[tuple[str, int]]:
    """(transcript id, turn) of each turn that is right: those given, else those that hold one of the words.

    Raises:
        ParseError: a transcript that is not in the index, or words that none of its turns holds.
    """
    if case.transcript is not None and case.transcript not in transcripts:
        raise ParseError(
            case.id, f"no transcript {case.transcript!r} in the index", "`transcript-qa list` shows the ids."
        )
    looked = [case.transcript] if case.transcript is not None else sorted(transcripts)
    if case.turns and case.transcript is not None:
        n_turns = len(transcripts[case.transcript].turns)
        if wrong := [turn for turn in case.turns if not 0 <= turn < n_turns]:
            raise ParseError(
                case.id, f"{case.transcript!r} has no turn {wrong[0]}", f"It has turns 0 to {n_turns - 1}."
            )
        return frozenset((case.transcript, turn) for turn in case.turns)
    found = frozenset(
        (name, turn.index)
        for name in looked
        for turn in transcripts[name].turns
        if any(_folded(words) in _folded(transcripts[name].words_of(turn)) for words in case.words)
    )
    if case.answerable and case.words and not found:
        where = case.transcript or "any transcript"
        raise ParseError(case.id, f"no turn of {where} holds {case.words[0]!r}", "Give words as they stand there.")
    return found
