"""How often a question is understood as a person would: filters, stand-alone forms, forms of answers.

    python benchmarks/questions.py [--failures] [--transcripts 5000]

The questions are over corpus/. The index is made anew without a model, for nothing here depends on one: names, dates
and words are looked at, not meanings. A form is right where the answer begins as said, whatever the reader finds. With
--transcripts, how long understanding takes in an archive of so many, made of those of corpus/ under other names.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

from transcript_qa import TranscriptQA
from transcript_qa.datatypes import Filters
from transcript_qa.embed import HashingEmbedder
from transcript_qa.mentions import mentions_asked
from transcript_qa.questions.antecedents import Earlier
from transcript_qa.questions.followup import stand_alone
from transcript_qa.questions.implied import implied_by, narrowed
from transcript_qa.questions.keys import key_of
from transcript_qa.questions.voices import voices_of
from transcript_qa.search import select
from transcript_qa.store import TranscriptInfo

COUNCIL = "TARROW QUAY TOWN COUNCIL, Ordinary meeting of the full council: transcript of the audio recording"
CORPUS = Path(__file__).parents[1] / "corpus"

# question: what it is narrowed to; "!" where nothing else may answer, "~" where it only comes first.
FILTERS = {
    "what did Averidge say about the general balances": "!Colm Averidge",
    "What does Temmerin think of the free half hour?": "!Yusuf Temmerin",
    "according to Lundbery, when did the steering fail": "!DR. LUNDBERY",
    "what did the treasurer tell them about the kiosk": "!Colm Averidge",
    "Kestrevan's argument about the rock": "!MS. KESTREVAN",
    "How did Oakshott explain the lantern procession?": "!Bethan Oakshott",
    "why did Marlow disagree with the second survey": "!Ines Marlow",
    "what has Teodor said about the power supply": "!Teodor",
    "Did Marisol apologise for the filter?": "!Marisol",
    "what was mentioned by Obande about white housings": "!Rufus Obande",
    "What did Ilse and Pernille say about the battery?": "!Ilse Marrokin !Pernille Achtay",
    "what did SPEAKER_01 say about cake": "!SPEAKER_01",
    "What did the chair tell Captain Halse?": "!THE CHAIR",
    "what does the resident complain about": "!Dorothy Fennick",
    "everything Kell said about the dog": "!TOBIN KELL",
    "what did the minister say about the stamp": "!Pavo Lindqvar",
    "Did Lindqvar ever mention the opposition?": "!Pavo Lindqvar",
    "in Brenne's words, what is a lens like": "!ODALYS BRENNE",
    "What did Dreskov promise about wheat?": "~Ilmar Dreskov",
    "what did Achtay propose for the alerts": "~Pernille Achtay",
    "Lanterby's suggestion for the housing colour": "~Dov Lanterby",
    "what did the councillor think of the sea wall": "",
    "how tall is Mr Dask": "",
    "what did they say to Dr. Lundbery": "",
    "who taught Odalys Brenne": "",
    "what did Ruben Astley-Moor think of the diode": "",
    "what did Commodore Stell say": "",
    "what did Josephine Marlow say about flats": "",
    "what does Gareth's daughter think of the light": "",
    "how much did Dacey's kitchen cost": "",
    "did Noor arrive late": "",
    "was Halse warned about the pump": "",
    "what did the mayor of Dunmar say": "",
    "did anybody disagree with Oakshott": "",
    "what did the bakery say": "",
    "where does Temmerin live": "",
    "what is said about the stay of Halvey in Corvane": "",
    "what happened on the third of November": "",
    "What was discussed in February 2026 about parking?": "!February 2026",
    "at the hearing on 11 June, what was said about soup": "!11 June 2024",
    "what was said about money in March 2025": "!March 2025",
    "Before 2025, who spoke of a bridge?": "!until 2024-12-31",
    "what was built in 1937": "",
    "what opens in October of 2026": "",
    "what is due on June 1": "",
    "which dog is named in episode 58": "!SLOW TRADES, Episode 58: The Lamp at Carrow Skerry",
    "what did the last council meeting say of gulls": f"~{COUNCIL}",
    "at the last meeting, what became of the budget": f"!{COUNCIL}",
    "how often does the router drop in the Support call router recording": "!Support call router",
    "who plans the spring concert": "",
    "when is the next meeting": "",
}

# question before, quoted speaker, next speaker, follow-up: the stand-alone form
FOLLOW_UPS = {
    ("what is the tender of Pellow and Strake", "", "", "when will they start?"): "when will Pellow and Strake start",
    ("how long is the damaged stretch", "", "", "who measured it?"): "who measured the damaged stretch",
    ("when does the barge come", "", "", "why?"): "why does the barge come",
    ("what did Plumb say about the toilets", "Harriet Plumb", "", "what else did she say?"): (
        "what else did Plumb say about the toilets"
    ),
    (
        "what did Plumb say about the toilets",
        "Harriet Plumb",
        "",
        "and the workboat?",
    ): "what did Plumb say about the workboat",
    (
        "what did Plumb say about the toilets",
        "Harriet Plumb",
        "",
        "and Marlow?",
    ): "what did Marlow say about the toilets",
    ("What did Dacey say about the survey?", "Rupert Dacey", "Yusuf Temmerin", "What did he reply to that?"): (
        "What did Yusuf Temmerin reply about the survey"
    ),
    ("how much does the newsletter cost", "Rupert Dacey", "", "who reads it?"): "who reads the newsletter",
    ("how much does the newsletter cost", "Rupert Dacey", "", "and the kiosk?"): "how much does the kiosk cost",
    ("how much does the newsletter cost", "Rupert Dacey", "", "who said that?"): "who said “It is so.”",
    ("where does the granite come from", "ODALYS BRENNE", "", "how was it shipped?"): "how was the granite shipped",
    ("who made the prisms", "ODALYS BRENNE", "", "how many did she make?"): "how many did ODALYS BRENNE make",
    ("who made the prisms", "ODALYS BRENNE", "", "how much did they cost?"): "how much did the prisms cost",
    ("which colour was the tower", "ODALYS BRENNE", "", "when was it painted?"): "when was the tower painted",
    ("when was the lens put in", "ODALYS BRENNE", "", "how heavy is it?"): "how heavy is the lens",
    ("what is the capacity of the plant", "Ilmar Dreskov", "", "and the cost?"): "what is the cost of the plant",
    ("did the captain get a slip", "MR. PIKE", "", "when?"): "when did the captain get a slip",
    ("did the captain get a slip", "MR. PIKE", "", "why not?"): "why didn't the captain get a slip",
    (
        "what did Pike say about the filters",
        "MR. PIKE",
        "THE CHAIR",
        "how many did he order?",
    ): "how many did Pike order",
    (
        "what did Pike say about the filters",
        "MR. PIKE",
        "THE CHAIR",
        "and Halse?",
    ): "what did Halse say about the filters",
    ("how many passengers were on the ferry", "HALSE", "", "and cattle?"): "how many cattle were on the ferry",
    ("how many passengers were on the ferry", "HALSE", "", "where did it strike?"): "where did the ferry strike",
    ("when was the last drill", "MR. PIKE", "", "who wrote it down?"): "who wrote the last drill down",
    ("how old is the router", "Gareth", "", "who sold it?"): "who sold the router",
    ("what loan was approved", "Ketrin Halvey", "", "what is it for?"): "what is the loan for",
    ("what loan was approved", "Ketrin Halvey", "", "tell me more about it"): "what else was said about the loan",
    ("who is the verger", "SPEAKER_00", "", "what does he charge?"): "what does the verger charge",
    ("how many tenors are there", "SPEAKER_02", "", "can they read music?"): "can the tenors read music",
    # these stand alone
    ("what loan was approved", "", "", "who mends the lamp on the steps?"): "who mends the lamp on the steps?",
    (
        "what loan was approved",
        "",
        "",
        "is it likely that the floor is sanded",
    ): "is it likely that the floor is sanded",
    ("what loan was approved", "", "", "what did Averidge say?"): "what did Averidge say?",
    ("what loan was approved", "", "", "skate ramp"): "skate ramp",
    ("what loan was approved", "", "", "did the fitters come and did they mend the lamp"): (
        "did the fitters come and did they mend the lamp"
    ),
    (
        "what loan was approved",
        "",
        "",
        "how many people are there in the choir",
    ): "how many people are there in the choir",
}

# question: form of the answer, and what of
FORMS = {
    "did anyone mention the skate ramp?": "any the skate ramp",
    "Has anybody talked about hysteresis": "any hysteresis",
    "was the raft race brought up": "any the raft race",
    "did Averidge mention the auditor": "any the auditor",
    "is there any mention of a kiosk": "any a kiosk",
    "how many times was the pump mentioned": "count the pump",
    "how often did Brenne mention mercury": "count mercury",
    "in which meetings was the budget discussed": "count the budget",
    "who mentioned the scarves": "who the scarves",
    "which speakers talked about fireworks": "who fireworks",
    "list all places where the wasps are mentioned": "places the wasps",
    "show me every mention of the buoy": "places the buoy",
    "all passages about the theodolite": "places the theodolite",
    "list everything said about the tenors": "places the tenors",
    "did the council raise the fee": "",
    "who mends the lamp": "",
    "how often does the light turn": "",
    "was the harbour mortgaged": "",
    "did they sign the agreement": "",
}

# question, sentence: the amount or time in it
KEYS = {
    ("what does the permit cost", "The permit will cost 120 crowns this season."): "120 crowns",
    ("how much is in the reserve", "There's 96,000 in the harbour reserve."): "96,000",
    ("how many lanterns will there be", "The school is making two hundred lanterns of willow."): "two hundred lanterns",
    ("how long is the contract", "The contract with the board was for four seasons and eleven weeks."): "eleven weeks",
    ("when do the toilets reopen", "The toilets on Gull Lane reopen on the second of March."): "the second of March",
    ("when was the covenant challenged", "The covenant was challenged and it went to appeal."): None,
    ("what is the interest rate", "The interest rate is fixed at 3.1 percent for eighteen years."): "3.1 percent",
    ("how much was the grant", "We asked for a grant of 120,000 and got a grant of 90,000."): None,
    ("when did the alarm go", "The alarm went at 19:41."): "19:41",
    ("how deep is the rock", "The least depth of the rock is two point four."): None,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question: its kind, what was wanted and what came."""

    kind: str
    question: str
    wanted: str
    got: str


def outcomes(infos: tuple[TranscriptInfo, ...]) -> Iterator[Outcome]:
    """Every question with what came of it."""
    for question, wanted in FILTERS.items():
        implied = implied_by(question, infos, Filters())
        got = " ".join(f"{'!' if i.strict else '~'}{i.label}" for i in implied)
        yield Outcome("filter" if wanted else "no filter", question, wanted, got)
    voices = voices_of(infos)
    for (before, speaker, replier, question), wanted in FOLLOW_UPS.items():
        told = (speaker,) if speaker else ()
        earlier = Earlier(question=before, quotes=("It is so.",), speakers=told, repliers=(replier,) if replier else ())
        got = stand_alone(question, [earlier], voices).rstrip("?")
        kind = "stands alone" if wanted.rstrip("?") == question.rstrip("?") else "follow-up"
        yield Outcome(kind, f"{before} / {question}", wanted.rstrip("?"), got)
    for question, wanted in FORMS.items():
        asked = mentions_asked(question)
        got = f"{asked.form.value} {asked.thing}" if asked is not None else ""
        yield Outcome("form" if wanted else "no form", question, wanted, got)
    for (question, sentence), key in KEYS.items():
        span = key_of(question, sentence)
        yield Outcome("amount or time", question, key or "", span.of(sentence) if span is not None else "")


def archive(infos: tuple[TranscriptInfo, ...], n: int) -> tuple[TranscriptInfo, ...]:
    """So many transcripts: the first ones as they are, then again and again under other titles and names."""
    chance = random.Random(20261130)
    syllables = [c + v for c in "bcdfglmnprst" for v in "aeiou"]
    names = ["".join(chance.sample(syllables, 3)).capitalize() for _ in range(3000)]

    def renamed(info: TranscriptInfo, number: int) -> TranscriptInfo:
        speakers = []
        for entry in info.speakers:
            name = " ".join(chance.sample(names, 2))
            speakers.append(replace(entry, speaker=replace(entry.speaker, label=name, name=name, aliases=())))
        title = " ".join(chance.sample(names, 4))
        return replace(info, id=f"{info.id}-{number}", title=title, speakers=tuple(speakers))

    return infos + tuple(renamed(infos[number % len(infos)], number) for number in range(n - len(infos)))


def print_times(infos: tuple[TranscriptInfo, ...]) -> None:
    """How long it takes to see what a question narrows itself to, and to resolve that."""
    kinds = (("nothing", ""), ("a speaker", "!"), ("a speaker, perhaps", "~"))
    started = perf_counter()
    implied_by(next(iter(FILTERS)), infos, Filters())
    print(f"\n{len(infos)} transcripts, {sum(len(info.speakers) for info in infos)} speakers")
    print(f"first question {1000 * (perf_counter() - started):.0f} ms")
    print("| narrowed to | questions | understood, ms (median) | resolved, ms (median) |\n| --- | --- | --- | --- |")
    for kind, mark in kinds:
        asked = [question for question, wanted in FILTERS.items() if wanted[:1] == mark]
        timed = [_timed(question, infos) for question in asked for _ in range(3)]
        understood, resolved = (1000 * median(each) for each in zip(*timed, strict=True))
        print(f"| {kind} | {len(asked)} | {understood:.1f} | {resolved:.1f} |")


def _timed(question: str, infos: tuple[TranscriptInfo, ...]) -> tuple[float, float]:
    started = perf_counter()
    implied = implied_by(question, infos, Filters())
    understood = perf_counter()
    select(infos, narrowed(Filters(), implied))
    return understood - started, perf_counter() - understood


def main() -> None:
    """Print a row for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--failures", action="store_true", help="print what is not as wanted")
    parser.add_argument("--transcripts", type=int, help="how many an archive has in which questions are timed")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        TranscriptQA.build(CORPUS, index=folder, embedder=HashingEmbedder()) as qa,
    ):
        infos = qa.transcripts()
        started = perf_counter()
        found = list(outcomes(infos))
        seconds = perf_counter() - started
    print("| kind | questions | as a person would have it |\n| --- | --- | --- |")
    for kind in dict.fromkeys(outcome.kind for outcome in found):
        of_kind = [outcome for outcome in found if outcome.kind == kind]
        right = sum(outcome.wanted == outcome.got for outcome in of_kind)
        print(f"| {kind} | {len(of_kind)} | {right / len(of_kind):.3f} |")
    right = sum(outcome.wanted == outcome.got for outcome in found)
    print(f"| all | {len(found)} | {right / len(found):.3f} |")
    print(f"\n{1000 * seconds / len(found):.1f} ms a question")
    if arguments.transcripts:
        print_times(archive(infos, arguments.transcripts))
    if arguments.failures:
        for outcome in (outcome for outcome in found if outcome.wanted != outcome.got):
            print(f"{outcome.kind}: {outcome.question}\n    wanted {outcome.wanted!r}\n    got    {outcome.got!r}")


if __name__ == "__main__":
    main()
