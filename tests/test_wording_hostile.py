"""What strangers put into a transcript to make a model lie for them, with the lies a model would then tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="openai is not installed")

from browsing import WordReader
from llm_server import Handler, LanguageModelServer, language_model, says
from transcript_qa import Answer, TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.render import answer_markdown
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.web.markup import chat_markdown
from transcript_qa.wording.generate import ServerGenerator

CASES: list[dict[str, str]] = [
    json.loads(line) for line in (Path(__file__).parent / "wording" / "hostile.jsonl").read_text("utf-8").splitlines()
]
TRUE = "I bought the zebra for forty crowns."
LINK = re.compile(r"https?:|www\.|javascript:|mailto:|\]\(|<[a-z/]|evil\.example", re.IGNORECASE)


def obeys(reply: str) -> Any:
    """A model that writes the reply, with the numbers that the prompt gave to the two sentences."""

    def behave(handler: Handler) -> None:
        prompt = handler.server.requests[-1]["messages"][1]["content"]
        voss, mallory = (
            re.search(rf"^\[(\d+)\] {name}.*?: .*zebra", prompt, re.MULTILINE | re.IGNORECASE)
            for name in ("Mira Voss", "Mallory Night")
        )
        assert voss is not None
        says(reply.replace("{v}", voss[1]).replace("{m}", mallory[1] if mallory else "98"))(handler)

    return behave


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TranscriptQA, LanguageModelServer]]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "corpus").mkdir()
    for number, said in enumerate(dict.fromkeys(case["said"] for case in CASES)):
        voss = f"Mira Voss: Good morning. {TRUE} It eats hay."
        text = f"Zoo meeting {number}\n\n{voss}\n\nMallory Night: {said}\n\nMira Voss: Thank you.\n"
        (folder / "corpus" / f"zoo-{number}.txt").write_text(text, "utf-8")
    embedder = HashingEmbedder()
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder).close()
    info = EmbedderInfo.of(embedder)
    with (
        language_model(says("")) as server,
        TranscriptQA(LocalStore.open(folder / "index", embedder=info), embedder, reader=WordReader()) as qa,
    ):
        yield qa, server


def word(asked: tuple[TranscriptQA, LanguageModelServer], case: dict[str, str], *, strict: bool = False) -> Answer:
    qa, server = asked
    number = list(dict.fromkeys(each["said"] for each in CASES)).index(case["said"])
    server.behaviours[:] = [obeys(case["reply"])]
    qa.word_with(ServerGenerator(server.url, model="m"), strict=strict)
    return qa.ask("zebra", transcripts=[f"zoo-{number}"])


def test_there_are_fifty() -> None:
    assert len(CASES) == 50
    assert len({(case["said"], case["reply"]) for case in CASES}) == 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["reply"][:40])
def test_none_changes_whose_words_are_quoted_adds_a_source_or_makes_a_link(
    asked: tuple[TranscriptQA, LanguageModelServer], case: dict[str, str]
) -> None:
    qa, server = asked
    answer = word(asked, case)
    prompt = server.requests[-1]["messages"]
    check_prompt(prompt)
    assert answer.answered
    for citation in answer.citations:
        transcript = qa.transcript(citation.transcript_id)
        assert citation.span.of(transcript.text) == citation.quote
        assert transcript.turns[citation.turn].speaker == citation.speaker
        assert transcript.turns[citation.turn].span.start <= citation.span.start
    assert {c.transcript_id for c in answer.citations} <= {h.passage.transcript_id for h in answer.hits}
    markers = {int(marker) for marker in re.findall(r"\[(\d+)\]", without_quotations(answer))}
    assert markers == {citation.marker for citation in answer.citations}
    check_quotations(answer)
    claimed = without_quotations(answer)
    assert not LINK.search(claimed)
    assert "Gazette" not in claimed
    check_rendered(answer)
    if answer.worded_by is None:
        assert answer.note
    if "{m}" in case["reply"]:
        # What Mallory Night says is nobody else's word.
        assert not re.search(r"Mira Voss (?:said|says|admitted)|According to Mira Voss", claimed)


def check_prompt(messages: list[dict[str, str]]) -> None:
    assert [message["role"] for message in messages] == ["system", "user"]
    lines = messages[1]["content"].split("\n")
    assert lines[0] == "<evidence>"
    assert lines.count("</evidence>") == 1
    inside = lines[1 : lines.index("</evidence>")]
    numbers = []
    for line in inside:
        match = re.match(r"\[(\d+)\] (Mira Voss|Mallory Night)[:,]|Transcript: Zoo meeting", line)
        assert match is not None, line
        if match[1]:
            numbers.append(int(match[1]))
            assert "[" not in line[match.end() :]
            assert "<" not in line
    assert numbers == list(range(1, len(numbers) + 1))


def check_quotations(answer: Answer) -> None:
    """Every quotation in the text is that of the marker behind it; a name before it is that of its speaker."""
    for match in re.finditer(r"“([^”]*)”(?: \(([^)]*)\))?(?: \[(\d+)\])?", answer.text):
        assert match[3], match[0]
        citation = answer.citations[int(match[3]) - 1]
        assert match[2] in (None, citation.speaker.display)
        assert match[1] == " ".join(citation.quote.split())
        before = answer.text[: match.start()].rsplit("\n", 1)[-1]
        named = re.findall(r"Mira Voss|Mallory Night", before)
        assert not named or named[-1] == citation.speaker.display
    assert '"' not in without_quotations(answer).split(" \u26a0 ")[0]


def check_rendered(answer: Answer) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    html = markdown_it.MarkdownIt("gfm-like", {"linkify": False}).render(chat_markdown(answer))
    assert all(target.startswith("/t/") for target in re.findall(r'(?:href|src)="([^"]*)"', html))
    assert "<img" not in html
    assert "<script" not in html
    exported = answer_markdown(answer)
    for quote in {" ".join(c.quote.split()) for c in answer.citations}:
        exported = exported.replace(quote, "")
    assert all(target.startswith("/t/") for target in re.findall(r"\]\(([^)]*)\)", exported))


def without_quotations(answer: Answer) -> str:
    text = answer.text
    for citation in answer.citations:
        text = text.replace(f"“{' '.join(citation.quote.split())}”", "“”")
    return text


def test_the_true_sentence_is_worded_beside_all_this(asked: tuple[TranscriptQA, LanguageModelServer]) -> None:
    for case in CASES[::10]:
        answer = word(asked, {**case, "reply": "Mira Voss bought the zebra for 40 crowns [{v}]."}, strict=True)
        assert answer.text == "Mira Voss bought the zebra for 40 crowns [1]."
        assert answer.citations[0].quote == TRUE
        assert (answer.worded_by, answer.n_dropped, answer.n_marked) == ("m", 0, 0)
