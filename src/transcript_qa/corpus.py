"""Files on disk: which of them are transcripts, what they hold, what makes one the same as last time.

The one module that reads transcripts from disk; the bytes go to `formats`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcript_qa.datatypes import ImportReport
from transcript_qa.errors import InvalidArgumentError, ParseError, SourceNotFoundError
from transcript_qa.formats import parse_transcript
from transcript_qa.formats.decode import decode
from transcript_qa.formats.documents import opened
from transcript_qa.formats.naming import slug, stem

MAX_BYTES = 200 * 1024 * 1024
# Files in a folder of transcripts that are about it and not in it.
_ABOUT = re.compile(
    r"(?:readme|licen[cs]e|copying|notice|changelog|index|contributing)(?:\..*)?|questions.*\.jsonl", re.IGNORECASE
)
# Suffixes that a folder may well hold beside transcripts; a file named by itself is always tried.
_OTHER = frozenset(
    (
        ".py", ".js", ".ts", ".css", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg",
        ".ico", ".mp3", ".mp4", ".m4a", ".wav", ".ogg", ".flac", ".mov", ".avi", ".mkv",
        ".webm", ".zip", ".gz", ".tar", ".7z", ".db", ".sqlite", ".sqlite3", ".faiss", ".pyc",
        ".lock", ".log", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".bak", ".tmp", ".swp",
        ".jsonl",
    )
)  # fmt: skip
# Files that only a folder with an index holds.
_INDEX_MARKS = ("*.faiss", "*.sqlite", "*.sqlite3", "*.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a file was when it was read; equal fingerprints mean that nothing has to be read again.

    Attributes:
        size: in bytes.
        mtime_ns: time of the last change, nanoseconds.
        sha256: of the bytes, in hexadecimal digits.
    """

    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Source:
    """A file that may hold a transcript.

    Attributes:
        path: as found, below the path that was given.
        name: that path as text with forward slashes; it identifies the source.
    """

    path: Path
    name: str


def find_sources(paths: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """The files that `paths` name: files themselves, and those in folders, however deep.

    In folders, hidden files, README and licence files, lists of questions, files of other kinds and folders that hold
    an index are passed over. Sorted by path; no file twice.

    Raises:
        SourceNotFoundError: a path does not exist, or a folder holds no file to read.
    """
    found: dict[Path, Source] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = _in_folder(path)
            if not files:
                raise SourceNotFoundError(
                    str(path), "there is no transcript in this folder", "Put transcripts into it, or name another one."
                )
        elif path.exists():
            files = [path]
        else:
            raise SourceNotFoundError(str(path), "there is no such file or folder", "Check the path.")
        for file in files:
            found.setdefault(file.resolve(), Source(path=file, name=file.as_posix()))
    return sorted(found.values())


def check_paths(paths: Sequence[str | os.PathLike[str]], *, into_empty: bool = False) -> None:
    """Raise `SourceNotFoundError` before an index is made or emptied for files that are not there.

    Args:
        paths: as given by a person.
        into_empty: there is no index yet, so that a folder without a file to read is an error too; an index that knows
            the folder drops its transcripts instead.
    """
    if not paths:
        raise InvalidArgumentError("No file or folder was given. Name at least one.")
    needed = [path for path in paths if into_empty or not Path(path).is_dir()]
    if needed:
        find_sources(needed)


def _in_folder(folder: Path) -> list[Path]:
    files: list[Path] = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _holds_index(here / name))
        files += [here / name for name in names if _is_candidate(name) and (here / name).is_file()]
    return files


def _is_candidate(name: str) -> bool:
    if name.startswith((".", "~")) or name.endswith("~") or _ABOUT.fullmatch(name):
        return False
    return Path(name).suffix.casefold() not in _OTHER


def _holds_index(folder: Path) -> bool:
    try:
        return any(next(folder.glob(mark), None) is not None for mark in _INDEX_MARKS)
    except OSError:
        return False


def read_transcript(path: str | os.PathLike[str], *, transcript_id: str | None = None) -> ImportReport:
    """The transcript in the file at `path`, and what was left out of it.

    Args:
        path: a file.
        transcript_id: the id to give it, else one made from the file's name.

    Raises:
        SourceNotFoundError: there is no such file, or it is a folder.
        ParseError: it cannot be read, is empty, too large, or holds no transcript.
    """
    return parse_transcript(read_bytes(path), source=Path(path).as_posix(), transcript_id=transcript_id)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of the file at `path`; raises as `read_transcript` does."""
    file = Path(path)
    if file.is_dir():
        raise SourceNotFoundError(str(file), "this is a folder, not a file", "Name a file in it.")
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ParseError(
                str(file),
                f"the file has {size:,} bytes, the most that is read is {MAX_BYTES:,}",
                "Split it into parts.",
            )
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise SourceNotFoundError(str(file), "there is no such file", "Check the path.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ParseError(str(file), f"the file cannot be read ({reason})", "Check who may read it.") from error
    return data


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of an article or of minutes, docx and PDF among them; raises as `read_transcript` does."""
    source = Path(path).as_posix()
    data = read_bytes(path)
    document = opened(data, source=source)
    if document is None:
        return decode(data, source=source).text
    # A document has a line for each paragraph.
    return document.text.replace("\n", "\n\n") if document.encoding == "docx" else document.text


def fingerprint(path: str | os.PathLike[str], data: bytes | None = None) -> Fingerprint:
    """What the file at `path` is now.

    Args:
        path: a file.
        data: its bytes where they have been read already.

    Raises:
        SourceNotFoundError: there is no such file.
        ParseError: it cannot be read.
    """
    content = read_bytes(path) if data is None else data
    try:
        mtime_ns = Path(path).stat().st_mtime_ns
    except OSError as error:
        raise SourceNotFoundError(str(path), "the file has gone while it was read", "Check the path.") from error
    return Fingerprint(size=len(content), mtime_ns=mtime_ns, sha256=hashlib.sha256(content).hexdigest())


def transcript_ids(paths: Iterable[str | os.PathLike[str]], taken: Mapping[str, str] | None = None) -> dict[str, str]:
    """An id for each path: short, readable, and the same again as long as its source has one.

    Args:
        paths: the sources, in any order; their place decides nothing.
        taken: ids already given, by source path.

    Returns:
        The id by path (with forward slashes), made from the file's name; where two would be the same, the folders above
        are put in front, then a number behind.

    >>> transcript_ids(["a/Call 1.vtt", "b/call-1.srt", "c/Hearing.txt"])
    {'a/Call 1.vtt': 'a-call-1', 'b/call-1.srt': 'b-call-1', 'c/Hearing.txt': 'hearing'}
    >>> transcript_ids(["b/call.srt"], {"a/call.vtt": "call"})
    {'b/call.srt': 'b-call'}
    """
    given = dict(taken or {})
    ordered = [Path(path).as_posix() for path in paths]
    names = sorted(set(ordered))
    ids = {name: given[name] for name in names if name in given}
    used = set(given.values())
    short = {name: slug(stem(name)) for name in names}
    # Those that have ids count too, so that it does not matter which of the files were given theirs first.
    n_each = Counter(short.values())
    for name, own in short.items():
        if name in ids:
            continue
        chosen = own if n_each[own] == 1 and own not in used else _longer(name, used)
        used.add(chosen)
        ids[name] = chosen
    return {name: ids[name] for name in ordered}


def _longer(name: str, used: set[str]) -> str:
    """The id with the folder above in front, and a number behind where that is taken too."""
    path = Path(name)
    longest = slug(stem(name))
    if path.parent.name:
        longest = slug(f"{path.parent.name}-{stem(name)}")
    number = 1
    chosen = longest
    while chosen in used:
        number += 1
        chosen = f"{longest}-{number}"
    return chosen
