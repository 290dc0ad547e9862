"""The words of a text in the form in which a quotation is compared with a transcript, and where each stands.

Folded away is what a faithful quotation may change: capitals, Unicode forms, accents, the shape of quotes and
apostrophes, hyphens, numbers in words or digits, hesitation (`um`, `you know`) and notes about sounds (`[laughter]`,
`{cough}`). What would change the sense stays: numbers by value with their sign, unit and currency, and every word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from transcript_qa.grounding.numerals import STARTS, digits_value, is_number, read_number

_APOSTROPHES = "'’‘ʼ´`"
# Soft hyphens, and accents that are characters of their own, part no words.
_WITHIN = r"\w\u00ad\u0300-\u036f"
_TOKEN = re.compile(
    rf"""
      [$€£¥₽₹%¢&]
    | (?<![\w*+=|\\^~])[*+=|\\^~]+(?![\w*+=|\\^~])                  # a sign that stands alone, as in x = y
    | (?:[^\W\d_]\.){{2,}}                                            # U.S., a.m.
    | (?<![\w.,)\]%])[-\u2212](?=\.?\d)\.?\d[\w.,:]*(?<![.,:])         # -5
    | (?<![\w.])\.\d+                                                 # .5
    | \d{{1,3}}(?:[\u00a0\u202f\u2009]\d{{3}})+(?!\w)                 # 1 200 000 with narrow blanks
    | \d\w*(?:[.,:]\w+)*
    | (?<![^\w\s])['’ʼ´`](?:s|re|m|ve|ll|d)\b                          # the end of "it's", and of "it 's"
    | \w[{_WITHIN}]*
      (?:\s?n[{_APOSTROPHES}]t\b|[{_APOSTROPHES}](?!(?:s|re|m|ve|ll|d)\b)\w[{_WITHIN}]*)*(?:\+\+|\#(?!\w))?
    """,
    re.VERBOSE,
)
# What transcripts note about sounds; in round brackets stand words that were said as well.
NOTE = re.compile(
    r"\{[^{}\n]{1,80}\}|\[[^\[\]\n]{1,200}\]|<[^<>\n]{1,40}>|‹[^›\n]{1,40}>"
    r"|\((?:laugh\w*|applause|inaudible|unintelligible|indistinct|crosstalk|pause|sighs?|coughs?|music|cheer\w*)\.?\)",
    re.IGNORECASE,
)
FILLERS = frozenset("um umm uh uhh uhm er erm ah eh hm hmm mm mmm mhm".split())
_FILLER_PAIRS = frozenset({("you", "know"), ("i", "mean")})
# Beside these "you know" and "I mean" say something.
PAIR_WORDS = frozenset({"you", "know", "i", "mean"})
_ASKING = frozenset(
    "do did does don't didn't if as what that how when whether let because since before can could will would "
    "should may "
    "might must not never if to who where why about it them him her this your".split()
)
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₽": "rouble", "₹": "rupee"}
_UNITS = {
    "dollars": "dollar",
    "euros": "euro",
    "pounds": "pound",
    "cents": "cent",
    "rubles": "rouble",
    "rupees": "rupee",
}
_SAME = {"percent": "%", "pct": "%", "&": "and", "¢": "cent", "okay": "ok"} | {
    word.replace("'", ""): word
    for word in (
        "don't didn't doesn't isn't aren't wasn't weren't hasn't haven't hadn't couldn't wouldn't shouldn't can't"
    ).split()
}
# Between the words of one number; what is left out of a wording may stand there too.
_GAP = re.compile(
    rf"(?:[\s\-\u2010\u2011\u2012\u2013]|{NOTE.pattern}|[,.]?\s*\b(?:{'|'.join(sorted(FILLERS))})\b[\s,.]*)*",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"\s*[-\u2010\u2011]\s*")


@dataclass(frozen=True, slots=True)
class FoldedWords:
    """Words in comparable form.

    Attributes:
        keys: equal where the words are.
        starts, ends: the characters of each in the text, half-open, not falling.
    """

    keys: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.keys)


def folded_words(text: str, start: int = 0, end: int | None = None) -> FoldedWords:
    """The words of `text[start:end]`, fillers and notes left out; positions are those of `text`.

    >>> folded_words("Um, twenty-five per cent, [laughs] it’s $1.2 million.").keys
    ('25', '%', 'it', "'s", '1200000', 'dollar')
    """
    raw = _raw(text, start, len(text) if end is None else end)
    raw = _chosen(raw, [n for n, key in enumerate(raw.keys) if key not in FILLERS])
    if not STARTS.isdisjoint(raw.keys) or any(map(is_number, raw.keys)):
        raw = _with_numbers(text, raw)
    return _without_asides(text, raw)


def hyphenated(text: str, left_end: int, right_start: int) -> bool:
    """Whether a hyphen is all that stands between two words."""
    return _HYPHEN.fullmatch(text, left_end, right_start) is not None


def _raw(text: str, start: int, end: int) -> FoldedWords:
    keys: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    notes = _notes(text, start, end)
    note_start, note_end = next(notes)
    for match in _TOKEN.finditer(text, start, end):
        first, last = match.span()
        while first >= note_end:
            note_start, note_end = next(notes)
        if first >= note_start:
            continue
        key = word_key(match.group())
        if key:
            keys.append(key)
            starts.append(first)
            ends.append(last)
    return FoldedWords(tuple(keys), tuple(starts), tuple(ends))


def _notes(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where notes stand, and last a place that is never reached."""
    for match in NOTE.finditer(text, start, end):
        yield match.span()
    yield len(text) + 1, len(text) + 2


@lru_cache(maxsize=200_000)
def word_key(surface: str) -> str:
    """One word, folded; numbers in digits by value.

    >>> word_key("Don’t"), word_key("D_V_D_"), word_key("U.S."), word_key("MÜLLER"), word_key("C++")
    ("don't", 'dvd', 'us', 'muller', 'c++')
    """
    if surface[:1].isdigit() or (surface[:1] in "-\u2212." and len(surface) > 1):
        return digits_value(surface)
    key = _folded(surface)
    return _SAME.get(key, key)


def _folded(surface: str) -> str:
    out = []
    raised = any(unicodedata.decomposition(char).startswith(("<super>", "<sub>")) for char in surface)
    for char in unicodedata.normalize("NFD" if raised else "NFKD", surface.replace("_", "")).casefold():
        if char in _APOSTROPHES:
            out.append("'")
        elif (
            char == "\u00ad"
            or char == "."
            or char.isspace()
            or unicodedata.category(char) == "Cf"
            or ("\u0300" <= char <= "\u036f" and out and out[-1].isascii())
        ):
            continue
        else:
            out.append(char)
    return unicodedata.normalize("NFC", "".join(out))


def _with_numbers(text: str, raw: FoldedWords) -> FoldedWords:
    """Numbers of several words as one, with their unit or currency behind."""
    keys: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(key: str, first: int, last: int) -> None:
        keys.append(key)
        starts.append(raw.starts[first])
        ends.append(raw.ends[last])

    def joined(place: int) -> bool:
        return _GAP.fullmatch(text, raw.ends[place - 1], raw.starts[place]) is not None

    at, n = 0, len(raw)
    while at < n:
        key = raw.keys[at]
        currency = _CURRENCIES.get(key) if at + 1 < n and is_number(raw.keys[at + 1]) else None
        first, at = at, at + (currency is not None)
        money = digits_value(text[raw.starts[at] : raw.ends[at]], money=True) if currency else None
        read = read_number(raw.keys, at, joined) if money in (None, raw.keys[at]) and _may_start(raw.keys[at]) else None
        value, behind = read or (money or raw.keys[at], at + 1)
        put(value, first, behind - 1)
        if currency:
            put(currency, first, behind - 1)
            behind += behind < n and _UNITS.get(raw.keys[behind]) == currency
        elif keys and is_number(value) and behind < n and raw.keys[behind] in _UNITS:
            put(_UNITS[raw.keys[behind]], behind, behind)
            behind += 1
        at = behind
        if at + 1 < n and raw.keys[at] == "per" and raw.keys[at + 1] == "cent":
            put("%", at, at + 1)
            at += 2
    return FoldedWords(tuple(keys), tuple(starts), tuple(ends))


def _may_start(key: str) -> bool:
    return key in STARTS or is_number(key)


def _without_asides(text: str, raw: FoldedWords) -> FoldedWords:
    kept: list[int] = []
    skip = -1
    for at, pair in enumerate(zip_longest(raw.keys, raw.keys[1:])):
        if at == skip:
            continue
        if pair in _FILLER_PAIRS and _is_aside(text, raw, at):
            skip = at + 1
        else:
            kept.append(at)
    return _chosen(raw, kept)


def _chosen(raw: FoldedWords, kept: Sequence[int]) -> FoldedWords:
    if len(kept) == len(raw):
        return raw
    return FoldedWords(
        tuple(raw.keys[n] for n in kept), tuple(raw.starts[n] for n in kept), tuple(raw.ends[n] for n in kept)
    )


def _is_aside(text: str, raw: FoldedWords, at: int) -> bool:
    """Whether the two words from `at` on are but filling: set off by a comma, or beside no word that takes them."""
    keys = raw.keys
    before = keys[at - 1] if at else ""
    after = keys[at + 2] if at + 2 < len(keys) else ""
    if before in _ASKING:
        return False
    off_before = at == 0 or not text[raw.ends[at - 1] : raw.starts[at]].isspace()
    off_after = not after or not text[raw.ends[at + 1] : raw.starts[at + 2]].isspace()
    return off_after or (after not in _ASKING and (off_before or bool(before and after)))
