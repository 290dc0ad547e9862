"""Google Speech-to-Text JSON, versions 1 and 2: `results[].alternatives[0].words`.

Where speakers are told apart, version 1 repeats all words with their tags in the last result; reading every result
would double the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Word, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText

_REPEATED = "words that the last result repeats with their speakers"


def sniff(source: SourceText) -> float:
    """1 where the results are a list with alternatives that have transcripts."""
    results = _results(source.json)
    return 1.0 if any(_alternative(one) for one in results[:50]) else 0.0


def _results(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict) and isinstance(value.get("response"), dict):
        value = value["response"]
    listed = value.get("results") if isinstance(value, dict) else None
    return listed if isinstance(listed, list) and all(isinstance(one, dict) for one in listed) else []


def _alternative(result: dict[str, Any]) -> dict[str, Any]:
    listed = result.get("alternatives")
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) and ("transcript" in first or "words" in first) else {}


def parse(source: SourceText) -> Builder:
    """The turns of such a reply."""
    document = json_of(source.name, source.document)
    results = _results(document.value)
    if not results:
        raise ParseError(source.name, "no results in the JSON", "Give the reply of the finished operation.")
    builder = Builder(source)
    found = list(objects(document, results))
    last = found[-1]
    if len(found) > 1 and _repeats(last[0], found[:-1]):
        for _, place in found[:-1]:
            builder.gather(*place, _REPEATED)
        found = [last]
    for result, place in found:
        _result(builder, result, place)
    _rest(builder, document)
    return builder


def _repeats(last: dict[str, Any], before: list[tuple[dict[str, Any], Range]]) -> bool:
    """Whether the last result holds the words of all before it, with tags that those lack."""
    words = _words_of(last)
    tagged = any(_label(one) for one in words)
    n_before = sum(len(_words_of(result)) for result, _ in before)
    return tagged and n_before > 0 and len(words) >= 0.9 * n_before


def _words_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    listed = _alternative(result).get("words")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _label(word: dict[str, Any]) -> str:
    label = label_of(word.get("speakerLabel", word.get("speakerTag", word.get("speaker_tag"))))
    return "" if label == "0" else label


def _result(builder: Builder, result: dict[str, Any], place: Range) -> None:
    words = _words_of(result)
    if words:
        add_words(builder, _words(words), place)
        return
    text = _alternative(result).get("transcript")
    if isinstance(text, str) and text.strip():
        channel = label_of(result.get("channelTag"))
        label = f"channel {channel}" if channel else ""
        add_words(builder, [Word(label, as_text(text).strip(), None, _time(result, "resultEndTime"))], place)


def _words(words: list[dict[str, Any]]) -> Iterator[Word]:
    for one in words:
        text = one.get("word")
        if isinstance(text, str) and text.strip():
            start_s = _time(one, "startTime", "startOffset", "start_time")
            yield Word(_label(one), as_text(text).strip(), start_s, _time(one, "endTime", "endOffset", "end_time"))


def _time(one: dict[str, Any], *names: str) -> float | None:
    """Seconds of "3.100s", 3.1 or {"seconds": "3", "nanos": 100000000}; a missing start of 0 stays missing."""
    value = next((one[name] for name in names if name in one), None)
    if not isinstance(value, dict):
        return time_of(value)
    whole, nanos = time_of(value.get("seconds", 0)), time_of(value.get("nanos", 0), unit_s=1e-9)
    return None if whole is None else round(whole + (nanos or 0.0), 6)


def _rest(builder: Builder, document: Document) -> None:
    top = document.value
    leave_out(builder, document, top, ("results", "response"))
    builder.claim_syntax()


FORMAT = Format(name="google_speech", describes="Google Speech-to-Text JSON", sniff=sniff, parse=parse)
