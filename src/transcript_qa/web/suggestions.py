"""Questions to begin with and to go on with, made from what is in the transcripts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from transcript_qa.datatypes import Answer, SpeakerKind, Transcript, Turn
from transcript_qa.mentions import thing_asked
from transcript_qa.store import TranscriptInfo
from transcript_qa.text import STOP_WORDS, keywords, stem, terms, words
from transcript_qa.web.timeline import looked_for

# Questions that the sample transcripts answer; each is offered only where its transcript is in the index.
_SAMPLES = {
    "state-visit-veldania": "what loan was mentioned",
    "harbour-town-council": "How much is in the harbour reserve?",
    "lighthouse-podcast": "When is Carrow Skerry open to visitors?",
}
MOST = 3
_LEAST_TIMES = 3
_READ_CHARS = 60_000
_CAPITAL = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{3,}")


def starters(infos: Sequence[TranscriptInfo], transcripts: Mapping[str, Transcript]) -> list[str]:
    """Questions to begin with, at most `MOST`, each about another transcript.

    Args:
        infos: what is in the index.
        transcripts: some of it, by id, out of which questions may be made.
    """
    known = {info.id for info in infos}
    found = [question for transcript_id, question in _SAMPLES.items() if transcript_id in known]
    made = (_about(transcript) for transcript_id, transcript in transcripts.items() if transcript_id not in _SAMPLES)
    return [*found, *(question for question in made if question)][:MOST]


def wanted_for_starters(infos: Sequence[TranscriptInfo]) -> list[str]:
    """Ids of the transcripts out of which questions are made: the ones added last, and of those with named speakers."""
    fit = [i for i in infos if any(s.speaker.kind is SpeakerKind.NAMED and s.speaker.name for s in i.speakers)]
    return [info.id for info in sorted(fit, key=lambda info: info.added_at, reverse=True)[:MOST]]


def _about(transcript: Transcript) -> str | None:
    """A question about the thing that a named speaker comes back to most."""
    said: Counter[tuple[str, str]] = Counter()
    names = {part.casefold() for speaker in transcript.speakers for part in keywords(speaker.label)}
    read = 0
    for turn in transcript.turns:
        text = transcript.words_of(turn)
        read += len(text)
        if turn.speaker.name and turn.speaker.kind is SpeakerKind.NAMED:
            said.update((turn.speaker.name, word) for word in _things(text) if word.casefold() not in names)
        if read > _READ_CHARS:
            break
    if not said:
        return None
    (name, thing), times = max(said.items(), key=lambda each: (each[1], each[0]))
    return f"What did {name} say about {thing}?" if times >= _LEAST_TIMES else None


def _things(text: str) -> Iterator[str]:
    """Words that may name a thing: those with a capital inside a sentence, and what follows "the"."""
    yield from _CAPITAL.findall(text)
    for match in re.finditer(r"\b[Tt]he ([a-z]{5,})\b", text):
        if match[1] not in STOP_WORDS:
            yield f"the {match[1]}"


def follow_ups(answer: Answer, transcripts: Mapping[str, Transcript]) -> list[str]:
    """Questions to go on with, at most `MOST`: each names somebody who does say the word.

    Args:
        answer: the one just given.
        transcripts: by id, those of its hits.
    """
    cited = {(c.transcript_id, c.speaker.label) for c in answer.citations}
    topic = thing_asked(answer.asked_as) or answer.asked_as
    asked = {stem(folded): word for word in looked_for(topic) for folded in keywords(word)}
    found: dict[str, None] = {}
    read = [
        (transcript, turn, set(terms(transcript.words_of(turn)))) for transcript, turn in _read(answer, transcripts)
    ]
    common = Counter(stemmed for _, _, said in read for stemmed in asked if stemmed in said)
    for transcript, turn, said in read:
        key = (transcript.id, turn.speaker.label)
        if turn.speaker.kind is not SpeakerKind.NAMED or not turn.speaker.name or key in cited:
            continue
        if any(part in answer.asked_as for part in turn.speaker.name.split()):
            continue
        stemmed = min((each for each in asked if each in said), key=lambda each: common[each], default=None)
        if stemmed is not None:
            cited.add(key)
            found[f"What did {turn.speaker.name} say about {_as_topic(asked[stemmed], answer.asked_as)}?"] = None
    return list(found)[:MOST]


def _read(answer: Answer, transcripts: Mapping[str, Transcript]) -> Iterator[tuple[Transcript, Turn]]:
    for hit in answer.hits:
        transcript = transcripts.get(hit.passage.transcript_id)
        if transcript is not None:
            first, last = hit.passage.turns
            for turn in transcript.turns[first : last + 1]:
                yield transcript, turn


def _as_topic(word: str, question: str) -> str:
    """The word with the article it has in the question.

    >>> _as_topic("bank", "what has the bank said")
    'the bank'
    """
    spans = [span.of(question) for span in words(question)]
    before = spans[spans.index(word) - 1] if word in spans and spans.index(word) else ""
    return f"the {word}" if before.casefold() in ("the", "what", "which") and word.islower() else word
