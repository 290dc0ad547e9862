"""QMSum JSON: `meeting_transcripts`, a list of speaker and content, without times; topics and queries are no speech."""

from __future__ import annotations

from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsoncolumns import Rows, add_turns, are_objects, are_texts, column, labels_of, texts_of
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import label_of, leave_out, strays
from transcript_qa.formats.sourcetext import SourceText

_KEY = "meeting_transcripts"


def sniff(source: SourceText) -> float:
    """1 where the JSON holds `meeting_transcripts`."""
    document = source.json
    return 1.0 if isinstance(document, dict) and isinstance(document.get(_KEY), list) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a document."""
    document = json_of(source.name, source.document)
    builder = Builder(source)
    if not isinstance(document.value, dict) or not isinstance(document.value.get(_KEY), list):
        raise ParseError(source.name, f"no {_KEY} in the JSON", "Give the whole QMSum file.")
    listed = document.value[_KEY]
    if are_objects(listed) and are_texts(said := column(listed, "content")):
        _add_all(builder, column(listed, "speaker"), said, document.members(document.value)[_KEY])
    else:
        _add_each(builder, document)
    leave_out(builder, document, document.value, (_KEY,))
    builder.claim_syntax()
    return builder


def _add_all(builder: Builder, speakers: list[Any], said: list[str], place: Range) -> None:
    numbers = [f"turn {number}" for number in range(1, len(said) + 1)]
    unknown: list[float | None] = [None] * len(said)
    add_turns(builder, Rows(labels_of(speakers), texts_of(said), unknown, unknown), numbers, place)


def _add_each(builder: Builder, document: Document) -> None:
    for number, (one, place) in enumerate(objects(document, document.value[_KEY]), start=1):
        content = one.get("content")
        if isinstance(content, str):
            builder.open(label_of(one.get("speaker")), address=f"turn {number}")
            builder.words(*place, text=as_text(content))
        else:
            builder.gather(*place, "list items that are no turns")
    strays(builder, document, document.value[_KEY])


FORMAT = Format(name="qmsum", describes="QMSum meeting JSON", sniff=sniff, parse=parse)
