"""Ask your transcripts: verbatim quotes with speaker, time and place, without a language model or a network.

Start with `TranscriptQA.build("corpus/", index="index/")` and `.ask("what loan was mentioned")`.
"""

from __future__ import annotations

from transcript_qa.assistant import AnswerDone, AnswerDraft, AnswerText, TranscriptQA
from transcript_qa.datatypes import (
    Answer,
    Citation,
    Filters,
    Hit,
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
    "AnswerDraft",
    "AnswerText",
    "Citation",
    "Filters",
    "Hit",
    "ImportReport",
    "Passage",
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
