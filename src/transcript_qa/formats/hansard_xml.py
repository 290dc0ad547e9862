"""Hansard as TheyWorkForYou gives it: `<speech>` with name, column and time of day, paragraphs with ids.

https://parser.theyworkforyou.com/hansard.html
"""

from __future__ import annotations

import re

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder
from transcript_qa.formats.marked import Runs
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import find_date
from transcript_qa.formats.xmlscan import Event, Kind, events, root_name

_HEADINGS = frozenset({"major-heading", "minor-heading", "oral-heading", "heading", "title"})
_DATED_ID = re.compile(r"\d{4}-\d{2}-\d{2}")
_BLOCKS = frozenset({"p", "tr", "td", "li", "ul", "table"})


def sniff(source: SourceText) -> float:
    """1 where the outermost element is that of the Public Whip."""
    return 1.0 if root_name(source) == "publicwhip" else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file; procedure is a turn that nobody speaks."""
    builder = Builder(source)
    reader = _Reader(builder)
    for event in events(source):
        reader.take(event)
    builder.claim_syntax()
    return builder


class _Reader:
    """Goes through the elements and knows which one is open."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._runs = Runs(builder)
        self._speech: Event | None = None
        self._paragraph = ""
        self._heading = False

    def take(self, event: Event) -> None:
        """One event."""
        if event.kind is Kind.TEXT:
            if event.text.strip() or self._runs.texts:
                self._runs.add(event.text, event.start, event.end)
        elif event.kind is Kind.OPEN:
            self._open(event)
        elif event.name in _BLOCKS or event.name == "speech" or event.name in _HEADINGS:
            self._flush()
            self._speech = None if event.name == "speech" else self._speech
            self._heading = False if event.name in _HEADINGS else self._heading

    def _open(self, event: Event) -> None:
        if event.name == "speech":
            self._flush()
            self._begin(event)
        elif event.name in _HEADINGS:
            self._flush()
            self._heading = True
        elif event.name in _BLOCKS:
            self._flush()
            self._paragraph = event.attributes.get("pid", self._paragraph if event.name != "p" else "")

    def _begin(self, event: Event) -> None:
        self._speech, self._paragraph = event, ""
        if self._builder.date is None:
            dated = _DATED_ID.search(event.attributes.get("id", ""))
            found = find_date(dated[0]) if dated is not None else None
            self._builder.date = found[0] if found is not None else None
        self._builder.open(_name(event), address=_address(event, ""))

    def _flush(self) -> None:
        if not self._runs.texts:
            return
        if self._speech is not None:
            address = _address(self._speech, self._paragraph)
            self._runs.flush(mark=(None, None, address) if address else None)
        elif self._heading and self._builder.title is None and self._runs.said:
            self._builder.title = self._runs.as_header()
        elif self._heading:
            self._runs.leave_out("heading")
        else:
            self._runs.leave_out("text outside the speeches")


def _name(speech: Event) -> str:
    if speech.attributes.get("nospeaker") == "true":
        return ""
    return labels.tidy(speech.attributes.get("speakername", ""))


def _address(speech: Event, paragraph: str) -> str | None:
    """Column, time of day and paragraph, as far as the file gives them."""
    column, clock = speech.attributes.get("colnum", ""), speech.attributes.get("time", "")
    hour, _, rest = clock.partition(":")
    minute = rest.partition(":")[0]
    time = f"{int(hour):02d}:{minute}" if hour.isdecimal() and minute.isdecimal() else ""
    parts = (f"col. {column}" if column else "", time, paragraph)
    return ", ".join(part for part in parts if part) or speech.attributes.get("id")


FORMAT = Format(name="hansard_xml", describes="Hansard XML (TheyWorkForYou)", sniff=sniff, parse=parse)
