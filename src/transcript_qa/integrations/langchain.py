"""The transcripts as a LangChain retriever: `pip install "transcript-qa[langchain]"`."""

from __future__ import annotations

from typing import Any

from transcript_qa.assistant import TranscriptQA
from transcript_qa.errors import MissingExtraError
from transcript_qa.render import hit_json

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise MissingExtraError("langchain-core", "langchain") from error


class TranscriptRetriever(BaseRetriever):
    """Passages as documents, best first; the metadata are those of a hit in JSON, with its address.

    Attributes:
        qa: an open index.
        k: how many passages at most.
        filters: as `TranscriptQA.search` takes them, by name.
    """

    qa: Any
    k: int = 5
    filters: dict[str, Any] = {}  # noqa: RUF012 - a field of a pydantic model, which copies it

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        qa: TranscriptQA = self.qa
        documents = []
        for hit in qa.search(query, k=self.k, **self.filters):
            facts = hit_json(hit, address=qa.address)
            documents.append(Document(page_content=facts.pop("text"), id=hit.passage.id, metadata=facts))
        return documents
