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
from transcript_qa.questions.voices import Named, Voices, Word, question_words
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import terms

_BEFORE_SUBJECT = frozenset(
    "what how why when where which that whether if as whatever things thing everything anything words reasons".split()
)
_TOPIC_STARTS = frozenset("on about regarding concerning".split())
_TALK = (
    r"(?:meeting|hearing|session|sitting|inquiry|episode|transcript|recording|call|interview|conversation|podcast"
    r"|briefing|conference|debate|talks?|visit)"
)
_ANY_TALK = frozenset("meeting session transcript recording conversation".split())
_LAST = re.compile(
    r"(?:\b(?P<within>at|in|during|from|of)\s+)?\bthe\s+(?:very\s+)?"
    r"(?P<which>last|latest|most recent|newest|first|earliest|oldest)\s+"
    rf"(?P<of>(?:[\w’'-]+\s+){{0,3}}?)(?P<noun>{_TALK})\b",
    re.IGNORECASE,
)
_TALK_BEFORE = re.compile(rf"\b{_TALK}s?\s+(?:held\s+|dated\s+)?$", re.IGNORECASE)
_TALK_AFTER = re.compile(rf"\s*(?:'s|’s)?\s+(?:\w+\s+)?{_TALK}\b", re.IGNORECASE)
_SAID_BEFORE = re.compile(
    r"\b(?:said|discussed|mentioned|told|talked about|spoken of|spoke|raised|agreed)\s+$", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"\b(episode|part|day|session|hearing|meeting|chapter|volume|no)\.?\s+(\d{1,5})\b", re.IGNORECASE
)
_NEAR_TITLE = 0.8


def implied_by(question: str, infos: Sequence[TranscriptInfo], given: Filters) -> tuple[Implied, ...]:
    """What the question narrows itself to, as far as the person has not.

    Args:
        question: stand-alone, in words.
        infos: the transcripts that `given` leaves.
        given: what the person narrowed to; a kind that is given is not implied.
    """
    found: list[Implied] = []
    if not given.transcripts:
        found += _transcripts(question, infos)
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
    named = Voices(infos).named_in(asked)
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


def _transcripts(question: str, infos: Sequence[TranscriptInfo]) -> Iterator[Implied]:
    yield from _last_ones(question, infos)
    yield from _numbered(question, infos)
    titled = [(info, words_of) for info in infos if (words_of := _title_words(question, info))]
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
    fit = [(info.date, info) for info in infos if info.date is not None and wanted <= set(terms(info.title))]
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


def _title_words(question: str, info: TranscriptInfo) -> str:
    """The words of the question that are as good as the whole title, or the id; else empty."""
    by_id = re.search(rf"(?<![\w-]){re.escape(info.id)}(?![\w-])", question, re.IGNORECASE)
    if by_id is not None and re.search(r"[\d_-]", info.id):
        return by_id[0]
    if len(info.title.split()) > 1 and (at := question.casefold().find(info.title.casefold())) >= 0:
        quoted = question[max(0, at - 1) : at] in "“\"‘'" and at > 0
        if quoted or len(terms(info.title)) >= 3:
            return question[at : at + len(info.title)]
    wanted = terms(info.title)
    if len(set(wanted)) < 4:
        return ""
    asked = question_words(question)
    held = [(at, stems[0]) for at, word in enumerate(asked) if (stems := terms(word.shown)) and stems[0] in wanted]
    if len({stemmed for _, stemmed in held}) < _NEAR_TITLE * len(set(wanted)):
        return ""
    first, last = held[0][0], held[-1][0]
    if last - first + 1 > 2 * len(wanted) + 3:
        return ""
    return question[asked[first].start : asked[last].end]


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
