"""TEI: parliamentary records (ParlaMint) and other transcripts, `<u who>` with `<seg>`s, and drama, `<sp>`.

https://clarin-eric.github.io/ParlaMint/. Notes, sounds, gestures and gaps are no speech. Names stand in a list of
people, in ParlaMint in another file; without it the id is the label. Times are times of day and so no offsets.
"""

from __future__ import annotations

from transcript_qa.errors import ParseError
from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder
from transcript_qa.formats.marked import Runs
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import find_date
from transcript_qa.formats.xmlscan import Event, Kind, events, root_name

_ASIDE = frozenset({"note", "vocal", "kinesic", "incident", "gap", "desc", "head", "stage", "pb", "figure", "writing"})
_BLOCKS = frozenset({"seg", "p", "l", "ab", "s", "lg"})
_TURNS = frozenset({"u", "sp"})


def sniff(source: SourceText) -> float:
    """1 where the outermost element is TEI's."""
    return 1.0 if root_name(source) in ("TEI", "TEI.2", "teiCorpus") else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a file.

    Raises:
        ParseError: it holds no speech, as the file of a corpus that lists its people and parts.
    """
    if not any(f"<{name}" in source.text for name in _TURNS):
        what = "this TEI file describes a corpus or its people and holds no speech"
        raise ParseError(source.name, what, "Give the files of the sittings, not the corpus root.")
    builder = Builder(source)
    reader = _Reader(builder)
    for event in events(source):
        reader.take(event)
    builder.claim_syntax()
    return builder


class _Reader:
    """Goes through the elements and knows which ones are open."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._runs = Runs(builder)
        self._path: list[str] = []
        self._names: dict[str, str] = {}
        self._person: str | None = None
        self._ids: list[str | None] = []
        self._said_by: list[Event] = []
        self._begun = False
        self._tokens = False
        self._glue = True

    def take(self, event: Event) -> None:
        """One event."""
        if event.kind is Kind.TEXT:
            self._text(event)
        elif event.kind is Kind.OPEN:
            self._open(event)
        else:
            self._close(event)

    def _open(self, event: Event) -> None:
        if event.name in _BLOCKS | _TURNS | _ASIDE or self._in_header():
            self._flush()
        if event.name in _TURNS:
            self._said_by.append(event)
            self._begun = False
        elif event.name == "person":
            self._person = event.attributes.get("id")
        elif event.name in ("w", "pc"):
            self._token(event)
        self._path.append(event.name)
        self._ids.append(event.attributes.get("id"))
        if event.name == "date" and self._builder.date is None and "when" in event.attributes:
            found = find_date(event.attributes["when"])
            self._builder.date = found[0] if found is not None and "setting" in self._path else None

    def _token(self, event: Event) -> None:
        join = event.attributes.get("join", "")
        if self._runs.texts and not self._glue and join not in ("left", "both"):
            self._runs.add(" ", event.start, event.start)
        self._tokens, self._glue = True, join in ("right", "both")

    def _close(self, event: Event) -> None:
        if event.name in _BLOCKS | _TURNS | _ASIDE or event.name == "speaker" or self._in_header():
            self._flush()
        if event.name in _TURNS and self._said_by:
            self._said_by.pop()
        self._path.pop()
        self._ids.pop()

    def _in_header(self) -> bool:
        """Whether a field of the header may be open; the parts of a name belong together."""
        return "teiHeader" in self._path and "persName" not in self._path[:-1]

    def _text(self, event: Event) -> None:
        # In annotated files the white space between the words is the layout of the file.
        between = self._tokens and self._path[-1:] not in (["w"], ["pc"])
        if not event.text.strip() and (between or not self._runs.texts):
            return
        self._runs.add(event.text, event.start, event.end)

    def _flush(self) -> None:
        self._glue = True
        if not self._runs.texts:
            return
        path = self._path
        if "teiHeader" in path or "standOff" in path or "listPerson" in path:
            self._header()
        elif any(name in _ASIDE for name in path):
            name = next(name for name in path if name in _ASIDE)
            self._runs.leave_out(f"{name}, not speech")
        elif self._said_by and "speaker" in path:
            self._begin(self._runs.as_header())
        elif self._said_by:
            if not self._begun:
                self._begin("")
            address = next((each for each in reversed(self._ids) if each), None)
            self._runs.flush(joiner=" " if "seg" in path else "\n\n", mark=(None, None, address) if address else None)
        else:
            self._runs.leave_out("text outside the speeches")

    def _begin(self, printed: str) -> None:
        spoken = self._said_by[-1]
        who = spoken.attributes.get("who", "").split()
        key = who[0].removeprefix("#") if who else ""
        label = printed.rstrip(".:") or key
        role = "chair" if "#chair" in spoken.attributes.get("ana", "").split() else None
        self._builder.known.setdefault(label, (self._names.get(key), role))
        self._builder.open(labels.tidy(label), head=(spoken.start, spoken.end), address=spoken.attributes.get("id"))
        self._begun = True

    def _header(self) -> None:
        path = self._path
        if self._person and "persName" in path:
            name = self._runs.as_header()
            self._names[self._person] = f"{self._names[self._person]} {name}" if self._person in self._names else name
        elif path[-1] == "title" and "titleStmt" in path and self._builder.title is None:
            self._builder.title = self._runs.as_header() or None
        else:
            self._runs.leave_out("header of the TEI file")


FORMAT = Format(name="tei", describes="TEI, as parliaments use it (ParlaMint)", sniff=sniff, parse=parse)
