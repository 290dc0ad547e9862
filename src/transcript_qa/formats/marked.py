"""Words of marked-up text as they are gathered: runs of text that together are one paragraph, utterance or caption."""

from __future__ import annotations

from dataclasses import dataclass, field

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsonscan import as_text


@dataclass(slots=True)
class Runs:
    """Text runs and their ranges, until they are flushed as words of the open turn."""

    builder: Builder
    texts: list[str] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, text: str, start: int, end: int) -> None:
        """One more run."""
        self.texts.append(text)
        self.ranges.append((start, end))

    @property
    def said(self) -> str:
        """What the runs say together, on one line."""
        return " ".join(as_text("".join(self.texts)).split())

    def flush(self, *, joiner: str = "\n\n", mark: tuple[float | None, float | None, str | None] | None = None) -> None:
        """Give the runs to the turn that is open."""
        said = self.said
        for start, end in self.ranges:
            self.builder.claim(start, end, Part.WORDS if said else Part.SYNTAX)
        if said:
            at = self.ranges[0][0]
            self.builder.words(at, at, text=said, joiner=joiner, mark=mark)
        self.clear()

    def as_header(self) -> str:
        """Take the runs as a field of the header; gives what they say."""
        said = self.said
        for start, end in self.ranges:
            self.builder.claim(start, end, Part.HEADER)
        self.clear()
        return said

    def leave_out(self, reason: str) -> None:
        """Leave the runs out."""
        for start, end in self.ranges:
            self.builder.gather(start, end, reason)
        self.clear()

    def clear(self) -> None:
        """Forget the runs."""
        self.texts.clear()
        self.ranges.clear()
