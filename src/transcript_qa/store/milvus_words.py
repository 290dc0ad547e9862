"""The keyword leg over an engine that knows words only as runs of ASCII letters and digits.

Engines differ in how they take text apart (one release ignores stemmers and refuses most analysers), so the words are
found here, for every script, in the way the local store finds them (`keywords.py`); the engine gets them ready, one
token each, and its standard analyser leaves them alone. What has other characters than ASCII letters and digits becomes
a code that begins with `zq`. Words with a point or an apostrophe inside are indexed as their parts and, joined by `zq`,
as pairs and whole; scripts without spaces as their characters and pairs of them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from transcript_qa.store.keywords import index_text, is_unspaced, match_expression
from transcript_qa.text import stemmer

_JOINT = "zq"
_MAX_CHARS = 40
_JOINING = ".,:'"
_COMPOUND = re.compile(r"[^\s.,:']+(?:[.,:'][^\s.,:']+)*")
_ASCII_OTHER = re.compile(r"[^a-z0-9.,:'\s]")
_MARKS = frozenset({"Mn", "Mc", "Co"})


def indexed_words(text: str) -> str:
    """The words of a passage as the engine indexes them, a space between.

    >>> indexed_words("The loans: 4.5 percent"), indexed_words("贷款")
    ('the loan 4 5 4zq5 percent', 'zq8d37 zq6b3e zq8d37zqzq6b3e')
    """
    return " ".join(_indexed(index_text(text)))


def asked_words(terms: Iterable[str]) -> str:
    """The words of a query as the engine looks for them; empty where no term holds a letter or a digit.

    >>> asked_words(["loans", "4.5", '"', "贷款利率"])
    'loan 4zq5 zq8d37zqzq6b3e zq6b3ezqzq5229 zq5229zqzq7387'
    """
    expression = match_expression(terms)
    phrases = expression[1:-1].split('" OR "') if expression else []
    return " ".join(dict.fromkeys(_joined(phrase.split(" ")) for phrase in phrases))


def n_words(words: str) -> int:
    """How many words `indexed_words` gave.

    >>> n_words("one two"), n_words("")
    (2, 0)
    """
    return words.count(" ") + 1 if words else 0


def split_words(words: str, max_bytes: int) -> Iterator[str]:
    """What `indexed_words` gave in pieces that fit a field; one at least, of an empty text too.

    >>> list(split_words("one two three", 8))
    ['one two', 'three']
    """
    while len(words) > max_bytes:
        cut = words.rfind(" ", 0, max_bytes + 1)
        yield words[:cut]
        words = words[cut + 1 :]
    yield words


def _indexed(folded: str) -> Iterator[str]:
    before = ""
    for compound in _COMPOUND.findall(_only_words(folded)):
        parts = re.split(f"[{_JOINING}]", compound)
        yield from map(_token, parts)
        if len(parts) > 1:
            yield from (_joined(pair) for pair in pairwise(parts))
        if len(parts) > 2:
            yield _joined(parts)
        alone = parts[0] if is_unspaced(parts[0]) else ""
        if before and alone:
            yield _joined((before, alone))
        before = alone


def _only_words(folded: str) -> str:
    """The text with a space for all that is neither part of a word nor may join two."""
    if folded.isascii():
        return _ASCII_OTHER.sub(" ", folded)
    return "".join(c if c.isalnum() or c in _JOINING or unicodedata.category(c) in _MARKS else " " for c in folded)


def _joined(parts: Sequence[str]) -> str:
    return _JOINT.join(map(_token, parts))


@lru_cache(maxsize=100_000)
def _token(word: str) -> str:
    """A word as the engine sees it."""
    if word.isascii() and word.isalnum():
        # The stemmer of the local store's keyword index.
        token = stemmer("porter").stem(word) if word.isalpha() else word
        if len(token) <= _MAX_CHARS and _JOINT not in token:
            return token
    if len(word) == 1:
        return f"{_JOINT}{ord(word):x}"
    return _JOINT + hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).hexdigest()
