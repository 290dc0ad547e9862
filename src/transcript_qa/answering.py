"""A question, understood, searched, read and answered in the transcripts' own words."""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter

from transcript_qa.asking import History, find, understand
from transcript_qa.consulting import read_hits
from transcript_qa.datatypes import Answer, Filters
from transcript_qa.embed import Embedder
from transcript_qa.forms import compose
from transcript_qa.reading.reader import Reader, Reading
from transcript_qa.store import Store

READ_HITS = 16


def answered(
    store: Store,
    embedder: Embedder,
    reader: Reader,
    question: str,
    given: Filters,
    *,
    k: int,
    history: History | None,
    implied: bool | Collection[str],
    threshold: float,
) -> tuple[Answer, Reading]:
    """The answer, and the reading that it was made from.

    Args:
        store: the index.
        embedder: the model it was made with.
        reader: who reads the passages.
        question: as it was asked.
        given: what it is narrowed to.
        k: how many passages to read.
        history: the questions before and their answers.
        implied: what the question itself is narrowed to, and whether it is kept to (`TranscriptQA.ask`).
        threshold: the confidence below which nothing is quoted.
    """
    started = perf_counter()
    request = understand(store, question, given, history=history, implied=implied)
    found = find(store, embedder, request, k=k)
    searched = perf_counter()
    reading = read_hits(store, reader, request.asked_as, found, request.filters, before=request.before)
    read = perf_counter()
    composed = compose(store, request.asked_as, reading, request.filters, threshold=threshold)
    answer = Answer(
        question=question,
        asked_as=request.asked_as,
        text=composed.text,
        citations=composed.citations,
        hits=reading.hits,
        answered=bool(composed.citations),
        confidence=composed.confidence,
        filters=request.filters,
        timings_ms={
            "search": 1000 * (searched - started),
            "read": 1000 * (read - searched),
            "total": 1000 * (perf_counter() - started),
        },
    )
    return answer, reading
