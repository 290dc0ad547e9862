"""What the events of the chat do. Everything that a browser sends is checked here once more."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

import gradio as gr

from transcript_qa.assistant import AnswerDraft, AnswerText, TranscriptQA
from transcript_qa.corpus import read_transcript
from transcript_qa.datatypes import Answer, Transcript
from transcript_qa.errors import InvalidArgumentError, TranscriptQAError, UnknownTranscriptError
from transcript_qa.indexing import IndexProgress
from transcript_qa.web import cards, panels, reading
from transcript_qa.web.conversation import Conversation, as_json, as_markdown, keep_opinion
from transcript_qa.web.limits import MAX_FILES, MAX_QUESTION_CHARS
from transcript_qa.web.markup import chat_markdown, counted, literal, unescaped, with_draft
from transcript_qa.web.places import parse_place
from transcript_qa.web.suggestions import follow_ups, starters, wanted_for_starters
from transcript_qa.web.uploads import add_with_progress, keep_upload

_MAX_MESSAGES = 200
_MOST_EARLIER = 5
_log = logging.getLogger(__name__)

Message = dict[str, Any]


class Chat:
    """What the page's events do.

    Args:
        qa: the transcripts.
        uploads: the folder in which uploaded files are kept; None for no uploading.
        warming: done when the model is loaded.
        opinions: the file in which opinions about answers are kept; None for none.
    """

    def __init__(
        self, qa: TranscriptQA, *, uploads: Path | None, warming: Future[None], opinions: Path | None = None
    ) -> None:
        self._qa = qa
        self.uploads = uploads
        self.opinions = opinions
        self._warming = warming

    def ask(
        self,
        question: object,
        history: object,
        conversation: object,
        transcripts: object,
        speakers: object,
        dates: object,
        *,
        left_out: frozenset[str] = frozenset(),
    ) -> Iterator[tuple[Any, ...]]:
        """Messages, question box, sources, viewer and conversation, as the answer comes."""
        said = _messages(history)
        kept = conversation if isinstance(conversation, Conversation) else Conversation()
        text = question.strip() if isinstance(question, str) else ""
        if not text:
            yield said, gr.update(value="", submit_btn="Ask", stop_btn=False), *_skipped(3)
            return
        earlier = kept.answers() if said else []
        exchange = kept.begin(text, left_out=left_out)
        said = said[-_MAX_MESSAGES:]
        said.append(_message("user", literal(text[:MAX_QUESTION_CHARS])))
        busy = gr.update(value="", submit_btn=False, stop_btn=True)
        yield said, busy, cards.no_sources_html(), "", kept
        if not self._warming.done():
            yield [*said, _message("assistant", "*Loading the model. This takes a few seconds, once.*")], *_skipped(4)
            wait_for([self._warming])
        sources = cards.no_sources_html()
        try:
            for event in self._events(text, transcripts, speakers, dates, earlier, left_out):
                if isinstance(event, str):
                    yield [*said, _message("assistant", event)], *_skipped(4)
                else:
                    exchange.answer = event
                    known = self._sources_of(event)
                    said.append(_message("assistant", chat_markdown(event), options=follow_ups(event, known)))
                    sources = cards.sources_html(event, known)
        except TranscriptQAError as error:
            said.append(_message("assistant", literal(str(error))))
        except Exception:  # noqa: BLE001 - whatever it is, the page must leave its busy state
            said.append(_message("assistant", _unexpected("The question could not be answered.")))
        yield said, gr.update(submit_btn="Ask", stop_btn=False), sources, gr.skip(), kept

    def ask_again(
        self, index: object, text: object, history: object, conversation: object, *filters: object
    ) -> Iterator[tuple[Any, ...]]:
        """As `ask`, in place of the question at message `index` and of all after it; no `text`: in the same words."""
        said = _messages(history)
        number = _index(index)
        if number is None or number >= len(said):
            yield _skipped(5)
            return
        while number > 0 and said[number]["role"] != "user":
            number -= 1
        question = text if isinstance(text, str) and text.strip() else _plain(said[number])
        if isinstance(conversation, Conversation):
            conversation.drop_last(_n_asked(said[number:]))
        yield from self.ask(unescaped(question), said[:number], conversation, *filters)

    def ask_without(
        self, key: object, history: object, conversation: object, *filters: object
    ) -> Iterator[tuple[Any, ...]]:
        """The last question again, without one more thing that it implies."""
        said = _messages(history)
        last = conversation.from_end(0) if isinstance(conversation, Conversation) else None
        number = max((at for at, message in enumerate(said) if message["role"] == "user"), default=None)
        if not isinstance(key, str) or last is None or number is None:
            yield _skipped(5)
            return
        left_out = last.left_out | {key[:MAX_QUESTION_CHARS]}
        assert isinstance(conversation, Conversation)
        conversation.drop_last(1)
        yield from self.ask(last.question, said[:number], conversation, *filters, left_out=left_out)

    def _events(
        self,
        question: str,
        transcripts: object,
        speakers: object,
        dates: object,
        earlier: Sequence[Answer],
        left_out: frozenset[str],
    ) -> Iterator[str | Answer]:
        """The answer's text so far as Markdown, again and again, and last the answer."""
        if len(question) > MAX_QUESTION_CHARS:
            raise InvalidArgumentError(
                f"The question has {len(question):,} characters, at most {MAX_QUESTION_CHARS:,} are read. Shorten it."
            )
        so_far = ""
        after, before = _dates(dates)
        wanted, named = _names(transcripts), _names(speakers)
        for event in self._qa.stream(
            question,
            transcripts=wanted,
            speakers=named,
            after=after,
            before=before,
            history=earlier[-_MOST_EARLIER:],
            implied=left_out or True,
        ):
            if isinstance(event, AnswerText):
                so_far += event.text
                yield literal(so_far)
            elif isinstance(event, AnswerDraft):
                yield with_draft(so_far, event.text)
            else:
                yield event.answer

    def _sources_of(self, answer: Answer) -> dict[str, Transcript]:
        wanted = {c.transcript_id for c in answer.citations} | {h.passage.transcript_id for h in answer.hits}
        return self._known(wanted)

    def _known(self, wanted: Iterable[str]) -> dict[str, Transcript]:
        found = {}
        for transcript_id in wanted:
            try:
                found[transcript_id] = self._qa.transcript(transcript_id)
            except UnknownTranscriptError:  # removed since
                continue
        return found

    def export(self, kind: str, conversation: object, request: gr.Request) -> str:
        """The conversation as a file, `markdown` or `json`, for the exporter."""
        kept = conversation if isinstance(conversation, Conversation) else Conversation()
        if not kept.answers():
            gr.Info("Nothing has been answered yet.")
            return ""
        base_url = str(request.base_url).rstrip("/")
        if kind == "json":
            return panels.file_html("answers.json", "application/json", as_json(kept, base_url=base_url))
        return panels.file_html("answers.md", "text/markdown", as_markdown(kept, base_url=base_url))

    def opinion(self, data: gr.LikeData, history: object, conversation: object) -> None:
        """Keep what a person thinks of an answer."""
        said = _messages(history)
        index = _index(data.index)
        if self.opinions is None or not isinstance(conversation, Conversation) or index is None:
            return
        exchange = conversation.from_end(_n_asked(said[index:]))
        if exchange is None or exchange.answer is None or data.liked in (None, ""):
            return
        reason = data.liked if isinstance(data.liked, str) and data.liked not in ("Like", "Dislike") else None
        good = data.liked is True or data.liked == "Like"
        try:
            keep_opinion(self.opinions, exchange.answer, good=good, reason=reason)
        except TranscriptQAError as error:
            gr.Warning(str(error))
        else:
            gr.Info("Noted. Opinions stay on this machine.")

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
                understood = panels.imported_html(file.name, read_transcript(kept), done=False)
                for step in add_with_progress(self._qa, kept):
                    if isinstance(step, IndexProgress):
                        yield understood + _progress(step, done=done, n_files=n_files)
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
        infos = self._qa.transcripts()
        return [{"text": question} for question in starters(infos, self._known(wanted_for_starters(infos)))]


def _progress(step: IndexProgress, *, done: int, n_files: int) -> str:
    share = (done + step.passages_done / step.n_passages) / n_files if step.n_passages else None
    words = (
        f"Indexing: {step.passages_done} of {counted(step.n_passages, 'passage')}" if step.n_passages else "Indexing"
    )
    return panels.progress_html(words, share)


def _messages(history: object) -> list[Message]:
    """The messages that the page sent back, as far as they are messages."""
    given = history if isinstance(history, list) else []
    known = [m for m in given if isinstance(m, dict) and m.get("role") in ("user", "assistant")]
    return [{"role": m["role"], "content": m.get("content", "")} for m in known]


def _index(given: object) -> int | None:
    """The place of a message as an event tells it, or None for what is none."""
    number = given[0] if isinstance(given, list | tuple) and given else given
    return number if isinstance(number, int) and number >= 0 else None


def _n_asked(messages: Sequence[Message]) -> int:
    return sum(message["role"] == "user" for message in messages)


def _plain(message: Message) -> str:
    """The text of a message as the page sends it back, which is a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _message(role: str, content: str, options: Sequence[str] = ()) -> Message:
    message: Message = {"role": role, "content": content}
    if options:
        message["options"] = [{"value": option, "label": option} for option in options]
    return message


def _dates(chosen: object) -> tuple[str | None, str | None]:
    """First and last date of the filter by date, either of which may be missing."""
    first, _, last = chosen.partition("/") if isinstance(chosen, str) else ("", "", "")
    return first or None, last or None


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
