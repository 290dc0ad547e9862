from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from browsing import WordReader
from transcript_qa import Answer, AnswerDone, AnswerDraft, AnswerText, PastAnswer, TranscriptQA
from transcript_qa.datatypes import Hit, Transcript
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import GeneratorError
from transcript_qa.reading.features import candidates
from transcript_qa.reading.reader import Reading, ReadSentence
from transcript_qa.render import answer_json, answer_markdown, answer_plain
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.text import terms
from transcript_qa.web.chat import Chat
from transcript_qa.wording.generate import Message, ScriptedGenerator
from transcript_qa.wording.prompts import Task, prompt_tokens, task_of

BUDGET = """Budget hearing
March 19, 2024

Mira Voss: Good morning. The harbour loan is 240 million crowns. The harbour loan runs for twelve years.

Tomas Reed: The harbour loan was late. I never signed the harbour loan.

Mira Voss: Thank you. We close at five.
"""
LONG = "Long meeting\n\n" + "\n\n".join(
    f"{name}: Item {n} about the harbour cost {n * 3 + 100} crowns and nobody objected to it at all in that session."
    for n in range(120)
    for name in ("Ines Dahl",)
)
QUESTION = "harbour loan"
GOOD = "The harbour loan is 240 million crowns, said Mira Voss [{loan}]."
BAD = "The harbour loan is 250 million crowns [{loan}]."


class RankingReader(WordReader):
    """As sure as `WordReader`, and knows of every sentence, those with most words of the question first."""

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
        sure = super().read(question, hits, transcripts, speakers=speakers, on_a_topic=on_a_topic, before=before)
        asked = set(terms(question))
        found = [(len(asked & set(terms(c.text))), c) for c in candidates(hits, transcripts)]
        rest = [ReadSentence(candidate=c, score=n / 100) for n, c in sorted(found, key=lambda pair: -pair[0])]
        known = {(s.candidate.transcript.id, s.candidate.span) for s in sure.sentences}
        more = [s for s in rest if (s.candidate.transcript.id, s.candidate.span) not in known]
        return Reading(sentences=(*sure.sentences, *more), confidence=sure.confidence - 0.05, hits=sure.hits)


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TranscriptQA]:
    folder = tmp_path_factory.mktemp("wording")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    (folder / "corpus" / "long.txt").write_text(LONG, "utf-8")
    embedder = HashingEmbedder()
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=embedder).close()
    info = EmbedderInfo.of(embedder)
    with TranscriptQA(LocalStore.open(folder / "index", embedder=info), embedder, reader=RankingReader()) as opened:
        yield opened


SAID = {"loan": "loan is 240", "years": "loan runs", "late": "was late", "signed": "never signed"}


class Filling(ScriptedGenerator):
    """Puts the numbers that the prompt gives into its replies."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        whole = "".join(super().stream(messages, max_tokens=max_tokens))
        prompt = messages[1].content
        ids = {name: re.search(rf"^\[(\d+)\].*{said}", prompt, re.MULTILINE) for name, said in SAID.items()}
        for name, found in ids.items():
            whole = whole.replace(f"{{{name}}}", found[1] if found else "0")
        for at in range(0, len(whole), 5):
            yield whole[at : at + 5]


def word(
    qa: TranscriptQA, *replies: str | GeneratorError, question: str = QUESTION, strict: bool = False
) -> tuple[Answer, ScriptedGenerator]:
    generator = Filling(replies)
    qa.word_with(generator, strict=strict)
    answer = qa.ask(question)
    qa.word_with(None)
    return answer, generator


def test_a_worded_answer_has_markers_citations_and_says_who_worded_it(qa: TranscriptQA) -> None:
    plain = qa.ask(QUESTION)
    answer, generator = word(qa, "It runs for twelve years [{years}]. " + GOOD)
    assert answer.text == "It runs for twelve years [1]. The harbour loan is 240 million crowns, said Mira Voss [2]."
    assert [c.quote for c in answer.citations] == [
        "The harbour loan runs for twelve years.", "The harbour loan is 240 million crowns."
    ]  # fmt: skip
    assert (answer.worded_by, answer.n_marked, answer.n_dropped) == ("scripted", 0, 0)
    assert (answer.hits, answer.confidence) == (plain.hits, plain.confidence)
    prompt = generator.seen[0][1].content
    assert "\nTranscript: Budget hearing, 2024-03-19\n[1] Mira Voss: " in prompt
    assert re.search(r"\n\[\d\] Mira Voss: The harbour loan is 240 million crowns\.\n", prompt)
    shown = answer_plain(answer)
    assert "Worded by scripted" in shown
    assert "“The harbour loan runs for twelve years.”" in shown
    assert "“The harbour loan runs for twelve years.”" in answer_markdown(answer)
    assert answer_json(answer)["worded_by"] == "scripted"


def test_what_is_not_borne_out_is_marked_or_with_strict_left_out(qa: TranscriptQA) -> None:
    answer, _ = word(qa, f"{BAD} {GOOD}")
    assert "250 million crowns [1]. \u26a0 (a number that is not in what it cites: 250 million)" in answer.text
    assert (answer.n_marked, answer.n_dropped) == (1, 0)
    assert "Marked as not borne out: 1." in answer.note
    answer, _ = word(qa, f"{BAD} {GOOD}", strict=True)
    assert "250" not in answer.text
    assert (answer.n_marked, answer.n_dropped) == (0, 1)
    assert "Left out as not borne out: 1." in answer.note


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "it wrote nothing"),
        ("The loan is fine. Everybody is glad.", "none of its 2 sentences was borne out"),
        (BAD, "none of its 1 sentences was borne out"),
        ("The transcripts do not say.", "it found no answer"),
        (GeneratorError("http://here", "the server answers 500"), "the server answers 500"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_where_the_model_fails_the_transcripts_own_words_are_shown(
    qa: TranscriptQA, reply: str | GeneratorError, why: str, strict: bool
) -> None:
    plain = qa.ask(QUESTION)
    answer, _ = word(qa, reply, strict=strict)
    assert (answer.text, answer.citations, answer.answered) == (plain.text, plain.citations, True)
    assert answer.worded_by is None
    assert why in answer.note
    assert "own words" in answer.note


def test_an_error_of_our_own_loses_no_answer(qa: TranscriptQA) -> None:
    class Wrong(ScriptedGenerator):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
            raise ZeroDivisionError

    plain = qa.ask(QUESTION)
    qa.word_with(Wrong(["-"]))
    answer = qa.ask(QUESTION)
    qa.word_with(None)
    assert (answer.text, answer.citations) == (plain.text, plain.citations)
    assert "could not be read" in answer.note


def test_the_chat_shows_drafts_apart_then_links_and_the_note(qa: TranscriptQA) -> None:
    warming: Future[None] = Future()
    warming.set_result(None)
    qa.word_with(Filling([f"{GOOD} {BAD}"]))
    steps = list(Chat(qa, uploads=None, warming=warming).ask(QUESTION, [], None, [], [], ""))
    qa.word_with(None)
    shown = [step[0][-1]["content"] for step in steps]
    assert any(text == "*The h* …" for text in shown)
    assert any(text.startswith("The harbour loan is 240 million crowns, said Mira Voss \\[1\\]. *") for text in shown)
    assert "said Mira Voss [1]." in shown[-1]
    assert "[1]: /t/budget" in shown[-1]
    assert "*Worded by scripted, each sentence checked against what it cites." in shown[-1]
    assert "\u26a0" in shown[-1]


def test_a_reply_that_breaks_off_keeps_what_is_checked_and_adds_the_quotations(qa: TranscriptQA) -> None:
    class Breaking(Filling):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
            yield from super().stream(messages, max_tokens=max_tokens)
            raise GeneratorError("http://here", "no answer within 20 s")

    plain = qa.ask(QUESTION)
    qa.word_with(Breaking([GOOD + " And then the"]))
    *pieces, done = qa.stream(QUESTION)
    qa.word_with(None)
    assert isinstance(done, AnswerDone)
    answer = done.answer
    assert answer.text.startswith("The harbour loan is 240 million crowns, said Mira Voss [1].\n\nMira Voss: “")
    assert {c.quote for c in answer.citations} == {c.quote for c in plain.citations}
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert "no answer within 20 s" in answer.note
    assert "".join(piece.text for piece in pieces if isinstance(piece, AnswerText)) == answer.text


def test_the_pieces_of_a_stream_are_the_text_and_drafts_come_before_them(qa: TranscriptQA) -> None:
    qa.word_with(Filling([f'{GOOD} Reed said "never" [{{signed}}]. {BAD}']))
    events = list(qa.stream(QUESTION))
    qa.word_with(None)
    done = events[-1]
    assert isinstance(done, AnswerDone)
    assert "".join(event.text for event in events if isinstance(event, AnswerText)) == done.answer.text
    kinds = [type(event) for event in events]
    assert kinds.index(AnswerDraft) < kinds.index(AnswerText)
    drafts = [event.text for event in events if isinstance(event, AnswerDraft)]
    assert drafts[0] == "The h"
    assert not any(re.search(r"[\[\]\"“<]", draft) for draft in drafts)
    assert done.answer.timings_ms["check"] < done.answer.timings_ms["words"]


def test_no_model_is_asked_where_nothing_is_found_or_mentions_are_counted(qa: TranscriptQA) -> None:
    answer, generator = word(qa, GOOD, question="zebra crossing")
    assert not answer.answered
    assert generator.seen == []
    answer, generator = word(qa, GOOD, question="How often was the harbour loan mentioned?")
    assert "is mentioned 4 times" in answer.text
    assert generator.seen == []
    qa.word_with(generator)
    assert qa.ask(QUESTION, worded=False).worded_by is None
    qa.word_with(None)
    assert generator.seen == []


def test_quotations_come_from_the_store_and_say_whose_they_are(qa: TranscriptQA) -> None:
    answer, _ = word(qa, "Somebody denies it: <quote {signed}>. Tomas Reed adds <quote {late}>.")
    assert answer.text == (
        "Somebody denies it: “I never signed the harbour loan.” (Tomas Reed) [1]. "
        "Tomas Reed adds “The harbour loan was late.” [2]."
    )


def test_a_quotation_of_the_model_stands_only_where_it_was_said(qa: TranscriptQA) -> None:
    answer, _ = word(
        qa, GOOD + ' Reed said that it "was late" [{late}]. Reed said that it "was far too late" [{late}].'
    )
    assert "“" not in answer.text
    assert '"was late"' in answer.text
    assert "far too late" not in answer.text
    assert answer.n_dropped == 1


def test_he_behind_a_sentence_that_was_left_out_gets_a_name(qa: TranscriptQA) -> None:
    answer, _ = word(qa, GOOD + " Mira Voss said that it was late [{late}]. He never signed it [{signed}].")
    assert answer.text.endswith("[1]. Tomas Reed never signed it [2].")
    assert answer.n_dropped == 1
    answer, _ = word(qa, GOOD + " He said that it was late [{late}].")
    assert answer.text.endswith("[1]. Tomas Reed said that it was late [2].")


def test_lists_and_comparisons_keep_their_lines(qa: TranscriptQA) -> None:
    reply = (
        "Here are the points:\n- The harbour loan is 240 million crowns [{loan}]\n- It was late in 1950 [{late}]\n"
        "- It was late [{late}]"
    )
    answer, generator = word(qa, reply, question="All loans of the harbour", strict=True)
    assert answer.text == "Here are the points:\n- The harbour loan is 240 million crowns [1]\n- It was late [2]"
    answer, generator = word(qa, "- " + GOOD, question="both harbour and loan")
    assert "Compare" in generator.seen[0][1].content


def test_thoughts_and_headings_are_not_shown(qa: TranscriptQA) -> None:
    answer, _ = word(qa, "<think>250 million? [9]</think># Answer\n\n**" + GOOD + "**")
    assert answer.text == "The harbour loan is 240 million crowns, said Mira Voss [1]."
    assert answer.n_dropped == 0


def test_a_server_that_knows_no_end_is_stopped(qa: TranscriptQA) -> None:
    answer, _ = word(qa, GOOD + " blah" * 50_000)
    assert answer.text.startswith("The harbour loan is 240 million")
    assert len(answer.text) < 200


def test_a_long_transcript_is_summarised_in_parts(qa: TranscriptQA) -> None:
    class Summarising(ScriptedGenerator):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
            self.seen.append(tuple(messages))
            lines = re.findall(
                r"^\[(\d+)\] .*?: (Item \d+) about the harbour (cost \d+ crowns)", messages[1].content, re.M
            )
            if "<notes>" in messages[1].content:
                notes = re.findall(r"^- (Item .*) \[(\d+)\]$", messages[1].content, re.M)
                yield " ".join(f"{said} [{id_}]." for said, id_ in notes)
            else:
                (first, item, cost), (second, other, _) = lines[:2]
                yield f"- {item} {cost} [{first}].\n- {other} cost 7 crowns [{second}].\n"

    generator = Summarising(["-"], context_tokens=2048)
    qa.word_with(generator)
    answer = qa.ask("Summarise the long meeting", transcripts=["long"])
    qa.word_with(None)
    parts = [seen for seen in generator.seen if "<notes>" not in seen[1].content]
    assert len(parts) >= 2
    assert len(generator.seen) == len(parts) + 1
    assert all(prompt_tokens(seen) < 2048 for seen in generator.seen)
    assert answer.answered
    assert len(answer.citations) == len(parts)
    assert "cost 7 crowns" not in answer.text
    assert answer.worded_by == "scripted"


def test_parts_are_shown_where_joining_them_fails(qa: TranscriptQA) -> None:
    class Failing(ScriptedGenerator):
        def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
            if "<notes>" in messages[1].content:
                yield "Nonsense."
                return
            id_, item, cost = re.findall(
                r"^\[(\d+)\] .*?: (Item \d+) about the harbour (cost \d+ crowns)", messages[1].content, re.M
            )[0]
            yield f"- {item} {cost} [{id_}].\n"

    qa.word_with(Failing(["-"], context_tokens=2048))
    answer = qa.ask("Summarise the long meeting", transcripts=["long"])
    qa.word_with(None)
    assert re.match(r"- Item \d+ cost \d+ crowns \[1\]\.\n- Item", answer.text)


@pytest.mark.parametrize(
    ("question", "task"),
    [
        ("what loan was mentioned", Task.ANSWER),
        ("When does it open?", Task.ANSWER),
        ("Give me a summary of the hearing", Task.SUMMARY),
        ("What was the meeting about?", Task.SUMMARY),
        ("key takeaways", Task.SUMMARY),
        ("What are the differences between Voss and Reed on the loan?", Task.COMPARISON),
        ("Compare both offers", Task.COMPARISON),
        ("List the complaints", Task.LIST),
        ("Which reasons were given?", Task.LIST),
    ],
)
def test_the_task_is_read_off_the_question(question: str, task: Task) -> None:
    assert task_of(question) is task


def test_the_readme_names_every_option(qa: TranscriptQA) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for option in ("--llm-url", "--llm-model", "--llm-key-file", "--strict", "--mcp", "TRANSCRIPT_QA_LLM_KEY"):
        assert option in readme
