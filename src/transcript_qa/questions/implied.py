"""What a question narrows itself to by its own words: speakers, transcripts, dates.

Wrong filters do harm, so that one is strict only where it is certain: the speaker is the subject of saying and nobody
else can be meant, the title is there as good as whole, the date is that of the talk. Else it is a preference: what fits
it comes first. Somebody who is asked about is no filter at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from transcript_qa.datatypes import Filters, Implied, ImpliedKind
from transcript_qa.questions.daterange import DateWords, dates_in
from transcript_qa.questions.saying import ADVERBS, AUXILIARIES, DO, OPINION, PLAN, SAY
from transcript_qa.questions.titles import TALK, transcripts_named
from transcript_qa.questions.voices import Named, Word, question_words, voices_of
from transcript_qa.store import TranscriptInfo

_BEFORE_SUBJECT = frozenset(
    "what how why when where which that whether if as whatever things thing everything anything words reasons".split()
)
_TOPIC_STARTS = frozenset("on about regarding concerning".split())
_TALK_BEFORE = re.compile(rf"\b{TALK}s?\s+(?:held\s+|dated\s+)?$", re.IGNORECASE)
_TALK_AFTER = re.compile(rf"\s*(?:'s|’s)?\s+(?:\w+\s+)?{TALK}\b", re.IGNORECASE)
_SAID_BEFORE = re.compile(
    r"\b(?:said|discussed|mentioned|told|talked about|spoken of|spoke|raised|agreed)\s+$", re.IGNORECASE
)


def implied_by(question: str, infos: Sequence[TranscriptInfo], given: Filters) -> tuple[Implied, ...]:
    """What the question narrows itself to, as far as the person has not.

    Args:
        question: stand-alone, in words.
        infos: the transcripts that `given` leaves.
        given: what the person narrowed to; a kind that is given is not implied.
    """
    found: list[Implied] = []
    if not given.transcripts:
        found += transcripts_named(question, infos)
    if not (given.after or given.before):
        taken = {transcript_id for each in found if each.strict for transcript_id in each.values}
        found += _dates(question, [info for info in infos if not taken or info.id in taken])
    if not given.speakers:
        taken = {
            transcript_id
            for each in found
            if each.strict and each.kind is ImpliedKind.TRANSCRIPT
            for transcript_id in each.values
        }
        found += _speakers(question, [info for info in infos if not taken or info.id in taken])
    return tuple({each.key: each for each in found}.values())


def without(implied: Sequence[Implied], keep: bool | Collection[str]) -> tuple[Implied, ...]:
    """Those that are wanted.

    Args:
        implied: any.
        keep: True for all, False for none, or the keys (`speaker:Mira Voss`) and kinds (`speaker`) to leave out.
    """
    if isinstance(keep, bool):
        return tuple(implied) if keep else ()
    left_out = {key.casefold() for key in keep}
    return tuple(i for i in implied if not {i.key.casefold(), i.kind.value} & left_out)


def narrowed(given: Filters, implied: Sequence[Implied]) -> Filters:
    """The filters of the person and those of the question, as one."""
    filters = replace(given, implied=tuple(implied))
    for each in implied:
        if not each.strict:
            continue
        if each.kind is ImpliedKind.SPEAKER:
            filters = replace(filters, speakers=tuple(dict.fromkeys((*filters.speakers, *each.values))))
        elif each.kind is ImpliedKind.TRANSCRIPT:
            filters = replace(filters, transcripts=tuple(dict.fromkeys((*filters.transcripts, *each.values))))
        else:
            filters = _within(filters, *each.values)
    return filters


def preferred(implied: Sequence[Implied]) -> list[Filters]:
    """What only comes first, each as filters of its own."""
    found = []
    for each in implied:
        if not each.strict:
            found.append(narrowed(Filters(), [replace(each, strict=True)]))
    return found


def _within(filters: Filters, first: str, last: str) -> Filters:
    after = date.fromisoformat(first) if date.fromisoformat(first) != date.min else None
    before = date.fromisoformat(last) if date.fromisoformat(last) != date.max else None
    if after and filters.after:
        after = max(after, filters.after)
    if before and filters.before:
        before = min(before, filters.before)
    after, before = after or filters.after, before or filters.before
    if after and before and after > before:
        return filters
    return replace(filters, after=after, before=before)


def _speakers(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    asked = question_words(question)
    named = voices_of(infos).named_in(asked)
    for group in _together(asked, named):
        first, end = group[0].first, group[-1].end
        strict = _says(asked, first, end)
        if strict is None:
            continue
        names = tuple(dict.fromkeys(name for each in group for name in each.names))
        certain = strict and all(each.certain for each in group)
        words_of = question[asked[first].start : asked[end - 1].end]
        if certain or len(names) > 1:
            yield from (
                Implied(
                    kind=ImpliedKind.SPEAKER,
                    values=each.names,
                    label=" or ".join(each.names),
                    words=words_of,
                    strict=certain,
                )
                for each in group
            )
        else:
            yield Implied(
                kind=ImpliedKind.SPEAKER, values=names, label=" or ".join(names), words=words_of, strict=False
            )


def _together(asked: Sequence[Word], named: Sequence[Named]) -> list[list[Named]]:
    """Names joined by "and" or "or" as one group."""
    groups: list[list[Named]] = []
    for each in named:
        last = groups[-1][-1].end if groups else -1
        joined = last == each.first or (last == each.first - 1 and asked[last].folded in ("and", "or"))
        if groups and joined and not asked[last - 1].possessive:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _says(asked: Sequence[Word], first: int, end: int) -> bool | None:
    """Whether whoever is named in these words is the one who says it: surely, perhaps, or not at all (None)."""
    before = asked[first - 1].folded if first else ""
    before_that = asked[first - 2].folded if first > 1 else ""
    verb = end
    while verb < len(asked) and asked[verb].folded in ADVERBS:
        verb += 1
    then = asked[verb].folded if verb < len(asked) else ""
    if asked[end - 1].possessive:
        return _owns(asked, end, before)
    if before in ("was", "is", "were", "are"):
        # "Was Voss saying", but not "was Voss told".
        return then in SAY if then.endswith("ing") and then in SAY | DO else None
    if before in AUXILIARIES or before in _BEFORE_SUBJECT or not before:
        if then in SAY:
            return True
        if then in DO:
            return False
    if before == "to" and before_that == "according":
        return True
    if before in ("by", "from") and (before_that in OPINION | PLAN or (before == "by" and before_that in SAY | DO)):
        return before_that in OPINION | SAY
    if before == "of" and before_that in OPINION | PLAN:
        return False
    if not before and then in _TOPIC_STARTS:
        return False
    return None


def _owns(asked: Sequence[Word], end: int, before: str) -> bool | None:
    """As `_says`, for a name in the genitive: "Halvey's view"."""
    if before and before not in _BEFORE_OWNER:
        return None
    owned = [word.folded for word in asked[end : end + 2]]
    if any(word in OPINION for word in owned):
        return True
    return False if any(word in PLAN for word in owned) else None


_BEFORE_OWNER = frozenset(
    "is was are were what what's in and or summarise summarize describe explain give list from to of on with "
    "about did does do me us show find how were than about by which".split()
)


def _dates(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    known = {info.date for info in infos if info.date is not None}
    for found in dates_in(question, known):
        within = {day for day in known if found.first <= day <= found.last}
        if not within or (within == known and all(info.date for info in infos)):
            continue
        open_ended = found.first == date.min or found.last == date.max
        strict = _is_of_the_talk(question, found)
        if not strict and (open_ended or found.coarse):
            continue  # of what is talked about, as likely as not
        words_of = question[found.start : found.end].strip()
        yield Implied(
            kind=ImpliedKind.DATE,
            values=(found.first.isoformat(), found.last.isoformat()),
            label=_spoken(found),
            words=words_of,
            strict=strict,
        )


def _is_of_the_talk(question: str, found: DateWords) -> bool:
    """Whether a date is when something was said, and not what was said."""
    before, after = question[: found.start], question[found.end :]
    if _TALK_BEFORE.search(before) or _SAID_BEFORE.search(before) or _TALK_AFTER.match(after):
        return True
    folded = {word.folded for word in question_words(question)}
    talk = bool(folded & (SAY | DO))
    if not before.strip() and found.relation and talk:
        return True
    open_ended = found.first == date.min or found.last == date.max
    return talk and not after.strip(" ?.!") and bool(found.relation) and (open_ended or not found.coarse)


def _spoken(found: DateWords) -> str:
    """A range of days in words.

    >>> from datetime import date
    >>> _spoken(DateWords(first=date(2024, 3, 1), last=date(2024, 3, 31), start=0, end=1, relation="in", coarse=False))
    'March 2024'
    """
    if found.first == date.min:
        return f"until {found.last.isoformat()}"
    if found.last == date.max:
        return f"since {found.first.isoformat()}"
    if found.first == found.last:
        return f"{found.first.day} {found.first:%B %Y}"
    if (found.first.year, found.first.month) == (found.last.year, found.last.month):
        return f"{found.first:%B %Y}"
    return str(found.first.year) if found.first.month == 1 else f"{found.first.isoformat()} to {found.last.isoformat()}"
