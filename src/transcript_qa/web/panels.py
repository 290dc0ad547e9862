"""The panels of the chat's sidebar as HTML, the transcripts and what becomes of uploads: each field is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from time import time_ns

from transcript_qa.datatypes import ImportReport
from transcript_qa.store import TranscriptInfo
from transcript_qa.web.markup import counted, day, html_text, joined
from transcript_qa.web.reading import page_path


def brand_html(*, password: bool) -> str:
    """The head of the sidebar; where there is a password, with the way out."""
    leave = '<form method="post" action="/logout"><button>Log out</button></form>' if password else ""
    return (
        "<h1>transcript-qa</h1><p>Answers in their own words</p>"
        '<p class="tq-links"><a href="/library">Library</a> <a href="/docs">API</a></p>'
        f"{leave}"
    )


def transcripts_html(infos: Sequence[TranscriptInfo]) -> str:
    """The list of the transcripts in the index, each a link to its page."""
    if not infos:
        return '<h2>Transcripts</h2><p class="tq-empty">None yet.</p>'
    items = [
        f'<li><a href="{html_text(page_path(info.id))}">{html_text(info.title)}</a><span>'
        + html_text(joined(day(info.date), counted(len(info.speakers), "speaker"), counted(info.n_words, "word")))
        + "</span></li>"
        for info in infos
    ]
    return f'<h2>Transcripts</h2><ul class="tq-list">{"".join(items)}</ul>'


def progress_html(text: str, share: float | None = None) -> str:
    """Work under way; `share` is 0 to 1, None where it cannot be told."""
    value = f' value="{min(1.0, max(0.0, share)):.3f}"' if share is not None else ""
    return f'<div class="tq-status" role="status">{html_text(text)}<progress max="1"{value}></progress></div>'


def error_html(name: str, message: str) -> str:
    """A file that could not be taken in, and why."""
    return f'<div class="tq-status bad" role="alert"><b>{html_text(name)}</b><p>{html_text(message)}</p></div>'


def imported_html(name: str, report: ImportReport | None, *, done: bool = True) -> str:
    """What was understood of a file, and what was left out of it.

    Args:
        name: of the file.
        report: None for a file that is in the index as it is.
        done: whether it is in the index by now.
    """
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
        f'<div class="tq-status{" good" if done else ""}" role="status"><b>{html_text(transcript.title)}</b>'
        f"<p>{html_text(facts)}</p>{more}</div>"
    )


def file_html(name: str, kind: str, text: str) -> str:
    """A file for the exporter, which hands it to the browser as a download; two in a row differ by their time."""
    return (
        f'<textarea hidden data-name="{html_text(name)}" data-type="{html_text(kind)}" data-made="{time_ns()}">'
        f"{html_text(text)}</textarea>"
    )
