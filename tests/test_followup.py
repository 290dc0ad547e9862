"""Follow-ups made stand-alone, and questions that have to stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.questions.antecedents import Earlier
from transcript_qa.questions.followup import stand_alone
from transcript_qa.questions.phrases import phrases
from transcript_qa.questions.voices import Voices

LOAN = Earlier(
    question="what loan was mentioned",
    quotes=("The bank has approved a loan of 240 million crowns.",),
    speakers=("Ketrin Halvey",),
    repliers=("Ilmar Dreskov",),
)
WHEAT = Earlier(question="what did Halvey say about wheat", quotes=("It was late.",), speakers=("Ketrin Halvey",))
PARKING = Earlier(
    question="What did Dacey say about parking",
    quotes=("It's worth having.",),
    speakers=("Rupert Dacey",),
    repliers=("Colm Averidge",),
)
SCALDED = Earlier(
    question="who got scalded",
    quotes=("A girl in the galley, Tamsel Orrick, was scalded by the tea urn.",),
    speakers=("HALSE",),
)
PIKE = Earlier(
    question="what did Mr. Pike say about the leak", speakers=("MR. PIKE",), quotes=("x",), repliers=("MS. KESTREVAN",)
)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voices]:
    index = tmp_path_factory.mktemp("followup")
    with TranscriptQA.build(ROOT / "corpus", index=index, embedder=HashingEmbedder()) as qa:
        yield Voices(qa.transcripts())


IMPORTS = Earlier(
    question="By how much did Ostrany's imports from Veldania go up last year?",
    quotes=("Ostrany's imports went up by over 25 percent.",),
    speakers=("Ketrin Halvey",),
    repliers=("Ilmar Dreskov",),
)
SHIP = Earlier(
    question="What was Fenn's first ship?", quotes=("The Mary, which he took to sea.",), speakers=("Mira Voss",)
)


def after(question: str) -> Earlier:
    return Earlier(question=question)


@pytest.mark.parametrize(
    ("earlier", "asked", "whole"),
    [
        # a country owns and has, but is no "he"
        (IMPORTS, "what did he think of that?", "what did Ketrin Halvey think of Ostrany's imports?"),
        (after("Who gave Ostrany its largest loan?"), "how big was it?", "how big was the largest loan?"),
        (SHIP, "when did he leave it?", "when did Fenn leave Fenn's first ship?"),
        # "him" is not who answers
        (LOAN, "what did Dreskov answer him?", "what did Dreskov answer Ketrin Halvey?"),
        # people are many, and "part" is nothing
        (after("How many people took part in the trial?"), "how old were they?", "how old were the people?"),
        (after("How many people took part in the trial?"), "how long was it?", "how long was the trial?"),
        # what was asked for, not the country or what it is ready for
        (after("What loan did Norway give?"), "when was it repaid?", "when was the loan repaid?"),
        (
            after("What equipment did Halvey say Ostrany is ready to hand over?"),
            "what shape is it in?",
            "what shape is the equipment in?",
        ),
        # not "about in Ostrany"
        (
            after("What does Halvey say is going on in Ostrany now?"),
            "what did Dreskov say to that?",
            "what did Dreskov say about Ostrany now?",
        ),
        # pronouns for things
        (LOAN, "who provided it?", "who provided the loan?"),
        (LOAN, "And who pays for it?", "Who pays for the loan?"),
        (LOAN, "what are its terms?", "what are the loan's terms?"),
        (after("when was the lens put into the tower?"), "How heavy is it?", "How heavy is the lens?"),
        (after("when was the lens put into the tower?"), "who made that?", "who made the lens?"),
        (after("router serial number"), "where is it printed?", "where is the router serial number printed?"),
        (
            after("how many flats are planned in the old ropeworks"),
            "how many of them are affordable?",
            "how many of the flats are affordable?",
        ),
        (
            after("how many flats are planned in the old ropeworks"),
            "who will live there?",
            "who will live in the old ropeworks?",
        ),
        (after("why were there no fireworks"), "what will replace them?", "what will replace the fireworks?"),
        (after("What does a residents' parking permit cost?"), "how many are there of them?", None),
        # pronouns for people
        (WHEAT, "what else did she say?", "what else did Halvey say about wheat?"),
        (WHEAT, "why is her view different?", "why is Halvey's view different?"),
        (SCALDED, "how old is she?", "how old is Tamsel Orrick?"),
        (PIKE, "did he report it?", "did Mr. Pike report the leak?"),
        (PIKE, "how did she respond?", "how did MS. KESTREVAN respond about the leak?"),
        (PARKING, "what did he say to that?", "what did Colm Averidge say about parking?"),
        (WHEAT, "What did Dreskov say to that?", "What did Dreskov say about wheat?"),
        (after("When does the harbour master retire?"), "who replaces him?", "who replaces the harbour master?"),
        # pieces
        (LOAN, "and the rate?", "what is the rate of the loan?"),
        (LOAN, "the collateral?", "what is the collateral of the loan?"),
        (PARKING, "and Marlow?", "What did Marlow say about parking?"),
        (PARKING, "and about the newsletter?", "What did Dacey say about the newsletter?"),
        (PARKING, "what about the newsletter?", "What did Dacey say about the newsletter?"),
        (after("what is Pike's view on the filters"), "and Halse?", "what is Halse's view on the filters?"),
        (after("what was said about parking"), "and Marlow?", "what did Marlow say about parking?"),
        (after("how much does the mould cost"), "and the gasket?", "how much does the gasket cost?"),
        (after("how much is in the harbour reserve"), "and in general balances?", "how much is in general balances?"),
        (after("when does the first tranche arrive"), "and the second?", "when does the second tranche arrive?"),
        (after("How many passengers were on board the ferry?"), "and crew?", "How many crew were on board the ferry?"),
        (
            after("What was the budget for roads in 2023?"),
            "what about the budget for schools in 2024?",
            "What was the budget for schools in 2024?",
        ),
        # question words alone
        (LOAN, "why?", "why was the loan mentioned?"),
        (LOAN, "How much?", "How much was the loan?"),
        (after("who seconded the sea wall motion"), "why?", "why was the sea wall motion seconded?"),
        (after("who seconded the sea wall motion"), "when was that?", "when was the sea wall motion seconded?"),
        (after("Did they raise the charge?"), "why not?", "why didn't they raise the charge?"),
        (after("Did they raise the charge?"), "by how much?", "by how much did they raise the charge?"),
        (after("when does the first tranche arrive"), "how much?", "how much is the first tranche?"),
        (after("in which shipyard was the Aldis Queen built"), "when?", "when was the Aldis Queen built?"),
        (SCALDED, "why?", "why was it that somebody got scalded?"),
        # who asked, of what was asked
        (
            after("Why didn't the council require permits of the traders?"),
            "who asked that?",
            "who asked about permits of the traders?",
        ),
        # a piece that asks for something of its own
        (
            after("What must the insurers pay for under the new plan?"),
            "for how many people?",
            "for how many people must the insurers pay for under the new plan?",
        ),
        (after("How many bells did they order?"), "what kind?", "what kind of bells did they order?"),
        (after("How many bells did they order?"), "at what price?", "at what price did they order the bells?"),
        (after("How many bells did they order?"), "where?", "where did they order the bells?"),
        (after("Who seconded the motion?"), "which motion?", "which motion: Who seconded the motion?"),
        (after("What did Norway sign?"), "with whom?", "with whom did Norway sign?"),
        # "why not" somebody
        (after("Who is working on the sea wall?"), "why not Marlow?", "why isn't Marlow working on the sea wall?"),
        (after("Who seconded the motion?"), "why not Marlow?", "why was it not Marlow who seconded the motion?"),
        (after("How many bells did they order?"), "why not two?", "why not two: How many bells did they order?"),
        # a talk is where it was said, and "the Harrow fire" is nobody
        (
            after("What is a signal lamp, as the keeper explains it on the lighthouse podcast?"),
            "how common was it?",
            "how common was the signal lamp?",
        ),
        (after("who was killed in the Harrow fire"), "how old was he?", "how old was he?"),
        # what is done, not who does it; the question behind "to", not its verb; not what a debate was on
        (after("Why did the council raise the price?"), "what else?", "what else was said about the price?"),
        (after("How much does it cost to host Relay on a server?"), "who owns it?", "who owns Relay?"),
        (
            after("How long did Marlow want in the debate on parking?"),
            "why was Dacey worried about that?",
            "why was Dacey worried about the debate?",
        ),
        # "it" of "how long did it take", and people who are "those on Medicare"
        (
            after("When was the upgrade of the network?"),
            "how long did it take?",
            "how long did the upgrade of the network take?",
        ),
        (after("What do widows pay for gas?"), "and those on a pension?", "What do those on a pension pay for gas?"),
        (
            after("How many people pay for gas?"),
            "and those on a pension?",
            "what about those on a pension, the people?",
        ),
        (after("When does the trial begin?"), "what if someone stops it?", "what if someone stops the trial?"),
        # a court is nobody, and "a month" no thing
        (
            after("How many Supreme Court cases did nominee Olaf Voss argue?"),
            "where did he study?",
            "where did Olaf Voss study?",
        ),
        (after("What does it cost a month to run Relay?"), "was it always cheap?", "was Relay always cheap?"),
        # short and with "and", it goes on with what was talked of
        (WHEAT, "and what are the plus sides?", "what are the plus sides, wheat?"),
        (after("What does the plan cost?"), "and what is Marlow doing?", "what is Marlow doing?"),
        (
            after("Does the plan cover tests?"),
            "and tests they already bought?",
            "what about tests they already bought, tests?",
        ),
        # more of it
        (LOAN, "tell me more", "what else was said about the loan?"),
        (LOAN, "what else?", "what else was mentioned?"),
        (after("who seconded the motion"), "who else?", "who else seconded the motion?"),
        (LOAN, "Who said that?", "Who said “The bank has approved a loan of 240 million crowns.”?"),
    ],
)
def test_a_follow_up_is_made_whole(earlier: Earlier, asked: str, whole: str | None, voices: Voices) -> None:
    assert stand_alone(asked, [earlier], voices) == (whole or "how many are there of the residents' parking permits?")


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("What did Halvey say about the letter?", "why didn't the mayor sign the letter himself if he wrote it?"),
        ("What did Emma Holt ask about the book?", "which authors did Petra Novy name as her influences?"),
        ("When does the clinic open?", "Who will run the new clinic once it opens?"),
        ("What did Halvey say about the museum?", "Why did the former director leave before her contract ended?"),
        ("Who objected to the lane?", "did the shops get compensation for the money they lost?"),
        ("Who is buying the mill?", "Is it right that the mill owes the town three million?"),
        ("Why was the concert cancelled?", "Why wasn't the fair cancelled, although its organisers had no permit?"),
        ("What did Halvey promise?", "did Minister Adeyrin keep the promise he made to the farmers?"),
    ],
)
def test_a_pronoun_may_have_what_it_stands_for_in_its_own_question(before: str, question: str, voices: Voices) -> None:
    assert stand_alone(question, [after(before)], voices) == question


def test_a_name_is_no_plural_and_what_made_it_happen_is_not_asked_for() -> None:
    assert [(p.text, p.plural) for p in phrases("who asked nominee Olaf Roberts")] == [("nominee Olaf Roberts", False)]
    assert [p.text for p in phrases("what made the town start it")] == ["the town"]
    assert [p.text for p in phrases("what happened when the lens broke")] == ["the lens"]


@pytest.mark.parametrize(
    "question",
    [
        "what is the capacity of the plant?",
        "What did Lindqvar say?",
        "When was the bridge built and who built it?",
        "is it true that the harbour was mortgaged?",
        "How long does it take to fill the reservoir?",
        "what did they say about the bridge?",
        "What did the mayor say when he opened the meeting?",
        "who said that the interest is fixed",
        "how many people were there",
        "sea wall",
        "parking charges in winter",
        "what happened next",
        "which firms took part",
        "thanks",
        "?",
        "",
        "what loan was mentioned",
    ],
)
def test_a_question_that_stands_alone_stays(question: str, voices: Voices) -> None:
    assert stand_alone(question, [LOAN, WHEAT], voices) == question
    assert stand_alone(f" {question} ", [], voices) == question


def test_what_the_last_question_lacks_is_of_the_one_before(voices: Voices) -> None:
    assert stand_alone("what did he say?", [PARKING, after("why?")], voices) == "what did Dacey say about parking?"


def test_mister_and_missis_have_to_agree(voices: Voices) -> None:
    asked = after("did Mr. Pike answer Ms. Kestrevan about the cat")
    assert stand_alone("was she sure?", [asked], voices) == "was Ms. Kestrevan sure about the cat?"
    assert stand_alone("was he sure?", [asked], voices) == "was Mr. Pike sure about the cat?"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_conversation_breaks_it(voices: Voices, question: str, before: str, quote: str) -> None:
    earlier = Earlier(question=before, quotes=(quote,), speakers=("Ketrin Halvey",), repliers=("HALSE",))
    assert bool(stand_alone(question, [earlier], voices).strip()) or not question.strip().strip(" ?.!,;:")


@given(st.lists(st.sampled_from("the a what who did is said about of in loan Halvey it she and bridges 's ?".split())))
def test_phrases_lie_inside_the_question_and_in_order(parts: list[str]) -> None:
    question = " ".join(parts)
    found = phrases(question)
    assert all(phrase.first < phrase.end for phrase in found)
    assert all(left.end <= right.first for left, right in pairwise(found))
    assert all(phrase.text.removeprefix("the ") in question for phrase in found)
