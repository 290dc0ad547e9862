"""The chat's page as Gradio Blocks: its layout, and which event calls which handler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from transcript_qa.web import cards
from transcript_qa.web.chat import Chat
from transcript_qa.web.components import date_filter, exporter, panel, sources, viewer
from transcript_qa.web.limits import ANSWERS_AT_ONCE, MAX_QUESTION_CHARS, WAITING_PLACES

_OPINIONS = ["Like", "Dislike", "Wrong words", "Wrong speaker", "It is in the transcripts"]
_SESSION_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components that events read or change."""

    status: Any
    upload: Any
    listed: Any
    transcripts: Any
    speakers: Any
    dates: Any
    talk: Any
    box: Any
    to_markdown: Any
    to_json: Any
    file: Any
    sources: Any
    document: Any
    conversation: Any


def build_page(chat: Chat, *, brand: str) -> Any:
    """The page, wired to the handlers; `brand` is the HTML at its head."""
    with gr.Blocks(title="transcript-qa", analytics_enabled=False, fill_height=True) as page:
        conversation = gr.State(None, time_to_live=_SESSION_S)  # a Conversation once there is one
        with gr.Sidebar(open=False, width=310, elem_id="library"):
            gr.HTML(brand, elem_id="brand", js_on_load=None)
            sidebar = _sidebar(chat)
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=3, min_width=300, elem_id="talk"):
                middle = _talk(chat)
            with gr.Column(scale=2, min_width=300, elem_id="side"):
                found = sources(cards.no_sources_html(), elem_id="sources")
                document = viewer(elem_id="viewer")
        _wire(page, chat, _Parts(*sidebar, *middle, found, document, conversation))
    page.queue(max_size=WAITING_PLACES, default_concurrency_limit=ANSWERS_AT_ONCE)
    return page


def _sidebar(chat: Chat) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Status, upload button (None without uploading), list, and the filters by transcript, speaker and date."""
    listed, by_title, by_name = chat.refresh()
    upload = None
    if chat.uploads is not None:
        upload = gr.UploadButton("Add transcripts", file_count="multiple", elem_id="upload", variant="secondary")
    status = panel(elem_id="status")
    few = {"multiselect": True, "value": [], "container": True}
    transcripts = gr.Dropdown(by_title["choices"], label="Only these transcripts", elem_id="by-transcript", **few)
    speakers = gr.Dropdown(by_name["choices"], label="Only these speakers", elem_id="by-speaker", **few)
    dates = date_filter(elem_id="by-date")
    return status, upload, panel(listed, elem_id="list"), transcripts, speakers, dates


def _talk(chat: Chat) -> tuple[Any, Any, Any, Any, Any]:
    """Conversation, question box, the two buttons that export, and the exporter."""
    talk = gr.Chatbot(
        elem_id="chat", show_label=False, label="Conversation", layout="panel", allow_tags=False, latex_delimiters=[],
        buttons=["copy"], examples=chat.starters() or None, height=None, scale=1, render_markdown=True,
        sanitize_html=True, feedback_options=_OPINIONS if chat.opinions else [], group_consecutive_messages=False,
        editable="user",
        placeholder="## Ask your transcripts\nAnswers are quotations, each with who said it and where.",
    )  # fmt: skip
    box = gr.Textbox(
        elem_id="question", label="Question", show_label=False, container=False, lines=1, max_lines=6,
        placeholder="Ask what was said …", submit_btn="Ask", stop_btn=False, autofocus=True,
        max_length=MAX_QUESTION_CHARS,
    )  # fmt: skip
    with gr.Row(elem_id="exports"):
        to_markdown = gr.Button("Export as Markdown", size="sm", elem_id="export-markdown")
        to_json = gr.Button("Export as JSON", size="sm", elem_id="export-json")
    return talk, box, to_markdown, to_json, exporter(elem_id="file")


def _wire(page: Any, chat: Chat, parts: _Parts) -> None:
    _wire_questions(chat, parts)
    quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    library = [parts.listed, parts.transcripts, parts.speakers]
    parts.document.opened(chat.open_place, None, parts.document, **quick)
    page.load(chat.refresh, None, library, **quick)
    telling = {**quick, "queue": True}  # only what is queued can tell the person something
    for button, kind in ((parts.to_markdown, "markdown"), (parts.to_json, "json")):
        button.click(_exporting(chat, kind), parts.conversation, parts.file, **telling)
    if chat.opinions is not None:
        parts.talk.like(chat.opinion, [parts.talk, parts.conversation], None, **telling)
    if parts.upload is not None:
        parts.upload.upload(
            chat.upload, parts.upload, [parts.status, *library], show_progress="hidden",
            concurrency_limit=1, concurrency_id="index", api_visibility="private",
        )  # fmt: skip


def _exporting(chat: Chat, kind: str) -> Any:
    def export(conversation: object, request: gr.Request) -> str:
        return chat.export(kind, conversation, request)

    return export


def _wire_questions(chat: Chat, parts: _Parts) -> None:
    """Every way to ask: typed, an example, a suggestion, again, and again in other words."""
    rest = [parts.talk, parts.conversation, parts.transcripts, parts.speakers, parts.dates]

    def chosen(event: gr.SelectData, *given: object) -> Iterator[Any]:
        value = event.value
        text = (value.get("text") or value.get("value")) if isinstance(value, dict) else value
        yield from chat.ask(text, *given)

    def again(event: gr.RetryData, *given: object) -> Iterator[Any]:
        yield from chat.ask_again(event.index, None, *given)

    def edited(event: gr.EditData, *given: object) -> Iterator[Any]:
        yield from chat.ask_again(event.index, event.value, *given)

    def without(event: gr.EventData, *given: object) -> Iterator[Any]:
        yield from chat.ask_without(getattr(event, "key", None), *given)

    shared = {
        "outputs": [parts.talk, parts.box, parts.sources, parts.document, parts.conversation],
        "show_progress": "minimal", "show_progress_on": parts.talk,
        "concurrency_limit": ANSWERS_AT_ONCE, "concurrency_id": "ask", "api_visibility": "private",
    }  # fmt: skip
    running = [
        parts.box.submit(chat.ask, [parts.box, *rest], **shared),
        parts.talk.example_select(chosen, rest, **shared),
        parts.talk.option_select(chosen, rest, **shared),
        parts.talk.retry(again, rest, **shared),
        parts.talk.edit(edited, rest, **shared),
        parts.sources.without(without, rest, **shared),
    ]
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    parts.box.stop(lambda: gr.update(submit_btn="Ask", stop_btn=False), None, parts.box, cancels=running, **quick)
    parts.talk.clear(_forget, None, [parts.sources, parts.document, parts.conversation], **quick)


def _forget() -> tuple[str, str, None]:
    return cards.no_sources_html(), "", None
