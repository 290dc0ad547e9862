"""Small transcripts, passages and vectors for tests, the same on every run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import (
    ImportReport,
    Mark,
    Passage,
    Skipped,
    Span,
    Speaker,
    SpeakerKind,
    Transcript,
    Turn,
)
from transcript_qa.store import EmbedderInfo, SourceState, Store

DIM = 16
EMBEDDER = EmbedderInfo(name="test-model", fingerprint="test-1", dim=DIM)


def make_transcript(
    transcript_id: str, said: Sequence[tuple[str, str]], *, title: str | None = None, day: date | None = None
) -> Transcript:
    """A transcript of (label, words), ten seconds a turn, with a mark in every third turn and one skipped line."""
    text, turns = "", []
    speakers: dict[str, Speaker] = {}
    for index, (label, words) in enumerate(said):
        text += ("\n\n" if text else "") + f"{label}: "
        start = len(text)
        text += words
        known = label in speakers
        speaker = speakers.setdefault(label, Speaker(label=label, name=label.title(), role="member", aliases=("X",)))
        if known and index % 5 == 4:
            speaker = Speaker(label=label, kind=SpeakerKind.INHERITED)
        turns.append(
            Turn(
                index=index,
                speaker=speaker,
                span=Span(start=start, end=len(text)),
                start_s=10.0 * index,
                end_s=10.0 * index + 9.5,
                address=f"line {index + 1}",
                marks=(Mark(start=start, start_s=10.0 * index, address="1:1"),) if index % 3 == 0 else (),
            )
        )
    return Transcript(
        id=transcript_id,
        title=title or transcript_id.title(),
        date=day,
        place="Port Ann",
        source=f"corpus/{transcript_id}.txt",
        media_url=None,
        text=text,
        turns=tuple(turns),
        skipped=(Skipped(first_line=1, last_line=2, reason="site header", text="Home | About"),),
    )


def make_passages(transcript: Transcript, *, n_turns: int = 1) -> tuple[Passage, ...]:
    """Passages of `n_turns` turns each, labels included."""
    passages = []
    for first in range(0, len(transcript.turns), n_turns):
        group = transcript.turns[first : first + n_turns]
        span = Span(start=group[0].span.start - len(group[0].speaker.label) - 2, end=group[-1].span.end)
        passages.append(
            Passage(
                id=f"{transcript.id}:{group[0].index}-{group[-1].index}",
                transcript_id=transcript.id,
                span=span,
                turns=(group[0].index, group[-1].index),
                speakers=tuple(dict.fromkeys(turn.speaker.label for turn in group)),
                start_s=group[0].start_s,
                end_s=group[-1].end_s,
                text=span.of(transcript.text),
            )
        )
    return tuple(passages)


def make_vectors(texts: Sequence[str], *, dim: int = DIM) -> NDArray[np.float32]:
    """(n, dim) float32 unit rows, equal for equal texts and otherwise at random."""
    vectors = np.empty((len(texts), dim), dtype=np.float32)
    for row, text in enumerate(texts):
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vectors[row] = np.random.default_rng(seed).standard_normal(dim)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def make_report(transcript: Transcript) -> ImportReport:
    return ImportReport(
        transcript=transcript, format="names", confidence=0.9, encoding="utf-8", warnings=("one label looks odd",)
    )


def make_source(transcript: Transcript) -> SourceState:
    digest = hashlib.sha256(transcript.text.encode()).hexdigest()
    return SourceState(
        path=transcript.source, size=len(transcript.text), mtime_ns=1_700_000_000_000_000_001, sha256=digest
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A transcript with all that is put into a store for it."""

    transcript: Transcript
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]

    def put_into(self, store: Store) -> None:
        source = make_source(self.transcript)
        store.put(make_report(self.transcript), self.passages, self.vectors, source)


def make_entry(
    transcript_id: str,
    said: Sequence[tuple[str, str]],
    *,
    title: str | None = None,
    day: date | None = None,
    n_turns: int = 1,
    dim: int = DIM,
) -> Entry:
    transcript = make_transcript(transcript_id, said, title=title, day=day)
    passages = make_passages(transcript, n_turns=n_turns)
    return Entry(transcript, passages, make_vectors([passage.text for passage in passages], dim=dim))


_TOPICS = ("harbour", "loan", "ferry", "budget", "school", "bridge", "water", "tax", "vote", "permit", "crane", "dock")
_NAMES = ("VOSS", "TAN", "REED", "OKAFOR")


def make_corpus(*, n_transcripts: int = 5, n_turns: int = 24) -> list[Entry]:
    """Transcripts of short turns about a few topics; speakers recur in all of them, and so do some whole turns."""
    rng = np.random.default_rng(7)
    corpus = []
    for number in range(n_transcripts):
        said = []
        for turn in range(n_turns):
            label = _NAMES[int(rng.integers(len(_NAMES) - number % 2))]
            words = " ".join(rng.choice(_TOPICS, size=int(rng.integers(3, 9)))) + "."
            said.append(("TAN", "Yeah.") if turn % 6 == 5 else (label, words))
        corpus.append(make_entry(f"meeting-{number}", said, day=date(2024, 1, number + 1), n_turns=1 + number % 2))
    return corpus
