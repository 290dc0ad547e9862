"""Rev JSON: `monologues` whose `elements` (the API) or `spans` (the editor) hold words and the white space between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Word, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText


def sniff(source: SourceText) -> float:
    """1 where there are monologues with elements or spans."""
    document = source.json
    listed = document.get("monologues") if isinstance(document, dict) else None
    return 1.0 if isinstance(listed, list) and any(_pieces(one) for one in listed[:50]) else 0.0


def _pieces(monologue: object) -> list[dict[str, Any]]:
    if not isinstance(monologue, dict):
        return []
    listed = monologue.get("elements", monologue.get("spans"))
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def parse(source: SourceText) -> Builder:
    """The turns of such a file."""
    document = json_of(source.name, source.document)
    top = document.value if isinstance(document.value, dict) else {}
    if not isinstance(top.get("monologues"), list):
        raise ParseError(source.name, "no monologues in the JSON", "Give the transcript as Rev's JSON.")
    builder = Builder(source)
    names = _names(top.get("speakers"))
    for monologue, place in objects(document, top["monologues"]):
        speaker = monologue.get("speaker")
        label = names.get(str(speaker)) or label_of(monologue.get("speaker_name")) or _numbered(speaker)
        add_words(builder, _words(_pieces(monologue), label), place, joiner="")
    leave_out(builder, document, top, ("monologues", "speakers"))
    builder.claim_syntax()
    return builder


def _names(listed: object) -> dict[str, str]:
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one.get("id")): label_of(one.get("name")) for one in found}


def _numbered(speaker: object) -> str:
    label = label_of(speaker)
    return f"Speaker {label}" if label.isdecimal() else label


def _words(pieces: list[dict[str, Any]], label: str) -> Iterator[Word]:
    """Words with all that stands up to the next one; the pieces of punctuation bring the spaces."""
    held: Word | None = None
    for piece in pieces:
        value = piece.get("value")
        if not isinstance(value, str):
            continue
        value = as_text(value)
        start_s, end_s = _time(piece, "ts", "timestamp"), _time(piece, "end_ts", "endTs", "end_timestamp")
        if held is not None and start_s is None:
            held = held._replace(text=held.text + value)
            continue
        if held is not None:
            yield held
        held = Word(label, value, start_s, end_s)
    if held is not None:
        yield held


def _time(piece: dict[str, Any], *names: str) -> float | None:
    return next((time_of(piece[name]) for name in names if piece.get(name) is not None), None)


FORMAT = Format(name="rev", describes="Rev JSON", sniff=sniff, parse=parse)
