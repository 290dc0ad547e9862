"""The transcripts as a LlamaIndex retriever: `pip install "transcript-qa[llama-index]"`."""

from __future__ import annotations

from typing import Any

from transcript_qa.assistant import TranscriptQA
from transcript_qa.errors import MissingExtraError
from transcript_qa.render import hit_json

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ImportError as error:
    raise MissingExtraError("llama-index-core", "llama-index") from error


class TranscriptRetriever(BaseRetriever):
    """Passages as nodes with scores, best first; the metadata are those of a hit in JSON, with its address.

    Args:
        qa: an open index.
        k: how many passages at most.
        filters: as `TranscriptQA.search` takes them, by name.
    """

    def __init__(self, qa: TranscriptQA, *, k: int = 5, **filters: Any) -> None:
        self._qa = qa
        self._k = k
        self._filters = filters
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        nodes = []
        for hit in self._qa.search(query_bundle.query_str, k=self._k, **self._filters):
            facts = hit_json(hit, address=self._qa.address)
            node = TextNode(text=facts.pop("text"), id_=hit.passage.id, metadata=facts)
            nodes.append(NodeWithScore(node=node, score=hit.score))
        return nodes
