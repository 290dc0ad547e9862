"""Every error the package raises on purpose.

One root, `TranscriptQAError`. Each class also inherits the builtin a caller would expect and keeps its facts as
attributes. A message says what happened, the values that disagree, and the one thing to do. Not knowing an answer is
no error: it is an `Answer` that is not answered.
"""

from __future__ import annotations


class TranscriptQAError(Exception):
    """The root of all errors raised on purpose; its text is fit to be shown to a person."""


class ParseError(TranscriptQAError, ValueError):
    """A source that cannot be read as a transcript.

    Attributes:
        source: the file or name that was being read.
        reason: what is wrong with it.
        line: 1-based line of the source where reading failed, or None.
    """

    def __init__(self, source: str, reason: str, remedy: str, *, line: int | None = None) -> None:
        self.source = source
        self.reason = reason
        self.line = line
        place = f"{source}, line {line}" if line is not None else source
        super().__init__(f"{place}: {reason}. {remedy}")


class SourceNotFoundError(TranscriptQAError, FileNotFoundError):
    """A path that holds no file, or a folder that holds no transcript.

    Attributes:
        path: the path that was given.
    """

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}. {remedy}")


class UnknownTranscriptError(TranscriptQAError, KeyError):
    """A transcript id that the index does not hold.

    Attributes:
        transcript_id: the id that was asked for.
        known: ids that come near to it.
    """

    def __init__(self, transcript_id: str, known: tuple[str, ...] = ()) -> None:
        self.transcript_id = transcript_id
        self.known = known
        near = f" Did you mean {' or '.join(known)}?" if known else " `transcript-qa list` shows what there is."
        self._text = f"No transcript {transcript_id!r} in the index.{near}"
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text


class UnknownSpeakerError(TranscriptQAError, KeyError):
    """A speaker whom no transcript of the index names.

    Attributes:
        speaker: the name that was asked for.
        known: names that come near to it.
    """

    def __init__(self, speaker: str, known: tuple[str, ...] = ()) -> None:
        self.speaker = speaker
        self.known = known
        near = f" Did you mean {' or '.join(known)}?" if known else " `transcript-qa speakers` shows who there is."
        self._text = f"No speaker {speaker!r} in the index.{near}"
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text


class InvalidArgumentError(TranscriptQAError, ValueError):
    """An argument outside what a function takes (an empty question, k below 1, a date that is none)."""


class IndexNotFoundError(TranscriptQAError, FileNotFoundError):
    """A folder without an index.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path}: there is no index here. Make one with `transcript-qa index PATHS --index {path}`.")


class IndexDamagedError(TranscriptQAError, OSError):
    """An index whose database cannot be read.

    Attributes:
        path: the database file.
        reason: what the database engine says.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path}: the index is damaged ({reason}). The transcripts themselves are untouched: "
            "move this folder away and run `transcript-qa index` again."
        )


class IndexMismatchError(TranscriptQAError, ValueError):
    """An index made by another embedding model or by a newer version of this program.

    Attributes:
        path: the index folder.
        found: what the index was made with.
        expected: what is in use now.
    """

    def __init__(self, path: str, what: str, found: str, expected: str, remedy: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(f"{path}: the index was made with {what} {found}, now in use is {expected}. {remedy}")


class IndexWriteError(TranscriptQAError, OSError):
    """An index that cannot be written: a read-only folder, a full disk.

    Attributes:
        path: the folder or file.
        reason: what the system says.
    """

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: cannot write the index ({reason}). {remedy}")


class IndexLockedError(TranscriptQAError, OSError):
    """An index that another process is writing.

    Attributes:
        path: the index folder.
        holder: who holds the lock, as the lock file says.
        waited_s: how long this process waited, in seconds.
    """

    def __init__(self, path: str, holder: str, waited_s: float) -> None:
        self.path = path
        self.holder = holder
        self.waited_s = waited_s
        super().__init__(
            f"{path}: {holder} is writing this index; waited {waited_s:.0f} s. Try again when it has finished."
        )


class ModelError(TranscriptQAError, OSError):
    """An embedding model that cannot be loaded, or whose files are not the ones expected.

    Attributes:
        model: the name or folder of the model.
        reason: what went wrong.
    """

    def __init__(self, model: str, reason: str, remedy: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"{model}: {reason}. {remedy}")


class MissingExtraError(TranscriptQAError, ImportError):
    """A library that belongs to an extra which is not installed.

    Attributes:
        library: the library's name.
        extra: the extra that brings it.
    """

    def __init__(self, library: str, extra: str) -> None:
        self.library = library
        self.extra = extra
        super().__init__(f"{library} is not installed. Install it with `pip install 'transcript-qa[{extra}]'`.")


class GeneratorError(TranscriptQAError, OSError):
    """A language model that gives no reply, or one that breaks off.

    Attributes:
        server: the address of its server.
        reason: what went wrong.
    """

    def __init__(self, server: str, reason: str) -> None:
        self.server = server
        self.reason = reason
        stop = "" if reason.endswith(("?", ".")) else "."
        super().__init__(f"{server}: {reason}{stop} `transcript-qa doctor --llm-url {server}` looks into it.")


class StoreUnavailableError(TranscriptQAError, ConnectionError):
    """A database server that does not answer, or not in time.

    Attributes:
        address: of the index, without credentials.
        reason: what went wrong.
    """

    def __init__(self, address: str, reason: str, remedy: str = "") -> None:
        self.address = address
        self.reason = reason
        advice = remedy or "Check that the server runs and can be reached from here, then try again; nothing is lost."
        super().__init__(f"{address}: {reason}. {advice}")


class StoreAccessError(TranscriptQAError, PermissionError):
    """A database server that refuses the credentials, or what they want to do.

    Attributes:
        address: of the index, without credentials.
    """

    def __init__(self, address: str, reason: str, remedy: str) -> None:
        self.address = address
        super().__init__(f"{address}: {reason}. {remedy}")


class ServeError(TranscriptQAError, OSError):
    """A web chat that cannot start: a port in use, an address that is none."""
