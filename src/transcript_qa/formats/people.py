"""Who stands behind the labels of one source: names with their titles, roles, recognisers' numbers.

"President of Ruritania Mira Voss" and "Mira Voss" become one speaker where one file prints both; nothing is merged that
is not certain, and nothing across files.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from transcript_qa.datatypes import Speaker, SpeakerKind
from transcript_qa.formats import labels
from transcript_qa.formats.lexicon import HONORIFICS, OFFICES, PARTICLES, SURNAMES, TITLES

# Forms of address that tell nothing of what a person does.
_POLITE = frozenset({"mr", "mrs", "ms", "miss", "m", "herr", "frau", "mme", "sr", "sra", "hon"})
_TWO_WORD_PLACES = frozenset(
    {"south", "north", "east", "west", "central", "new", "united", "saudi", "sri", "costa", "el", "san", "saint"}
    | {"hong", "sierra", "burkina", "cape", "czech", "puerto", "papua", "equatorial", "northern", "southern", "great"}
)


def speakers(printed: Iterable[str]) -> dict[str, Speaker]:
    """Who each label of one source stands for.

    Args:
        printed: tidy labels in source order, repeats allowed; "" stands for no label.

    >>> found = speakers(["President of Ruritania Mira Voss", "Question", "Mira Voss"])
    >>> found["Mira Voss"].role, found["Mira Voss"].label
    ('President of Ruritania', 'President of Ruritania Mira Voss')
    """
    ordered = list(dict.fromkeys(printed))
    letters_are_roles = any(labels.fold(label) in {"q", "question"} for label in ordered)
    told = [_speaker(group, letters_are_roles) for group in _grouped(ordered)]
    found: dict[str, Speaker] = {}
    for one in _by_name(told):
        found.update(dict.fromkeys((one.label, *one.aliases), one))
    return found


def _by_name(told: Sequence[Speaker]) -> list[Speaker]:
    """Speakers with those made one who are certainly the same: a full and a last name, "Last, First" and "First Last".

    A last name alone is certain where one person of the file has it; "Mr. Voss" beside "Ms. Voss" are two.
    """
    named = [(number, _bare_name(one.name)) for number, one in enumerate(told) if one.name]
    full = {number: words for number, words in named if len(words) > 1}
    same = {number: number for number in range(len(told))}
    for number, words in named:
        if len(words) == 1:
            alike = [other for other, others in full.items() if words[0] in others]
            addressed = {_polite(told[other].name) for other, others in named if others[-1:] == words} - {None}
            fits = len(alike) == 1 and full[alike[0]][-1] == words[0] and len(addressed) < 2
            if fits and told[number].role in (None, told[alike[0]].role):
                same[number] = alike[0]
        elif words:
            alike = [other for other, others in full.items() if others == words]
            roles = {told[other].role for other in alike} - {None}
            if len(roles) < 2:
                same[number] = alike[0]
    groups: defaultdict[int, list[Speaker]] = defaultdict(list)
    for number, one in enumerate(told):
        groups[same[same[number]]].append(one)
    return [_one_of(group) for group in groups.values()]


def _polite(name: str | None) -> str | None:
    """The form of address in front of a name, folded."""
    first = (name or " ").split(" ")[0].strip(".").casefold()
    return first if first in _POLITE else None


def _bare_name(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared, without "Mr" and its like."""
    words = [word.strip(".,").casefold() for word in name.split()]
    return tuple(word for word in words if word and word not in _POLITE) if len(words) < 7 else ()


def _one_of(group: Sequence[Speaker]) -> Speaker:
    first = group[0]
    if len(group) == 1:
        return first
    name = max((one.name or "" for one in group), key=lambda each: len(_bare_name(each)))
    printed = [label for one in group for label in (one.label, *one.aliases)]
    return replace(
        first, name=name, role=next((one.role for one in group if one.role), None), aliases=tuple(printed[1:])
    )


def _grouped(ordered: Sequence[str]) -> list[list[str]]:
    """Labels of one speaker together, first printed first."""
    by_fold: dict[str, list[str]] = {}
    for label in ordered:
        by_fold.setdefault(_key(label), []).append(label)
    longer: defaultdict[str, list[str]] = defaultdict(list)
    for folded in by_fold:
        words = folded.split()
        for cut in range(1, len(words) - 1):
            short = " ".join(words[cut:])
            if short in by_fold and _is_title(by_fold[folded][0].split()[:cut]) and not _has_title(short):
                longer[short].append(folded)
                break
    merged = {folded: folded for folded in by_fold}
    # Two titles for one name may be a father and a son: only one is certain.
    merged |= {short: longs[0] for short, longs in longer.items() if len(longs) == 1}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in ordered:
        groups[merged[_key(label)]].append(label)
    return list(groups.values())


def _key(label: str) -> str:
    """What labels of one speaker have in common; one of full stops is still a label."""
    return labels.fold(label) or label


def _is_title(words: Sequence[str]) -> bool:
    """Whether the words in front of a name that the file also prints alone are a title, not a first name."""
    folded = [word.casefold().strip(".,") for word in words]
    return bool(folded) and (
        any(low in TITLES or low in OFFICES or low in HONORIFICS for low in folded)
        or (len(folded) > 1 and any(low in {"of", "for", "to", "the"} for low in folded))
    )


def _has_title(folded: str) -> bool:
    return any(word.strip(".,") in TITLES for word in folded.split())


def _speaker(group: list[str], letters_are_roles: bool) -> Speaker:
    label, aliases = group[0], tuple(group[1:])
    if not label:
        return Speaker(label="", kind=SpeakerKind.UNKNOWN)
    if labels.is_role(label) or (letters_are_roles and labels.fold(label) == "a"):
        return Speaker(label=label, kind=SpeakerKind.ROLE, aliases=aliases)
    if labels.is_diarised(label):
        return Speaker(label=label, kind=SpeakerKind.DIARISED, aliases=aliases)
    role, name = _role_and_name(group)
    if name is None:
        return Speaker(label=label, role=role, kind=SpeakerKind.ROLE, aliases=aliases)
    return Speaker(label=label, name=name, role=role, aliases=aliases)


def _role_and_name(group: list[str]) -> tuple[str | None, str | None]:
    shortest = min(group, key=lambda each: len(each.split()))
    longest = max(group, key=lambda each: len(each.split()))
    if len(shortest.split()) < len(longest.split()):
        return " ".join(longest.split()[: -len(shortest.split())]), shortest
    return split_title(longest)


def split_title(label: str) -> tuple[str | None, str | None]:
    """The role and the name in one label; the name is None where the whole is an office.

    >>> split_title("Mayor Edwin Sallow"), split_title("Voss, Mira (Treasury)")
    (('Mayor', 'Edwin Sallow'), ('Treasury', 'Mira Voss'))
    >>> split_title("Minister of Finance of Ostrany Pavo Lindqvar")
    ('Minister of Finance of Ostrany', 'Pavo Lindqvar')
    >>> split_title("Editor-in-Chief of the Sarnet Herald newspaper Mira Voss")
    ('Editor-in-Chief of the Sarnet Herald newspaper', 'Mira Voss')
    >>> split_title("The Chair (Ms. Mira Voss (Besk, Ind.))")
    ('The Chair', 'Mira Voss')
    >>> split_title("MS. VOSS"), split_title("Senior Administration Official")
    ((None, 'MS. VOSS'), (None, None))
    """
    bracketed = re.fullmatch(r"([^()]*[^\s()])\s*\((.{1,80})\)", label)
    if bracketed is not None:
        return _with_bracket(bracketed[1], bracketed[2].strip())
    if label.count(",") == 1:
        return _around_comma(label)
    words = label.split()
    folded = [word.casefold().strip(".") for word in words]
    if not words:
        return None, None
    if len(words) > 3 and folded[0] in ("right", "rt") and folded[1] == "hon":
        return None, " ".join(words[2:])
    if folded[0] in HONORIFICS:
        if len(words) < 3:
            return None, label
        return (None if folded[0] in _POLITE else words[0]), " ".join(words[1:])
    offices = [at for at, low in enumerate(folded) if _is_office(low)]
    if not offices or not any(part in TITLES for at in offices for part in (folded[at], *folded[at].split("-"))):
        return None, label
    return _after_office(words, folded, offices[-1])


def _is_office(folded: str) -> bool:
    """Whether a word belongs to an office, "editor-in-chief" too, but not the "Voss-Warden" of a name."""
    parts = folded.split("-")
    return folded in TITLES or {parts[0], parts[-1]} <= TITLES | OFFICES


def _with_bracket(before: str, inside: str) -> tuple[str | None, str | None]:
    """A bracket says where a person belongs ("Mira Voss (Treasury)") or who it is ("The Chair (Mira Voss)")."""
    role, name = split_title(before)
    if name is not None and not labels.is_role(before):
        # "(she/her)" says neither.
        return role or (inside if "/" not in inside else None), name
    inner = split_title(inside)[1] if labels.shape(inside) >= labels.Shape.NAME else None
    return before, inner


def _around_comma(label: str) -> tuple[str | None, str | None]:
    before, after = (part.strip() for part in label.split(","))
    if any(word.casefold() in TITLES or word.casefold() in OFFICES for word in after.split()):
        return after, before
    if before and after and len(before.split()) <= 2 and len(after.split()) <= 2:
        return None, f"{after} {before}"
    return None, label


def _after_office(words: list[str], folded: list[str], last: int) -> tuple[str | None, str | None]:
    """The words after an office: the place it belongs to ("of Ostrany"), then the name."""
    rest = last + 1
    if rest == len(words):
        name = " ".join(words)
        return None, (name if len(words) == 2 and folded[-1] in SURNAMES and folded[0] not in TITLES else None)
    if rest == 1 and len(words) == 2 and folded[0] in SURNAMES:
        return None, " ".join(words)
    if words[last][:1].isupper() and "".join(words[rest:]).islower():  # "The President pro tempore"
        return None, None
    # "Of the Herald newspaper Mira Voss": but for "van" and its like, no word of a name has a small letter first.
    small = max((at for at in range(rest, len(words)) if words[at][:1].islower()), default=0)
    if small and folded[small] not in PARTICLES and len(words) - small in (3, 4):
        return " ".join(words[: small + 1]), " ".join(words[small + 1 :])
    if folded[rest] in {"of", "for", "to", "the"}:
        # With one word of place and two of name the cut is certain; "of South Africa" is a place of two words.
        while rest < len(words) and folded[rest] in {"of", "for", "to", "the"}:
            rest += 1
        if len(words) - rest != (4 if folded[min(rest, len(words) - 1)] in _TWO_WORD_PLACES else 3):
            return None, " ".join(words)
        rest = len(words) - 2
    return " ".join(words[:rest]), " ".join(words[rest:])
