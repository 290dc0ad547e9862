"""The noun phrases of a question and the part each plays, read off closed word classes.

It is no parser: a question is short, and its auxiliary, its prepositions and its articles tell most of it. What cannot
be told is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from transcript_qa.questions.saying import ADVERBS, DO, SAY
from transcript_qa.questions.voices import Word, question_words

WH = frozenset("what which who whom whose when where why how".split())
_DO_AUX = frozenset("did does do will would can could shall should may might must".split())
_BE_AUX = frozenset("is are was were be been being has have had".split())
AUXILIARIES = _DO_AUX | _BE_AUX
_DETERMINERS = frozenset("the a an his her its their our my your this that these those no any some each every".split())
PREPOSITIONS = frozenset(
    "about on in at to from for with by of over under after before during until into onto near against between "
    "through without within behind since than as regarding concerning per along across around out off up down "
    "away".split()
)
_PRONOUNS = frozenset(
    "i you he she it we they me him us them one there here anyone anybody someone somebody everyone everybody "
    "nobody anything something nothing everything else".split()
)
JOINING = frozenset("and or but when while if because so then whether".split())
_OTHERS = frozenset(
    "back not ever also just only again late early soon much many long far often more most less very too yet "
    "ready able unable willing unwilling likely unlikely supposed".split()
)
_VERBS = frozenset(
    "arrive arrives arrived begin begins began begun belong break broke broken build builds built buy buys bought "
    "come comes came cost costs cause caused change cut draw drawn drop drops end ends fail fall fell find finds "
    "found finish get gets got give gives gave given go goes went gone grow happen happens happened help hit hold "
    "holds held hurt include keep keeps kept know knows knew known last lasts lead leave leaves left let lie live "
    "lose lost make makes made mean means meant meet meets met miss need needs open opens order own owns pay pays "
    "paid pick play put reach read receive replace report reopen retire ring run runs ran sail sails sell sells "
    "sold send sends sent serve set show shown sign sit sleep smell spend spends spent spill stand stands stay "
    "stays steer start starts stop stops take takes took taken teach try turn use uses visit wait walk want wants "
    "wear weigh weighs win wins won work works write writes wrote written called seem seems look looks become "
    "became like".split()
)
_ENDS = AUXILIARIES | PREPOSITIONS | _DETERMINERS | _PRONOUNS | JOINING | WH | ADVERBS | _OTHERS
_NOUNS = frozenset(
    "meeting hearing building crossing parking funding wedding painting recording opening heating housing landing "
    "king ring spring string thing wing evening morning clothing training filming lighting wiring piping".split()
)
_SINGULAR = frozenset("lens gas news series".split())
_PLURAL = frozenset("people men women children police".split())
_TAKE = frozenset("take takes took taken taking".split())
# "To take part" takes nothing.
_IN_IDIOMS = frozenset("part place care note action effect".split())


class Part(StrEnum):
    """What a phrase is in its question."""

    ASKED = "asked"
    SUBJECT = "subject"
    OBJECT = "object"
    ABOUT = "about"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A noun phrase of a question.

    Attributes:
        text: as it is in the question; with "the" in front where it was asked for ("what loan" gives "the loan").
        part: what it is in the question.
        preposition: in front of it, folded, or empty.
        first, end: words of the question, half-open, the preposition left out.
        plural: whether its head is.
    """

    text: str
    part: Part
    preposition: str
    first: int
    end: int
    plural: bool


def phrases(question: str) -> list[Phrase]:
    """The noun phrases of a question in order.

    >>> [(p.text, p.part.value) for p in phrases("how much did Gareth spend on the filter?")]
    [('Gareth', 'subject'), ('the filter', 'place')]
    >>> [p.text for p in phrases("how long is the damaged stretch of the sea wall")]
    ['the damaged stretch of the sea wall']
    """
    asked = question_words(question)
    return list(_phrases(question, asked))


def _phrases(question: str, asked: Sequence[Word]) -> Iterator[Phrase]:
    at, preposition, auxiliary, said = 0, "", "", False
    subject_due = False
    while at < len(asked):
        folded = asked[at].folded
        if folded in WH and asked[at].possessive is False:
            end = _asked_for(asked, at)
            if end > at + 1 and folded in ("what", "which"):
                yield _phrase(question, asked, at + 1, end, Part.ASKED, "")
            elif end > at + 2 and asked[at + 1].folded in ("many", "much"):
                yield _phrase(question, asked, at + 2, end, Part.ASKED, "")
            at = end
            continue
        if folded in AUXILIARIES:
            auxiliary, subject_due, preposition = folded, True, ""
        elif folded in PREPOSITIONS:
            preposition, subject_due = folded, False
        elif folded in SAY | DO | _VERBS and not _is_noun_here(asked, at):
            said, subject_due, preposition = said or folded in SAY, False, ""
        elif folded in _PRONOUNS or folded in JOINING or folded in ADVERBS | _OTHERS:
            if folded in JOINING:
                preposition, subject_due = "", False
        else:
            end = _end_of(asked, at, subject=subject_due, verb_due=subject_due and auxiliary in _DO_AUX)
            if end > at and _is_thing(asked, at, end):
                yield _phrase(question, asked, at, end, _part(preposition, subject_due, said), preposition)
                subject_due, preposition = False, ""
                at = end
                continue
        at += 1


def _part(preposition: str, subject_due: bool, said: bool) -> Part:
    if preposition in ("about", "regarding", "concerning") or (said and preposition in ("of", "on")):
        return Part.ABOUT
    if preposition:
        return Part.PLACE
    return Part.SUBJECT if subject_due else Part.OBJECT


def _phrase(question: str, asked: Sequence[Word], first: int, end: int, part: Part, preposition: str) -> Phrase:
    text = question[asked[first].start : asked[end - 1].end]
    head = next((asked[at - 1] for at in range(first + 1, end) if asked[at].folded == "of"), asked[end - 1]).folded
    ends_so = head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULAR
    plural = ends_so or head in _PLURAL
    if part is Part.ASKED:
        text = f"the {text}"
    return Phrase(text=text, part=part, preposition=preposition, first=first, end=end, plural=plural)


def _asked_for(asked: Sequence[Word], at: int) -> int:
    """Where "what loan", "which completion date" or "how many flats" ends."""
    end = at + 1
    while end < len(asked) and asked[end].folded not in AUXILIARIES | PREPOSITIONS | _DETERMINERS | _PRONOUNS | WH:
        if end > at + 1 and asked[end].folded in SAY | DO | _VERBS:
            break
        if end > at + 1 and asked[end].folded.endswith("ed"):
            break
        end += 1
    return end if end < len(asked) else at + 1


def _is_thing(asked: Sequence[Word], first: int, end: int) -> bool:
    """Whether words are more than an article, a lone participle or the rest of an idiom."""
    if end - first == 1 and asked[first].folded in _IN_IDIOMS and first and asked[first - 1].folded in _TAKE:
        return False
    rest = [word for word in asked[first:end] if word.folded not in _DETERMINERS]
    return bool(rest) and not (end - first == 1 and rest[0].shown.islower() and rest[0].folded.endswith(("ed", "ing")))


def _is_noun_here(asked: Sequence[Word], at: int) -> bool:
    """Whether a word that may be a verb stands behind an article: "the report", "the stay"."""
    return at > 0 and asked[at - 1].folded in _DETERMINERS


def _end_of(asked: Sequence[Word], first: int, *, subject: bool, verb_due: bool) -> int:
    """Where the phrase that begins at `first` ends."""
    at = first
    if asked[at].folded in _DETERMINERS:
        at += 1
    begin = at
    while at < len(asked):
        folded = asked[at].folded
        if folded == "of" and at > begin and at + 1 < len(asked):
            return _end_of(asked, at + 1, subject=False, verb_due=False)
        described = at == begin > first or (at > begin and asked[at - 1].possessive)
        if folded in _ENDS and not (described and folded in ADVERBS | _OTHERS):
            # After "did" and its like there is a verb, and it is none of the known ones; but what is owned is none.
            owned = at - begin > 1 and asked[at - 2].possessive
            at -= verb_due and folded not in AUXILIARIES and at - begin > 1 and not owned
            return at
        if at > begin and _is_verb(asked, at, subject=subject):
            return at
        at += 1
    return at - 1 if verb_due and at - begin > 1 else at


def _is_verb(asked: Sequence[Word], at: int, *, subject: bool) -> bool:
    """Whether a word inside of a phrase is where its verb begins."""
    word = asked[at]
    if word.shown[:1].isupper() or asked[at - 1].possessive:
        return False
    if word.folded.endswith("ing") and word.folded not in SAY | DO:
        goes_on = at + 1 < len(asked) and asked[at + 1].folded not in _ENDS
        return subject and not goes_on and word.folded not in _NOUNS
    return word.folded in SAY | DO | _VERBS or word.folded.endswith("ed")
