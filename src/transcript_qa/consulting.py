"""What the reader says of passages that were found: their order, and the sentences that answer."""

from __future__ import annotations

from collections.abc import Sequence

from transcript_qa.datatypes import Filters, Hit, PastAnswer, Transcript
from transcript_qa.embed import Embedder
from transcript_qa.reading.ranking import with_rest
from transcript_qa.reading.reader import Reader, Reading
from transcript_qa.search import Found, look_up, select
from transcript_qa.store import Store

RANKED_HITS = 16


def search_read(
    store: Store, embedder: Embedder, reader: Reader, query: str, *, k: int, filters: Filters | None = None
) -> list[Hit]:
    """As `search.search`, the first `RANKED_HITS` in the order in which they bear on the question for the reader."""
    found = look_up(store, embedder, query, k=max(k, RANKED_HITS) if k > 0 else k, filters=filters)
    first, rest = found.hits[:RANKED_HITS], found.hits[RANKED_HITS:]
    ranked = reader.rank(query, first, _transcripts_of(store, first), on_a_topic=found.on_a_topic)
    return with_rest(ranked, rest)[:k]


def read_hits(
    store: Store, reader: Reader, question: str, found: Found, filters: Filters, *, before: Sequence[PastAnswer] = ()
) -> Reading:
    """The sentences of what was found, of those speakers only to whom the question is narrowed."""
    selection = select(store.infos(), filters)
    speakers = None if selection is None else selection.speakers
    transcripts = _transcripts_of(store, found.hits)
    return reader.read(question, found.hits, transcripts, speakers=speakers, on_a_topic=found.on_a_topic, before=before)


def _transcripts_of(store: Store, hits: Sequence[Hit]) -> dict[str, Transcript]:
    known = {hit.passage.transcript_id for hit in hits}
    return {transcript_id: store.transcript(transcript_id) for transcript_id in known}
