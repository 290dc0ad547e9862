"""Text as it is compared: normalising with an offset map, sentences, words and terms.

Everything here is a pure function of its arguments. Offsets are characters of the text given.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from transcript_qa.datatypes import Span

_QUOTES = {ord(c): "'" for c in "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`"} | {
    ord(c): '"' for c in "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
}
_DASHES = {ord(c): "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"}
_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_FOLD = _QUOTES | _DASHES


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text made comparable, and the way back.

    Attributes:
        text: folded text.
        offsets: for each character of `text` the index of the source character it came from, and one more at the end:
            the source's length.
    """

    text: str
    offsets: tuple[int, ...]

    def source_span(self, start: int, end: int) -> Span:
        """The source characters behind `text[start:end]`; an empty range gives an empty span."""
        if start >= end:
            at = self.offsets[start]
            return Span(start=at, end=at)
        return Span(start=self.offsets[start], end=self.offsets[end - 1] + 1)


def normalise(text: str) -> Normalised:
    r"""`text` with case, quotes, dashes, Unicode forms and runs of white space folded, soft hyphens dropped.

    >>> normalise("“It’s”  Fine").text
    '"it\'s" fine'
    """
    out: list[str] = []
    offsets: list[int] = []
    blank = True
    for index, char in enumerate(text):
        if char in _DROPPED:
            continue
        if char.isspace():
            if not blank:
                out.append(" ")
                offsets.append(index)
                blank = True
            continue
        for folded in _fold_char(char):
            blank = False
            out.append(folded)
            offsets.append(index)
    if out and out[-1] == " ":
        out.pop()
        offsets.pop()
    return Normalised("".join(out), (*offsets, len(text)))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    folded = unicodedata.normalize("NFKD", char.translate(_FOLD)).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c) and not c.isspace())


# Abbreviations after which a full stop ends no sentence.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr gen col capt lt sgt rev hon sen rep gov pres vs etc no nos vol fig art sec approx dept "
    "est inc ltd co corp jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m e.g i.e u.s u.k u.n".split()
)
_SENTENCE_END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]\u00bb]*(?=\s|$)|\n\s*\n")


def sentences(text: str) -> Iterator[Span]:
    """The sentences of `text` in order, without the white space around them; blank lines always end one.

    >>> [s.of("Mr. Voss left. At 4.5 percent? Yes") for s in sentences("Mr. Voss left. At 4.5 percent? Yes")]
    ['Mr. Voss left.', 'At 4.5 percent?', 'Yes']
    """
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if not match.group().isspace() and not _ends_sentence(text, match):
            continue
        yield from _stripped(text, start, match.end())
        start = match.end()
    yield from _stripped(text, start, len(text))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if match.group()[0] != ".":
        # "?" or "!" or an ellipsis: a small letter after it goes on with the sentence ("Really? he asked").
        follows = text[match.end() : match.end() + 2].strip()
        return match.group()[0] in "!?" or not follows[:1].islower()
    before = text[max(0, match.start() - 12) : match.start()]
    word = re.search(r"[\w.]+$", before)
    if word is None:
        return True
    token = word.group().casefold()
    if match.group().startswith("..."):
        return not text[match.end() : match.end() + 2].strip()[:1].islower()
    if token in {"a.m", "p.m"}:
        return text[match.end() : match.end() + 2].strip()[:1].isupper()
    if token in _ABBREVIATIONS:
        if token in {"no", "co", "est", "art", "sec", "mar", "etc"}:
            follows = text[match.end() : match.end() + 2].strip()[:1]
            return follows.isupper() or not follows.isdigit()
        return False
    # A single capital is an initial ("J. Smith"), unless it is the word "I".
    return not (len(word.group()) == 1 and word.group().isupper() and word.group() != "I")


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start=start, end=end)


_JOINING = "'\u2019.,:"
_WORD = re.compile(rf"\w+(?:[{_JOINING}]\w+)*")


def words(text: str) -> Iterator[Span]:
    """The words of `text` in order; "didn't", "4.5" and "10:30" are one word each."""
    for match in _WORD.finditer(text):
        yield Span(start=match.start(), end=match.end())


# Function words, and the words with which people ask about talk ("what did they discuss") rather than say things.
STOP_WORDS = frozenset(
    """
    a about after all also am an and any are aren't as at be because been before being between both but by can can't
    could couldn't did didn't do does doesn't doing don't down during each else ever few for from further had hadn't
    has hasn't have haven't having he he'd he'll he's her here hers him his how i i'd i'll i'm i've if in into is
    isn't it it's its just let's me might mine more most much must my no nor not of off on once one only or other our
    ours out over own please same shall she she'd she'll she's should shouldn't so some such than that that's
    the their theirs them then there there's these they they'd they'll they're they've this those through to too
    under until up us very was wasn't we we'd we'll we're we've were weren't what what's when where which while who
    who's whom whose why will with won't would wouldn't yes you you'd you'll you're you've your yours
    according describe described describes discuss discussed discusses discussion explain explained explains gave give
    given gives mention mentioned mentions opinion said say says speak speaks spoke summarise summarize talk talked
    talks tell tells think thinks thought told
    """.split()
)


def terms(text: str, *, stop: bool = True) -> tuple[str, ...]:
    """The words of `text` in the form in which they are matched: folded, stemmed, in order, with repeats.

    Args:
        text: any text.
        stop: leave out words that carry no topic (`STOP_WORDS`).

    >>> terms("What loans were mentioned?")
    ('loan',)
    """
    return tuple(stem(word) for word in keywords(text, stop=stop))


def keywords(text: str, *, stop: bool = True) -> tuple[str, ...]:
    """The words of `text`, folded but not stemmed, in order, with repeats; `stop` as in `terms`.

    >>> keywords("What loans were mentioned?")
    ('loans',)
    """
    folded = (_folded_word(match.group()) for match in _WORD.finditer(text))
    return tuple(word for word in folded if word and not (stop and word in STOP_WORDS))


def capitals_tell(asked: Sequence[str]) -> bool:
    """Whether capitals tell the names among the words of a question: not where "was" and "the" have them too.

    >>> capitals_tell(["Who", "is", "Mira", "Voss"]), capitals_tell(["What", "Loan", "Was", "Mentioned"])
    (True, False)
    """
    small = [word for word in asked[1:] if len(word) > 1 and word.casefold() in STOP_WORDS]
    if not small:
        return not all(word[:1].isupper() for word in asked)
    return 2 * sum(word[0].isupper() for word in small) <= len(small)


def terms_among(wanted: Collection[str], text: str) -> set[str]:
    """Those of the `terms` wanted that `text` has; only words that begin like one of them are looked at.

    >>> sorted(terms_among({"loan", "bridg"}, "What loans? A loan, or the ferry."))
    ['loan']
    """
    if not text.isascii():
        return set(terms(text)).intersection(wanted)
    # What is folded of ASCII stands in no word, but for capitals.
    folded = text.lower()
    return {term for term in wanted if _stands_in(term, folded)}


def _stands_in(term: str, folded: str) -> bool:
    # A stem is the beginning of its word but for two letters at most ("ability", "abl"; "dying", "die").
    begin = term[: max(1, len(term) - 2)]
    at = folded.find(begin)
    while at >= 0:
        if _begins_word(folded, at):
            match = _WORD.match(folded, at)
            word = match.group() if match else ""
            if word not in STOP_WORDS and stem(word) == term:
                return True
        at = folded.find(begin, at + 1)
    return False


def _begins_word(text: str, at: int) -> bool:
    """Whether no word goes on here that began before."""
    if at == 0:
        return True
    before = text[at - 1]
    if before.isalnum() or before == "_":
        return False
    return not (before in _JOINING and at > 1 and (text[at - 2].isalnum() or text[at - 2] == "_"))


@lru_cache(maxsize=100_000)
def _folded_word(word: str) -> str:
    return normalise(word).text


class Stemmer(threading.local):
    """A stemmer of snowball for each thread: it keeps the word that it is at work on in itself."""

    def __init__(self, algorithm: str) -> None:
        import snowballstemmer

        self._stemmer: Any = snowballstemmer.stemmer(algorithm)

    def stem(self, word: str) -> str:
        """The stem of a folded word."""
        return str(self._stemmer.stemWord(word))


stemmer = lru_cache(maxsize=None)(Stemmer)
"""The one of an algorithm ("english", "porter"), made when it is first asked for."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The English stem of a folded word; a possessive loses its ending, numbers stay as they are.

    >>> stem("boards"), stem("board's"), stem("4.5")
    ('board', 'board', '4.5')
    """
    if word.endswith("'s"):
        word = word[:-2]
    if not word.isalpha():
        return word
    return stemmer("english").stem(word)
