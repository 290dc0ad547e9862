"""Files shared out among workers that know nothing of each other."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from transcript_qa.errors import InvalidArgumentError

_SHAPE = re.compile(r"(\d{1,6})/(\d{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One worker's share of all files.

    Attributes:
        number: from 1 to `of`.
        of: how many workers there are.
    """

    number: int
    of: int

    def holds(self, key: str) -> bool:
        """Whether the file of that key belongs to this share; each file belongs to one, wherever that is worked out.

        >>> [Shard(number=n, of=3).holds("/archive/hearing.vtt") for n in (1, 2, 3)].count(True)
        1
        """
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number - 1


def parse_shard(given: str) -> Shard:
    """A share as a person writes it; raises `InvalidArgumentError`.

    >>> parse_shard("3/16")
    Shard(number=3, of=16)
    """
    match = _SHAPE.fullmatch(given.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InvalidArgumentError(f"{given!r} is no share of the files. Write --shard 3/16 for the third of sixteen.")
    return Shard(number=int(match[1]), of=int(match[2]))
