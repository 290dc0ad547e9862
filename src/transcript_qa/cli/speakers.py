"""The commands of the command line that are about speakers: who there is, what they are called, who is one person."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from transcript_qa.cli.console import make_console, write_json
from transcript_qa.cli.options import DEFAULT_INDEX, ColorOption, IndexOption, JsonOption, TranscriptsOption
from transcript_qa.datatypes import Speaker
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.renaming import merge_speakers, rename_speaker, undo_speakers
from transcript_qa.store import Store, TranscriptInfo, open_store

_ID = Annotated[str, typer.Argument(metavar="ID", help="A transcript, as `list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("speakers")(_speakers)
    app.command("rename-speaker")(_rename)
    app.command("merge-speakers")(_merge)
    app.command("undo-speakers")(_undo)


def _speakers(
    transcripts: TranscriptsOption = None,
    index: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """List who speaks, and how much."""
    with open_store(index) as store:
        infos = store.infos()
        for wanted in transcripts or ():
            if all(wanted != info.id for info in infos):
                store.transcript(wanted)
    if transcripts:
        infos = tuple(info for info in infos if info.id in transcripts)
    _show(infos, index=index, as_json=as_json, no_color=no_color)


def _rename(
    transcript: _ID,
    speaker: Annotated[str, typer.Argument(metavar="LABEL", help='Whom; "" for those without a label.')],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")],
    index: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Give a speaker of one transcript a name."""
    with open_store(index, writable=True) as store:
        _tell(store, transcript, rename_speaker(store, transcript, speaker, name), index, as_json, no_color)


def _merge(
    transcript: _ID,
    speakers: Annotated[list[str], typer.Argument(metavar="LABEL...", help="Two or more; the first one's stays.")],
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="The person's name.")] = None,
    index: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Make two or more labels of one transcript one speaker."""
    with open_store(index, writable=True) as store:
        _tell(store, transcript, merge_speakers(store, transcript, speakers, name), index, as_json, no_color)


def _undo(
    transcript: _ID,
    everything: Annotated[bool, typer.Option("--all", help="Take back all of it, not the last only.")] = False,
    index: IndexOption = DEFAULT_INDEX,
    as_json: JsonOption = False,
    no_color: ColorOption = False,
) -> None:
    """Take back the last rename-speaker or merge-speakers."""
    with open_store(index, writable=True) as store:
        if not undo_speakers(store, transcript, everything=everything):
            raise InvalidArgumentError(f"Nothing was said about the speakers of {transcript} that could be taken back.")
        _tell(store, transcript, None, index, as_json, no_color)


def _tell(store: Store, transcript: str, speaker: Speaker | None, index: str, as_json: bool, no_color: bool) -> None:
    """Who there is in a transcript now."""
    if speaker is not None and not as_json:
        labels = ", ".join(label or "(no label)" for label in (speaker.label, *speaker.aliases))
        sys.stdout.write(
            f"{labels} is now {speaker.display}; `transcript-qa undo-speakers {transcript}` takes it back\n"
        )
        return
    infos = tuple(info for info in store.infos() if info.id == transcript)
    _show(infos, index=index, as_json=as_json, no_color=no_color)


def _show(infos: tuple[TranscriptInfo, ...], *, index: str, as_json: bool, no_color: bool) -> None:
    from transcript_qa.cli.output import show_all_speakers
    from transcript_qa.listing import info_speakers_json

    speakers = [{"transcript_id": info.id, **one} for info in infos for one in info_speakers_json(info)]
    if as_json:
        write_json({"index": index, "speakers": speakers})
    else:
        show_all_speakers(make_console(no_color=no_color), infos, speakers)
