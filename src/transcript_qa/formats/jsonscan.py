"""JSON with places: where in the source each member of an object and each element of a list stands.

One pass of the standard library's scanner decodes the document; places are kept on the way for the containers that
readers go into. An element of a list is decoded as a whole, for there may be a million of them, unless the first one is
so long that it must be a container of what is looked for. Where the first one is short the whole list is decoded at
once, and gone through again when somebody asks for the places in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from transcript_qa.errors import ParseError

# A C function: the value that begins at a place, and where it ends.
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]
_BLANK = re.compile(r"[ \t\n\r]*")
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DEPTH = 6
_LONG_ELEMENT_CHARS = 3000
_SHORT_ELEMENT_CHARS = 600

Range = tuple[int, int]


@dataclass(slots=True)
class Document:
    """A decoded document and the places of what is in it.

    Attributes:
        text: the source.
        value: the document as Python's types.
    """

    text: str
    value: Any = None
    _members: dict[int, dict[str, Range]] = field(default_factory=dict)
    _elements: dict[int, list[Range]] = field(default_factory=dict)
    # Lists decoded as a whole, and where they begin; held here, so that no other list gets the number of one.
    _whole: dict[int, tuple[list[Any], int]] = field(default_factory=dict)

    def members(self, parent: dict[str, Any]) -> dict[str, Range]:
        """The range of each value of an object of this document; none where the object lies too deep to be known."""
        return self._members.get(id(parent), {})

    def elements(self, parent: list[Any]) -> list[Range]:
        """The range of each element of a list of this document; none where the list lies too deep to be known."""
        number = id(parent)
        if number in self._whole and number not in self._elements:
            self._elements[number] = _ranges(self.text, self._whole[number][1])
        return self._elements.get(number, [])

    def known(self, parent: object) -> bool:
        """Whether the places in a container are known."""
        return any(id(parent) in known for known in (self._members, self._elements, self._whole))

    def inside(self, parent: dict[str, Any], place: Range) -> dict[str, Range]:
        """The range of each value of an object that stands at `place`, scanned for where it is not known yet."""
        if id(parent) not in self._members:
            _, ranges, _ = _object(Document(self.text), place[0], 0)
            return ranges
        return self._members[id(parent)]


def scan(text: str) -> Document | None:
    """The document that `text` is, or None where it is no JSON object, list or sequence of objects."""
    start = _past_blank(text, 0)
    if text[start : start + 1] not in ("{", "["):
        return None
    document = Document(text)
    try:
        document.value, end = _value(document, start, _DEPTH)
        if text.startswith("{", start) and text.startswith("{", _past_blank(text, end)):
            document.value, end = _lines(document, start)
    except (ValueError, StopIteration, RecursionError, IndexError):
        return None
    return document if _past_blank(text, end) == len(text) else None


def json_of(name: str, document: Document | None) -> Document:
    """`document`, which has to be one; raises `ParseError` for the source `name`."""
    if document is None:
        raise ParseError(name, "this is not JSON", "Check that the file is whole.")
    return document


def as_text(value: str) -> str:
    """A JSON string as text that can be stored: half of a surrogate pair is no character."""
    return value if value.isascii() else LONE_SURROGATE.sub("\ufffd", value)


def _value(document: Document, at: int, depth: int) -> tuple[Any, int]:
    first = document.text[at]
    if depth and first == "{":
        value, ranges, end = _object(document, at, depth)
        document._members[id(value)] = ranges
        return value, end
    if depth and first == "[":
        return _list(document, at, depth)
    return _SCAN(document.text, at)


def _lines(document: Document, at: int) -> tuple[list[Any], int]:
    """JSON Lines: one value after the other, with no comma between."""
    text = document.text
    value: list[Any] = []
    ranges: list[Range] = []
    document._elements[id(value)] = ranges
    while at < len(text):
        element, end = _SCAN(text, at)
        value.append(element)
        ranges.append((at, end))
        at = _past_blank(text, end)
    return value, at


def _object(document: Document, at: int, depth: int) -> tuple[dict[str, Any], dict[str, Range], int]:
    text = document.text
    value: dict[str, Any] = {}
    ranges: dict[str, Range] = {}
    at = _past_blank(text, at + 1)
    if text[at] == "}":
        return value, ranges, at + 1
    while True:
        key, at = _SCAN(text, at)
        at = _past_blank(text, at)
        if not isinstance(key, str) or text[at] != ":":
            raise ValueError("a member without a name")
        at = _past_blank(text, at + 1)
        value[key], end = _value(document, at, depth - 1) if depth else _SCAN(text, at)
        ranges[key] = (at, end)
        at = _past_blank(text, end)
        if text[at] == "}":
            return value, ranges, at + 1
        at = _past_comma(text, at)


def _list(document: Document, begin: int, depth: int) -> tuple[list[Any], int]:
    text = document.text
    value: list[Any] = []
    at = _past_blank(text, begin + 1)
    n_chars = 0 if text[at] == "]" else _SCAN(text, at)[1] - at
    if 0 < n_chars < _SHORT_ELEMENT_CHARS:
        value, end = _SCAN(text, begin)
        document._whole[id(value)] = (value, begin)
        return value, end
    goes_in = n_chars > _LONG_ELEMENT_CHARS
    ranges: list[Range] = []
    document._elements[id(value)] = ranges
    while text[at] != "]":
        element, end = _value(document, at, depth - 1) if goes_in else _SCAN(text, at)
        value.append(element)
        ranges.append((at, end))
        at = _past_element(text, end)
    return value, at + 1


def _ranges(text: str, begin: int) -> list[Range]:
    """The range of each element of the list that begins at `begin` and is known to be well formed."""
    ranges: list[Range] = []
    at = _past_blank(text, begin + 1)
    while text[at] != "]":
        _, end = _SCAN(text, at)
        ranges.append((at, end))
        at = _past_element(text, end)
    return ranges


def _past_element(text: str, end: int) -> int:
    """Where the next element of a list begins, or its bracket stands."""
    at = end if text[end] in ",]" else _past_blank(text, end)
    if text[at] == "]":
        return at
    at = _past_comma(text, at)
    if text[at] == "]":
        raise ValueError("an element is missing")
    return at


def _past_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match is not None else at


def _past_comma(text: str, at: int) -> int:
    if text[at] != ",":
        raise ValueError("a comma is missing")
    return _past_blank(text, at + 1)


def objects(document: Document, parent: object, place: Range | None = None) -> Iterator[tuple[dict[str, Any], Range]]:
    """The objects among the elements of a list, each with its range.

    Args:
        document: that the list belongs to.
        parent: the list; anything else has no elements.
        place: where the list stands, needed where it lies so deep that its places are not known.
    """
    if isinstance(parent, list):
        if not document.known(parent) and place is not None:
            own = Document(document.text)
            parent, _ = _list(own, place[0], 1)
            document = own
        for element, place in zip(parent, document.elements(parent), strict=False):
            if isinstance(element, dict):
                yield element, place
