"""A server on this machine that speaks the chat completions protocol, well or badly as a test wants it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LanguageModelServer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "here"} for name in self.server.models]
        self.send_json(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        behaviours = self.server.behaviours
        (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])(self)

    def send_json(self, status: int, body: object, **headers: str) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(raw)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def start_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()

    def words(self, text: str, **more: Any) -> None:
        delta = {"content": text, **more}
        self.event({
            "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        })  # fmt: skip

    def log_message(self, *_: object) -> None:
        """Nothing."""


class LanguageModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *behaviours: Behaviour, models: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours = list(behaviours)
        self.models = models
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what some tests want."""


@contextmanager
def language_model(*behaviours: Behaviour, models: tuple[str, ...] = ("tiny",)) -> Iterator[LanguageModelServer]:
    """The server; each request takes the next behaviour, the last one stays."""
    server = LanguageModelServer(*behaviours, models=models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def says(text: str, *, piece_chars: int = 6) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.start_stream()
        handler.words("", role="assistant")
        for at in range(0, len(text), piece_chars):
            handler.words(text[at : at + piece_chars])
        handler.event("[DONE]")

    return behave


def fails(status: int, message: str = "no", **headers: str) -> Behaviour:
    return lambda handler: handler.send_json(status, {"error": {"message": message, "type": "x"}}, **headers)


def stalls(text: str = "") -> Behaviour:
    """Some words, and then nothing until the test is over."""

    def behave(handler: Handler) -> None:
        handler.start_stream()
        if text:
            handler.words(text)
        handler.server.released.wait(30)

    return behave


def breaks_off(text: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.start_stream()
        handler.words(text)
        handler.event('{"choices": [{"delta": {"cont')

    return behave


def with_noise(text: str) -> Behaviour:
    """The words among all else that servers send."""

    def behave(handler: Handler) -> None:
        handler.start_stream()
        handler.wfile.write(b": ping\n\n")
        handler.words("", reasoning_content="Let me look.", tool_calls=[
            {"index": 0, "id": "t", "type": "function", "function": {"name": "search", "arguments": "{"}}
        ])  # fmt: skip
        handler.event({"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": []})
        for piece in ("<think>It was 900", " million</thi", "nk>", text):
            handler.words(piece)
        handler.event({"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [],
                       "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})  # fmt: skip
        handler.event("[DONE]")

    return behave


def sends_page(handler: Handler) -> None:
    raw = b"<html><body>Welcome</body></html>"
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.send_header("content-length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


def complains_midway(handler: Handler) -> None:
    handler.start_stream()
    handler.words("The bank ")
    handler.event({"error": {"message": "out of memory", "type": "server_error"}})
