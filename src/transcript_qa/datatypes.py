"""The nouns that flow through the package: Transcript, Turn, Passage, Hit, Answer and what they are made of.

All are frozen, slotted and keyword-only. `Span` is the one coordinate system: characters, half-open, into
`Transcript.text`. Times are seconds as float, or None where the source gives none; none is ever guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Characters `start` to `end` (half-open) of a `Transcript.text`.

    >>> Span(start=2, end=5).of("abcdefg")
    'cde'
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a span needs 0 <= start <= end, not {self.start} and {self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The characters of `text` under this span."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """True where the two share at least one character."""
        return self.start < other.end and other.start < self.end


class SpeakerKind(StrEnum):
    """What a label stands for.

    `NAMED` a person's name; `DIARISED` a recogniser's label (`SPEAKER_00`, `A`); `ROLE` a role that several people may
    fill (`Q`, `Question`, `The Witness`); `INHERITED` no label of its own, the last one still holds; `UNKNOWN` none.
    """

    NAMED = "named"
    DIARISED = "diarised"
    ROLE = "role"
    INHERITED = "inherited"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks, within one transcript. Identity is (transcript, `label`).

    Attributes:
        label: as first printed in the source ("President of Ruritania Mira Voss"); empty for `UNKNOWN`.
        name: the person's name without title ("Mira Voss"), or None where the label names no person.
        role: title or function ("President of Ruritania"), or None.
        kind: what the label stands for.
        aliases: other labels of the same speaker in the same source, in order of appearance.
    """

    label: str
    name: str | None = None
    role: str | None = None
    kind: SpeakerKind = SpeakerKind.NAMED
    aliases: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """The name to show: the person's name, else the label, else "Unknown speaker"."""
        return self.name or self.label or "Unknown speaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A time or a native address that holds from `start` on: a caption cue, a recogniser's segment, a printed line.

    Attributes:
        start: character in `Transcript.text` where it begins to hold.
        start_s, end_s: seconds, or None.
        address: native address, or None.
    """

    start: int
    start_s: float | None = None
    end_s: float | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker says until the next one does, as the source prints it.

    Attributes:
        index: 0-based place in source order.
        speaker: who speaks.
        span: the turn's words in `Transcript.text`, without the label.
        start_s, end_s: seconds, or None.
        address: native address (`00:12:34`, `45:1-4`, `line 88`), or None.
        marks: finer times and addresses inside the turn, by rising `start`.
    """

    index: int
    speaker: Speaker
    span: Span
    start_s: float | None = None
    end_s: float | None = None
    address: str | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A region of the source that is no speech.

    Attributes:
        first_line, last_line: 1-based lines of the decoded source, inclusive.
        reason: why it was left out, in words for a person ("site header", "closing dateline").
        text: what it says.
    """

    first_line: int
    last_line: int
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A transcript, whole; not slotted, for `speakers` is computed once, and `turns` may be made when first looked at.

    `text` is the speech as it is searched, cited and shown: the turns in order, each as "Label: words", blank lines
    between them, the words exactly as in the source. `text[turn.span]` is a turn's words.

    Attributes:
        id: short and stable, made from the file's name; unique in an index.
        title: as found in the source, else made from the file's name.
        date, place: as found, or None.
        source: the path or name it was read from.
        media_url: recording, or None.
        text: see above.
        turns: in source order, spans not overlapping.
        skipped: what was left out, by rising line.
    """

    id: str
    title: str
    date: date | None = None
    place: str | None = None
    source: str
    media_url: str | None = None
    text: str
    turns: tuple[Turn, ...]
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def later(cls, make: Callable[[], tuple[Turn, ...]], **known: Any) -> Transcript:
        """A transcript of all fields but `turns`, which `make` makes when somebody first looks at them."""
        made = cls(turns=(), **known)
        fields = vars(made)
        fields["_make"] = make
        del fields["turns"]
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            fields = vars(self)
            make = fields.get("_make")
            if name == "turns" and make is not None:
                # In this order another thread finds one of the two at any time.
                fields["turns"] = make()
                fields.pop("_make", None)
            if name != "turns" or "turns" not in fields:
                raise AttributeError(f"a transcript has no {name!r}")
            return fields["turns"]

        def __getstate__(self) -> dict[str, Any]:
            return {"turns": self.turns, **{name: value for name, value in vars(self).items() if name != "_make"}}

    @cached_property
    def speakers(self) -> tuple[Speaker, ...]:
        """Every speaker once, in order of first words."""
        return tuple({turn.speaker.label: turn.speaker for turn in self.turns}.values())

    def words_of(self, turn: Turn) -> str:
        """The words of one turn."""
        return turn.span.of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What is embedded and found: whole consecutive turns, or a part of one long turn.

    Attributes:
        id: `{transcript_id}:{first_turn}-{last_turn}`, and `.{part}` where a long turn is split; stable over rebuilds.
        transcript_id: the transcript it belongs to.
        span: its place; `transcript.text[span] == text`.
        turns: first and last turn index, inclusive.
        speakers: labels of those who speak in it, each once, in order.
        start_s, end_s: seconds, or None.
        text: with each turn's label.
    """

    id: str
    transcript_id: str
    span: Span
    turns: tuple[int, int]
    speakers: tuple[str, ...]
    start_s: float | None = None
    end_s: float | None = None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a passage was found.

    Attributes:
        dense: cosine of question and passage, or None where the dense leg did not find it.
        keyword: BM25, higher is better, or None where the keyword leg did not find it.
        matched: the question's words that stand in it.
        reader: what the reader gave its best sentence, higher is better, comparable within one answer only; None before
            reading, and where it held no sentence.
    """

    dense: float | None = None
    keyword: float | None = None
    matched: tuple[str, ...] = ()
    reader: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found for a query; `score` higher is better, `rank` from 1 without gaps."""

    passage: Passage
    title: str
    score: float
    rank: int
    why: Why


class Support(StrEnum):
    """How well a quote is borne out by a transcript; only the first two may be shown as a quotation.

    `EXACT` character for character; `NORMALISED` the same words; `CLOSE` altered words; `STITCHED` pieces that were
    said, but not together; `ELSEWHERE` said in another transcript; `WRONG_SPEAKER` said by another; `MISSING` not said.
    """

    EXACT = "exact"
    NORMALISED = "normalised"
    CLOSE = "close"
    STITCHED = "stitched"
    ELSEWHERE = "elsewhere"
    WRONG_SPEAKER = "wrong speaker"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote and the place where it was said; `transcript.text[span] == quote`.

    Attributes:
        marker: number in the answer's text, from 1.
        transcript_id, title, source, date: the transcript.
        turn: index of the turn.
        speaker: who said it.
        start_s, end_s: seconds of the sentence or else of the turn, or None.
        address: native address, or None.
        span: characters of the quote in `Transcript.text`.
        quote: the words.
        support: how the quote was found again when it was checked.
        media_url: the transcript's recording, or None.
    """

    marker: int
    transcript_id: str
    title: str
    source: str
    date: date | None = None
    turn: int
    speaker: Speaker
    start_s: float | None = None
    end_s: float | None = None
    address: str | None = None
    span: Span
    quote: str
    support: Support
    media_url: str | None = None


class ImpliedKind(StrEnum):
    """What a question may narrow itself to."""

    SPEAKER = "speaker"
    TRANSCRIPT = "transcript"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """What a question narrows itself to by its own words.

    Attributes:
        kind: speaker, transcript or date.
        values: names of speakers, ids of transcripts, or the first and the last day as ISO texts.
        label: what it is for a person ("Mira Voss", "March 2024").
        words: the words of the question that say so.
        strict: True where nothing else may answer; False where it only comes first.
    """

    kind: ImpliedKind
    values: tuple[str, ...]
    label: str
    words: str
    strict: bool = True

    @property
    def key(self) -> str:
        """What to leave it out by: `speaker:Mira Voss`."""
        return f"{self.kind.value}:{self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search is narrowed to; empty means no narrowing.

    Attributes:
        transcripts: ids.
        speakers: names or labels as a person gives them.
        after, before: dates, both inclusive; transcripts without a date are left out where either is set.
        implied: what of this the question itself said, and what it only prefers.
    """

    transcripts: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    implied: tuple[Implied, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.transcripts or self.speakers or self.after or self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the transcripts say to a question, or that they do not.

    Attributes:
        question: as asked.
        asked_as: the stand-alone form that was searched.
        text: with markers `[1]`; every marker has its citation and the reverse.
        citations: in order of marker; empty where not `answered`.
        hits: the passages that were read, best first.
        answered: whether the transcripts answer.
        confidence: 0 to 1.
        filters: what the search was narrowed to, by the person and by the question.
        timings_ms: milliseconds by stage.
        worded_by: the language model whose words `text` is made of; None where all of them are the transcripts' own.
        n_marked: sentences of the model that are marked in `text` as not borne out by what they cite.
        n_dropped: sentences of the model that were left out for it.
        note: what there is to know about how the answer came about, in words for a person; empty without a model.
    """

    question: str
    asked_as: str
    text: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    answered: bool
    confidence: float
    filters: Filters = field(default_factory=Filters)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    worded_by: str | None = None
    n_marked: int = 0
    n_dropped: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuote:
    """A quotation of an earlier answer.

    Attributes:
        quote: the words.
        speaker: who said them, or empty.
        transcript_id, turn: where, as far as it is known.
    """

    quote: str
    speaker: str = ""
    transcript_id: str | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAnswer:
    """An earlier question of a conversation and what came of it; `question` is its stand-alone form."""

    question: str
    quotes: tuple[PastQuote, ...] = ()


class DifferenceKind(StrEnum):
    """What was changed in a quote, the gravest first."""

    NEGATION = "negation"
    NUMBER = "number"
    NAME = "name"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Words of a quote that are not what was said; `quoted` is empty where words were left out, `said` where added."""

    kind: DifferenceKind
    quoted: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The outcome of looking a quote up: its support and, unless missing, the place.

    Attributes:
        quote: as given.
        support: what it is worth.
        citation: the nearest real words (its `marker` is 1); of several pieces in one turn all that lies between them
            too. pieces: each run of the quote's words where it stands; one unless the quote leaves words out or is
            stitched. differences: the words that were changed, in order; empty unless `CLOSE`. speaker_known: False
            where a speaker was asked for and the transcript names none at that place.
    """

    quote: str
    support: Support
    citation: Citation | None = None
    pieces: tuple[Citation, ...] = ()
    differences: tuple[Difference, ...] = ()
    speaker_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What a reader understood of one source.

    Attributes:
        transcript: the result.
        format: name of the format that was recognised (`webvtt`, `srt`, `names`, …).
        confidence: 0 to 1, how sure the recognition is.
        encoding: of the source bytes (`utf-8`, `utf-8-sig`, `utf-16-le`, `cp1252`).
        warnings: what looks suspicious, in words for a person.
    """

    transcript: Transcript
    format: str
    confidence: float
    encoding: str
    warnings: tuple[str, ...] = ()
