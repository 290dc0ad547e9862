"""CHAT, the format of TalkBank: `*MIR:` and an utterance, times in bullets, `%` tiers, `@` headers.

https://talkbank.org/0info/manuals/CHAT.html. What is shown is the utterance without its codes; the source keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments
from transcript_qa.formats.sourcetext import Line, SourceText
from transcript_qa.formats.times import find_date

_BULLET = re.compile(r"[\x15·•]\s?(\d{1,10})_(\d{1,10})\s?[\x15·•]|%snd:\"[^\"]*\"_(\d{1,10})_(\d{1,10})")
_CODES = re.compile(r"\[[^\[\]]{0,200}\]|&=\S+|&\+\S+|&\*\S+|\(\.{1,3}\)|\(\d+(?:\.\d+)?\)|(?<!\S)0[a-z]\w*|\+[<^,\"]")
_FILLER = re.compile(r"(?<!\S)&[-~]")
_FORM = re.compile(r"(?<=\w)@[a-z]{1,3}(?:\$\w+)?(?::[a-z+&]{2,12})?")
_ENDS = re.compile(r"\+(?:\.\.\.|\.\.\?|/{1,2}[.?]|!\?|\"/?\.)")
_SPEAKER = re.compile(r"\*([A-Za-z0-9_$-]{1,20}):[\t ]?")
_MONTHS = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})")
_MS = 0.001


def sniff(source: SourceText) -> float:
    """1 where the headers and an utterance of the format are there."""
    head = source.text[:100_000]
    begins = head.lstrip()[:40].startswith(("@UTF8", "@Begin", "@Font", "@PID"))
    return 1.0 if begins and re.search(r"(?m)^\*[A-Za-z0-9_$-]{1,20}:", head) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file; utterances of one speaker that follow each other are one turn."""
    builder = Builder(source)
    segments: list[Segment] = []
    for block in _blocks(source):
        first = block[0]
        match = _SPEAKER.match(first.text)
        if match is not None:
            builder.claim(first.start, first.start + match.end(), Part.LABEL)
            segments.append(_utterance(builder, match, block))
        elif first.text.startswith("%"):
            builder.gather(first.start, block[-1].end, "tier that depends on an utterance")
        elif first.text.startswith("@"):
            _header(builder, block)
        else:
            builder.skip(first.start, block[-1].end, "text outside the utterances")
    add_segments(builder, segments)
    return builder


def _blocks(source: SourceText) -> Iterator[Sequence[Line]]:
    """Lines with those that go on from them, which begin with a tab."""
    lines = [line for line in source.lines if not line.blank]
    begins = [number for number, line in enumerate(lines) if not line.text.startswith("\t") or number == 0]
    for begin, end in pairwise([*begins, len(lines)]):
        yield lines[begin:end]


def _utterance(builder: Builder, match: re.Match[str], block: Sequence[Line]) -> Segment:
    place = (block[0].start + match.end(), block[-1].end)
    raw = " ".join(builder.source.text[place[0] : place[1]].split())
    starts, ends = [], []
    for bullet in _BULLET.finditer(raw):
        starts.append(int(bullet[1] or bullet[3]) * _MS)
        ends.append(int(bullet[2] or bullet[4]) * _MS)
    start_s, end_s = (round(starts[0], 3), round(ends[-1], 3)) if starts else (None, None)
    return Segment(match[1], shown(raw), start_s, end_s, place)


def shown(raw: str) -> str:
    """An utterance as it is read, without its codes.

    >>> shown("we closed the &-um <harbour loan> [/] (be)cause (.) it's wug@c +...")
    "we closed the um harbour loan because it's wug ..."
    """
    text = _CODES.sub(" ", _BULLET.sub(" ", raw))
    text = _FORM.sub("", _FILLER.sub("", _ENDS.sub(lambda match: "..." if "..." in match[0] else match[0][-1], text)))
    text = re.sub(r"(?<=\w)\((\w+)\)|\((\w+)\)(?=\w)", lambda match: match[1] or match[2], text)
    return " ".join(
        re.sub(r"[<>‹›⌈⌉⌊⌋\x15]|(?<=\w)_(?=\w)", lambda match: " " if match[0] == "_" else "", text).split()
    )


def _header(builder: Builder, block: Sequence[Line]) -> None:
    first = block[0]
    key, _, value = " ".join(line.text for line in block).partition(":")
    if key == "@Participants":
        for entry in value.split(","):
            words = entry.split()
            if len(words) > 2:
                builder.known[words[0]] = (words[1].replace("_", " "), words[2].replace("_", " "))
    elif key == "@Date" and (match := _MONTHS.search(value)) is not None:
        found = find_date(f"{match[1]} {match[2].title()} {match[3]}")
        builder.date = found[0] if found is not None else None
    elif key == "@Title" and value.strip():
        builder.title = " ".join(value.split())
    else:
        builder.skip(first.start, block[-1].end, "header of the CHAT file", may_be_speech=False)
        return
    builder.claim(first.start, block[-1].end, Part.HEADER)


FORMAT = Format(name="chat", describes="CHAT (TalkBank)", sniff=sniff, parse=parse)
