"""JSON with places: where in the source each member of an object and each element of a list stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from transcript_qa.errors import ParseError
from transcript_qa.formats.sourcetext import SourceText

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value and its range in the source."""

    value: object
    start: int
    end: int


def root(source: SourceText) -> Value:
    """The whole document.

    Raises:
        ParseError: it is not JSON.
    """
    start = _past_blank(source.text, 0)
    try:
        value, end = _DECODER.raw_decode(source.text, start)
    except (ValueError, RecursionError) as error:
        raise ParseError(source.name, "this is not JSON", "Check that the file is whole.") from error
    return Value(value, start, end)


def members(text: str, parent: Value) -> Iterator[tuple[str, Value]]:
    """Keys and values of an object that was decoded from `text`, in source order."""
    at = _past_blank(text, parent.start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _past_blank(text, _past_blank(text, at) + 1)
        value, end = _DECODER.raw_decode(text, at)
        yield str(key), Value(value, at, end)
        at = _past_comma(text, end)


def elements(text: str, parent: Value) -> Iterator[Value]:
    """Elements of a list that was decoded from `text`."""
    at = _past_blank(text, parent.start + 1)
    while text[at] != "]":
        value, end = _DECODER.raw_decode(text, at)
        yield Value(value, at, end)
        at = _past_comma(text, end)


def as_text(value: str) -> str:
    """A JSON string as text that can be stored: half of a surrogate pair is no character."""
    return _LONE_SURROGATE.sub("\ufffd", value)


def _past_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match is not None else at


def _past_comma(text: str, at: int) -> int:
    at = _past_blank(text, at)
    return _past_blank(text, at + 1) if text[at] == "," else at
