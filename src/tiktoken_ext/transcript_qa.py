"""The encoding "transcript_qa", found by `tiktoken.get_encoding` through tiktoken's plugin namespace.

tiktoken imports every module of the namespace `tiktoken_ext` at the first look-up of any encoding, so nothing is
imported or read here until the encoding itself is asked for. The folder must not have an `__init__.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# After o200k_base: a word with its contraction ending and one character in front, numbers in threes, punctuation with
# the line breaks behind it, white space. It differs where transcripts do: the typographic apostrophe of caption files
# counts as one. No `(?i:)`: tiktoken and tokenizers fold case differently outside ASCII.
PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(?:['’](?:[sStTdDmM]|[rR][eE]|[vV][eE]|[lL][lL]))?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def transcript_qa() -> dict[str, Any]:
    """The arguments of `tiktoken.Encoding`; ranks as in tiktoken's file format, no special tokens."""
    import base64
    from importlib.resources import files

    # Not tiktoken's own loader: it copies the file into its cache folder and reads that copy ever after.
    lines = files("transcript_qa").joinpath("data", "transcripts.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    return {"name": "transcript_qa", "pat_str": PATTERN, "mergeable_ranks": ranks, "special_tokens": {}}


ENCODING_CONSTRUCTORS: dict[str, Callable[[], dict[str, Any]]] = {"transcript_qa": transcript_qa}
