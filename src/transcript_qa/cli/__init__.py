"""The command line, `transcript-qa`.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 not answered (nothing found, a quote that does not stand), 130 stopped
with Ctrl-C. JSON and results go to stdout, all else to stderr.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from transcript_qa import __version__
from transcript_qa.assistant import TranscriptQA
from transcript_qa.cli import chat, copy_index, evaluate, mcp, speakers, verify
from transcript_qa.cli.console import make_console, quiet_libraries, write_error, write_json
from transcript_qa.cli.ending import FAILED, NOT_ANSWERED, USAGE, run_command
from transcript_qa.cli.llm import (
    LlmContextOption,
    LlmKeyOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmUrlOption,
    StrictOption,
    make_generator,
)
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
from transcript_qa.corpus import check_paths, find_sources, read_transcript
from transcript_qa.datatypes import Filters
from transcript_qa.errors import IndexWriteError, InvalidArgumentError
from transcript_qa.filters import as_filters
from transcript_qa.model_choice import embedder_for_indexing, embedder_of
from transcript_qa.sharding import parse_shard
from transcript_qa.store import EmbedderInfo, create_store, folder_of, open_or_create_store, open_store

_CORPUS = Path("corpus")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    index: Annotated[
        str,
        typer.Option("--index", metavar="DIR", envvar="TRANSCRIPT_QA_INDEX", help="Folder of the index, or address."),
    ] = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Ask your transcripts: answers are verbatim quotes with speaker, time and place, without a network.

    These options may stand before or after the command.
    Exit status: 0 done, 1 failed, 2 wrong usage, 3 not answered.
    """
    if version:
        sys.stdout.write(f"transcript-qa {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(USAGE)
    given = {"index": index, "model": model, "as_json": as_json, "no_color": no_color}
    context.default_map = {context.invoked_subcommand: {k: v for k, v in given.items() if v not in (None, False)}}


@app.command("index")
def _index(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATHS]...", help="Files and folders; by default corpus/.")
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Throw away what the index holds first.")] = False,
    shard: Annotated[
        str | None,
        typer.Option(metavar="N/OF", help="This share of the files, as 3/16, for one of many workers on an archive."),
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Add what is new or changed, drop what is gone."""
    from transcript_qa.cli.output import counted, index_report_json, show_index_report
    from transcript_qa.cli.progress import console_progress

    started = perf_counter()
    sources = paths or ([_CORPUS] if _CORPUS.is_dir() else [])
    if not sources:
        raise InvalidArgumentError(f"No file or folder was given, and there is no folder {_CORPUS}/ here. Name one.")
    share = None if shard is None else parse_shard(shard)
    if share is not None and (rebuild or folder_of(index) is not None):
        raise InvalidArgumentError(
            "--shard is for archives (milvus://…) and goes without --rebuild: a folder has one writer at a time, and "
            "each worker would throw away what the others wrote."
        )
    check_paths(sources)
    embedder, kept = embedder_for_indexing(index, model, rebuild=rebuild)
    if not kept:
        # Before an index is made, or thrown away, for nothing.
        find_sources(sources)
    info = EmbedderInfo.of(embedder)
    store = create_store(index, info, replace=True) if rebuild else open_or_create_store(index, info)
    with TranscriptQA(store, embedder) as qa:
        with console_progress(no_color=no_color) as progress:
            report = qa.update(sources, shard=share, progress=progress)
        n_transcripts, n_passages = len(qa.transcripts()), qa.passage_count()
    seconds = perf_counter() - started
    held = f"{counted(n_transcripts, 'transcript')}, {counted(n_passages, 'passage')}"
    if as_json:
        facts = {"index": str(index), "model": embedder.name, "transcripts": n_transcripts, "passages": n_passages}
        write_json({**facts, **index_report_json(report), "seconds": round(seconds, 3)})
    else:
        summary = f"{index} holds {held}; model {embedder.name}; {seconds:.1f} s"
        show_index_report(make_console(no_color=no_color), report, summary=summary)
    sys.stdout.flush()
    for one in report.failed:
        write_error(str(one.error), no_color=no_color, word="failed")
    if not n_transcripts and share is None:
        write_error("nothing was indexed", no_color=no_color)
    if report.failed or not (n_transcripts or share):
        raise typer.Exit(FAILED)


@app.command("inspect")
def _inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A transcript; it need not be in an index.")],
    turns: Annotated[bool, typer.Option("--turns", help="Show every turn too.")] = False,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Show what is understood of a file, and left out."""
    report = read_transcript(file)
    if as_json:
        from transcript_qa.render import report_json

        write_json(report_json(report))
        return
    from transcript_qa.cli.output import show_inspection
    from transcript_qa.tokens import count_tokens, encoding_name

    tokens = f"{count_tokens(report.transcript.text):,} ({encoding_name()})"
    show_inspection(make_console(no_color=no_color), report, tokens=tokens, turns=turns)


@app.command("list")
def _list(index: IndexOption = DEFAULT_INDEX, as_json: JsonOption = False, no_color: ColorOption = False) -> None:
    """List the transcripts of the index."""
    from transcript_qa.cli.output import show_transcripts
    from transcript_qa.listing import info_json

    with open_store(index) as store:
        infos = store.infos()
    if as_json:
        write_json({"index": str(index), "transcripts": [info_json(info) for info in infos]})
        return
    show_transcripts(make_console(no_color=no_color), infos, index=index)


speakers.register(app)
mcp.register(app)
copy_index.register(app)


@app.command("remove")
def _remove(
    transcript: Annotated[str, typer.Argument(metavar="ID", help="A transcript, as `list` shows it.")],
    index: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
    no_color: ColorOption = False,  # noqa: ARG001 - nothing here is coloured
) -> None:
    """Take a transcript out; its file is left alone."""
    with open_store(index, writable=True) as store, store.writing():
        store.remove(transcript)
        store.save()
    if as_json:
        write_json({"index": str(index), "removed": transcript})
    else:
        sys.stdout.write(f"removed {transcript}\n")


@app.command("search")
def _search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words or a question.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages at most.")] = 10,
    keyword: Annotated[bool, typer.Option("--keyword", help="By words alone, at once: no model is loaded.")] = False,
    rerank: Annotated[bool, typer.Option("--rerank", help="Read the first of them and put them in order.")] = False,
    transcripts: TranscriptsOption = None,
    speakers: SpeakersOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Find the passages that fit best."""
    filters = as_filters(transcripts, speakers, after, before)
    with _opened(index, model) as qa:
        hits = qa.search(query, k=k, words_only=keyword, rerank=rerank, **_keywords(filters))
        if as_json:
            from transcript_qa.render import hit_json

            write_json({"query": query, "hits": [hit_json(hit, address=qa.address) for hit in hits]})
        else:
            from transcript_qa.cli.output import show_hits

            show_hits(make_console(no_color=no_color), hits)
    if not hits:
        raise typer.Exit(NOT_ANSWERED)


@app.command("ask")
def _ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="In words.")],
    transcripts: TranscriptsOption = None,
    speakers: SpeakersOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    implied: ImpliedOption = True,
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_key_file: LlmKeyOption = None,
    llm_context: LlmContextOption = None,
    llm_timeout: LlmTimeoutOption = None,
    strict: StrictOption = False,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Answer with what was said, or say that none did."""
    filters = as_filters(transcripts, speakers, after, before)
    generator = make_generator(llm_url, llm_model, llm_key_file, llm_context, llm_timeout)
    with _opened(index, model) as qa:
        qa.word_with(generator, strict=strict)
        answer = qa.ask(question, implied=implied, **_keywords(filters))
        if as_json:
            from transcript_qa.render import answer_json

            write_json(answer_json(answer, address=qa.address))
        else:
            from transcript_qa.cli.output import show_answer

            show_answer(make_console(no_color=no_color), answer)
    if not answer.answered:
        raise typer.Exit(NOT_ANSWERED)


verify.register(app)
evaluate.register(app)
chat.register(app)


@app.command("serve")
def _serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 7860,
    read_only: Annotated[bool, typer.Option("--read-only", help="Take no uploads, change nothing.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="File whose first line is the password (or TRANSCRIPT_QA_PASSWORD).")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name it may be called by, as behind a proxy; repeat it.")
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Serve the tools of the Model Context Protocol at /mcp too.")
    ] = False,
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_key_file: LlmKeyOption = None,
    llm_context: LlmContextOption = None,
    llm_timeout: LlmTimeoutOption = None,
    strict: StrictOption = False,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Open the web chat, until Ctrl-C."""
    generator = make_generator(llm_url, llm_model, llm_key_file, llm_context, llm_timeout)
    embedder = embedder_of(index, model)
    from transcript_qa.web.login import read_password
    from transcript_qa.web.server import check_address, is_loopback, serve

    password = read_password(password_file)
    check_address(host, port)
    writable = not read_only
    try:
        qa = TranscriptQA.open(index, embedder=embedder, writable=writable)
    except IndexWriteError:
        writable = False
        qa = TranscriptQA.open(index, embedder=embedder)

    def ready(url: str) -> None:
        if as_json:
            write_json({"url": url})
        else:
            sys.stdout.write(f"Open {url}   (Ctrl-C stops)\n")
        sys.stdout.flush()

    with qa:
        qa.word_with(generator, strict=strict)
        if not is_loopback(host) and password is None:
            adding = " and add others" if writable else ""
            warning = f"whoever reaches this machine can read these transcripts{adding}: set a --password-file"
            write_error(warning, no_color=no_color, word="note")
        folder = folder_of(index)
        uploads = folder / "uploads" if writable and folder is not None else None
        serve(
            qa, host=host, port=port, uploads=uploads, hosts=allow_host or (), password=password, mcp=mcp, ready=ready
        )


@app.command("doctor")
def _doctor(
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_key_file: LlmKeyOption = None,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="fit how sure an answer must be to the index's own transcripts")
    ] = False,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Check the installation, the model and the index."""
    from transcript_qa.cli.doctor import calibration_check, checks_json, examine, is_sound, show_checks

    checks = examine(index, model=model, generator=make_generator(llm_url, llm_model, llm_key_file))
    if calibrate and is_sound(checks):
        with TranscriptQA.open(index, embedder=embedder_of(index, model), writable=True) as qa:
            checks.append(calibration_check(qa.calibrate()))
    if as_json:
        write_json(checks_json(checks))
    else:
        show_checks(make_console(no_color=no_color), checks)
    if not is_sound(checks):
        raise typer.Exit(FAILED)


def _opened(index: str, model: str | None) -> TranscriptQA:
    return TranscriptQA.open(index, embedder=embedder_of(index, model))


def _keywords(filters: Filters) -> dict[str, Any]:
    return {
        "transcripts": filters.transcripts,
        "speakers": filters.speakers,
        "after": filters.after,
        "before": filters.before,
    }


def main() -> None:
    """Run the command that the process was called with, and exit."""
    quiet_libraries()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shows a stand-in.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit status."""
    return run_command(typer.main.get_command(app), arguments)
