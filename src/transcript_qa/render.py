"""Answers, hits and reports as text, Markdown and JSON; times and addresses as people write them.

The JSON shapes are stable: a change to one is a line in CHANGELOG.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote as url_quote

from transcript_qa.datatypes import (
    Answer,
    Citation,
    Filters,
    Hit,
    Implied,
    ImpliedKind,
    ImportReport,
    Passage,
    Speaker,
    SpeakerKind,
    Transcript,
    Verification,
)

# Sites that open a recording at a second, and the parameter of theirs that says which.
_SECONDS_PARAMETERS = {
    "youtube.com": "t",
    "youtu.be": "t",
    "loom.com": "t",
    "open.spotify.com": "t",
    "podcasts.apple.com": "t",
    "archive.org": "start",
}
_CLOCK = re.compile(r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d+)?")
NOT_ANSWERED = "The transcripts don't say."


def format_time(seconds: float | None) -> str:
    """Seconds as `h:mm:ss`, or `m:ss` below an hour, rounded down; empty where there is no time.

    >>> format_time(59.9999), format_time(3671.5), format_time(None)
    ('0:59', '1:01:11', '')
    """
    if seconds is None:
        return ""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def is_clock(address: str) -> bool:
    """Whether a native address is but a time.

    >>> is_clock("00:12:34"), is_clock("41:11-12")
    (True, False)
    """
    return _CLOCK.fullmatch(address) is not None


def place(citation: Citation) -> str:
    """Where in its transcript a citation stands: its time and native address, else the number of its turn."""
    time = format_time(citation.start_s)
    # Most native addresses are the time once more.
    own = citation.address if citation.address and not (time and is_clock(citation.address)) else None
    return " · ".join(part for part in (time, own) if part) or f"turn {citation.turn + 1}"


def link(citation: Citation) -> str:
    """The path in the web chat that opens the transcript at the cited turn."""
    return turn_link(citation.transcript_id, citation.turn)


def turn_link(transcript_id: str, turn: int) -> str:
    """The path in the web chat that opens a transcript at a turn.

    >>> turn_link("budget 2024", 12)
    '/t/budget%202024#turn-12'
    """
    return f"/t/{url_quote(transcript_id, safe='')}#turn-{turn}"


def media_link(media_url: str | None, start_s: float | None) -> str | None:
    """The recording at a second, or None where there is none; only http and https are passed on.

    A `{seconds}` in the address is where the second goes. Sites that take it as a parameter of their own get it so, all
    others as a media fragment (https://www.w3.org/TR/media-frags/).

    >>> media_link("https://youtu.be/abc?si=x", 754.9), media_link("https://example.org/a.mp3", 754.9)
    ('https://youtu.be/abc?si=x&t=754', 'https://example.org/a.mp3#t=754')
    >>> media_link("https://example.org/play?from={seconds}", None)
    'https://example.org/play?from=0'
    """
    if not media_url or not re.match(r"https?://\S+$", media_url, re.IGNORECASE):
        return None
    second = int(start_s or 0)
    if "{seconds}" in media_url:
        return media_url.replace("{seconds}", str(second))
    if start_s is None:
        return media_url
    base, _, fragment = media_url.partition("#")
    for site, parameter in _SECONDS_PARAMETERS.items():
        if re.match(rf"https?://([\w-]+\.)?{re.escape(site)}/", base, re.IGNORECASE):
            base = re.sub(rf"(?<=[?&]){parameter}=[^&]*&?", "", base).rstrip("?&")
            place_of = f"{base}{'&' if '?' in base else '?'}{parameter}={second}"
            return f"{place_of}#{fragment}" if fragment else place_of
    return f"{base}#t={second}"


def who(speaker: Speaker) -> str:
    """A speaker as named beside a quote; a label that names no person is said to be one.

    >>> who(Speaker(label="SPEAKER_00", kind=SpeakerKind.DIARISED))
    'SPEAKER_00 (label in the file)'
    """
    if speaker.kind is SpeakerKind.UNKNOWN or not speaker.display:
        return "Unknown speaker"
    return speaker.display if is_person(speaker) else f"{speaker.label} (label in the file)"


def is_person(speaker: Speaker) -> bool:
    """Whether a speaker is known by a person's name, and not by a label of the file alone."""
    return speaker.name is not None or (speaker.kind is SpeakerKind.NAMED and bool(speaker.label))


def answer_text(citations: Sequence[Citation]) -> str:
    """The words of an answer: who said what, each quotation with its marker.

    Quotes are printed as they stand in the transcript; only line breaks become spaces, for a sentence may run over
    several printed lines.
    """
    if not citations:
        return NOT_ANSWERED
    return "\n\n".join(f"{who(c.speaker)}: “{' '.join(c.quote.split())}” [{c.marker}]" for c in citations)


def confidence_words(answer: Answer) -> str:
    """Confidence as a person would put it."""
    if not answer.answered:
        return "not found"
    return "sure" if answer.confidence >= 0.5 else "likely" if answer.confidence >= 0.25 else "possible"


def answer_plain(answer: Answer, *, base_url: str = "") -> str:
    """An answer for the terminal: how it was understood, its text, then a line for each source."""
    lines = [*understood_lines(answer), answer.text, ""]
    if answer.answered:
        lines += [f"[{c.marker}] {source_line(c)}{_said(answer, c)}\n    {base_url}{link(c)}" for c in answer.citations]
    elif answer.hits:
        lines.append("Nearest passages:")
        lines += [f"  {hit_line(hit)}" for hit in answer.hits[:3]]
    if answer.note:
        lines += ["", answer.note]
    return "\n".join(lines).rstrip()


def answer_markdown(answer: Answer, *, base_url: str = "") -> str:
    """An answer as Markdown, its sources as a numbered list of links."""
    lines = [f"> **{answer.question}**", ""]
    lines += [part for line in understood_lines(answer) for part in (f"*{line}*", "")]
    lines += [answer.text, ""]
    lines += [f"{c.marker}. [{source_line(c)}]({base_url}{link(c)}){_said(answer, c)}" for c in answer.citations]
    if answer.note:
        lines += ["", f"*{answer.note}*"]
    return "\n".join(lines).rstrip() + "\n"


def _said(answer: Answer, citation: Citation) -> str:
    """The quotation of a source, where the answer's own text is in other words."""
    return f"\n    “{' '.join(citation.quote.split())}”" if answer.worded_by is not None else ""


def source_line(citation: Citation) -> str:
    """Who, where, and in which transcript, on one line."""
    role = f", {citation.speaker.role}" if citation.speaker.role else ""
    day = f", {citation.date.isoformat()}" if citation.date else ""
    return f"{who(citation.speaker)}{role} · {place(citation)} · {citation.title}{day}"


def hit_line(hit: Hit, *, width: int = 160) -> str:
    """A hit on one line: rank, title, place and the beginning of its text."""
    text = " ".join(hit.passage.text.split())
    shown = text if len(text) <= width else text[: width - 1].rstrip() + "…"
    where = format_time(hit.passage.start_s) or f"turns {hit.passage.turns[0] + 1}-{hit.passage.turns[1] + 1}"
    return f"{hit.rank}. {hit.title} · {where} · {shown}"


def citation_json(citation: Citation) -> dict[str, Any]:
    """A citation in its stable shape."""
    return {
        "marker": citation.marker,
        "transcript_id": citation.transcript_id,
        "title": citation.title,
        "source": citation.source,
        "date": citation.date.isoformat() if citation.date else None,
        "turn": citation.turn,
        "speaker": citation.speaker.display,
        "role": citation.speaker.role,
        "start_s": citation.start_s,
        "end_s": citation.end_s,
        "address": citation.address,
        "span": [citation.span.start, citation.span.end],
        "quote": citation.quote,
        "support": citation.support.value,
        "link": link(citation),
        "media_link": media_link(citation.media_url, citation.start_s),
    }


def hit_json(hit: Hit, *, address: Callable[[Passage], str | None] = lambda _: None) -> dict[str, Any]:
    """A hit in its stable shape; `address` gives a passage's native address."""
    return {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "why": {
            "dense": hit.why.dense,
            "keyword": hit.why.keyword,
            "matched": list(hit.why.matched),
            "reader": hit.why.reader,
        },
        "transcript_id": hit.passage.transcript_id,
        "title": hit.title,
        "turns": list(hit.passage.turns),
        "speakers": list(hit.passage.speakers),
        "start_s": hit.passage.start_s,
        "end_s": hit.passage.end_s,
        "address": address(hit.passage),
        "text": hit.passage.text,
    }


def filters_json(filters: Filters) -> dict[str, Any]:
    """Filters in their stable shape."""
    return {
        "transcripts": list(filters.transcripts),
        "speakers": list(filters.speakers),
        "after": filters.after.isoformat() if filters.after else None,
        "before": filters.before.isoformat() if filters.before else None,
        "implied": [implied_json(implied) for implied in filters.implied],
    }


def implied_json(implied: Implied) -> dict[str, Any]:
    """What a question narrows itself to, in its stable shape."""
    return {
        "key": implied.key,
        "kind": implied.kind.value,
        "values": list(implied.values),
        "label": implied.label,
        "words": implied.words,
        "strict": implied.strict,
    }


def implied_words(implied: Implied) -> str:
    """What a question narrows itself to, for a person.

    >>> implied_words(Implied(kind=ImpliedKind.SPEAKER, values=("Mira Voss",), label="Mira Voss", words="Voss"))
    'only what Mira Voss says'
    """
    how = "only" if implied.strict else "first"
    return f"{how} what {implied.label} says" if implied.kind is ImpliedKind.SPEAKER else f"{how} {implied.label}"


def understood_lines(answer: Answer) -> list[str]:
    """How a question was understood, where it was not taken as asked: a line for each thing."""
    lines = [f"Asked as: {answer.asked_as}"] if answer.asked_as != answer.question.strip() else []
    if answer.filters.implied:
        lines.append(f"Taken from the question: {', '.join(implied_words(i) for i in answer.filters.implied)}")
    return lines


def answer_json(answer: Answer, *, address: Callable[[Passage], str | None] = lambda _: None) -> dict[str, Any]:
    """An answer in its stable shape."""
    return {
        "question": answer.question,
        "asked_as": answer.asked_as,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "text": answer.text,
        "citations": [citation_json(citation) for citation in answer.citations],
        "hits": [hit_json(hit, address=address) for hit in answer.hits],
        "filters": filters_json(answer.filters),
        "timings_ms": {stage: round(ms, 2) for stage, ms in answer.timings_ms.items()},
        "worded_by": answer.worded_by,
        "n_marked": answer.n_marked,
        "n_dropped": answer.n_dropped,
        "note": answer.note,
    }


def verification_json(check: Verification) -> dict[str, Any]:
    """The outcome of a verification in its stable shape."""
    citation = citation_json(check.citation) if check.citation else None
    return {
        "quote": check.quote,
        "support": check.support.value,
        "citation": citation,
        "pieces": [citation_json(piece) for piece in check.pieces],
        "differences": [{"kind": d.kind.value, "quoted": d.quoted, "said": d.said} for d in check.differences],
        "speaker_known": check.speaker_known,
    }


def report_json(report: ImportReport) -> dict[str, Any]:
    """What a reader understood of one file, in its stable shape."""
    transcript = report.transcript
    return {
        "id": transcript.id,
        "source": transcript.source,
        "format": report.format,
        "format_confidence": round(report.confidence, 3),
        "encoding": report.encoding,
        **_facts_json(transcript),
        "warnings": list(report.warnings),
    }


def transcript_json(transcript: Transcript) -> dict[str, Any]:
    """A transcript in its stable shape; the `span` of a citation is a place in `text`."""
    return {
        "id": transcript.id,
        "source": transcript.source,
        **_facts_json(transcript),
        "text": transcript.text,
    }


def _facts_json(transcript: Transcript) -> dict[str, Any]:
    return {
        "title": transcript.title,
        "date": transcript.date.isoformat() if transcript.date else None,
        "place": transcript.place,
        "media_url": transcript.media_url,
        "speakers": speakers_json(transcript),
        "turns": [
            {
                "index": turn.index,
                "speaker": turn.speaker.display,
                "label": turn.speaker.label,
                "start_s": turn.start_s,
                "end_s": turn.end_s,
                "address": turn.address,
                "text": transcript.words_of(turn),
            }
            for turn in transcript.turns
        ],
        "skipped": [
            {"lines": [s.first_line, s.last_line], "reason": s.reason, "text": s.text} for s in transcript.skipped
        ],
    }


def speakers_json(transcript: Transcript) -> list[dict[str, Any]]:
    """The speakers of one transcript in their stable shape, in order of first words."""
    turns = Counter(turn.speaker.label for turn in transcript.turns)
    n_words: Counter[str] = Counter()
    for turn in transcript.turns:
        n_words[turn.speaker.label] += len(transcript.words_of(turn).split())
    return [
        {
            "label": speaker.label,
            "name": speaker.name,
            "role": speaker.role,
            "kind": speaker.kind.value,
            "aliases": list(speaker.aliases),
            "turns": turns[speaker.label],
            "words": n_words[speaker.label],
        }
        for speaker in transcript.speakers
    ]
