"""The web chat in a real browser, against the real server; every test fails on a console error or a foreign request."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from transcript_qa import Transcript, TranscriptQA
from transcript_qa.datatypes import Hit
from transcript_qa.embed import HashingEmbedder
from transcript_qa.features import candidates
from transcript_qa.reader import Reading, ReadSentence
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.text import terms
from transcript_qa.web.server import create_app, listen

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

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

    def read(
        self,
        question: str,
        hits: Sequence[Hit],
        transcripts: dict[str, Transcript],
        *,
        speakers: frozenset[tuple[str, str]] | None = None,
    ) -> Reading:
        asked = set(terms(question))
        found = [c for c in candidates(hits, transcripts) if asked <= set(terms(c.text))]
        found = [c for c in found if speakers is None or (c.transcript.id, c.turn.speaker.label) in speakers]
        sentences = tuple(ReadSentence(candidate=c, score=1.0) for c in found)
        return Reading(sentences=sentences, confidence=0.9 if found else 0.1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import uvicorn

    folder = tmp_path_factory.mktemp("web")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    (folder / "corpus" / "clauses.txt").write_text(HOSTILE, "utf-8")
    embedder = HashingEmbedder()
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder).close()
    info = EmbedderInfo(name=embedder.name, fingerprint=embedder.fingerprint, dim=embedder.dim)
    store = LocalStore.open(folder / "index", embedder=info, writable=True)
    with TranscriptQA(store, embedder, reader=WordReader()) as qa, listen("127.0.0.1", 0) as listener:
        app = create_app(qa, uploads=folder / "index" / "uploads")
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


def open_page(browser: Any, address: str, *, width: int, height: int) -> Iterator[Any]:
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:")) else wrong.append(r.url))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    yield from open_page(browser, address, width=1280, height=800)


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Any]:
    yield from open_page(browser, address, width=390, height=844)


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


def test_an_answer_comes_with_a_numbered_citation_and_its_card(page: Any) -> None:
    answer = ask(page, LOAN)
    assert "The bank has approved a loan of 240 million crowns for the harbour." in answer.inner_text()
    link = answer.locator("a[href^='/t/']")
    assert link.count() == 1
    assert link.inner_text() == "1"
    assert link.get_attribute("title").startswith("Mira Voss")
    card = page.locator("#sources .tq-cards.cited .tq-card")
    assert card.locator(".tq-num").inner_text() == "1"
    assert card.locator("mark").inner_text() == "The bank has approved a loan of 240 million crowns for the harbour."
    assert page.locator("#sources details.tq-more:not([open])").count() == 1
    assert page.locator("#sources .tq-times text").text_content() == "1"
    around, why = page.locator("#sources .cited .tq-around"), page.locator("#sources .cited .tq-why")
    assert not around.locator("p").first.is_visible()
    around.locator("summary").click()
    assert "nobody objected" in around.locator("p").first.inner_text()
    why.locator("summary").click()
    assert "loan" in why.inner_text()
    link.hover()
    page.wait_for_selector("#sources .tq-card.lit")


def test_a_click_on_a_citation_shows_the_turn_and_escape_goes_back(page: Any) -> None:
    link = ask(page, LOAN).locator("a[href^='/t/']")
    for _ in range(2):  # a second time too, for the same value changes nothing by itself
        link.click()
        page.wait_for_selector("#viewer .tq-turn.cited mark")
        page.wait_for_function("() => document.activeElement.matches('.tq-turn.cited')")
        assert in_view(page, "#viewer mark")
        assert not page.locator("#sources").is_visible()
        page.keyboard.press("Escape")
        page.locator("#sources").wait_for(state="visible")
        assert not page.locator("#viewer").is_visible()
        assert link.evaluate("e => e === document.activeElement")
    page.locator("#sources .tq-card").first.click()
    page.wait_for_selector("#viewer mark")
    page.locator("#viewer [data-close]").click()
    page.locator("#viewer").wait_for(state="hidden")
    assert page.url.rstrip("/").count("/") == 2  # still the chat


def test_the_keyboard_alone_opens_and_closes(page: Any) -> None:
    ask(page, LOAN).locator("a[href^='/t/']").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.matches('.tq-turn.cited')")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches(\"#chat a[href^='/t/']\")")


def test_the_address_of_a_citation_is_a_page(page: Any, address: str) -> None:
    path = ask(page, LOAN).locator("a[href^='/t/']").get_attribute("href")
    page.goto(address + path)
    assert page.locator("mark").inner_text().startswith("The bank has approved")
    assert in_view(page, "mark")
    assert page.locator(".tq-turn:target").count() == 1
    background = page.locator(".tq-turn:target").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background != page.locator(".tq-turn").first.evaluate("e => getComputedStyle(e).backgroundColor")
    page.get_by_role("link", name="Ask the transcripts").click()
    page.wait_for_selector("#question textarea")


def test_no_answer_looks_different_and_shows_the_nearest(page: Any) -> None:
    said = ask(page, LOAN)
    unsaid = ask(page, "what did the bank say about penguins")
    assert "The transcripts don't say." in unsaid.inner_text()
    assert said.locator("blockquote").count() == 0
    assert unsaid.locator("blockquote").count() == 1
    assert page.locator("#sources h2").first.inner_text() == "Nearest passages"
    assert page.locator("#sources .tq-cards.near .tq-card").count() > 0
    unsaid.locator("a[href^='/t/']").first.click()
    page.wait_for_selector("#viewer .tq-turn.cited")


def test_hostile_words_stay_words(page: Any) -> None:
    answer = ask(page, "zebra")
    assert answer.locator("img, script, form").count() == 0
    links = answer.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links
    assert all(link.startswith("/t/clauses?q=") for link in links)
    assert "![z](http://evil.example/b.png) www.evil.example" in answer.inner_text()
    assert '[1]: http://evil.example "zebra" <script>alert(1)</script> zebra' in answer.inner_text()
    page.locator("#sources .tq-card").first.click()
    page.wait_for_selector("#viewer .tq-turn")
    assert page.locator("#viewer").locator("img, script, form").count() == 0


def test_a_hostile_question_stays_words(page: Any) -> None:
    question = (
        "<b>x</b> ![i](http://evil.example/i.png) [l](http://evil.example) http://evil.example *loan* `c` $x$ # h"
    )
    ask(page, question)
    asked = page.locator("[data-testid=user]").last
    assert asked.inner_text().strip() == question
    assert asked.locator("a, img, b, em, code").count() == 0


def test_an_uploaded_file_can_be_asked_about(page: Any, tmp_path: Path) -> None:
    talk, broken = tmp_path / "Lamp talk.txt", tmp_path / "broken.bin"
    talk.write_text("Olga Winter: The lighthouse keeps eleven lamps.\n\nPer Holm: Eleven lamps?\n", "utf-8")
    broken.write_bytes(bytes(range(256)) * 8)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Add transcripts").click()
    chosen.value.set_files([str(talk), str(broken)])
    page.wait_for_selector("#status .tq-status.good")
    page.wait_for_selector("#status .tq-status.bad")
    assert "2 speakers · 2 turns" in page.locator("#status .good").inner_text()
    assert "broken.bin" in page.locator("#status .bad").inner_text()
    page.wait_for_function("() => document.querySelector('#list').innerText.includes('Lamp talk')")
    answer = ask(page, "what lamps does the lighthouse keep")
    assert "Olga Winter: “The lighthouse keeps eleven lamps.”" in answer.inner_text()


def test_a_filter_narrows_the_answer(page: Any) -> None:
    field = page.locator("#by-speaker input")
    field.click()
    page.get_by_role("option", name="Ines Dahl").click()
    page.keyboard.press("Escape")
    assert "don't say" in ask(page, LOAN).inner_text()


def test_a_phone_has_one_column_and_a_viewer_over_all_of_it(phone: Any) -> None:
    assert fits(phone)
    assert not phone.locator("#upload").is_visible() or phone.locator("#upload").bounding_box()["x"] < 0
    link = ask(phone, LOAN).locator("a[href^='/t/']")
    assert fits(phone)
    link.click()
    phone.wait_for_selector("#viewer .tq-turn.cited mark")
    phone.wait_for_function("() => document.activeElement.matches('.tq-turn.cited')")
    assert phone.locator("#viewer").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert in_view(phone, "#viewer mark")
    assert fits(phone)
    phone.locator("#viewer [data-close]").click()
    assert link.evaluate("e => e === document.activeElement")


def test_a_page_fits_a_phone(phone: Any, address: str) -> None:
    phone.goto(f"{address}/t/clauses")
    assert fits(phone)
    assert phone.locator("img, script:not([src]), form").count() == 0
