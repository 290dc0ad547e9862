"""Real files of every family against the table of what each holds: turns, speakers, times, a sentence and its place."""

from __future__ import annotations

import csv
import re
from itertools import groupby
from pathlib import Path

import pytest

from transcript_qa.datatypes import ImportReport, Transcript, Turn
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript

REAL = Path(__file__).parents[2] / "shared" / "data" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real transcripts are not beside this checkout")


def _rows() -> list[dict[str, str]]:
    if not REAL.is_dir():
        return []
    with (REAL / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


ROWS = {row["path"]: row for row in _rows()}
NO_TRANSCRIPT = "parlamint_tei/ParlaMint-TR-root.xml"
READABLE = [path for path in ROWS if path != NO_TRANSCRIPT]
_CLOCK = re.compile(r"(\d+):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?$")


def _with(column: str) -> list[str]:
    return [path for path in READABLE if ROWS[path][column].strip()]


_reports: dict[str, ImportReport] = {}


def report_of(path: str) -> ImportReport:
    if path not in _reports:
        _reports[path] = parse_transcript((REAL / path).read_bytes(), source=path)
    return _reports[path]


def read(path: str) -> Transcript:
    return report_of(path).transcript


def printed_labels(transcript: Transcript) -> list[str]:
    """The label of each turn as the transcript's text prints it."""
    labels, at = [], 0
    for turn in transcript.turns:
        labels.append(transcript.text[at : turn.span.start].strip().removesuffix(":"))
        at = turn.span.end
    return labels


def squeezed(text: str) -> str:
    return "".join(text.split())


def seconds_of(printed: str) -> float | None:
    """Seconds of a time that counts from the beginning, None of a time of day or an address."""
    value = printed.split()[0].rstrip(";")
    if "(ms" in printed:
        return float(re.split("[-_]", value)[0]) / 1000
    if match := _CLOCK.match(value):
        first, second, third = match.groups()
        if third is None:
            return int(first) * 60.0 + int(second)
        return int(first) * 3600.0 + int(second) * 60 + float(third.replace(",", "."))
    return float(value.removesuffix("s")) if re.fullmatch(r"[\d.]+s?", value) else None


def times_of(transcript: Transcript) -> list[float]:
    marks = [mark for turn in transcript.turns for mark in turn.marks]
    found = [*transcript.turns, *marks]
    return [time_s for each in found for time_s in (each.start_s, each.end_s) if time_s is not None]


def turn_with(transcript: Transcript, sentence: str) -> Turn:
    wanted = squeezed(sentence)
    found = [turn for turn in transcript.turns if wanted in squeezed(transcript.words_of(turn))]
    assert found, "the sentence is in no turn"
    return found[0]


def addresses_at(transcript: Transcript, turn: Turn, sentence: str) -> tuple[list[str], list[tuple[float, float]]]:
    """Addresses and stretches of time that hold where the sentence begins and inside it."""
    pattern = r"\s*".join(map(re.escape, squeezed(sentence)))
    match = re.search(pattern, transcript.text[turn.span.start : turn.span.end])
    assert match is not None
    begin, end = turn.span.start + match.start(), turn.span.start + match.end()
    before = [mark for mark in turn.marks if mark.start <= begin][-1:]
    marks = [*before, *(mark for mark in turn.marks if begin < mark.start < end)]
    addresses = [each.address for each in [*marks, turn] if each.address]
    stretches = [each for each in (*marks, turn) if each.start_s is not None]
    timed = [(each.start_s or 0.0, each.end_s or each.start_s or 0.0) for each in stretches[: len(marks) or 1]]
    return addresses, timed


@pytest.mark.parametrize("path", READABLE)
def test_every_file_is_read(path: str) -> None:
    report = report_of(path)
    assert report.transcript.turns
    assert all(report.transcript.words_of(turn).strip() for turn in report.transcript.turns)


@pytest.mark.parametrize("path", [path for path in ROWS if path == NO_TRANSCRIPT])
def test_a_list_of_people_is_no_transcript(path: str) -> None:
    with pytest.raises(ParseError):
        parse_transcript((REAL / path).read_bytes(), source=path)


@pytest.mark.parametrize("path", _with("n_turns"))
def test_the_number_of_turns(path: str) -> None:
    assert len([label for label, _ in groupby(printed_labels(read(path)))]) == int(ROWS[path]["n_turns"])


@pytest.mark.parametrize("path", _with("speakers"))
def test_the_speakers(path: str) -> None:
    # What stands in brackets is a note of the table, unless it belongs to a name.
    listed = re.sub(r" \((?:tier ids|Style column|tier id|and \"Break\")[^()]*\)", "", ROWS[path]["speakers"])
    wanted = {"" if name == "(null)" else name.removeprefix("#") for name in listed.split("; ")}
    found = {label.removeprefix("#") for label in printed_labels(read(path))}
    # Procedure in Hansard is a turn that nobody speaks.
    assert found - ({""} if path.startswith("hansard_xml") else set()) == wanted


def _counts_from_the_beginning(path: str) -> bool:
    """Whether the times of a file are not those of the day."""
    return "M." not in ROWS[path]["first_timestamp"] and not path.startswith(("hansard_xml", "parlamint_tei"))


@pytest.mark.parametrize("path", list(filter(_counts_from_the_beginning, _with("first_timestamp"))))
def test_the_first_and_last_time(path: str) -> None:
    transcript, row = read(path), ROWS[path]
    if path.startswith("court_page_line"):
        addresses = [turn.address or "" for turn in transcript.turns]
        assert addresses[0].startswith(row["first_timestamp"])
        assert addresses[-1].replace("-", ":").startswith(row["last_timestamp"].split(":")[0] + ":")
        return
    first, last = seconds_of(row["first_timestamp"]), row["last_timestamp"] and seconds_of(row["last_timestamp"])
    times = times_of(transcript)
    assert first is not None
    assert min(times) == pytest.approx(first, abs=0.01)
    if last and not path.startswith("google_meet_md"):
        assert max(times) == pytest.approx(last, abs=0.01)


@pytest.mark.parametrize("path", _with("sentence"))
def test_the_sampled_sentence_has_its_speaker_and_its_place(path: str) -> None:
    transcript, row = read(path), ROWS[path]
    turn = turn_with(transcript, row["sentence"])
    label = printed_labels(transcript)[turn.index]
    assert label.removeprefix("#") == row["sentence_speaker"].removeprefix("#")
    addresses, stretches = addresses_at(transcript, turn, row["sentence"])
    assert addresses, "no address at all"
    printed = row["sentence_time"].removeprefix("after mark ").removeprefix("after heading ")
    if path.startswith("court_page_line"):
        assert any(address.startswith(printed.split("-")[0]) for address in addresses)
    elif path.startswith("hansard_xml"):
        column = re.search(r"col\. (\d+)", printed)
        assert column is None or any(column[1] in address for address in addresses)
    elif printed and (wanted := seconds_of(printed)) is not None:
        assert any(start - 0.6 < wanted < end + 0.6 for start, end in stretches)
