"""What a question narrows itself to, and what must never be made a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Filters, ImpliedKind, Speaker, SpeakerKind
from transcript_qa.embed import HashingEmbedder
from transcript_qa.questions import voices
from transcript_qa.questions.daterange import dates_in
from transcript_qa.questions.implied import implied_by, narrowed, preferred, without
from transcript_qa.search import select
from transcript_qa.store import TranscriptInfo
from transcript_qa.store.base import SpeakerInfo


@pytest.fixture(scope="module")
def infos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TranscriptInfo, ...]]:
    index = tmp_path_factory.mktemp("implied")
    with TranscriptQA.build(ROOT / "corpus", index=index, embedder=HashingEmbedder()) as qa:
        yield qa.transcripts()


def info(transcript_id: str, title: str, day: date | None, *speakers: Speaker) -> TranscriptInfo:
    return TranscriptInfo(
        id=transcript_id, title=title, date=day, place=None, source=f"{transcript_id}.txt", media_url=None,
        format="names", n_turns=1, n_words=1, n_passages=1, duration_s=None, added_at=datetime.now(UTC),
        speakers=tuple(SpeakerInfo(speaker=speaker, n_turns=1, n_words=1) for speaker in speakers),
    )  # fmt: skip


def found(question: str, infos: tuple[TranscriptInfo, ...]) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(i.kind.value, i.values, i.strict) for i in implied_by(question, infos, Filters())]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what did Halvey say about wheat", "Ketrin Halvey"),
        ("What did Ketrin Halvey tell them?", "Ketrin Halvey"),
        ("what has halvey said about wheat", "Ketrin Halvey"),
        ("WHAT DID HALVEY SAY", "Ketrin Halvey"),
        ("According to Captain Halse, how fast was she?", "HALSE"),
        ("How fast was she, according to the captain?", "HALSE"),
        ("Dacey's view on parking", "Rupert Dacey"),
        ("what was Mr Pike’s answer", "MR. PIKE"),
        ("what did the clerk mention first", "Harriet Plumb"),
        ("what did the president of Ostrany say", "Ketrin Halvey"),
        ("What did the chair ask?", "THE CHAIR"),
        ("what did SPEAKER_02 think of the piano", "SPEAKER_02"),
        ("what was said by Odalys Brenne about mercury", "ODALYS BRENNE"),
        ("everything Gareth said about the filter", "Gareth"),
        ("Did Dreskov also mention the lake?", "Ilmar Dreskov"),
    ],
)
def test_who_is_to_have_said_it_is_a_filter(question: str, name: str, infos: tuple[TranscriptInfo, ...]) -> None:
    assert found(question, infos) == [("speaker", (name,), True)]
    selection = select(infos, narrowed(Filters(), implied_by(question, infos, Filters())))
    assert selection is not None
    assert selection.speakers


@pytest.mark.parametrize(
    "question",
    [
        "How old is President Halvey?",
        "who replaced Halvey",
        "what did they say about Halvey",
        "did anyone mention Halvey",
        "what gift did Dreskov give to Halvey",
        "What did George Halvey say about wheat?",
        "What did Halvey Brothers say about wheat?",
        "What did Halvey's finance minister say?",
        "what did the mayor of Sarnet say",
        "what was said to Captain Halse",
        "the man who replaced Halvey said what",
        "according to the papers, what is the rate",
        "What is George Halvey's view?",
        "what did the question say",
        "when did Halvey arrive",
        "was Halse warned about the pump",
        "when was Halvey told about it",
        "what loan was mentioned",
        "what did Amelia Thornbury think of the proposal?",
        "",
        "?",
    ],
)
def test_who_is_asked_about_is_none(question: str, infos: tuple[TranscriptInfo, ...]) -> None:
    assert found(question, infos) == []


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What conditions did Marlow propose for the flats?", ("Ines Marlow",)),
        ("what did the president say about fruit", ("Ilmar Dreskov", "Ketrin Halvey")),
        ("opinions of Rufus Obande on the price", ("Rufus Obande",)),
        ("Pike's suggestion for the pump", ("MR. PIKE",)),
    ],
)
def test_what_is_not_certain_only_comes_first(
    question: str, names: tuple[str, ...], infos: tuple[TranscriptInfo, ...]
) -> None:
    assert found(question, infos) == [("speaker", names, False)]
    implied = implied_by(question, infos, Filters())
    assert narrowed(Filters(), implied).speakers == ()
    assert preferred(implied)[0].speakers == names


def test_two_speakers_are_two_that_can_be_left_out_one_by_one(infos: tuple[TranscriptInfo, ...]) -> None:
    implied = implied_by("what did Dacey and Marlow say about the flats", infos, Filters())
    assert narrowed(Filters(), implied).speakers == ("Rupert Dacey", "Ines Marlow")
    assert narrowed(Filters(), without(implied, {"speaker:Rupert Dacey"})).speakers == ("Ines Marlow",)
    assert without(implied, {"speaker"}) == without(implied, False) == ()
    assert without(implied, True) == without(implied, {"date"}) == implied


def test_a_name_of_two_people_is_not_certain() -> None:
    one = info("one", "One", None, Speaker(label="Mira Voss"), Speaker(label="A", kind=SpeakerKind.DIARISED))
    two = info("two", "Two", None, Speaker(label="Olaf Voss"), Speaker(label="A", kind=SpeakerKind.DIARISED))
    both = (one, two)
    assert found("what did Voss say", both) == [("speaker", ("Mira Voss", "Olaf Voss"), False)]
    assert found("what did Mira Voss say", both) == [("speaker", ("Mira Voss",), True)]
    assert found("what did Voss say", (one,)) == [("speaker", ("Mira Voss",), True)]
    assert found("what did a say", both) == []


def test_a_small_word_of_a_label_is_nobodys_name() -> None:
    one = info("one", "One", None, Speaker(label="In Memoriam Mira Voss"))
    assert found("what did people in town say", (one,)) == []
    assert found("what did in say", (one,)) == []
    assert found("what did Voss say", (one,)) == [("speaker", ("In Memoriam Mira Voss",), True)]


def test_who_speaks_is_gathered_once_for_an_archive_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered: list[object] = []
    monkeypatch.setattr(voices.Voices, "__init__", _noting(voices.Voices.__init__, gathered))
    one = info("gathered-once", "One", None, Speaker(label="Mira Voss"))
    for _ in range(3):
        assert found("what did Voss say", (one,)) == [("speaker", ("Mira Voss",), True)]
    assert len(gathered) == 1
    renamed = replace(one, speakers=info("", "", None, Speaker(label="Mira Roth")).speakers)
    assert found("what did Voss say", (renamed,)) == []
    assert found("what did Roth say", (renamed,)) == [("speaker", ("Mira Roth",), True)]
    assert len(gathered) == 2


def test_an_archive_that_is_asked_about_stays_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered: list[object] = []
    monkeypatch.setattr(voices.Voices, "__init__", _noting(voices.Voices.__init__, gathered))
    archive = (info("archive-one", "One", None, Speaker(label="Mira Voss")), info("archive-two", "Two", None))
    for number in range(3 * voices._N_KEPT):
        voices.voices_of(archive)
        voices.voices_of((info(f"narrowed-{number}", "One", None, Speaker(label="Olaf Roth")),))
    assert gathered.count(archive) == 1
    assert len(voices._kept) == voices._N_KEPT


def _noting(init: Callable[..., None], calls: list[object]) -> Callable[..., None]:
    def noted(self: object, infos: object) -> None:
        calls.append(infos)
        init(self, infos)

    return noted


def test_one_label_of_many_meetings_counts_as_the_speaker() -> None:
    role = Speaker(label="Project Manager", role=None, kind=SpeakerKind.ROLE)
    meetings = tuple(info(f"ES200{n}a", f"ES200{n}a", None, role) for n in range(3))
    question = "What did the Project Manager think about the remote when discussing the price?"
    assert found(question, meetings) == [("speaker", ("Project Manager",), True)]
    assert ("transcript", ("ES2001a",), True) in found("what did the team decide in ES2001a", meetings)


@pytest.mark.parametrize(
    ("question", "ids", "strict"),
    [
        ("What is the dog called in episode 58?", ("lighthouse-podcast",), True),
        ("who spoke in the Support call router recording", ("support-call-router",), True),
        ("what was agreed at the last meeting", ("harbour-town-council",), True),
        ("what was agreed at the first meeting", ("state-visit-veldania",), True),
        ("was the last council meeting long", ("harbour-town-council",), False),
        ("the price in ferry-inquiry-hearing", ("ferry-inquiry-hearing",), True),
        ("who joined the meeting with President of Ostrany Ketrin Halvey", ("state-visit-veldania",), True),
    ],
)
def test_transcripts_by_title_number_and_order(
    question: str, ids: tuple[str, ...], strict: bool, infos: tuple[TranscriptInfo, ...]
) -> None:
    assert found(question, infos) == [("transcript", ids, strict)]


def test_a_title_is_shown_as_it_stands_in_the_question() -> None:
    meetings = (info("one", "Die Große Halle", None), info("two", "Die Kleine Halle", None))
    (only,) = implied_by("Is „Straße“ said in “die große halle” by anyone?", meetings, Filters())
    assert (only.values, only.words) == (("one",), "die große halle")


@pytest.mark.parametrize(
    "question",
    [
        "what did support do with the router",
        "when is the next meeting",
        "who chaired the meeting",
        "what was planned for the spring concert",
        "how did the ferry ground",
        "who was the last keeper",
        "what happened in episode 59",
        "what was said at the last wedding",
    ],
)
def test_part_of_a_title_is_none(question: str, infos: tuple[TranscriptInfo, ...]) -> None:
    assert [each for each in found(question, infos) if each[0] == "transcript"] == []


@pytest.mark.parametrize(
    ("question", "days", "strict"),
    [
        ("what was said in March 2024 about wheat", ("2024-03-01", "2024-03-31"), True),
        ("at the hearing on 11 June, who spoke of cats", ("2024-06-11", "2024-06-11"), True),
        ("what did they discuss on June 11, 2024?", ("2024-06-11", "2024-06-11"), True),
        ("what was said before 2025 about boats", ("0001-01-01", "2024-12-31"), True),
        ("Since February 2025, what was said about money", ("2025-02-01", "9999-12-31"), True),
        ("what happened in June 2024", ("2024-06-01", "2024-06-30"), False),
    ],
)
def test_dates_of_the_talk(
    question: str, days: tuple[str, str], strict: bool, infos: tuple[TranscriptInfo, ...]
) -> None:
    assert found(question, infos) == [("date", days, strict)]


@pytest.mark.parametrize(
    "question",
    [
        "what happened in 1893 when the chain broke",
        "When will the bridge open in October 2026?",
        "what may they do in may",
        "was the rate lower before 2025",
        "what opens in October",
        "how many people were on board at 19:41",
        "what does it cost, 2024 crowns or 2025",
        "what was said on 31 June 2024",
    ],
)
def test_dates_of_other_things_are_none(question: str, infos: tuple[TranscriptInfo, ...]) -> None:
    assert found(question, infos) == []


def test_what_a_person_gives_wins(infos: tuple[TranscriptInfo, ...]) -> None:
    question = "what did Halvey say in March 2024 at the last meeting"
    given_all = Filters(transcripts=("lighthouse-podcast",), speakers=("TOBIN KELL",), after=date(2024, 1, 1))
    assert implied_by(question, infos, given_all) == ()
    kinds = {i.kind for i in implied_by(question, infos, Filters(speakers=("TOBIN KELL",)))}
    assert ImpliedKind.SPEAKER not in kinds


@given(st.text(max_size=80))
def test_no_question_breaks_it(question: str) -> None:
    speakers = (Speaker(label="Mira Voss"), Speaker(label="THE CHAIR", kind=SpeakerKind.ROLE), Speaker(label=""))
    known = (info("budget-1", "Budget hearing, part 1", date(2024, 3, 19), *speakers), info("b", "", None))
    for implied in implied_by(question, known, Filters()):
        assert implied.words in question
        assert implied.values
        select(known, narrowed(Filters(), [implied]))


@given(st.text(alphabet="0123456789- /,.thofJanuaryMarchMay", max_size=40))
def test_a_date_never_ends_before_it_begins(text: str) -> None:
    for each in dates_in(text, [date(2024, 3, 19)]):
        assert each.first <= each.last
        assert 0 <= each.start < each.end <= len(text)


def test_the_file_of_questions_is_seldom_narrowed(infos: tuple[TranscriptInfo, ...]) -> None:
    """Whatever is strict in the sample questions must leave the transcript that answers."""
    import json

    lines = [json.loads(line) for line in Path(ROOT / "corpus" / "questions.jsonl").read_text("utf-8").splitlines()]
    for line in (line for line in lines if line["answerable"]):
        selection = select(infos, narrowed(Filters(), implied_by(line["question"], infos, Filters())))
        if selection is None:
            continue
        assert selection.transcripts is None or line["transcript"] in selection.transcripts, line["question"]
        if selection.speakers is not None:
            wanted = line.get("speakers", line.get("speaker"))
            names = {wanted} if isinstance(wanted, str) else set(wanted)
            said = {
                s.speaker.display for i in infos for s in i.speakers if (i.id, s.speaker.label) in selection.speakers
            }
            labels = {label for _, label in selection.speakers}
            assert names & (said | labels), line["question"]
