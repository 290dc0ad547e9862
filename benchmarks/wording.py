"""Prints what becomes of scripted replies of a language model, and what checking them costs.

    python benchmarks/wording.py

The replies are those of the tests (tests/wording_cases.py), over the sample corpus. Good sentences should be shown as
they are, defective ones be marked or left out. Time is compared with a model that writes 30 tokens a second.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from transcript_qa import TranscriptQA  # noqa: E402
from transcript_qa.assistant import AnswerDraft, AnswerText  # noqa: E402
from transcript_qa.tokens import count_tokens  # noqa: E402
from transcript_qa.wording.generate import ScriptedGenerator  # noqa: E402
from wording_cases import Case, Outcome, cases, run_case  # noqa: E402

TOKENS_PER_S = 30
TRANSCRIPT = "state-visit-veldania.txt"


def main() -> None:
    """Run all replies, with marks and strictly, and print the tables."""
    for strict in (False, True):
        ran = [(case, run_case(case, strict=strict)) for case in cases()]
        print(f"\n{'strict' if strict else 'marked'}: {len(ran)} replies")
        print_table(ran)
    print_times()


def print_table(ran: list[tuple[Case, Outcome]]) -> None:
    """A row for each kind of reply."""
    kinds: dict[str, list[tuple[Case, Outcome]]] = defaultdict(list)
    for case, outcome in ran:
        kinds[case.kind].append((case, outcome))
    print("| kind | replies | defective | of these shown unmarked | good | of these marked or left out |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, rows in [*kinds.items(), ("all", ran)]:
        counts = (
            len(rows),
            sum(len(case.bad) for case, _ in rows),
            sum(len(outcome.missed) for _, outcome in rows),
            sum(len(case.good) for case, _ in rows),
            sum(len(outcome.wronged) for _, outcome in rows),
        )
        print(f"| {kind} | {' | '.join(map(str, counts))} |")
    shown = sum(case.bad[0].split('"')[1] in outcome.answer.text for case, outcome in ran if case.kind == "quote")
    print(f"invented quotations shown: {shown}")


def print_times() -> None:
    """Checking and reading of the stream against the time the model needs, and what a whole answer adds before it."""
    shares, checks = [], []
    for case in cases():
        if not case.reply.strip():
            continue
        started = perf_counter()
        outcome = run_case(case)
        shares.append((perf_counter() - started) * TOKENS_PER_S / count_tokens(case.reply))
        checks.append(1000 * outcome.writer.check_s / max(1, len(case.good) + len(case.bad)))
    print(f"\nreading and checking a reply, share of the model's own time at {TOKENS_PER_S} tokens/s: ", end="")
    print(f"median {100 * statistics.median(shares):.1f} %, most {100 * max(shares):.1f} %")
    print(f"checking one sentence: median {statistics.median(checks):.1f} ms, most {max(checks):.1f} ms")
    drafts, sentences, prompts = measure_stream()
    for name, times in (
        ("from a model's first piece to it as a draft", drafts),
        ("from the piece that completes the first sentence to that sentence, checked", sentences),
        ("before the model is called: evidence and prompt", prompts),
    ):
        print(f"{name}: median {statistics.median(times):.1f} ms, most {max(times):.1f} ms")


class Timed(ScriptedGenerator):
    """Notes when it was called and when each piece was given."""

    def stream(self, messages, *, max_tokens):  # type: ignore[no-untyped-def]
        """See `ScriptedGenerator.stream`."""
        self.called = perf_counter()
        self.given: list[float] = []
        for piece in super().stream(messages, max_tokens=max_tokens):
            self.given.append(perf_counter())
            yield piece


def measure_stream() -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of whole answers over one transcript with the bundled model; the first is left out."""
    drafts, sentences, prompts = [], [], []
    with TemporaryDirectory() as folder, TranscriptQA.build(ROOT / "corpus" / TRANSCRIPT, index=folder) as qa:
        for case in [case for case in cases() if case.kind == "good"][:12]:
            generator = Timed(["The loan of 240 million crowns was approved by the bank [1]. "], piece_chars=6)
            answer = qa.ask(case.question)
            if not answer.answered:
                continue
            qa.word_with(generator)
            started = perf_counter()
            events = iter(qa.stream(case.question))
            first = next(event for event in events if isinstance(event, AnswerDraft | AnswerText))
            drafts.append(1000 * (perf_counter() - generator.given[0]))
            if isinstance(first, AnswerDraft):
                next(event for event in events if isinstance(event, AnswerText))
            sentences.append(1000 * (perf_counter() - generator.given[-1]))
            qa.word_with(None)
            prompts.append(1000 * (generator.called - started) - answer.timings_ms["total"])
    return drafts[1:], sentences[1:], prompts[1:]


if __name__ == "__main__":
    main()
