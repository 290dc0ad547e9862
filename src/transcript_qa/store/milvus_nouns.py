"""Transcripts, passages and what is told of them as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from transcript_qa.datatypes import (
    ImportReport,
    Mark,
    Passage,
    Skipped,
    Span,
    Speaker,
    SpeakerKind,
    Transcript,
    Turn,
)
from transcript_qa.store.base import SourceState, SpeakerInfo, TranscriptInfo
from transcript_qa.store.rows import duration_s


def report_json(report: ImportReport) -> dict[str, Any]:
    """A transcript, whole, and how it was read."""
    transcript = report.transcript
    speakers = list(dict.fromkeys(turn.speaker for turn in transcript.turns))
    places = {speaker: place for place, speaker in enumerate(speakers)}
    return {
        "transcript": _facts(transcript),
        "text": transcript.text,
        "speakers": [_speaker_json(speaker) for speaker in speakers],
        "turns": [_turn_json(turn, places[turn.speaker]) for turn in transcript.turns],
        "skipped": [[part.first_line, part.last_line, part.reason, part.text] for part in transcript.skipped],
        "read": [report.format, report.confidence, report.encoding, list(report.warnings)],
    }


def read_report(told: dict[str, Any]) -> ImportReport:
    """The transcript, and how it was read, from what `report_json` gave."""
    speakers = [_read_speaker(each) for each in told["speakers"]]
    format_name, confidence, encoding, warnings = told["read"]
    transcript = Transcript(
        **_read_facts(told["transcript"]),
        text=told["text"],
        turns=tuple(_read_turn(each, speakers) for each in told["turns"]),
        skipped=tuple(
            Skipped(first_line=first, last_line=last, reason=reason, text=text)
            for first, last, reason, text in told["skipped"]
        ),
    )
    return ImportReport(
        transcript=transcript, format=format_name, confidence=confidence, encoding=encoding, warnings=tuple(warnings)
    )


def passage_text(passage: Passage) -> str:
    """A passage as one text."""
    told = [
        passage.id,
        passage.transcript_id,
        passage.span.start,
        passage.span.end,
        *passage.turns,
        list(passage.speakers),
        passage.start_s,
        passage.end_s,
        passage.text,
    ]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair cannot be sent; JSON has an escape for it.
    return text if _can_be_sent(text) else json.dumps(told, separators=(",", ":"))


def read_passage(text: str) -> Passage:
    """The passage from what `passage_text` gave."""
    passage_id, transcript_id, start, end, first, last, speakers, start_s, end_s, words = json.loads(text)
    return Passage(
        id=passage_id,
        transcript_id=transcript_id,
        span=Span(start=start, end=end),
        turns=(first, last),
        speakers=tuple(speakers),
        start_s=start_s,
        end_s=end_s,
        text=words,
    )


def head_json(
    report: ImportReport, *, n_passages: int, n_indexed_words: int, source: SourceState, digest: str
) -> dict[str, Any]:
    """What is told of a transcript without its text, and of its source."""
    transcript = report.transcript
    entries = list(_speaker_infos(transcript))
    return {
        "transcript": _facts(transcript),
        "format": report.format,
        "turns": len(transcript.turns),
        "words": sum(entry.n_words for entry in entries),
        "passages": n_passages,
        "indexed_words": n_indexed_words,
        "duration_s": duration_s(transcript),
        "added_at": datetime.now(UTC).isoformat(),
        "speakers": [[_speaker_json(entry.speaker), entry.n_turns, entry.n_words] for entry in entries],
        "source": source_json(source),
        "digest": digest,
    }


def read_info(told: dict[str, Any]) -> TranscriptInfo:
    """A transcript without its text, from what `head_json` gave."""
    return TranscriptInfo(
        **_read_facts(told["transcript"]),
        format=told["format"],
        n_turns=told["turns"],
        n_words=told["words"],
        n_passages=told["passages"],
        duration_s=told["duration_s"],
        added_at=datetime.fromisoformat(told["added_at"]),
        speakers=tuple(
            SpeakerInfo(speaker=_read_speaker(speaker), n_turns=n_turns, n_words=n_words)
            for speaker, n_turns, n_words in told["speakers"]
        ),
    )


def source_json(source: SourceState) -> list[Any]:
    """The fingerprint of a source, and since when it is this one."""
    return [source.path, source.size, source.mtime_ns, source.sha256, datetime.now(UTC).timestamp()]


def read_source(told: list[Any]) -> tuple[SourceState, float]:
    """The fingerprint of a source, and since when it is this one, from what `source_json` gave."""
    path, size, mtime_ns, sha256, since = told
    return SourceState(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256), since


def split_text(text: str, max_bytes: int) -> Iterator[str]:
    """A text in pieces of at most so many bytes, one at least.

    >>> list(split_text("aéé", 3))
    ['aé', 'é']
    """
    start, n_bytes = 0, 0
    if len(text) * 4 <= max_bytes:
        yield text
        return
    for at, char in enumerate(text):
        size = len(char.encode("utf-8"))
        if n_bytes + size > max_bytes:
            yield text[start:at]
            start, n_bytes = at, 0
        n_bytes += size
    yield text[start:]


def _speaker_infos(transcript: Transcript) -> Iterator[SpeakerInfo]:
    turns, words = dict.fromkeys(transcript.speakers, 0), dict.fromkeys(transcript.speakers, 0)
    by_label = {speaker.label: speaker for speaker in transcript.speakers}
    for turn in transcript.turns:
        speaker = by_label[turn.speaker.label]
        turns[speaker] += 1
        words[speaker] += len(transcript.words_of(turn).split())
    for speaker in transcript.speakers:
        yield SpeakerInfo(speaker=speaker, n_turns=turns[speaker], n_words=words[speaker])


def _facts(transcript: Transcript) -> list[Any]:
    day = transcript.date and transcript.date.isoformat()
    return [transcript.id, transcript.title, day, transcript.place, transcript.source, transcript.media_url]


def _read_facts(told: list[Any]) -> dict[str, Any]:
    transcript_id, title, day, place, source, media_url = told
    return {
        "id": transcript_id,
        "title": title,
        "date": day and date.fromisoformat(day),
        "place": place,
        "source": source,
        "media_url": media_url,
    }


def _speaker_json(speaker: Speaker) -> list[Any]:
    return [speaker.label, speaker.name, speaker.role, speaker.kind.value, list(speaker.aliases)]


def _read_speaker(told: list[Any]) -> Speaker:
    label, name, role, kind, aliases = told
    return Speaker(label=label, name=name, role=role, kind=SpeakerKind(kind), aliases=tuple(aliases))


def _turn_json(turn: Turn, speaker: int) -> list[Any]:
    marks = [[mark.start, mark.start_s, mark.end_s, mark.address] for mark in turn.marks]
    return [turn.index, speaker, turn.span.start, turn.span.end, turn.start_s, turn.end_s, turn.address, marks]


def _read_turn(told: list[Any], speakers: list[Speaker]) -> Turn:
    index, speaker, start, end, start_s, end_s, address, marks = told
    return Turn(
        index=index,
        speaker=speakers[speaker],
        span=Span(start=start, end=end),
        start_s=start_s,
        end_s=end_s,
        address=address,
        marks=tuple(Mark(start=at, start_s=since, end_s=until, address=place) for at, since, until, place in marks),
    )


def _can_be_sent(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
