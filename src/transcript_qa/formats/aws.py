"""AWS Transcribe JSON: words as `items` with times in strings, speakers in a list of their own joined by time.

Call Analytics has another shape, `Transcript` with `ParticipantRole`, `Content` and offsets in milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import Document, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, Word, add_segments, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText

_MS = 0.001


def sniff(source: SourceText) -> float:
    """1 where there are items with alternatives, or the contents of a call."""
    document = source.json
    if not isinstance(document, dict):
        return 0.0
    results, call = document.get("results"), document.get("Transcript")
    items = results.get("items") if isinstance(results, dict) else None
    if isinstance(items, list) and any(isinstance(one, dict) and "alternatives" in one for one in items):
        return 1.0
    is_call = isinstance(call, list) and any(isinstance(one, dict) and "ParticipantRole" in one for one in call)
    return 1.0 if is_call else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file."""
    document = json_of(source.name, source.document)
    top = document.value if isinstance(document.value, dict) else {}
    builder = Builder(source)
    if isinstance(top.get("Transcript"), list):
        add_segments(builder, _call(document, top["Transcript"]))
        leave_out(builder, document, top, ("Transcript",))
    elif isinstance(top.get("results"), dict) and isinstance(top["results"].get("items"), list):
        results = top["results"]
        words = _words(results["items"], _Labels(results))
        add_words(builder, words, document.members(results)["items"])
        leave_out(builder, document, results, ("items",))
        leave_out(builder, document, top, ("results",))
    else:
        raise ParseError(source.name, "no items in the JSON", "Give the file that the finished job wrote.")
    builder.claim_syntax()
    return builder


def _call(document: Document, listed: object) -> Iterator[Segment]:
    for one, place in objects(document, listed):
        text = one.get("Content")
        if isinstance(text, str):
            start_s, end_s = (time_of(one.get(key), unit_s=_MS) for key in ("BeginOffsetMillis", "EndOffsetMillis"))
            yield Segment(label_of(one.get("ParticipantRole")), text, start_s, end_s, place)


def _words(items: list[Any], who: _Labels) -> Iterator[Word]:
    """Words with the punctuation that follows them."""
    held: Word | None = None
    for item in items:
        text = _content(item)
        if text is None:
            continue
        if item.get("type") == "punctuation" and held is not None:
            held = held._replace(text=held.text + text)
            continue
        if held is not None:
            yield held
        start_s, end_s = time_of(item.get("start_time")), time_of(item.get("end_time"))
        own = label_of(item.get("speaker_label")) or label_of(item.get("channel_label"))
        held = Word(own or who.at(start_s, held.label if held else ""), text, start_s, end_s)
    if held is not None:
        yield held


def _content(item: object) -> str | None:
    listed = item.get("alternatives") if isinstance(item, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    text = first.get("content") if isinstance(first, dict) else None
    return as_text(text).strip() or None if isinstance(text, str) else None


class _Labels:
    """Who speaks at a time, by the label lists; segments without a label or without items say nothing."""

    def __init__(self, results: dict[str, Any]) -> None:
        found = [*self._segments(results), *self._channels(results)]
        self._exact = {start: label for start, _, label in found}
        self._found = sorted(found)
        self._starts = [start for start, _, _ in self._found]

    def at(self, start_s: float | None, before: str) -> str:
        """The label at a time; `before` where the time is not known."""
        if start_s is None:
            return before
        if start_s in self._exact:
            return self._exact[start_s]
        place = bisect_right(self._starts, start_s) - 1
        if place >= 0 and (self._found[place][1] or 0.0) >= start_s:
            return self._found[place][2]
        return ""

    @staticmethod
    def _segments(results: dict[str, Any]) -> Iterator[tuple[float, float, str]]:
        labels = results.get("speaker_labels")
        for segment in _list_of(labels, "segments"):
            label = label_of(segment.get("speaker_label"))
            items = _list_of(segment, "items")
            for item in items:
                own = label_of(item.get("speaker_label")) or label
                start = time_of(item.get("start_time"))
                if own and start is not None:
                    yield start, time_of(item.get("end_time")) or start, own

    @staticmethod
    def _channels(results: dict[str, Any]) -> Iterator[tuple[float, float, str]]:
        for channel in _list_of(results.get("channel_labels"), "channels"):
            label = label_of(channel.get("channel_label"))
            for item in _list_of(channel, "items"):
                start = time_of(item.get("start_time"))
                if label and start is not None:
                    yield start, time_of(item.get("end_time")) or start, label


def _list_of(parent: object, key: str) -> list[dict[str, Any]]:
    listed = parent.get(key) if isinstance(parent, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


FORMAT = Format(name="aws", describes="AWS Transcribe JSON", sniff=sniff, parse=parse)
