from __future__ import annotations

import re

import pytest

from wording_cases import Case, cases, run_case


@pytest.mark.parametrize("strict", [False, True])
def test_every_defective_sentence_is_marked_or_dropped_and_hardly_any_good_one(strict: bool) -> None:
    outcomes = [run_case(case, strict=strict) for case in cases()]
    assert len(outcomes) >= 200
    assert [missed for outcome in outcomes for missed in outcome.missed] == []
    n_good = sum(len(case.good) for case in cases())
    wronged = [each for outcome in outcomes for each in outcome.wronged]
    assert n_good > 100
    assert len(wronged) <= 0.02 * n_good, wronged
    if strict:
        assert not any("\u26a0" in outcome.answer.text for outcome in outcomes)


@pytest.mark.parametrize("case", [c for c in cases() if c.kind == "quote"], ids=lambda case: case.question)
def test_invented_quotations_are_never_shown(case: Case) -> None:
    invented = case.bad[0].split('"')[1]
    outcome = run_case(case)
    assert invented not in outcome.answer.text
    assert outcome.answer.n_dropped == 1


@pytest.mark.parametrize("case", cases()[::5], ids=lambda case: f"{case.kind}: {case.question}")
def test_markers_and_citations_answer_each_other(case: Case) -> None:
    answer = run_case(case).answer
    if answer.worded_by is None:
        assert answer.note
        return
    markers = [int(marker) for marker in re.findall(r"\[(\d+)\]", answer.text)]
    assert list(dict.fromkeys(markers)) == [citation.marker for citation in answer.citations]
    assert list(dict.fromkeys(markers)) == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        transcript = case.evidence[0].transcript
        assert citation.span.of(transcript.text) == citation.quote
