"""A quotation taken apart: its words, and where it says that something was left out or put in.

An ellipsis stands for words left out; square brackets hold words that are the quoter's own ("[the bank] approved it").
A bracket around first letters is a change of capitals ("[W]e closed"), one at a word's end a change of its form
("close[d]").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from transcript_qa.grounding.wordforms import FoldedWords, folded_words

QUOTE_MARKS = "\"'“”„‟‘’‚«»‹›"
_CAPITAL = re.compile(r"\[(\w)\](?=\w)")
_BREAK = re.compile(
    r"(?P<ellipsis>\[\s*(?:…|\.\s?\.\s?\.)\s*\]|\(\s*(?:…|\.\s?\.\s?\.)\s*\)|…|\.\s?\.\s?\.(?:\s?\.)?)"
    r"|(?P<inserted>\w*\[[^\[\]\n]{1,200}\])"
)
_NO_WORDS = re.compile(r"\[\s*(?:sic|emphasis added|…|\.\.\.)?\s*[!?]?\s*\]", re.IGNORECASE)


class GapKind(StrEnum):
    """What stands between two pieces of a quotation."""

    ELLIPSIS = "ellipsis"
    INSERTION = "insertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place where the quotation is not the speaker's words; `inserted` are the quoter's own."""

    kind: GapKind
    inserted: FoldedWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A quotation as pieces with gaps between them.

    Attributes:
        text: the words without the quotation marks around them; positions of the pieces are in here.
        pieces: at least one, none empty.
        gaps: between the pieces, one fewer than those.
        leading, trailing: insertions before the first and after the last piece.
    """

    text: str
    pieces: tuple[FoldedWords, ...]
    gaps: tuple[Gap, ...]
    leading: tuple[Gap, ...] = ()
    trailing: tuple[Gap, ...] = ()

    @property
    def n_words(self) -> int:
        """How many words of the speaker's it holds."""
        return sum(map(len, self.pieces))

    @property
    def keys(self) -> tuple[str, ...]:
        """The words of all pieces."""
        return tuple(key for piece in self.pieces for key in piece.keys)

    @property
    def behind(self) -> str:
        """What stands behind the last word."""
        return self.text[self.position(self.n_words - 1)[1] :]

    def position(self, n: int) -> tuple[int, int]:
        """The characters of word `n` in `text`, half-open."""
        for piece in self.pieces:
            if n < len(piece):
                return piece.starts[n], piece.ends[n]
            n -= len(piece)
        raise IndexError(n)


def bare(quote: str) -> str:
    """A quote without the quotation marks around it.

    >>> bare(" “It’s ‘done’.” ")
    'It’s ‘done’.'
    """
    text = quote.strip()
    while len(text) > 1 and text[0] in QUOTE_MARKS and text[-1] in QUOTE_MARKS and _pairs(text):
        text = text[1:-1].strip()
    return text.strip('"“”„‟«»')


def _pairs(text: str) -> bool:
    """Whether the marks at both ends belong together: “a” and “b” is two quotations."""
    return text[0] not in text[1:-1] or text[0] == text[-1] == "'"


def parse_quotation(quote: str) -> Quotation:
    """Take a quote apart; without a word of the speaker's in it `pieces` is empty.

    >>> parsed = parse_quotation("“We … closed [the loan] on Friday”")
    >>> [piece.keys for piece in parsed.pieces], [gap.kind.value for gap in parsed.gaps]
    ([('we',), ('closed',), ('on', 'friday')], ['ellipsis', 'insertion'])
    """
    text = bare(quote)
    # The brackets of "[W]e" are blotted out in place, so that positions stay.
    read = _CAPITAL.sub(lambda match: f"\u00ad{match[1]}\u00ad", text)
    pieces: list[FoldedWords] = []
    gaps: list[list[Gap]] = [[]]
    at = 0
    for match in [*_BREAK.finditer(read), None]:
        piece = folded_words(read, at, match.start() if match else len(read))
        if len(piece):
            pieces.append(piece)
            gaps.append([])
        if match:
            gaps[-1] += _gap(match)
            at = match.end()
    if not pieces:
        return Quotation(text=text, pieces=(), gaps=())
    return Quotation(
        text=text,
        pieces=tuple(pieces),
        gaps=tuple(_joined(between) for between in gaps[1:-1]),
        leading=tuple(gap for gap in gaps[0] if gap.kind is GapKind.INSERTION),
        trailing=tuple(gap for gap in gaps[-1] if gap.kind is GapKind.INSERTION),
    )


def _gap(match: re.Match[str]) -> list[Gap]:
    if match["ellipsis"] is not None:
        return [Gap(kind=GapKind.ELLIPSIS, inserted=folded_words(""))]
    if _NO_WORDS.fullmatch(match.group()):
        return []
    inside = match.group().replace("[", " ").replace("]", " ")
    return [Gap(kind=GapKind.INSERTION, inserted=folded_words(inside))]


def _joined(gaps: list[Gap]) -> Gap:
    """Several gaps in one place as one; none at all, as behind "[sic]", is an insertion of nothing."""
    kind = GapKind.ELLIPSIS if any(gap.kind is GapKind.ELLIPSIS for gap in gaps) else GapKind.INSERTION
    keys = [gap.inserted for gap in gaps]
    return Gap(
        kind=kind,
        inserted=FoldedWords(
            tuple(key for one in keys for key in one.keys),
            tuple(start for one in keys for start in one.starts),
            tuple(end for one in keys for end in one.ends),
        ),
    )
