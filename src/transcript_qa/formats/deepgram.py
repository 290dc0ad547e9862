"""Deepgram JSON: `results.utterances` with speakers; else the words of each channel, a channel then being a speaker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, Word, add_segments, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText


def sniff(source: SourceText) -> float:
    """1 where results have channels with alternatives, or utterances with transcripts."""
    results = _results(source.json)
    if results is None:
        return 0.0
    channels, utterances = results.get("channels"), results.get("utterances")
    spoken = isinstance(channels, list) and any(isinstance(one, dict) and "alternatives" in one for one in channels)
    told = isinstance(utterances, list) and any(isinstance(one, dict) and "transcript" in one for one in utterances)
    return 1.0 if spoken or told else 0.0


def _results(value: object) -> dict[str, Any] | None:
    results = value.get("results") if isinstance(value, dict) else None
    return results if isinstance(results, dict) else None


def parse(source: SourceText) -> Builder:
    """The turns of such a reply."""
    document = json_of(source.name, source.document)
    results = _results(document.value)
    if results is None:
        raise ParseError(source.name, "no results in the JSON", "Give the whole reply.")
    builder = Builder(source)
    utterances = results.get("utterances")
    if isinstance(utterances, list) and utterances:
        add_segments(builder, _utterances(document, utterances))
        used = "utterances"
    else:
        _channels(builder, document, results.get("channels"))
        used = "channels"
    leave_out(builder, document, results, (used,))
    leave_out(builder, document, document.value, ("results",))
    builder.claim_syntax()
    return builder


def _utterances(document: Document, listed: object) -> Iterator[Segment]:
    found = list(objects(document, listed))
    several = len({one.get("channel") for one, _ in found if isinstance(one.get("channel"), int)}) > 1
    for one, place in found:
        text = one.get("transcript")
        if isinstance(text, str):
            label = label_of(one.get("speaker"))
            if several and not label:
                label = f"channel {label_of(one.get('channel'))}"
            yield Segment(label, text, time_of(one.get("start")), time_of(one.get("end")), place)


def _channels(builder: Builder, document: Document, listed: object) -> None:
    channels = [(one, place) for one, place in objects(document, listed) if _alternative(one)]
    if len(channels) == 1:
        (channel, place) = channels[0]
        add_words(builder, _words(_alternative(channel), None), place)
        return
    said = [
        (word, place)
        for number, (channel, place) in enumerate(channels)
        for word in _words(_alternative(channel), f"channel {number}")
    ]
    said.sort(key=lambda each: each[0].start_s or 0.0)
    whole: Range = (channels[0][1][0], channels[-1][1][1]) if channels else (0, 0)
    add_words(builder, (word for word, _ in said), whole)


def _alternative(channel: dict[str, Any]) -> dict[str, Any]:
    listed = channel.get("alternatives")
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}


def _words(alternative: dict[str, Any], label: str | None) -> Iterator[Word]:
    listed = alternative.get("words")
    words = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for one in words:
        text = one.get("punctuated_word", one.get("word"))
        if isinstance(text, str) and text.strip():
            own = label_of(one.get("speaker")) if label is None else label
            yield Word(own, as_text(text).strip(), time_of(one.get("start")), time_of(one.get("end")))
    text = alternative.get("transcript")
    if not words and isinstance(text, str) and text.strip():
        yield Word(label or "", text.strip(), None, None)


FORMAT = Format(name="deepgram", describes="Deepgram JSON", sniff=sniff, parse=parse)
