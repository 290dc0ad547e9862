"""What a person does with an answer and a transcript in a real browser: asks again, exports, searches, copies."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from browsing import LOAN, ask, fits, in_view, opened

SENTENCE = "The bank has approved a loan of 240 million crowns for the harbour."
# Gradio's own list of example questions, in which a list holds buttons.
NOT_OURS = {"aria-required-children"}


def settled(page: Any, n_answers: int) -> None:
    """Wait until so many answers stand there and the box is free."""
    page.wait_for_function("n => document.querySelectorAll('[data-testid=bot]').length === n", arg=n_answers)
    page.locator("#question .submit-button").wait_for()


def test_a_conversation_leaves_as_markdown_and_as_json(page: Any, address: str) -> None:
    ask(page, LOAN)
    ask(page, "what did the bank say about penguins")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as Markdown").click()
    assert download.value.suggested_filename == "answers.md"
    text = Path(download.value.path()).read_text("utf-8")
    assert f"Mira Voss: “{SENTENCE}” [1]" in text
    assert f"]({address}/t/budget#turn-" in text
    assert "The transcripts don't say." in text
    for _ in range(2):  # the same again is a second file
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as JSON").click()
    answers = json.loads(Path(download.value.path()).read_text("utf-8"))["answers"]
    assert [answer["answered"] for answer in answers] == [True, False]
    assert answers[0]["citations"][0]["quote"] == SENTENCE


def test_nothing_is_exported_before_an_answer(page: Any) -> None:
    page.get_by_role("button", name="Export as JSON").click()
    page.get_by_text("Nothing has been answered yet.").wait_for()


def test_a_question_is_asked_again_under_another_filter(page: Any) -> None:
    ask(page, LOAN)
    page.locator("#by-date input").first.fill("2025-01-01")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("The transcripts don't say.").wait_for()
    settled(page, 1)
    page.locator("#by-date input").first.fill("2024-03-19")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text(SENTENCE).first.wait_for()
    settled(page, 1)


def test_an_edited_question_takes_the_place_of_the_old_one(page: Any) -> None:
    ask(page, "what did the bank say about (penguins) *and* seals")
    ask(page, LOAN)
    page.get_by_role("button", name="Edit").first.click()
    box = page.locator("#chat textarea")
    box.fill("what loan was approved")
    page.get_by_role("button", name="Submit").click()
    settled(page, 1)
    assert SENTENCE in page.locator("[data-testid=bot]").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    answers = json.loads(Path(download.value.path()).read_text("utf-8"))["answers"]
    assert [answer["question"] for answer in answers] == ["what loan was approved"]


def test_a_suggestion_is_a_question_that_goes_on(page: Any) -> None:
    ask(page, "was the agenda of the bank approved")
    page.get_by_role("button", name="What did Tomas Reed say about the agenda?").click()
    settled(page, 2)
    assert page.locator("[data-testid=user]").last.inner_text().strip() == "What did Tomas Reed say about the agenda?"


def test_an_opinion_is_kept_beside_the_index(page: Any, address: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    ask(page, LOAN)
    page.get_by_role("button", name="Like", exact=True).click()
    page.get_by_text("Noted.").wait_for()
    kept = next(tmp_path_factory.getbasetemp().glob("web*/index/opinions.jsonl"))
    line = json.loads(kept.read_text("utf-8").splitlines()[-1])
    assert (line["question"], line["good"], line["citations"][0]["quote"]) == (LOAN, True, SENTENCE)


def test_a_cleared_conversation_is_forgotten(page: Any) -> None:
    ask(page, LOAN)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("() => !document.querySelector('[data-testid=bot]')")
    page.wait_for_function("() => !document.querySelector('#sources .tq-card')")
    page.get_by_role("button", name="Export as JSON").click()
    page.get_by_text("Nothing has been answered yet.").wait_for()


def test_a_transcript_is_searched_and_one_voice_heard(page: Any) -> None:
    ask(page, LOAN).locator("a[href^='/t/']").click()
    page.wait_for_selector("#viewer mark")
    box = page.get_by_role("searchbox", name="Search in this transcript")
    box.fill("point  39")
    page.wait_for_function("() => document.querySelector('#viewer output').textContent === '1 of 4'")
    assert in_view(page, "#viewer .tq-turn.at")
    box.press("Enter")
    page.get_by_role("button", name="Next match").click()
    assert page.locator("#viewer output").inner_text() == "3 of 4"
    box.press("Shift+Enter")
    assert page.locator("#viewer output").inner_text() == "2 of 4"
    page.locator("#viewer .tq-voice", has_text="Tomas Reed").click()
    page.wait_for_function("() => document.querySelector('#viewer output').textContent === '1 of 2'")
    voices = page.locator("#viewer .tq-turn:not([hidden]) .tq-who").evaluate_all("all => all.map(e => e.textContent)")
    assert set(voices) == {"Tomas Reed"}
    page.locator("#viewer .tq-voice", has_text="Tomas Reed").click()
    box.fill("a+b(")
    page.wait_for_function("() => document.querySelector('#viewer output').textContent === 'not in it'")
    box.press("Escape")  # empties the box, and only then closes
    assert box.input_value() == ""
    box.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")


def test_files_can_be_dropped_on_the_page(page: Any) -> None:
    page.evaluate(
        """() => {
            const dropped = new DataTransfer();
            for (const name of ['one', 'two'])
                dropped.items.add(new File([`Olga Winter: A ${name}.\\n\\nPer Holm: Good.\\n`], `drop ${name}.txt`));
            for (const kind of ['dragover', 'drop'])
                document.querySelector('#chat').dispatchEvent(
                    new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: dropped }));
        }"""
    )
    page.wait_for_function("() => document.querySelectorAll('#status .tq-status.good').length === 2")
    page.wait_for_function("() => document.querySelector('#list').innerText.includes('Drop two')")


def test_a_long_transcript_is_whole_before_it_is_searched(page: Any, tmp_path: Path) -> None:
    talk = tmp_path / "marathon.txt"
    said = [f"{'Ada Long' if n % 2 else 'Ben Short'}: Lap {n} went by without a giraffe." for n in range(2500)]
    said[1200] = "Ada Long: An okapi crossed the track."
    talk.write_text("\n\n".join(said), "utf-8")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Add transcripts").click()
    chosen.value.set_files([str(talk)])
    page.wait_for_selector("#status .tq-status.good", timeout=60_000)
    ask(page, "okapi crossed the track").locator("a[href^='/t/']").first.click()
    page.wait_for_function("() => document.activeElement.matches('.tq-turn.cited')")
    assert in_view(page, "#viewer mark")
    page.wait_for_function("() => document.querySelectorAll('#viewer .tq-turn').length === 2500")
    order = page.locator("#viewer .tq-turn").evaluate_all("all => all.every((e, n) => +e.dataset.turn === n)")
    assert order
    assert in_view(page, "#viewer mark")  # what came above has not moved it
    page.get_by_role("searchbox", name="Search in this transcript").fill("lap 7 went")
    page.wait_for_function("() => document.querySelector('#viewer output').textContent === '1 of 1'")
    assert in_view(page, "#viewer .tq-turn.at")


def test_the_shares_of_the_speakers_are_shown(page: Any, address: str) -> None:
    page.goto(f"{address}/t/budget")
    shares = page.locator(".tq-voice small").evaluate_all("all => all.map(e => e.textContent)")
    assert len(shares) == 3
    assert shares[0].endswith("%")
    widths = page.locator(".tq-shares rect").evaluate_all("all => all.map(e => +e.getAttribute('width'))")
    assert sum(widths) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("of_its_own", [False, True])
def test_the_quotation_is_copied_with_its_place(browser: Any, address: str, of_its_own: bool) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(browser, address, width=1280, height=800, permissions=permissions) as page:
        link = ask(page, LOAN).locator("a[href^='/t/']")
        path = link.get_attribute("href")
        if of_its_own:
            page.goto(address + path)
        else:
            link.click()
            page.wait_for_selector("#viewer mark")
        page.get_by_role("button", name="Copy as quotation").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()").split("\n")
        turn = path.partition("#")[2]
        assert copied[0] == f"“{SENTENCE}”"
        assert copied[1].startswith("Mira Voss, Budget hearing · 19 March 2024, line ")
        assert copied[2] == f"{address}/t/budget#{turn}"


def test_the_line_of_places_leads_to_the_quote(page: Any) -> None:
    ask(page, LOAN)
    page.locator("#sources .tq-times a").click()
    page.wait_for_selector("#viewer .tq-turn.cited mark")


def test_a_person_names_merges_removes_and_puts_back(page: Any, address: str, tmp_path: Path) -> None:
    talk = tmp_path / "harbour walk.txt"
    talk.write_text("SPEAKER_00: We walk.\n\nSPEAKER_01: We do.\n\nSPEAKER_02: Slowly.\n", "utf-8")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Add transcripts").click()
    chosen.value.set_files([str(talk)])
    page.wait_for_selector("#status .tq-status.good")
    page.wait_for_function("() => document.querySelector('#list').innerText.includes('Harbour walk')")
    page.get_by_role("link", name="Library").click()
    row = page.locator("tr", has_text="Harbour walk")
    row.get_by_role("link", name="Speakers").click()
    page.get_by_label("Name of SPEAKER_00").fill("Ada Long")
    page.get_by_role("button", name="Rename").first.click()
    page.locator(".tq-who", has_text="Ada Long").wait_for()
    for label in ("SPEAKER_01", "SPEAKER_02"):
        page.get_by_label(f"Tick {label}").check()
    page.get_by_label("Name of the one person").fill("Ben Short")
    page.get_by_role("button", name="Make them one").click()
    page.locator(".tq-who", has_text="Ben Short").wait_for()
    assert page.locator(".tq-speakers > li").count() == 2
    page.get_by_role("link", name="Library").click()
    row.get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")
    page.get_by_role("button", name="Put it back").click()
    row.wait_for()
    assert "Ada Long" in row.inner_text()


def test_names_and_words_of_any_kind_fit_a_phone(browser: Any, address: str, tmp_path: Path) -> None:
    name = "Maximiliana " * 25 + "Voss"
    words = "\u202eright to left\u202c " + "unbroken" * 60 + " zebra stripes"
    talk = tmp_path / f"{'long' * 40}.txt"
    turns = [{"speaker": name, "text": words}, {"speaker": "مريم", "text": "مرحبا بالجميع zebra"}]
    talk.write_text(json.dumps({"title": "T" * 300, "turns": turns}), "utf-8")
    with opened(browser, address, width=390, height=844) as page:
        page.locator("#library .toggle-button").click()
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Add transcripts").click()
        chosen.value.set_files([str(talk)])
        page.wait_for_selector("#status .tq-status.good")
        assert fits(page)
        page.locator("#library .toggle-button").click()
        ask(page, "zebra stripes")
        assert fits(page)
        page.locator("#sources .tq-card").first.click()
        page.wait_for_selector("#viewer .tq-turn")
        assert fits(page)
        for path in ("/library", "/docs", "/t/budget"):
            page.goto(address + path)
            assert fits(page), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_of_ours(browser: Any, address: str, scheme: str, width: int) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    run = f"(await axe.run({{runOnly: {json.dumps(tags)}}})).violations.map(v => [v.id, v.nodes.map(n => n.html)])"
    script = f"async () => {run}"
    options = {"color_scheme": scheme, "bypass_csp": True, "has_touch": width < 500}
    with opened(browser, address, width=width, height=850, **options) as page:

        def check(what: str) -> None:
            page.evaluate(axe)
            found = [violation for violation in page.evaluate(script) if violation[0] not in NOT_OURS]
            assert found == [], what

        check("start")
        link = ask(page, LOAN).locator("a[href^='/t/']")
        check("answer")
        link.click()
        page.wait_for_selector("#viewer mark")
        check("viewer")
        page.keyboard.press("Escape")
        ask(page, "what did the bank say about penguins")
        check("not said")
        ask(page, "was the agenda mentioned by anybody")
        ask(page, "and did Reed mention it?")
        page.locator(".tq-chip").first.wait_for()
        check("follow-up")
        for path in ("/library", "/library/budget", "/t/budget", "/docs"):
            page.goto(address + path)
            check(path)


def test_a_follow_up_is_shown_whole_and_a_chip_takes_its_filter_away(page: Any) -> None:
    ask(page, "was the agenda mentioned by anybody")
    ask(page, "and did Reed mention it?")
    page.get_by_text("Asked as: did Reed mention the agenda?").wait_for()
    chip = page.get_by_role("button", name="Ask without: only what Tomas Reed says")
    chip.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.tq-chip')")
    settled(page, 2)
    assert page.locator("[data-testid=user]").last.inner_text().strip() == "and did Reed mention it?"
