"""XML with places, read without ever fetching or expanding anything: tags, texts and their ranges in the source.

A scanner of our own, because places have to be characters of the decoded text, whatever the declaration says about an
encoding. Of a document type only entities that stand for a few plain characters are taken over, so that no entity can
grow; external ones are never followed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from enum import Enum
from functools import partial
from typing import NamedTuple

from transcript_qa.errors import ParseError
from transcript_qa.formats.sourcetext import SourceText

MAX_DEPTH = 500
_LONGEST_ENTITY = 16
_NAME = r"[A-Za-z_\u0080-\uffff][\w:.\u0080-\uffff-]*"
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_NAME})(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile(r"&(#?\w{1,32});")
_DECLARED = re.compile(rf"<!ENTITY\s+({_NAME})\s+(?:\"([^\"<>]*)\"|'([^'<>]*)')\s*>")
_PROLOGUE = r"<\?[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>\s*"
_ROOT = re.compile(rf"\s*(?:{_PROLOGUE})*<({_NAME})", re.DOTALL)


class Kind(Enum):
    """What an event is."""

    OPEN = "open"
    CLOSE = "close"
    TEXT = "text"


class Event(NamedTuple):
    """One step through a document.

    Attributes:
        kind: what it is.
        name: local name of the element, without a prefix; "" for text.
        attributes: by local name, entities decoded.
        start, end: its range in the source.
        text: what it says, entities decoded; "" for tags.
    """

    kind: Kind
    name: str
    attributes: dict[str, str]
    start: int
    end: int
    text: str


def root_name(source: SourceText) -> str:
    """The local name of the outermost element, "" where the text does not begin as XML does."""
    head = source.text[:20_000]
    if not head.lstrip().startswith("<"):
        return ""
    match = _ROOT.match(head)
    return local(match[1]) if match is not None else ""


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def events(source: SourceText) -> Iterator[Event]:
    """Every tag and text of a document, in order.

    Raises:
        ParseError: it is not well formed, or nested deeper than `MAX_DEPTH`.
    """
    text = source.text
    declared: dict[str, str] = {}
    open_names: list[str] = []
    at = 0
    while at < len(text):
        begin = text.find("<", at)
        begin = len(text) if begin < 0 else begin
        if begin > at:
            yield Event(Kind.TEXT, "", {}, at, begin, _decoded(text[at:begin], declared))
        if begin == len(text):
            break
        at = _special_end(source, begin, declared)
        if at:
            if text.startswith("<![CDATA[", begin):
                yield Event(Kind.TEXT, "", {}, begin + 9, at - 3, text[begin + 9 : at - 3])
            continue
        match = _TAG.match(text, begin)
        if match is None:
            raise _broken(source, begin, "a tag that does not end")
        at = match.end()
        yield from _tag(source, match, open_names, declared)
    if open_names:
        raise _broken(source, len(text), f"<{open_names[-1]}> is never closed")


def _tag(source: SourceText, match: re.Match[str], open_names: list[str], declared: dict[str, str]) -> Iterator[Event]:
    name = local(match["name"])
    if match["close"]:
        if not open_names or open_names.pop() != name:
            raise _broken(source, match.start(), f"</{name}> closes what is not open")
        yield Event(Kind.CLOSE, name, {}, match.start(), match.end(), "")
        return
    found = match["attributes"]
    attributes = {
        local(each[1]): _decoded(each[2] if each[2] is not None else each[3], declared)
        for each in _ATTRIBUTE.finditer(found)
    }
    yield Event(Kind.OPEN, name, attributes, match.start(), match.end(), "")
    if found.rstrip().endswith("/"):
        yield Event(Kind.CLOSE, name, {}, match.end(), match.end(), "")
    else:
        open_names.append(name)
        if len(open_names) > MAX_DEPTH:
            raise _broken(source, match.start(), f"more than {MAX_DEPTH} elements in each other")


def _special_end(source: SourceText, at: int, declared: dict[str, str]) -> int:
    """Where a comment, instruction, character data or document type that begins at `at` ends; 0 where none does."""
    text = source.text
    for start, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
        if text.startswith(start, at):
            found = text.find(end, at + len(start))
            if found < 0:
                raise _broken(source, at, f"{start} without {end}")
            return found + len(end)
    if not text.startswith("<!", at):
        return 0
    found = text.find(">", at)
    subset = text.find("[", at)
    if 0 <= subset < found:
        inner_end = text.find("]", subset)
        declared.update(_entities(text[subset:inner_end]))
        found = text.find(">", inner_end) if inner_end > 0 else -1
    if found < 0:
        raise _broken(source, at, "a document type that does not end")
    return found + 1


def _entities(subset: str) -> dict[str, str]:
    """Declared entities that stand for a few characters; one that names others is left as it is printed."""
    found = {match[1]: html.unescape(match[2] or match[3] or "") for match in _DECLARED.finditer(subset)}
    return {name: value for name, value in found.items() if len(value) <= _LONGEST_ENTITY and "&" not in value}


def _decoded(raw: str, declared: dict[str, str]) -> str:
    return _ENTITY.sub(partial(_character, declared), raw) if "&" in raw else raw


def _character(declared: dict[str, str], match: re.Match[str]) -> str:
    return declared.get(match[1]) or html.unescape(match[0])


def _broken(source: SourceText, at: int, what: str) -> ParseError:
    line = source.text.count("\n", 0, at) + 1
    return ParseError(source.name, f"line {line}: this is not well-formed XML: {what}", "Check that the file is whole.")
