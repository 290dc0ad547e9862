"""What a model writes, read: sentences as they come, their markers, and the quotations that they ask for.

A model names its evidence as `[3]` and asks for a quotation of it as `<quote 3>`. Nothing that it writes is taken for
more than words: markup goes, and what looks like a link or like a source of its own making is told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transcript_qa.text import normalise, sentences

_LABEL = r"(?:(?:id|no\.?|sentence|source|evidence|s)\s*)?#?"
_MARKER = re.compile(
    rf"\s?[\[\u3010]\s*{_LABEL}(\d{{1,5}})((?:\s*[,;&\u2013-]\s*(?:and\s*)?{_LABEL}\d{{1,5}})*)\s*[\]\u3011]",
    re.IGNORECASE,
)
_MARKERS_BEHIND = re.compile(rf"([.!?\u2026]+[\"'\u201d\u2019)]*)((?:\s*{_MARKER.pattern})+)[.!?]?", re.IGNORECASE)
_QUOTE_CALL = re.compile(r"[\"\u201c]?<\s*/?quote\s*[:=#]?\s*(\d{1,5})\s*/?>(?:\s*</quote>)?[\"\u201d]?", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*\u2022]\s+|\d{1,2}[.)]\s+)")
_HEADING = re.compile(r"#{1,6}\s+")
_MARKUP = re.compile(r"\*\*|__|`+|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)")
_LINK = re.compile(
    r"\b(?:https?|ftp|file|data|javascript|mailto)\s*:|\bwww\.|!?\[[^\]\n]*\]\s*[(:]|</?[a-z!][^>]*>?|&#?\w+;|\S@\S+\.\w"
    r"|\b[\w-]+\.(?:com|org|net|info|biz|io|example|test|invalid|dev|app|gov|edu|co\.uk|html?|php)\b",
    re.IGNORECASE,
)
_OWN_SOURCE = re.compile(
    r"[\[\u3010][^\]\u3011\n]*[\]\u3011]?|^\W*(?:sources?|references?|citations?)\s*:", re.IGNORECASE
)
# Words in quotation marks; an apostrophe is none.
_QUOTED = re.compile(
    r"[\"\u201c\u201d\u201e\u00ab]([^\"\u201c\u201d\u201e\u00ab\u00bb\n]+)(?:[\"\u201c\u201d\u00bb]|$)|(?<!\w)['\u2018](\S[^\n]*?\S)['\u2019](?!\w)"
)
_ENDS = re.compile(r"[.!?\u2026:][\"'\u201d\u2019)\]\u3011]*$")


@dataclass(frozen=True, slots=True)
class Segment:
    """Words, and the ids of the evidence that stands behind them; no ids where the sentence ends without."""

    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    r"""One sentence of a reply.

    Attributes:
        lead: what stands before it: blanks, line breaks, the sign of a list.
        segments: its words, parted behind each group of markers, without markers and calls for quotations.
        template: its words with each marker as `\x02id\x03` and each call for a quotation as `\x04id\x03`.
        quoted: what the model itself put into quotation marks.
        links: what looks like a link or markup.
        own_sources: what looks like a source in a form of the model's own.
        complete: whether it ends as a sentence does.
        heading: whether it is the heading of what follows.
    """

    lead: str
    segments: tuple[Segment, ...]
    template: str
    quoted: tuple[str, ...]
    links: tuple[str, ...]
    own_sources: tuple[str, ...]
    complete: bool
    heading: bool = False

    @property
    def text(self) -> str:
        """All its words."""
        return " ".join(segment.text for segment in self.segments if segment.text).strip()

    @property
    def ids(self) -> tuple[int, ...]:
        """Every id that it names, in order, each once."""
        return tuple(dict.fromkeys(id_ for segment in self.segments for id_ in segment.ids))


class SentenceBuffer:
    """Pieces of a reply in, whole sentences out.

    >>> buffer = SentenceBuffer()
    >>> [s.text for s in buffer.feed("It was late. [1] It ra")], [s.text for s in buffer.close()]
    (['It was late'], ['It ra'])
    """

    def __init__(self) -> None:
        self._held = ""

    @property
    def draft(self) -> str:
        """The words of the sentence that is under way, up to what may only be shown once it is checked."""
        clean = _MARKUP.sub("", _BULLET.sub("", _HEADING.sub("", self._held.lstrip(), count=1), count=1))
        return " ".join(
            re.split(r"[\[\]<>\u3010\"\u201c\u201e\u00ab]|(?<!\w)['\u2018]|\S*(?:://|www\.)", clean)[0].split()
        )

    def feed(self, piece: str) -> Iterator[Sentence]:
        """The sentences that are complete now."""
        self._held += piece.replace("\r\n", "\n")
        while (end := _sentence_end(self._held)) is not None:
            raw, self._held = self._held[:end], self._held[end:]
            if raw.strip():
                yield read_sentence(raw)

    def close(self) -> Iterator[Sentence]:
        """What is left at the end of a reply."""
        yield from self.feed("\n")
        self._held = ""


def _sentence_end(held: str) -> int | None:
    """Where the first sentence ends, once it is sure: markers behind its full stop belong to it."""
    start = len(held) - len(held.lstrip())
    bullet = _BULLET.match(held, start)
    start = bullet.end() if bullet else start
    line_end = held.find("\n", start)
    text = held[start : line_end if line_end >= 0 else None]
    # Markers behind a full stop are made part of what the full stop ends, without a change to any place.
    masked = _MARKERS_BEHIND.sub(lambda match: "x" * (len(match[0]) - 1) + match[1][0], text)
    spans = list(sentences(masked))
    for span in spans[:-1]:
        left = text[span.end :].lstrip()
        if _unclosed_quote(text[: span.end]):
            continue
        if line_end < 0 and left[0] in "[\u3010" and not re.search(r"[\]\u3011]", left):
            return None  # the beginning of a marker
        return start + span.end
    return line_end if line_end >= 0 else None


def _unclosed_quote(text: str) -> bool:
    return text.count("\u201c") > text.count("\u201d") or text.count('"') % 2 == 1


def read_sentence(raw: str) -> Sentence:
    """One sentence of a reply, taken apart."""
    body = raw.strip()
    lead = raw[: len(raw) - len(raw.lstrip())]
    heading = _HEADING.match(body)
    bold = re.fullmatch(r"(\*\*|__)[^*\n]+\1:?", body)
    body = body[heading.end() :] if heading else body
    bullet = _BULLET.match(body)
    if bullet:
        lead, body = f"{lead}{bullet.group().strip()} ", body[bullet.end() :]
    body = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef]", "", body)
    template = _QUOTE_CALL.sub(lambda match: f"\x04{match[1]}\x03", body)
    template = _MARKER.sub(lambda match: "".join(f"\x02{id_}\x03" for id_ in _ids(match)), template)
    template = _MARKUP.sub("", template)
    # A marker behind the full stop is put before it.
    template = re.sub(r"([.!?]+)((?:\s*\x02\d+\x03)+)\s*[.!?]?$", r"\2\1", template.strip())
    segments = tuple(_segments(template))
    words = " ".join(segment.text for segment in segments)
    bare = re.sub(r"[\x02\x04]\d+\x03", "", template)
    return Sentence(
        lead=lead,
        segments=segments,
        template=template,
        quoted=tuple((match[1] or match[2]).strip() for match in _QUOTED.finditer(words)),
        links=tuple(
            match[0]
            for match in _LINK.finditer(re.sub(r"\x04\d+\x03", "", template).replace("\x02", "[").replace("\x03", "]"))
        ),
        own_sources=tuple(match[0] for match in _OWN_SOURCE.finditer(bare)),
        complete=bool(_ENDS.search(bare.strip())) or template.rstrip().endswith("\x03"),
        heading=bool(heading or bold) and "\x02" not in template,
    )


def _ids(match: re.Match[str]) -> Iterator[int]:
    yield int(match[1])
    for sign, number in re.findall(r"([,;&\u2013-])\D*(\d+)", match[2]):
        if sign in "\u2013-":
            yield from range(int(match[1]) + 1, min(int(number), int(match[1]) + 20))
        yield int(number)


def _segments(template: str) -> Iterator[Segment]:
    """The words before each group of markers with their ids; a short rest behind the last group joins it."""
    found: list[Segment] = []
    at = 0
    for match in re.finditer(r"(?:\s*\x02\d+\x03)+", template):
        found.append(_segment(template[at : match.start()], match[0]))
        at = match.end()
    rest = _segment(template[at:], "")
    if found and (rest.text or rest.ids):
        last = found.pop()
        text = f"{last.text} {rest.text}".strip() if rest.text.strip(".!?,;: ") else last.text
        found.append(Segment(text, tuple(dict.fromkeys((*last.ids, *rest.ids)))))
    elif not found:
        found = [rest]
    yield from found


def _segment(text: str, markers: str) -> Segment:
    ids = [int(id_) for id_ in re.findall(r"[\x02\x04](\d+)\x03", markers + text)]
    return Segment(" ".join(re.sub(r"[\x02\x04]\d+\x03", " ", text).split()), tuple(dict.fromkeys(ids)))


def is_abstention(text: str) -> bool:
    """Whether a sentence says that the transcripts do not answer.

    >>> is_abstention("The transcripts don't say who paid."), is_abstention("The bank did not pay.")
    (True, False)
    """
    folded = normalise(text).text
    return (
        re.match(
            r"(?:however,? |unfortunately,? |but )?(?:the |these |this )?(?:(?:given|provided|cited|supplied) )?"
            r"(?:evidence|transcripts?|sentences|passages?|excerpts?|context)"
            r"(?: given| provided)? (?:do(?:es)? ?n[o']t|cannot|can't|contains? no|gives? no|holds? no)\b"
            r"|(?:it is|that is|this is|it's) not (?:stated|said|mentioned|answered) in the (?:evidence|transcripts?)"
            r"|(?:there is )?(?:nothing|no (?:answer|information|mention))\b.{0,60}\bin the (?:evidence|transcripts?)",
            folded,
        )
        is not None
    )
