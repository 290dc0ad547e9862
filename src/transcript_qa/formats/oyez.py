"""Oyez JSON: `transcript.sections[].turns[]` of a recorded argument, with speakers, their roles and times."""

from __future__ import annotations

from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import clock, find_date


def sniff(source: SourceText) -> float:
    """1 where there are sections with turns."""
    document = source.json
    if isinstance(document, dict) and document.get("transcript", "") is None and "media_file" in document:
        return 1.0
    return 1.0 if any(isinstance(one.get("turns"), list) for one in _sections(document)) else 0.0


def _listed(value: object) -> list[Any]:
    transcript = value.get("transcript", value) if isinstance(value, dict) else None
    listed = transcript.get("sections") if isinstance(transcript, dict) else None
    return listed if isinstance(listed, list) else []


def _sections(value: object) -> list[dict[str, Any]]:
    return [one for one in _listed(value) if isinstance(one, dict)]


def parse(source: SourceText) -> Builder:
    """The turns of such a document."""
    document = json_of(source.name, source.document)
    builder = Builder(source)
    sections = _sections(document.value)
    if not sections and isinstance(document.value, dict) and "media_file" in document.value:
        note = document.value.get("public_note")
        why = f": {as_text(note).strip()}" if isinstance(note, str) and note.strip() else ""
        raise ParseError(source.name, f"this argument has no transcript{why}", "Take it out of the folder.")
    if not sections:
        raise ParseError(source.name, "no sections with turns in the JSON", "Give the whole file of one argument.")
    _header(builder, document)
    for section, whole in objects(document, _listed(document.value)):
        inner = document.inside(section, whole).get("turns")
        for turn, place in objects(document, section.get("turns"), inner):
            _turn(builder, turn, place)
    builder.claim_syntax()
    return builder


def _header(builder: Builder, document: Document) -> None:
    top: dict[str, Any] = document.value
    inner = top.get("transcript")
    transcript: dict[str, Any] = inner if isinstance(inner, dict) else {}
    titles = [one.get("title") for one in (transcript, top)]
    names = [as_text(title) for title in titles if isinstance(title, str) and title.strip()]
    if names:
        builder.title = " ".join(" - ".join(dict.fromkeys(names)).split())
        found = find_date(names[-1])
        builder.date = found[0] if found is not None else None
    for one in (transcript, top):
        if isinstance(one.get("title"), str) and "title" in document.members(one):
            builder.claim(*document.members(one)["title"], Part.HEADER)
    media = top.get("media_file")
    links = [one.get("href") for one in media if isinstance(one, dict)] if isinstance(media, list) else []
    builder.media_url = next((link for link in links if isinstance(link, str) and link.endswith(".mp3")), None)
    leave_out(builder, document, top, ("transcript", "title", "sections"))


def _turn(builder: Builder, turn: dict[str, Any], place: Range) -> None:
    speaker = turn.get("speaker")
    label = label_of(speaker.get("name")) if isinstance(speaker, dict) else ""
    start_s, end_s = time_of(turn.get("start")), time_of(turn.get("stop"))
    blocks = turn.get("text_blocks")
    said = [one for one in blocks if isinstance(one, dict)] if isinstance(blocks, list) else []
    builder.open(label, start_s=start_s, end_s=end_s, address=clock(start_s) if start_s is not None else None)
    for number, block in enumerate(said):
        text, from_s = block.get("text"), time_of(block.get("start"))
        at = place if number == 0 else (place[0], place[0])
        mark = (from_s, time_of(block.get("stop")), clock(from_s)) if from_s is not None else None
        if isinstance(text, str):
            builder.words(*at, text=as_text(text), mark=mark)
    builder.claim(*place, Part.WORDS)


FORMAT = Format(name="oyez", describes="Oyez arguments (JSON)", sniff=sniff, parse=parse)
