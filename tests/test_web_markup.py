"""The web chat's pure functions: whatever a stranger wrote is shown, and does nothing else."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from transcript_qa.datatypes import (
    Answer,
    Citation,
    Hit,
    ImportReport,
    Passage,
    Skipped,
    Span,
    Speaker,
    Support,
    Transcript,
    Turn,
    Why,
)
from transcript_qa.formats import parse_transcript
from transcript_qa.web import cards, panels, reading
from transcript_qa.web.markup import chat_markdown, citation_label, literal, marked_html, with_markers
from transcript_qa.web.places import Place, citation_path, parse_place, parse_span, place_path
from transcript_qa.web.uploads import safe_name

HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "![x](http://evil.example/p.png)",
    "[x](http://evil.example)",
    "[1]: http://evil.example",
    "[1](http://evil.example)",
    "wow![1]",
    "<http://evil.example> www.evil.example me@evil.example",
    "javascript:alert(1)",
    "${document.body.remove()} \\u {{this}} `code` ```",
    '"><svg onload=alert(1)>',
    "# heading\n- item\n1. one\n===\n| a |\n|---|",
    "> quote\n\n    code\n~~~\nfence",
    "&lt;b&gt; &#60;b&#62;",
    "\ufdd01\ufdd1 \x00 \u2028[1]: http://evil.example",
)
PIECES = (*HOSTILE, "[1]", "[2]", "!", "(", ":", "\\", "\n", " ", "word", "http://", "[", "“", "”")
texts = st.one_of(
    st.sampled_from(HOSTILE), st.lists(st.sampled_from(PIECES)).map("".join), st.text(max_size=60)
)  # fmt: skip
PAGE_SCRIPT = '<script src="/tq/turns.js" defer></script>'
renderer = MarkdownIt("commonmark").enable("table").enable("strikethrough")


class Elements(HTMLParser):
    """The elements, attributes and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def transcript_of(words: str, *, name: str = "Ada", title: str = "A title", skipped: str = "") -> Transcript:
    speaker = Speaker(label=name, name=name, role=title)
    text = f"{name}: {words}"
    start = len(name) + 2
    turn = Turn(index=0, speaker=speaker, span=Span(start=start, end=len(text)), start_s=61.0, address=title)
    gone = (Skipped(first_line=1, last_line=2, reason=skipped, text=skipped),) if skipped else ()
    return Transcript(
        id="talk", title=title, date=date(2024, 3, 9), place=title, source=f"/x/{title}", text=text, turns=(turn,),
        skipped=gone, media_url=title,
    )  # fmt: skip


def answer_of(transcript: Transcript, *, question: str = "what", text: str | None = None) -> Answer:
    turn = transcript.turns[0]
    quote = turn.span.of(transcript.text)
    cited = Citation(
        marker=1, transcript_id=transcript.id, title=transcript.title, source=transcript.source, turn=0,
        speaker=turn.speaker, start_s=None, address=turn.address, span=turn.span, quote=quote, support=Support.EXACT,
    )  # fmt: skip
    shown = " ".join(quote.split())
    return Answer(
        question=question, asked_as=question, text=f"Ada: “{shown}” [1]" if text is None else text, citations=(cited,),
        hits=(hit_of(transcript),), answered=True, confidence=0.9,
    )  # fmt: skip


def hit_of(transcript: Transcript) -> Hit:
    passage = Passage(
        id="talk:0-0", transcript_id="talk", span=Span(start=0, end=len(transcript.text)), turns=(0, 0),
        speakers=(transcript.turns[0].speaker.label,), text=transcript.text,
    )  # fmt: skip
    return Hit(passage=passage, title=transcript.title, score=1.0, rank=1, why=Why())


def not_said(transcript: Transcript) -> Answer:
    return Answer(
        question="what", asked_as="what", text="The transcripts don't say.", citations=(), hits=(hit_of(transcript),),
        answered=False, confidence=0.1,
    )  # fmt: skip


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).tags:
        assert tag not in {"script", "img", "iframe", "form", "input", "style", "object", "base"}
        if attributes.get("class") == "tq-play" and re.match(r"https?://", attributes["href"], re.IGNORECASE):
            # A title that is an address is that of the recording too; its link is one of ours.
            assert attributes["rel"] == "noopener noreferrer"
            continue
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            assert (attributes.get(name) or "/t/").startswith(("/t/", "/tq/", "#turn-")) or (
                attributes[name] in ("/", "/library")
            )


@given(texts)
@settings(max_examples=300, deadline=None)
def test_literal_shows_every_character_and_makes_no_markup(text: str) -> None:
    seen = Elements(renderer.render(literal(text)))
    assert {tag for tag, _ in seen.tags} <= {"p", "br"}
    shown = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef]", "\ufffd", text)
    assert squeezed("".join(seen.words)) == squeezed(shown)


@pytest.mark.parametrize(
    "text", ["http://a.b", "HTTPS://a.b", "mailto:x", "www.evil.example", "a@b.example", "ftp://x"]
)
def test_literal_leaves_nothing_that_a_renderer_takes_for_an_address(text: str) -> None:
    escaped = literal(text)
    assert not re.search(r"(?i)(https?|ftp|mailto):|www\.|[^\\]@", escaped)


def test_literal_leaves_plain_words_alone() -> None:
    plain = "Mr. Toreth's loan (240 million, 11.4%): yes; it's “done” - at last!"
    assert literal(plain) == plain


@given(texts)
@settings(max_examples=300, deadline=None)
def test_the_only_links_of_an_answer_are_its_citations(words: str) -> None:
    answer = answer_of(transcript_of(words or "x"))
    seen = Elements(renderer.render(chat_markdown(answer)))
    assert {tag for tag, _ in seen.tags} <= {"p", "br", "a"}
    links = [attributes["href"] for tag, attributes in seen.tags if tag == "a"]
    assert links == [citation_path(answer.citations[0])]


@given(texts)
@settings(max_examples=300, deadline=None)
def test_a_text_that_no_reader_made_gets_links_to_citations_only(text: str) -> None:
    answer = answer_of(transcript_of("the words"), text=text)
    seen = Elements(renderer.render(chat_markdown(answer)))
    assert {tag for tag, _ in seen.tags} <= {"p", "br", "a"}
    assert {a["href"] for tag, a in seen.tags if tag == "a"} <= {citation_path(answer.citations[0])}


def test_a_marker_stays_a_marker_and_only_with_its_citation() -> None:
    answer = answer_of(transcript_of("as I said [1], see [2]"))
    body = with_markers(answer.text, answer.citations)
    assert body.endswith("[1]")
    assert "\\[1\\]" in body
    assert "\\[2\\]" in body
    assert with_markers("one [1][1] two [9]", answer.citations) == "one [1]\u200a[1] two \\[9\\]"
    assert with_markers("now![1](http://x)", answer.citations) == "now\\![1]\\(http\\://x)"


@given(texts, texts)
@settings(max_examples=150, deadline=None)
def test_a_tooltip_cannot_leave_its_link(name: str, title: str) -> None:
    answer = answer_of(transcript_of("the words", name=name, title=title))
    last = chat_markdown(answer).split("\n")[-1]
    assert re.fullmatch(r'\[1\]: /t/talk\?q=\d+-\d+#turn-0 "[^"\\<>]*"', last)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_not_said_is_a_block_quotation_with_links_to_passages(title: str) -> None:
    html = renderer.render(chat_markdown(not_said(transcript_of("the words", title=title))))
    assert html.startswith("<blockquote>")
    assert_harmless(html)
    assert "<strong>The transcripts don't say.</strong>" in html


@given(texts, texts, texts)
@settings(max_examples=150, deadline=None)
def test_panels_and_pages_hold_no_markup_but_their_own(words: str, name: str, title: str) -> None:
    transcript = transcript_of(words or "x", name=name, title=title, skipped=title)
    known = {"talk": transcript}
    report = ImportReport(transcript=transcript, format=title, confidence=1.0, encoding="utf-8", warnings=(words,))
    for html in (
        cards.sources_html(answer_of(transcript, question=words), known),
        cards.sources_html(not_said(transcript), known),
        reading.viewer_html(transcript, turn=0, mark=transcript.turns[0].span, nonce=title),
        reading.page_html(transcript, mark=Span(start=0, end=9)).replace(PAGE_SCRIPT, ""),
        reading.notice_html(title, words, nonce="0"),
        reading.missing_html(words),
        panels.error_html(name, words),
        panels.imported_html(name, report),
        panels.progress_html(name, 0.5),
    ):
        assert_harmless(html)


@given(st.text(max_size=40), st.integers(0, 50), st.integers(0, 50), st.integers(0, 20))
def test_marking_changes_no_words(text: str, one: int, other: int, offset: int) -> None:
    mark = Span(start=min(one, other), end=max(one, other))
    html = marked_html(text, offset, mark)
    shown = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef]", "\ufffd", text)
    assert squeezed("".join(Elements(html).words)) == squeezed(shown)


def test_the_marked_words_are_those_of_the_span() -> None:
    assert marked_html("abc <def> ghi", 100, Span(start=104, end=109)) == "abc <mark>&lt;def&gt;</mark> ghi"
    assert marked_html("abc", 100, Span(start=0, end=50)) == "abc"


def test_a_card_says_who_when_and_where_and_marks_the_quote() -> None:
    data = b"Ada Long: Good day to all of you. The loan was large. It is repaid.\n\nBen Short: I see.\n"
    transcript = parse_transcript(data, source="talk.txt").transcript
    turn = transcript.turns[0]
    start = transcript.text.index("The loan")
    answer = answer_of(transcript)
    quote = "The loan was large."
    cited = Citation(
        marker=1, transcript_id="talk", title="Talk", source="talk.txt", date=date(2024, 3, 9), turn=0,
        speaker=turn.speaker, address="line 1", span=Span(start=start, end=start + len(quote)), quote=quote,
        support=Support.EXACT,
    )  # fmt: skip
    html = cards.sources_html(
        Answer(
            question="loan", asked_as="loan", text="x [1]", citations=(cited,), hits=answer.hits, answered=True,
            confidence=0.9,
        ),
        {"talk": transcript},
    )  # fmt: skip
    assert f"<mark>{quote}</mark> It is repaid." in html
    for part in ("Ada Long", "line 1", "Talk", "9 March 2024", "sure", f"/t/talk?q={start}-{start + 19}#turn-0"):
        assert part in html
    assert "Also found" not in html  # the one hit holds the citation
    assert "line 1" in citation_label(cited)


@given(st.text(min_size=1, max_size=40), st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_a_path_leads_back_to_its_place(transcript_id: str, turn: int, start: int, length: int) -> None:
    try:
        transcript_id.encode()
    except UnicodeEncodeError:
        return
    span = Span(start=start, end=start + length)
    assert parse_place(place_path(transcript_id, turn, span)) == Place(
        transcript_id=transcript_id, turn=turn, span=span
    )


@pytest.mark.parametrize("path", [None, 7, "", "/t/", "/t/a/b", "http://x/t/a", "//x/t/a", "/t/a#turn-x", "/t/a?q=1"])
def test_other_paths_lead_nowhere(path: object) -> None:
    assert parse_place(path) is None
    assert parse_span(path) is None


@given(st.text(max_size=300))
def test_a_safe_name_is_one_plain_name(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 130
    assert not set(safe) & set('/\\:*?"<>|\x00\n')
    assert not safe.startswith(".")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\talk.vtt", "talk.vtt"),
        ("CON.txt", "_CON.txt"),
        (".env", "env"),
        ("", "transcript"),
    ],
)  # fmt: skip
def test_safe_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe
