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
DOES = frozenset(
    "did does do will would can could shall should may might must didn't doesn't don't won't wouldn't can't couldn't "
    "shan't shouldn't mustn't".split()
)
_BE_AUX = frozenset(
    "is are was were be been being has have had isn't aren't wasn't weren't hasn't haven't hadn't".split()
)
AUXILIARIES = DOES | _BE_AUX
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
    "according done ready able unable willing unwilling likely unlikely supposed".split()
)
VERBS = frozenset(
    "achieve allow allows applies apply arrive arrived arrives avoid became become began begin begins begun belong "
    "belongs blame blames bought break broke broken build builds built buy buys called came cause caused change "
    "choose chooses chose come comes compare consider considers contain contains cost costs cover covers create "
    "creates cut decide decides deliver delivers develop develops draw drawn drop drops end ends ensure establish "
    "expect expects explains fail fall fell find finds finish fix follow follows found gave get gets give given gives "
    "go goes gone got grow handle handles happen happened happens held help hit hold holds hurt improve improves "
    "include introduce introduces invite involve involves join joins keep keeps kept knew know known knows last lasts "
    "lead leave leaves left let lie like live look looks lose lost made maintain make makes manage manages mean means "
    "meant meet meets met miss need needs obtain open opens operate order own owns paid pay pays perform pick play "
    "prefer prefers prepare prevent prevents produce produces protect protects provide provides publish put ran reach "
    "read receive reduce reduces refuse refuses reject rejects remember remove removes reopen replace report require "
    "requires retire ring run runs sail sails save saves seem seems sell sells send sends sent serve set show shown "
    "sign sit sleep smell sold solve solves spend spends spent spill stand stands start starts stay stays steer stop "
    "stops suffer take taken takes teach took try turn understand use uses verify visit wait walk want wants wear "
    "weigh weighs went win wins withdraw won work works write writes written wrote".split()
)
_ENDS = AUXILIARIES | PREPOSITIONS | _DETERMINERS | _PRONOUNS | JOINING | WH | ADVERBS | _OTHERS
_NOUNS = frozenset(
    "meeting hearing building crossing parking funding wedding painting recording opening heating housing landing "
    "king ring spring string thing wing evening morning clothing training filming lighting wiring piping".split()
)
# What these stand behind is nothing asked for: "what made him leave".
_HAPPENS = frozenset("made makes happens caused causes led came became becomes went goes keeps kept".split())
TIME_WORDS = frozenset(
    "second seconds minute minutes hour hours day days night nights morning evening week weeks month months quarter "
    "season year years time times".split()
)
"""How long and how often; "a month" is no thing."""
SUBJECTS = frozenset("i you he she it we they".split())
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
            at += _is_infinitive(asked, at)
        elif folded in SAY | DO | VERBS and not _is_noun_here(asked, at):
            said, subject_due, preposition = said or folded in SAY, False, ""
        elif folded in _PRONOUNS or folded in JOINING or folded in ADVERBS | _OTHERS:
            if folded in JOINING:
                preposition, subject_due = "", False
        else:
            end = _end_of(asked, at, subject=subject_due, verb_due=subject_due and auxiliary in DOES)
            if end - at == 2 and folded in ("a", "an", "each", "every") and asked[at + 1].folded in TIME_WORDS:
                at = end  # "what does it cost a month"
                continue
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
    named = asked[end - 1].shown[:1].isupper() and asked[end - 1].folded == head  # "nominee John Roberts"
    ends_so = head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULAR and not named
    plural = ends_so or head in _PLURAL
    if part is Part.ASKED:
        text = f"the {text}"
    return Phrase(text=text, part=part, preposition=preposition, first=first, end=end, plural=plural)


def _asked_for(asked: Sequence[Word], at: int) -> int:
    """Where "what loan", "which completion date" or "how many flats" ends."""
    end = at + 1
    if end < len(asked) and (asked[end].folded in _HAPPENS or asked[end].folded.endswith("ed")):
        return end
    while end < len(asked) and asked[end].folded not in AUXILIARIES | PREPOSITIONS | _DETERMINERS | _PRONOUNS | WH:
        if end > at + 1 and asked[end].folded in SAY | DO | VERBS:
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


def _is_infinitive(asked: Sequence[Word], at: int) -> bool:
    """Whether "to" stands before a verb that takes something: "to host BTCPay", "to raise the price"."""
    if asked[at].folded != "to" or at + 2 >= len(asked) or asked[at + 1].folded in _ENDS:
        return False
    verb, taken = asked[at + 1], asked[at + 2]
    return verb.shown[:1].islower() and (taken.folded in _DETERMINERS or taken.shown[:1].isupper())


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
    return word.folded in SAY | DO | VERBS or word.folded.endswith("ed")
