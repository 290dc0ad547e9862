"""The text of a worded answer as it grows: sentences in, what is shown of them out, with markers and citations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

from transcript_qa.datatypes import Answer, Citation, Hit
from transcript_qa.render import answer_text, who
from transcript_qa.text import normalise, stem, words
from transcript_qa.wording.attribution import SAYING, Person
from transcript_qa.wording.checks import NEVER_SHOWN, Checker, Defect, Fault
from transcript_qa.wording.evidence import Evidence
from transcript_qa.wording.replies import Sentence, is_abstention

_SIGN = re.compile(r"\s?\x02(\d+)\x03")
_CALL = re.compile(r"\x04(\d+)\x03")
_PRONOUN = re.compile(r"(?:He|She)\b(?!')")
_FIRST_PERSON = re.compile(r"\b(?:I|we|my|our|us|me)\b", re.IGNORECASE)


class Writer:
    """Puts one answer together.

    Args:
        answer: as it was made without a model.
        checker: knows the evidence.
        strict: leave out what is not borne out, instead of marking it.

    Attributes:
        shown: the text so far.
        check_s: seconds that checking took.
    """

    def __init__(self, answer: Answer, checker: Checker, *, strict: bool) -> None:
        self._answer = answer
        self._checker = checker
        self._strict = strict
        self.shown = ""
        self.check_s = 0.0
        self._citations: list[Citation] = []
        self._markers: dict[int, int] = {}
        self._waiting: list[tuple[str, Sentence, tuple[Defect, ...]]] = []
        self._lead = ""
        self._left_out: list[tuple[Defect, ...]] = []
        self._n_marked = 0
        self._n_clean = 0
        self._abstained = False
        self._after_gap = False
        self._heard: frozenset[Person] = frozenset()
        self._failure: str | None = None

    def take(self, sentence: Sentence) -> Iterator[str]:
        """What is shown now that this sentence is there; nothing before one is borne out."""
        if sentence.heading:
            return
        if not sentence.ids and not sentence.quoted and not sentence.links and is_abstention(sentence.text):
            self._abstained = True
            return
        lead = self._lead if "\n" in self._lead and "\n" not in sentence.lead else sentence.lead
        if self._checker.is_lead_in(sentence):
            self._waiting.append((lead, sentence, ()))
            self._lead = ""
            return
        sentence, unclear = self._with_name(sentence)
        defects = (*self._checked(sentence), *unclear)
        self._heard = self._speakers(sentence) or self._heard
        if defects and (self._strict or any(defect.fault in NEVER_SHOWN for defect in defects)):
            self._left_out.append(defects)
            self._lead, self._after_gap = lead, True
            return
        self._lead, self._after_gap = "", False
        self._waiting.append((lead, sentence, defects))
        self._n_marked += bool(defects)
        self._n_clean += not defects
        if self._n_clean:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                yield self._print(*each)

    def take_all(self, sentences: Iterable[Sentence]) -> Iterator[str]:
        """As `take`, each on a line of its own, in place of what is waiting still."""
        self._n_marked -= sum(bool(defects) for _, _, defects in self._waiting)
        self._waiting.clear()
        for sentence in sentences:
            yield from self.take(replace(sentence, lead="\n- "))

    def borne_out(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        """Those without a fault; nothing is shown or counted."""
        kept = [sentence for sentence in sentences if not sentence.heading and not is_abstention(sentence.text)]
        return [sentence for sentence in kept if not self._checked(sentence)]

    def broke_off(self, why: str) -> None:
        """Tell that no more will come."""
        self._failure = why

    def finish(self, model: str, *, hits: Sequence[Hit]) -> Answer:
        """The whole answer: worded, or as it was before where nothing is borne out; either says how it came about."""
        answer = replace(self._answer, n_marked=self._n_marked, n_dropped=len(self._left_out))
        if not self._n_clean:
            return replace(answer, note=self._why_not(model), n_marked=0)
        if self._failure is not None:
            self._add_quotations()
        note = f"Worded by {model}, each sentence checked against what it cites."
        if self._failure is not None:
            note += f" It broke off: {self._failure}"
        if self._left_out:
            note += f" Left out as not borne out: {len(self._left_out)}."
        if self._n_marked:
            note += f" Marked as not borne out: {self._n_marked}."
        if self._abstained:
            note += " It adds that the transcripts do not say all that was asked."
        return replace(
            answer,
            text=self.shown,
            citations=tuple(self._citations),
            hits=tuple(hits),
            answered=True,
            worded_by=model,
            note=note,
        )

    def _why_not(self, model: str) -> str:
        if self._failure is not None:
            why = self._failure
        elif self._abstained:
            why = "it found no answer in the passages"
        elif self._left_out or self._n_marked:
            why = f"none of its {len(self._left_out) + self._n_marked} sentences was borne out"
        else:
            why = "it wrote nothing"
        return f"Not worded by {model}: {why.rstrip('.')}. These are the transcripts' own words."

    def _checked(self, sentence: Sentence) -> tuple[Defect, ...]:
        started = perf_counter()
        defects = self._checker.check(sentence)
        self.check_s += perf_counter() - started
        return defects

    def _print(self, lead: str, sentence: Sentence, defects: tuple[Defect, ...]) -> str:
        text = _CALL.sub(lambda match: self._quotation(int(match[1]), sentence), sentence.template)
        text = _SIGN.sub(lambda match: self._marker(int(match[1])), text)
        # The same marker twice in a row says nothing more.
        text = re.sub(r"( \[\d+\])(?:\1)+", r"\1", text)
        if defects:
            text += f" \u26a0 ({'; '.join(map(str, defects))})"
        piece = text if not self.shown else f"{_tidy(lead)}{text}"
        if not self.shown and "- " in lead:
            piece = f"- {text}"
        self.shown += piece
        return piece

    def _with_name(self, sentence: Sentence) -> tuple[Sentence, tuple[Defect, ...]]:
        """A sentence whose pronoun would mean somebody else than whom it cites gets the speaker's name.

        That is so behind a sentence that was left out, and where "he said" cites another than the sentence before.
        """
        match = _PRONOUN.match(sentence.template)
        heard = self._speakers(sentence)
        if match is None or not heard:
            return sentence, ()
        says = any(stem(normalise(span.of(sentence.text)).text) in SAYING for span in list(words(sentence.text))[1:4])
        other = bool(self._heard) and not heard & self._heard
        if not self._after_gap and not (says and other):
            return sentence, ()
        cited = self._cited(sentence)
        if len(heard) > 1 or not (says or all(_FIRST_PERSON.search(one.text) for one in cited)):
            return sentence, (Defect(Fault.UNCLEAR, match[0]),)
        name = who(cited[0].turn.speaker)
        first = replace(sentence.segments[0], text=_PRONOUN.sub(name, sentence.segments[0].text, count=1))
        template = _PRONOUN.sub(name, sentence.template, count=1)
        return replace(sentence, template=template, segments=(first, *sentence.segments[1:])), ()

    def _speakers(self, sentence: Sentence) -> frozenset[Person]:
        return frozenset((one.transcript.id, one.turn.speaker.label) for one in self._cited(sentence))

    def _quotation(self, id_: int, sentence: Sentence) -> str:
        """The words of the transcript, with whose they are unless the sentence says so, and their marker."""
        one = self._checker.evidence[id_]
        speaker = who(one.turn.speaker)
        name = {normalise(span.of(speaker)).text for span in words(speaker)}
        said = {normalise(span.of(sentence.text)).text for span in words(sentence.text)}
        whose = "" if name and name & said else f" ({speaker})"
        return f"\u201c{one.text}\u201d{whose}{self._marker(id_)}"

    def _marker(self, id_: int) -> str:
        if id_ not in self._markers:
            self._markers[id_] = len(self._citations) + 1
            self._citations.append(self._checker.evidence[id_].cited(self._markers[id_]))
        return f" [{self._markers[id_]}]"

    def _cited(self, sentence: Sentence) -> list[Evidence]:
        return [self._checker.evidence[id_] for id_ in sentence.ids if id_ in self._checker.evidence]

    def _add_quotations(self) -> None:
        """What answers without a model, behind what the model had time to say."""
        have = {(citation.transcript_id, citation.span) for citation in self._citations}
        more = [c for c in self._answer.citations if (c.transcript_id, c.span) not in have]
        numbered = [replace(c, marker=len(self._citations) + n) for n, c in enumerate(more, start=1)]
        if numbered:
            self.shown += f"\n\n{answer_text(numbered)}"
            self._citations += numbered


def _tidy(lead: str) -> str:
    """Blanks and line breaks before a sentence, at most one empty line."""
    breaks = min(2, lead.count("\n"))
    sign = lead.strip()
    return ("\n" * breaks or " ") + (f"{sign} " if sign else "")
