"""QMSum JSON: `meeting_transcripts`, a list of speaker and content, without times; topics and queries are no speech."""

from __future__ import annotations

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import Value, as_text, elements, members, root
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText

_KEY = "meeting_transcripts"


def sniff(source: SourceText) -> float:
    """1 where the JSON holds `meeting_transcripts`."""
    document = source.json
    return 1.0 if isinstance(document, dict) and isinstance(document.get(_KEY), list) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a document."""
    builder = Builder(source)
    top = root(source)
    if not isinstance(top.value, dict) or not isinstance(top.value.get(_KEY), list):
        raise ParseError(source.name, f"no {_KEY} in the JSON", "Give the whole QMSum file.")
    for key, value in members(source.text, top):
        if key != _KEY or not isinstance(value.value, list):
            builder.skip(value.start, value.end, f"field that is no speech: {key}", may_be_speech=False)
            continue
        for number, item in enumerate(elements(source.text, value), start=1):
            _turn(builder, item, number)
    builder.claim_syntax()
    return builder


def _turn(builder: Builder, item: Value, number: int) -> None:
    fields = dict(members(builder.source.text, item)) if isinstance(item.value, dict) else {}
    content, speaker = fields.get("content"), fields.get("speaker")
    if content is None or not isinstance(content.value, str):
        builder.gather(item.start, item.end, "list items that are no turns")
        return
    label = labels.tidy(as_text(speaker.value)) if speaker is not None and isinstance(speaker.value, str) else ""
    for key, value in fields.items():
        if key not in ("content", "speaker"):
            builder.gather(value.start, value.end, f"field of the turns that is no speech: {key}")
    builder.open(label, address=f"turn {number}")
    builder.words(content.start, content.end, text=as_text(content.value))


FORMAT = Format(name="qmsum", describes="QMSum meeting JSON", sniff=sniff, parse=parse)
