"""`transcript-qa verify`: a quote, or every quotation of a file, against the index."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from transcript_qa.assistant import TranscriptQA
from transcript_qa.cli.console import make_console, write_json
from transcript_qa.cli.ending import FAILED, NOT_ANSWERED
from transcript_qa.cli.options import DEFAULT_INDEX, ColorOption, IndexOption, JsonOption, ModelOption
from transcript_qa.datatypes import Support
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import IndexWriteError, InvalidArgumentError, SourceNotFoundError
from transcript_qa.model_choice import embedder_of
from transcript_qa.store import EmbedderInfo, open_store

_FILE_NAME = re.compile(r"\S+\.(?:md|markdown|txt|text|docx|html?|pdf)", re.IGNORECASE)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("verify")(_verify)


def _verify(
    quote: Annotated[
        str, typer.Argument(metavar="QUOTE|FILE", help="Words that were said, or an article or minutes to check.")
    ],
    speaker: Annotated[str | None, typer.Option(metavar="NAME", help="Who is said to have said them.")] = None,
    transcript: Annotated[str | None, typer.Option(metavar="ID", help="Where they are said to stand.")] = None,
    quotes_only: Annotated[
        bool, typer.Option("--quotes-only", help="Of a file: leave indirect speech unchecked; needs no model.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="PATH", help="Of a file: write it with every quotation marked.")
    ] = None,
    index: IndexOption = DEFAULT_INDEX,
    model: ModelOption = None,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Tell whether a quote, or all of a file, was said.

    Of a file (Markdown, text, docx) every quotation and attribution is checked; exit status 1 where one is made up,
    altered, pieced together or given to the wrong person.
    """
    path = _file(quote)
    if path is not None:
        if speaker or transcript:
            raise InvalidArgumentError("--speaker and --transcript are for a quote; a file names its speakers itself.")
        _verify_file(path, index, model, quotes_only=quotes_only, html=html, as_json=as_json, no_color=no_color)
        return
    if html or quotes_only:
        raise InvalidArgumentError(f"--html and --quotes-only are for a file, and {quote!r} is none.")
    # Looking words up needs no model: it works where the index's own is not at hand.
    embedder = embedder_of(index, model) if model is not None else HashingEmbedder()
    store = open_store(index, embedder=EmbedderInfo.of(embedder) if model is not None else None)
    with TranscriptQA(store, embedder) as qa:
        check = qa.verify(quote, speaker=speaker, transcript=transcript)
    if as_json:
        from transcript_qa.render import verification_json

        write_json(verification_json(check))
    else:
        from transcript_qa.cli.output import show_verification

        show_verification(make_console(no_color=no_color), check)
    if check.support not in (Support.EXACT, Support.NORMALISED):
        raise typer.Exit(NOT_ANSWERED)


def _file(quote: str) -> Path | None:
    """The file that an argument names; None where it is a quote."""
    try:
        if Path(quote).is_file():
            return Path(quote)
    except (OSError, ValueError):
        return None
    if _FILE_NAME.fullmatch(quote):
        raise SourceNotFoundError(quote, "there is no such file", "Check the path; a quote needs no ending like this.")
    return None


def _verify_file(
    path: Path, index: str, model: str | None, *, quotes_only: bool, html: Path | None, as_json: bool, no_color: bool
) -> None:
    from transcript_qa.corpus import read_text
    from transcript_qa.grounding.article import check_article
    from transcript_qa.grounding.article_report import article_html, claims_json

    article = read_text(path)
    embedder = HashingEmbedder() if quotes_only else embedder_of(index, model)
    store = open_store(index, embedder=None if quotes_only else EmbedderInfo.of(embedder))
    with TranscriptQA(store, embedder) as qa:
        statement = None if quotes_only else lambda text, speaker: qa.check_statement(text, speaker=speaker)
        claims = check_article(article, qa.quote_finder(), statement)
        infos = qa.transcripts()
    if html is not None:
        try:
            html.write_text(article_html(path.name, article, claims, infos), "utf-8")
        except OSError as error:
            raise IndexWriteError(str(html), error.strerror or str(error), "Name another file with --html.") from error
    data = claims_json(str(path), claims)
    if as_json:
        write_json(data)
    else:
        from transcript_qa.cli.claims import show_claims

        show_claims(make_console(no_color=no_color), claims, n_transcripts=len(infos))
    if not data["passed"]:
        raise typer.Exit(FAILED)
