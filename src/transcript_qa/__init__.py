"""Ask your transcripts: verbatim quotes with speaker, time and place, without a language model or a network.

Start with `TranscriptQA.build("corpus/", index="index/")` and `.ask("what loan was mentioned")`.
"""

from __future__ import annotations

from transcript_qa.asking import PastAnswer, PastQuote
from transcript_qa.assistant import AnswerDone, AnswerText, TranscriptQA
from transcript_qa.datatypes import (
    Answer,
    Citation,
    Filters,
    Hit,
    Implied,
    ImportReport,
    Passage,
    Span,
    Speaker,
    Support,
    Transcript,
    Turn,
    Verification,
)
from transcript_qa.errors import TranscriptQAError

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AnswerDone",
    "AnswerText",
    "Citation",
    "Filters",
    "Hit",
    "Implied",
    "ImportReport",
    "Passage",
    "PastAnswer",
    "PastQuote",
    "Span",
    "Speaker",
    "Support",
    "Transcript",
    "TranscriptQA",
    "TranscriptQAError",
    "Turn",
    "Verification",
    "__version__",
]
