"""ELAN: one tier for each speaker, annotations with times.

https://www.mpi.nl/corpus/html/elan/.
Tiers are merged by time. Tiers that depend on others (words, glosses, translations) and those that hold something else
than speech (gestures) are left out: where a tier's name or type speaks of speech, tiers that do not are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Segment, add_segments
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import find_date
from transcript_qa.formats.xmlscan import Event, Kind, events, root_name

_SPEECH = re.compile(
    r"utter|spee?ch|spch|sprech|sentence|phrase|transcri|orth|äußerung|aeusserung|\btxt\b|text|\butt?\b|\bref\b|parole"
    r"|habla|turn",
    re.IGNORECASE,
)
_MS = 0.001


@dataclass(slots=True)
class _Tier:
    """A tier: who or what it is about, and its annotations as (first slot, second slot, text, range)."""

    attributes: dict[str, str]
    found: list[tuple[str, str, str, tuple[int, int]]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return labels.tidy(self.attributes.get("PARTICIPANT", "") or self.attributes.get("TIER_ID", ""))

    @property
    def named(self) -> str:
        return " ".join((self.attributes.get("TIER_ID", ""), self.type)).replace("_", " ")

    @property
    def type(self) -> str:
        return self.attributes.get("LINGUISTIC_TYPE_REF", "")


@dataclass(slots=True)
class _Contents:
    """What a file holds."""

    slots: dict[str, float] = field(default_factory=dict)
    tiers: list[_Tier] = field(default_factory=list)
    bound_types: set[str] = field(default_factory=set)


def sniff(source: SourceText) -> float:
    """1 where the outermost element is ELAN's."""
    return 1.0 if root_name(source) == "ANNOTATION_DOCUMENT" else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file."""
    builder = Builder(source)
    contents = _contents(builder)
    spoken = _spoken(contents)
    if not any(tier.found for tier in spoken):
        raise ParseError(source.name, "no tier with speech in this ELAN file", "Give one whose tiers are utterances.")
    said: list[Segment] = []
    for tier in contents.tiers:
        if tier in spoken:
            said += [_segment(contents, tier, each) for each in tier.found]
        else:
            for *_, place in tier.found:
                builder.gather(*place, f"tier that is no speech of its own: {tier.attributes.get('TIER_ID', '')[:60]}")
    said.sort(key=lambda each: each.start_s if each.start_s is not None else float("inf"))
    add_segments(builder, said)
    builder.claim_syntax()
    return builder


def _segment(contents: _Contents, tier: _Tier, found: tuple[str, str, str, tuple[int, int]]) -> Segment:
    first, last, text, place = found
    return Segment(tier.label, " ".join(text.split()), contents.slots.get(first), contents.slots.get(last), place)


def _spoken(contents: _Contents) -> list[_Tier]:
    own = [
        tier
        for tier in contents.tiers
        if not tier.attributes.get("PARENT_REF") and tier.type not in contents.bound_types
    ]
    named = [tier for tier in own if _SPEECH.search(tier.named)]
    wordy = [tier for tier in own if _words_each(tier) >= 1.5]
    return named or wordy or own


def _words_each(tier: _Tier) -> float:
    return sum(len(text.split()) for _, _, text, _ in tier.found) / max(1, len(tier.found))


def _contents(builder: Builder) -> _Contents:
    contents = _Contents()
    slots = ("", "")
    text, place = "", (0, 0)
    in_value = False
    for event in events(builder.source):
        if event.kind is Kind.OPEN:
            _opened(builder, contents, event)
            if event.name in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"):
                slots = event.attributes.get("TIME_SLOT_REF1", ""), event.attributes.get("TIME_SLOT_REF2", "")
            in_value = event.name == "ANNOTATION_VALUE"
            text, place = "", (event.end, event.end)
        elif event.kind is Kind.TEXT and in_value:
            text, place = text + event.text, (place[0], event.end)
        elif event.kind is Kind.TEXT:
            builder.gather(event.start, event.end, "text outside the annotations")
        elif in_value:
            in_value = False
            if contents.tiers and text.strip():
                contents.tiers[-1].found.append((*slots, text, place))
            else:
                builder.claim(*place, Part.SYNTAX)
    return contents


def _opened(builder: Builder, contents: _Contents, event: Event) -> None:
    attributes = event.attributes
    if event.name == "TIER":
        contents.tiers.append(_Tier(attributes))
    elif event.name == "TIME_SLOT" and attributes.get("TIME_VALUE", "").isdecimal():
        contents.slots[attributes.get("TIME_SLOT_ID", "")] = round(int(attributes["TIME_VALUE"][:12]) * _MS, 3)
    elif event.name == "LINGUISTIC_TYPE" and any(map(attributes.get, ("CONSTRAINTS", "CONTROLLED_VOCABULARY_REF"))):
        contents.bound_types.add(attributes.get("LINGUISTIC_TYPE_ID", ""))
    elif event.name == "MEDIA_DESCRIPTOR" and builder.media_url is None:
        builder.media_url = attributes.get("MEDIA_URL") or None
    elif event.name == "ANNOTATION_DOCUMENT":
        found = find_date(attributes.get("DATE", ""))
        builder.date = found[0] if found is not None else None


FORMAT = Format(name="eaf", describes="ELAN annotations", sniff=sniff, parse=parse)
