"""Ours and what a user might pick instead, each behind the same few calls: index texts, save, find places.

All are given the same MiniLM folder and the texts that our readers made of the files, "Name: words" with blank lines
between turns; ours reads the files itself, within its time. A peer's pieces of text are led back to the characters they
were cut from. Imports are inside, so that each process loads its own system only.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import installed_version
from plain import model_folder

from transcript_qa import TranscriptQA
from transcript_qa.embed import SentenceTransformerEmbedder

MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a meeting.

    Attributes:
        meeting: its id.
        path: the file it was read from.
        text: as our readers made it.
    """

    meeting: str
    path: Path
    text: str


Place = tuple[str, int, int]
"""Meeting id, first character and the one after the last."""


class System(ABC):
    """Something that finds places in texts."""

    @abstractmethod
    def index(self, texts: Sequence[Text], folder: Path) -> int:
        """Index texts and write the index to a folder; how many pieces there are."""

    @abstractmethod
    def find(self, question: str, *, k: int, meeting: str | None) -> list[Place]:
        """At most k places, best first, in one meeting only where it is given."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files."""


class Ours(System):
    """This package, without its reader."""

    def __init__(self) -> None:
        self._embedder = SentenceTransformerEmbedder()
        self._embedder.embed_passages(["What is measured once and remembered is measured now."] * 8)
        self._qa: TranscriptQA | None = None

    def index(self, texts: Sequence[Text], folder: Path) -> int:
        """Read the files again, pack, embed and store."""
        self._qa = TranscriptQA.build([text.path for text in texts], index=folder, embedder=self._embedder)
        return self._qa.passage_count()

    def find(self, question: str, *, k: int, meeting: str | None) -> list[Place]:
        """Passages."""
        assert self._qa is not None
        hits = self._qa.search(question, k=k, transcripts=[meeting] if meeting else None)
        return [(h.passage.transcript_id, h.passage.span.start, h.passage.span.end) for h in hits]

    def close(self) -> None:
        """Close the index."""
        if self._qa is not None:
            self._qa.close()


class LangChain(System):
    """RecursiveCharacterTextSplitter and FAISS; sizes not given are its own: 4,000 characters, 200 shared."""

    def __init__(self, *, chunk_size: int | None = None, chunk_overlap: int | None = None) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings

        given = {"chunk_size": chunk_size, "chunk_overlap": chunk_overlap}
        self._sizes = {name: value for name, value in given.items() if value is not None}
        self._embeddings = HuggingFaceEmbeddings(model_name=str(model_folder()))
        self._embeddings.embed_query("warm")
        self._store: Any = None

    def index(self, texts: Sequence[Text], folder: Path) -> int:
        """Split, embed, add to FAISS, save."""
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(add_start_index=True, **self._sizes)
        documents = [Document(page_content=one.text, metadata={MEETING: one.meeting}) for one in texts]
        pieces = splitter.split_documents(documents)
        self._store = FAISS.from_documents(pieces, self._embeddings)
        self._store.save_local(str(folder))
        return len(pieces)

    def find(self, question: str, *, k: int, meeting: str | None) -> list[Place]:
        """Pieces; all are fetched where it filters, for it filters after the search."""
        narrowed = {"filter": {MEETING: meeting}, "fetch_k": self._store.index.ntotal} if meeting else {}
        found = self._store.similarity_search(question, k=k, **narrowed)
        return [
            (piece.metadata[MEETING], start, start + len(piece.page_content))
            for piece in found
            for start in (piece.metadata["start_index"],)
        ]

    def close(self) -> None:
        """Nothing is open."""


class LlamaIndex(System):
    """SentenceSplitter with its own sizes (1,024 tokens, 200 shared) and the vector store it has by default."""

    def __init__(self) -> None:
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._embeddings = HuggingFaceEmbedding(model_name=str(model_folder()))
        self._embeddings.get_query_embedding("warm")
        self._index: Any = None

    def index(self, texts: Sequence[Text], folder: Path) -> int:
        """Split, embed, persist; the meeting's id is not embedded with the text."""
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.node_parser import SentenceSplitter

        documents = [
            Document(
                text=one.text,
                metadata={MEETING: one.meeting},
                excluded_embed_metadata_keys=[MEETING],
                excluded_llm_metadata_keys=[MEETING],
            )
            for one in texts
        ]
        splitter = SentenceSplitter()
        self._index = VectorStoreIndex.from_documents(
            documents, transformations=[splitter], embed_model=self._embeddings
        )
        self._index.storage_context.persist(str(folder))
        return len(self._index.docstore.docs)

    def find(self, question: str, *, k: int, meeting: str | None) -> list[Place]:
        """Nodes."""
        from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

        filters = MetadataFilters(filters=[MetadataFilter(key=MEETING, value=meeting)]) if meeting else None
        retriever = self._index.as_retriever(similarity_top_k=k, filters=filters)
        nodes = [found.node for found in retriever.retrieve(question)]
        return [(node.metadata[MEETING], node.start_char_idx, node.end_char_idx) for node in nodes]

    def close(self) -> None:
        """Nothing is open."""


class Txtai(System):
    """Segmentation by paragraphs, which are turns here, and embeddings with their content."""

    def __init__(self) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings(path=str(model_folder()), content=True)
        self._embeddings.transform("warm")
        self._n_pieces = 0

    def index(self, texts: Sequence[Text], folder: Path) -> int:
        """Segment, embed, save."""
        from txtai.pipeline import Segmentation

        segment = Segmentation(paragraphs=True)
        rows = list(self._rows(texts, segment))
        self._embeddings.index(rows)
        self._embeddings.save(str(folder))
        self._n_pieces = len(rows)
        return len(rows)

    def find(self, question: str, *, k: int, meeting: str | None) -> list[Place]:
        """Paragraphs; all are candidates where it filters, for it filters after the search."""
        asked = f"similar(:question, {self._n_pieces}) and {MEETING} = :meeting" if meeting else "similar(:question)"
        values = {"question": question, MEETING: meeting} if meeting else {"question": question}
        sql = f"select {MEETING}, first, last, score from txtai where {asked}"
        found = self._embeddings.search(sql, limit=k, parameters=values)
        return [(row[MEETING], row["first"], row["last"]) for row in found]

    def close(self) -> None:
        """Close its database."""
        self._embeddings.close()

    def _rows(self, texts: Sequence[Text], segment: Callable[[str], list[str]]) -> Iterator[dict[str, Any]]:
        for one in texts:
            for piece, (first, last) in zip(pieces := segment(one.text), locate(one.text, pieces), strict=True):
                yield {"text": piece, MEETING: one.meeting, "first": first, "last": last}


def locate(text: str, pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    r"""Where each piece was cut from a text, one after the other, whatever became of the blanks in it.

    >>> list(locate("A:  one two.\n\nB: one", ["A: one two.", "B: one"]))
    [(0, 12), (14, 20)]
    """
    at = 0
    for piece in pieces:
        found = re.compile(r"\s+".join(map(re.escape, piece.split()))).search(text, at)
        if found is None:
            raise ValueError(f"{piece[:60]!r} is not in the text after character {at}")
        yield found.span()
        at = found.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A system to measure.

    Attributes:
        title: in the table.
        make: makes it.
        packages: what has to be installed for it; the first one's version is shown.
    """

    title: str
    make: Callable[[], System]
    packages: tuple[str, ...]

    @property
    def version(self) -> str | None:
        """Of the first package; None where one of them is not installed."""
        versions = [installed_version(package) for package in self.packages]
        return None if None in versions else versions[0]


def langchain_at_our_size() -> LangChain:
    """Pieces about as long as our passages, as many of its guides have them: 1,000 characters, 200 shared."""
    return LangChain(chunk_size=1000, chunk_overlap=200)


_LANGCHAIN = ("langchain-community", "langchain-huggingface", "langchain-text-splitters")

SYSTEMS = {
    "ours": Choice(title="ours", make=Ours, packages=("transcript-qa",)),
    "langchain": Choice(title="LangChain, splitter and FAISS", make=LangChain, packages=_LANGCHAIN),
    "langchain-1000": Choice(
        title="LangChain, 1,000 characters a piece", make=langchain_at_our_size, packages=_LANGCHAIN
    ),
    "llama-index": Choice(
        title="LlamaIndex", make=LlamaIndex, packages=("llama-index-core", "llama-index-embeddings-huggingface")
    ),
    "txtai": Choice(title="txtai, paragraphs", make=Txtai, packages=("txtai",)),
}
