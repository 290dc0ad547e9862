"""Untrusted words as safe chat Markdown and HTML: pure functions, every one of which escapes what it is given.

Transcripts, questions and file names come from strangers. The chat renders Markdown, and its sanitiser lets images,
links and forms through: so words are escaped until only this module's own markers and links remain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html import escape

from transcript_qa.datatypes import Answer, Citation, Hit, Span
from transcript_qa.render import format_time, place, who
from transcript_qa.web.places import citation_path, hit_path

NEAREST = 3
_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|$@])")
_SCHEME = re.compile(r"\b(https?|ftp|file|mailto|javascript|vbscript|data):", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
# What makes a list, a heading, a rule or a table at the beginning of a line.
_LINE_START = re.compile(r"^[^\S\n]*(\d{0,9})([#+\-=:.)]?)", re.MULTILINE)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef]")
_LINE_BREAKS = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
# Noncharacters, which no text may hold, stand for the brackets of markers while the rest is escaped.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARKER = re.compile(r"\[(\d{1,3})\]")
_KEPT = re.compile(rf"(!?){_OPEN}(\d+){_CLOSE}(?=(.?))", re.DOTALL)


def html_text(text: str) -> str:
    """`text` as HTML, in an element or in a quoted attribute.

    >>> html_text('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return escape(_UNPRINTABLE.sub("\ufffd", text), quote=True)


def literal(text: str) -> str:
    r"""`text` as Markdown that shows it character for character; blank lines still part paragraphs.

    Little is escaped that need not be, for the chat's copy button copies the Markdown.

    >>> print(literal("# 2 * 3 < 7, see http://example.org"))
    \# 2 \* 3 \< 7, see http\://example.org
    """
    return _escaped(_UNPRINTABLE.sub("\ufffd", text))


def _escaped(text: str) -> str:
    text = _SPECIAL.sub(r"\\\1", _LINE_BREAKS.sub("\n", text))
    text = _WWW.sub(lambda match: match[0][:-1] + "\\.", _SCHEME.sub(r"\1\\:", text))
    return _LINE_START.sub(lambda match: match[1] + (f"\\{match[2]}" if match[2] else ""), text)


def unescaped(markdown: str) -> str:
    r"""The text of which `literal` made `markdown`, near enough to be asked again.

    >>> unescaped(literal("What is 2 * 3 [sic]?"))
    'What is 2 * 3 [sic]?'
    """
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


def chat_markdown(answer: Answer) -> str:
    """An answer as chat Markdown: its markers are links with a tooltip, all else is literal."""
    whole = f"*Asked as: {literal(_one_line(answer.asked_as))}*\n\n" if _is_follow_up(answer) else ""
    if not answer.answered:
        return whole + _not_said(answer)
    references = [_reference(str(c.marker), citation_path(c), citation_label(c)) for c in answer.citations]
    return whole + "\n".join([with_markers(answer.text, answer.citations), *_note(answer), "", *references])


def _is_follow_up(answer: Answer) -> bool:
    return answer.asked_as != answer.question.strip()


def _note(answer: Answer) -> list[str]:
    return ["", f"*{literal(_one_line(answer.note))}*"] if answer.note else []


def with_draft(checked: str, draft: str) -> str:
    r"""Text so far as chat Markdown, and words behind it that are not checked yet, set apart.

    >>> with_draft("The loan was approved. ", "It ra")
    'The loan was approved. *It ra* …'
    """
    return f"{literal(checked.rstrip())} *{literal(draft)}* …".lstrip() if draft else literal(checked)


def with_markers(text: str, citations: Sequence[Citation]) -> str:
    """`text` as Markdown with the citations' markers left as reference links.

    A `[1]` inside a quotation is the transcript's own and stays literal, as does one without a citation.
    """
    known = {citation.marker for citation in citations}

    def kept(match: re.Match[str]) -> str:
        return f"{_OPEN}{int(match[1])}{_CLOSE}" if int(match[1]) in known else match[0]

    pieces = re.split(_quotes(citations), _UNPRINTABLE.sub("\ufffd", text))
    pieces[::2] = [_MARKER.sub(kept, piece) for piece in pieces[::2]]
    return _KEPT.sub(_restored, _escaped("".join(pieces)))


def _quotes(citations: Sequence[Citation]) -> str:
    """A pattern with one group for the citations' quotations as an answer prints them, longest first."""
    quotes = {_UNPRINTABLE.sub("\ufffd", " ".join(c.quote.split())) for c in citations}
    found = [re.escape(quote) for quote in sorted(quotes, key=len, reverse=True) if quote]
    return f"(“(?:{'|'.join(found)})”)" if found else r"((?!))"


def _restored(match: re.Match[str]) -> str:
    """A marker with its brackets, kept apart from what would make an image or another kind of link of it."""
    before = "\\!" if match[1] else ""
    after = {"(": "\\", ":": "\\", _OPEN: "\u200a"}.get(match[3], "")
    return f"{before}[{match[2]}]{after}"


def _reference(name: str, path: str, label: str) -> str:
    return f'[{name}]: {path} "{_tooltip(label)}"'


def _tooltip(text: str) -> str:
    """`text` without what could end the title of a link."""
    return " ".join(re.sub(r"[\\\"<>&\[\]()`]", " ", _UNPRINTABLE.sub(" ", text)).split())


def citation_label(citation: Citation) -> str:
    """Speaker, time or address, and title on one line."""
    role = f" ({citation.speaker.role})" if citation.speaker.role else ""
    return f"{who(citation.speaker)}{role}, {place(citation)}, {citation.title}"


def hit_place(hit: Hit) -> str:
    """Where in its transcript a passage stands: its time, else the numbers of its turns."""
    first, last = hit.passage.turns
    turns = f"turn {first + 1}" if first == last else f"turns {first + 1}-{last + 1}"
    return format_time(hit.passage.start_s) or turns


def _not_said(answer: Answer) -> str:
    """That the transcripts do not answer, as a block quotation, which the chat's style sheet sets apart."""
    nearest = answer.hits[:NEAREST]
    lines = [f"**{literal(answer.text)}**"]
    if nearest:
        lines += ["", "The nearest passages, which may still help:", ""]
        lines += [f"- [{literal(_one_line(f'{h.title}, {hit_place(h)}'))}][near-{h.rank}]" for h in nearest]
    quoted = [f"> {line}".rstrip() for line in "\n".join([*lines, *_note(answer)]).split("\n")]
    references = [_reference(f"near-{h.rank}", hit_path(h), f"{h.title}, {hit_place(h)}") for h in nearest]
    return "\n".join([*quoted, "", *references]).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def day(when: date | None) -> str:
    """A date in words, or nothing.

    >>> day(date(2024, 3, 9))
    '9 March 2024'
    """
    return f"{when.day} {when:%B %Y}" if when else ""


def joined(*parts: str) -> str:
    """The parts that are not empty, with a dot between them."""
    return " · ".join(part for part in parts if part)


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "speaker"), counted(1200, "word")
    ('1 speaker', '1,200 words')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def marked_html(text: str, offset: int, mark: Span | None) -> str:
    """Words as HTML, those under `mark` in a `<mark>`; a blank line becomes a gap.

    Args:
        text: the words.
        offset: the character of the transcript at which they begin.
        mark: characters of the transcript, or None.
    """
    start = max(0, mark.start - offset) if mark else 0
    end = min(len(text), mark.end - offset) if mark else 0
    if start >= end:
        return paragraphs_html(text)
    inner = f"<mark>{paragraphs_html(text[start:end])}</mark>"
    return f"{paragraphs_html(text[:start])}{inner}{paragraphs_html(text[end:])}"


def paragraphs_html(text: str) -> str:
    """Words as HTML; a blank line becomes a gap."""
    return re.sub(r"\n[^\S\n]*\n\s*", '<span class="gap"></span>', html_text(_LINE_BREAKS.sub("\n", text)))
