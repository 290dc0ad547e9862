"""Ids and titles made from the names of files."""

from __future__ import annotations

import re
from pathlib import PurePath


def stem(name: str) -> str:
    """A file's name without folder and suffixes.

    >>> stem("talks/harbour.en.vtt")
    'harbour'
    """
    last = PurePath(name.replace("\\", "/")).name
    return re.sub(r"(?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2}$", "", last) or last


def slug(name: str) -> str:
    """A short id from any name: small letters, digits and hyphens.

    >>> slug("Harbour Town  Council (2026)")
    'harbour-town-council-2026'
    """
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")[:80].strip("-") or "transcript"


def title_of(name: str) -> str:
    """A title from a file's name.

    >>> title_of("corpus/harbour-town-council.txt"), title_of("call_2026-02-17.srt")
    ('Harbour town council', 'Call 2026-02-17')
    """
    spaced = re.sub(r"[_\s]+|(?<!\d)-|-(?!\d)", " ", stem(name))
    spaced = " ".join(spaced.split())
    return spaced[:1].upper() + spaced[1:] if spaced else "Untitled"
