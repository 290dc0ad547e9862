"""Plain JSON: a list of turns, alone or in an object with title, date and place.

    {"title": str, "date": str, "place": str, "media_url": str,
     "turns": [{"speaker": str or null, "start": seconds or null, "end": seconds or null, "text": str}]}

`segments` for `turns` and `start_s`/`end_s` for the times are read too.
"""

from __future__ import annotations

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsonscan import Value, as_text, elements, members, root
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import clock, find_date, seconds

_LISTS = ("turns", "segments")
_START, _END = ("start", "start_s"), ("end", "end_s")


def sniff(source: SourceText) -> float:
    """High where the JSON holds a list of objects with `text`."""
    document = source.json
    if isinstance(document, dict):
        document = next((document[key] for key in _LISTS if key in document), None)
    if not isinstance(document, list) or not document:
        return 0.0
    turns = [each for each in document if isinstance(each, dict) and isinstance(each.get("text"), str)]
    if len(turns) * 2 < len(document):
        return 0.0
    known = sum(any(key in each for key in ("speaker", *_START)) for each in turns)
    return 0.9 if known * 2 >= len(turns) else 0.5


def parse(source: SourceText) -> Builder:
    """The turns of such a document."""
    builder = Builder(source)
    top = root(source)
    listed = top
    if isinstance(top.value, dict):
        listed = _header(builder, top)
    if not isinstance(listed.value, list):
        raise ParseError(source.name, "no list of turns in the JSON", "It has to stand under `turns` or `segments`.")
    for number, item in enumerate(elements(source.text, listed), start=1):
        if isinstance(item.value, dict):
            _turn(builder, item, number)
        else:
            builder.gather(item.start, item.end, "list items that are no turns")
    builder.claim_syntax()
    return builder


def _header(builder: Builder, top: Value) -> Value:
    """Read title, date, place and recording; gives the list of turns."""
    name = next((key for key in _LISTS if isinstance(top.value, dict) and key in top.value), "turns")
    listed = Value(None, top.start, top.start)
    for key, value in members(builder.source.text, top):
        text = value.value if isinstance(value.value, str) else None
        if key == name and isinstance(value.value, list):
            listed = value
        elif key in ("title", "place", "media_url") and text is not None:
            setattr(builder, key, as_text(text).strip() or None)
            builder.claim(value.start, value.end, Part.HEADER)
        elif key == "date" and text is not None and (found := find_date(text)) is not None:
            builder.date = found[0]
            builder.claim(value.start, value.end, Part.HEADER)
        else:
            builder.skip(value.start, value.end, f"field that is no speech: {key}", may_be_speech=False)
    return listed


def _turn(builder: Builder, item: Value, number: int) -> None:
    fields = dict(members(builder.source.text, item))
    text, speaker = fields.get("text"), fields.get("speaker")
    start_s, end_s = _time(fields, _START), _time(fields, _END)
    if text is None or not isinstance(text.value, str):
        builder.gather(item.start, item.end, "list items that are no turns")
        return
    known = {"text", "speaker", *_START, *_END}
    for key, value in fields.items():
        if key not in known:
            builder.gather(value.start, value.end, f"field of the turns that is no speech: {key}")
    address = clock(start_s) if start_s is not None else f"turn {number}"
    builder.open(_label(speaker), start_s=start_s, end_s=end_s, address=address)
    if start_s is not None:
        builder.words(text.start, text.end, text=as_text(text.value), mark=(start_s, end_s, address))
    else:
        builder.words(text.start, text.end, text=as_text(text.value))


def _label(speaker: Value | None) -> str:
    if speaker is None or speaker.value is None or isinstance(speaker.value, (dict, list, bool)):
        return ""
    return labels.tidy(as_text(str(speaker.value)))


def _time(fields: dict[str, Value], names: tuple[str, ...]) -> float | None:
    """Seconds from a number, a number in a string or a printed time; anything else is no time."""
    value = next((fields[name].value for name in names if name in fields), None)
    if isinstance(value, str):
        printed = seconds(value)
        if printed is not None:
            return printed
        try:
            value = float(value.strip())
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value < 1e9 else None


FORMAT = Format(name="json_turns", describes="JSON with a list of turns", sniff=sniff, parse=parse)
