"""What an engine's complaints mean for a person: the server away, the credentials refused, the disk full.

Messages are told by their codes where the engine has some, and by their words where it has none (releases differ). No
message carries credentials or words of a transcript.
"""

from __future__ import annotations

import re

from transcript_qa.errors import (
    IndexNotFoundError,
    IndexWriteError,
    StoreAccessError,
    StoreUnavailableError,
    TranscriptQAError,
)
from transcript_qa.store.milvus_address import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, MilvusAddress

_CONNECT_FAILED = 2
_RATE_LIMIT, _FORCE_DENY, _NO_COLLECTION = 8, 9, 100
_REFUSED = re.compile(r"unauthenticated|auth check failure|invalid (?:token|password|api.?key)|not authenticated", re.I)
_FORBIDDEN = re.compile(r"permission.?denied|privilege", re.I)
_FULL = re.compile(
    r"quota (?:exceeded|exhausted)|no space left|disk (?:quota|full)|memory (?:quota|limit)|out of memory"
    r"|insufficient (?:memory|disk)|force.?deny|deny(?:ing)? (?:to )?writ|OOM if load",
    re.I,
)
_GONE = re.compile(r"(?:collection|database) (?:\S+ )?not found|can't find collection|database not exist", re.I)
_NOT_LOADED = re.compile(r"(?:collection|partition)s? (?:\S+ )?not (?:fully )?loaded|state 'released'", re.I)
_SLOW = re.compile(r"deadline|timeout|timed out", re.I)
_AWAY = re.compile(
    r"unavailable|fail connecting|connection refused|failed to connect|channel (?:is )?closed|closed channel"
    r"|no available|not ready|shard leader|node (?:is )?(?:offline|not found|not match)|cancelled|recover",
    re.I,
)


def not_loaded(error: Exception) -> bool:
    """Whether the engine has the archive, but not in memory."""
    return _NOT_LOADED.search(_words(error)) is not None


def transient(error: Exception) -> bool:
    """Whether the same call may succeed in a moment."""
    said = _words(error)
    if _REFUSED.search(said) or _FORBIDDEN.search(said):
        return False
    return _code(error) == _CONNECT_FAILED or _AWAY.search(said) is not None or _NOT_LOADED.search(said) is not None


def translated(error: Exception, address: MilvusAddress, *, waited_s: float) -> TranscriptQAError:
    """The error that a caller gets for an error of the engine's client."""
    code, said = _code(error), _words(error)
    if _REFUSED.search(said):
        return StoreAccessError(
            address.text,
            "the server refuses the credentials",
            f"Set {TOKEN_VARIABLE} or {TOKEN_FILE_VARIABLE} to USER:PASSWORD or an API key that it knows.",
        )
    if _FORBIDDEN.search(said):
        return StoreAccessError(
            address.text, "the server does not allow this", "Give the user the right to read and write the collections."
        )
    if code in (_RATE_LIMIT, _FORCE_DENY) or _FULL.search(said):
        return IndexWriteError(
            address.text,
            f"the server takes no more: {_short(said)}",
            "Give it more memory or disk, then run this again; what was stored before is kept.",
        )
    if code == _NO_COLLECTION or _GONE.search(said):
        return IndexNotFoundError(address.text)
    if _NOT_LOADED.search(said):
        return StoreUnavailableError(address.text, "the archive is not in the server's memory")
    if _SLOW.search(said):
        return StoreUnavailableError(address.text, f"the server did not answer within {waited_s:.0f} s")
    if code == _CONNECT_FAILED or _AWAY.search(said):
        return StoreUnavailableError(address.text, f"the server cannot be reached (tried for {waited_s:.0f} s)")
    return StoreUnavailableError(address.text, f"the server failed: {_short(said)}", "Its own log says more.")


def _code(error: Exception) -> int | None:
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def _words(error: Exception) -> str:
    """All that an error says: gRPC keeps its status beside the message, and the client hides one error in another."""
    parts = [str(getattr(error, "message", "") or "")]
    for name in ("details", "code"):
        found = getattr(error, name, None)
        parts.append(str(found() if callable(found) else found or ""))
    if isinstance(error.__cause__, Exception) and error.__cause__ is not error:
        parts.append(_words(error.__cause__))
    return " ".join(part for part in parts if part) or str(error)


def _short(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= 160 else line[:159] + "…"
