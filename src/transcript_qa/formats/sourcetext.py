"""The decoded source as the families look at it: its text, its lines, its JSON, each made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count
from typing import Any, NamedTuple, TypeVar

from transcript_qa.formats.jsonscan import Document, scan

Made = TypeVar("Made")
_OPENING_LINES = 4000


class Line(NamedTuple):
    """One line of a source, without its line end.

    Attributes:
        number: 1-based.
        start: character in the source text where it begins.
        text: what it says.
    """

    number: int
    start: int
    text: str

    @property
    def end(self) -> int:
        """Character after its last."""
        return self.start + len(self.text)

    @property
    def blank(self) -> bool:
        """Whether nothing but white space is in it."""
        return not self.text or self.text.isspace()

    @property
    def words_start(self) -> int:
        """Character in the source text of its first that is no white space."""
        return self.start + len(self.text) - len(self.text.lstrip())

    @property
    def words_end(self) -> int:
        """Character in the source text after its last that is no white space."""
        return self.start + len(self.text.rstrip())


@dataclass(frozen=True)
class SourceText:
    r"""A decoded source.

    Attributes:
        text: with `\n` line ends, no byte order mark.
        name: path or name it came from.
        encoding: of its bytes.
    """

    text: str
    name: str
    encoding: str = "utf-8"

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        r"""Every line, the blank ones too; only `\n` ends a line."""
        return _lines(self.text.split("\n"))

    @cached_property
    def opening(self) -> tuple[Line, ...]:
        """The first few thousand lines, for those who only judge: JSON and captions need no more of them."""
        return _lines(self.text.split("\n", _OPENING_LINES)[:_OPENING_LINES])

    def head(self, n_chars: int) -> Iterator[Line]:
        """The lines that begin in the first `n_chars` characters."""
        start, number = 0, 1
        while start < min(n_chars, len(self.text)):
            end = self.text.find("\n", start)
            end = end if end >= 0 else len(self.text)
            yield Line(number, start, self.text[start:end])
            start, number = end + 1, number + 1

    def once(self, make: Callable[[SourceText], Made]) -> Made:
        """What `make` makes of this source, made the first time it is asked for."""
        made: dict[object, Made] = self.__dict__.setdefault("_made", {})
        if make not in made:
            made[make] = make(self)
        return made[make]

    @cached_property
    def document(self) -> Document | None:
        """The JSON document with the places of what is in it, or None where the text is none."""
        return scan(self.text)

    @property
    def json(self) -> Any:
        """The parsed JSON document, or None where the text is none."""
        return self.document.value if self.document is not None else None


def _lines(texts: Sequence[str]) -> tuple[Line, ...]:
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    return tuple(map(Line._make, zip(count(1), starts, texts, strict=False)))
