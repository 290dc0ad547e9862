"""The options that several commands of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transcript_qa.store import folder_of

DEFAULT_INDEX = "index"


def index_name(given: str) -> str:
    """What names an index: an address as it stands, or a folder."""
    return given if folder_of(given) is None else str(Path(given))


IndexOption = Annotated[
    str,
    typer.Option(
        "--index",
        metavar="DIR",
        parser=index_name,
        help="Folder of the index, or milvus://HOST:PORT/ARCHIVE; TRANSCRIPT_QA_INDEX sets another default.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Embedding model: a sentence-transformers folder or name on this machine, or `hashing`, which needs no "
        "model and finds words only. By default the one the index was made with, else the one that comes along.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ColorOption = Annotated[bool, typer.Option("--no-color", help="Print without colour, as NO_COLOR does.")]
TranscriptsOption = Annotated[
    list[str] | None, typer.Option("--transcript", metavar="ID", help="Only this transcript; may be repeated.")
]
SpeakersOption = Annotated[
    list[str] | None, typer.Option("--speaker", metavar="NAME", help="Only this speaker; may be repeated.")
]
ImpliedOption = Annotated[
    bool,
    typer.Option("--implied/--no-implied", help="Keep to the speakers, titles and dates that the question names."),
]
AfterOption = Annotated[str | None, typer.Option(metavar="DATE", help="Only from this day on, as in 2024-03-19.")]
BeforeOption = Annotated[str | None, typer.Option(metavar="DATE", help="Only up to this day.")]
