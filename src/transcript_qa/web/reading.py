"""A whole transcript as HTML, beside the chat and as a page of its own: pure functions that escape every field.

What needs a script (search, copying, dimming) is added by `assets/turns.js`, so that without one all of it can be read.
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from transcript_qa.datatypes import Span, Speaker, Transcript, Turn
from transcript_qa.render import format_time, is_clock, media_link, turn_link, who
from transcript_qa.web.markup import counted, day, html_text, joined, marked_html
from transcript_qa.web.theme import N_HUES

# So many speakers are named above a transcript; the others are counted.
_LEGEND = 12
# So many turns before and after the one asked for are there at once beside the chat; the script fetches the others.
_AROUND = 150


def page_path(transcript_id: str) -> str:
    """The path of a transcript's own page."""
    return turn_link(transcript_id, 0).partition("#")[0]


def hue(speaker: Speaker, transcript: Transcript) -> int:
    """A number that stays the same for a speaker of a transcript, and differs between the first few of them."""
    labels = [known.label for known in transcript.speakers]
    return labels.index(speaker.label) % N_HUES if speaker.label in labels else 0


def viewer_html(transcript: Transcript, *, turn: int | None, mark: Span | None, nonce: str) -> str:
    """A whole transcript beside the chat; `nonce` makes each opening differ, so that the page notices it."""
    page = html_text(page_path(transcript.id))
    said = words_by_speaker(transcript)
    at = min(turn or 0, len(transcript.turns) - 1)
    shown = range(max(0, at - _AROUND), min(len(transcript.turns), at + _AROUND + 1))
    turns = turns_html(transcript, shown=shown, turn=turn, mark=mark, in_page=False)
    return _viewer(
        transcript.title,
        html_text(about(transcript, said)),
        f'<a class="tq-button" href="{page}" target="_blank" rel="noopener" title="Open as a page of its own">Page</a>',
        f"{legend_html(transcript, said)}{turns}",
        nonce,
    )


def notice_html(title: str, message: str, *, nonce: str) -> str:
    """What the viewer shows in place of a transcript that cannot be shown."""
    return _viewer(title, "", "", f'<p class="tq-empty">{html_text(message)}</p>', nonce)


def _viewer(title: str, facts: str, link: str, body: str, nonce: str) -> str:
    return (
        f'<section class="tq-viewer" aria-label="Transcript" data-nonce="{html_text(nonce)}">'
        f'<div class="tq-viewer-head"><h2>{html_text(title)}</h2>{link}'
        '<button type="button" class="tq-button" data-close aria-label="Close the transcript">✕</button>'
        f'<p class="tq-meta">{facts}</p><div class="tq-tools"></div></div>'
        f'<div class="tq-scroll" tabindex="0" role="region" aria-label="Turns">{body}</div></section>'
    )


def about(transcript: Transcript, said: Counter[str]) -> str:
    """Date, place and size on one line; `said` is what `words_by_speaker` gives."""
    return joined(
        day(transcript.date),
        transcript.place or "",
        counted(len(transcript.speakers), "speaker"),
        counted(len(transcript.turns), "turn"),
        counted(sum(said.values()), "word"),
    )


def words_by_speaker(transcript: Transcript) -> Counter[str]:
    """How many words each label says."""
    said: Counter[str] = Counter()
    for turn in transcript.turns:
        said[turn.speaker.label] += len(transcript.words_of(turn).split())
    return said


def legend_html(transcript: Transcript, said: Counter[str]) -> str:
    """The speakers with their colours and their shares of the words, those who say most first."""
    total = sum(said.values())
    if not total:
        return ""
    numbered = sorted(enumerate(transcript.speakers), key=lambda each: -said[each[1].label])
    bars, items, at = [], [], 0.0
    for number, speaker in numbered:
        width = 100 * said[speaker.label] / total
        bars.append(f'<rect class="hue-{number % N_HUES}" x="{at:.2f}" y="0" width="{width:.2f}" height="4"/>')
        at += width
    for number, speaker in numbered[:_LEGEND]:
        share = 100 * said[speaker.label] / total
        items.append(
            f'<li><button type="button" class="tq-voice" data-voice="{number}" aria-pressed="false">'
            f'<span class="tq-dot hue-{number % N_HUES}"></span><span>{html_text(who(speaker))}</span>'
            f"<small>{_percent(share)}</small></button></li>"
        )
    others = len(numbered) - _LEGEND
    rest = f'<li class="tq-meta">and {counted(others, "other")}</li>' if others > 0 else ""
    return (
        '<div class="tq-legend"><svg class="tq-shares" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" '
        f'aria-label="Shares of the words">{"".join(bars)}</svg><ul>{"".join(items)}{rest}</ul></div>'
    )


def _percent(share: float) -> str:
    return f"{share:.0f} %" if share >= 1 else "under 1 %"


def turns_html(transcript: Transcript, *, shown: range, turn: int | None, mark: Span | None, in_page: bool) -> str:
    """The turns as a list, of which only `shown` is there yet; `turn` is the cited one.

    On a page of its own each has the id `turn-<index>`, and none in the viewer.
    """
    source = html_text(joined(transcript.title, day(transcript.date)))
    page = html_text(page_path(transcript.id))
    return (
        f'<ol class="tq-turns" data-from="{source}" data-page="{page}" data-size="{len(transcript.turns)}" '
        f'data-first="{shown.start}">{items_html(transcript, shown=shown, turn=turn, mark=mark, in_page=in_page)}</ol>'
    )


def items_html(
    transcript: Transcript,
    *,
    shown: range,
    turn: int | None = None,
    mark: Span | None = None,
    in_page: bool = False,
) -> str:
    """Some of the turns, as items of the list."""
    voices = {speaker.label: number for number, speaker in enumerate(transcript.speakers)}
    some = transcript.turns[shown.start : shown.stop]
    return "".join(_turn(transcript, t, voices[t.speaker.label], t.index == turn, mark, in_page) for t in some)


def _turn(transcript: Transcript, turn: Turn, voice: int, cited: bool, mark: Span | None, in_page: bool) -> str:
    where = format_time(turn.start_s) or turn.address or str(turn.index + 1)
    own = turn.address if turn.start_s is not None and turn.address and not is_clock(turn.address) else ""
    address = f"<small>{html_text(own)}</small>" if own else ""
    href = f"#turn-{turn.index}" if in_page else turn_link(transcript.id, turn.index)
    target = "" if in_page else ' target="_blank" rel="noopener"'
    attributes = f' id="turn-{turn.index}"' if in_page else ""
    role = f' <span class="tq-role">{html_text(turn.speaker.role)}</span>' if turn.speaker.role else ""
    return (
        f'<li class="tq-turn{" cited" if cited else ""}" tabindex="-1" data-turn="{turn.index}" data-voice="{voice}"'
        f'{attributes}><a class="tq-where" href="{html_text(href)}"{target}>{html_text(where)}{address}</a>'
        f'<div><span class="tq-who hue-{voice % N_HUES}">{html_text(who(turn.speaker))}</span>{role}'
        f"{_play(transcript.media_url, turn)}"
        f'<p dir="auto">{marked_html(transcript.words_of(turn), turn.span.start, mark)}</p></div></li>'
    )


def _play(media_url: str | None, turn: Turn) -> str:
    href = media_link(media_url, turn.start_s) if turn.start_s is not None else None
    if href is None:
        return ""
    words = f"Recording at {format_time(turn.start_s)}"
    return (
        f' <a class="tq-play" href="{html_text(href)}" target="_blank" rel="noopener noreferrer" title="{words}" '
        f'aria-label="{words}">▶</a>'
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
    said = words_by_speaker(transcript)
    turns = turns_html(transcript, shown=range(len(transcript.turns)), turn=None, mark=mark, in_page=True)
    body = (
        f'<h1>{html_text(transcript.title)}</h1><p class="tq-meta">{html_text(about(transcript, said))}</p>'
        f'<p class="tq-meta">From the file {file}</p>{legend_html(transcript, said)}<div class="tq-tools"></div>'
        f"{turns}<footer>{left_out}</footer>"
    )
    return document(transcript.title, body, script="turns.js")


def missing_html(message: str) -> str:
    """The page for a transcript that the index does not hold."""
    return document("No such transcript", f"<h1>No such transcript</h1><p>{html_text(message)}</p>")


def document(title: str, body: str, *, script: str = "", wide: bool = False) -> str:
    """A page around `body`, which is HTML already; `script` is a file of the assets."""
    scripts = f'<script src="/tq/{script}" defer></script>' if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{html_text(title)}</title>'
        f'<link rel="icon" href="/tq/icon.svg"><link rel="stylesheet" href="/tq/page.css">{scripts}</head><body>'
        '<nav><a href="/">← Ask the transcripts</a><a href="/library">Library</a></nav>'
        f'<main class="tq-page{" wide" if wide else ""}">{body}</main></body></html>'
    )
