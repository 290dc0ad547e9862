"""Coverage-guided fuzzing of every reader of transcripts.

    pip install atheris
    python fuzz/formats.py --minutes 30

Inputs begin with the layouts of tests/transcripts and those kept in tests/seeds. The first byte of an input chooses a
reader that is given the rest, or detection by content. Whatever is raised but `ParseError`, an input that takes longer
than ten seconds and one that needs more than 2 GB stop the run; the input is written to the folder `--found` names, and
belongs in tests/seeds once it is mended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["transcript_qa.formats"]):
    from transcript_qa.errors import ParseError
    from transcript_qa.formats import FORMATS, parse_transcript
    from transcript_qa.formats.decode import decode
    from transcript_qa.formats.sourcetext import SourceText

TESTS = Path(__file__).resolve().parents[1] / "tests"
_DETECTION = len(FORMATS)


def one_input(data: bytes) -> None:
    """Read one input; every turn that comes of it has words."""
    if not data:
        return
    chosen, rest = data[0] % (_DETECTION + 1), data[1:]
    try:
        if chosen == _DETECTION:
            report = parse_transcript(rest, source="fuzz")
        else:
            decoded = decode(rest, source="fuzz")
            form = FORMATS[chosen]
            source = SourceText(decoded.text, "fuzz", decoded.encoding)
            confidence = form.sniff(source)
            report = form.parse(source).report(name=form.name, confidence=confidence)
    except ParseError:
        return
    transcript = report.transcript
    if not all(transcript.words_of(turn).strip() for turn in transcript.turns):
        raise AssertionError("a turn without words")


def write_seeds(folder: Path) -> None:
    """Put every layout into `folder`, for its own reader and for detection, and what fuzzing found before."""
    places = {form.name: number for number, form in enumerate(FORMATS)}
    for path in sorted((TESTS / "transcripts").glob("*/*")):
        data = path.read_bytes()
        own = places.get(path.parent.name, _DETECTION)
        for number in {own, _DETECTION}:
            (folder / f"{number}-{path.parent.name}-{path.name}").write_bytes(bytes([number]) + data)
    for path in sorted((TESTS / "seeds").glob("*")):
        (folder / f"seed-{path.name}").write_bytes(bytes([_DETECTION]) + path.read_bytes())


def main() -> None:
    """Fuzz for as long as was asked."""
    parser = argparse.ArgumentParser(description="Fuzz the readers of transcripts.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--found", type=Path, default=Path("fuzz-found"), help="folder for inputs that fail")
    given = parser.parse_args()
    given.found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder))
        options = [
            f"-max_total_time={int(given.minutes * 60)}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-max_len=16384",
            "-print_final_stats=1",
            f"-artifact_prefix={given.found}/",
        ]
        atheris.Setup([sys.argv[0], *options, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
