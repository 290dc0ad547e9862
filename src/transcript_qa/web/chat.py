"""The chat's handlers and its page. Everything that a browser sends is checked here once more."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

import gradio as gr

from transcript_qa.assistant import AnswerText, TranscriptQA
from transcript_qa.datatypes import Answer, Transcript
from transcript_qa.errors import InvalidArgumentError, TranscriptQAError, UnknownTranscriptError
from transcript_qa.indexing import IndexProgress
from transcript_qa.web import cards, panels, reading
from transcript_qa.web.components import panel, viewer
from transcript_qa.web.markup import chat_markdown, counted, literal
from transcript_qa.web.places import parse_place
from transcript_qa.web.uploads import add_with_progress, keep_upload

MAX_QUESTION_CHARS = 2000
MAX_FILES = 20
_MAX_MESSAGES = 200
# Questions that the sample transcripts answer; each is offered only where its transcript is in the index.
_STARTERS = {
    "state-visit-veldania": "what loan was mentioned",
    "harbour-town-council": "How much is in the harbour reserve?",
    "lighthouse-podcast": "When is Carrow Skerry open to visitors?",
}
_log = logging.getLogger(__name__)

Message = dict[str, Any]


class Chat:
    """What the page's events do.

    Args:
        qa: the transcripts.
        uploads: the folder in which uploaded files are kept; None for no uploading.
        warming: done when the model is loaded.
    """

    def __init__(self, qa: TranscriptQA, *, uploads: Path | None, warming: Future[None]) -> None:
        self._qa = qa
        self.uploads = uploads
        self._warming = warming

    def ask(
        self, question: object, history: object, transcripts: object, speakers: object
    ) -> Iterator[tuple[Any, ...]]:
        """Messages, question box, sources and viewer, as the answer comes."""
        said = _messages(history)
        text = question.strip() if isinstance(question, str) else ""
        if not text:
            yield said, gr.update(value="", submit_btn="Ask", stop_btn=False), gr.skip(), gr.skip()
            return
        said.append(_message("user", literal(text[:MAX_QUESTION_CHARS])))
        busy = gr.update(value="", submit_btn=False, stop_btn=True)
        yield said, busy, cards.no_sources_html(), ""
        if not self._warming.done():
            yield [*said, _message("assistant", "*Loading the model. This takes a few seconds, once.*")], *_skipped(3)
            wait_for([self._warming])
        sources = cards.no_sources_html()
        try:
            for event in self._events(text, transcripts, speakers):
                if isinstance(event, str):
                    yield [*said, _message("assistant", event)], *_skipped(3)
                else:
                    said.append(_message("assistant", chat_markdown(event)))
                    sources = cards.sources_html(event, self._sources_of(event))
        except TranscriptQAError as error:
            said.append(_message("assistant", literal(str(error))))
        except Exception:  # noqa: BLE001 - whatever it is, the page must leave its busy state
            said.append(_message("assistant", _unexpected("The question could not be answered.")))
        yield said, gr.update(submit_btn="Ask", stop_btn=False), sources, gr.skip()

    def _events(self, question: str, transcripts: object, speakers: object) -> Iterator[str | Answer]:
        """The answer's text so far as Markdown, again and again, and last the answer."""
        if len(question) > MAX_QUESTION_CHARS:
            raise InvalidArgumentError(
                f"The question has {len(question):,} characters, at most {MAX_QUESTION_CHARS:,} are read. Shorten it."
            )
        so_far = ""
        for event in self._qa.stream(question, transcripts=_names(transcripts), speakers=_names(speakers)):
            if isinstance(event, AnswerText):
                so_far += event.text
                yield literal(so_far)
            else:
                yield event.answer

    def _sources_of(self, answer: Answer) -> dict[str, Transcript]:
        wanted = {c.transcript_id for c in answer.citations} | {h.passage.transcript_id for h in answer.hits}
        found = {}
        for transcript_id in wanted:
            try:
                found[transcript_id] = self._qa.transcript(transcript_id)
            except UnknownTranscriptError:  # removed since
                continue
        return found

    def open_place(self, event: gr.EventData) -> str:
        """The transcript that a link on the page points at, as the viewer shows it; nothing for any other path."""
        place = parse_place(getattr(event, "link", None))
        if place is None:
            return ""
        nonce = secrets.token_hex(4)
        try:
            transcript = self._qa.transcript(place.transcript_id)
        except TranscriptQAError as error:
            return reading.notice_html("Not to be found", str(error), nonce=nonce)
        return reading.viewer_html(transcript, turn=place.turn, mark=place.span, nonce=nonce)

    def upload(self, files: object) -> Iterator[tuple[Any, ...]]:
        """Status, list and the two filters, as uploaded files are taken in."""
        given = [Path(file) for file in files if isinstance(file, str)] if isinstance(files, list) else []
        shown = ""
        if self.uploads is None or not given:
            given = []
        if len(given) > MAX_FILES:
            shown = panels.error_html(
                counted(len(given), "file"), f"At most {MAX_FILES} at a time. Add the rest later."
            )
            given = []
        for number, file in enumerate(given):
            for status in self._take_in(file, done=number, n_files=len(given)):
                yield shown + status, *_skipped(3)
            shown += status
        yield shown, *self.refresh()

    def _take_in(self, file: Path, *, done: int, n_files: int) -> Iterator[str]:
        """The state of one file as HTML; last how it went."""
        assert self.uploads is not None
        yield panels.progress_html(f"Reading {file.name}")
        try:
            kept, new = keep_upload(file, self.uploads)
            file.unlink(missing_ok=True)
            try:
                for step in add_with_progress(self._qa, kept):
                    if isinstance(step, IndexProgress):
                        yield _progress(step, done=done, n_files=n_files)
                    else:
                        yield panels.imported_html(file.name, step)
            except TranscriptQAError:
                if new:
                    kept.unlink(missing_ok=True)
                raise
        except TranscriptQAError as error:
            yield panels.error_html(file.name, self._without_folder(str(error)).removeprefix(f"{file.name}: "))
        except Exception:  # noqa: BLE001 - the other files must still be taken in
            yield panels.error_html(file.name, _unexpected("The file could not be taken in."))

    def _without_folder(self, message: str) -> str:
        """A message for the person at the browser, to whom the server's folders mean nothing."""
        folder = f"{self.uploads.as_posix()}/" if self.uploads else ""
        return message.replace(folder, "") if folder else message

    def refresh(self) -> tuple[Any, Any, Any]:
        """List and the two filters as the index is now."""
        infos = self._qa.transcripts()
        names = sorted({s.speaker.display for info in infos for s in info.speakers}, key=str.casefold)
        titles = [(info.title, info.id) for info in infos]
        return panels.transcripts_html(infos), gr.update(choices=titles), gr.update(choices=names)

    def starters(self) -> list[dict[str, str]]:
        """Questions to begin with."""
        known = {info.id for info in self._qa.transcripts()}
        return [{"text": question} for transcript_id, question in _STARTERS.items() if transcript_id in known]


def _progress(step: IndexProgress, *, done: int, n_files: int) -> str:
    share = (done + step.passages_done / step.n_passages) / n_files if step.n_passages else None
    words = (
        f"Indexing: {step.passages_done} of {counted(step.n_passages, 'passage')}" if step.n_passages else "Indexing"
    )
    return panels.progress_html(words, share)


def _messages(history: object) -> list[Message]:
    """The messages that the page sent back, as far as they are messages."""
    given = history if isinstance(history, list) else []
    return [m for m in given if isinstance(m, dict) and m.get("role") in ("user", "assistant")][-_MAX_MESSAGES:]


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _names(chosen: object) -> list[str] | None:
    """What a filter holds, or None for no narrowing."""
    return [name for name in chosen if isinstance(name, str)] or None if isinstance(chosen, list) else None


def _skipped(count: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(count))


def _unexpected(what: str) -> str:
    """Words for a failure nobody foresaw; the log has the rest under the same reference."""
    reference = secrets.token_hex(4)
    _log.exception("web chat, reference %s", reference)
    return f"{what} The server's log says why, reference {reference}."


def _reset() -> Any:
    return gr.update(submit_btn="Ask", stop_btn=False)


def build_chat(chat: Chat) -> Any:
    """The page as Gradio Blocks, wired to the handlers."""
    with gr.Blocks(title="transcript-qa", analytics_enabled=False, fill_height=True) as page:
        with gr.Sidebar(open=False, width=310, elem_id="library"):
            shown = _sidebar(chat)
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=3, min_width=300, elem_id="talk"):
                talk, box = _talk(chat)
            with gr.Column(scale=2, min_width=300, elem_id="side"):
                sources = panel(cards.no_sources_html(), elem_id="sources")
                document = viewer(elem_id="viewer")
        status, upload, *library = shown
        _wire(page, chat, talk, box, sources, document, library)
        if upload is not None:
            upload.upload(
                chat.upload, upload, [status, *library], show_progress="hidden",
                concurrency_limit=1, concurrency_id="index", api_visibility="private",
            )  # fmt: skip
    page.queue(max_size=64, default_concurrency_limit=4)
    return page


def _sidebar(chat: Chat) -> tuple[Any, ...]:
    """Status, upload button (None without uploading), list, and the filters by transcript and by speaker."""
    listed, by_title, by_name = chat.refresh()
    gr.HTML("<h1>transcript-qa</h1><p>Answers in their own words</p>", elem_id="brand", js_on_load=None)
    upload = None
    if chat.uploads is not None:
        upload = gr.UploadButton("Add transcripts", file_count="multiple", elem_id="upload", variant="secondary")
    status = panel(elem_id="status")
    few = {"multiselect": True, "value": [], "container": True}
    transcripts = gr.Dropdown(by_title["choices"], label="Only these transcripts", elem_id="by-transcript", **few)
    speakers = gr.Dropdown(by_name["choices"], label="Only these speakers", elem_id="by-speaker", **few)
    return status, upload, panel(listed, elem_id="list"), transcripts, speakers


def _talk(chat: Chat) -> tuple[Any, Any]:
    talk = gr.Chatbot(
        elem_id="chat", show_label=False, label="Conversation", layout="panel", allow_tags=False, latex_delimiters=[],
        buttons=["copy"], examples=chat.starters() or None, height=None, scale=1, render_markdown=True,
        sanitize_html=True, feedback_options=[], group_consecutive_messages=False,
        placeholder="## Ask your transcripts\nAnswers are quotations, each with who said it and where.",
    )  # fmt: skip
    box = gr.Textbox(
        elem_id="question", label="Question", show_label=False, container=False, lines=1, max_lines=6,
        placeholder="Ask what was said …", submit_btn="Ask", stop_btn=False, autofocus=True,
        max_length=MAX_QUESTION_CHARS,
    )  # fmt: skip
    return talk, box


def _wire(page: Any, chat: Chat, talk: Any, box: Any, sources: Any, document: Any, library: list[Any]) -> None:
    def example(event: gr.SelectData, history: object, transcripts: object, speakers: object) -> Iterator[Any]:
        chosen = event.value.get("text") if isinstance(event.value, dict) else None
        yield from chat.ask(chosen, history, transcripts, speakers)

    _, by_transcript, by_speaker = library
    shared = {
        "outputs": [talk, box, sources, document], "show_progress": "minimal", "show_progress_on": talk,
        "concurrency_limit": 4, "concurrency_id": "ask", "api_visibility": "private",
    }  # fmt: skip
    asked = box.submit(chat.ask, [box, talk, by_transcript, by_speaker], **shared)
    begun = talk.example_select(example, [talk, by_transcript, by_speaker], **shared)
    quick = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    box.stop(_reset, None, box, cancels=[asked, begun], **quick)
    document.opened(chat.open_place, None, document, **quick)
    page.load(chat.refresh, None, library, **quick)
