"""A question in a conversation, from the words of a person to the answer: filters, follow-ups, forms."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from transcript_qa import Answer, Hit, PastAnswer, PastQuote, Transcript, TranscriptQA, cli
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.forms import MAX_PLACES
from transcript_qa.questions.keys import key_of
from transcript_qa.reading.features import candidates
from transcript_qa.reading.reader import Reading, ReadSentence
from transcript_qa.render import answer_json, answer_markdown, answer_plain
from transcript_qa.store import LocalStore
from transcript_qa.text import terms
from transcript_qa.web.cards import sources_html
from transcript_qa.web.chat import Chat
from transcript_qa.web.conversation import Conversation
from transcript_qa.web.markup import chat_markdown
from transcript_qa.web.server import create_app

COUNCIL = """Council meeting
March 19, 2024

Mira Voss: The bank approved a loan of 240 million crowns. The rate of the loan is 3.1 percent.

Tomas Reed: The bridge opens on June 4. I doubt the loan.

Mira Voss: Parking costs two crowns an hour.

Tomas Reed: Parking is a nuisance. A ferry is cheaper.
"""
LATER = """Council meeting, continued
May 2, 2025

Ines Dahl: The loan was paid out. Parking is free now.

Speaker 1: Parking was never free.
"""
LAST = "\n\n".join(f"{name}: Lantern number {n} was lit." for n in range(30) for name in ("Olga Berg", "Per Holm"))


class TopicReader:
    """Takes the sentences with every content word of the question, but for their speaker's name, for its answer."""

    threshold = 0.1

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
        found = [c for c in candidates(hits, transcripts) if asked <= set(terms(f"{c.turn.speaker.display} {c.text}"))]
        found = [c for c in found if speakers is None or (c.transcript.id, c.turn.speaker.label) in speakers]
        sentences = tuple(ReadSentence(candidate=c, score=1.0) for c in found)
        return Reading(sentences=sentences, confidence=0.9 if found else 0.05, hits=tuple(hits))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asking")
    for name, text in (("one", COUNCIL), ("two", LATER), ("lanterns", f"Lanterns\nJune 1, 2025\n\n{LAST}\n")):
        (folder / f"{name}.txt").write_text(text, "utf-8")
    files = [folder / f"{name}.txt" for name in ("one", "two", "lanterns")]
    TranscriptQA.build(files, index=folder / "index", embedder=HashingEmbedder()).close()
    return folder / "index"


@pytest.fixture(scope="module")
def qa(index: Path) -> Iterator[TranscriptQA]:
    embedder = HashingEmbedder()
    with TranscriptQA(LocalStore.open(index), embedder, reader=TopicReader()) as opened:
        yield opened


def speakers(answer: Answer) -> set[str]:
    return {citation.speaker.display for citation in answer.citations}


class TestFilters:
    """What the question implies is kept to, shown, and can be taken away."""

    def test_only_the_speaker_of_the_question_answers(self, qa: TranscriptQA) -> None:
        assert speakers(qa.ask("who spoke of parking")) >= {"Mira Voss", "Tomas Reed"}
        answer = qa.ask("What did Reed say about parking?")
        assert speakers(answer) == {"Tomas Reed"}
        assert answer.filters.speakers == ("Tomas Reed",)
        assert answer_json(answer)["filters"]["implied"] == [
            {
                "key": "speaker:Tomas Reed",
                "kind": "speaker",
                "values": ["Tomas Reed"],
                "label": "Tomas Reed",
                "words": "Reed",
                "strict": True,
            }
        ]
        assert "Taken from the question: only what Tomas Reed says" in answer_plain(answer)
        assert "Tomas Reed" in answer_markdown(answer)

    def test_nobody_answers_for_somebody_else(self, qa: TranscriptQA) -> None:
        answer = qa.ask("What did Dahl say about the bridge?")
        assert (answer.answered, answer.citations) == (False, ())
        assert answer.text == "Ines Dahl doesn't say so in the transcripts."
        assert answer.hits
        assert any("Ines Dahl" in hit.passage.speakers for hit in answer.hits)
        freed = qa.ask("What did Dahl say about the bridge?", implied=False)
        assert freed.filters.implied == ()
        assert not freed.filters

    def test_each_can_be_left_out_by_its_key_or_kind(self, qa: TranscriptQA) -> None:
        question = "what did Voss say about parking in March 2024"
        both = qa.ask(question).filters
        assert [implied.key for implied in both.implied] == ["date:March 2024", "speaker:Mira Voss"]
        assert (str(both.after), str(both.before)) == ("2024-03-01", "2024-03-31")
        one = qa.ask(question, implied={"date:March 2024"}).filters
        assert (one.speakers, one.after) == (("Mira Voss",), None)
        assert qa.ask(question, implied={"speaker"}).filters.speakers == ()
        with pytest.raises(InvalidArgumentError, match="set"):
            qa.ask(question, implied="speaker")

    def test_a_preference_leaves_all_in_and_its_passages_first(self, qa: TranscriptQA) -> None:
        answer = qa.ask("What did Dahl suggest about parking?", k=2)
        assert [implied.strict for implied in answer.filters.implied] == [False]
        assert answer.filters.speakers == ()
        assert "Ines Dahl" in answer.hits[0].passage.speakers
        assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
        scores = [hit.score for hit in answer.hits]
        assert scores == sorted(scores, reverse=True)

    def test_what_the_person_gives_is_not_overruled(self, qa: TranscriptQA) -> None:
        answer = qa.ask("What did Reed say about parking?", speakers=["Mira Voss"])
        assert (answer.filters.speakers, answer.filters.implied) == (("Mira Voss",), ())


class TestFollowUps:
    """Asked on from answers, pairs, and what a program kept."""

    def test_from_answers(self, qa: TranscriptQA) -> None:
        first = qa.ask("what loan was approved")
        answer = qa.ask("and the rate?", history=[first])
        assert answer.question == "and the rate?"
        assert answer.asked_as == "what is the rate of the loan?"
        assert answer.citations[0].quote == "The rate of the loan is 3.1 percent."
        assert "Asked as: what is the rate of the loan?" in answer_plain(answer)
        second = qa.ask("what did Reed say about it?", history=[first, answer])
        assert second.filters.speakers == ("Tomas Reed",)

    def test_from_pairs_and_from_kept_ones(self, qa: TranscriptQA) -> None:
        first = qa.ask("what loan was approved")
        pair = qa.ask("what else did she say?", history=[(first.question, first.text)])
        assert pair.asked_as == "what else did Mira Voss say about the loan?"
        kept = PastAnswer(
            question=first.question, quotes=(PastQuote(quote=first.citations[0].quote, speaker="Mira Voss"),)
        )
        assert qa.ask("what else did she say?", history=[kept]).asked_as == pair.asked_as

    def test_the_one_who_replied_is_the_one_who_spoke_next(self, qa: TranscriptQA) -> None:
        first = qa.ask("what loan was approved")
        assert qa.ask("what did he say to that?", history=[first]).asked_as == "what did Tomas Reed say about the loan?"

    def test_what_was_cited_is_read_again(self, qa: TranscriptQA) -> None:
        quote = PastQuote(quote="Lantern number 7 was lit.", transcript_id="lanterns", turn=14)
        past = [PastAnswer(question="what loan was approved", quotes=(quote,))]
        answer = qa.ask("who provided it?", k=1, history=past)
        assert [hit.passage.transcript_id for hit in answer.hits] == ["one", "lanterns"]
        assert [hit.rank for hit in answer.hits] == [1, 2]
        fresh = qa.ask("who provided the loan?", k=1, history=past)
        assert [hit.passage.transcript_id for hit in fresh.hits] == ["one"]
        narrowed = qa.ask("who provided it?", k=1, history=past, transcripts=["one"])
        assert [hit.passage.transcript_id for hit in narrowed.hits] == ["one"]

    def test_what_goes_with_the_whole_conversation_is_read_too(self, qa: TranscriptQA) -> None:
        past = [PastAnswer(question="Who lit lantern number 12 and was it lit?", quotes=())]
        alone = qa.ask("Parking?", k=2)
        followed = qa.ask("Parking?", k=2, history=past)
        assert {hit.passage.transcript_id for hit in alone.hits} == {"one", "two"}
        assert [hit.passage.transcript_id for hit in followed.hits][2:] == ["lanterns"]
        assert [hit.rank for hit in followed.hits] == list(range(1, len(followed.hits) + 1))
        narrowed = qa.ask("Parking?", k=2, history=past, transcripts=["one"])
        assert [hit.passage.transcript_id for hit in narrowed.hits] == ["one"]

    def test_a_question_that_stands_alone_is_asked_as_if_nothing_came_before(self, qa: TranscriptQA) -> None:
        past = [PastAnswer(question="Who lit lantern number 12 and was it lit?", quotes=())]
        asked = "Who doubts the loan of the bank?"
        alone, followed = qa.ask(asked, k=2), qa.ask(asked, k=2, history=past)
        assert followed.hits == alone.hits
        assert followed.confidence == alone.confidence

    def test_the_reader_is_told_what_came_before(self, qa: TranscriptQA, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[list[tuple[str, str]]] = []
        read = TopicReader.read

        def noting(self: TopicReader, *given: Any, before: Sequence[PastAnswer] = (), **more: Any) -> Reading:
            told.append([(past.question, past.quotes[0].quote if past.quotes else "") for past in before])
            return read(self, *given, before=before, **more)

        monkeypatch.setattr(TopicReader, "read", noting)
        first = qa.ask("what loan was approved")
        second = qa.ask("what is the rate of the loan?", history=[first])
        third = qa.ask("when was parking painted?", history=[first, second])
        qa.ask("why?", history=[first, second, third])
        approved = first.asked_as, first.citations[0].quote
        rate = second.asked_as, "The rate of the loan is 3.1 percent."
        # Nothing, where a question has words enough of its own.
        assert told == [[], [], [], [approved, rate, (third.asked_as, "")]]

    def test_what_has_gone_since_is_not_missed(self, qa: TranscriptQA) -> None:
        gone = PastQuote(quote="Nobody ever said zebra.", transcript_id="gone", turn=3, speaker="X")
        answer = qa.ask("who provided it?", history=[PastAnswer(question="what loan was approved", quotes=(gone,))])
        assert answer.asked_as == "who provided the loan?"

    def test_a_history_of_something_else_is_refused(self, qa: TranscriptQA) -> None:
        with pytest.raises(InvalidArgumentError, match="dict"):
            qa.ask("why?", history=[{"question": "x"}])  # type: ignore[list-item]


class TestForms:
    """An answer has the form that the question asks for."""

    def test_yes_with_places_or_no(self, qa: TranscriptQA) -> None:
        yes = qa.ask("Did anyone mention the loan?")
        assert yes.text.startswith("Yes: “the loan” is mentioned 4 times, in 2 transcripts.\n\nMira Voss: ")
        assert yes.answered
        no = qa.ask("did anyone mention zebras?")
        assert (no.answered, no.text) == (False, "No: “zebras” is not mentioned.")
        several = qa.ask("did anyone mention striped zebras at all")
        assert several.text == "No: no place was found where “striped zebras” is mentioned."

    def test_of_one_speaker(self, qa: TranscriptQA) -> None:
        assert speakers(qa.ask("Did Reed ever mention the loan?")) == {"Tomas Reed"}
        no = qa.ask("Did Dahl mention the ferry?")
        assert (no.answered, no.text) == (False, "No: “the ferry” is not mentioned by Ines Dahl.")
        assert "mentioned once, in one transcript" in qa.ask("how often did Reed mention the loan").text
        # Of somebody unknown nothing is counted.
        assert "mentioned" not in qa.ask("how often did Zorro mention the loan").text

    def test_within_a_date_of_the_question(self, qa: TranscriptQA) -> None:
        answer = qa.ask("how often was the loan mentioned in March 2024")
        assert "“the loan” is mentioned 3 times, in one transcript." in answer.text

    def test_who_mentions_it_by_name(self, qa: TranscriptQA) -> None:
        answer = qa.ask("who talked about parking?")
        named = "Mira Voss, Tomas Reed, Ines Dahl, Speaker 1 (label in the file)"
        assert answer.text.startswith(f"“parking” is mentioned by {named}.\n\n")
        assert [citation.marker for citation in answer.citations] == [1, 2, 3, 4]

    def test_all_places_in_order_with_a_count(self, qa: TranscriptQA) -> None:
        answer = qa.ask("list all places where a lantern is mentioned")
        assert answer.text.startswith(
            f"“a lantern” is mentioned 60 times, in one transcript. {MAX_PLACES} of the places:"
        )
        assert [c.marker for c in answer.citations] == list(range(1, MAX_PLACES + 1))
        turns = [citation.turn for citation in answer.citations]
        assert turns == sorted(turns)
        few = qa.ask("list everything said about parking")
        assert few.text.startswith("“parking” is mentioned 4 times, in 2 transcripts.")
        assert len(few.citations) == 4

    def test_said_is_said_of_people_only(self, qa: TranscriptQA) -> None:
        assert qa.ask("who said parking is a nuisance").text == "Tomas Reed said: “Parking is a nuisance.” [1]"
        label = qa.ask("who said parking was never free").text
        assert label == "Speaker 1 (label in the file): “Parking was never free.” [1]"

    @pytest.mark.parametrize(
        ("question", "lead"),
        [
            ("how much was the loan the bank approved", "240 million crowns"),
            ("what is the rate of the loan", "3.1 percent"),
            ("when does the bridge open?", "June 4"),
        ],
    )
    def test_the_amount_or_time_stands_first_and_in_its_sentence(
        self, qa: TranscriptQA, question: str, lead: str
    ) -> None:
        answer = qa.ask(question)
        assert answer.text.startswith(f"{lead}\n\n")
        assert lead in answer.citations[0].quote

    @pytest.mark.parametrize("form", ["did anyone mention the loan", "who said parking", "when does the bridge open"])
    def test_markers_and_quotes_hold_in_every_form(self, qa: TranscriptQA, form: str) -> None:
        answer = qa.ask(form)
        assert answer.answered
        markers = [int(marker) for marker in re.findall(r"\[(\d+)\]$", answer.text, re.MULTILINE)]
        assert markers == [citation.marker for citation in answer.citations]
        for citation in answer.citations:
            assert citation.span.of(qa.transcript(citation.transcript_id).text) == citation.quote


@pytest.mark.parametrize(
    ("question", "sentence", "key"),
    [
        ("how much does the stand cost", "The stand costs forty-five pounds a day.", "forty-five pounds"),
        (
            "how many families were moved",
            "We moved two hundred and six families in 3 years.",
            "two hundred and six families",
        ),
        ("how long is the term of the loan", "The loan has a term of eighteen years.", "eighteen years"),
        ("how long is the wall", "The wall is 600 metres long.", "600 metres"),
        ("when does the concert start", "The concert starts on the twenty-fourth of May.", "the twenty-fourth of May"),
        ("what is the rate of the loan", "The loan is 240 million crowns.", None),
        ("how much is it", "It was nine pounds, then ten pounds.", None),
        ("how much did the ferry cost", "The stand costs forty-five pounds.", None),
        ("who paid", "He paid ten pounds.", None),
    ],
)
def test_a_key_is_given_where_there_is_just_one(question: str, sentence: str, key: str | None) -> None:
    found = key_of(question, sentence)
    assert (found.of(sentence) if found is not None else None) == key


class TestDoors:
    """The web chat, the REST API and the terminal pass on the conversation."""

    def chat(self, qa: TranscriptQA) -> Chat:
        ready: Future[None] = Future()
        ready.set_result(None)
        return Chat(qa, uploads=None, warming=ready)

    def test_the_chat_goes_on_and_a_chip_takes_a_filter_away(self, qa: TranscriptQA) -> None:
        chat = self.chat(qa)
        kept = Conversation()
        *_, last = chat.ask("what did Voss say about the loan", [], kept, [], [], "/")
        assert 'data-without="speaker:Mira Voss"' in last[2]
        *_, last = chat.ask("and Reed?", last[0], kept, [], [], "/")
        assert "*Asked as: what did Reed say about the loan?*" in last[0][-1]["content"]
        assert 'data-without="speaker:Tomas Reed"' in last[2]
        *_, last = chat.ask_without("speaker:Tomas Reed", last[0], kept, [], [], "/")
        assert "data-without" not in last[2]
        assert [message["role"] for message in last[0]] == ["user", "assistant"] * 2
        assert [exchange.question for exchange in kept.exchanges] == ["what did Voss say about the loan", "and Reed?"]
        assert kept.exchanges[-1].left_out == {"speaker:Tomas Reed"}
        assert kept.exchanges[-1].answer is not None
        assert kept.exchanges[-1].answer.asked_as == "what did Reed say about the loan?"

    @pytest.mark.parametrize("key", [None, 3, ["speaker:X"]])
    def test_a_chip_that_is_none_changes_nothing(self, qa: TranscriptQA, key: object) -> None:
        kept = Conversation()
        *_, last = self.chat(qa).ask("what did Voss say about the loan", [], kept, [], [], "/")
        (skipped,) = self.chat(qa).ask_without(key, last[0], kept, [], [], "/")
        assert len(skipped) == 5
        assert len(kept.exchanges) == 1
        assert len(list(self.chat(qa).ask_without("speaker:X", [], None, [], [], "/"))) == 1

    def test_names_in_chips_and_forms_are_only_text(self, tmp_path: Path) -> None:
        name = 'Eve "<b>Stone</b>'
        turns = [{"speaker": name, "text": "A zebra."}, {"speaker": "Per Holm", "text": "A *seal* and a zebra."}]
        (tmp_path / "x.json").write_text(json.dumps({"title": "x", "turns": turns}), "utf-8")
        with TranscriptQA.build(tmp_path / "x.json", index=tmp_path / "i", embedder=HashingEmbedder()) as hostile:
            answer = hostile.ask(f"what did {name} say about the zebra")
            assert [implied.label for implied in answer.filters.implied] == [name]
            html = sources_html(answer, {"x": hostile.transcript("x")})
            assert "<b>Stone" not in html
            follow = hostile.ask("and the *seal* <i>?", history=[answer])
            assert "<i>" not in chat_markdown(follow).replace("\\<i\\>", "")

    def test_the_api_takes_answers_back_as_they_came(self, qa: TranscriptQA) -> None:
        with TestClient(create_app(qa), base_url="http://127.0.0.1:7860") as client:

            def ask(**sent: Any) -> Any:
                got = client.post("/api/v1/ask", json=sent)
                assert got.status_code == 200, got.text
                return got.json()

            first = ask(question="what did Voss say about the loan")
            assert first["filters"]["implied"][0]["key"] == "speaker:Mira Voss"
            assert ask(question="and Reed?", history=[first])["asked_as"] == "what did Reed say about the loan?"
            alone = {"question": first["question"], "text": first["text"]}
            assert ask(question="and Reed?", history=[alone])["filters"]["speakers"] == ["Tomas Reed"]
            assert ask(question=first["question"], without=["speaker"])["filters"]["speakers"] == []
            assert ask(question=first["question"], without="all")["filters"]["implied"] == []
            for wrong in ({"history": ["x"]}, {"history": [{"text": "x"}]}, {"without": "some"}):
                assert client.post("/api/v1/ask", json={"question": "x", **wrong}).status_code == 422
            page = client.get("/docs").text
            assert "history" in page

    def test_the_terminal_asks_on(
        self, index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed = "did anyone mention the ferry\n\nand the bridge?\n/new\nand the bridge?\n  \nquit\nnot asked\n"
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert cli.run(["chat", "--index", str(index)]) == 0
        out = capsys.readouterr().out
        assert "Yes: “the ferry” is mentioned once" in out
        assert "Asked as: did anyone mention the bridge?" in out
        assert out.count("Asked as") == 1
        assert "not asked" not in out

    def test_the_terminal_leaves_out_what_is_implied(
        self, index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        question = "what did Dahl say about neutrino telescopes in Antarctica"
        cli.run(["ask", question, "--index", str(index)])
        assert "--no-implied" in capsys.readouterr().out
        cli.run(["ask", question, "--index", str(index), "--no-implied", "--json"])
        assert json.loads(capsys.readouterr().out)["filters"]["implied"] == []
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{question}\n"))
        assert cli.run(["chat", "--index", str(index), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["filters"]["speakers"] == ["Ines Dahl"]
