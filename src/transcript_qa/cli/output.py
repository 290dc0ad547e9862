"""What each command shows a person: tables and texts for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from transcript_qa.cli.console import assembled, clean, error_json, joined, make_table, one_line, print_indented, styled
from transcript_qa.datatypes import Answer, Citation, Hit, ImportReport, Support, Transcript, Verification
from transcript_qa.indexing import IndexReport
from transcript_qa.render import (
    confidence_words,
    format_time,
    link,
    media_link,
    place,
    speakers_json,
    understood_lines,
    who,
)
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import terms

_SHOWN = 20
_WHOLE_ID_CHARS = 40
# Date, turns and length with the gaps between all columns.
_LIST_NUMBERS_CHARS = 36
_EXCERPT_CHARS = 400
_NEAREST = 3
_SUPPORT_WORDS = {
    Support.EXACT: ("exact", "green", "these words stand in the transcript, character for character"),
    Support.NORMALISED: (
        "normalised",
        "green",
        "these words, but for quotes, capitals, fillers or how numbers are written",
    ),
    Support.CLOSE: ("close", "yellow", "not these words; the nearest that were said"),
    Support.STITCHED: ("stitched", "yellow", "these words were said, but not together"),
    Support.ELSEWHERE: ("elsewhere", "yellow", "these words stand in another transcript"),
    Support.WRONG_SPEAKER: ("wrong speaker", "yellow", "these words were said by somebody else"),
    Support.MISSING: ("missing", "red", "no transcript has these words or anything near them"),
}


def counted(n: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "turn"), counted(1200, "turn")
    ('1 turn', '1,200 turns')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def index_report_json(report: IndexReport) -> dict[str, Any]:
    """What indexing did, in its stable shape."""
    return {
        "added": list(report.added),
        "changed": list(report.changed),
        "unchanged": list(report.unchanged),
        "removed": list(report.removed),
        "failed": [{"source": one.source, **error_json(one.error, str(one.error))} for one in report.failed],
        "warnings": {one.transcript.id: list(one.warnings) for one in report.reports if one.warnings},
    }


def show_index_report(console: Console, report: IndexReport, *, summary: str) -> None:
    """What indexing did: a line for each transcript that was added, changed or removed, then the numbers."""
    read = {one.transcript.id: one for one in report.reports}
    for action, style, ids in (
        ("added", "green", report.added),
        ("changed", "yellow", report.changed),
        ("removed", "red", report.removed),
    ):
        for transcript_id in ids[:_SHOWN]:
            console.print(assembled((f"{action:<8} ", style), (transcript_id, "bold")))
            if transcript_id in read:
                _show_import(console, read[transcript_id])
        if len(ids) > _SHOWN:
            console.print(assembled((f"{action:<8} ", style), f"… and {len(ids) - _SHOWN:,} more"))
    groups = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    numbers = [f"{len(ids):,} {name}" for name, ids in {**groups, "removed": report.removed}.items()]
    console.print(Text(", ").join(styled(number, "bold") for number in numbers))
    console.print(styled(summary))


def _show_import(console: Console, report: ImportReport) -> None:
    transcript = report.transcript
    facts = [report.format, counted(len(transcript.turns), "turn"), counted(len(transcript.speakers), "speaker")]
    if transcript.skipped:
        facts.append(f"{counted(len(transcript.skipped), 'region')} left out")
    print_indented(console, joined(*((fact, "dim") for fact in facts)), 9)
    for warning in report.warnings:
        print_indented(console, styled(f"look at: {warning}", "yellow"), 9)


def show_inspection(console: Console, report: ImportReport, *, tokens: str, turns: bool) -> None:
    """What the importer understood of one file."""
    transcript = report.transcript
    _show_facts(
        console,
        {
            "Format": f"{report.format} ({report.confidence:.0%} sure)",
            "Encoding": report.encoding,
            "Title": transcript.title,
            "Id": transcript.id,
            "Date": transcript.date.isoformat() if transcript.date else "none found",
            "Place": transcript.place or "none found",
            "Recording": transcript.media_url or "",
            "Turns": f"{len(transcript.turns):,}, {counted(_n_words(transcript), 'word')}",
            "Left out": _left_out(transcript),
            "Times": _time_coverage(transcript),
            "Tokens": tokens,
        },
    )
    _show_heading(console, "Speakers")
    show_speakers(console, speakers_json(transcript))
    _show_heading(console, "Left out")
    for region in transcript.skipped:
        lines = f"line {region.first_line}"
        if region.last_line > region.first_line:
            lines = f"lines {region.first_line}-{region.last_line}"
        console.print(joined((lines, "cyan"), region.reason, (counted(len(region.text.split()), "word"), "dim")))
        print_indented(console, styled(_excerpt(region.text), "dim"), 2)
    if not transcript.skipped:
        console.print("nothing")
    if report.warnings:
        _show_heading(console, "Look at")
        for warning in report.warnings:
            console.print(styled(warning, "yellow"))
    if turns:
        _show_heading(console, "Turns")
        _show_turns(console, transcript)


def _n_words(transcript: Transcript) -> int:
    return sum(len(transcript.words_of(turn).split()) for turn in transcript.turns)


def _left_out(transcript: Transcript) -> str:
    if not transcript.skipped:
        return "nothing"
    n_words = sum(len(region.text.split()) for region in transcript.skipped)
    return f"{counted(n_words, 'word')} in {counted(len(transcript.skipped), 'region')}"


def _show_facts(console: Console, facts: Mapping[str, str]) -> None:
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        if value:
            print_indented(console, styled(one_line(value)), width, head=styled(name, "bold"))


def _show_heading(console: Console, words: str) -> None:
    console.print()
    console.print(styled(words, "bold underline"))


def _time_coverage(transcript: Transcript) -> str:
    timed = [turn for turn in transcript.turns if turn.start_s is not None]
    native = sum(turn.address is not None for turn in transcript.turns)
    addresses = f"; {native:,} turns have a native address" if native else ""
    if not timed:
        return f"none{addresses}"
    last = max(turn.end_s if turn.end_s is not None else turn.start_s or 0.0 for turn in timed)
    first = format_time(min(turn.start_s or 0.0 for turn in timed))
    return f"{first} to {format_time(last)}, on {len(timed):,} of {len(transcript.turns):,} turns{addresses}"


def _show_turns(console: Console, transcript: Transcript) -> None:
    for turn in transcript.turns:
        where = format_time(turn.start_s) or turn.address or ""
        console.print(joined((str(turn.index + 1), "dim"), (where, "cyan"), (turn.speaker.display, "bold")))
        print_indented(console, styled(transcript.words_of(turn)), 2)


def _excerpt(text: str) -> str:
    if len(text) <= _EXCERPT_CHARS:
        return clean(text).strip()
    return f"{clean(text[:_EXCERPT_CHARS]).strip()}… ({len(text) - _EXCERPT_CHARS:,} characters more; --json shows all)"


def show_transcripts(console: Console, infos: Sequence[TranscriptInfo], *, index: str) -> None:
    """The transcripts of an index."""
    if not infos:
        console.print(styled(f"{index} holds no transcript yet. Add some with `transcript-qa index PATHS`."))
        return
    table = make_table(console, "Id", "Title", "Date", "Turns", "Length", right=("Date", "Turns", "Length"))
    # An id is copied, a title only read: the title gives way.
    id_chars = max(len(info.id) for info in infos)
    table.columns[0].no_wrap = id_chars <= _WHOLE_ID_CHARS
    title_chars = max(20, console.width - min(id_chars, _WHOLE_ID_CHARS) - _LIST_NUMBERS_CHARS)
    for info in infos:
        table.add_row(
            styled(info.id, "bold"),
            styled(one_line(info.title, width=title_chars)),
            info.date.isoformat() if info.date else "",
            f"{info.n_turns:,}",
            format_time(info.duration_s),
        )
    console.print(table)


def show_all_speakers(console: Console, infos: Iterable[TranscriptInfo], speakers: Iterable[dict[str, Any]]) -> None:
    """The speakers of an index, under the transcript in which they speak."""
    of: dict[str, list[dict[str, Any]]] = {}
    for speaker in speakers:
        of.setdefault(speaker["transcript_id"], []).append(speaker)
    for number, info in enumerate(infos):
        if number:
            console.print()
        console.print(joined((one_line(info.title), "bold underline"), (info.id, "dim")))
        show_speakers(console, of.get(info.id, []))


def show_speakers(console: Console, speakers: Sequence[dict[str, Any]]) -> None:
    """Speakers in the shape of `render.speakers_json`."""
    table = make_table(console, "Label", "Name", "Role", "Kind", "Turns", "Words", right=("Turns", "Words"))
    for speaker in speakers:
        table.add_row(
            styled(one_line(speaker["label"]) or "(none)", "bold"),
            styled(one_line(speaker["name"] or "")),
            styled(one_line(speaker["role"] or "")),
            speaker["kind"],
            f"{speaker['turns']:,}",
            f"{speaker['words']:,}",
        )
    console.print(table)


def show_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Passages, best first, each with what is most to the point in it."""
    margin = len(f"{len(hits)}. ")
    for number, hit in enumerate(hits):
        if number:
            console.print()
        head = joined((one_line(hit.title), "bold"), (_where(hit), "cyan"))
        print_indented(console, head, margin, head=Text(f"{hit.rank}. ", style="bold cyan"))
        for line in _to_the_point(hit):
            text = styled(line)
            _highlight(text, hit.why.matched)
            print_indented(console, text, margin)
        print_indented(console, joined(*((fact, "dim") for fact in _why(hit))), margin)
    if not hits:
        console.print("No passage was found.")


def _where(hit: Hit) -> str:
    first, last = hit.passage.turns
    turns = f"turn {first + 1}" if first == last else f"turns {first + 1}-{last + 1}"
    return " · ".join(part for part in (format_time(hit.passage.start_s), turns) if part)


def _why(hit: Hit) -> list[str]:
    facts = [hit.passage.transcript_id, f"score {hit.score:.2f}"]
    if hit.why.dense is not None:
        facts.append(f"meaning {hit.why.dense:.2f}")
    if hit.why.keyword is not None:
        facts.append(f"words {hit.why.keyword:.1f}")
    return facts


def _to_the_point(hit: Hit) -> list[str]:
    """The passage from the turn on that has most of the question's words, a line for each turn, cut off somewhere."""
    asked = set(hit.why.matched)
    turns = [one_line(turn) for turn in hit.passage.text.split("\n\n")]
    n_matched = [len(asked & set(terms(turn))) for turn in turns]
    first = n_matched.index(max(n_matched))
    lines: list[str] = []
    left = _EXCERPT_CHARS
    for turn in turns[first:]:
        if left <= 0:
            lines[-1] = f"{lines[-1].rstrip('…')}…"
            break
        lines.append(one_line(turn, width=left))
        left -= len(turn)
    return [f"… {lines[0]}", *lines[1:]] if first else lines


def _highlight(text: Text, matched: Sequence[str]) -> None:
    wanted = set(matched)
    at = 0
    for word in text.plain.split():
        start = text.plain.index(word, at)
        at = start + len(word)
        if wanted & set(terms(word)):
            bare = word.strip(".,;:!?()[]“”\"'")
            begin = start + word.index(bare)
            text.stylize("bold yellow", begin, begin + len(bare))


def show_answer(console: Console, answer: Answer) -> None:
    """An answer, then its sources or, where there is none, the nearest passages."""
    for line in understood_lines(answer):
        print_indented(console, styled(line, "dim"), 0)
    text = styled(answer.text)
    text.highlight_regex(r"\[\d+\](?=\s|$)", "bold cyan")
    text.highlight_regex(r"(?m)^[^“\n]+(?=: “)", "bold")
    print_indented(console, text, 0)
    if answer.note:
        console.print()
        print_indented(console, styled(answer.note, "dim"), 0)
    if not answer.answered:
        if answer.hits:
            _show_heading(console, "Nearest passages")
            show_hits(console, answer.hits[:_NEAREST])
        if any(implied.strict for implied in answer.filters.implied):
            console.print()
            console.print(styled("--no-implied asks without what was taken from the question.", "dim"))
        return
    _show_heading(console, "Sources")
    for citation in answer.citations:
        print_indented(console, _source(citation), 4, head=Text(f"[{citation.marker}] ", style="bold cyan"))
        if answer.worded_by is not None:
            print_indented(console, styled(f"“{' '.join(citation.quote.split())}”"), 4)
        print_indented(console, joined((citation.source, "dim"), (link(citation), "dim")), 4)
        recording = media_link(citation.media_url, citation.start_s)
        if recording:
            print_indented(console, styled(recording, "dim"), 4)
    console.print()
    console.print(assembled("Confidence: ", (confidence_words(answer), "bold"), f" ({answer.confidence:.2f})"))
    console.print(styled("The links open in `transcript-qa serve`.", "dim"))


def _source(citation: Citation) -> Text:
    role = f", {citation.speaker.role}" if citation.speaker.role else ""
    day = f", {citation.date.isoformat()}" if citation.date else ""
    return joined(one_line(who(citation.speaker) + role), (place(citation), "cyan"), one_line(citation.title) + day)


def show_verification(console: Console, check: Verification) -> None:
    """What a quote is worth, and its place or the nearest words."""
    word, style, meaning = _SUPPORT_WORDS[check.support]
    console.print(assembled((word, f"bold {style}"), f": {meaning}"))
    citation = check.citation
    if citation is not None:
        console.print()
        quoted = assembled((who(citation.speaker), "bold"), f": “{one_line(citation.quote)}”")
        print_indented(console, quoted, 0)
        print_indented(console, _source(citation), 0)
        console.print(joined((citation.source, "dim"), (link(citation), "dim")))
    for piece in check.pieces[1:]:
        print_indented(console, assembled((who(piece.speaker), "bold"), f": “{one_line(piece.quote)}”"), 0)
        print_indented(console, _source(piece), 0)
    for difference in check.differences:
        words = joined((difference.kind.value, "bold"), f"quoted “{difference.quoted}”", f"said “{difference.said}”")
        print_indented(console, words, 2)
    if not check.speaker_known:
        console.print(styled("The transcript does not name who speaks there.", "dim"))
