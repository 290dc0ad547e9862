"""What costs seconds to load is loaded by what needs it, and by nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder, SentenceTransformerEmbedder
from transcript_qa.errors import InvalidArgumentError, UnknownSpeakerError

TALK = (
    "Mira Voss: The harbour loan was closed on Friday.\n\n"
    "Tomas Ekberg: At what rate was the loan closed?\n\n"
    "Mira Voss: Four percent, and the ferry comes next year."
)
_RUN = (
    "import sys, json\n"
    "from transcript_qa.cli import run\n"
    "status = run(sys.argv[1:])\n"
    "heavy = {'torch', 'transformers', 'sentence_transformers', 'faiss', 'gradio'} & set(sys.modules)\n"
    "print(json.dumps([status, sorted(heavy)]), file=sys.stderr)\n"
)


@pytest.fixture(scope="module")
def index(model: SentenceTransformerEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index made with the bundled model."""
    folder = tmp_path_factory.mktemp("startup")
    (folder / "talk.txt").write_text(TALK, "utf-8")
    TranscriptQA.build(folder / "talk.txt", index=folder / "index", embedder=model).close()
    return folder / "index"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("list", "--json"),
        ("search", "harbour loans", "--keyword"),
        ("search", "loan", "--keyword", "--json", "--speaker", "Voss"),
    ],
)
def test_no_model_library_is_loaded(arguments: tuple[str, ...], index: Path) -> None:
    where = () if arguments == ("--help",) else ("--index", str(index))
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments, *where], capture_output=True, text=True, check=False, timeout=50
    )
    assert json.loads(done.stderr) == [0, []]
    if "search" in arguments:
        assert "harbour loan was closed" in done.stdout


def test_an_answer_with_the_bundled_model_imports_no_library_of_models(index: Path) -> None:
    asked = ("ask", "at what rate was the loan closed?", "--index", str(index))
    done = subprocess.run([sys.executable, "-c", _RUN, *asked], capture_output=True, text=True, check=False, timeout=50)
    assert json.loads(done.stderr) == [0, ["faiss", "torch"]]
    assert "Four percent" in done.stdout


def test_search_by_words_alone(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK, "utf-8")
    with TranscriptQA.build(tmp_path / "talk.txt", index=tmp_path / "index", embedder=HashingEmbedder()) as qa:
        (hit,) = qa.search("What about ferries and the loan?", words_only=True)
        assert (hit.rank, hit.why.dense, hit.why.matched) == (1, None, ("ferri", "loan"))
        assert hit.score == hit.why.keyword
        assert hit.score is not None
        assert qa.search("elephants", words_only=True) == []
        assert qa.search("what was it about", words_only=True) == []
        with pytest.raises(InvalidArgumentError, match="empty"):
            qa.search(" ", words_only=True)
        with pytest.raises(UnknownSpeakerError):
            qa.search("loan", words_only=True, speakers=["Nobody"])
