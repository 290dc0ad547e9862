"""The web server: the chat, the transcripts' own pages and the gate before both, until Ctrl-C."""

from __future__ import annotations

import asyncio
import atexit
import errno
import ipaddress
import os
import shutil
import socket
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import transcript_qa.web  # noqa: F401 - keeps Gradio offline; must come first
from transcript_qa import __version__
from transcript_qa.assistant import TranscriptQA
from transcript_qa.errors import ServeError
from transcript_qa.mcp_server import PATH, http_app
from transcript_qa.web.gate import Gate
from transcript_qa.web.limits import MAX_BODY_BYTES, MAX_FILE_BYTES
from transcript_qa.web.login import Login
from transcript_qa.web.panels import brand_html
from transcript_qa.web.theme import app_css

if TYPE_CHECKING:
    from fastapi import FastAPI


def create_app(
    qa: TranscriptQA,
    *,
    uploads: str | os.PathLike[str] | None = None,
    hosts: Iterable[str] = (),
    any_address: bool = False,
    password: str | None = None,
    mcp: bool = False,
) -> FastAPI:
    """The whole web application. The model is loaded in the background once it has started.

    Args:
        qa: the transcripts; to take uploads, opened for writing.
        uploads: the folder in which uploaded files are kept, as a rule `uploads` in the index's folder; None for no
            uploading.
        hosts: names under which it may be called, besides those of the loopback address.
        any_address: whether it may be called by any IP address of this machine too.
        password: what has to be said first; None for nothing.
        mcp: serve the tools of the Model Context Protocol at `/mcp` too.

    Raises:
        MissingExtraError: `mcp` without the package of that name.
    """
    from fastapi import FastAPI
    from starlette.routing import Route

    from transcript_qa.web.pages import add_docs, add_pages
    from transcript_qa.web.rest import add_api

    temporary = Path(tempfile.mkdtemp(prefix="transcript-qa-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    warming: Future[None] = Future()
    tools = http_app(qa) if mcp else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm-up")
        worker.submit(_warm_up, qa, warming)
        try:
            async with tools[1]() if tools else nullcontext():
                yield
        finally:
            worker.shutdown(wait=False, cancel_futures=True)
            shutil.rmtree(temporary, ignore_errors=True)

    app = FastAPI(
        title="transcript-qa", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    add_api(app, qa)
    add_docs(app, password=password is not None)
    add_pages(app, qa, uploads=Path(uploads) if uploads is not None else None)
    if tools is not None:
        app.router.routes.append(Route(PATH, tools[0]))
    brand = brand_html(password=password is not None)
    _in_loop(lambda: _mount_chat(app, qa, Path(uploads) if uploads is not None else None, warming, brand))
    login = Login(password) if password is not None else None
    app.add_middleware(Gate, hosts=tuple(hosts), any_address=any_address, max_body_bytes=MAX_BODY_BYTES, login=login)
    return app


def _in_loop(build: Callable[[], None]) -> None:
    """Run `build` inside an event loop: outside of one, Gradio makes several and closes none."""

    async def building() -> None:
        build()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(building())
    else:
        build()


def _warm_up(qa: TranscriptQA, warming: Future[None]) -> None:
    """Load the model; a failure is left for the first question to meet, which can say it to somebody."""
    try:
        qa.warm_up()
    finally:
        warming.set_result(None)


def _mount_chat(app: FastAPI, qa: TranscriptQA, uploads: Path | None, warming: Future[None], brand: str) -> None:
    import gradio as gr

    from transcript_qa.web.chat import Chat
    from transcript_qa.web.components import look
    from transcript_qa.web.page import build_page

    opinions = uploads.parent / "opinions.jsonl" if uploads is not None else None
    page = build_page(Chat(qa, uploads=uploads, warming=warming, opinions=opinions), brand=brand)
    gr.mount_gradio_app(
        app, page, path="/", theme=look(), css=app_css(), footer_links=[], run_history=False, show_error=False,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        max_file_size=MAX_FILE_BYTES, enable_monitoring=False, pwa=False, mcp_server=False, ssr_mode=False,
        head='<link rel="icon" href="/tq/icon.svg">',
    )  # fmt: skip


def serve(
    qa: TranscriptQA,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    uploads: str | os.PathLike[str] | None = None,
    hosts: Iterable[str] = (),
    password: str | None = None,
    mcp: bool = False,
    open_browser: bool = False,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the web chat until Ctrl-C.

    Args:
        qa: as in `create_app`.
        host: the address to listen at; at any but a loopback address, whoever reaches this machine can read all of it.
        port: 0 for any that is free.
        uploads: as in `create_app`.
        hosts: further names under which it may be called, as behind a proxy.
        password: as in `create_app`.
        mcp: as in `create_app`.
        open_browser: open the page once it is up.
        ready: called with the address of the page once it is up.

    Raises:
        ServeError: the port is in use, or the host is no address of this machine.
    """
    listener = listen(host, port)
    with listener:
        bound = listener.getsockname()[1]
        open_to_others = not is_loopback(host)
        names = [host, *hosts, *([socket.gethostname()] if open_to_others else [])]
        app = create_app(qa, uploads=uploads, hosts=names, any_address=open_to_others, password=password, mcp=mcp)
        url = address_of(host, bound)

        def up() -> None:
            if ready is not None:
                ready(url)
            if open_browser:
                webbrowser.open(url)

        with suppress(KeyboardInterrupt):
            asyncio.run(_server(app, up).serve(sockets=[listener]))


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address and ready to be served.

    Raises:
        ServeError: as `serve`.
    """
    if not 0 <= port <= 65535:
        raise ServeError(f"{port} is no port: ports go up to 65535. Name another one with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise _no_such_host(host) from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _not_bound(host, port, error) from error
    return listener


def check_address(host: str, port: int) -> None:
    """Raise `ServeError` where `serve` would, before any long work is done for it."""
    listen(host, port).close()


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def address_of(host: str, port: int) -> str:
    """The address to type into a browser on this machine.

    >>> address_of("0.0.0.0", 7860), address_of("::1", 80)
    ('http://127.0.0.1:7860', 'http://[::1]:80')
    """
    named = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def _not_bound(host: str, port: int, error: OSError) -> ServeError:
    if error.errno == errno.EADDRINUSE:
        return ServeError(f"Port {port} on {host} is in use. Name another one with --port, as in --port {port + 1}.")
    if error.errno == errno.EACCES:
        return ServeError(f"Port {port} on {host} needs rights that you lack. Name one above 1023 with --port.")
    return _no_such_host(host)


def _no_such_host(host: str) -> ServeError:
    return ServeError(f"{host!r} is no address of this machine. Name one with --host, as a rule 127.0.0.1.")


def _server(app: Any, up: Callable[[], None]) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Tells when it is up."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                up()

    config = uvicorn.Config(
        app, access_log=False, log_config=None, proxy_headers=False, server_header=False, timeout_graceful_shutdown=1
    )
    return Server(config)
