"""How fast transcripts are read, in one process, and how much of each sample is in its turns.

    python benchmarks/formats.py [--mb 8] [--runs 5] [FOLDER]

Sources of invented talk are made in the layout of each family, `--mb` megabytes each, and read from bytes to a finished
transcript: decoding, detection, speakers, times, the account of what is left out. Turns and marks become objects when
somebody first looks at them; a column of its own says how fast reading is with that. Printed is the median of `--runs`
warm runs in MB for a second of the processor, the spread, and the ratio to `json.loads` of the largest JSON source in
the same run, which tells machines apart. FOLDER holds transcripts of ours or real ones; each file in it is read once
more for its time in all.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from transcript_qa.datatypes import Transcript
from transcript_qa.errors import ParseError
from transcript_qa.formats import parse_transcript

CAPTIONS_TARGET, JSON_TARGET = 20.0, 50.0
_WORDS = (
    "the loan harbour bank closed rate friday board council percent money repaid early wall stone budget road school "
    "we you they it was will have been said think about because when next year month question answer please thank and "
    "of to in for with on at from not many people water town plan cost work"
).split()
_PEOPLE = ("Mira Voss", "Tomas Ekberg", "Ines van der Lind", "Carla Reyes", "Dirk Aalto")


class Talk:
    """Invented sentences with a speaker and a time, always the same."""

    def __init__(self) -> None:
        self._random = random.Random(20_26)

    def sentences(self) -> Iterator[tuple[str, float, float, str]]:
        """Speaker, start and end in seconds, words; without end."""
        at, speaker = 0.0, _PEOPLE[0]
        while True:
            if self._random.random() < 0.3:
                speaker = self._random.choice(_PEOPLE)
            words = self._random.choices(_WORDS, k=self._random.randint(5, 18))
            end = at + 0.35 * len(words)
            yield speaker, at, end, " ".join(words).capitalize() + "."
            at = end

    def turns(self) -> Iterator[tuple[str, float, str]]:
        """Speaker, start in seconds, and one to six sentences of this speaker; without end."""
        held: list[str] = []
        speaker, start = _PEOPLE[0], 0.0
        for who, at, _, words in self.sentences():
            if held and (who != speaker or len(held) == 6):
                yield speaker, start, " ".join(held)
                held = []
            if not held:
                speaker, start = who, at
            held.append(words)


def _stamp(seconds: float, mark: str = ".") -> str:
    whole = int(seconds)
    thousandths = int((seconds - whole) * 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{thousandths:03d}"


def _filled(pieces: Iterator[str], n_bytes: int) -> str:
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= n_bytes:
            break
    return "".join(parts)


def zoom(n_bytes: int) -> bytes:
    """WebVTT with a name on every cue."""
    cues = (
        f"{n}\n{_stamp(start)} --> {_stamp(end)}\n{who}: {words}\n\n"
        for n, (who, start, end, words) in enumerate(Talk().sentences(), start=1)
    )
    return ("WEBVTT\n\n" + _filled(cues, n_bytes)).encode()


def rolling(n_bytes: int) -> bytes:
    """Automatic captions that show the line before again, each word with its time."""

    def cues() -> Iterator[str]:
        before = " "
        for _, start, end, words in Talk().sentences():
            first, *rest = words.split()
            step = (end - start) / (len(rest) + 1)
            timed = first + "".join(f"<{_stamp(start + step * (n + 1))}><c> {word}</c>" for n, word in enumerate(rest))
            yield f"{_stamp(start)} --> {_stamp(end)} align:start position:0%\n{before}\n{timed}\n\n"
            yield f"{_stamp(end)} --> {_stamp(end + 0.01)} align:start position:0%\n{words}\n \n\n"
            before = words

    return ("WEBVTT\nKind: captions\nLanguage: en\n\n" + _filled(cues(), n_bytes)).encode()


def subrip(n_bytes: int) -> bytes:
    """SRT with a label where the speaker changes."""

    def cues() -> Iterator[str]:
        before = ""
        for n, (who, start, end, words) in enumerate(Talk().sentences(), start=1):
            label = f"{who}: " if who != before else ""
            before = who
            yield f"{n}\n{_stamp(start, ',')} --> {_stamp(end, ',')}\n{label}{words}\n\n"

    return _filled(cues(), n_bytes).encode()


def names(n_bytes: int) -> bytes:
    """Plain text, `Name: words` and a blank line."""
    return _filled((f"{who}: {words}\n\n" for who, _, words in Talk().turns()), n_bytes).encode()


def otter(n_bytes: int) -> bytes:
    """Name, two spaces and a time, the words on the next line."""
    turns = (f"{who}  {_stamp(start)[:8]}  \n{words}\n\n" for who, start, words in Talk().turns())
    return _filled(turns, n_bytes).encode()


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of the talk."""

    number: int
    who: str
    start: float
    end: float
    words: str

    def timed(self) -> list[tuple[str, float, float]]:
        """Each word with its start and end in seconds."""
        each = self.words.split()
        step = (self.end - self.start) / len(each)
        times = [round(self.start + n * step, 3) for n in range(len(each) + 1)]
        return list(zip(each, times, times[1:], strict=False))


def _json(n_bytes: int, one: Callable[[Said], object], around: Callable[[str], str]) -> bytes:
    items = (json.dumps(one(Said(n, *said))) + ",\n" for n, said in enumerate(Talk().sentences()))
    return around(_filled(items, n_bytes).rstrip(",\n")).encode()


def whisper(n_bytes: int) -> bytes:
    """Whisper's verbose JSON with its tokens."""

    def one(said: Said) -> object:
        tokens = [50364 + (7 * said.number + k) % 1500 for k in range(len(said.words.split()) + 3)]
        scores = {"temperature": 0.0, "avg_logprob": -0.2436, "compression_ratio": 1.64, "no_speech_prob": 0.0123}
        times = {"start": round(said.start, 2), "end": round(said.end, 2)}
        return {
            "id": said.number,
            "seek": 100 * said.number,
            **times,
            "text": " " + said.words,
            "tokens": tokens,
            **scores,
        }

    return _json(n_bytes, one, lambda items: f'{{"segments": [{items}], "language": "en"}}')


def whisperx(n_bytes: int) -> bytes:
    """WhisperX: segments with their words."""

    def one(said: Said) -> object:
        speaker = f"SPEAKER_{_PEOPLE.index(said.who):02d}"
        timed = [
            {"word": word, "start": a, "end": b, "score": 0.912, "speaker": speaker} for word, a, b in said.timed()
        ]
        return {"start": said.start, "end": said.end, "text": " " + said.words, "words": timed, "speaker": speaker}

    return _json(n_bytes, one, lambda items: f'{{"segments": [{items}], "language": "en"}}')


def utterances(n_bytes: int) -> bytes:
    """AssemblyAI: utterances with their words, in milliseconds."""

    def one(said: Said) -> object:
        speaker = "ABCDE"[_PEOPLE.index(said.who)]
        timed = [
            {"text": word, "start": int(1000 * a), "end": int(1000 * b), "confidence": 0.97, "speaker": speaker}
            for word, a, b in said.timed()
        ]
        times = {"start": int(1000 * said.start), "end": int(1000 * said.end)}
        return {"speaker": speaker, **times, "confidence": 0.95, "text": said.words, "words": timed}

    return _json(n_bytes, one, lambda items: f'{{"id": "x", "status": "completed", "utterances": [{items}]}}')


def turns(n_bytes: int) -> bytes:
    """The documented simple form."""

    def one(said: Said) -> object:
        return {"speaker": said.who, "start": round(said.start, 2), "end": round(said.end, 2), "text": said.words}

    return _json(n_bytes, one, lambda items: f'{{"title": "Talk", "turns": [{items}]}}')


def meeting(n_bytes: int) -> bytes:
    """QMSum."""

    def one(said: Said) -> object:
        return {"speaker": said.who, "content": said.words}

    return _json(n_bytes, one, lambda items: f'{{"topic_list": [], "meeting_transcripts": [{items}]}}')


SOURCES: tuple[tuple[str, float, Callable[[int], bytes]], ...] = (
    ("WebVTT, a name on every cue", CAPTIONS_TARGET, zoom),
    ("WebVTT, rolling", CAPTIONS_TARGET, rolling),
    ("SRT, labels on change", CAPTIONS_TARGET, subrip),
    ("text, Name: words", CAPTIONS_TARGET, names),
    ("text, Otter", CAPTIONS_TARGET, otter),
    ("JSON, Whisper", JSON_TARGET, whisper),
    ("JSON, WhisperX", JSON_TARGET, whisperx),
    ("JSON, AssemblyAI", JSON_TARGET, utterances),
    ("JSON, list of turns", JSON_TARGET, turns),
    ("JSON, QMSum", JSON_TARGET, meeting),
)


def read(data: bytes) -> Transcript:
    """The transcript of one made source."""
    return parse_transcript(data, source="talk").transcript


def megabytes_per_second(work: Callable[[], object], n_bytes: int, n_runs: int) -> list[float]:
    """Speed of each run, in time of the processor, after a first that only warms up."""
    work()
    found = []
    for _ in range(n_runs):
        started = time.process_time()
        work()
        found.append(n_bytes / 1e6 / (time.process_time() - started))
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How fast transcripts are read.")
    parser.add_argument("folder", nargs="?", type=Path, help="transcripts to read in all")
    parser.add_argument("--mb", type=float, default=8.0, help="size of each made source")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    n_bytes = int(given.mb * 1e6)
    reference_source = whisperx(n_bytes).decode()
    reference = statistics.median(
        megabytes_per_second(lambda: json.loads(reference_source), len(reference_source), given.runs)
    )
    print(f"json.loads: {reference:.0f} MB/s\n")
    print("| source | MB | MB/s (least to most) | of json.loads | wanted MB/s | with every turn made |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, target, make in SOURCES:
        data = make(n_bytes)
        speeds = megabytes_per_second(lambda data=data: read(data), len(data), given.runs)
        made = statistics.median(megabytes_per_second(lambda data=data: read(data).turns, len(data), given.runs))
        middle = statistics.median(speeds)
        spread = f"{middle:.1f} ({min(speeds):.1f} to {max(speeds):.1f})"
        measured = f"{len(data) / 1e6:.1f} | {spread} | {middle / reference:.2f} | {target:.0f} | {made:.1f}"
        print(f"| {name} | {measured} |", flush=True)
    if given.folder:
        read_folder(given.folder)


def read_folder(folder: Path) -> None:
    """Read every file of a folder and print what came of them."""
    sources = [(path, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]
    n_turns = n_words = n_bytes = n_read = 0
    started = time.process_time()
    for path, data in sources:
        try:
            transcript = parse_transcript(data, source=path.name).transcript
        except ParseError:
            continue
        n_read += 1
        n_bytes += len(data)
        n_turns += len(transcript.turns)
        n_words += sum(len(transcript.words_of(turn).split()) for turn in transcript.turns)
    seconds = time.process_time() - started
    print(
        f"\n{folder}: {n_read} of {len(sources)} files, {n_bytes / 1e6:.1f} MB, {n_turns:,} turns, {n_words:,} words"
        f" in {seconds:.2f} s of the processor"
    )


if __name__ == "__main__":
    main()
