"""The web chat in a real browser, against the real server; every test fails on a console error or a foreign request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browsing import LOAN, ask, fits, in_view


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


def test_the_list_opens_in_a_wide_window_though_its_code_comes_last(page: Any) -> None:
    late = []

    def hold(route: Any) -> None:
        response = route.fetch()
        if "Toggle Sidebar" in response.text():
            late.append(response.url)
            page.wait_for_timeout(1000)
        route.fulfill(response=response)

    page.route("**/assets/Index-*.js", hold)
    page.reload()
    page.wait_for_selector("#library.open")
    assert len(late) == 1
    page.wait_for_timeout(500)
    assert page.locator("#library.open").count() == 1
    page.locator("#library .toggle-button").click()
    page.wait_for_timeout(500)
    assert page.locator("#library.open").count() == 0  # who closes it wants it closed


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
