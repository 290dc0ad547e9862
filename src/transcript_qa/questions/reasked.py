"""The question before, asked again: with another question word in front, for more of the same, or why not otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from transcript_qa.questions.phrases import AUXILIARIES, PREPOSITIONS, SUBJECTS, TIME_WORDS, WH, Part, Phrase, phrases
from transcript_qa.questions.voices import Word, question_words

_KINDS = frozenset("kind kinds sort sorts type types size sizes colour color brand".split())
_DOING = frozenset("did does do will would can could should".split())
_NEGATED = {"will": "won't", "can": "can't", "shall": "shan't"}
_ENDING = " ?.!,;:"


def asked_for_more(piece: str, before: str) -> str:
    """What "for how many people?", "which lamps?" or "what kind?" asks after a question.

    >>> asked_for_more("for how many people", "what must they pay for")
    'for how many people must they pay for'
    >>> asked_for_more("what kind", "how many bells did they order"), asked_for_more("which bells", "who ordered bells")
    ('what kind of bells did they order', 'which bells: who ordered bells')
    """
    words_of = question_words(piece)
    wanted = next((p for p in phrases(before) if p.part is Part.ASKED), None)
    if words_of[-1].folded in _KINDS and wanted is not None:
        asked = question_words(before)
        return f"{piece} of {before[asked[wanted.first].start :]}"
    known = {word.folded for word in question_words(before)}
    new = words_of[-1].folded not in known and (words_of[0].folded in PREPOSITIONS or words_of[0].folded == "how")
    return asked_otherwise(piece, before) if new else f"{piece}: {before}"


def why_not(piece: str, before: str) -> str:
    """What "why not Marlow?" asks after a question.

    >>> why_not("Marlow", "who is working on the wall"), why_not("Marlow", "who seconded it")
    ("why isn't Marlow working on the wall", 'why was it not Marlow who seconded it')
    >>> why_not("two", "how many bells did they order")
    'why not two: how many bells did they order'
    """
    asked = question_words(before)
    if len(asked) < 2 or asked[0].folded != "who":
        return f"why not {piece}: {before}"
    if asked[1].folded in AUXILIARIES:
        return f"why {_maybe_not(f'{asked[1].shown} {piece}', True)}{before[asked[1].end :]}"
    return f"why was it not {piece} who {before[asked[1].start :]}"


def asked_otherwise(wh: str, before: str) -> str:
    """The question before with another question word: "why?" after "when did they meet"."""
    before = before.strip(_ENDING)
    asked = question_words(before)
    negated = wh.casefold() == "why not"
    wh = "why" if negated else wh
    at = next((at for at, word in enumerate(asked) if word.folded in AUXILIARIES), None)
    first = asked[0].folded if asked else ""
    if at == 0:
        return f"{wh} {_maybe_not(before[:1].lower() + before[1:], negated)}"
    if first not in WH and (len(asked) < 2 or asked[1].folded not in WH):
        return f"{wh}: {before}"
    found = phrases(before)
    asked_for = next((p for p in found if p.part is Part.ASKED), None)
    verb_first = at is None or (first in ("who", "which") and at > (asked_for.end if asked_for else 1))
    if verb_first or at is None:
        return _of_somebody(wh, before, asked_for, found)
    rest = before[asked[at].start :]
    if asked_for is not None and not _has_subject(found, asked_for, asked, at):
        rest = f"{asked[at].shown} {asked_for.text}{before[asked[at].end :]}"
    elif asked_for is not None and asked[at].folded in _DOING and asked[asked_for.end - 1].folded not in TIME_WORDS:
        rest = f"{rest} {asked_for.text}"
    if wh.casefold() in ("who", "whom"):
        return f"by whom {rest}" if asked[at].folded in ("is", "are", "was", "were") else f"{wh}: {before}"
    return f"{wh} {_maybe_not(rest, negated)}"


def _has_subject(found: Sequence[Phrase], asked_for: Phrase, asked: Sequence[Word], auxiliary: int) -> bool:
    if auxiliary + 1 < len(asked) and asked[auxiliary + 1].folded in SUBJECTS:
        return True
    return any(p is not asked_for and p.part is Part.SUBJECT and p.first == auxiliary + 1 for p in found)


def _maybe_not(rest: str, negated: bool) -> str:
    """Words that begin with an auxiliary, which is negated where so wanted.

    >>> _maybe_not("did they sign", True)
    "didn't they sign"
    """
    if not negated:
        return rest
    auxiliary, _, tail = rest.partition(" ")
    return f"{_NEGATED.get(auxiliary.casefold(), f'{auxiliary}n' + chr(39) + 't')} {tail}"


def _of_somebody(wh: str, before: str, asked_for: Phrase | None, found: Sequence[Phrase]) -> str:
    """As `asked_otherwise` for "who seconded the motion", in which nobody is named."""
    asked = question_words(before)
    verb = asked_for.end if asked_for is not None else 1
    thing = next((p for p in found if p.part is Part.OBJECT and p.first == verb + 1), None)
    if thing is not None and asked[verb].folded.endswith("ed"):
        be = "were" if thing.plural else "was"
        return f"{wh} {be} {thing.text} {asked[verb].shown}{before[asked[thing.end - 1].end :]}"
    who = asked_for.text if asked_for is not None else "something" if asked[0].folded == "what" else "somebody"
    return f"{wh} was it that {who} {before[asked[verb].start :]}" if verb < len(asked) else f"{wh}: {before}"
