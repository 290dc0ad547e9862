"""To whom a sentence gives words, and whether they are the words of that person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from transcript_qa.datatypes import Speaker, SpeakerKind, Transcript
from transcript_qa.text import normalise, stem, words
from transcript_qa.wording.evidence import Evidence

Person = tuple[str, str]  # transcript id and label

# Verbs that give words, or what they stand for, to whoever is their subject; by stem.
SAYING = frozenset(
    stem(word)
    for word in "say says said state stated tell tells told explain explained argue argued add added note noted "
    "mention mentioned announce announced confirm confirmed deny denied promise promised claim "
    "claimed warn warned think thinks thought believe believed want wants wanted suggest suggested "
    "propose proposed agree agreed reply replied answer answered admit admitted insist insisted "
    "recommend recommended object objected report reported apologise apologised thank thanked "
    "complain complained recall recalled remember remembered describe described ask asked expect "
    "expected hope hopes hoped offer offered call called remark remarked observe observed point "
    "pointed stress stressed assure assured acknowledge acknowledged estimate estimated feel felt "
    "fear feared regret regretted move moved second seconded vote voted declare declared testify "
    "testified concede conceded conclude concluded request requested demand demanded prefer preferred "
    "doubt doubted joke joked quote quoted reveal revealed decide decided plan planned invite invited "
    "welcome welcomed praise praised criticise criticised urge urged suspect suspected worry worried "
    "list listed undertake undertook invited intend intended learn learnt consider considered favour "
    "favoured refuse refused".split()
)
_BETWEEN = frozenset(
    "also then has had have was is later again himself herself first even only still never not did does would "
    "will could clearly simply further already once both".split()
)
_TITLES = frozenset("mr mrs ms miss dr sir madam the".split())
_NO_NAMES = frozenset("of the and for to in on a an mr mrs ms dr sir madam".split())
_HAD = frozenset(
    "view words opinion position answer claim testimony account evidence statement suggestion proposal".split()
)


@dataclass(frozen=True)
class People:
    """The speakers of some transcripts, by the words of their names and of their offices."""

    names: Mapping[str, frozenset[Person]]
    offices: Mapping[str, frozenset[Person]]

    @classmethod
    def of(cls, transcripts: Iterable[Transcript]) -> People:
        """The speakers of these transcripts; labels that name nobody are left out."""
        names: dict[str, set[Person]] = {}
        offices: dict[str, set[Person]] = {}
        for transcript in transcripts:
            for speaker in transcript.speakers:
                person = (transcript.id, speaker.label)
                for word in _name_parts(speaker):
                    names.setdefault(word, set()).add(person)
                for word in _office_parts(speaker):
                    offices.setdefault(word, set()).add(person)
        return cls(_frozen(names), _frozen({word: who for word, who in offices.items() if word not in names}))

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of all words of names."""
        return frozenset(stem(word) for word in self.names)

    def named(self, word: str) -> frozenset[Person]:
        """Who may be meant by a word."""
        return self.names.get(word) or self.offices.get(word) or frozenset()


def misattributed(text: str, cited: Sequence[Evidence], people: People) -> str | None:
    """The name to which a text gives words that none of those it cites has said; None where there is no such.

    What one speaker reports of another ("Mr Lindqvar told me …") is the words of the first.
    """
    heard = {
        (one.transcript.id, label) for one in cited for label in (one.turn.speaker.label, *one.turn.speaker.aliases)
    }
    for shown, meant in _attributions(text, people):
        if not meant & heard:
            return shown
    return None


def _attributions(text: str, people: People) -> Iterator[tuple[str, frozenset[Person]]]:
    spans = list(words(text))
    shown = [span.of(text) for span in spans]
    tokens = [normalise(word).text for word in shown]
    at = 0
    while at < len(tokens):
        meant = _meant(people, tokens[at], shown[at])
        end = at + 1
        while meant and end < len(tokens) and (more := _meant(people, tokens[end], shown[end])):
            meant = meant & more or more
            end += 1
        if meant and (_speaks(tokens, text, spans[end - 1].end, end) or _is_spoken_of(tokens, at, shown[end - 1])):
            yield " ".join(shown[at:end]), meant
        at = end


def _meant(people: People, token: str, shown: str) -> frozenset[Person]:
    bare = token.removesuffix("'s").removesuffix("'")
    return people.named(bare) if shown[:1].isupper() or bare in people.offices else frozenset()


def _speaks(tokens: Sequence[str], text: str, char: int, at: int) -> bool:
    """Whether a verb of speech follows a name that ends at `char`, of which `at` is the next word."""
    follows = text[char : char + 2].strip()
    if follows.startswith(":"):
        return True
    reach = 9 if follows.startswith((",", "(")) else 4
    for token in tokens[at : at + reach]:
        if stem(token) in SAYING:
            return True
        if token not in _BETWEEN and reach == 4:
            return token in _HAD and tokens[at - 1].endswith("s")
    return False


def _is_spoken_of(tokens: Sequence[str], at: int, last: str) -> bool:
    """Whether "according to", "said" or "… by" stands before a name, or the name owns what was said."""
    before = [token for token in tokens[max(0, at - 4) : at] if token not in _TITLES]
    if before[-2:] == ["according", "to"] or before[-1:] in (["said"], ["says"]):
        return True
    if before[-1:] == ["by"] and len(before) > 1 and stem(before[-2]) in SAYING:
        return True
    return last.endswith(("'s", "’s")) and any(token in _HAD for token in tokens[at + 1 : at + 4])


def _name_parts(speaker: Speaker) -> set[str]:
    if speaker.kind not in (SpeakerKind.NAMED, SpeakerKind.INHERITED) and speaker.name is None:
        return set()
    named = [speaker.name] if speaker.name else [speaker.label, *speaker.aliases]
    found = {normalise(span.of(name)).text for name in named for span in words(name)}
    return {word for word in found if len(word) > 1 and word not in _NO_NAMES and not word[0].isdigit()}


def _office_parts(speaker: Speaker) -> set[str]:
    office = re.split(r"\b(?:of|for|from|at)\b|[,(]", speaker.role or "")[0]
    return {normalise(span.of(office)).text for span in words(office)} - _NO_NAMES


def _frozen(found: Mapping[str, set[Person]]) -> dict[str, frozenset[Person]]:
    return {word: frozenset(who) for word, who in found.items()}
