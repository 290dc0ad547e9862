"""Token counts with tiktoken, without a network.

tiktoken downloads OpenAI's encodings at first use, and again where its cached file is damaged. Here an encoding is used
only where its file lies complete in tiktoken's cache; otherwise the package's own encoding `transcript_qa` counts, a
byte-level BPE learnt from meeting transcripts (`training/tokens.py`). Nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from transcript_qa.errors import InvalidArgumentError

if TYPE_CHECKING:
    import tiktoken

OWN_ENCODING = "transcript_qa"
_PREFERRED = ("o200k_base", "cl100k_base")

# On a run of some hundred thousand blanks tiktoken's regex engine overflows and panics (a BaseException in Python).
_PIECE_CHARS = 100_000

_OPENAI = "https://openaipublic.blob.core.windows.net/"
_O200K = (f"{_OPENAI}encodings/o200k_base.tiktoken", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")
_P50K = (f"{_OPENAI}encodings/p50k_base.tiktoken", "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069")
# What tiktoken_ext.openai_public reads for each encoding: address and SHA-256.
_FILES = {
    "o200k_base": (_O200K,),
    "o200k_harmony": (_O200K,),
    "cl100k_base": (
        (
            f"{_OPENAI}encodings/cl100k_base.tiktoken",
            "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        ),
    ),
    "p50k_base": (_P50K,),
    "p50k_edit": (_P50K,),
    "r50k_base": (
        (
            f"{_OPENAI}encodings/r50k_base.tiktoken",
            "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
        ),
    ),
    "gpt2": (
        (
            f"{_OPENAI}gpt-2/encodings/main/vocab.bpe",
            "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
        ),
        (
            f"{_OPENAI}gpt-2/encodings/main/encoder.json",
            "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
        ),
    ),
}


def count_tokens(text: str, *, encoding: str | None = None) -> int:
    """How many tokens `text` has; strings that look like special tokens are ordinary text.

    A text beyond 100,000 characters is counted in pieces of that length, so its count may be a few tokens high.

    Args:
        text: any text.
        encoding: name of a tiktoken encoding; None for `encoding_name()`.

    Raises:
        InvalidArgumentError: as `get_encoding`.

    >>> count_tokens("", encoding="transcript_qa"), count_tokens("Thank you.", encoding="transcript_qa")
    (0, 3)
    """
    counter = get_encoding(encoding)
    return sum(len(counter.encode_ordinary(text[at : at + _PIECE_CHARS])) for at in range(0, len(text), _PIECE_CHARS))


def get_encoding(name: str | None = None) -> tiktoken.Encoding:
    """The tiktoken encoding of that name, loaded once and never downloaded.

    Args:
        name: `transcript_qa`, or an encoding whose file is in tiktoken's cache; None for `encoding_name()`.

    Raises:
        InvalidArgumentError: tiktoken knows no such encoding, or its file is not complete on this machine.
    """
    return _load(encoding_name() if name is None else name)


@cache
def encoding_name() -> str:
    """The name of the encoding that counts by default, settled at the first call of a process.

    `o200k_base`, else `cl100k_base`, where tiktoken's cache holds its complete file; else `transcript_qa`.
    """
    return next((name for name in _PREFERRED if _is_cached(name)), OWN_ENCODING)


@cache
def _load(name: str) -> tiktoken.Encoding:
    import tiktoken
    from tiktoken.registry import ENCODINGS

    # ENCODINGS: what this process has loaded already, from wherever.
    if name == OWN_ENCODING or name in ENCODINGS or _is_cached(name):
        return tiktoken.get_encoding(name)
    usable = ", ".join([OWN_ENCODING, *(known for known in _FILES if _is_cached(known))])
    if name not in tiktoken.list_encoding_names():
        raise InvalidArgumentError(f"tiktoken knows no encoding {name!r}. Usable here: {usable}.")
    raise InvalidArgumentError(
        f"The file of the encoding {name!r} is missing or damaged in tiktoken's cache ({_cache_folder() or 'off'}), "
        f"and nothing is downloaded here. Usable here: {usable}. To add {name!r}, set TIKTOKEN_CACHE_DIR to a folder "
        f"that lasts and run once with a network: python -c \"import tiktoken; tiktoken.get_encoding('{name}')\"."
    )


def _is_cached(name: str) -> bool:
    """True where tiktoken would find every file of the encoding, with the content that it expects."""
    folder = _cache_folder()
    # A damaged file must not reach tiktoken, which would delete it and download another.
    return folder is not None and name in _FILES and all(_holds(folder, *file) for file in _FILES[name])


def _holds(folder: Path, url: str, sha256: str) -> bool:
    try:
        content = (folder / hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == sha256


def _cache_folder() -> Path | None:
    """Where tiktoken keeps its files (tiktoken/load.py), or None where its cache is switched off."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        return Path(tempfile.gettempdir()) / "data-gym-cache"
    return Path(folder) if folder else None
