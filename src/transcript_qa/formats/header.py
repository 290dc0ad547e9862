"""What stands in front of the speech: title, date, place, front matter, field lines; the rest is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.heads import head_of
from transcript_qa.formats.lexicon import FIELDS
from transcript_qa.formats.sourcetext import Line
from transcript_qa.formats.times import find_date

INTRODUCTION = "introduction, not speech"
_FIELD = re.compile(r"[*_]{0,2}(?P<key>[A-Za-z][A-Za-z _'-]{0,30}?)[*_]{0,2}[ ]?:[*_]{0,2}[ \t\xa0]*(?P<value>\S.*)?$")
_DIVIDER = re.compile(r"[-*_=~\u2014\u2013\u2022.#][-*_=~\u2014\u2013\u2022.# \t\xa0]{2,}|\\")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b,?\s*", re.IGNORECASE)
_CLOCK = re.compile(
    r"\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\.?)?(?:\s?[A-Z]{2,4})?|\d{1,2}\s?[ap]\.?m\.?", re.IGNORECASE
)
_RECORDED = re.compile(r"(?:recorded|held|filmed)(?: live)? (?:in|at) (?P<place>[A-Z].{1,80})", re.IGNORECASE)
_NOTES = re.compile(r"\W*(?:notes|summary|transcript|details|attendees|invited|attachments)\W*", re.IGNORECASE)
_DATES = frozenset({"date", "recorded", "published", "published_time"})
_PLACES = frozenset({"place", "location", "venue"})
_TITLES = frozenset({"title", "subject", "topic", "meeting"})
_MEDIA = frozenset({"recording", "audio", "video", "media", "media_url", "source_url"})
_PEOPLE = frozenset(
    {"present", "participants", "attendees", "attendance", "in attendance", "speakers", "speaker", "host", "hosts"}
    | {"guest", "guests", "chair", "moderator", "interviewer", "interviewee", "panel", "panelists", "members"}
    | {"witness", "witnesses"}
)


def divider(line: Line) -> bool:
    """Whether a line only separates (`* * *`, `-----`, a lone backslash)."""
    text = line.text.strip()
    return len(text) < 200 and not text[:1].isalpha() and _DIVIDER.fullmatch(text) is not None


def field_of(line: Line) -> tuple[str, str] | None:
    """Key (folded) and value of a header's line, or None where it is none."""
    if len(line.text) > 2000:
        return None
    match = _FIELD.match(line.text.strip().lstrip("-*# "))
    if match is None:
        return None
    key = match["key"].casefold().strip()
    return (key, (match["value"] or "").strip("* ")) if key in FIELDS or key in _PEOPLE else None


def dateline(line: Line) -> tuple[str, str | None] | None:
    """The date as printed and the place of a line that holds only these, as "June 12, 2026, 14:05, Oslo", or None."""
    text = _WEEKDAY.sub("", line.text.strip()[:140])
    found = find_date(text)
    if found is None or found[1] > 0 or len(line.text.strip()) > 120:
        return None
    rest = text[found[2] :].strip(" \t\xa0,;.-\u2013")
    rest = _CLOCK.sub("", rest, count=1).strip(" \t\xa0,;.-\u2013") if _CLOCK.match(rest) else rest
    if rest and (not rest[0].isupper() or len(rest.split()) > 8 or rest.endswith(":")):
        return None
    return found[0].isoformat(), " ".join(rest.split()) or None


def paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Runs of lines without a blank one."""
    run: list[Line] = []
    for line in lines:
        if line.blank:
            if run:
                yield run
            run = []
        else:
            run.append(line)
    if run:
        yield run


def front_matter(lines: Sequence[Line]) -> int:
    """How many lines the YAML block at the head takes; 0 where there is none."""
    if not lines or lines[0].text.rstrip() != "---":
        return 0
    for index, line in enumerate(lines[1:200], start=1):
        if line.text.rstrip() in ("---", "..."):
            return index + 1
    return 0


def header_end(lines: Sequence[Line]) -> int:
    """How many lines at the head are certainly header: front matter and paragraphs that hold fields or a date line.

    A "Host: Mira Voss" in such a paragraph lists a person and is no turn.
    """
    end = front_matter(lines)
    at = end
    n_paragraphs = 0
    while at < len(lines) and n_paragraphs < 12:
        if lines[at].blank:
            at += 1
            continue
        stop = at
        while stop < len(lines) and not lines[stop].blank and stop - at < 60:
            stop += 1
        n_paragraphs += 1
        # Where nothing parts the header from the words, a name with a time does.
        spoken = next((index for index in range(at, stop) if _speaks_at(lines[index])), stop)
        block, over = lines[at:spoken], spoken < stop
        stop = spoken
        if any(_header_field(line) or dateline(line) is not None for line in block):
            end = stop
        elif not block or _speaks(block[0]):
            break
        at = stop
        if over:
            break
    return end


def _speaks_at(line: Line) -> bool:
    """Whether a line is a name with a time behind it."""
    head = head_of(line)
    return head is not None and head.timed and labels.shape(head.label) >= labels.Shape.WORD


def _speaks(line: Line) -> bool:
    """Whether a paragraph begins with what is clearly a speaker's label: the header is over."""
    head = head_of(line)
    return head is not None and labels.shape(head.label) >= labels.Shape.NAME


def _header_field(line: Line) -> bool:
    found = field_of(line)
    if found is None or len(line.text) > 600:
        return False
    if labels.is_role(found[0]):
        # "Host: Mira Voss, editor" lists a person; "MODERATOR: Hi, everybody." is the first turn.
        first = found[1].split(",")[0].split("(")[0].strip()
        return labels.shape(first) >= labels.Shape.NAME and not found[1].rstrip().endswith((".", "?", "!"))
    return found[0] in _DATES | _PLACES | _TITLES | _PEOPLE | {"apologies"}


def roster(lines: Sequence[Line]) -> tuple[str, ...]:
    """Names that the header's lines list."""
    names: list[str] = []
    listing = False
    for line in lines:
        found = field_of(line)
        if found is not None:
            listing = found[0] in _PEOPLE
            if not listing:
                continue
            value = found[1]
        elif listing and line.text.lstrip()[:1] in "-*":
            value = line.text.strip(" \t-*")
        else:
            listing = listing and line.blank
            continue
        names += [part.strip() for part in re.split(r"[,;]| and ", re.sub(r"\([^()]*\)", "", value)) if part.strip()]
    return tuple(labels.tidy(name) for name in names)


class HeaderReader:
    """Reads the lines in front of the first turn into a builder."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._titles = 0

    def read(self, lines: Sequence[Line]) -> None:
        """Read all of them."""
        n_matter = front_matter(lines)
        self._matter(lines[:n_matter])
        for index, paragraph in enumerate(paragraphs(lines[n_matter:])):
            self._paragraph(paragraph, first=index == 0)

    def _matter(self, lines: Sequence[Line]) -> None:
        key = ""
        for index, line in enumerate(lines):
            if index in (0, len(lines) - 1):
                self._builder.claim(line.start, line.end, Part.SYNTAX)
                continue
            found = re.match(r"([A-Za-z_][\w-]{0,40})\s*:\s*(.*)", line.text)
            key = found[1].casefold() if found is not None else key
            value = found[2] if found is not None else ""
            if key in ("title", "date", "media", "media_url", "place", "location") and found is not None:
                self._use(key, _unquoted(value))
                self._builder.claim(line.start, line.end, Part.HEADER)
            elif key == "title" and self._builder.title is not None:
                # A long quoted title goes on in the next line, with a backslash at the cut.
                self._builder.title = _unquoted(self._builder.title.rstrip("\\") + line.text.strip().lstrip("\\"))
                self._builder.claim(line.start, line.end, Part.HEADER)
            else:
                self._builder.skip(line.start, line.end, "front matter", may_be_speech=False)
        if self._builder.title is not None:
            self._builder.title = " ".join(self._builder.title.replace("\\_", " ").split()) or None

    def _paragraph(self, paragraph: Sequence[Line], *, first: bool) -> None:
        dated = -1
        for index, line in enumerate(paragraph):
            if divider(line):
                self._builder.skip(line.start, line.end, "divider")
            elif self._dateline(line):
                dated = index
            elif self._field(line) or self._recorded(line):
                continue
            elif dated == index - 1 >= 0 and self._builder.place is None and _is_place(line):
                self._builder.place = labels.tidy(line.text)
                self._builder.claim(line.start, line.end, Part.HEADER)
            elif self._dated(line) or self._title(line, in_first=first):
                continue
            else:
                reason = _reason(line)
                self._builder.skip(line.start, line.end, reason, may_be_speech=reason == INTRODUCTION)

    def _dateline(self, line: Line) -> bool:
        found = dateline(line)
        if found is None or self._builder.date is not None:
            return False
        dated = find_date(found[0])
        self._builder.date = dated[0] if dated is not None else None
        self._builder.place = self._builder.place or found[1]
        self._builder.claim(line.start, line.end, Part.HEADER)
        return True

    def _field(self, line: Line) -> bool:
        found = field_of(line)
        if found is None:
            return False
        if self._use(*found):
            self._builder.claim(line.start, line.end, Part.HEADER)
        else:
            people = found[0] in _PEOPLE or found[0] in ("apologies", "absent")
            self._builder.skip(line.start, line.end, "list of those present" if people else "header line")
        return True

    def _use(self, key: str, value: str) -> bool:
        builder = self._builder
        if key in _DATES and builder.date is None and (found := find_date(value)) is not None:
            builder.date = found[0]
        elif key in _PLACES and builder.place is None and value:
            builder.place = labels.tidy(value)
        elif key in _TITLES and builder.title is None and value:
            builder.title = labels.tidy(value)
        elif key in _MEDIA and builder.media_url is None and re.match(r"https?://\S+$", value):
            builder.media_url = value
        else:
            return False
        return True

    def _recorded(self, line: Line) -> bool:
        match = _RECORDED.fullmatch(line.text.strip()[:120])
        if match is None or self._builder.place is not None:
            return False
        self._builder.place = labels.tidy(match["place"]).rstrip(".")
        self._builder.claim(line.start, line.end, Part.HEADER)
        return True

    def _dated(self, line: Line) -> bool:
        """A short line with a date and other figures, as "Fri, Jun 12, 2026 2:05PM • 30:12"."""
        found = find_date(line.text[:80]) if self._builder.date is None and len(line.text.strip()) < 60 else None
        rest = line.text[: found[1]] + line.text[found[2] :] if found is not None else "x" * 99
        if found is None or sum(char.isalpha() for char in _WEEKDAY.sub("", rest)) > 4:
            return False
        self._builder.date = found[0]
        self._builder.claim(line.start, line.end, Part.HEADER)
        return True

    def _title(self, line: Line, *, in_first: bool) -> bool:
        """The first short line is the title; a second one right below it belongs to it."""
        text = line.text.strip().strip("#*_ ").strip()
        builder = self._builder
        if not text or _NOTES.fullmatch(text):
            return False
        if len(text) > 150 or text.endswith((".", ":", "?", "!")) or text[0] in "[(<-" or "](" in text:
            return False
        if builder.title is None:
            builder.title = labels.tidy(text)
        elif in_first and self._titles == 1 and not line.text.startswith("#"):
            builder.title = f"{builder.title}, {labels.tidy(text)}"
        else:
            return False
        self._titles += 1
        builder.claim(line.start, line.end, Part.HEADER)
        return True


def _is_place(line: Line) -> bool:
    text = line.text.strip()
    return len(text) <= 80 and text[:1].isupper() and ":" not in text and not any(char.isdigit() for char in text)


def _reason(line: Line) -> str:
    text = line.text.strip()
    return INTRODUCTION if len(text) > 60 or text.endswith(".") else "header line"


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'").strip()
