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
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from wording_cases import Case, Outcome, cases, run_case

from transcript_qa.replies import SentenceBuffer
from transcript_qa.tokens import count_tokens

TOKENS_PER_S = 30


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
    """Checking and reading of the stream against the time the model needs."""
    cases_ = [case for case in cases() if case.reply.strip()]
    shares, firsts, drafts = [], [], []
    for case in cases_:
        model_s = count_tokens(case.reply) / TOKENS_PER_S
        started = perf_counter()
        outcome = run_case(case)
        shares.append((perf_counter() - started) / model_s)
        firsts.append(outcome.writer.check_s * 1000)
        started = perf_counter()
        buffer = SentenceBuffer()
        list(buffer.feed(case.reply[:7]))
        _ = buffer.draft
        drafts.append(1000 * (perf_counter() - started))
    print(f"\nchecking, share of the model's own time at {TOKENS_PER_S} tokens/s: ", end="")
    print(f"median {100 * statistics.median(shares):.1f} %, most {100 * max(shares):.1f} %")
    print(f"checks of a whole reply: median {statistics.median(firsts):.1f} ms, most {max(firsts):.1f} ms")
    print(
        f"first words as a draft: median {statistics.median(drafts):.2f} ms, most {max(drafts):.2f} ms after the model's"
    )


if __name__ == "__main__":
    main()
