"""The quotations in an article, a summary or minutes, and who is said to have said each.

Read are quotation marks of all shapes, block quotes of Markdown, lines of minutes ("Voss: We closed the loan.") and
indirect speech ("Voss said that ..."). Who said it is read off the words around: "said Mira Voss", "Voss told them:
...", "according to Mira Voss", a label in front, a dash behind. A pronoun names nobody, and so nothing is claimed by
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from transcript_qa.datatypes import Span
from transcript_qa.text import sentences, words

_VERBS = (
    "said|says|told|tells|asked|asks|replied|replies|added|adds|explained|explains|noted|notes|warned|warns|stated|states"
    "|answered|continued|announced|announces|argued|argues|remarked|recalled|insisted|confirmed|confirms|admitted|reported"
    "|reports|stressed|promised|declared|observed|responded|concluded|commented|wrote|writes|suggested|agreed|claimed"
    "|mentioned|pointed out|objected|countered|repeated|proposed|estimated|put it"
)
_NAME = (
    r"(?:(?:Mr|Mrs|Ms|Dr|Prof|Sir|President|Minister|Chair|Councillor|Judge|Senator|Professor|Mayor)\.?\s+)*"
    r"[^\W\d_a-zß-ÿ][\w'’-]+(?:\s+(?:[A-Z]\.\s+)?(?:(?:de|van|von|der|al|bin|da|di|la)\s+)?[^\W\d_a-zß-ÿ][\w'’-]+){0,3}"
)
_ASIDE = r"(?:,[^,.;:“”\"]{1,60},)?"
_MANNER = r"(?:\s+(?:\w+ly|also|then|later|has|had))?"
_ROLE = r"(?:(?:the\s+)?[a-z][\w-]*\s+){0,4}"
_OPENS = '“"„«'
_BEHIND = (
    re.compile(rf"\s*[,.;—–-]*\s*(?:as\s+)?(?:{_VERBS})\s+{_ROLE}(?P<name>{_NAME})"),
    re.compile(
        rf"\s*[,.;—–-]*\s*(?P<name>{_NAME}){_ASIDE}{_MANNER}\s+(?:{_VERBS})\b(?!\s*[:,]?\s*[{_OPENS}]|[^.!?\n]{{0,60}}:\s*[{_OPENS}])"
    ),
    re.compile(rf"\s*[,.]?\s*according to\s+{_ROLE}(?P<name>{_NAME})"),
    re.compile(rf"\s*(?:—|–|--|-)\s*(?P<name>{_NAME})\s*(?:[,(].{{0,60}})?$", re.MULTILINE),
    re.compile(rf"\s*\((?P<name>{_NAME})[,)]"),
)
_BEFORE = (
    re.compile(
        rf"(?:^|\n)[\s>*+\-\d.]*[*_]*(?P<name>{_NAME})(?:\s*\([^()\n]{{1,40}}\))?[*_]*\s*:[*_]*\s*(?:[^.!?\n“”\"]{{0,60}})$"
    ),
    re.compile(rf"(?P<name>{_NAME}){_ASIDE}{_MANNER}\s+(?:{_VERBS})\b[^.!?\n“”\"]{{0,80}}?[:,]?\s*(?:that\s*)?$"),
    re.compile(rf"\b(?:{_VERBS})\s+{_ROLE}(?P<name>{_NAME})[:,]\s*$"),
    re.compile(rf"[Aa]ccording to\s+{_ROLE}(?P<name>{_NAME})[^.!?\n“”\"]{{0,80}}$"),
)
_QUOTED = re.compile(r"“([^“”]+)(?:”|$)|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|(?<!\w)‘([^‘\n]{12,}?)’(?!\w)")
_LABELLED = re.compile(
    rf"^[\s>*+-]*[*_]*(?P<name>{_NAME})(?:\s*\([^()\n]{{1,40}}\))?[*_]*\s*:[*_]*[ \t]+(?P<said>\S.*)$", re.MULTILINE
)
_INDIRECT = (
    re.compile(
        rf"^\W*(?P<name>{_NAME}){_ASIDE}{_MANNER}\s+(?:{_VERBS})\s+(?:\w+\s+){{0,4}}?that\s+(?P<said>.+)$", re.DOTALL
    ),
    re.compile(rf"^\W*According to\s+{_ROLE}(?P<name>{_NAME}),\s+(?P<said>.+)$", re.DOTALL),
    re.compile(rf"^(?P<said>.+),\s+according to\s+{_ROLE}(?P<name>{_NAME})[.!]?$", re.DOTALL),
)
_BLOCK_QUOTE = re.compile(r"(?:^[ \t]*>.*(?:\n|$))+", re.MULTILINE)
_NOBODY = frozenset(
    "he she they it i we you this that these those there here who the and but so yes no as when then".split()
)
_BLANKED = re.compile(
    r"\A---\n.*?\n---\n|^(?:```|~~~).*?^(?:```|~~~)[^\n]*$|!?\[(?=[^\]\n]+\]\()|(?<=\])\([^()\s]*\)|<[/!a-zA-Z][^<>\n]{0,200}>",
    re.DOTALL | re.MULTILINE,
)
# One or two words in marks that nobody is named for are a title, or held at arm's length.
_SCARE_WORDS = 2
_CARRY_CHARS = 160


class ClaimKind(StrEnum):
    """What an article claims: words, or that something was said in other words."""

    QUOTE = "quote"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that an article says was said.

    Attributes:
        kind: whether word for word.
        text: the words, without quotation marks.
        span: their characters in the article.
        line: 1-based line on which they begin.
        speaker: who is said to have said it, or None where nobody is named.
        printed: False where minutes give words behind a name without quotation marks, which may be a summary.
    """

    kind: ClaimKind
    text: str
    span: Span
    line: int
    speaker: str | None = None
    printed: bool = True


def find_claims(article: str, *, is_speaker: Callable[[str], bool] = lambda _: False) -> list[Claim]:
    """Every quotation and attribution of an article, in order.

    Args:
        article: plain text or Markdown.
        is_speaker: whether a label at the beginning of a line names somebody who speaks in the transcripts; "Date:
            Monday"
            does not.

    >>> claims = find_claims("“We closed it on Friday,” said Mira Voss. Tan replied: “At last.”")
    >>> [(claim.text, claim.speaker) for claim in claims]
    [('We closed it on Friday,', 'Mira Voss'), ('At last.', 'Tan')]
    """
    text = _blanked(article)
    quotes = list(_quotes(article, text))
    covered = [claim.span for claim in quotes]
    others = [*_labelled(article, text, is_speaker), *_indirect(article, text)]
    found = quotes
    for claim in others:
        if not any(claim.span.overlaps(span) for span in covered):
            found.append(claim)
            covered.append(claim.span)
    return sorted(found, key=lambda claim: claim.span)


def _blanked(article: str) -> str:
    """The article with code, links' addresses and tags blotted out, every character in its place."""
    text = _BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), article.replace("\r", "\n"))
    # The end of a link's text whose address is gone.
    return re.sub(r"\](?= {4,})", " ", text)


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for match in re.finditer(r"\n\s*\n|\Z", text):
        if match.start() > start:
            yield Span(start=start, end=match.start())
        start = match.end()


def _quotes(article: str, text: str) -> Iterator[Claim]:
    for paragraph in _paragraphs(text):
        part = paragraph.of(text)
        found = list(_QUOTED.finditer(part))
        if not found:
            yield from _block_quote(article, text, paragraph)
            continue
        carried: tuple[str | None, int] = (None, 0)
        for match in found:
            inner = next(n for n in range(1, 6) if match[n] is not None)
            behind = part[match.end() : match.end() + 240]
            speaker = _named(part[: match.start()], behind)
            if speaker is None and carried[0] and match.start() - carried[1] <= _CARRY_CHARS:
                speaker = carried[0]
            carried = (speaker, match.end())
            span = Span(start=paragraph.start + match.start(inner), end=paragraph.start + match.end(inner))
            n_words = sum(1 for _ in words(match[inner]))
            if n_words > _SCARE_WORDS or (n_words and speaker is not None):
                yield _claim(article, span, speaker)


def _block_quote(article: str, text: str, paragraph: Span) -> Iterator[Claim]:
    """The words of a Markdown block quote without marks, to a dash with a name at its end."""
    for block in _BLOCK_QUOTE.finditer(text, paragraph.start, paragraph.end):
        body = re.sub(r"^([ \t]*)>", r"\1 ", block.group(), flags=re.MULTILINE)
        dash = re.search(rf"\s*(?:—|–|--)\s*(?P<name>{_NAME})[^\n]*\s*$", body)
        said = body[: dash.start()] if dash else body
        first, last = len(said) - len(said.lstrip()), len(said.rstrip())
        labelled = _LABELLED.match(said)
        if labelled is None and first < last:
            span = Span(start=block.start() + first, end=block.start() + last)
            yield _claim(article, span, dash["name"] if dash else None, text=" ".join(said.split()))


def _named(before: str, behind: str) -> str | None:
    """Who the words around a quotation name."""
    for pattern in _BEFORE:
        match = pattern.search(before[-240:])
        if match and (name := _person(match["name"])):
            return name
    for pattern in _BEHIND:
        match = pattern.match(behind)
        if match and (name := _person(match["name"])):
            return name
    return None


def _person(name: str) -> str | None:
    """A name without an article in front; None for a pronoun."""
    parts = name.split()
    while parts and parts[0].casefold() in _NOBODY:
        parts = parts[1:]
    return re.sub(r"['’]s$", "", " ".join(parts)) or None


def _labelled(article: str, text: str, is_speaker: Callable[[str], bool]) -> Iterator[Claim]:
    for match in _LABELLED.finditer(text):
        name = _person(match["name"])
        said = match["said"].rstrip()
        if name and is_speaker(name) and not _QUOTED.search(said) and any(words(said)):
            span = Span(start=match.start("said"), end=match.start("said") + len(said))
            yield _claim(article, span, name, printed=False)


def _indirect(article: str, text: str) -> Iterator[Claim]:
    for paragraph in _paragraphs(text):
        part = paragraph.of(text)
        for sentence in sentences(part):
            words_of = sentence.of(part)
            for pattern in _INDIRECT:
                match = pattern.match(words_of)
                name = _person(match["name"]) if match else None
                if match and name:
                    start = paragraph.start + sentence.start + match.start("said")
                    span = Span(start=start, end=start + len(match["said"]))
                    yield _claim(article, span, name, kind=ClaimKind.STATEMENT)
                    break


def _claim(
    article: str,
    span: Span,
    speaker: str | None,
    *,
    kind: ClaimKind = ClaimKind.QUOTE,
    text: str | None = None,
    printed: bool = True,
) -> Claim:
    line = article.count("\n", 0, span.start) + 1
    said = text if text is not None else span.of(article)
    return Claim(kind=kind, text=said.strip(), span=span, line=line, speaker=speaker, printed=printed)
