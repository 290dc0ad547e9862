"""Trains the byte-level BPE behind `transcript_qa.tokens` and writes it as a tiktoken rank file.

    python training/tokens.py FOLDER [FOLDER...] --output src/transcript_qa/data/transcripts.tiktoken --vocab 20000
        --evaluate FOLDER

FOLDER: folders of transcripts (*.txt, *.vtt, *.srt, *.json), read recursively; for instance the training part of QMSum
and this repository's corpus/. The same files give the same bytes. It ends with status 1, and writes nothing, where
tiktoken and the trainer disagree about a text or the file would be too large.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from tiktoken_ext.transcript_qa import PATTERN

if TYPE_CHECKING:
    import tiktoken
    from tokenizers import Tokenizer

SUFFIXES = frozenset({".txt", ".vtt", ".srt", ".json"})
MAX_FILE_BYTES = 400_000
# A longer token is a stock phrase of one source.
MAX_TOKEN_BYTES = 24

# QMSum prints "well , it 's {disfmarker} fine .": no transcript that a user has looks like that.
_MARKUP = re.compile(r" ?\{(?:disfmarker|vocalsound|pause|nonvocalsound|gap|comment)\}")
_DETACHED = re.compile(r" +(?=[.,;:?!%)\]]|n't\b|['’](?:s|t|d|m|re|ve|ll)\b)")


def read_texts(folder: Path) -> Iterator[str]:
    """The texts below `folder`, in order of path: whole files, and of JSON every string value."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.casefold() not in SUFFIXES or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.casefold() == ".json":
            # Lines of their own, as turns are in what the program counts.
            yield "\n".join(_DETACHED.sub("", _MARKUP.sub("", value)) for value in _strings(json.loads(text)))
        else:
            yield text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def train(texts: list[str], *, vocab_size: int) -> Tokenizer:
    """A byte-level BPE with every single byte and the merges of `texts`, `vocab_size` tokens in all."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=MAX_TOKEN_BYTES,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    return tokenizer


def byte_of_char() -> dict[str, int]:
    """The byte behind each character of GPT-2's printable alphabet, in which `tokenizers` writes byte-level tokens."""
    printable = [b for b in range(256) if chr(b).isprintable() and chr(b) != " "]
    others = [b for b in range(256) if b not in set(printable)]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


def ranks_of(tokenizer: Tokenizer) -> dict[bytes, int]:
    """The ranks for tiktoken: the 256 bytes by value, then the merged tokens in the order in which they were learnt."""
    back = byte_of_char()
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    merged = sorted((token for token in vocabulary if len(token) > 1), key=vocabulary.__getitem__)
    ranks = {bytes([b]): b for b in range(256)}
    ranks.update((bytes(back[char] for char in token), 256 + i) for i, token in enumerate(merged))
    if len(ranks) != len(vocabulary):
        raise ValueError(f"{len(vocabulary)} tokens learnt, {len(ranks)} ranks made")
    return ranks


def rank_file(ranks: dict[bytes, int]) -> bytes:
    """`ranks` in tiktoken's file format, by rising rank."""
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ordered)


def n_disagreements(texts: list[str], tokenizer: Tokenizer, encoding: tiktoken.Encoding) -> int:
    """How many of `texts` tiktoken and the trainer encode differently; where, goes to standard error."""
    back = byte_of_char()
    different = 0
    for text in texts:
        expected = [bytes(back[char] for char in token) for token in tokenizer.encode(text).tokens]
        seen = encoding.decode_tokens_bytes(encoding.encode_ordinary(text))
        if seen != expected:
            different += 1
            at = next(i for i, pair in enumerate(zip_longest(expected, seen)) if pair[0] != pair[1])
            print(f"  trainer {expected[at : at + 5]}, tiktoken {seen[at : at + 5]}", file=sys.stderr)
    return different


def report(name: str, texts: list[str], encodings: list[tiktoken.Encoding]) -> None:
    """Prints the bytes per token of `texts` under each encoding."""
    n_bytes = sum(len(text.encode()) for text in texts)
    for encoding in encodings:
        n_tokens = sum(len(encoding.encode_ordinary(text)) for text in texts)
        print(f"{name}: {n_bytes / n_tokens:.3f} bytes per token with {encoding.name} ({n_tokens} tokens)")


def main() -> int:
    """Trains, checks, writes and reports; the exit status."""
    import tiktoken

    from transcript_qa.errors import InvalidArgumentError
    from transcript_qa.tokens import get_encoding

    parser = argparse.ArgumentParser(description="Trains the tokens of transcript_qa.")
    parser.add_argument("folders", nargs="+", type=Path, help="folders of transcripts to train on")
    parser.add_argument("--output", type=Path, required=True, help="the rank file to write")
    parser.add_argument("--vocab", type=int, default=20_000, help="tokens in all, the 256 bytes among them")
    parser.add_argument("--evaluate", type=Path, action="append", default=[], help="a folder to count, not trained on")
    arguments = parser.parse_args()

    texts = [text for folder in arguments.folders for text in read_texts(folder)]
    print(f"training on {len(texts)} files, {sum(len(text.encode()) for text in texts)} bytes")
    tokenizer = train(texts, vocab_size=arguments.vocab)
    ranks = ranks_of(tokenizer)
    content = rank_file(ranks)
    encoding = tiktoken.Encoding("transcript_qa", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    held_out = {folder: list(read_texts(folder)) for folder in arguments.evaluate}

    for name, some in [("training texts", texts), *((str(folder), some) for folder, some in held_out.items())]:
        different = n_disagreements(some, tokenizer, encoding)
        print(f"{name}: tiktoken and tokenizers differ on {different} of {len(some)} files")
        if different:
            return 1
    if len(content) > MAX_FILE_BYTES:
        print(f"{len(content)} bytes are more than {MAX_FILE_BYTES}: choose a smaller --vocab", file=sys.stderr)
        return 1
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(content)
    print(
        f"{arguments.output}: {len(content)} bytes, {len(ranks)} tokens, sha256 {hashlib.sha256(content).hexdigest()}"
    )

    encodings = [encoding]
    for name in ("o200k_base", "cl100k_base"):
        try:
            encodings.append(get_encoding(name))
        except InvalidArgumentError as error:
            print(f"not compared: {error}")
    for folder in [*arguments.folders, *held_out]:
        report(str(folder), held_out.get(folder) or list(read_texts(folder)), encodings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
