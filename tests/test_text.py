from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcript_qa.text import keywords, normalise, sentences, stem, terms, terms_among

CORPUS = Path(__file__).parents[1] / "corpus"


@given(st.text())
def test_normalise_maps_every_folded_character_back(text: str) -> None:
    folded = normalise(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    assert folded.offsets[-1] == len(text)
    assert normalise(folded.text).text == folded.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It’s “fine”", 'it\'s "fine"'),
        ("a\u00a0b\n c", "A B C"),
        ("co\u00adoperate", "cooperate"),
        ("1990–2000", "1990-2000"),
        ("Cafe\u0301", "CAFÉ"),
    ],
    ids=["quotes", "blanks", "soft hyphen", "dash", "accents"],
)
def test_forms_of_the_same_words_are_equal(one: str, other: str) -> None:
    assert normalise(one).text == normalise(other).text


@given(st.text())
def test_sentences_are_in_order_apart_and_lose_only_blanks(text: str) -> None:
    end = 0
    for span in sentences(text):
        assert span.start >= end
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Voss paid $4.5 million. Good.", ["Mr. Voss paid $4.5 million.", "Good."]),
        ("We met at 5 p.m. on Friday. J. Smith came.", ["We met at 5 p.m. on Friday.", "J. Smith came."]),
        ("Well... maybe. “No!” he said.", ["Well... maybe.", "“No!”", "he said."]),
        ("First line\nof one.\n\nSecond", ["First line\nof one.", "Second"]),
        ("Item No. 5 passed. It was so no. Next", ["Item No. 5 passed.", "It was so no.", "Next"]),
    ],
    ids=["title and decimals", "time and initial", "ellipsis", "paragraphs", "number"],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


def test_terms_are_stemmed_and_leave_out_words_of_asking() -> None:
    assert terms("Who was mentioning the loans' rates?") == terms("mentioning loan rate")
    assert keywords("What did she say about it?") == ()


_WORDS = "The loans, LOAN board's 4.5 wasn’t Ferries dy,dying o'loan _loan 10:loan ,loan".split()
_SAID = st.text() | st.lists(st.sampled_from(_WORDS)).map(" ".join)


@given(_SAID, _SAID)
def test_terms_among_others_are_the_terms(text: str, asked: str) -> None:
    assert terms_among(set(terms(asked)), text) == set(terms(text)) & set(terms(asked))


def test_words_without_a_topic_are_not_among_the_terms() -> None:
    assert terms("telling") == ("tell",)
    assert terms_among({"tell"}, "Tell them, she told us.") == set()
    assert terms_among({"tell"}, "Telling them was hard.") == {"tell"}


def test_a_stem_is_the_beginning_of_its_word_but_for_two_letters() -> None:
    written = " ".join(path.read_text("utf-8") for path in sorted(CORPUS.glob("*.txt")))
    odd = ["dying", "lying", "skies", "ability", "possibilities", "youth", "hoping", "us's", "realization", "idly"]
    words = {*keywords(written), *odd}
    assert len(words) > 1000
    assert [word for word in words if not word.startswith(stem(word)[: max(1, len(stem(word)) - 2)])] == []


def test_threads_may_stem_at_the_same_time() -> None:
    words = [
        f"{begin}{end}" for begin in ("keep", "hous", "brand", "sleev", "ferri") for end in ("ing", "es", "ed", "s")
    ]
    words = [f"{word}{chr(97 + n % 26)}ings" for n, word in enumerate(words * 60)]
    expected = [stem.__wrapped__(word) for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: [stem.__wrapped__(word) for word in words], range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [expected] * 4
