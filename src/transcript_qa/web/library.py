"""The library: what is in the index, and the speakers of one transcript, as pages. Pure functions; all is escaped.

Plain forms, so that it works without a script; the gate lets them come from these pages only.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from transcript_qa.datatypes import Speaker, Transcript
from transcript_qa.removal import Removed
from transcript_qa.render import format_time, turn_link, who
from transcript_qa.store import TranscriptInfo
from transcript_qa.web.markup import counted, day, html_text, joined, paragraphs_html
from transcript_qa.web.reading import document, hue, page_path, words_by_speaker

_EXCERPTS = 2
_EXCERPT_CHARS = 220
_NAMED = 4


def library_html(
    infos: Sequence[TranscriptInfo], *, writable: bool, removed: Sequence[Removed] = (), message: str = ""
) -> str:
    """Every transcript: title, date, speakers, length, when it was added.

    Args:
        infos: what there is.
        writable: whether anything may be changed.
        removed: what was taken out and may be put back.
        message: what went wrong, or nothing.
    """
    rows = "".join(_row(info, writable) for info in infos)
    head = "".join(f"<th>{name}</th>" for name in ("Transcript", "Date", "Speakers", "Length", "Added", "Change"))
    n_words = sum(info.n_words for info in infos)
    facts = joined(counted(len(infos), "transcript"), counted(n_words, "word"))
    table = f'<table class="tq-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>' if infos else ""
    empty = "" if infos else '<p class="tq-meta">Nothing yet. Add transcripts in the chat.</p>'
    body = (
        f'<h1>Library</h1><p class="tq-meta">{html_text(facts)}</p>{_alert(message)}'
        f"{''.join(_undo(each) for each in removed)}{table}{empty}"
    )
    return document("Library", body, wide=True)


def _alert(message: str) -> str:
    return f'<p class="tq-alert" role="alert">{html_text(message)}</p>' if message else ""


def _undo(removed: Removed) -> str:
    return (
        f'<form class="tq-note" method="post" action="{_path(removed.transcript_id)}/put-back" role="status">'
        f"<span>{html_text(removed.title)} is no longer searched.</span>"
        '<button class="tq-button">Put it back</button></form>'
    )


def _row(info: TranscriptInfo, writable: bool) -> str:
    names = [who(entry.speaker) for entry in sorted(info.speakers, key=lambda entry: -entry.n_words)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    length = joined(format_time(info.duration_s), counted(info.n_turns, "turn"), counted(info.n_words, "word"))
    path = _path(info.id)
    actions = f'<a class="tq-button" href="{path}">Speakers</a>'
    if writable:
        actions += f'<form method="post" action="{path}/remove"><button class="tq-button">Remove</button></form>'
    cells = (
        ("Transcript", f'<a href="{html_text(page_path(info.id))}">{html_text(info.title)}</a>'),
        ("Date", html_text(day(info.date) or "none")),
        ("Speakers", html_text(f"{', '.join(names[:_NAMED])}{more}")),
        ("Length", html_text(length)),
        ("Added", html_text(day(info.added_at.date()))),
    )
    shown = "".join(f'<td data-name="{name}">{value}</td>' for name, value in cells)
    return f'<tr>{shown}<td><div class="tq-actions">{actions}</div></td></tr>'


def _path(transcript_id: str) -> str:
    return html_text(f"/library/{quote(transcript_id, safe='')}")


def speakers_html(transcript: Transcript, *, writable: bool, undoable: bool, message: str = "") -> str:
    """The speakers of one transcript with excerpts; where `writable`, forms to name them and to make several one."""
    said = words_by_speaker(transcript)
    total = max(1, sum(said.values()))
    ordered = sorted(transcript.speakers, key=lambda speaker: -said[speaker.label])
    items = "".join(_speaker(transcript, s, said[s.label] / total, said[s.label], writable) for s in ordered)
    path = _path(transcript.id)
    changes = ""
    if writable and len(ordered) > 1:
        changes += (
            f'<form id="merge" class="tq-note" method="post" action="{path}/merge"><span>The ticked ones are one '
            'person:</span><input name="name" placeholder="Name, or the first one’s" aria-label="Name of the one '
            'person" maxlength="200"><button class="tq-button">Make them one</button></form>'
        )
    if writable and undoable:
        changes += (
            f'<form class="tq-note" method="post" action="{path}/undo"><span>Names were changed here.</span>'
            '<button class="tq-button">Undo the last change</button></form>'
        )
    body = (
        f'<h1>Speakers</h1><p class="tq-meta"><a href="{html_text(page_path(transcript.id))}">'
        f'{html_text(transcript.title)}</a></p>{_alert(message)}{changes}<ul class="tq-speakers">{items}</ul>'
    )
    return document(f"Speakers of {transcript.title}", body, wide=True)


def _speaker(transcript: Transcript, speaker: Speaker, share: float, n_words: int, writable: bool) -> str:
    known = [label for label in (speaker.label, *speaker.aliases) if label and label != speaker.display]
    printed = f"as printed: {', '.join(known)}" if known else ""
    facts = joined(speaker.role or "", printed, counted(n_words, "word"), f"{100 * share:.0f} % of the words")
    label = html_text(speaker.label)
    tick = form = ""
    if writable:
        tick = f'<input type="checkbox" form="merge" name="label" value="{label}" aria-label="Tick {label}">'
        form = (
            f'<form method="post" action="{_path(transcript.id)}/rename"><input type="hidden" name="label" '
            f'value="{label}"><input name="name" value="{html_text(speaker.name or "")}" placeholder="Name" '
            f'aria-label="Name of {label}" maxlength="200" required><button class="tq-button">Rename</button></form>'
        )
    head = f'{tick}<span class="tq-who hue-{hue(speaker, transcript)}">{html_text(who(speaker))}</span>'
    return (
        f'<li><div class="tq-speaker">{head}{form}</div><p class="tq-meta">{html_text(facts)}</p>'
        f"{_excerpts(transcript, speaker)}</li>"
    )


def _excerpts(transcript: Transcript, speaker: Speaker) -> str:
    """The beginnings of the speaker's longest turns, by which a person tells who it is."""
    turns = [turn for turn in transcript.turns if turn.speaker.label == speaker.label]
    longest = sorted(turns, key=lambda turn: -len(turn.span))[:_EXCERPTS]
    shown = []
    for turn in sorted(longest, key=lambda turn: turn.index):
        words = " ".join(transcript.words_of(turn).split())
        cut = words if len(words) <= _EXCERPT_CHARS else f"{words[:_EXCERPT_CHARS].rsplit(' ', 1)[0]} …"
        link = html_text(turn_link(transcript.id, turn.index))
        where = html_text(format_time(turn.start_s) or turn.address or f"turn {turn.index + 1}")
        shown.append(f'<blockquote dir="auto"><a href="{link}">{where}</a> {paragraphs_html(cut)}</blockquote>')
    return "".join(shown)
