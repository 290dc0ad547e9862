"""Passages as rows of an engine, and the two legs of a search over them.

A passage is one row under the key `VERSION/TURNS`; one whose words or text are longer than a field has further rows,
numbered by `part`, which carry the rest of its words and text. A row says nothing of whether its version holds: the
caller tells which versions do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from transcript_qa.datatypes import Passage
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.store.base import Scored, Selection
from transcript_qa.store.milvus_engine import MAX_HITS, Engine, Row, chunks, listed
from transcript_qa.store.milvus_nouns import passage_text, read_passage, split_text
from transcript_qa.store.milvus_schema import (
    MAX_ID_BYTES,
    MAX_SPEAKERS,
    PIECE_BYTES,
    key_of,
    passages_of,
    search_parameters,
)
from transcript_qa.store.milvus_words import split_words

_PLAIN = re.compile(r"[0-9.-]{1,60}")
# More keys in one condition are searched in several goes.
_KEYS_AT_ONCE = 5_000
# Equal vectors may differ in the last places, by where in a block the engine multiplies them.
_DECIMALS = 6
_REPEATS = 2
_HIT_FIELDS = ("pk", "transcript", "place", "passage")

# Engines put passages found by their words in an order that is not quite ours.
_MORE, _AT_LEAST = 64, 256

Versions = Callable[[Iterable[str]], Mapping[str, str]]
"""The version that holds of each of these transcripts, by their keys."""
Scores = Callable[[Sequence[str], Sequence[str]], list[float]]
"""What some words of a query make each of some passages worth, of which it gets the words."""


def speaker_key(transcript_id: str, label: str) -> str:
    """The key of a speaker of one transcript."""
    return key_of(transcript_id, label)


def rows_of(
    passages: Sequence[Passage], words: Sequence[str], vectors: NDArray[np.float32], version: str
) -> Iterator[Row]:
    """The rows of a transcript's passages; `words` as `indexed_words` gives them for each.

    Raises:
        InvalidArgumentError: an id that is too long, or more speakers in a passage than a field holds.
    """
    for place, passage in enumerate(passages):
        if len(passage.id.encode()) > MAX_ID_BYTES or len(passage.speakers) > MAX_SPEAKERS:
            raise InvalidArgumentError(
                f"{passage.id[:100]}: Milvus takes ids of at most {MAX_ID_BYTES} bytes and {MAX_SPEAKERS} speakers in "
                "a passage. Give the file a shorter name, or split the transcript."
            )
        # The local store keeps the same 16 bits of each number: both find the same.
        dense = vectors[place].astype(np.float16).astype(np.float32).tolist()
        pieces = zip_longest(
            split_text(passage_text(passage), PIECE_BYTES),
            split_words(words[place], PIECE_BYTES),
            fillvalue="",
        )
        for part, (payload, some) in enumerate(pieces):
            yield {
                "pk": _pk(version, passage.id, part),
                "transcript": key_of(passage.transcript_id),
                "version": version,
                "place": place,
                "part": part,
                "who": [speaker_key(passage.transcript_id, label) for label in dict.fromkeys(passage.speakers)],
                "passage": passage.id,
                "payload": payload,
                "words": some,
                "dense": dense,
            }


def fetch(engine: Engine, wanted: Sequence[tuple[str, str]]) -> dict[str, Passage]:
    """The passages of these (id, version) that there are, by id."""
    collection = passages_of(engine.address)
    pieces: dict[str, dict[int, str]] = {}
    for some in chunks((_pk(version, passage_id, 0) for passage_id, version in wanted), 500):
        for row in engine.query(collection, f"pk in {listed(some)}", ("pk", "passage", "payload")):
            pieces[row["passage"]] = {0: row["payload"]}
    versions = dict(wanted)
    for passage_id, found in pieces.items():
        if len(found[0].encode("utf-8")) > PIECE_BYTES - 4:
            stem = _pk(versions[passage_id], passage_id, 0)
            condition = f'version == "{versions[passage_id]}" and pk > "{stem}+" and pk < "{stem}~"'
            for row in engine.query(collection, condition, ("part", "payload")):
                found[row["part"]] = row["payload"]
    return {
        passage_id: read_passage("".join(found[part] for part in sorted(found))) for passage_id, found in pieces.items()
    }


def fetch_version(engine: Engine, version: str, dim: int) -> tuple[list[Passage], NDArray[np.float32]]:
    """Every passage of one version of a transcript, in order, and their (n_passages, dim) vectors."""
    condition = f'version == "{version}"'
    pieces: dict[int, dict[int, str]] = {}
    vectors: dict[int, list[float]] = {}
    for row in engine.scan(passages_of(engine.address), condition, ("place", "part", "payload", "dense")):
        pieces.setdefault(row["place"], {})[row["part"]] = row["payload"]
        vectors[row["place"]] = row["dense"]
    passages = [read_passage("".join(parts[n] for n in sorted(parts))) for _, parts in sorted(pieces.items())]
    return passages, np.array([vectors[place] for place in sorted(vectors)], dtype=np.float32).reshape(-1, dim)


def search_dense(
    engine: Engine, versions: Versions, query: NDArray[np.float64], *, k: int, selection: Selection | None
) -> list[Scored]:
    """See `Store.search_dense`."""

    def ask(condition: str, wanted: int) -> list[tuple[Row, float]]:
        found = engine.search(
            passages_of(engine.address),
            "dense",
            query.astype(np.float32).tolist(),
            condition=condition,
            k=wanted,
            fields=_HIT_FIELDS,
            parameters={"metric_type": "IP", "params": search_parameters(engine.address.index_type, wanted)},
        )
        return [(row, round(nearness, _DECIMALS)) for row, nearness in found]

    return _search(ask, versions, k, conditions_of(selection), at_first=k + 16)


def search_keyword(
    engine: Engine, versions: Versions, scores: Scores, words: str, *, k: int, selection: Selection | None
) -> list[Scored]:
    """See `Store.search_keyword`; `words` from `asked_words`."""
    asked = words.split()

    def ask(condition: str, wanted: int) -> list[tuple[Row, float]]:
        found = engine.search(
            passages_of(engine.address),
            "sparse",
            words,
            condition=condition,
            k=wanted,
            fields=(*_HIT_FIELDS, "who", "words") if engine.is_lite else (*_HIT_FIELDS, "words"),
            parameters={"metric_type": "BM25", "params": {}},
        )
        worth = scores(asked, [row["words"] for row, _ in found])
        return sorted(zip((row for row, _ in found), worth, strict=True), key=lambda pair: -pair[1])

    def ask_lite(_: str, wanted: int) -> list[tuple[Row, float]]:
        # Where a condition is given it finds the best of the rows that pass it by words counted among those only.
        found = ask("", MAX_HITS)
        return [(row, score) for row, score in found if selected(row)][:wanted]

    if engine.is_lite and selection is not None:
        selected = _selector(selection)
        return _search(ask_lite, versions, k, [""], at_first=max(k + _MORE, _AT_LEAST))
    return _search(ask, versions, k, conditions_of(selection), at_first=max(k + _MORE, _AT_LEAST))


def conditions_of(selection: Selection | None) -> list[str]:
    """A selection as conditions on rows, each to be searched by itself; none where nothing can be found."""
    if not selection:
        return [""]
    by_transcript = [""]
    if selection.transcripts is not None:
        keys = sorted(map(key_of, selection.transcripts))
        by_transcript = [f"transcript in {listed(some)}" for some in chunks(keys, _KEYS_AT_ONCE)]
    by_speaker = [""]
    if selection.speakers is not None:
        keys = sorted(
            speaker_key(transcript_id, label)
            for transcript_id, label in selection.speakers
            if selection.transcripts is None or transcript_id in selection.transcripts
        )
        by_speaker = [f"array_contains_any(who, {listed(some)})" for some in chunks(keys, _KEYS_AT_ONCE)]
    return [" and ".join(filter(None, (one, other))) for one in by_transcript for other in by_speaker]


def _selector(selection: Selection) -> Callable[[Row], bool]:
    """What tells whether a row is among those that a selection keeps."""
    transcripts = None if selection.transcripts is None else set(map(key_of, selection.transcripts))
    speakers = None if selection.speakers is None else {speaker_key(*speaker) for speaker in selection.speakers}

    def selected(row: Row) -> bool:
        if transcripts is not None and row["transcript"] not in transcripts:
            return False
        return speakers is None or not speakers.isdisjoint(row["who"])

    return selected


def _search(
    ask: Callable[[str, int], list[tuple[Row, float]]],
    versions: Versions,
    k: int,
    conditions: Sequence[str],
    *,
    at_first: int,
) -> list[Scored]:
    """The k best of all conditions, ties in order of the passages; rows whose version does not hold are left out."""
    best: dict[str, tuple[float, str, int]] = {}
    for condition in conditions:
        for row, score in _complete(ask, versions, condition, k, at_first):
            found = (-score, row["passage"].rpartition(":")[0], row["place"])
            best[row["passage"]] = min(found, best.get(row["passage"], found))
    ordered = sorted(best, key=lambda passage_id: best[passage_id])[:k]
    return [Scored(passage_id=passage_id, score=-best[passage_id][0]) for passage_id in ordered]


def _complete(
    ask: Callable[[str, int], list[tuple[Row, float]]], versions: Versions, condition: str, k: int, at_first: int
) -> list[tuple[Row, float]]:
    """The best rows under a condition: k passages, and all that tie with the last one."""
    wanted = min(at_first, MAX_HITS)
    repeats = _REPEATS
    while True:
        found = ask(condition, wanted)
        holding = versions({row["transcript"] for row, _ in found})
        live = [(row, score) for row, score in found if holding.get(row["transcript"]) == _version(row)]
        if repeats and not holding.keys() <= {row["transcript"] for row, _ in live}:
            # Of a transcript only rows that hold no more: it was replaced since, or somebody left them behind.
            repeats -= 1
            continue
        passages = list(dict.fromkeys(row["passage"] for row, _ in live))
        if len(found) < wanted or wanted == MAX_HITS:
            return live
        if len(passages) >= k:
            last = next(score for row, score in live if row["passage"] == passages[k - 1])
            if found[-1][1] < last:
                return live
        wanted = min(4 * wanted, MAX_HITS)


def _version(row: Row) -> str:
    return str(row["pk"]).partition("/")[0]


def _pk(version: str, passage_id: str, part: int) -> str:
    suffix = passage_id.rpartition(":")[2]
    place = suffix if _PLAIN.fullmatch(suffix) else key_of(passage_id)
    return f"{version}/{place}" + (f"+{part}" if part else "")
