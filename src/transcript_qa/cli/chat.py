"""The command `transcript-qa chat`: a conversation in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer

from transcript_qa.asking import past_answer
from transcript_qa.assistant import TranscriptQA
from transcript_qa.cli.console import make_console, write_error, write_json
from transcript_qa.cli.options import (
    DEFAULT_INDEX,
    AfterOption,
    BeforeOption,
    ColorOption,
    ImpliedOption,
    IndexOption,
    JsonOption,
    ModelOption,
    SpeakersOption,
    TranscriptsOption,
)
from transcript_qa.datatypes import PastAnswer
from transcript_qa.errors import TranscriptQAError
from transcript_qa.filters import as_filters
from transcript_qa.model_choice import embedder_of

_LEAVING = frozenset({"quit", "exit", "/quit", "/exit"})
_FORGETTING = "/new"
_KEPT = 20


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("chat")(_chat)


def _chat(
    transcripts: TranscriptsOption = None,
    speakers: SpeakersOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    implied: ImpliedOption = True,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Ask and ask on; an answer may be asked about."""
    filters = as_filters(transcripts, speakers, after, before)
    history: list[PastAnswer] = []
    with TranscriptQA.open(index, embedder=embedder_of(index, model)) as qa:
        for question in _questions(quiet=as_json, first=f"{len(qa.transcripts())} transcripts"):
            if question == _FORGETTING:
                history.clear()
                continue
            try:
                answer = qa.ask(
                    question,
                    transcripts=filters.transcripts,
                    speakers=filters.speakers,
                    after=filters.after,
                    before=filters.before,
                    history=history,
                    implied=implied,
                )
            except TranscriptQAError as error:
                write_error(str(error), no_color=no_color)
                continue
            history = [*history, past_answer(answer)][-_KEPT:]
            if as_json:
                from transcript_qa.render import answer_json

                write_json(answer_json(answer, address=qa.address))
            else:
                from transcript_qa.cli.output import show_answer

                show_answer(make_console(no_color=no_color), answer)
            sys.stdout.flush()


def _questions(*, quiet: bool, first: str) -> Iterator[str]:
    """The questions that are typed or piped in, until the end or a word of leaving; the prompt goes to stderr."""
    asking = sys.stdin.isatty() and not quiet
    if asking:
        sys.stderr.write(f"{first}. Ask; {_FORGETTING} begins anew, quit or Ctrl-D leaves.\n")
    while True:
        if asking:
            sys.stderr.write("\n> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        question = line.strip()
        if not line or question.casefold() in _LEAVING:
            return
        if question:
            yield question
