"""`transcript-qa mcp`: the transcripts as tools for other programs, over standard input and output."""

from __future__ import annotations

import typer

from transcript_qa.assistant import TranscriptQA
from transcript_qa.cli.llm import (
    LlmContextOption,
    LlmKeyOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmUrlOption,
    StrictOption,
    make_generator,
)
from transcript_qa.cli.options import DEFAULT_INDEX, IndexOption, ModelOption
from transcript_qa.model_choice import embedder_of


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("mcp")(_mcp)


def _mcp(
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_key_file: LlmKeyOption = None,
    llm_context: LlmContextOption = None,
    llm_timeout: LlmTimeoutOption = None,
    strict: StrictOption = False,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
) -> None:
    """Serve the tools of the Model Context Protocol to the program that started this."""
    from transcript_qa.mcp_server import build_server

    generator = make_generator(llm_url, llm_model, llm_key_file, llm_context, llm_timeout)
    with TranscriptQA.open(index, embedder=embedder_of(index, model)) as qa:
        qa.word_with(generator, strict=strict)
        build_server(qa).run("stdio")
