"""Which words of a sentence are names, as far as their writing tells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from transcript_qa.text import STOP_WORDS, normalise, stem, words
from transcript_qa.tokens import OWN_ENCODING, get_encoding
from transcript_qa.wording.figures import MONTHS, WEEKDAYS

# Forms of address, and words that are written with a capital though they name nothing.
_NO_NAMES = frozenset("mr mrs ms miss dr sir madam i ok okay tv".split()) | set(MONTHS) | set(WEEKDAYS)
# Ends of words that begin sentences and are no names.
_PLAIN_ENDS = ("ing", "ly", "tion", "ment", "ness", "ies", "ers", "ors", "ants", "ents", "ists", "ings", "als")


def capitalised(text: str) -> list[list[tuple[str, str]]]:
    """Each name as its words with their stems; words that stand side by side are one name.

    >>> [[shown for shown, _ in name] for name in capitalised("Lenders in Ostrany trust Ketrin Halvey. Brandt agreed.")]
    [['Ostrany'], ['Ketrin', 'Halvey'], ['Brandt']]
    """
    found: list[list[tuple[str, str]]] = []
    end = -1
    for shown, term, start in _capitals(text):
        if found and text[end:start] == " ":
            found[-1].append((shown, term))
        else:
            found.append([(shown, term)])
        end = start + len(shown)
    return found


def _capitals(text: str) -> Iterator[tuple[str, str, int]]:
    spans = list(words(text))
    for number, span in enumerate(spans):
        shown = span.of(text)
        if not shown[0].isupper():
            continue
        folded = normalise(shown).text
        bare = folded.removesuffix("'s").removesuffix("'")
        if bare in _NO_NAMES or folded in STOP_WORDS or bare in STOP_WORDS:
            continue
        follows = spans[number + 1].of(text) if number + 1 < len(spans) else ""
        adjoining = follows[:1].isupper() and text[span.end : spans[number + 1].start] == " "
        if (
            _begins(text, span.start)
            and not (adjoining and normalise(follows).text not in STOP_WORDS)
            and _is_plain(bare)
        ):
            continue
        yield shown, stem(bare), span.start


def _begins(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \"'“‘(")
    return not before or before[-1] in ".!?:;\n"


@lru_cache(maxsize=10_000)
def _is_plain(word: str) -> bool:
    """Whether a word is an ordinary one: people in meetings say it often, or it has the ending of one."""
    if word.endswith(_PLAIN_ENDS) or not word.isalpha():
        return True
    return len(get_encoding(OWN_ENCODING).encode_ordinary(f" {word}")) == 1
