"""Ask your transcripts: verbatim quotes with speaker, time and place, without a language model or a network.

Start with `TranscriptQA.build("corpus/", index="index/")` and `.ask("what loan was mentioned")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transcript_qa.assistant import AnswerDone, AnswerDraft, AnswerText, TranscriptQA
    from transcript_qa.datatypes import (
        Answer,
        Citation,
        Difference,
        Filters,
        Hit,
        Implied,
        ImportReport,
        Passage,
        PastAnswer,
        PastQuote,
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
    "Difference",
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

_HOMES = {
    **dict.fromkeys(("AnswerDone", "AnswerDraft", "AnswerText", "TranscriptQA"), "transcript_qa.assistant"),
    "TranscriptQAError": "transcript_qa.errors",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for now: every pytest loads this package for its plugin, and most never use it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "transcript_qa.datatypes")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
