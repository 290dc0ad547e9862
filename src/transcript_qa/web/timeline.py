"""Where in each transcript an answer's evidence and the question's words stand, drawn as SVG."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from transcript_qa.datatypes import Answer, Citation, Span, Transcript
from transcript_qa.mentions import spans_of, thing_asked
from transcript_qa.render import format_time
from transcript_qa.text import keywords, stem, words
from transcript_qa.web.markup import counted, day, html_text, joined
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
    thing = thing_asked(answer.asked_as)
    asked = (thing,) if thing is not None else looked_for(answer.asked_as)
    rows, counts = [], []
    for transcript in shown:
        cited = [c for c in answer.citations if c.transcript_id == transcript.id]
        places = _places(asked, transcript)
        counts.append((transcript, len(places)))
        if cited or places:
            rows.append(_row(transcript, cited, places))
    if not rows:
        return ""
    named = ", ".join(f"“{word}”" for word in asked)
    return (
        '<details class="tq-times" open><summary>Where it stands</summary>'
        f'<p class="tq-meta">Numbers: what is quoted. Ticks: {html_text(named)}.</p>'
        f"{_over_time(counts) if thing is not None else ''}{''.join(rows)}</details>"
    )


def _over_time(counts: Sequence[tuple[Transcript, int]]) -> str:
    """How often in each transcript, as bars by date; nothing where fewer than two have a date."""
    dated = sorted(((t.date, t.title, count) for t, count in counts if t.date is not None), key=lambda each: each[:2])
    if len(dated) < 2:
        return ""
    most = max(1, *(count for _, _, count in dated))
    step = _WIDTH / len(dated)
    bars = []
    for number, (when, title, count) in enumerate(dated):
        height = 40 * count / most
        middle = (number + 0.5) * step
        words_of = html_text(f"{title}, {day(when)}: {counted(count, 'mention')}")
        bars.append(
            f'<g><title>{words_of}</title><rect class="bar" x="{middle - min(12, step / 3):.1f}" y="{52 - height:.1f}" '
            f'width="{2 * min(12, step / 3):.1f}" height="{height:.1f}"/>'
            f'<text class="count" x="{middle:.1f}" y="{49 - height:.1f}">{count}</text>'
            f'<text class="when" x="{middle:.1f}" y="64">{when:%m/%Y}</text></g>'
        )
    return (
        f'<figure class="tq-bars"><figcaption>Mentions over time</figcaption><svg viewBox="0 0 {_WIDTH} 68" role="img" '
        f'aria-label="Mentions over time">{"".join(bars)}<rect class="track" x="0" y="52" width="{_WIDTH}" height="1"/>'
        "</svg></figure>"
    )


def looked_for(question: str) -> tuple[str, ...]:
    """The words of a question that are looked for, each once, as asked."""
    seen: dict[str, str] = {}
    for span in words(question):
        word = span.of(question)
        for folded in keywords(word):
            seen.setdefault(stem(folded), word)
    return tuple(seen.values())


def _places(asked: Sequence[str], transcript: Transcript) -> list[Span]:
    """Where any of the words or phrases is said, in order; labels are not said."""
    whole = Span(start=0, end=len(transcript.text))
    starts = [turn.span.start for turn in transcript.turns]

    def is_said(span: Span) -> bool:
        at = bisect_right(starts, span.start) - 1
        return at >= 0 and span.end <= transcript.turns[at].span.end

    return sorted(span for each in asked for span in spans_of(each, transcript.text, whole) if is_said(span))


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
