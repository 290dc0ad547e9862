"""Opens the web chat: `python app.py`. The first start builds the index from corpus/; later ones are quick."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        from transcript_qa.errors import TranscriptQAError
    except ModuleNotFoundError as error:
        folder = "." if Path.cwd() == HERE else HERE
        return _failed(f"{error.name} is not installed. Run `python -m pip install {folder}`, then this again.")
    try:
        _open_chat(options)
    except TranscriptQAError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Ask your transcripts, in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen at (%(default)s)")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password (none)")
    parser.add_argument("--index", type=Path, default=HERE / "index", help="folder of the index (index/)")
    parser.add_argument("--corpus", type=Path, default=HERE / "corpus", help="folder of transcripts (corpus/)")
    return parser


def _open_chat(options: argparse.Namespace) -> None:
    from transcript_qa import TranscriptQA
    from transcript_qa.cli.llm import make_generator
    from transcript_qa.cli.progress import console_progress
    from transcript_qa.web.login import read_password
    from transcript_qa.web.server import check_address, is_loopback, serve

    password = read_password(options.password_file)
    generator = make_generator()
    check_address(options.host, options.port)
    with console_progress() as progress:
        qa = TranscriptQA.build(options.corpus, index=options.index, progress=progress)
    with qa:
        qa.word_with(generator)
        for failed in qa.last_report.failed if qa.last_report else ():
            sys.stderr.write(f"left out: {failed.error}\n")
        if not is_loopback(options.host) and password is None:
            _say("Whoever reaches this machine can read these transcripts and add others: set a --password-file.")
        uploads = options.index / "uploads"
        serve(qa, host=options.host, port=options.port, uploads=uploads, password=password, ready=_say_ready)


def _say_ready(url: str) -> None:
    _say(f"Open {url}   (Ctrl-C stops)")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _failed(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
