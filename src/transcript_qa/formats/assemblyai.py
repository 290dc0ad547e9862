"""AssemblyAI JSON: `utterances` in integer milliseconds with letters for speakers; `words` where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain, repeat
from typing import Any

from transcript_qa.errors import ParseError
from transcript_qa.formats.build import Builder, Part
from transcript_qa.formats.jsoncolumns import (
    Rows,
    add_rows,
    are_objects,
    are_texts,
    column,
    labels_of,
    sentences,
    texts_of,
    times_of,
)
from transcript_qa.formats.jsonscan import Document, Range, as_text, json_of, objects
from transcript_qa.formats.registry import Format
from transcript_qa.formats.segments import Word, add_words, label_of, leave_out, time_of
from transcript_qa.formats.sourcetext import SourceText

_MS = 0.001
_OWN_FIELDS = ("acoustic_model", "language_model", "audio_url", "utterances", "speech_model", "punctuate")


def sniff(source: SourceText) -> float:
    """1 where the fields of this recogniser's replies are there."""
    document = source.json
    if not isinstance(document, dict) or not isinstance(document.get("words"), (list, type(None))):
        return 0.0
    utterances = document.get("utterances")
    first = utterances[0] if isinstance(utterances, list) and utterances else None
    if isinstance(first, dict) and "words" in first and isinstance(first.get("start"), int):
        return 1.0
    named = sum(key in document for key in _OWN_FIELDS)
    said = document.get("utterances") or document.get("words") or document.get("text")
    return 1.0 if said and (named >= 2 or ("utterances" in document and "words" in document)) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a reply."""
    document = json_of(source.name, source.document)
    top = document.value if isinstance(document.value, dict) else {}
    builder = Builder(source)
    utterances, words, text = top.get("utterances"), top.get("words"), top.get("text")
    if isinstance(utterances, list) and utterances:
        used = "utterances"
        if not _add_all(builder, utterances, document.members(top)["utterances"]):
            _add_each(builder, document, utterances)
    elif isinstance(words, list) and words:
        used = "words"
        add_words(builder, _words(words, ""), document.members(top)["words"])
    elif isinstance(text, str):
        used = "text"
        builder.open("")
        builder.words(*document.members(top)["text"], text=as_text(text))
    else:
        raise ParseError(source.name, "no utterances, words or text in the JSON", "Wait until the job is completed.")
    if isinstance(top.get("audio_url"), str):
        builder.media_url = top["audio_url"]
        builder.claim(*document.members(top)["audio_url"], Part.HEADER)
    leave_out(builder, document, top, (used, "audio_url"))
    builder.claim_syntax()
    return builder


def _add_all(builder: Builder, utterances: list[Any], place: Range) -> bool:
    """Add all utterances at once, where each has a speaker and words; false, and nothing added, where not."""
    if not are_objects(utterances) or set(map(type, listed := column(utterances, "words"))) != {list}:
        return False
    speakers, words = labels_of(column(utterances, "speaker")), list(chain.from_iterable(listed))
    if not all(listed) or not all(speakers) or not are_objects(words) or not are_texts(said := column(words, "text")):
        return False
    n_words = list(map(len, listed))
    labels = list(chain.from_iterable(map(repeat, speakers, n_words)))
    times = (times_of(column(words, key), unit_s=_MS) for key in ("start", "end"))
    add_rows(builder, sentences(Rows(labels, texts_of(said), *times), accumulate(n_words)), place)
    return True


def _add_each(builder: Builder, document: Document, utterances: list[Any]) -> None:
    for one, place in objects(document, utterances):
        own = list(_words(one.get("words"), label_of(one.get("speaker"))))
        said = one.get("text")
        if not own and isinstance(said, str):
            times = time_of(one.get("start"), unit_s=_MS), time_of(one.get("end"), unit_s=_MS)
            own = [Word(label_of(one.get("speaker")), as_text(said), *times)]
        add_words(builder, own, place)


def _words(listed: object, label: str) -> Iterator[Word]:
    """Words of a list; a word's own speaker goes before the utterance's."""
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("text"), str):
            yield _word(one, label)


def _word(one: dict[str, Any], label: str) -> Word:
    own = label or label_of(one.get("speaker"))
    times = time_of(one.get("start"), unit_s=_MS), time_of(one.get("end"), unit_s=_MS)
    return Word(own, one["text"].strip(), *times)


FORMAT = Format(name="assemblyai", describes="AssemblyAI JSON", sniff=sniff, parse=parse)
