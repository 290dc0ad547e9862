"""The web chat's server over two small transcripts, and how a test drives a browser at it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transcript_qa import PastAnswer, Transcript, TranscriptQA
from transcript_qa.datatypes import Hit
from transcript_qa.embed import HashingEmbedder
from transcript_qa.reading.features import candidates
from transcript_qa.reading.reader import Reading, ReadSentence
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.text import terms
from transcript_qa.web.server import create_app, listen

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FILLER = "\n\n".join(
    f"{name}: Point {number} of the agenda was read out and nobody objected to it." for number in range(40)
    for name in ("Tomas Reed", "Ines Dahl")
)  # fmt: skip
BUDGET = f"""Budget hearing
March 19, 2024

{FILLER}

Mira Voss: Good morning to everyone. The bank has approved a loan of 240 million crowns for the harbour. We are glad.

{FILLER}
"""
HOSTILE = """Mallory Night: A zebra <img src=http://evil.example/a.png> ![z](http://evil.example/b.png) www.evil.example

Eve Stone: [1]: http://evil.example "zebra" <script>alert(1)</script> zebra ${document.body.remove()}
"""
LOAN = "what loan was approved"


class WordReader:
    """Takes the sentences with every content word of the question for its answer."""

    threshold = 0.17

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
        on_a_topic: bool = False,
        before: Sequence[PastAnswer] = (),
    ) -> Reading:
        asked = set(terms(question))
        found = [c for c in candidates(hits, transcripts) if asked <= set(terms(c.text))]
        found = [c for c in found if speakers is None or (c.transcript.id, c.turn.speaker.label) in speakers]
        sentences = tuple(ReadSentence(candidate=c, score=1.0) for c in found)
        return Reading(sentences=sentences, confidence=0.9 if found else 0.1, hits=tuple(hits))

    def rank(
        self, question: str, hits: Sequence[Hit], transcripts: dict[str, Transcript], *, on_a_topic: bool = False
    ) -> list[Hit]:
        return list(hits)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server over the two transcripts, its files in `folder`."""
    import uvicorn

    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    (folder / "corpus" / "clauses.txt").write_text(HOSTILE, "utf-8")
    embedder = HashingEmbedder()
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder).close()
    info = EmbedderInfo.of(embedder)
    store = LocalStore.open(folder / "index", embedder=info, writable=True)
    with TranscriptQA(store, embedder, reader=WordReader()) as qa, listen("127.0.0.1", 0) as listener:
        app = create_app(qa, uploads=folder / "index" / "uploads")
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@contextmanager
def opened(browser: Any, address: str, *, width: int, height: int, **options: Any) -> Iterator[Any]:
    """The chat in a new context; a console error, a page error or a request to another host is an error at the end."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else wrong.append(r.url))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    yield page
    context.close()
    assert not wrong, wrong


def ask(page: Any, question: str) -> Any:
    """Ask, wait for the end of the answer, and give its message."""
    answers = page.locator("[data-testid=bot]")
    before = answers.count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function("n => document.querySelectorAll('[data-testid=bot]').length > n", arg=before)
    page.locator("#question .submit-button").wait_for()
    page.wait_for_function("() => document.querySelector('#sources .tq-card')")
    return answers.nth(before)


def in_view(page: Any, selector: str) -> bool:
    seen: bool = page.locator(selector).first.evaluate(
        "e => { const r = e.getBoundingClientRect(); const b = document.querySelector('.tq-scroll');"
        "const o = b ? b.getBoundingClientRect() : {top: 0, bottom: innerHeight};"
        "return r.height > 0 && r.top >= o.top - 1 && r.bottom <= o.bottom + 1 && r.bottom <= innerHeight; }"
    )
    return seen


def fits(page: Any) -> bool:
    result: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return result
