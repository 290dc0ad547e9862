"""Where an index is: a folder on this machine, or an archive in Milvus.

    index/                                a folder: SQLite and FAISS
    milvus://host:19530/archive           an archive in a Milvus server; milvus+tls:// for an encrypted connection
    milvus-lite:PATH                      an archive in one process, for tests and tries

A server's credentials are never part of an address, which ends up in logs and in lists of processes. They come from the
environment: `TRANSCRIPT_QA_MILVUS_TOKEN` ("user:password" or an API key), or `TRANSCRIPT_QA_MILVUS_TOKEN_FILE`, a file
whose first line it is; `TRANSCRIPT_QA_MILVUS_CA` is a file of certificates to trust.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from transcript_qa.errors import InvalidArgumentError

DEFAULT_PORT = 19530
TOKEN_VARIABLE = "TRANSCRIPT_QA_MILVUS_TOKEN"
TOKEN_FILE_VARIABLE = "TRANSCRIPT_QA_MILVUS_TOKEN_FILE"
CA_VARIABLE = "TRANSCRIPT_QA_MILVUS_CA"
INDEX_TYPES = ("AUTOINDEX", "FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "DISKANN")
_SERVER = ("milvus://", "milvus+tls://")
_LITE = "milvus-lite:"
_ARCHIVE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_OPTIONS = ("database", "index", "shards", "replicas", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilvusAddress:
    """An archive in Milvus.

    Attributes:
        text: the address, fit to be shown.
        archive: name of the archive, the first part of its collections' names.
        host, port: of the server; "" and 0 with `lite`.
        tls: whether the connection is encrypted.
        database: of the server, "" for its default.
        lite: folder of Milvus Lite, or None for a server.
        index_type: of the vectors, when the archive is made.
        shards: of the collections, when the archive is made.
        replicas: in memory.
        timeout_s: how long a search may take, tries to reach the server again among it.
    """

    text: str
    archive: str
    host: str = ""
    port: int = 0
    tls: bool = False
    database: str = ""
    lite: Path | None = None
    index_type: str = "AUTOINDEX"
    shards: int = 2
    replicas: int = 1
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a server wants to know; never shown.

    Attributes:
        token: "user:password" or an API key, or "".
        ca: file of certificates to trust, or None for those of the system.
    """

    token: str = field(default="", repr=False)
    ca: Path | None = None


def is_milvus(index: object) -> bool:
    """Whether an index is named by an address of Milvus, and not by a folder."""
    return isinstance(index, str) and index.startswith((*_SERVER, _LITE))


def parse_address(index: str) -> MilvusAddress:
    """The archive that an address names.

    Raises:
        InvalidArgumentError: the address has no archive, or something that an address cannot have.

    >>> parsed = parse_address("milvus+tls://db.example.org/court?shards=8&index=ivf_sq8")
    >>> parsed.host, parsed.port, parsed.archive, parsed.tls, parsed.shards, parsed.index_type
    ('db.example.org', 19530, 'court', True, 8, 'IVF_SQ8')
    """
    if index.startswith(_LITE):
        path = index.removeprefix(_LITE)
        if not path:
            raise InvalidArgumentError("milvus-lite: needs a folder. Write it as milvus-lite:PATH.")
        return MilvusAddress(text=index, archive="archive", lite=Path(path), index_type="FLAT", shards=1)
    try:
        parts = urlsplit(index)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise InvalidArgumentError(f"{_hidden(index)}: {error}. {_SHAPE}") from error
    if parts.username is not None or parts.password is not None:
        raise InvalidArgumentError(
            f"{_hidden(index)}: an address is no place for a password. Set {TOKEN_VARIABLE} or {TOKEN_FILE_VARIABLE}."
        )
    archive = parts.path.strip("/")
    if not parts.hostname or not archive:
        raise InvalidArgumentError(f"{index}: the host or the archive's name is missing. {_SHAPE}")
    if not _ARCHIVE.fullmatch(archive):
        raise InvalidArgumentError(f"{index}: an archive's name has letters, digits and _, no digit first.")
    options = _options(index, parts.query)
    return MilvusAddress(
        text=f"{parts.scheme}://{parts.hostname}:{port}/{archive}",
        archive=archive,
        host=parts.hostname,
        port=port,
        tls=parts.scheme == "milvus+tls",
        database=options.get("database", ""),
        index_type=_index_type(index, options.get("index", "AUTOINDEX")),
        shards=int(_number(index, options, "shards", 2, most=64)),
        replicas=int(_number(index, options, "replicas", 1, most=64)),
        timeout_s=_number(index, options, "timeout", 10, most=600),
    )


_SHAPE = "Write it as milvus://HOST:19530/ARCHIVE."


def read_credentials(environment: Mapping[str, str] | None = None) -> Credentials:
    """The credentials that the environment gives.

    Raises:
        InvalidArgumentError: a file that cannot be read.
    """
    given = os.environ if environment is None else environment
    token = given.get(TOKEN_VARIABLE, "")
    if file := given.get(TOKEN_FILE_VARIABLE, ""):
        try:
            token = Path(file).read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidArgumentError(f"{file}: the token cannot be read. Check {TOKEN_FILE_VARIABLE}.") from error
    ca = Path(given[CA_VARIABLE]) if given.get(CA_VARIABLE) else None
    if ca is not None and not ca.is_file():
        raise InvalidArgumentError(f"{ca}: there is no such file of certificates. Check {CA_VARIABLE}.")
    return Credentials(token=token, ca=ca)


def _hidden(index: str) -> str:
    """An address without what stands in front of its host."""
    scheme, _, rest = index.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _options(index: str, query: str) -> dict[str, str]:
    found = dict(parse_qsl(query, keep_blank_values=True))
    for name in found:
        if name not in _OPTIONS:
            raise InvalidArgumentError(f"{index}: there is no option {name!r}. There are {', '.join(_OPTIONS)}.")
    return found


def _index_type(index: str, given: str) -> str:
    if given.upper() not in INDEX_TYPES:
        raise InvalidArgumentError(f"{index}: there is no index type {given!r}. There are {', '.join(INDEX_TYPES)}.")
    return given.upper()


def _number(index: str, options: Mapping[str, str], name: str, default: int, *, most: int) -> float:
    given = options.get(name, str(default))
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise InvalidArgumentError(f"{index}: {name} has to be a number from 1 to {most}, not {given!r}.")
    return int(given)
