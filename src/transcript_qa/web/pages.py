"""The pages besides the chat: transcripts, the library, and the files they need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transcript_qa.assistant import TranscriptQA
from transcript_qa.errors import InvalidArgumentError, TranscriptQAError, UnknownTranscriptError
from transcript_qa.removal import Removed
from transcript_qa.web.apidocs import docs_html
from transcript_qa.web.library import library_html, speakers_html
from transcript_qa.web.places import parse_span
from transcript_qa.web.reading import items_html, missing_html, page_html
from transcript_qa.web.theme import asset, page_css
from transcript_qa.web.uploads import keep_upload

if TYPE_CHECKING:
    from fastapi import FastAPI

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_MAX_FORM_BYTES = 64 * 1024
_KEPT_REMOVALS = 20
MOST_TURNS = 2000
_ASSETS = {"page.css": "text/css", "turns.js": "text/javascript", "icon.svg": "image/svg+xml"}


def html_page(body: str, status: int = 200) -> HTMLResponse:
    """A page of ours, which may load nothing but our own files."""
    return HTMLResponse(body, status_code=status, headers={"content-security-policy": _POLICY})


def add_pages(app: FastAPI, qa: TranscriptQA, *, uploads: Path | None) -> None:
    """Add the pages to the application; without `uploads` nothing can be changed in them."""

    def transcript_page(transcript_id: str, q: str = "") -> HTMLResponse:
        try:
            return html_page(page_html(qa.transcript(transcript_id), mark=parse_span(q)))
        except UnknownTranscriptError as error:
            return html_page(missing_html(str(error)), 404)

    def turns(transcript_id: str, start: int = 0, stop: int = MOST_TURNS) -> HTMLResponse:
        try:
            transcript = qa.transcript(transcript_id)
        except UnknownTranscriptError as error:
            return html_page(missing_html(str(error)), 404)
        first = max(0, start)
        return html_page(items_html(transcript, shown=range(first, max(first, min(stop, first + MOST_TURNS)))))

    def file(name: str) -> Response:
        if name not in _ASSETS:
            return html_page(missing_html(f"There is no {name}."), 404)
        text = page_css() if name == "page.css" else asset(name)
        return Response(text, media_type=_ASSETS[name], headers={"content-security-policy": _POLICY})

    library = Library(qa, uploads=uploads)
    _add_page(app, "/tq/turns/{transcript_id:path}", turns)
    _add_page(app, "/tq/{name}", file)
    _add_page(app, "/t/{transcript_id:path}", transcript_page)
    _add_page(app, "/library", library.all)
    _add_page(app, "/library/{transcript_id}", library.one)
    if uploads is not None:
        app.add_api_route(
            "/library/{transcript_id}/{action}", library.change, methods=["POST"], response_model=None,
            include_in_schema=False,
        )  # fmt: skip


def _add_page(app: FastAPI, path: str, page: Callable[..., Response]) -> None:
    app.add_api_route(path, page, methods=["GET", "HEAD"], response_model=None, include_in_schema=False)


def add_docs(app: FastAPI, *, password: bool) -> None:
    """Add the page about the API."""

    def docs(request: Request) -> HTMLResponse:
        base_url = str(request.base_url).rstrip("/")
        return html_page(docs_html(app.openapi(), base_url=base_url, password=password))

    _add_page(app, "/docs", docs)


class Library:
    """What the pages of the library do.

    Args:
        qa: the transcripts.
        uploads: the folder of uploaded files; a file in it is put aside with its transcript. None for reading only.
    """

    def __init__(self, qa: TranscriptQA, *, uploads: Path | None) -> None:
        self._qa = qa
        self._uploads = uploads
        self._removed: dict[str, tuple[Removed, Path | None]] = {}
        self._lock = Lock()

    def all(self) -> HTMLResponse:
        """Every transcript."""
        return html_page(self._all())

    def _all(self, message: str = "") -> str:
        removed = [removed for removed, _ in list(self._removed.values())]
        infos = self._qa.transcripts()
        return library_html(infos, writable=self._uploads is not None, removed=removed, message=message)

    def one(self, transcript_id: str) -> HTMLResponse:
        """The speakers of one transcript."""
        return self._one(transcript_id)

    def _one(self, transcript_id: str, message: str = "", status: int = 200) -> HTMLResponse:
        try:
            transcript = self._qa.transcript(transcript_id)
        except UnknownTranscriptError as error:
            return html_page(missing_html(str(error)), 404)
        undoable = self._qa.speakers_edited(transcript_id)
        writable = self._uploads is not None
        return html_page(speakers_html(transcript, writable=writable, undoable=undoable, message=message), status)

    async def change(self, transcript_id: str, action: str, request: Request) -> Response:
        """Rename, merge, undo, remove or put back; then the page from which it came."""
        from starlette.concurrency import run_in_threadpool

        form = await _form(request)
        return await run_in_threadpool(self.apply, transcript_id, action, form)

    def apply(self, transcript_id: str, action: str, form: dict[str, list[str]]) -> Response:
        """The same, with the fields of the form."""
        actions: dict[str, Callable[[str, dict[str, list[str]]], None]] = {
            "rename": self._rename,
            "merge": self._merge,
            "undo": lambda wanted, _: self._undo(wanted),
            "remove": lambda wanted, _: self._remove(wanted),
            "put-back": lambda wanted, _: self._put_back(wanted),
        }
        if action not in actions:
            return html_page(missing_html(f"There is nothing to {action}."), 404)
        of_library = action in ("remove", "put-back")
        try:
            with self._lock:
                actions[action](transcript_id, form)
        except UnknownTranscriptError as error:
            return html_page(missing_html(str(error)), 404)
        except TranscriptQAError as error:
            return html_page(self._all(str(error)), 400) if of_library else self._one(transcript_id, str(error), 400)
        return RedirectResponse("/library" if of_library else f"/library/{quote(transcript_id, safe='')}", 303)

    def _rename(self, transcript_id: str, form: dict[str, list[str]]) -> None:
        self._qa.rename_speaker(transcript_id, _first(form, "label"), _first(form, "name"))

    def _merge(self, transcript_id: str, form: dict[str, list[str]]) -> None:
        self._qa.merge_speakers(transcript_id, form.get("label", []), _first(form, "name") or None)

    def _undo(self, transcript_id: str) -> None:
        if not self._qa.undo_speakers(transcript_id):
            raise InvalidArgumentError("No name was changed here. There is nothing to undo.")

    def _remove(self, transcript_id: str) -> None:
        source = Path(self._qa.transcript(transcript_id).source)
        aside = self._put_aside(source)
        self._removed.pop(transcript_id, None)
        self._removed[transcript_id] = (self._qa.remove(transcript_id), aside)
        if aside is not None:
            source.unlink()
        while len(self._removed) > _KEPT_REMOVALS:
            self._removed.pop(next(iter(self._removed)))

    def _put_aside(self, file: Path) -> Path | None:
        """A copy of an uploaded file whose transcript goes; None for any other file, which stays where it is."""
        if self._uploads is None or file.resolve().parent != self._uploads.resolve() or not file.is_file():
            return None
        return keep_upload(file, self._uploads / "removed")[0]

    def _put_back(self, transcript_id: str) -> None:
        if transcript_id not in self._removed:
            raise InvalidArgumentError(f"{transcript_id} was not removed here. Add its file again.")
        removed, aside = self._removed[transcript_id]
        if aside is not None and Path(removed.source).exists():
            raise InvalidArgumentError(
                f"Another {Path(removed.source).name} was added since. Remove that one first, or keep it instead."
            )
        if aside is not None:
            shutil.copyfile(aside, removed.source)
        self._qa.put_back(removed)
        if aside is not None:
            aside.unlink()
        del self._removed[transcript_id]


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a form as browsers send it."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM_BYTES:
            return {}
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def _first(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
