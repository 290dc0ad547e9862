from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from transcript_qa.chunk import embedding_text, label_start, split_passages
from transcript_qa.datatypes import Passage, Span, Speaker, Transcript, Turn
from transcript_qa.embed import SentenceTransformerEmbedder

LABELS = st.sampled_from(["Mira Voss", "Tomas Ekberg", "Q", ""])
WORDS = st.lists(
    st.sampled_from("loan harbour Friday rate? yes. Really? [crosstalk] four-and-a-half ok".split()), max_size=90
)


def transcript_of(turns: list[tuple[str, str]], *, title: str = "Harbour review") -> Transcript:
    text, made = "", []
    for index, (label, words) in enumerate(turns):
        text += "\n\n" if text else ""
        text += f"{label}: " if label else ""
        span = Span(start=len(text), end=len(text) + len(words))
        text += words
        made.append(Turn(index=index, speaker=Speaker(label=label), span=span))
    return Transcript(id="t", title=title, source="t.txt", text=text, turns=tuple(made))


def count(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def split(turns: list[tuple[str, str]], budget: int = 40) -> tuple[Transcript, list[Passage]]:
    transcript = transcript_of(turns)
    return transcript, split_passages(transcript, count_tokens=count, budget_tokens=budget)


@given(st.lists(st.tuples(LABELS, WORDS.map(" ".join)), max_size=25), st.integers(24, 80))
@settings(max_examples=150, deadline=None)
def test_passages_give_their_text_cover_every_turn_and_fit_the_budget(
    turns: list[tuple[str, str]], budget: int
) -> None:
    transcript, passages = split(turns, budget)
    covered = set()
    for passage in passages:
        assert passage.span.of(transcript.text) == passage.text
        assert count([embedding_text(transcript, passage)])[0] <= budget
        covered.update(range(passage.span.start, passage.span.end))
    for turn in transcript.turns:
        assert all(at in covered for at in range(turn.span.start, turn.span.end) if not transcript.text[at].isspace())
    assert len({passage.id for passage in passages}) == len(passages)
    assert [p.span.start for p in passages] == sorted(p.span.start for p in passages)


def test_short_turns_are_packed_and_labels_stay_with_their_words() -> None:
    transcript, passages = split([("Mira Voss", "We closed it."), ("Tomas Ekberg", "Right."), ("Mira Voss", "Friday.")])
    assert [p.turns for p in passages] == [(0, 2)]
    assert passages[0].text == transcript.text
    assert passages[0].speakers == ("Mira Voss", "Tomas Ekberg")


def test_a_question_goes_with_its_reply() -> None:
    filler = " ".join(["word"] * 26)
    _, passages = split([("A", filler), ("B", "At what rate?"), ("A", "Four and a half, fixed for the term.")])
    assert [p.turns for p in passages] == [(0, 0), (1, 2)]


def test_a_long_turn_is_split_between_sentences_and_its_tail_names_the_speaker() -> None:
    sentence = "The harbour board met on Friday and closed the loan at last. "
    transcript, passages = split([("Mira Voss", sentence * 12)])
    assert len(passages) > 2
    assert [p.id for p in passages[:2]] == ["t:0-0.0", "t:0-0.1"]
    assert all(p.text.rstrip().endswith("last.") for p in passages)
    assert "Mira Voss: The harbour" in embedding_text(transcript, passages[1])


def test_a_sentence_without_end_is_split_between_words() -> None:
    _, passages = split([("A", " ".join(f"word{n}" for n in range(300)))])
    assert all(len(p.text.split()) <= 40 for p in passages)


def test_bracketed_notes_are_not_embedded_but_stay_in_the_text() -> None:
    transcript, passages = split([("A", "We signed [crosstalk] on Friday. (Applause)")])
    assert "[crosstalk]" in passages[0].text
    assert "crosstalk" not in embedding_text(transcript, passages[0])
    assert "Applause" not in embedding_text(transcript, passages[0])


def test_a_title_made_from_the_file_name_is_not_embedded() -> None:
    named = transcript_of([("A", "Yes.")])
    unnamed = transcript_of([("A", "Yes.")], title="T")
    passage = split_passages(named, count_tokens=count, budget_tokens=40)[0]
    assert embedding_text(named, passage).startswith("Harbour review\n")
    assert embedding_text(unnamed, passage) == "A: Yes."


def test_label_start_of_a_turn_without_label_is_its_first_word() -> None:
    transcript = transcript_of([("A", "One."), ("", "Two.")])
    assert label_start(transcript, 1) == transcript.turns[1].span.start


@given(st.lists(st.tuples(LABELS, st.text(max_size=400)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_bundled_model_truncates_no_passage(model_turns: list[tuple[str, str]]) -> None:
    embedder = SentenceTransformerEmbedder()
    transcript = transcript_of(model_turns)
    passages = split_passages(transcript, count_tokens=embedder.count_tokens, budget_tokens=64)
    lengths = embedder.count_tokens([embedding_text(transcript, passage) for passage in passages])
    assert max(lengths, default=0) <= embedder.max_tokens
