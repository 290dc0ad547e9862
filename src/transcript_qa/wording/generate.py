"""Language models that word answers: the protocol, a double with a script, and any OpenAI-compatible server.

The seam is `Generator`: messages in, pieces of a reply out. `ServerGenerator` speaks the chat completions protocol
(https://platform.openai.com/docs/api-reference/chat), as Ollama, llama.cpp, vLLM, LM Studio and hosted services do.
A key is sent to the server that was named and kept nowhere else. `openai` is imported at the first call.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from transcript_qa.errors import GeneratorError, InvalidArgumentError, MissingExtraError

if TYPE_CHECKING:
    import openai

KEY_VARIABLE = "TRANSCRIPT_QA_LLM_KEY"
CONTEXT_TOKENS = 4096
DEADLINE_S = 120.0
STALL_S = 20.0
_MOST_BACKOFF_S = 8.0
_NO_KEY = "none"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a model; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


class Generator(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """As it is shown beside an answer."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens messages and reply may have together."""
        ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """The reply in pieces as they come; closing the iterator cancels.

        Args:
            messages: the conversation.
            max_tokens: the most that the reply may have.

        Raises:
            GeneratorError: no reply, or one that breaks off.
        """
        ...


class ScriptedGenerator:
    """Gives replies that were written before, for tests and trials; the last one again and again.

    Args:
        replies: in order; an error among them is raised in its turn.
        piece_chars: how many characters come at a time.
        context_tokens: as in `Generator`.

    Attributes:
        seen: the messages of every call.

    >>> "".join(ScriptedGenerator(["It was said [1]."]).stream([Message("user", "Was it?")], max_tokens=9))
    'It was said [1].'
    """

    def __init__(
        self, replies: Iterable[str | GeneratorError], *, piece_chars: int = 5, context_tokens: int = CONTEXT_TOKENS
    ) -> None:
        self._replies = list(replies)
        if not self._replies:
            raise InvalidArgumentError("A script without a reply. Give at least one.")
        self._piece_chars = piece_chars
        self._context_tokens = context_tokens
        self.seen: list[tuple[Message, ...]] = []

    @property
    def name(self) -> str:
        """Always "scripted"."""
        return "scripted"

    @property
    def context_tokens(self) -> int:
        """As given."""
        return self._context_tokens

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """The next reply of the script; see `Generator.stream`."""
        del max_tokens
        reply = self._replies[min(len(self.seen), len(self._replies) - 1)]
        self.seen.append(tuple(messages))
        if isinstance(reply, GeneratorError):
            raise reply
        for at in range(0, len(reply), self._piece_chars):
            yield reply[at : at + self._piece_chars]


class ServerGenerator:
    """A model behind an OpenAI-compatible server.

    Args:
        url: of the server, as `http://127.0.0.1:11434` or `https://api.example.org/v1`.
        model: its name there; None for the only one that the server has.
        key: what to send as a bearer token; None for nothing.
        context_tokens: as in `Generator`; what the server is set up for, not what the model could do.
        deadline_s: seconds within which a reply must be complete.
        stall_s: seconds that may pass between two pieces of a reply.
        retries: how often a call is tried again after a 429 or 5xx.
        backoff_s: seconds before the first of these, doubled each time; a `retry-after` goes first.

    Attributes:
        url: where the protocol's calls lie.
        model: as given, or once it has been asked for.

    Raises:
        InvalidArgumentError: an address that is none.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str | None = None,
        key: str | None = None,
        context_tokens: int = CONTEXT_TOKENS,
        deadline_s: float = DEADLINE_S,
        stall_s: float = STALL_S,
        retries: int = 3,
        backoff_s: float = 0.5,
    ) -> None:
        self.url = server_url(url)
        self.model = model
        self._key = key
        self._context_tokens = context_tokens
        self._deadline_s = deadline_s
        self._stall_s = stall_s
        self._retries = retries
        self._backoff_s = backoff_s

    def __repr__(self) -> str:
        return f"ServerGenerator({self.url!r}, model={self.model!r})"

    @property
    def name(self) -> str:
        """The model's name, or the server's where none was given and none has been asked for."""
        return self.model or urlsplit(self.url).netloc

    @property
    def context_tokens(self) -> int:
        """As given."""
        return self._context_tokens

    def models(self) -> list[str]:
        """The names of the models that the server has, in its order.

        Raises:
            GeneratorError: it does not say.
        """
        try:
            with self._client(timeout_s=min(10.0, self._deadline_s)) as client:
                return [model.id for model in client.models.list()]
        except MissingExtraError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """See `Generator.stream`; the call is made in a thread of its own, so that no server can hold the caller."""
        until = monotonic() + self._deadline_s
        if self.model is None:
            self.model = self._only_model()
        call = _Call(self, messages, max_tokens, until)
        thread = Thread(target=call.run, name="language-model", daemon=True)
        thread.start()
        wait_s = self._deadline_s
        try:
            while True:
                left_s = until - monotonic()
                try:
                    piece = call.pieces.get(timeout=max(0.0, min(wait_s, left_s)))
                except Empty:
                    waited = f"{self._deadline_s:g} s" if left_s <= wait_s else f"{wait_s:g} s after its last words"
                    raise GeneratorError(self.url, f"no answer within {waited}") from None
                if piece is None:
                    return
                if isinstance(piece, BaseException):
                    raise self._failed(piece) from piece
                wait_s = self._stall_s
                yield piece
        finally:
            call.stop()

    def _only_model(self) -> str:
        found = [name for name in self.models() if "embed" not in name.casefold()]
        if len(found) == 1:
            return found[0]
        if not found:
            raise GeneratorError(self.url, "the server has no model; load one there")
        raise GeneratorError(
            self.url, f"the server has {len(found)} models ({', '.join(found[:8])}); name one with --llm-model"
        )

    def _client(self, *, timeout_s: float) -> openai.OpenAI:
        try:
            import openai
        except ImportError as error:
            raise MissingExtraError("openai", "llm") from error
        # Without a key given the client would take one from the environment that is meant for another server.
        return openai.OpenAI(
            base_url=self.url,
            api_key=self._key or _NO_KEY,
            max_retries=0,
            timeout=timeout_s,
            organization="",
            project="",
        )

    def _failed(self, error: BaseException) -> GeneratorError:
        """What a person is told of an error; the key is taken out should a server repeat it."""
        if isinstance(error, GeneratorError):
            return error
        status = getattr(error, "status_code", None)
        told = " ".join(str(getattr(error, "message", "") or error or type(error).__name__).split())[:300]
        if self._key:
            told = told.replace(self._key, "…")
        if status in (401, 403):
            told = f"the server refuses the key ({status}); set {KEY_VARIABLE} or --llm-key-file"
        elif status is not None:
            told = f"the server answers {status}: {told}"
        elif type(error).__name__ == "APIConnectionError":
            told = "the server cannot be reached; is it running?"
        return GeneratorError(self.url, told)


class _Call:
    """One call in its thread; `pieces` gets the reply, then None, or the error."""

    def __init__(self, to: ServerGenerator, messages: Sequence[Message], max_tokens: int, until: float) -> None:
        self.pieces: SimpleQueue[str | BaseException | None] = SimpleQueue()
        self._to = to
        self._messages = [{"role": message.role, "content": message.content} for message in messages]
        self._max_tokens = max_tokens
        self._until = until
        self._stopped = Event()
        self._begun = False
        self._client: openai.OpenAI | None = None

    def run(self) -> None:
        """Make the call, again where that may help."""
        try:
            self._client = self._to._client(timeout_s=max(0.1, self._until - monotonic()))
            with self._client as client:
                for attempt in range(self._to._retries + 1):
                    try:
                        self._read(client)
                        return
                    except Exception as error:
                        if attempt == self._to._retries or not self._waited(error, attempt):
                            raise
        except BaseException as error:  # noqa: BLE001 - raised where the reply is read
            self.pieces.put(error)

    def stop(self) -> None:
        """Let go of the connection; what comes after is thrown away."""
        self._stopped.set()
        if self._client is not None:
            self._client.close()

    def _read(self, client: openai.OpenAI) -> None:
        given: Any = {"messages": self._messages, "max_tokens": self._max_tokens, "temperature": 0, "stream": True}
        with client.chat.completions.create(model=self._to.name, **given) as chunks:
            for chunk in chunks:
                if self._stopped.is_set():
                    return
                piece = _text_of(chunk)
                if piece:
                    self._begun = True
                    self.pieces.put(piece)
        self.pieces.put(None)

    def _waited(self, error: Exception, attempt: int) -> bool:
        """Wait before another try; False where there is none to be made."""
        status = getattr(error, "status_code", None)
        if not isinstance(status, int) or (status != 429 and status < 500) or self._begun:
            return False
        pause_s = min(_MOST_BACKOFF_S, self._to._backoff_s * 2**attempt)
        headers = getattr(getattr(error, "response", None), "headers", {})
        with suppress(ValueError):  # a date, which servers of models do not send
            pause_s = max(0.0, float(headers.get("retry-after", pause_s)))
        if monotonic() + pause_s >= self._until:
            return False
        return not self._stopped.wait(pause_s)


def _text_of(chunk: Any) -> str:
    """The words in one chunk; tool calls, reasoning beside the reply and whatever else there may be are no words."""
    choices = getattr(chunk, "choices", None) or []
    delta = getattr(choices[0], "delta", None) if choices else None
    content = getattr(delta, "content", None)
    return content if isinstance(content, str) else ""


def server_url(url: str) -> str:
    """The address under which the protocol's calls lie.

    >>> server_url("http://127.0.0.1:11434"), server_url("https://api.example.org/v1/")
    ('http://127.0.0.1:11434/v1', 'https://api.example.org/v1')

    Raises:
        InvalidArgumentError: an address that is none, or one that holds a password.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise InvalidArgumentError(
            "The address of the language model is none. Write it as http://127.0.0.1:11434."
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgumentError(f"{url!r} is no address of a server. Write it as http://127.0.0.1:11434.")
    if parts.username or parts.password or parts.query:
        raise InvalidArgumentError(
            f"The address of the language model may hold no key. Put it into {KEY_VARIABLE} or a --llm-key-file."
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def read_key(file: str | os.PathLike[str] | None = None) -> str | None:
    """The key for a server: the first line of a file, else what the environment holds, else None.

    Raises:
        InvalidArgumentError: a file that cannot be read or whose first line is no key.
    """
    if file is None:
        return os.environ.get(KEY_VARIABLE, "").strip() or None
    try:
        first = next(iter(Path(file).read_text("utf-8").splitlines()), "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(
            f"{file}: the key file cannot be read. Give a text file with the key alone."
        ) from error
    if not first or not first.isascii() or any(char.isspace() for char in first):
        raise InvalidArgumentError(f"{file}: the first line is no key. Put the key alone on it.")
    return first


def without_thinking(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces without what stands in `<think>…</think>`, where reasoning models think aloud.

    >>> "".join(without_thinking(["<th", "ink>Hm.</thi", "nk>It ", "is."]))
    'It is.'
    """
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while True:
            tag = "</think>" if thinking else "<think>"
            before, found, after = held.partition(tag)
            if found:
                if not thinking and before:
                    yield before
                held, thinking = after, not thinking
                continue
            keep = next((n for n in range(len(tag) - 1, 0, -1) if held.endswith(tag[:n])), 0)
            shown, held = held[: len(held) - keep], held[len(held) - keep :]
            if shown and not thinking:
                yield shown
            break
    if held and not thinking:
        yield held
