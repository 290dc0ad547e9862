from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from browsing import BUDGET
from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import MissingExtraError


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    folder: Path = tmp_path_factory.mktemp("retrievers")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    with TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=HashingEmbedder()) as built:
        yield built


def test_langchain_gets_passages_with_addresses(qa: TranscriptQA) -> None:
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    from transcript_qa.integrations.langchain import TranscriptRetriever

    documents = TranscriptRetriever(qa=qa, k=3, filters={"speakers": ["Mira Voss"]}).invoke("harbour loan")
    hits = qa.search("harbour loan", k=3, speakers=["Mira Voss"])
    assert [document.id for document in documents] == [hit.passage.id for hit in hits]
    assert [document.page_content for document in documents] == [hit.passage.text for hit in hits]
    assert documents[0].metadata["address"] == qa.address(hits[0].passage)
    assert documents[0].metadata["transcript_id"] == "budget"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_llama_index_gets_passages_with_addresses(qa: TranscriptQA) -> None:
    pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")
    from transcript_qa.integrations.llama_index import TranscriptRetriever

    nodes = TranscriptRetriever(qa, k=3).retrieve("harbour loan")
    hits = qa.search("harbour loan", k=3)
    assert [(node.node_id, node.score) for node in nodes] == [(hit.passage.id, hit.score) for hit in hits]
    assert [node.text for node in nodes] == [hit.passage.text for hit in hits]
    assert nodes[0].metadata["address"] == qa.address(hits[0].passage)


@pytest.mark.parametrize(("module", "library"), [("langchain", "langchain_core"), ("llama_index", "llama_index")])
def test_without_the_library_the_extra_is_named(module: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    name = f"transcript_qa.integrations.{module}"
    for loaded in [each for each in sys.modules if each == name or each.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match="pip install"):
        importlib.import_module(name)
