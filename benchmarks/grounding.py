"""Quotations over real meetings: are those said, altered, misattributed, made up and pieced together told apart?

    python benchmarks/grounding.py ../shared/data/qmsum/val [--cases 500] [--failures]
    python benchmarks/grounding.py ../shared/data/qmsum/val --speed      # 10,000 quotes against 1,000,000 words
    python benchmarks/grounding.py --eval 1000                           # what `transcript-qa eval` spends its time on
    python benchmarks/grounding.py --plugin                              # what the pytest plugin adds to a suite

The folder holds QMSum files. Cases are generated, the same on every run of one seed: words of a turn as they are; with
changes that a faithful quotation may make; with one content word changed, or a number, a name or a denial; given to
another speaker of the meeting; from meetings that are not in the index; and pieced together from two places. "Right" is
the outcome that the case was made for.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transcript_qa import TranscriptQA
from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import Support, Transcript, Turn
from transcript_qa.embed import HashingEmbedder
from transcript_qa.evaluation.cases import read_cases
from transcript_qa.evaluation.evaluate import evaluate
from transcript_qa.evaluation.page import eval_html
from transcript_qa.evaluation.report import report_json
from transcript_qa.grounding.ground import QuoteFinder

ROOT = Path(__file__).resolve().parents[1]

KINDS = ("exact", "normalised", "altered", "misattributed", "fabricated", "stitched")
GRAVE = ("number", "name", "negation")
RIGHT = {
    "exact": {Support.EXACT},
    "normalised": {Support.NORMALISED},
    "altered": {Support.CLOSE},
    "misattributed": {Support.WRONG_SPEAKER},
    "fabricated": {Support.MISSING},
    "stitched": {Support.STITCHED},
}
N_HELD_OUT = 5
NUMBERS = "two three four five six seven eight nine ten twelve twenty thirty fifty hundred".split()
FIGURES = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion point half "
    "a and".split()
)
DIGITS = {word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
NOT_CONTENT = frozenset(
    "about after again because before being between could doing down during from going have having here into just like "
    "maybe more most much okay only other over really right same should some something still such than that their them "
    "then there these they thing things think this those through under until very want well were what when where which "
    "while will with would yeah your know mean".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A quote, who is said to have said it, and what was done to it."""

    kind: str
    quote: str
    speaker: str | None = None
    change: str = ""


class Maker:
    """Makes cases from meetings; those of `held_out` are not in the index."""

    def __init__(self, meetings: Sequence[Transcript], held_out: Sequence[Transcript], seed: int) -> None:
        self.rng = random.Random(seed)
        self.meetings = meetings
        self.turns = [(m, t) for m in meetings for t in m.turns if len(m.words_of(t).split()) >= 8]
        self.others = [(m, t) for m in held_out for t in m.turns if len(m.words_of(t).split()) >= 12]
        self.plain_turns = {id(t): plain(m.words_of(t)) for m, t in self.turns}
        self.printed = {m.id: plain(" ".join(m.words_of(t) for t in m.turns)) for m in meetings}
        vocabulary = Counter(w for m, t in self.turns for w in m.words_of(t).split() if is_content(w))
        self.vocabulary = sorted(w for w, n in vocabulary.items() if n >= 3)

    def case(self, kind: str) -> Case:
        """One case of a kind; tries places until one has what the kind needs."""
        while True:
            case = getattr(self, f"_{kind}")()
            if case is not None:
                return case

    def altered(self, change: str) -> Case:
        """A case with a number, a name or a denial changed."""
        while True:
            meeting, turn = self.rng.choice(self.turns)
            changed = getattr(self, f"_change_{change}")(self._words(meeting, turn))
            if changed is not None and not self._is_printed(" ".join(changed)):
                return Case(kind="altered", quote=" ".join(changed), change=change)

    def _words(self, meeting: Transcript, turn: Turn, *, at_least: int = 8, at_most: int = 30) -> list[str]:
        said = meeting.words_of(turn).split()
        length = self.rng.randint(min(at_least, len(said)), min(at_most, len(said)))
        first = self.rng.randint(0, len(said) - length)
        # A cut through a number makes another number.
        while first and is_figure(said[first - 1]):
            first -= 1
        last = first + length
        while last < len(said) and (is_figure(said[last - 1]) or is_figure(said[last])):
            last += 1
        return said[first:last]

    def _is_printed(self, quote: str) -> bool:
        return any(plain(quote) in text for text in self.printed.values())

    def _exact(self) -> Case | None:
        meeting, turn = self.rng.choice(self.turns)
        words = self._words(meeting, turn)
        printed = " ".join(words) in meeting.words_of(turn)
        return Case(kind="exact", quote=" ".join(words)) if printed and n_spoken(words) >= 4 else None

    def _normalised(self) -> Case | None:
        meeting, turn = self.rng.choice(self.turns)
        quote = " ".join(self._words(meeting, turn, at_least=10))
        done = []
        for change in self.rng.sample(FAITHFUL, k=self.rng.randint(1, 3)):
            if "[" in quote or "…" in quote or "..." in quote:
                break
            changed = change(quote, self.rng)
            if changed != quote:
                quote, done = changed, [*done, change.__name__]
        if not done or n_spoken(quote.split()) < 4 or quote.strip("“”") in meeting.text:
            return None
        return Case(kind="normalised", quote=quote, change=" ".join(done))

    def _altered(self) -> Case | None:
        meeting, turn = self.rng.choice(self.turns)
        change = self.rng.choice(["word", "word", *GRAVE])
        changed = getattr(self, f"_change_{change}")(self._words(meeting, turn))
        if changed is None or self._is_printed(" ".join(changed)):
            return None
        return Case(kind="altered", quote=" ".join(changed), change=change)

    def _change_word(self, words: list[str]) -> list[str] | None:
        return self._replaced(words, is_content, lambda _: self.rng.choice(self.vocabulary))

    def _change_number(self, words: list[str]) -> list[str] | None:
        return self._replaced(words, lambda w: w.casefold() in NUMBERS, lambda _: self.rng.choice(NUMBERS))

    def _change_name(self, words: list[str]) -> list[str] | None:
        names = [w for _, t in self.turns[:400] for w in t.speaker.label.split() if w[:1].isupper()] + [
            "Veldania",
            "Halvey",
        ]
        words = list(words)
        places = [
            n for n, w in enumerate(words) if n and w[:1].isupper() and len(w) > 3 and words[n - 1][-1:].isalpha()
        ]
        if not places or n_spoken(words) < 5:
            return None
        place = self.rng.choice(places)
        return self._at(words, place, self.rng.choice(names))

    def _change_negation(self, words: list[str]) -> list[str] | None:
        words = list(words)
        if n_spoken(words) < 6:
            return None
        for n, word in enumerate(words):
            if word.casefold() == "not":
                return words[:n] + words[n + 1 :]
            if word.casefold() in {"don't", "doesn't", "didn't", "wouldn't", "shouldn't", "isn't"}:
                return self._at(words, n, word[:-3])
            if word.casefold() in {"is", "are", "was", "should", "would", "will", "could"} and n + 2 < len(words):
                return [*words[: n + 1], "not", *words[n + 1 :]]
        return None

    def _replaced(self, words: list[str], chosen: Callable[[str], bool], by: Callable[[str], str]) -> list[str] | None:
        places = [n for n, word in enumerate(words) if chosen(word)]
        if not places or n_spoken(words) < 5:
            return None
        place = self.rng.choice(places)
        return self._at(words, place, by(words[place]))

    def _at(self, words: list[str], place: int, new: str) -> list[str] | None:
        if plain(words[place]) == plain(new):
            return None
        return [*words[:place], new, *words[place + 1 :]]

    def _misattributed(self) -> Case | None:
        meeting, turn = self.rng.choice(self.turns)
        words = self._words(meeting, turn)
        others = sorted({t.speaker.label for t in meeting.turns} - {turn.speaker.label})
        said = plain(" ".join(words))
        sayers = {m.id + t.speaker.label for m, t in self.turns if said in self.plain_turns[id(t)]}
        others = [o for o in others if all(not s.endswith(o) for s in sayers) and o not in turn.speaker.label]
        if not others or n_spoken(words) < 5:
            return None
        return Case(kind="misattributed", quote=" ".join(words), speaker=self.rng.choice(others))

    def _fabricated(self) -> Case | None:
        meeting, turn = self.rng.choice(self.others)
        words = self._words(meeting, turn, at_least=10)
        quote = " ".join(words)
        if sum(map(is_content, words)) < 3 or n_spoken(words) < 8 or self._is_printed(quote):
            return None
        return Case(kind="fabricated", quote=quote)

    def _stitched(self) -> Case | None:
        (one, first), (other, second) = self.rng.choice(self.turns), self.rng.choice(self.turns)
        left, right = self._words(one, first, at_most=14), self._words(other, second, at_most=14)
        near = one is other and abs(first.index - second.index) < 5
        if near or min(n_spoken(left), n_spoken(right)) < 6 or min(count(left), count(right)) < 2:
            return None
        joint = self.rng.choice([" ", " ... ", " … ", " [...] "])
        quote = " ".join(left) + joint + " ".join(right)
        return Case(kind="stitched", quote=quote, change="ellipsis" if joint.strip() else "no ellipsis")


def is_content(word: str) -> bool:
    """Whether a word is of five or more letters and none of those that are in every sentence."""
    return len(word) > 4 and word.isalpha() and word.islower() and word not in NOT_CONTENT


def is_figure(word: str) -> bool:
    """Whether a word may be a part of a number: "eighty", "-", "point", "five"."""
    return word.casefold().strip(",.") in FIGURES or not re.search(r"[^\W\d]", word)


def count(words: Sequence[str]) -> int:
    """How many content words."""
    return sum(map(is_content, words))


def n_spoken(words: Sequence[str]) -> int:
    """How many words beside marks and hesitation."""
    return sum(bool(re.search(r"\w", w)) and "{" not in w and w.casefold() not in HESITATION for w in words)


HESITATION = frozenset("um uh er hm mm hmm ah eh uhm erm".split())


def plain(text: str) -> str:
    """Letters and figures only, for a comparison that shares nothing with what is measured."""
    text = re.sub(r"\{[^{}]*\}", " ", text)
    return " ".join(re.sub(r"[^\w']+", " ", text.casefold()).split())


def curly(quote: str, _: random.Random) -> str:
    """Typographic apostrophes, and quotation marks around."""
    return f"“{quote.replace(chr(39), '’')}”"


def capitals(quote: str, rng: random.Random) -> str:
    """The first letter large, or all small."""
    return quote[:1].upper() + quote[1:] if rng.random() < 0.5 else quote.casefold()


def tidied(quote: str, _: random.Random) -> str:
    """Blanks before punctuation and notes about sounds taken out."""
    return " ".join(re.sub(r"\s+([.,?!])", r"\1", re.sub(r"\{[^{}]*\}", " ", quote)).split())


def no_hesitation(quote: str, _: random.Random) -> str:
    """Without um and uh."""
    return " ".join(word for word in quote.split() if word.casefold() not in HESITATION)


def digits(quote: str, _: random.Random) -> str:
    """Number words as figures."""
    return " ".join(DIGITS.get(word.casefold(), word) if word.casefold() != "one" else word for word in quote.split())


def wide_blanks(quote: str, rng: random.Random) -> str:
    """A blank that does not break, or a line break, for one in five."""
    return "".join(rng.choice("\u00a0\n\t") if c == " " and rng.random() < 0.2 else c for c in quote)


def elided(quote: str, rng: random.Random) -> str:
    """Some words in the middle left out, none of them a denial."""
    words = quote.split()
    if len(words) < 12 or re.search(r"\bnot?\b|n't|never|without|none|nothing|nor", quote):
        return quote
    first = rng.randint(4, len(words) - 7)
    left, right = words[:first], words[first + rng.randint(1, 3) :]
    if any(map(is_figure, (*words[first - 1 : first + 4],))):
        return quote
    return (
        " ".join([*left, rng.choice(["...", "…", "[...]"]), *right])
        if min(n_spoken(left), n_spoken(right)) > 2
        else quote
    )


def inserted(quote: str, rng: random.Random) -> str:
    """Words of the quoter's own in square brackets."""
    words = quote.split()
    place = rng.randint(2, max(2, len(words) - 2))
    if is_figure(words[place - 1]) or words[place - 1].casefold() in {"i", "you"}:
        return quote
    return " ".join([*words[:place], "[the group]", *words[place:]])


FAITHFUL = (curly, capitals, tidied, no_hesitation, digits, wide_blanks, elided, inserted)


def outcomes(finder: QuoteFinder, cases: Sequence[Case]) -> list[Support]:
    """What each quote is worth."""
    return [finder.find(case.quote, speaker=case.speaker).support for case in cases]


def quality(folder: Path, n_cases: int, *, seed: int, failures: bool) -> None:
    """Print how many outcomes are right."""
    meetings = [read_transcript(path).transcript for path in sorted(folder.glob("*.json"))]
    maker = Maker(meetings[:-N_HELD_OUT], meetings[-N_HELD_OUT:], seed)
    finder = QuoteFinder(maker.meetings)
    cases = [maker.case(KINDS[n % len(KINDS)]) for n in range(n_cases)]
    grave = [maker.altered(GRAVE[n % len(GRAVE)]) for n in range(3 * n_cases)]
    found = outcomes(finder, cases)
    print(f"{len(maker.meetings)} meetings, {len(finder.index):,} words, {n_cases} quotes, seed {seed}")
    for kind in KINDS:
        pairs = [(case, support) for case, support in zip(cases, found, strict=True) if case.kind == kind]
        wrong = Counter(s.value for c, s in pairs if s not in RIGHT[kind])
        print(f"{kind:14}{len(pairs) - wrong.total():5} of {len(pairs):4}   {dict(wrong) or ''}")
    n_right = sum(s in RIGHT[c.kind] for c, s in zip(cases, found, strict=True))
    print(f"all           {n_right:5} of {n_cases:4}   {n_right / n_cases:.3f}")
    passed = Counter(
        case.change
        for case, support in zip(grave, outcomes(finder, grave), strict=True)
        if support in (Support.EXACT, Support.NORMALISED)
    )
    print(
        f"altered in number, name or negation, called exact or normalised: {passed.total()} of {len(grave)} "
        f"{dict(passed)}"
    )
    if failures:
        for case, support in zip(cases, found, strict=True):
            if support not in RIGHT[case.kind]:
                print(f"  {case.kind} ({case.change}) called {support.value}: {case.quote!r}")
        for case in grave:
            check = finder.find(case.quote)
            if check.support in (Support.EXACT, Support.NORMALISED):
                print(f"  {case.change}: {case.quote!r} AS {check.citation.quote!r}")  # type: ignore[union-attr]


def speed(folder: Path, *, n_quotes: int, n_words: int, seed: int) -> None:
    """Print how long many quotes of all kinds take against many words."""
    meetings: list[Transcript] = []
    total = 0
    for path in sorted(folder.rglob("*.json")):
        if total >= n_words:
            break
        meetings.append(read_transcript(path).transcript)
        total += sum(bool(re.search(r"\w", word)) for word in meetings[-1].text.split())
    maker = Maker(meetings[:-N_HELD_OUT], meetings[-N_HELD_OUT:], seed)
    # What makes a case look at every meeting is left out: only the time counts here.
    maker.printed, maker.plain_turns = {}, dict.fromkeys(maker.plain_turns, "")
    cases = [maker.case(KINDS[n % len(KINDS)]) for n in range(n_quotes)]
    started, started_cpu = time.perf_counter(), time.process_time()
    finder = QuoteFinder(meetings)
    finder.find("the words of one quotation that nobody said")
    built, built_cpu = time.perf_counter(), time.process_time()
    by_kind: dict[str, float] = {}
    for kind in KINDS:
        begun = time.process_time()
        outcomes(finder, [case for case in cases if case.kind == kind])
        by_kind[kind] = time.process_time() - begun
    print(f"{len(meetings)} meetings, {total:,} words printed, {len(finder.index):,} compared; {n_quotes:,} quotes")
    print(
        f"processor time: words read and ordered {built_cpu - started_cpu:.1f} s, "
        f"quotes {sum(by_kind.values()):.1f} s; "
        f"by the clock {built - started:.1f} s and {time.perf_counter() - built:.1f} s"
    )
    print("  ".join(f"{kind} {1e6 * took / (n_quotes / len(KINDS)):.0f} us" for kind, took in by_kind.items()))


def eval_share(n_questions: int) -> None:
    """Print how much of `eval` is search and reading, over the sample corpus, without a model: the harder case."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TranscriptQA.build(ROOT / "corpus", index=folder, embedder=HashingEmbedder()) as qa,
    ):
        asked = read_cases(ROOT / "corpus" / "questions.jsonl")
        cases = [replace(asked[n % len(asked)], id=f"q{n}") for n in range(n_questions)]
        transcripts = {info.id: qa.transcript(info.id) for info in qa.transcripts()}
        qa.warm_up()
        started = time.perf_counter()
        passages = {p.id: (p.transcript_id, *p.turns) for p in qa.passages()}
        results = evaluate(qa.ask, cases, transcripts, passages)
        spent = 1000 * (time.perf_counter() - started)
        eval_html(report_json(results, file="", index="", model="hashing", total_ms=spent))
        took = time.perf_counter() - started
    asking = sum(result.asking_ms for result in results) / 1000
    print(f"{n_questions:,} questions in {took:.1f} s; search and reading {asking:.1f} s, {asking / took:.3f} of it")


def plugin(*, n_runs: int = 3) -> None:
    """Print what loading the plugin adds to a suite without it, in processor time, which load distorts least."""
    script = (
        "import pytest; from time import process_time as now; t = now(); "
        "import transcript_qa.pytest_plugin; print(now() - t)"
    )
    imported = [float(run([sys.executable, "-c", script])) for _ in range(n_runs)]
    took: dict[str, list[float]] = {"with": [], "without": []}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
        for _ in range(n_runs):
            for name, options in (("with", []), ("without", ["-p", "no:transcript_qa"])):
                before = children_s()
                run([*command, *options])
                took[name].append(children_s() - before)
    with_it, without = (1000 * statistics.median(took[name]) for name in ("with", "without"))
    print(f"import of the plugin: {1000 * statistics.median(imported):.1f} ms of processor time, median of {n_runs}")
    print(f"a suite of one test: {with_it:.0f} ms with it, {without:.0f} ms with it blocked")


def children_s() -> float:
    """Processor seconds of all processes that were started and have ended."""
    used = os.times()
    return used.children_user + used.children_system


def run(command: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--failures", action="store_true", help="print each quote that went wrong")
    parser.add_argument("--speed", action="store_true", help="10,000 quotes against 1,000,000 words")
    parser.add_argument("--eval", type=int, metavar="N", help="where `eval` spends its time over N questions")
    parser.add_argument("--plugin", action="store_true", help="what the pytest plugin adds to a suite without it")
    options = parser.parse_args()
    if options.plugin:
        plugin()
        return
    if options.eval:
        eval_share(options.eval)
        return
    if options.speed:
        speed(options.folder, n_quotes=10_000, n_words=1_000_000, seed=options.seed)
        return
    quality(options.folder, options.cases, seed=options.seed, failures=options.failures)


if __name__ == "__main__":
    main()
