"""Plain JSON: a list of turns, alone or in an object with title, date and place.

    {"title": str, "date": str, "place": str, "media_url": str,
     "turns": [{"speaker": str or null, "start": seconds or null, "end": seconds or null, "text": str}]}

Other names that tools use for the same things are read too: see `_LISTS`, `_TEXTS`, `_SPEAKERS`, `_STARTS`, `_ENDS`.
A list with one object on each line (JSON Lines) is read like any other list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsoncolumns import (
    Rows,
    add_turns,
    are_objects,
    are_texts,
    clocks,
    column,
    labels_of,
    texts_of,
    times_of,
)
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import label_of, leave_out, strays, time_of
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import clock, find_date

_LISTS = (
    "turns", "segments", "utterances", "sentences", "entries", "captions", "transcript", "transcription", "monologues",
    "messages", "dialogue", "conversation", "data", "results",
)  # fmt: skip
_TEXTS = ("text", "content", "transcript", "sentence", "body", "words", "utterance", "message", "value")
_SPEAKERS = ("speaker", "speaker_name", "speakerName", "name", "speaker_label", "role", "author", "from", "user")
_STARTS: Mapping[str, float] = {
    "start": 1.0, "start_s": 1.0, "start_time": 1.0, "startTime": 1.0, "begin": 1.0, "from_time": 1.0,
    "timestamp": 1.0, "time": 1.0, "offset": 1.0, "start_ms": 0.001, "startMs": 0.001,
}  # fmt: skip
_ENDS: Mapping[str, float] = {
    "end": 1.0, "end_s": 1.0, "end_time": 1.0, "endTime": 1.0, "stop": 1.0, "end_ms": 0.001, "endMs": 0.001,
}  # fmt: skip
_DATES = ("date", "created", "created_at", "recorded_at")
_KNOWN = frozenset((*_TEXTS, *_SPEAKERS, *_STARTS, *_ENDS, "id", "index"))
_SAMPLE = 200
# More kinds of turns than these in one file are not told apart.
_MOST_SHAPES = 20


def sniff(source: SourceText) -> float:
    """High where the JSON holds a list of objects with words in them."""
    found = _listed(source.json)
    if not found:
        return 0.0
    sample = found[1][:_SAMPLE]
    turns = [one for one in sample if isinstance(one, dict) and _first_text(one) is not None]
    if len(turns) * 2 < len(sample):
        return 0.0
    known = sum(any(key in one for key in (*_SPEAKERS, *_STARTS)) for one in turns)
    sure = any(key in one for one in turns for key in ("text", "content", "transcript", "sentence"))
    return 0.9 if sure and known * 2 >= len(turns) else 0.5 if "text" in turns[0] or known * 2 >= len(turns) else 0.0


def _listed(value: object) -> tuple[str, list[Any]] | None:
    """The name and the list that most likely holds the turns."""
    if isinstance(value, list):
        return ("", value) if value else None
    if isinstance(value, dict):
        for key in _LISTS:
            listed = value.get(key)
            if isinstance(listed, list) and any(isinstance(one, dict) for one in listed[:_SAMPLE]):
                return key, listed
    return None


def _first_text(one: dict[str, Any]) -> tuple[str, str] | None:
    return next(((key, one[key]) for key in _TEXTS if isinstance(one.get(key), str)), None)


def parse(source: SourceText) -> Builder:
    """The turns of such a document."""
    document = json_of(source.name, source.document)
    builder = Builder(source)
    found = _listed(document.value)
    if found is None:
        raise ParseError(source.name, "no list of turns in the JSON", "It has to stand under `turns` or `segments`.")
    key, listed = found
    if isinstance(document.value, dict):
        _header(builder, document, document.value, key)
    whole = document.members(document.value)[key] if key else (0, len(source.text))
    if not _add_all(builder, listed, whole):
        for number, (one, place) in enumerate(objects(document, listed), start=1):
            _turn(builder, document, one, place, number)
        strays(builder, document, listed)
    builder.claim_syntax()
    return builder


def _header(builder: Builder, document: Document, top: dict[str, Any], used: str) -> None:
    """Read title, date, place and recording."""
    places = document.members(top)
    known = [used]
    for key in ("title", "place", "media_url"):
        if isinstance(top.get(key), str):
            setattr(builder, key, " ".join(as_text(top[key]).split()) or None)
            known.append(key)
    for key in _DATES:
        found = find_date(top[key]) if isinstance(top.get(key), str) and builder.date is None else None
        if found is not None:
            builder.date = found[0]
            known.append(key)
    for key in known[1:]:
        builder.claim(*places[key], Part.HEADER)
    leave_out(builder, document, top, known)


def _add_all(builder: Builder, listed: list[Any], place: Range) -> bool:
    """Add all turns at once, where every one names the same things alike; false, and nothing added, where not."""
    if not are_objects(listed):
        return False
    shapes = set(map(tuple, listed))
    if len(shapes) > _MOST_SHAPES or not _KNOWN.issuperset(chain.from_iterable(shapes)):
        return False
    named = [{_first(names, shape) for shape in shapes} for names in (_TEXTS, _SPEAKERS, _STARTS, _ENDS)]
    speakers = {name for shape in shapes for name in _SPEAKERS if name in shape}
    if any(len(each - {None}) > 1 for each in named) or len(speakers) > 1 or None in named[0]:
        return False
    text, speaker, start, end = (next(iter(each - {None}), None) for each in named)
    if text is None or not are_texts(said := column(listed, text)):
        return False
    labels = labels_of(column(listed, speaker)) if speaker is not None else [""] * len(listed)
    starts_s, ends_s = (_times(listed, name, units) for name, units in ((start, _STARTS), (end, _ENDS)))
    addresses = [at or f"turn {number}" for number, at in enumerate(clocks(starts_s), start=1)]
    add_turns(builder, Rows(labels, texts_of(said), starts_s, ends_s), addresses, place)
    return True


def _times(listed: list[Any], name: str | None, units: Mapping[str, float]) -> list[float | None]:
    return times_of(column(listed, name), unit_s=units[name]) if name is not None else [None] * len(listed)


def _first(names: Iterable[str], shape: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in shape), None)


def _turn(builder: Builder, document: Document, one: dict[str, Any], place: Range, number: int) -> None:
    said = _first_text(one)
    if said is None:
        builder.gather(*place, "list items that are no turns")
        return
    start_s, end_s = _time(one, _STARTS), _time(one, _ENDS)
    address = clock(start_s) if start_s is not None else f"turn {number}"
    label = label_of(next((one[key] for key in _SPEAKERS if isinstance(one.get(key), (str, int))), None))
    builder.open(label, start_s=start_s, end_s=end_s, address=address)
    mark = (start_s, end_s, address) if start_s is not None else None
    if _KNOWN.issuperset(one):
        builder.words(*place, text=as_text(said[1]), mark=mark)
        return
    places = document.inside(one, place)
    builder.words(*places[said[0]], text=as_text(said[1]), mark=mark)
    for key, range_ in places.items():
        if key not in _KNOWN:
            builder.gather(*range_, f"field of the turns that is no speech: {as_text(key)[:60]}")


def _time(one: dict[str, Any], names: Mapping[str, float]) -> float | None:
    units: Sequence[tuple[str, float]] = [(name, unit) for name, unit in names.items() if name in one]
    return next((time_of(one[name], unit_s=unit) for name, unit in units), None)


FORMAT = Format(name="json_turns", describes="JSON with a list of turns", sniff=sniff, parse=parse)
