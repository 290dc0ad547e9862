"""JSON of meeting tools: Fireflies (API and download), Grain, Granola.

Granola has times of day and two lanes; "system" is everyone but the person at the microphone, so it is a role, not a
person. Fireflies gives the date in milliseconds since 1970, times as numbers, strings or clock times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import clock, find_date

_MS = 0.001
_LISTS = ("sentences", "transcript", "segments", "utterances", "data")
_LANES = {"microphone": "Microphone", "system": "Everyone else"}


@dataclass(frozen=True, slots=True)
class _Tool:
    """How one tool writes a sentence."""

    name: str
    needs: tuple[str, ...]
    text: str
    start: Callable[[dict[str, Any]], float | None]
    end: Callable[[dict[str, Any]], float | None]
    label: Callable[[dict[str, Any]], str]


def _of_day(value: object) -> float | None:
    """Seconds since 1970 of an ISO time."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _fireflies_name(one: dict[str, Any]) -> str:
    name = label_of(one.get("speaker_name"))
    number = label_of(one.get("speaker_id"))
    return name or (f"Speaker {number}" if number else "")


_TOOLS = (
    _Tool(
        "Fireflies",
        ("sentence", "startTime"),
        "sentence",
        lambda one: time_of(one.get("startTime")),
        lambda one: time_of(one.get("endTime")),
        _fireflies_name,
    ),
    _Tool(
        "Fireflies",
        ("text", "start_time", "speaker_name"),
        "text",
        lambda one: time_of(one.get("start_time")),
        lambda one: time_of(one.get("end_time")),
        _fireflies_name,
    ),
    _Tool(
        "Granola",
        ("text", "start_timestamp", "source"),
        "text",
        lambda one: _of_day(one.get("start_timestamp")),
        lambda one: _of_day(one.get("end_timestamp")),
        lambda one: _LANES.get(str(one.get("source")), label_of(one.get("source"))),
    ),
    _Tool(
        "Grain",
        ("text", "start", "end", "participant_id"),
        "text",
        lambda one: time_of(one.get("start"), unit_s=_MS),
        lambda one: time_of(one.get("end"), unit_s=_MS),
        lambda one: label_of(one.get("speaker")),
    ),
)


def _found(value: object) -> tuple[dict[str, Any], str, list[Any], _Tool] | None:
    """The object around, the key of the list, the list and the tool that wrote it."""
    around: dict[str, Any] = value if isinstance(value, dict) else {}
    for _ in range(2):
        # The API of Fireflies wraps its reply: {"data": {"transcript": {...}}}.
        inner = around.get("data") if isinstance(around.get("data"), dict) else around.get("transcript")
        around = inner if isinstance(inner, dict) else around
    lists = [("", value)] if isinstance(value, list) else [(key, around.get(key)) for key in _LISTS]
    for key, listed in lists:
        sample = [one for one in listed[:50] if isinstance(one, dict)] if isinstance(listed, list) else []
        for tool in _TOOLS:
            if sample and all(all(name in one for name in tool.needs) for one in sample):
                return around, key, listed, tool  # type: ignore[return-value]
    return None


def sniff(source: SourceText) -> float:
    """0.97 where every sentence has the fields that one of the tools writes."""
    return 0.97 if _found(source.json) is not None else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file; each sentence is a mark."""
    document = json_of(source.name, source.document)
    found = _found(document.value)
    if found is None:
        raise ParseError(source.name, "no sentences of a meeting in the JSON", "Export it with speakers and times.")
    around, key, listed, tool = found
    builder = Builder(source)
    _header(builder, document, around, key)
    sentences = list(objects(document, listed))
    starts = [start for one, _ in sentences if (start := tool.start(one)) is not None]
    first = min(starts, default=0.0) if tool.name == "Granola" else 0.0
    for one, place in sentences:
        _sentence(builder, one, place, tool, first)
    builder.claim_syntax()
    return builder


def _header(builder: Builder, document: Document, around: dict[str, Any], key: str) -> None:
    known = [key]
    if isinstance(around.get("title"), str):
        builder.title = " ".join(as_text(around["title"]).split()) or None
        known.append("title")
    for name in ("date", "created_at", "start_time"):
        builder.date = builder.date or _date(around.get(name))
        known += [name] if _date(around.get(name)) else []
    for name in ("audio_url", "video_url", "recording_url"):
        if isinstance(around.get(name), str):
            builder.media_url = builder.media_url or around[name]
            known.append(name)
    places = document.members(around)
    for name in known[1:]:
        if name in places:
            builder.claim(*places[name], Part.HEADER)
    leave_out(builder, document, around, known)
    if isinstance(document.value, dict) and around is not document.value:
        leave_out(builder, document, document.value, ("data", "transcript"))


def _date(value: object) -> date | None:
    if isinstance(value, str):
        found = find_date(value)
        return found[0] if found is not None else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1e11 < value < 4e12:
        return None
    return datetime.fromtimestamp(value * _MS, tz=UTC).date()


def _sentence(builder: Builder, one: dict[str, Any], place: Range, tool: _Tool, first: float) -> None:
    text, label = one.get(tool.text), tool.label(one)
    said = " ".join(as_text(text).split()) if isinstance(text, str) else ""
    start_s, end_s = (None if at is None else round(at - first, 6) for at in (tool.start(one), tool.end(one)))
    address = clock(start_s) if start_s is not None and start_s >= 0 else None
    if not said:
        builder.claim(*place, Part.SYNTAX)
        return
    if builder.speaking != label:
        builder.open(label, start_s=start_s, end_s=end_s, address=address)
    builder.words(*place, text=said, joiner=" ", mark=(start_s, end_s, address) if address else None)
    before = builder.columns.ends_s[-1]
    builder.columns.ends_s[-1] = end_s if before is None or end_s is None else max(before, end_s)


FORMAT = Format(
    name="meeting_json", describes="JSON of meeting tools (Fireflies, Grain, Granola)", sniff=sniff, parse=parse
)
