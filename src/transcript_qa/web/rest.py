"""The REST API under `/api/v1`: the same questions and answers as JSON, in the shapes of `render` and `listing`.

A few answer at a time, each in a thread, and some wait without one; whoever comes when all places are taken is told so
at once (503), so that a crowd makes nobody hang.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from transcript_qa.answering import READ_HITS
from transcript_qa.asking import past_answer
from transcript_qa.assistant import TranscriptQA
from transcript_qa.datatypes import PastAnswer, PastQuote
from transcript_qa.errors import (
    IndexLockedError,
    InvalidArgumentError,
    TranscriptQAError,
    UnknownSpeakerError,
    UnknownTranscriptError,
)
from transcript_qa.listing import info_json
from transcript_qa.render import answer_json, hit_json, transcript_json, verification_json
from transcript_qa.web.limits import ANSWERS_AT_ONCE, MAX_QUESTION_CHARS, WAITING_PLACES

if TYPE_CHECKING:
    from fastapi import FastAPI

T = TypeVar("T")
MAX_QUOTE_CHARS = 20_000
MAX_HITS = 100
MAX_HISTORY = 20


class BusyError(TranscriptQAError):
    """Too many are waiting already."""

    def __init__(self) -> None:
        super().__init__("Too many questions are waiting. Ask again in a few seconds.")


class Places:
    """Room for so many at once, and so many more who wait.

    Args:
        at_once: how many may be inside.
        waiting: how many more may wait; the next is refused with `BusyError`.
    """

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._inside = Semaphore(at_once)
        self._most = at_once + waiting
        self._present = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in a thread once there is a place."""
        if self._present >= self._most:
            raise BusyError
        self._present += 1
        try:
            async with self._inside:
                return await run_in_threadpool(work)
        finally:
            self._present -= 1


class _Narrowed(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    transcripts: list[str] | None = Field(None, description="Ids of transcripts to narrow to.", max_length=1000)
    speakers: list[str] | None = Field(None, description="Names or labels of speakers to narrow to.", max_length=1000)
    after: date | None = Field(None, description="First day, inclusive.")
    before: date | None = Field(None, description="Last day, inclusive.")

    def keywords(self) -> dict[str, Any]:
        """The filters as `TranscriptQA` takes them."""
        names = ("transcripts", "speakers", "after", "before")
        return {name: getattr(self, name) for name in names}


class EarlierCitation(BaseModel):
    """A citation of an answer before, as it came."""

    model_config = ConfigDict(extra="ignore")
    quote: str = Field(max_length=MAX_QUOTE_CHARS)
    speaker: str = ""
    transcript_id: str | None = None
    turn: int | None = None


class Earlier(BaseModel):
    """An answer before, as it came, or a question and the answer's text alone."""

    model_config = ConfigDict(extra="ignore")
    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARS)
    asked_as: str | None = Field(None, max_length=2 * MAX_QUESTION_CHARS)
    text: str = Field("", max_length=MAX_QUOTE_CHARS)
    citations: list[EarlierCitation] = Field(default_factory=list, max_length=MAX_HITS)

    def past(self) -> PastAnswer:
        """As `TranscriptQA.ask` takes it."""
        if not self.citations:
            return past_answer((self.asked_as or self.question, self.text))
        quotes = tuple(PastQuote(**citation.model_dump()) for citation in self.citations)
        return PastAnswer(question=self.asked_as or self.question, quotes=quotes)


class Ask(_Narrowed):
    """A question."""

    question: str = Field(description="In words.", min_length=1, max_length=MAX_QUESTION_CHARS)
    k: int = Field(READ_HITS, description="How many passages to read.", ge=1, le=MAX_HITS)
    history: list[Earlier] = Field(
        default_factory=list,
        max_length=MAX_HISTORY,
        description="The answers before, oldest first, as they came, or with question and text alone; a follow-up is "
        "made stand-alone from them.",
    )
    without: list[str] | Literal["all"] = Field(
        default_factory=list,
        description="What to leave out of what the question itself is narrowed to: keys as in filters.implied, or "
        '"all".',
    )

    def asking(self) -> dict[str, Any]:
        """All but the question as `TranscriptQA.ask` takes it."""
        implied: bool | set[str] = set(self.without) if isinstance(self.without, list) else False
        history = [each.past() for each in self.history]
        return {**self.keywords(), "k": self.k, "history": history, "implied": implied}


class Search(_Narrowed):
    """A search for passages."""

    query: str = Field(description="Words or a question.", min_length=1, max_length=MAX_QUESTION_CHARS)
    k: int = Field(10, description="How many passages to give at most.", ge=1, le=MAX_HITS)
    rerank: bool = Field(False, description="Let the reader order the first of them; takes over 100 ms more.")

    def searching(self) -> dict[str, Any]:
        """All but the query as `TranscriptQA.search` takes it."""
        return {**self.keywords(), "k": self.k, "rerank": self.rerank}


class Verify(BaseModel):
    """A quotation to look up."""

    model_config = ConfigDict(extra="forbid")
    quote: str = Field(description="What is said to have been said.", min_length=1, max_length=MAX_QUOTE_CHARS)
    speaker: str | None = Field(None, description="Who is said to have said it.")
    transcript: str | None = Field(None, description="Id of the transcript in which it is said to stand.")


class CitationModel(BaseModel):
    """Words of a transcript, and where they stand; `text[span[0]:span[1]]` of the transcript is `quote`."""

    marker: int
    transcript_id: str
    title: str
    source: str
    date: str | None
    turn: int
    speaker: str
    role: str | None
    start_s: float | None
    end_s: float | None
    address: str | None
    span: tuple[int, int]
    quote: str
    support: str
    link: str
    media_link: str | None


class HitModel(BaseModel):
    """A passage that was found, and why."""

    rank: int
    score: float
    why: dict[str, Any]
    transcript_id: str
    title: str
    turns: tuple[int, int]
    speakers: list[str]
    start_s: float | None
    end_s: float | None
    address: str | None
    text: str


class AnswerModel(BaseModel):
    """What the transcripts say; where they don't, `answered` is false and there are no citations."""

    question: str
    asked_as: str
    answered: bool
    confidence: float
    text: str
    citations: list[CitationModel]
    hits: list[HitModel]
    filters: dict[str, Any]
    timings_ms: dict[str, float]
    worded_by: str | None = Field(None, description="The language model that worded it, if one did.")
    n_marked: int = Field(0, description="Sentences of that model marked as not borne out by what they cite.")
    n_dropped: int = Field(0, description="Sentences of that model left out as not borne out.")
    note: str = Field("", description="How the answer came about, where a model was asked.")


class HitsModel(BaseModel):
    """What a search found."""

    query: str
    hits: list[HitModel]


class VerificationModel(BaseModel):
    """How a quotation is borne out: exact, normalised, close, elsewhere, wrong speaker or missing."""

    quote: str
    support: str
    citation: CitationModel | None


class TranscriptsModel(BaseModel):
    """What is in the index."""

    transcripts: list[dict[str, Any]]


class ErrorModel(BaseModel):
    """What went wrong, and what to do about it."""

    error: str
    message: str


_FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorModel, "description": words}
    for status, words in (
        (404, "No such transcript or speaker"),
        (422, "Something in the request is not as it has to be"),
        (503, "Too many are waiting"),
    )
}


def add_api(app: FastAPI, qa: TranscriptQA, *, places: Places | None = None) -> None:
    """Add the API to the application."""
    room = places or Places(at_once=ANSWERS_AT_ONCE, waiting=WAITING_PLACES)

    api = APIRouter(prefix="/api/v1", responses=_FAILURES)

    @api.post("/ask", response_model=AnswerModel)
    async def ask(body: Ask) -> Any:
        """The sentences that answer a question, each with who said it and where."""
        return await room.run(lambda: answer_json(qa.ask(body.question, **body.asking()), address=qa.address))

    @api.post("/search", response_model=HitsModel)
    async def search(body: Search) -> Any:
        """The passages that fit a question best, and why."""
        hits = await room.run(
            lambda: [hit_json(hit, address=qa.address) for hit in qa.search(body.query, **body.searching())]
        )
        return {"query": body.query, "hits": hits}

    @api.post("/verify", response_model=VerificationModel)
    async def verify(body: Verify) -> Any:
        """Whether a quotation stands in the transcripts, word for word, by whom and where."""
        return await room.run(
            lambda: verification_json(qa.verify(body.quote, speaker=body.speaker, transcript=body.transcript))
        )

    @api.get("/transcripts", response_model=TranscriptsModel)
    def transcripts() -> Any:
        """Every transcript, without its text."""
        return {"transcripts": [info_json(info) for info in qa.transcripts()]}

    @api.get("/transcripts/{transcript_id}")
    def transcript(transcript_id: str) -> dict[str, Any]:
        """One transcript, whole: its turns with times and addresses, its speakers, and what was left out."""
        return transcript_json(qa.transcript(transcript_id))

    @api.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def nothing(rest: str, request: Request) -> JSONResponse:
        words = f"There is no {request.method} /api/v1/{rest}. /docs shows what there is."
        return JSONResponse({"error": "NotFound", "message": words}, status_code=404)

    app.include_router(api)
    app.add_exception_handler(TranscriptQAError, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _failed(_: Request, error: Exception) -> JSONResponse:
    statuses: tuple[tuple[type[Exception], int], ...] = (
        (BusyError, 503),
        (IndexLockedError, 503),
        (UnknownTranscriptError, 404),
        (UnknownSpeakerError, 404),
        (InvalidArgumentError, 422),
    )
    status = next((status for kind, status in statuses if isinstance(error, kind)), 500)
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse({"error": type(error).__name__, "message": str(error)}, status_code=status, headers=headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = []
    for one in error.errors():
        where = ".".join(str(part) for part in one["loc"] if part != "body") or "the body"
        said.append(f"{where}: {one['msg']}")
    return JSONResponse({"error": "InvalidArgumentError", "message": "; ".join(said)}, status_code=422)
