from __future__ import annotations

import pytest

from transcript_qa.questions.wanted import Wanted, holds, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("who chaired the meeting", Wanted.PERSON),
        ("When is the concert?", Wanted.TIME),
        ("how long is the term", Wanted.TIME),
        ("How much was the loan?", Wanted.AMOUNT),
        ("how hot does it get", Wanted.AMOUNT),
        ("What does the permit cost?", Wanted.AMOUNT),
        ("what did they charge for the boat", Wanted.AMOUNT),
        ("what is the interest rate", Wanted.AMOUNT),
        ("where was it built", Wanted.PLACE),
        ("why was it late", Wanted.REASON),
        ("How did the ferry run aground?", Wanted.ANYTHING),
        ("how come nobody saw it", Wanted.REASON),
        ("Did they sign?", Wanted.YES_NO),
        ("what loan was mentioned", Wanted.ANYTHING),
    ],
)
def test_what_a_question_asks_for(question: str, kind: Wanted) -> None:
    assert wanted(question) is kind


@pytest.mark.parametrize(
    ("kind", "sentence", "held"),
    [
        (Wanted.AMOUNT, "It took forty-five pounds.", True),
        (Wanted.AMOUNT, "It took $100 million.", True),
        (Wanted.AMOUNT, "No one came.", False),
        (Wanted.TIME, "We meet on Friday.", True),
        (Wanted.TIME, "It lasted twelve minutes.", True),
        (Wanted.TIME, "We meet in the hall.", False),
        (Wanted.ANYTHING, "We meet in the hall.", None),
    ],
)
def test_whether_a_sentence_holds_it(kind: Wanted, sentence: str, held: bool | None) -> None:
    assert holds(kind, sentence) is held
