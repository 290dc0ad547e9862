"""Addresses within the chat: a transcript, a turn of it, and the characters to mark, as a path and back.

The path alone says what to show. So a citation still opens after a restart of the server, from another tab or from a
copied answer, and no table of answers has to be kept for any session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from transcript_qa.datatypes import Citation, Hit, Span
from transcript_qa.render import turn_link

_PATH = re.compile(r"/t/(?P<id>[^/?#\s]{1,600})(?:\?q=(?P<span>\d{1,9}-\d{1,9}))?(?:#turn-(?P<turn>\d{1,7}))?")
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a path points at; nothing in it has been looked up yet."""

    transcript_id: str
    turn: int | None = None
    span: Span | None = None


def place_path(transcript_id: str, turn: int, span: Span) -> str:
    """The path that opens a transcript at a turn with `span` marked.

    >>> place_path("budget", 12, Span(start=30, end=48))
    '/t/budget?q=30-48#turn-12'
    """
    page, _, anchor = turn_link(transcript_id, turn).partition("#")
    return f"{page}?q={span.start}-{span.end}#{anchor}"


def citation_path(citation: Citation) -> str:
    """The path that opens a citation's transcript with the quote marked."""
    return place_path(citation.transcript_id, citation.turn, citation.span)


def hit_path(hit: Hit) -> str:
    """The path that opens a passage's transcript with the passage marked."""
    return place_path(hit.passage.transcript_id, hit.passage.turns[0], hit.passage.span)


def parse_place(path: object) -> Place | None:
    """The place a path points at, or None for anything else; the path may come from anyone.

    >>> parse_place("/t/budget?q=30-48#turn-12")
    Place(transcript_id='budget', turn=12, span=Span(start=30, end=48))
    >>> parse_place("//elsewhere.example/t/budget") is None
    True
    """
    match = _PATH.fullmatch(path) if isinstance(path, str) else None
    if match is None:
        return None
    turn = match["turn"]
    return Place(
        transcript_id=unquote(match["id"]),
        turn=int(turn) if turn is not None else None,
        span=parse_span(match["span"]),
    )


def parse_span(text: object) -> Span | None:
    """`start-end` as a span, or None for anything else.

    >>> parse_span("30-48"), parse_span("48-30")
    (Span(start=30, end=48), None)
    """
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) > int(match[2]):
        return None
    return Span(start=int(match[1]), end=int(match[2]))
