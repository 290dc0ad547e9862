"""What `TranscriptQA.stream` gives: an answer's text as it comes, and last the whole."""

from __future__ import annotations

from dataclasses import dataclass

from transcript_qa.datatypes import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """A piece of an answer's text as it comes; the pieces in a row are the text of the whole answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    """Words of a language model that are not checked yet, each time all of the sentence so far.

    They stand in for the next `AnswerText` while it is waited for, and are to be shown as what they are, or not at
    all. They hold no quotation and no marker.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDone:
    """The whole answer; always the last event."""

    answer: Answer
