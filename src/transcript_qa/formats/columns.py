"""The turns of a source while it is read: a list for each field, not an object for each turn and each caption.

A source of some megabytes has a hundred thousand captions. Lists are filled and sliced at the speed of C; objects are
made of them in `compose`, and there only when somebody looks at the turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

Held = tuple[float | None, float | None, str | None]
Range = tuple[int, int]


@dataclass(slots=True)
class Columns:
    """Turns and the pieces of their words; the n-th item of each list belongs to the n-th turn or piece.

    Attributes:
        labels: of each turn, "" for none.
        heads: source range in front of each turn's words, or None.
        starts_s, ends_s: seconds of each turn, or None.
        addresses: of each turn, or None.
        firsts: number of each turn's first piece; a turn without words has the number of the next one's.
        texts: words of each piece: a paragraph, a line of a caption.
        joiners: what stands between each piece and the one before in the same turn.
        held: start, end in seconds and address of the mark that begins with each piece, None where none does.
    """

    labels: list[str] = field(default_factory=list)
    heads: list[Range | None] = field(default_factory=list)
    starts_s: list[float | None] = field(default_factory=list)
    ends_s: list[float | None] = field(default_factory=list)
    addresses: list[str | None] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    joiners: list[str] = field(default_factory=list)
    held: list[Held | None] = field(default_factory=list)

    def open(
        self, label: str, head: Range | None, start_s: float | None, end_s: float | None, address: str | None
    ) -> None:
        """Begin a turn; pieces that follow are its."""
        self.labels.append(label)
        self.heads.append(head)
        self.starts_s.append(start_s)
        self.ends_s.append(end_s)
        self.addresses.append(address)
        self.firsts.append(len(self.texts))

    def open_many(
        self,
        labels: Sequence[str],
        firsts: Iterable[int],
        *,
        starts_s: Iterable[float | None],
        ends_s: Iterable[float | None],
        addresses: Iterable[str | None],
    ) -> None:
        """Begin turns without heads, each at its piece of those that are there or are added next."""
        self.labels += labels
        self.heads += [None] * len(labels)
        self.starts_s += starts_s
        self.ends_s += ends_s
        self.addresses += addresses
        self.firsts += firsts

    def add(self, text: str, joiner: str, held: Held | None) -> None:
        """Add a piece to the last turn."""
        self.texts.append(text)
        self.joiners.append(joiner)
        self.held.append(held)

    def add_many(self, texts: Sequence[str], joiner: str, held: Iterable[Held | None]) -> None:
        """Add pieces."""
        self.texts += texts
        self.joiners += [joiner] * len(texts)
        self.held += held

    def until(self, end_s: float | None) -> None:
        """Let the last turn last until `end_s` where that is later."""
        if end_s is not None and ((last := self.ends_s[-1]) is None or end_s > last):
            self.ends_s[-1] = end_s

    @property
    def empty(self) -> bool:
        """Whether the last turn has no words yet."""
        return self.firsts[-1] == len(self.texts)

    def drop_wordless(self) -> list[Range]:
        """Take the turns without words away; gives the source ranges of their heads."""
        follows = [*self.firsts[1:], len(self.texts)]
        spoken = [first != after for first, after in zip(self.firsts, follows, strict=False)]
        if all(spoken):
            return []
        heads = [head for head, own in zip(self.heads, spoken, strict=True) if head is not None and not own]
        for each in fields(self)[:6]:
            column = getattr(self, each.name)
            column[:] = [one for one, own in zip(column, spoken, strict=True) if own]
        return heads
