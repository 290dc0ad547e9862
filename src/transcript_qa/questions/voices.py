"""Who of an index is named in a question: by whole name, by one name that only one person has, or by an office.

Names are compared folded, without "Mr" and its like. A name that several people have finds them all and is not certain.
Who speaks in an archive takes longer to gather than to look up, so that `voices_of` keeps it: measured with 5,000
transcripts and 23,000 speakers, see `benchmarks/questions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from transcript_qa.datatypes import Speaker, SpeakerKind
from transcript_qa.formats.lexicon import HONORIFICS, TITLES
from transcript_qa.render import is_person
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import capitals_tell, normalise, words

_TITLES = HONORIFICS | TITLES
_MOST_SHARING = 3
_LONGEST_NAME = 8
_N_KEPT = 8
# Labels that stand for nobody in particular.
_NOBODY = frozenset(
    "q a question questions answer answers reply response me them all several man woman voice voices unknown "
    "speaker participant participants audience unidentified".split()
)
# In front of a name alone, these are no part of another person's name.
_BEFORE_NAMES = frozenset(
    "what which who whom whose when where why how did does do has had have would will could can should is are was "
    "were and or but the by to of from about according that if on for with in at as did's what's".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a question: as typed, folded and without a possessive ending, and its place."""

    shown: str
    folded: str
    possessive: bool
    start: int
    end: int


def question_words(question: str) -> list[Word]:
    """The words of a question in order.

    >>> [(word.folded, word.possessive) for word in question_words("Mira Voss's view?")]
    [('mira', False), ('voss', True), ('view', False)]
    """
    found = []
    for span in words(question):
        shown = span.of(question)
        folded = normalise(shown).text
        possessive = folded.endswith("'s")
        plural = question[span.end : span.end + 2].strip() in ("'", "’") and folded.endswith("s")
        found.append(
            Word(
                shown=shown,
                folded=folded.removesuffix("'s"),
                possessive=possessive or plural,
                start=span.start,
                end=span.end,
            )
        )
    return found


@dataclass(slots=True, eq=False)
class Voice:
    """Somebody who speaks in the index.

    Attributes:
        name: as a filter takes it.
        person: whether it is a person's name, and no label of a file.
        diarised: whether a recogniser made the label.
        full: every whole name and label, as folded words.
        parts: single names, given or family.
        offices: what "the …" may call them.
        transcripts: ids.
    """

    name: str
    person: bool
    diarised: bool
    full: set[tuple[str, ...]] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    offices: set[tuple[str, ...]] = field(default_factory=set)
    transcripts: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A place in a question where speakers are named.

    Attributes:
        first, end: words of the question, half-open.
        names: as a filter takes them.
        certain: whether nobody else can be meant.
        person: whether it is a person's name, and no office or label.
    """

    first: int
    end: int
    names: tuple[str, ...]
    certain: bool
    person: bool


class Voices:
    """Everybody who speaks in some transcripts."""

    def __init__(self, infos: Iterable[TranscriptInfo]) -> None:
        found: dict[tuple[str, ...], Voice] = {}
        for info in infos:
            for entry in info.speakers:
                _add(found, entry.speaker, info.id)
        self._full = _by((words_of, voice) for voice in found.values() for words_of in voice.full)
        self._parts = _by(((part,), voice) for voice in found.values() for part in voice.parts)
        self._offices = _by((words_of, voice) for voice in found.values() for words_of in voice.offices)

    def named_in(self, asked: Sequence[Word]) -> list[Named]:
        """Every place where speakers are named, in order and not overlapping."""
        found: list[Named] = []
        at = 0
        while at < len(asked):
            named = self._whole(asked, at) or self._office(asked, at) or self._part(asked, at)
            if named is not None:
                found.append(named)
            at = named.end if named is not None else at + 1
        return found

    def _whole(self, asked: Sequence[Word], at: int) -> Named | None:
        """A whole name or label, its titles in front."""
        first = _after_titles(asked, at)
        for begin in (at, first):
            end, voices = _longest(self._full, asked, begin)
            if voices:
                before = at - 1 if at and asked[at - 1].folded == "the" and not _are_people(voices) else at
                bare = end - begin == 1 and begin == at and _are_people(voices)
                if bare and not _stands_alone(asked, begin, end):
                    return None
                return _named(before, end, voices)
        return None

    def _office(self, asked: Sequence[Word], at: int) -> Named | None:
        if asked[at].folded != "the":
            return None
        end, voices = _longest(self._offices, asked, at + 1)
        goes_on = end < len(asked) and asked[end].folded in ("of", "for") and not asked[end - 1].possessive
        return _named(at, end, voices, person=False) if voices and not goes_on else None

    def _part(self, asked: Sequence[Word], at: int) -> Named | None:
        """A given or family name, its titles in front."""
        first = _after_titles(asked, at)
        if first >= len(asked):
            return None
        voices = self._parts.get((asked[first].folded,), [])
        if not voices or not _stands_alone(asked, at, first + 1, titled=first > at):
            return None
        begin = at - 1 if first > at and at and asked[at - 1].folded == "the" else at
        return _named(begin, first + 1, voices)


_kept: list[tuple[tuple[TranscriptInfo, ...], Voices]] = []
_guard = Lock()


def voices_of(infos: Iterable[TranscriptInfo]) -> Voices:
    """Everybody who speaks in these transcripts; kept for the last few sets of them that were asked about."""
    wanted = tuple(infos)
    with _guard:
        held = next((each for each in _kept if each[0] == wanted), None)
        if held is None:
            held = wanted, Voices(wanted)
        else:
            _kept.remove(held)
        _kept.append(held)
        del _kept[:-_N_KEPT]
    return held[1]


def _add(found: dict[tuple[str, ...], Voice], speaker: Speaker, transcript_id: str) -> None:
    person = is_person(speaker)
    shown = speaker.display if person else speaker.label
    bare = _bare(shown) if person else _folded(shown)
    if not bare or speaker.kind is SpeakerKind.UNKNOWN or (len(bare) == 1 and bare[0] in _NOBODY | {""}):
        return
    if len(bare) == 1 and len(bare[0]) == 1:
        bare = ("speaker", *bare)  # recognisers call them A and B
    voice = found.setdefault(bare, Voice(name=shown, person=person, diarised=speaker.kind is SpeakerKind.DIARISED))
    voice.transcripts.add(transcript_id)
    voice.full.add(bare)
    if person:
        voice.full |= {words_of for label in (speaker.label, *speaker.aliases) if (words_of := _folded(label))}
        voice.parts |= {part for part in (bare[0], bare[-1]) if len(part) > 1 and part not in _TITLES | _BEFORE_NAMES}
    elif speaker.label:
        voice.full.add(_folded(speaker.label) if bare[0] != "speaker" else bare)
    if speaker.role:
        voice.offices |= set(_offices(speaker.role))


def _offices(role: str) -> Iterator[tuple[str, ...]]:
    """What an office is called, in full and for short.

    >>> sorted(set(_offices("Minister of Finance")))
    [('minister',), ('minister', 'of', 'finance')]
    """
    whole = _folded(role)
    yield whole
    for at, word in enumerate(whole):
        if word == "of" and at:
            yield whole[:at]
    head = whole[: whole.index("of")] if "of" in whole else whole
    if head and head[-1] in TITLES:
        yield head[-1:]


@lru_cache(maxsize=1 << 16)
def _folded(name: str) -> tuple[str, ...]:
    """A label's words; kept, since every question is held against the labels of all transcripts."""
    return tuple(word.folded for word in question_words(name))


def _bare(name: str) -> tuple[str, ...]:
    """A name without the titles in front of it; a name that is all titles stays."""
    folded = list(_folded(name))
    while len(folded) > 1 and folded[0] in _TITLES:
        folded.pop(0)
    return tuple(folded)


def _by(pairs: Iterable[tuple[tuple[str, ...], Voice]]) -> dict[tuple[str, ...], list[Voice]]:
    found: dict[tuple[str, ...], dict[Voice, None]] = {}
    for key, voice in pairs:
        found.setdefault(key, {})[voice] = None
    return {key: list(voices) for key, voices in found.items()}


def _longest(known: Mapping[tuple[str, ...], list[Voice]], asked: Sequence[Word], at: int) -> tuple[int, list[Voice]]:
    for end in range(min(len(asked), at + _LONGEST_NAME), at, -1):
        voices = known.get(tuple(word.folded for word in asked[at:end]))
        if voices:
            return end, voices
    return at, []


def _after_titles(asked: Sequence[Word], at: int) -> int:
    first = at
    while first < len(asked) - 1 and first - at < 3 and asked[first].folded in _TITLES:
        first += 1
    return first


def _stands_alone(asked: Sequence[Word], first: int, end: int, *, titled: bool = False) -> bool:
    """Whether a single name is no part of another person's: "Halvey" in "George Halvey"."""
    if not capitals_tell([word.shown for word in asked]):
        return True
    before = asked[first - 1] if first and not titled else None
    if before is not None and before.shown[:1].isupper() and before.folded not in _BEFORE_NAMES:
        return False
    after = asked[end] if end < len(asked) else None
    return after is None or asked[end - 1].possessive or not after.shown[:1].isupper()


def _are_people(voices: Sequence[Voice]) -> bool:
    return all(voice.person for voice in voices)


def _named(first: int, end: int, voices: Sequence[Voice], *, person: bool | None = None) -> Named | None:
    if len(voices) > _MOST_SHARING:
        return None
    # The same recogniser's label in two files is two people.
    one = len(voices) == 1 and (not voices[0].diarised or len(voices[0].transcripts) == 1)
    names = tuple(voice.name for voice in voices)
    is_person = _are_people(voices) if person is None else person
    return Named(first=first, end=end, names=names, certain=one, person=is_person)
