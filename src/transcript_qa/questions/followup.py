"""A follow-up made stand-alone from the conversation, by rules alone.

Three kinds are made whole: a question with a pronoun ("who provided it?"), one that is but a piece ("and the rate?",
"why?", "and Marlow?"), and a wish for more ("what else?"). All others are left as they are, for a question that could
stand alone is more likely to mean what it says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transcript_qa.questions.antecedents import Antecedents, Earlier, about_clause
from transcript_qa.questions.phrases import AUXILIARIES, PREPOSITIONS, SUBJECTS, VERBS, WH, Part, Phrase, phrases
from transcript_qa.questions.pronouns import with_nouns
from transcript_qa.questions.reasked import asked_for_more, asked_otherwise, why_not
from transcript_qa.questions.saying import DO, OPINION, SAY
from transcript_qa.questions.voices import Voices, question_words

_JOINED = re.compile(r"^(?:(?:and|but|so|or|ok|okay|also|then|well)\b[,\s]*)+", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:what|how)\s+about\s+", re.IGNORECASE)
_BARE = re.compile(
    r"(?P<measure>how (?:much|many|long|often|far|big|old))|(?P<wh>why not|why|when|where|who|whom"
    r"|(?:by|with|to|for|from|against) whom|how come"
    r"|how so|how|by how much|for how long|since when|until when|what time|what day|on what date)"
    r"(?:\s+(?:is|was|were|are)\s+(?:that|it|this|they))?",
    re.IGNORECASE,
)
_ELSE = re.compile(r"(?P<wh>who|what|where|when|anything|anyone|anybody|somebody|someone)\s+else", re.IGNORECASE)
_MORE = re.compile(
    r"(?:(?:please\s+)?(?:tell me|say|give me)\s+)?more(?:\s+details?)?(?:\s+(?:about|on)\s+(?:it|that|this))?"
    r"(?:,?\s+please)?|go on|(?:can|could) you (?:elaborate|explain)(?:\s+(?:that|it))?"
    r"|explain(?:\s+(?:that|it))?|details",
    re.IGNORECASE,
)
_WHO_SAID = re.compile(
    r"who (?:said|says) (?:that|this|it|so)|whose words (?:are|were) (?:that|those|these|they)", re.IGNORECASE
)
_WHO_ASKED = re.compile(r"who (?:asked|asks|wanted to know) (?:that|this|it|about (?:that|this|it))", re.IGNORECASE)
_ASKED_FOR = re.compile(
    rf"(?:(?:{'|'.join(sorted(PREPOSITIONS))})\s+)?"
    r"(?:how (?:many|much)|what|which|whose)(?:\s+(?!ones?\b)[\w’'-]+){1,2}",
    re.IGNORECASE,
)
_WHY_NOT = re.compile(r"why not (?P<piece>\S.*)", re.IGNORECASE)
_ORDINAL = re.compile(r"the (first|second|third|fourth|fifth|last|next|other|previous)(?: one)?", re.IGNORECASE)
_ATTRIBUTES = frozenset(
    "rate price cost costs date term terms amount name reason reasons deadline length collateral deposit interest "
    "number size weight result outcome vote height depth speed age owner author purpose budget fee fine salary "
    "total percentage share value penalty condition conditions location address duration capacity colour color "
    "width distance temperature schedule timetable consequences consequence details cause".split()
)
_MOST_FRAGMENT_WORDS = 7
_MOST_QUOTED_CHARS = 160
_ENDING = " ?.!,;:"


def stand_alone(question: str, earlier: Sequence[Earlier], voices: Voices) -> str:
    """The question as it would be asked without the conversation; a question that stands alone is only stripped.

    Args:
        question: as asked.
        earlier: the questions before, oldest first.
        voices: who speaks in the transcripts.
    """
    asked = question.strip()
    if not earlier or not asked.strip(_ENDING):
        return asked
    known = Antecedents(earlier, voices)
    whole = _made_whole(asked, known, voices)
    if whole is None:
        return asked
    text = " ".join(whole.split()).strip(_ENDING)
    if asked[0].isupper():
        text = text[:1].upper() + text[1:]
    return f"{text}?" if asked.endswith("?") or not asked.endswith(".") else text


def _made_whole(asked: str, known: Antecedents, voices: Voices) -> str | None:
    """The stand-alone form, or None where the question is none of a conversation."""
    core = _JOINED.sub("", asked.strip(_ENDING))
    joined = core != asked.strip(_ENDING)
    if not core:
        return None
    if _WHO_SAID.fullmatch(core) and known.last.quotes:
        return f"who said “{_short(known.last.quotes[0])}”"
    if _WHO_ASKED.fullmatch(core) and (topic := known.topic()):
        return f"who asked about {topic}"
    if (bare := _BARE.fullmatch(core)) is not None:
        return (
            _measured(bare["measure"], known) if bare["measure"] else asked_otherwise(bare["wh"], known.last.question)
        )
    if (more := _ELSE.fullmatch(core)) is not None:
        return _asked_on(more["wh"], known)
    if _MORE.fullmatch(core):
        topic = known.topic()
        return f"what else was said about {topic}" if topic else None
    if _ASKED_FOR.fullmatch(core) and not _has_verb(core):
        return asked_for_more(core, known.last.question.strip(_ENDING))
    if (instead := _WHY_NOT.fullmatch(core)) is not None and not _has_verb(core):
        return why_not(instead["piece"], known.last.question.strip(_ENDING))
    about = _WHAT_ABOUT.sub("", core)
    if _is_piece(about, joined=joined or about != core):
        topic = known.topic()
        if topic and {word.folded for word in question_words(about)} & SUBJECTS:
            return f"what about {about}, {topic}"
        return _put_in(with_nouns(about, known, voices, joined=False) or about, known, voices)
    return with_nouns(core, known, voices, joined=joined)


def _short(quote: str) -> str:
    text = " ".join(quote.split())
    return text if len(text) <= _MOST_QUOTED_CHARS else text[:_MOST_QUOTED_CHARS].rsplit(" ", 1)[0]


def _is_piece(core: str, *, joined: bool) -> bool:
    """Whether words are a piece of a question and no whole one."""
    folded = [word.folded for word in question_words(core)]
    if not folded or len(folded) > _MOST_FRAGMENT_WORDS or folded[0] in WH | AUXILIARIES:
        return False
    if any(word in AUXILIARIES for word in folded):
        return False
    # Bare words may as well be a new search; "the rate" is not.
    return joined or (folded[0] == "the" and folded[-1] in _ATTRIBUTES and len(folded) <= 3)


def _has_verb(core: str) -> bool:
    folded = [word.folded for word in question_words(core)]
    return any(word in AUXILIARIES | VERBS | SAY | DO or word.endswith("ed") for word in folded)


def _measured(measure: str, known: Antecedents) -> str:
    """What "how much?" asks after a question that asked for something else: of the same thing."""
    before = known.last.question
    asked = question_words(before)
    thing = known.thing(plural=False) or known.thing(plural=True)
    if not asked or asked[0].folded not in WH or not thing or about_clause(before):
        return asked_otherwise(measure, before)
    past = any(word.folded in ("did", "was", "were", "had") for word in asked)
    many = thing.endswith("s") and not known.thing(plural=False)
    be = ("were" if many else "was") if past else ("are" if many else "is")
    return f"{measure} {be} {thing}"


def _asked_on(wh: str, known: Antecedents) -> str | None:
    """What "who else?" and "what else?" ask after the question before."""
    before = known.last.question.strip(_ENDING)
    asked = question_words(before)
    wh = "what" if wh.casefold() == "anything" else "who" if wh.casefold() not in ("what", "where", "when") else wh
    if asked and asked[0].folded == wh.casefold():
        asked_for = next((p for p in phrases(before) if p.part is Part.ASKED), None)
        begin = asked_for.end if asked_for is not None else 1
        begin += begin < len(asked) and asked[begin].folded == "else"
        return f"{wh} else {before[asked[begin].start :]}" if begin < len(asked) else None
    topic = known.topic()
    if not topic:
        return None
    return f"who else spoke about {topic}" if wh == "who" else f"{wh} else was said about {topic}"


def _put_in(piece: str, known: Antecedents, voices: Voices) -> str:
    """The question before with a piece of it replaced by this one, or a question of its own about both."""
    before = known.last.question.strip(_ENDING)
    words_of = question_words(piece)
    named = voices.named_in(words_of)
    if named and named[0].first == 0 and named[-1].end == len(words_of):
        return _of_another(piece, before, known, voices)
    if words_of[0].folded in PREPOSITIONS:
        return _elsewhere(piece, before, known, voices)
    if (ordinal := _ORDINAL.fullmatch(piece)) is not None:
        changed = re.sub(_ORDINAL.pattern.replace("(?: one)?", ""), f"the {ordinal[1]}", before, count=1, flags=re.I)
        if changed != before:
            return changed
    if words_of[-1].folded in _ATTRIBUTES and not about_clause(before):
        thing = known.thing(plural=False) or known.thing(plural=True)
        if thing:
            owner = re.fullmatch(r"the (\w+) of (.+)", thing)
            thing = owner[2] if owner is not None and owner[1] in _ATTRIBUTES else thing
            return f"what {'are' if words_of[-1].folded.endswith('s') else 'is'} {_the(piece)} of {thing}"
    if clause := about_clause(before):
        return before.replace(clause, piece)
    alike = _alike(piece, before, voices)
    if alike is None or (alike.part is Part.ASKED and words_of[0].folded in ("those", "these")):
        topic = known.topic()
        names = len(words_of) > 2 and any(word.shown[:1].isupper() for word in words_of)
        return f"what about {piece}" if names else f"what about {piece}, {topic}" if topic else piece
    asked = question_words(before)
    rest = asked[alike.end :]
    if rest and rest[0].folded in PREPOSITIONS & {word.folded for word in words_of}:
        rest = []  # "in 2024", not "in 2024 in 2023"
    behind = before[asked[alike.end - 1].end :] if rest else ""
    return f"{before[: asked[alike.first].start]}{piece}{behind}"


def _the(piece: str) -> str:
    return piece if piece.casefold().startswith(("the ", "its ", "his ", "her ", "their ")) else f"the {piece}"


def _of_another(name: str, before: str, known: Antecedents, voices: Voices) -> str:
    """What "and Marlow?" asks: the question before, of somebody else."""
    asked = question_words(before)
    named = voices.named_in(asked)
    if named:
        first, end = asked[named[0].first], asked[named[-1].end - 1 if len(named) == 1 else named[0].end - 1]
        ending = (
            "’s"
            if end.possessive and end.shown.casefold().endswith("s") and "’" in end.shown
            else "'s"
            if end.possessive
            else ""
        )
        return f"{before[: first.start]}{name}{ending}{before[end.end :]}"
    topic = known.topic()
    return f"what did {name} say about {topic}" if topic else f"what did {name} say"


def _elsewhere(piece: str, before: str, known: Antecedents, voices: Voices) -> str:
    """What "and in winter?" or "and about the newsletter?" asks: the same of another place, time or topic."""
    words_of = question_words(piece)
    preposition = words_of[0].folded
    rest = piece[words_of[0].end :].strip()
    clause = about_clause(before)
    if preposition in ("about", "on", "regarding") and (clause or preposition != "on"):
        if clause:
            return before.replace(clause, rest)
        asked = question_words(before)
        named = voices.named_in(asked)
        speaker = known.person("", replies=False)
        if (named or speaker) and {word.folded for word in asked} & (SAY | DO | OPINION):
            return f"what did {speaker} say about {rest}"
        return f"what was said about {rest}"
    asked = question_words(before)
    same = [p for p in phrases(before) if p.preposition == preposition]
    if not same:
        return f"{before} {piece}"
    start = asked[same[-1].first - 1].start
    return f"{before[:start]}{piece}{before[asked[same[-1].end - 1].end :]}"


def _alike(piece: str, before: str, voices: Voices) -> Phrase | None:
    """The phrase of a question in whose place a piece most likely stands."""
    named = voices.named_in(question_words(before))
    found = [p for p in phrases(before) if not any(n.first < p.end and p.first < n.end for n in named)]
    order: tuple[Part, ...] = (Part.ABOUT, Part.SUBJECT, Part.OBJECT, Part.PLACE)
    if piece[:1].islower() and not piece.casefold().startswith(("the ", "a ", "an ", "his ", "her ", "its ", "their ")):
        order = (Part.ABOUT, Part.ASKED, *order[1:])
    fit = [p for p in found if p.part in order]
    return min(fit, key=lambda p: (order.index(p.part), -p.first if p.part is Part.PLACE else p.first), default=None)
