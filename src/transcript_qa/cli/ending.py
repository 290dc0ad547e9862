"""How a command of the command line ends: its exit status, and what is said where it fails."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import typer

from transcript_qa.cli.console import DEBUG_VARIABLE, debugging, error_json, write_error, write_json
from transcript_qa.errors import InvalidArgumentError, TranscriptQAError

FAILED, USAGE, NOT_ANSWERED, STOPPED = 1, 2, 3, 130
# typer gives this class no public name, and older versions take it from click.
USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


def run_command(command: Any, arguments: Sequence[str]) -> int:
    """Run one command; returns the exit status. Errors are a line on stderr, with --json an object on stdout too.

    Args:
        command: what typer makes of an application.
        arguments: of the command line, the program's name left out.
    """
    try:
        status = _run(command, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain at the end that it cannot flush.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAILED
    except SystemExit as stop:
        # typer and rich end a command thus when the pipe breaks.
        status = stop.code if isinstance(stop.code, int) else FAILED
    return status


def _run(command: Any, arguments: Sequence[str]) -> int:
    try:
        returned = command.main(args=list(arguments), prog_name="transcript-qa", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        returned = STOPPED
    except USAGE_ERROR as error:
        message = f"{error.format_message()} `transcript-qa --help` tells more."  # type: ignore[attr-defined]
        return _failed(arguments, error, message, USAGE)
    except InvalidArgumentError as error:
        return _failed(arguments, error, str(error), USAGE)
    except TranscriptQAError as error:
        return _failed(arguments, error, str(error), FAILED)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last boundary: a person gets a line, not a traceback
        if debugging():
            traceback.print_exc()
        message = f"{type(error).__name__}: {error} (this is a bug; {DEBUG_VARIABLE}=1 shows where)"
        return _failed(arguments, error, message, FAILED)
    status = returned if isinstance(returned, int) else 0
    if status == STOPPED:
        write_error("what was stored before is kept", word="stopped")
    return status


def _failed(arguments: Sequence[str], error: Exception, message: str, status: int) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in options:
        write_json(error_json(error, message))
        sys.stdout.flush()
    write_error(message, no_color="--no-color" in options)
    return status
