"""Uploaded files: a safe name and a place in the index's own folder."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from transcript_qa.assistant import TranscriptQA
from transcript_qa.datatypes import ImportReport
from transcript_qa.errors import IndexWriteError
from transcript_qa.indexing import IndexProgress

_MAX_NAME_CHARS = 100
_POLL_S = 0.2
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str) -> str:
    r"""A file name without folders, leading dots and what file systems refuse; never empty.

    >>> safe_name("../../etc/Passwd: 2.txt"), safe_name("..."), safe_name("C:\\talks\\Mai.vtt")
    ('Passwd_ 2.txt', 'transcript', 'Mai.vtt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char if char.isalnum() or char in " ._-()" else "_" for char in last).strip(" .")
    stem, suffix = Path(kept).stem, Path(kept).suffix
    shortened = f"{stem[: _MAX_NAME_CHARS - len(suffix)]}{suffix}" if len(suffix) < 20 else kept[:_MAX_NAME_CHARS]
    return f"_{shortened}" if _RESERVED.fullmatch(shortened) else shortened or "transcript"


def keep_upload(file: Path, folder: Path) -> tuple[Path, bool]:
    """Copy an uploaded file into `folder`.

    Returns:
        Its path there, and whether it is new: a file with this name and content may be there already. Another file with
        the same name is never overwritten; the new one gets a number.

    Raises:
        IndexWriteError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = safe_name(file.name)
        number, target = 1, folder / name
        while target.exists():
            if target.is_file() and target.read_bytes() == file.read_bytes():
                return target, False
            number += 1
            target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        shutil.copyfile(file, target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise IndexWriteError(str(folder), reason, "Check the disk and who may write there.") from error
    return target, True


def add_with_progress(qa: TranscriptQA, path: Path) -> Iterator[IndexProgress | ImportReport | None]:
    """Add a file to the index; yields how far it is, and last the report (None where nothing had changed).

    Raises as `TranscriptQA.add` does.
    """
    steps: SimpleQueue[IndexProgress] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=1) as worker:
        adding = worker.submit(qa.add, path, progress=steps.put)
        while not adding.done():
            try:
                yield steps.get(timeout=_POLL_S)
            except Empty:
                continue
        yield adding.result()
