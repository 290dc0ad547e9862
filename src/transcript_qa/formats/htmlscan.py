"""HTML as it is found: tokens with places, whatever is broken; and the text of a page with what was left out of it.

A scanner of our own that goes through a page once: the one of the standard library can take quadratic time on pages
made to hurt, and browsers' parsers are large. A bold name with a colon in front of a paragraph is given as
`**Name:**`, for what is bold is the surest sign of a label.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from transcript_qa.datatypes import Skipped
from transcript_qa.formats.times import find_date

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][\w:-]{0,40})(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([\w:-]{1,60})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).){0,2000}-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(r"\s*<(?:p|div|h[1-6]|table|article|section|main|ul|ol|blockquote|pre|span|b|strong)[\s>]", re.I)
_RAW = frozenset({"script", "style", "textarea", "noscript", "template", "svg", "iframe"})
_NO_TEXT = frozenset({"nav", "footer", "aside", "form", "button", "select", "figure", "figcaption", "dialog"})
_BLOCKS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 li tr blockquote section article main header pre dt dd table ul ol center address".split()
)

# Characters that no page holds: control characters are no HTML.
_BOLD, _BOLD_ENDS = "\x02", "\x03"
_PUBLISHED = frozenset({"article:published_time", "datepublished", "date", "dc.date", "dcterms.created", "pubdate"})


class Token(NamedTuple):
    """A tag or a text of a page.

    Attributes:
        name: folded name of a tag, "" for text.
        closes: whether it is an end tag.
        attributes: of a start tag, as printed.
        start, end: its range in the source.
        text: a text, entities decoded.
    """

    name: str
    closes: bool
    attributes: str
    start: int
    end: int
    text: str


def is_page(text: str) -> bool:
    """Whether a text is an HTML page, or a piece of one that begins with a block."""
    head = text[:20_000]
    return _PAGE.match(head) is not None or (_BLOCK.match(head) is not None and "</" in head)


def tokens(text: str) -> Iterator[Token]:
    """Every tag and text of a page, in order; what stands in scripts and the like is one text."""
    at = 0
    while at < len(text):
        begin = text.find("<", at)
        begin = len(text) if begin < 0 else begin
        if begin > at:
            yield _text(text, at, begin)
        if begin == len(text):
            return
        if text.startswith(("<!", "<?"), begin):
            end = text.find("-->" if text.startswith("<!--", begin) else ">", begin)
            at = len(text) if end < 0 else end + (3 if text.startswith("<!--", begin) else 1)
            continue
        match = _TAG.match(text, begin)
        if match is None:
            yield Token("", False, "", begin, begin + 1, "<")
            at = begin + 1
            continue
        name, at = match["name"].lower(), match.end()
        yield Token(name, bool(match["close"]), match["attributes"], begin, at, "")
        if name in _RAW and not match["close"] and not match["attributes"].endswith("/"):
            end_tag = re.compile(rf"</{re.escape(name)}\b", re.IGNORECASE).search(text, at)
            end = len(text) if end_tag is None else end_tag.start()
            if end > at:
                yield _text(text, at, end)
            at = end


def _text(text: str, start: int, end: int) -> Token:
    raw = text[start:end]
    return Token("", False, "", start, end, html.unescape(raw) if "&" in raw else raw)


def attribute(token: Token, name: str) -> str:
    """The value of an attribute, "" where there is none."""
    for match in _ATTRIBUTE.finditer(token.attributes):
        if match[1].lower() == name:
            return html.unescape(next(value for value in match.groups()[1:] if value is not None))
    return ""


@dataclass(slots=True)
class Page:
    """The readable text of a page.

    Attributes:
        text: its paragraphs, an empty line between them.
        title, date: of the page, or None.
        skipped: what of it is no text to read.
    """

    text: str
    title: str | None
    date: date | None
    skipped: tuple[Skipped, ...]


def extract(text: str) -> Page:
    """The readable text of an HTML page."""
    reader = _Reader(text)
    for token in tokens(text):
        reader.take(token)
    return reader.page()


@dataclass(slots=True)
class _Reader:
    """Goes through the tokens of a page."""

    source: str
    _lines: list[str] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _hidden: list[str] = field(default_factory=list)
    _left: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _pre: int = 0
    _in: str = ""
    _title: list[str] = field(default_factory=list)
    _heading: list[str] = field(default_factory=list)
    _date: date | None = None

    def take(self, token: Token) -> None:
        """One token."""
        if not token.name:
            self._text(token)
        elif token.name in _RAW | _NO_TEXT | {"head"}:
            self._hide(token)
        elif self._hidden:
            self._meta(token)
        else:
            self._tag(token)

    def _hide(self, token: Token) -> None:
        if not token.closes and not token.attributes.endswith("/"):
            self._break()
            self._hidden.append(token.name)
        elif token.closes and token.name in self._hidden:
            # What was opened inside and never closed ends with it.
            del self._hidden[len(self._hidden) - 1 - self._hidden[::-1].index(token.name) :]

    def _meta(self, token: Token) -> None:
        self._in = "" if token.closes else token.name
        if token.name == "body":
            self._hidden.clear()
        if token.name == "meta" and self._date is None:
            named = (attribute(token, "property") or attribute(token, "name") or attribute(token, "itemprop")).lower()
            if named in _PUBLISHED:
                self._dated(attribute(token, "content"))

    def _dated(self, printed: str) -> None:
        found = find_date(printed[:40])
        self._date = self._date or (found[0] if found is not None else None)

    def _tag(self, token: Token) -> None:
        if token.name in ("b", "strong"):
            self._words.append(_BOLD_ENDS if token.closes else _BOLD)
        elif token.name == "br":
            self._line()
        elif token.name == "hr":
            self._break()
        elif token.name in ("td", "th") and not token.closes and self._words:
            self._words.append("  ")
        elif token.name in _BLOCKS:
            self._break()
            self._pre = max(0, self._pre + (0 if token.name != "pre" else -1 if token.closes else 1))
            self._in = "" if token.closes else token.name
        elif token.name == "time" and not token.closes:
            self._dated(attribute(token, "datetime"))

    def _text(self, token: Token) -> None:
        if self._hidden:
            if self._in == "title" and self._hidden == ["head"]:
                self._title.append(token.text)
            elif token.text.strip():
                self._left.setdefault(_reason(self._hidden), []).append((token.start, token.end))
            return
        if self._in == "h1":
            self._heading.append(token.text)
        if self._pre:
            first, *rest = token.text.split("\n")
            self._words.append(first)
            for line in rest:
                self._line()
                self._words.append(line)
        else:
            self._words.append(re.sub(r"[ \t\r\n\f]+", " ", token.text))

    def _line(self) -> None:
        said = _labelled("".join(self._words))
        self._lines.append(said.rstrip() if self._pre else said.strip())
        self._words.clear()

    def _break(self) -> None:
        if "".join(self._words).strip(f"{_BOLD}{_BOLD_ENDS} \t\n"):
            self._line()
        self._words.clear()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def page(self) -> Page:
        """What was found."""
        self._break()
        titles = [" ".join("".join(each).split()) for each in (self._heading, self._title)]
        return Page(
            text="\n".join(self._lines).strip("\n") + "\n",
            title=next((each for each in titles if each), None),
            date=self._date,
            skipped=tuple(sorted(self._regions(), key=lambda region: region.first_line)),
        )

    def _regions(self) -> Iterator[Skipped]:
        for reason, ranges in self._left.items():
            first = self.source.count("\n", 0, ranges[0][0]) + 1
            last = first + self.source.count("\n", ranges[0][0], ranges[-1][1])
            said = "\n".join(self.source[start:end].strip() for start, end in ranges)
            yield Skipped(first_line=first, last_line=last, reason=reason, text=said)


def _labelled(said: str) -> str:
    """A line with what is bold at its front as Markdown where it ends with a colon, and no marks otherwise."""
    if _BOLD in said:
        joined = re.sub(rf"{_BOLD_ENDS}(\s*){_BOLD}", r"\1", said.strip())
        match = re.match(
            rf"{_BOLD}\s*([^{_BOLD}{_BOLD_ENDS}:]{{1,120}}?)\s*(?::\s*{_BOLD_ENDS}|{_BOLD_ENDS}\s*:)", joined
        )
        said = f"**{match[1]}:** {joined[match.end() :].lstrip()}" if match is not None else joined
    return said.replace(_BOLD, "").replace(_BOLD_ENDS, "")


def _reason(hidden: list[str]) -> str:
    name = hidden[-1]
    if name in _RAW or name == "head":
        return "scripts, styles and data of the page"
    return "pictures of the page" if name in ("figure", "figcaption") else "navigation and forms of the page"
