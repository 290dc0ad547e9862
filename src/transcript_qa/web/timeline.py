"""Where in each transcript an answer's evidence and the question's words stand, drawn as SVG."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from transcript_qa.datatypes import Answer, Citation, Span, Transcript
from transcript_qa.render import format_time
from transcript_qa.text import keywords, stem, terms, words
from transcript_qa.web.markup import counted, html_text, joined
from transcript_qa.web.places import place_path

_WIDTH, _HEIGHT = 300, 26
_MOST_TRANSCRIPTS = 6
_MOST_TICKS = 400


def timelines_html(answer: Answer, transcripts: Mapping[str, Transcript]) -> str:
    """A line for each transcript that was read, its evidence as numbered marks and the question's words as ticks.

    Args:
        answer: any answer.
        transcripts: by id; one that is missing is left out.
    """
    order = dict.fromkeys([c.transcript_id for c in answer.citations] + [h.passage.transcript_id for h in answer.hits])
    shown = [transcripts[each] for each in order if each in transcripts][:_MOST_TRANSCRIPTS]
    asked = looked_for(answer.asked_as)
    rows = []
    for transcript in shown:
        cited = [c for c in answer.citations if c.transcript_id == transcript.id]
        places = spans_of(asked, transcript)
        if cited or places:
            rows.append(_row(transcript, cited, places))
    if not rows:
        return ""
    named = ", ".join(f"“{word}”" for word in asked)
    return (
        '<details class="tq-times" open><summary>Where it stands</summary>'
        f'<p class="tq-meta">Numbers: what is quoted. Ticks: {html_text(named)}.</p>{"".join(rows)}</details>'
    )


def looked_for(question: str) -> tuple[str, ...]:
    """The words of a question that are looked for, each once, as asked."""
    seen: dict[str, str] = {}
    for span in words(question):
        word = span.of(question)
        for folded in keywords(word):
            seen.setdefault(stem(folded), word)
    return tuple(seen.values())


def spans_of(asked: Sequence[str], transcript: Transcript) -> list[Span]:
    """Where words with the stems of `asked` are said, in order; labels are not said."""
    stems = {term for word in asked for term in terms(word)}
    if not stems:
        return []
    # A stem and its word share their beginning, so that few words need to be stemmed.
    beginnings = "|".join(sorted({re.escape(each[:2]) for each in stems}))
    pattern = re.compile(rf"(?<!\w)(?:{beginnings})[\w’'-]*", re.IGNORECASE)
    found = []
    for turn in transcript.turns:
        for match in pattern.finditer(transcript.text, turn.span.start, turn.span.end):
            if stems.intersection(terms(match[0])):
                found.append(Span(start=match.start(), end=match.end()))
    return found


def _row(transcript: Transcript, cited: Sequence[Citation], places: Sequence[Span]) -> str:
    length = max(1, len(transcript.text))
    step = max(1, -(-len(places) // _MOST_TICKS))
    drawn = [_at(span.start, length) for span in places[::step]]
    ticks = "".join(f'<rect class="tick" x="{x:.1f}" y="13" width="1.4" height="9"/>' for x in drawn)
    marks = "".join(_mark(citation, length) for citation in cited)
    last = transcript.turns[-1] if transcript.turns else None
    end = format_time((last.end_s or last.start_s) if last else None)
    facts = joined(counted(len(places), "mention"), f"to {end}" if end else "")
    label = f"{transcript.title}: {counted(len(places), 'mention')}"
    return (
        f'<figure><figcaption>{html_text(transcript.title)} <span class="tq-meta">{html_text(facts)}</span>'
        "</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="group" aria-label="{html_text(label)}">'
        f'<rect class="track" x="0" y="16.5" width="{_WIDTH}" height="2"/>{ticks}{marks}</svg></figure>'
    )


def _mark(citation: Citation, length: int) -> str:
    x = min(max(_at(citation.span.start, length), 8.0), _WIDTH - 8.0)
    path = html_text(place_path(citation.transcript_id, citation.turn, citation.span))
    return (
        f'<a href="{path}" aria-label="Citation {citation.marker}"><circle cx="{x:.1f}" cy="12" r="8"/>'
        f'<text x="{x:.1f}" y="15.2">{citation.marker}</text></a>'
    )


def _at(character: int, length: int) -> float:
    return character / length * _WIDTH
