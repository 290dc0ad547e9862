"""What "it", "that" and "she" stand for: the things and people of the questions before.

Of a question's things the one it is about comes first, then its subject, what it asked for, its object and its
places; number agrees. Of its people those named come first, then whoever was quoted; "Mr" and "Ms" have to agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from transcript_qa.formats.lexicon import OFFICES, TITLES
from transcript_qa.questions.phrases import AUXILIARIES, DOES, PREPOSITIONS, TIME_WORDS, WH, Part, Phrase, phrases
from transcript_qa.questions.saying import DO, OPINION, PLAN, SAY
from transcript_qa.questions.titles import TALK
from transcript_qa.questions.voices import Voices, Word, question_words

LOOK_BACK = 3
_ORDER = (Part.ABOUT, Part.SUBJECT, Part.ASKED, Part.OBJECT, Part.PLACE)
_HE = frozenset("mr sir lord king father brother prince he him his".split())
_SHE = frozenset("ms mrs miss dame lady queen sister mother princess madam she her hers".split())
# What is said beside the topic: "about the price in the last meeting", "when discussing the remote".
_BESIDE = re.compile(
    r"\s+(?:(?:in|at|during|from) the (?:\w+ ){0,2}(?:meeting|hearing|session|talk|episode|transcript|discussion)"
    r"|when \w+ing\b.*|while \w+ing\b.*|according to .*)$",
    re.IGNORECASE,
)
_PROPER = re.compile(r"(?<![.!?]\s)(?<!^)(?<!\w)(?P<name>[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)+)")
_PERSONS = TITLES | frozenset(
    "master helmsman apprentice neighbour daughter son wife husband mother brother conductor verger owner "
    "contractor consultant grower driver girl boy woman man lady child courier skipper victim winner colleague".split()
)
_WHERE_IT_WAS_SAID = re.compile(rf"\b(?:{TALK}|show|programme|channel)s?$", re.IGNORECASE)
_ORGANISED = OFFICES | frozenset(
    "court senate house parliament club act bill law school hall bridge street road river church museum hospital "
    "airport station prize award fund trust society league times post".split()
)
_ENDING = " ?.!,;:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A question of the conversation and what came of it.

    Attributes:
        question: stand-alone.
        quotes: what was quoted, in order.
        speakers: who was quoted, each once, as a filter takes them.
        repliers: who spoke next after what was quoted first.
    """

    question: str
    quotes: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    repliers: tuple[str, ...] = ()


class Antecedents:
    """What pronouns stand for after these questions.

    Args:
        earlier: oldest first.
        voices: who speaks in the transcripts.
    """

    def __init__(self, earlier: Sequence[Earlier], voices: Voices) -> None:
        self._earlier = list(earlier)[-LOOK_BACK:]
        self._voices = voices

    @property
    def last(self) -> Earlier:
        """The question just before."""
        return self._earlier[-1]

    def topic(self) -> str:
        """What was talked about, in full, or empty."""
        for each in reversed(self._earlier):
            found = about_clause(each.question) or self._done_to(each) or self._thing_of(each, plural=None)
            if found:
                return found
        return ""

    def _done_to(self, each: Earlier) -> str:
        """What somebody does something to: "the price" of "why did the council raise the price"; with a name, both."""
        asked = question_words(each.question)
        found = [p for p in phrases(each.question) if p.part in (Part.SUBJECT, Part.OBJECT, Part.ASKED)]
        if [p.part for p in found[:2]] != [Part.SUBJECT, Part.OBJECT] or found[0].first == 0:
            return ""
        subject, thing = found[:2]
        does = asked[subject.first - 1].folded in DOES and thing.first > subject.end
        # A bare word behind may as well be a verb: "why didn't they enroll".
        bare = thing.end - thing.first == 1 and thing.text.islower() and not thing.plural
        if not does or bare or thing.text.split()[-1] in TIME_WORDS:
            return ""
        named = any(n.first < subject.end and subject.first < n.end for n in self._voices.named_in(asked))
        done_to = _with_article(thing, asked)
        return f"{subject.text} and {done_to}" if _is_proper(subject) and not named else done_to

    def thing(self, *, plural: bool) -> str:
        """What "it" or "they" stands for, or empty; "a permit" may be any of them, and so is "permits" too."""
        for each in reversed(self._earlier):
            found = self._thing_of(each, plural=plural)
            if found:
                return found
            if plural and (one := self._any_of(each)):
                return one
        return ""

    def _any_of(self, each: Earlier) -> str:
        of_many = [
            p for p in phrases(each.question) if p.text.casefold().startswith(("a ", "an ")) and " of " not in p.text
        ]
        return f"the {of_many[0].text.partition(' ')[2]}s" if of_many else ""

    def place(self) -> str:
        """What "there" stands for, its preposition included, or empty."""
        for each in reversed(self._earlier):
            places = [p for p in phrases(each.question) if p.preposition in ("in", "at", "on", "near", "from")]
            if places:
                return f"{'in' if places[-1].preposition == 'from' else places[-1].preposition} {places[-1].text}"
        return ""

    def person(self, pronoun: str, *, replies: bool, besides: Set[str] = frozenset()) -> str:
        """Who "he" or "she" is, or empty.

        Args:
            pronoun: folded.
            replies: whether it is somebody who answers what was quoted.
            besides: speakers who are not meant, as a filter takes them.
        """
        for each in reversed(self._earlier):
            quoted = set(each.speakers[:1])
            people = [*each.repliers, *(n for n in self._people_of(each) if not self._is(n, quoted))] if replies else []
            people += self._people_of(each)
            for name in people:
                if _agrees(pronoun, name) and not self._is(name, besides):
                    return name
        return ""

    def _is(self, shown: str, names: Set[str]) -> bool:
        """Whether a name as the question has it is one of these speakers."""
        found = self._voices.named_in(question_words(shown))
        return shown in names or any(name in names for each in found for name in each.names)

    def _people_of(self, each: Earlier) -> list[str]:
        asked = question_words(each.question)
        named = self._voices.named_in(asked)
        people = [_bare_of(each.question, asked, n.first, n.end) for n in named]
        told = {word.folded for word in asked} & (SAY | DO | OPINION | PLAN)
        if not people:
            people = [
                _without_possessive(match["name"]) for match in _names_in(each.question) if _may_be_he(match, each)
            ]
        if not people and not told and asked and asked[0].folded in ("who", "which", "what"):
            people = [match["name"] for quote in each.quotes[:1] for match in _PROPER.finditer(" ".join(quote.split()))]
        if not people:
            people = [p.text for p in phrases(each.question) if is_person(p.text)]
        return [*people, *each.speakers]

    def _thing_of(self, each: Earlier, *, plural: bool | None) -> str:
        asked = question_words(each.question)
        named = self._voices.named_in(asked)
        found = [p for p in phrases(each.question) if not any(n.first < p.end and p.first < n.end for n in named)]
        found = [p for p in found if not (p.preposition and _WHERE_IT_WAS_SAID.search(p.text))] or found
        fit = [p for p in found if plural is None or p.plural == plural]
        asks_who = any(
            p.part is Part.ASKED and p.end < len(asked) and asked[p.end].folded not in AUXILIARIES for p in fit
        )
        order = (Part.ABOUT, Part.OBJECT, *_ORDER) if asks_who else _ORDER
        # "What loan did Norway give?": it is the loan.
        common = [p for p in fit if p.part is not Part.SUBJECT or not _is_proper(p)]
        fit = common if any(p.part is Part.ASKED for p in common) else fit
        first = min(fit, key=lambda p: (order.index(p.part), p.first), default=None)
        return _with_article(first, asked) if first is not None else ""


def is_person(phrase: str) -> bool:
    """Whether a phrase that is no name stands for somebody.

    >>> is_person("the museum's former director"), is_person("the former museum")
    (True, False)
    """
    return phrase.split()[-1].casefold() in _PERSONS


def about_clause(question: str) -> str:
    """What a question about somebody's words is about, in full, or empty.

    >>> about_clause("What did Dacey say about raising the price in the last meeting?")
    'raising the price'
    """
    asked = question_words(question)
    for at, word in enumerate(asked[:-1]):
        says = at > 0 and asked[at - 1].folded in SAY | OPINION | DO | PLAN  # and not "want in the debate on the roof"
        names_it = says and word.folded in ("on", "of") and asked[at + 1].folded not in PREPOSITIONS
        if word.folded in ("about", "regarding", "concerning") or names_it:
            rest = question[asked[at + 1].start :].strip(_ENDING)
            if not names_it or not _WHERE_IT_WAS_SAID.search(rest):
                return _BESIDE.sub("", rest)
    return ""


def _names_in(question: str) -> Iterator[re.Match[str]]:
    """Words with capitals inside a question, but for places."""
    for match in re.finditer(r"(?<=\s)(?P<name>[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*)", question):
        before = question[: match.start()].split()
        # "The Thomas Fire" is nobody.
        elsewhere = PREPOSITIONS - {"about", "of", "to", "by", "with", "for"} | {"the"}
        if not before or before[-1].casefold() not in elsewhere:
            yield match


def _may_be_he(match: re.Match[str], each: Earlier) -> bool:
    """Whether such a name may be somebody's: what owns, or has an "its", may be a country if the answer has no "he"."""
    name = match["name"]
    if any(word.folded in _ORGANISED for word in question_words(name)):
        return False
    owns = name != _without_possessive(name) or re.match(r"\s+its\b", match.string[match.end() :])
    spoken_of = any(word.folded in _HE | _SHE for quote in each.quotes[:1] for word in question_words(quote))
    return not owns or " " in name or spoken_of


def _bare_of(question: str, asked: Sequence[Word], first: int, end: int) -> str:
    return _without_possessive(question[asked[first].start : asked[end - 1].end])


def _without_possessive(name: str) -> str:
    return re.sub(r"['’]s?$", "", name)


def _is_proper(phrase: Phrase) -> bool:
    return all(word.shown[:1].isupper() and not word.possessive for word in question_words(phrase.text))


def _with_article(phrase: Phrase, asked: Sequence[Word]) -> str:
    """A phrase as it is said again: "a loan" and the bare words of a search become "the loan"."""
    text = re.sub(r"^(?:an?|some|any|no|its|their)\s+", "the ", phrase.text, flags=re.IGNORECASE)
    bare = text == phrase.text and phrase.part is Part.OBJECT and text[:1].islower()
    no_sentence = not any(word.folded in WH | AUXILIARIES for word in asked)
    if bare and no_sentence and not phrase.plural and not text.startswith("the "):
        return f"the {text}"
    return text


def _agrees(pronoun: str, name: str) -> bool:
    """Whether a pronoun may stand for somebody called so.

    >>> _agrees("she", "MS. KESTREVAN"), _agrees("she", "Mr Pike"), _agrees("he", "Mira Voss")
    (True, False, True)
    """
    titles = {word.folded for word in question_words(name)[:1]}
    if pronoun in _HE:
        return not titles & _SHE
    if pronoun in _SHE:
        return not titles & _HE
    return True
