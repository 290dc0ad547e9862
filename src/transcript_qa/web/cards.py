"""The cards of an answer as HTML: what was cited, what was only found, and why. Every field is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transcript_qa.datatypes import Answer, Citation, Hit, Speaker, Transcript
from transcript_qa.render import confidence_words, format_time, implied_words, media_link, place, turn_link, who
from transcript_qa.text import terms, words
from transcript_qa.web.markup import NEAREST, day, hit_place, html_text, joined, marked_html, paragraphs_html
from transcript_qa.web.places import citation_path, hit_path
from transcript_qa.web.reading import hue
from transcript_qa.web.timeline import looked_for, timelines_html

_CONTEXT_CHARS = 130
_EXCERPT_CHARS = 300
_NEIGHBOUR_CHARS = 400


def sources_html(answer: Answer, transcripts: Mapping[str, Transcript]) -> str:
    """The cards of an answer: the cited in order, then, folded, what was only found.

    Args:
        answer: any answer.
        transcripts: by id; a citation or hit whose transcript is missing is left out.
    """
    cited = [c for c in answer.citations if c.transcript_id in transcripts]
    found = [h for h in answer.hits if h.passage.transcript_id in transcripts and not _holds_citation(h, cited)]
    cards = [_hit_card(hit, transcripts[hit.passage.transcript_id], answer) for hit in found]
    if answer.answered:
        body = _list("cited", [_citation_card(c, transcripts[c.transcript_id], answer) for c in cited])
        title, note, rest, folded = "Sources", confidence_words(answer), cards, "Also found"
    else:
        body = _list("near", cards[:NEAREST])
        title, note, rest, folded = "Nearest passages", "no answer in them", cards[NEAREST:], "Further passages"
    more = f'<details class="tq-more"><summary>{folded} ({len(rest)})</summary>{_list("found", rest)}</details>'
    head = f'<div class="tq-panel-head"><h2>{title}</h2><span>{html_text(note)}</span></div>'
    return f"{head}{_chips(answer)}{body}{timelines_html(answer, transcripts)}{more if rest else ''}"


def _chips(answer: Answer) -> str:
    """What was taken from the question, each with a button that asks again without it."""
    chips = "".join(
        f'<li><button type="button" class="tq-chip" data-without="{html_text(implied.key)}" '
        f'title="Ask without this" aria-label="{html_text(f"Ask without: {implied_words(implied)}")}">'
        f'{html_text(_capital(implied_words(implied)))} <span aria-hidden="true">×</span></button></li>'
        for implied in answer.filters.implied
    )
    return f'<ul class="tq-chips" aria-label="Taken from the question">{chips}</ul>' if chips else ""


def _capital(words_of: str) -> str:
    return words_of[:1].upper() + words_of[1:]


def no_sources_html() -> str:
    """What stands where the cards will be."""
    return (
        '<div class="tq-panel-head"><h2>Sources</h2></div><p class="tq-empty">The words that answer, with who said '
        "them and where. Click one to read it in its transcript.</p>"
    )


def _list(kind: str, cards: Sequence[str]) -> str:
    return f'<ol class="tq-cards {kind}">{"".join(f"<li>{card}</li>" for card in cards)}</ol>' if cards else ""


def _holds_citation(hit: Hit, citations: Sequence[Citation]) -> bool:
    return any(c.transcript_id == hit.passage.transcript_id and c.span.overlaps(hit.passage.span) for c in citations)


def _citation_card(citation: Citation, transcript: Transcript, answer: Answer) -> str:
    found = next((hit for hit in answer.hits if _holds_citation(hit, [citation])), None)
    meta = joined(place(citation), citation.title, day(citation.date))
    return (
        f'<a class="tq-card" href="{html_text(citation_path(citation))}"><span class="tq-num">{citation.marker}</span>'
        f"{_name(citation.speaker, transcript)}"
        f'<span class="tq-meta">{html_text(meta)}</span><q>{_in_context(citation, transcript)}</q></a>'
        f"{_recording(citation.media_url, citation.start_s)}"
        f"{_neighbours(transcript, citation.turn, citation.turn)}{_why(found, answer)}"
    )


def _neighbours(transcript: Transcript, first: int, last: int) -> str:
    """The turns just before and after, folded."""
    shown = []
    for words_before, index in (("Before", first - 1), ("After", last + 1)):
        if not 0 <= index < len(transcript.turns):
            continue
        turn = transcript.turns[index]
        text = transcript.words_of(turn)
        if len(text) > _NEIGHBOUR_CHARS:
            text = f"{text[:_NEIGHBOUR_CHARS].rsplit(' ', 1)[0]} …"
        link = html_text(turn_link(transcript.id, index))
        shown.append(
            f'<p><a href="{link}">{words_before}</a> {_name(turn.speaker, transcript, role=False)} '
            f"{paragraphs_html(text)}</p>"
        )
    return f'<details class="tq-around"><summary>Before and after</summary>{"".join(shown)}</details>' if shown else ""


def _why(hit: Hit | None, answer: Answer) -> str:
    """Why a passage was found, folded."""
    if hit is None:
        return ""
    facts = [("Place in the search", f"{hit.rank} of {len(answer.hits)}")]
    matched = [word for word in looked_for(answer.asked_as) if set(terms(word)) & set(hit.why.matched)]
    if matched:
        facts.append(("Words of the question", ", ".join(matched)))
    scores = (
        ("Meaning (cosine)", hit.why.dense, 2),
        ("Words (BM25)", hit.why.keyword, 1),
        ("Reader", hit.why.reader, 2),
    )
    facts += [(name, f"{score:.{digits}f}") for name, score, digits in scores if score is not None]
    rows = "".join(f"<dt>{html_text(name)}</dt><dd>{html_text(value)}</dd>" for name, value in facts)
    return f'<details class="tq-why"><summary>Why this was found</summary><dl>{rows}</dl></details>'


def _recording(media_url: str | None, start_s: float | None) -> str:
    """A link that plays the recording from there, where there is one."""
    href = media_link(media_url, start_s)
    if href is None:
        return ""
    words = f"Recording at {format_time(start_s)}" if start_s is not None else "Recording"
    return f'<a class="tq-recording" href="{html_text(href)}" target="_blank" rel="noopener">{words}</a>'


def _hit_card(hit: Hit, transcript: Transcript, answer: Answer) -> str:
    heard = [speaker for speaker in transcript.speakers if speaker.label in hit.passage.speakers]
    names = ", ".join(_name(speaker, transcript, role=False) for speaker in heard)
    meta = joined(hit_place(hit), hit.title, day(transcript.date))
    return (
        f'<a class="tq-card" href="{html_text(hit_path(hit))}">{names}'
        f'<span class="tq-meta">{html_text(meta)}</span><q>{_excerpt(answer.asked_as, hit.passage.text)}</q></a>'
        f"{_neighbours(transcript, *hit.passage.turns)}{_why(hit, answer)}"
    )


def _name(speaker: Speaker, transcript: Transcript, *, role: bool = True) -> str:
    shown = f' <span class="tq-role">{html_text(speaker.role)}</span>' if role and speaker.role else ""
    return f'<span class="tq-who hue-{hue(speaker, transcript)}">{html_text(who(speaker))}</span>{shown}'


def _in_context(citation: Citation, transcript: Transcript) -> str:
    """The quote, marked, with what the speaker says just before and after it."""
    turn = transcript.turns[citation.turn] if citation.turn < len(transcript.turns) else None
    inside = turn.span if turn else citation.span
    start = max(inside.start, citation.span.start - _CONTEXT_CHARS)
    end = min(inside.end, citation.span.end + _CONTEXT_CHARS)
    if start > inside.start:
        start = _word_after(transcript.text, start, citation.span.start)
    if end < inside.end:
        end = max(transcript.text.rfind(" ", citation.span.end, end), citation.span.end)
    before, after = "… " if start > inside.start else "", " …" if end < inside.end else ""
    return before + marked_html(transcript.text[start:end], start, citation.span) + after


def _word_after(text: str, start: int, limit: int) -> int:
    blank = text.find(" ", start, limit)
    return blank + 1 if blank >= 0 else limit


def _excerpt(question: str, text: str) -> str:
    """The part of a passage with most of the question's words, those in bold."""
    asked = set(terms(question))
    found = [span for span in words(text) if asked.intersection(terms(span.of(text)))]
    starts = [span.start for span in found if span.start < max(1, len(text) - _EXCERPT_CHARS // 3)]
    start = max(starts, key=lambda s: (sum(s <= f.start < s + _EXCERPT_CHARS for f in found), -s), default=0)
    start = 0 if start < 80 else text.rfind(" ", 0, start - 40) + 1
    end = len(text) if len(text) - start <= _EXCERPT_CHARS else text.rfind(" ", start, start + _EXCERPT_CHARS)
    end = end if end > start else min(len(text), start + _EXCERPT_CHARS)
    shown, at = [], start
    for span in (span for span in found if start <= span.start and span.end <= end):
        shown.append(f"{paragraphs_html(text[at : span.start])}<b>{html_text(span.of(text))}</b>")
        at = span.end
    shown.append(paragraphs_html(text[at:end]))
    return f"{'… ' if start else ''}{''.join(shown)}{' …' if end < len(text) else ''}"
