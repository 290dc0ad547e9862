"""The panels beside the chat and a transcript's own page, as HTML: pure functions that escape every field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from transcript_qa.datatypes import Answer, Citation, Hit, ImportReport, Span, Speaker, Transcript, Turn
from transcript_qa.render import confidence_words, format_time, media_link, place, turn_link, who
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import terms, words
from transcript_qa.web.markup import NEAREST, counted, day, hit_place, html_text, joined, marked_html, paragraphs_html
from transcript_qa.web.places import citation_path, hit_path
from transcript_qa.web.theme import N_HUES

_CONTEXT_CHARS = 130
_EXCERPT_CHARS = 300


def sources_html(answer: Answer, transcripts: Mapping[str, Transcript]) -> str:
    """The cards of an answer: the cited in order, then, folded, what was only found.

    Args:
        answer: any answer.
        transcripts: by id; a citation or hit whose transcript is missing is left out.
    """
    cited = [c for c in answer.citations if c.transcript_id in transcripts]
    found = [h for h in answer.hits if h.passage.transcript_id in transcripts and not _holds_citation(h, cited)]
    cards = [_hit_card(answer.question, hit, transcripts[hit.passage.transcript_id]) for hit in found]
    if answer.answered:
        body = _list("cited", [_citation_card(c, transcripts[c.transcript_id]) for c in cited])
        title, note, rest, folded = "Sources", confidence_words(answer), cards, "Also found"
    else:
        body = _list("near", cards[:NEAREST])
        title, note, rest, folded = "Nearest passages", "no answer in them", cards[NEAREST:], "Further passages"
    more = f"<details><summary>{folded} ({len(rest)})</summary>{_list('found', rest)}</details>" if rest else ""
    return f'<div class="tq-panel-head"><h2>{title}</h2><span>{html_text(note)}</span></div>{body}{more}'


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


def _citation_card(citation: Citation, transcript: Transcript) -> str:
    meta = joined(place(citation), citation.title, day(citation.date))
    return (
        f'<a class="tq-card" href="{html_text(citation_path(citation))}"><span class="tq-num">{citation.marker}</span>'
        f"{_name(citation.speaker, transcript)}"
        f'<span class="tq-meta">{html_text(meta)}</span><q>{_in_context(citation, transcript)}</q></a>'
        f"{_recording(citation.media_url, citation.start_s)}"
    )


def _recording(media_url: str | None, start_s: float | None) -> str:
    """A link that plays the recording from there, where there is one."""
    href = media_link(media_url, start_s)
    if href is None:
        return ""
    words = f"Recording at {format_time(start_s)}" if start_s is not None else "Recording"
    return f'<a class="tq-recording" href="{html_text(href)}" target="_blank" rel="noopener">{words}</a>'


def _hit_card(question: str, hit: Hit, transcript: Transcript) -> str:
    heard = [speaker for speaker in transcript.speakers if speaker.label in hit.passage.speakers]
    names = ", ".join(_name(speaker, transcript, role=False) for speaker in heard)
    meta = joined(hit_place(hit), hit.title, day(transcript.date))
    return (
        f'<a class="tq-card" href="{html_text(hit_path(hit))}">{names}'
        f'<span class="tq-meta">{html_text(meta)}</span><q>{_excerpt(question, hit.passage.text)}</q></a>'
    )


def _name(speaker: Speaker, transcript: Transcript, *, role: bool = True) -> str:
    shown = f' <span class="tq-role">{html_text(speaker.role)}</span>' if role and speaker.role else ""
    return f'<span class="tq-who hue-{_hue(speaker, transcript)}">{html_text(who(speaker))}</span>{shown}'


def _hue(speaker: Speaker, transcript: Transcript) -> int:
    """A number that stays the same for a speaker of a transcript, and differs between the first few of them."""
    labels = [known.label for known in transcript.speakers]
    return labels.index(speaker.label) % N_HUES if speaker.label in labels else 0


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


def transcripts_html(infos: Sequence[TranscriptInfo]) -> str:
    """The list of the transcripts in the index, each a link to its page."""
    if not infos:
        return '<h2>Transcripts</h2><p class="tq-empty">None yet.</p>'
    items = [
        f'<li><a href="{html_text(_page_path(info.id))}">{html_text(info.title)}</a><span>'
        + html_text(joined(day(info.date), counted(len(info.speakers), "speaker"), counted(info.n_words, "word")))
        + "</span></li>"
        for info in infos
    ]
    return f'<h2>Transcripts</h2><ul class="tq-list">{"".join(items)}</ul>'


def _page_path(transcript_id: str) -> str:
    return turn_link(transcript_id, 0).partition("#")[0]


def viewer_html(transcript: Transcript, *, turn: int | None, mark: Span | None, nonce: str) -> str:
    """A whole transcript beside the chat; `nonce` makes each opening differ, so that the page notices it."""
    page = html_text(_page_path(transcript.id))
    return _viewer(
        transcript.title,
        _about(transcript),
        f'<a class="tq-button" href="{page}" target="_blank" rel="noopener" title="Open as a page of its own">Page</a>',
        turns_html(transcript, turn=turn, mark=mark, in_page=False),
        nonce,
    )


def notice_html(title: str, message: str, *, nonce: str) -> str:
    """What the viewer shows in place of a transcript that cannot be shown."""
    return _viewer(title, "", "", f'<p class="tq-empty">{html_text(message)}</p>', nonce)


def _viewer(title: str, about: str, link: str, body: str, nonce: str) -> str:
    return (
        f'<section class="tq-viewer" aria-label="Transcript" data-nonce="{html_text(nonce)}">'
        f'<div class="tq-viewer-head"><h2>{html_text(title)}</h2>{link}'
        '<button type="button" class="tq-button" data-close aria-label="Close the transcript">✕</button>'
        f'<p class="tq-meta">{html_text(about)}</p></div>'
        f'<div class="tq-scroll">{body}</div></section>'
    )


def _about(transcript: Transcript) -> str:
    n_words = sum(len(transcript.words_of(turn).split()) for turn in transcript.turns)
    return joined(
        day(transcript.date),
        transcript.place or "",
        counted(len(transcript.speakers), "speaker"),
        counted(len(transcript.turns), "turn"),
        counted(n_words, "word"),
    )


def turns_html(transcript: Transcript, *, turn: int | None, mark: Span | None, in_page: bool) -> str:
    """The turns as a list; each has the id `turn-<index>` on a page of its own, and none in the viewer."""
    hues = {speaker.label: number % N_HUES for number, speaker in enumerate(transcript.speakers)}
    items = [_turn(transcript, t, hues[t.speaker.label], t.index == turn, mark, in_page) for t in transcript.turns]
    return f'<ol class="tq-turns">{"".join(items)}</ol>'


def _turn(transcript: Transcript, turn: Turn, hue: int, cited: bool, mark: Span | None, in_page: bool) -> str:
    where = format_time(turn.start_s) or turn.address or str(turn.index + 1)
    address = f"<small>{html_text(turn.address)}</small>" if turn.address and turn.start_s is not None else ""
    href = f"#turn-{turn.index}" if in_page else turn_link(transcript.id, turn.index)
    target = "" if in_page else ' target="_blank" rel="noopener"'
    attributes = f' id="turn-{turn.index}"' if in_page else f' data-turn="{turn.index}"'
    role = f' <span class="tq-role">{html_text(turn.speaker.role)}</span>' if turn.speaker.role else ""
    return (
        f'<li class="tq-turn{" cited" if cited else ""}" tabindex="-1"{attributes}>'
        f'<a class="tq-where" href="{html_text(href)}"{target}>{html_text(where)}{address}</a>'
        f'<div><span class="tq-who hue-{hue}">{html_text(who(turn.speaker))}</span>{role}'
        f'<p dir="auto">{marked_html(transcript.words_of(turn), turn.span.start, mark)}</p></div></li>'
    )


def page_html(transcript: Transcript, *, mark: Span | None = None) -> str:
    """A transcript's own page."""
    skipped = "".join(
        f"<li><b>{html_text(region.reason)}</b> (lines {region.first_line}-{region.last_line})"
        f"<pre>{html_text(region.text)}</pre></li>"
        for region in transcript.skipped
    )
    left_out = f"<details><summary>Left out of the source</summary><ul>{skipped}</ul></details>" if skipped else ""
    file = html_text(PurePosixPath(transcript.source).name)
    body = (
        f'<h1>{html_text(transcript.title)}</h1><p class="tq-meta">{html_text(_about(transcript))}</p>'
        f'<p class="tq-meta">From the file {file}</p>{turns_html(transcript, turn=None, mark=mark, in_page=True)}'
        f"<footer>{left_out}</footer>"
    )
    return _document(transcript.title, body)


def missing_html(message: str) -> str:
    """The page for a transcript that the index does not hold."""
    return _document("No such transcript", f"<h1>No such transcript</h1><p>{html_text(message)}</p>")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{html_text(title)}</title>'
        '<link rel="icon" href="/tq/icon.svg"><link rel="stylesheet" href="/tq/page.css"></head><body>'
        f'<nav><a href="/">← Ask the transcripts</a></nav><main>{body}</main></body></html>'
    )


def progress_html(text: str, share: float | None = None) -> str:
    """Work under way; `share` is 0 to 1, None where it cannot be told."""
    value = f' value="{min(1.0, max(0.0, share)):.3f}"' if share is not None else ""
    return f'<div class="tq-status" role="status">{html_text(text)}<progress max="1"{value}></progress></div>'


def error_html(name: str, message: str) -> str:
    """A file that could not be taken in, and why."""
    return f'<div class="tq-status bad" role="alert"><b>{html_text(name)}</b><p>{html_text(message)}</p></div>'


def imported_html(name: str, report: ImportReport | None) -> str:
    """What was understood of a file, and what was left out of it; None for a file that is in the index as it is."""
    if report is None:
        return f'<div class="tq-status" role="status"><b>{html_text(name)}</b><p>Already here, unchanged.</p></div>'
    transcript = report.transcript
    facts = joined(
        f"read as {report.format}", counted(len(transcript.speakers), "speaker"), counted(len(transcript.turns), "turn")
    )
    notes = [f"Left out, lines {s.first_line}-{s.last_line}: {s.reason}" for s in transcript.skipped]
    notes += report.warnings
    shown = "".join(f"<li>{html_text(note)}</li>" for note in notes)
    more = f"<details><summary>{counted(len(notes), 'note')}</summary><ul>{shown}</ul></details>" if notes else ""
    return (
        f'<div class="tq-status good" role="status"><b>{html_text(transcript.title)}</b>'
        f"<p>{html_text(facts)}</p>{more}</div>"
    )
