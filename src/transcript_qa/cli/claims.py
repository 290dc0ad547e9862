"""The claims of an article as a table for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from transcript_qa.cli.console import assembled, joined, make_table, one_line, print_indented, styled
from transcript_qa.grounding.article import CheckedClaim, Outcome
from transcript_qa.grounding.article_report import MEANING, claim_words, css_class, source_words

_STYLES = {"ok": "green", "look": "yellow", "bad": "red"}
_TEXT_CHARS = 60


def show_claims(console: Console, claims: Sequence[CheckedClaim], *, n_transcripts: int) -> None:
    """A line for each claim, then what is wrong with those that do not stand."""
    if not claims:
        console.print("No quotation and no attribution was found in this file.")
        return
    table = make_table(console, "Line", "Outcome", "Given to", "Words", right=("Line",))
    for checked in claims:
        table.add_row(
            str(checked.claim.line),
            styled(checked.outcome.value, _STYLES[css_class(checked.outcome)]),
            styled(one_line(checked.claim.speaker or "")),
            styled(one_line(checked.claim.text, width=_TEXT_CHARS)),
        )
    console.print(table)
    for checked in claims:
        if not checked.outcome.passes or checked.outcome is Outcome.UNCERTAIN:
            _show_fault(console, checked)
    counts = Counter(checked.outcome.value for checked in claims)
    console.print()
    numbers = ", ".join(f"{n} {name}" for name, n in counts.items())
    console.print(styled(f"{len(claims)} checked against {n_transcripts:,} transcripts: {numbers}"))


def _show_fault(console: Console, checked: CheckedClaim) -> None:
    console.print()
    style = _STYLES[css_class(checked.outcome)]
    head = assembled(
        (f"line {checked.claim.line}: {checked.outcome.value}", f"bold {style}"), f", {MEANING[checked.outcome]}"
    )
    print_indented(console, head, 0)
    print_indented(console, styled(f"“{one_line(checked.claim.text)}”"), 2)
    for part in (claim_words(checked), source_words(checked)):
        if part:
            print_indented(console, joined((part, "dim")), 2)
