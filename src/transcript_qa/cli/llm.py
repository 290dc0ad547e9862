"""The language model that a command may use: named by options or by the environment, else none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from transcript_qa.errors import GeneratorError, InvalidArgumentError
from transcript_qa.wording.generate import CONTEXT_TOKENS, DEADLINE_S, KEY_VARIABLE, ServerGenerator, read_key

URL_VARIABLE, MODEL_VARIABLE, CONTEXT_VARIABLE = (f"TRANSCRIPT_QA_LLM_{name}" for name in ("URL", "MODEL", "CONTEXT"))

LlmUrlOption = Annotated[
    str | None,
    typer.Option("--llm-url", metavar="URL", help=f"OpenAI-compatible server that words answers (or {URL_VARIABLE})."),
]
LlmModelOption = Annotated[
    str | None,
    typer.Option("--llm-model", metavar="NAME", help=f"Its model; none needed where it has one (or {MODEL_VARIABLE})."),
]
LlmKeyOption = Annotated[
    Path | None, typer.Option("--llm-key-file", metavar="FILE", help=f"File with its key alone (or {KEY_VARIABLE}).")
]
LlmContextOption = Annotated[
    int | None,
    typer.Option(
        "--llm-context",
        metavar="N",
        min=2048,
        help=f"Tokens it takes, {CONTEXT_TOKENS} if not said (or {CONTEXT_VARIABLE}).",
    ),
]
LlmTimeoutOption = Annotated[
    float | None, typer.Option("--llm-timeout", metavar="S", min=1, help=f"Seconds to wait for it ({DEADLINE_S:g}).")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Leave out what is not borne out, instead of marking it.")]


def make_generator(
    url: str | None = None,
    model: str | None = None,
    key_file: Path | None = None,
    context: int | None = None,
    timeout_s: float | None = None,
) -> ServerGenerator | None:
    """The model that is named, by arguments or else by the environment; None where no server is.

    Raises:
        InvalidArgumentError: an address, a key file or a number that is none; a model without a server.
    """
    server = url or os.environ.get(URL_VARIABLE, "").strip()
    if not server:
        if model or key_file or context or timeout_s:
            raise InvalidArgumentError(
                f"No server of a language model is named. Say which: --llm-url or {URL_VARIABLE}."
            )
        return None
    return ServerGenerator(
        server,
        model=model or os.environ.get(MODEL_VARIABLE, "").strip() or None,
        key=read_key(key_file),
        context_tokens=context or _context_from_environment(),
        deadline_s=timeout_s or DEADLINE_S,
    )


def examine_generator(generator: ServerGenerator) -> tuple[str, str, dict[str, Any]]:
    """Status, words and facts about a model's server for `doctor`: which models it has, and which will be used."""
    chosen = generator.model
    facts: dict[str, Any] = {"url": generator.url, "model": chosen, "models": []}
    try:
        models = generator.models()
    except (GeneratorError, ImportError) as error:
        return "broken", str(error), facts
    facts["models"] = models
    listed = f"{generator.url} has {', '.join(models) or 'no model'}"
    if not models:
        return "broken", f"{listed}: load one there", facts
    if chosen is not None and chosen not in models and f"{chosen}:latest" not in models:
        return "broken", f"{listed}, but not {chosen}: name one of these with --llm-model", facts
    if chosen is None and len(models) > 1:
        return "note", f"{listed}: name one of these with --llm-model", facts
    return "ok", f"{listed}; {chosen or models[0]} is used", {**facts, "model": chosen or models[0]}


def _context_from_environment() -> int:
    given = os.environ.get(CONTEXT_VARIABLE, "").strip()
    if not given:
        return CONTEXT_TOKENS
    if not given.isdecimal() or int(given) < 2048:
        raise InvalidArgumentError(f"{CONTEXT_VARIABLE} is {given!r}; it has to be a number of tokens from 2048 on.")
    return int(given)
