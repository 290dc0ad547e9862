"""Token counts: any text, no network, whatever lies in tiktoken's cache."""

import base64
import hashlib
import os
import socket
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import tiktoken
import tiktoken.registry
import tiktoken_ext.openai_public
from hypothesis import given
from hypothesis import strategies as st

from transcript_qa import tokens
from transcript_qa.errors import InvalidArgumentError
from transcript_qa.tokens import OWN_ENCODING, count_tokens, encoding_name, get_encoding

RANK_FILE = files("transcript_qa").joinpath("data", "transcripts.tiktoken")
PREFERRED = ["o200k_base", "cl100k_base"]


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """An empty tiktoken cache, nothing loaded before, and a network that nobody may touch."""

    def refuse(*args, **kwargs):
        raise AssertionError(f"a download was tried: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    forget()
    yield tmp_path
    forget()


def forget():
    tokens.encoding_name.cache_clear()
    tokens._load.cache_clear()


def single_bytes():
    """A rank file in which each byte is a token."""
    return b"".join(base64.b64encode(bytes([b])) + b" %d\n" % b for b in range(256))


def cached_path(folder, url):
    """Where tiktoken itself would look (tiktoken/load.py)."""
    return folder / hashlib.sha1(url.encode()).hexdigest()


def put_in_cache(monkeypatch, folder, name, content):
    """Makes `content` the true file of the encoding `name`, for tiktoken and for us, and puts it into the cache."""
    ((url, _),) = tokens._FILES[name]
    sha256 = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(tokens._FILES, name, ((url, sha256),))

    def constructor():
        ranks = tiktoken.load.load_tiktoken_bpe(url, expected_hash=sha256)
        return {"name": name, "pat_str": r"\s+|\S+", "mergeable_ranks": ranks, "special_tokens": {}}

    tiktoken.list_encoding_names()
    monkeypatch.setitem(tiktoken.registry.ENCODING_CONSTRUCTORS, name, constructor)
    path = cached_path(folder, url)
    path.write_bytes(content)
    return path


# The encoding itself


@given(st.text())
def test_any_text_round_trips(text):
    encoding = get_encoding(OWN_ENCODING)
    assert encoding.decode(encoding.encode_ordinary(text)) == text
    assert count_tokens(text) == len(encoding.encode(text, disallowed_special=()))


@given(st.binary())
def test_any_bytes_are_within_the_vocabulary(data):
    encoding = get_encoding(OWN_ENCODING)
    assert encoding.decode_bytes(encoding._encode_bytes(data)) == data


def test_every_single_byte_is_a_token():
    encoding = get_encoding(OWN_ENCODING)
    assert [encoding.encode_single_token(bytes([b])) for b in range(256)] == list(range(256))


def test_the_rank_file_is_small_and_without_gaps():
    content = RANK_FILE.read_bytes()
    assert len(content) <= 400_000
    ranks = [int(line.split()[1]) for line in content.splitlines()]
    assert ranks == list(range(len(ranks)))
    assert get_encoding(OWN_ENCODING).n_vocab == len(ranks) == len({line.split()[0] for line in content.splitlines()})


def test_every_token_is_encoded_as_itself():
    # A token that no merge leads to is dead weight, and a sign of ranks out of order.
    encoding = get_encoding(OWN_ENCODING)
    assert all(
        encoding._encode_single_piece(encoding.decode_single_token_bytes(i)) == [i] for i in range(encoding.n_vocab)
    )


@pytest.mark.parametrize(
    ("text", "n_tokens"),
    [
        ("", 0),
        ("Thank you.", 3),
        ("I don't know what they’re doing, we'll see.", 10),
        ("SPEAKER_00: 00:12:34.500", 12),
        ("\n\n", 1),
        ("한", 3),
    ],
)
def test_known_counts_are_stable(text, n_tokens):
    assert count_tokens(text) == n_tokens


def test_speech_takes_fewer_tokens_than_letters_and_more_than_words():
    text = "Mr. Chair, the committee will now consider the budget for the coming year. Thank you very much. " * 20
    assert len(text.split()) <= count_tokens(text) <= len(text) / 4


@pytest.mark.parametrize("special", ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>"])
def test_special_tokens_are_ordinary_text(special):
    encoding = get_encoding(OWN_ENCODING)
    assert count_tokens(f"She said {special} twice.") > 5
    assert encoding.decode(encoding.encode(special, disallowed_special=())) == special


def test_a_lone_surrogate_is_counted():
    assert count_tokens("a\ud800b") >= 3


@pytest.mark.parametrize(
    "text", [" " * 1_000_001 + "x", "\n" * 1_000_001, "a" * 1_000_001], ids=["blanks", "lines", "letters"]
)
def test_a_run_on_which_tiktoken_panics_is_counted(text):
    assert 0 < count_tokens(text) <= len(text)


def test_pieces_of_a_long_text_cost_next_to_nothing():
    text = "So what we should do is to look at the remote control again, shall we? " * 4000
    whole = len(get_encoding().encode_ordinary(text))
    assert whole <= count_tokens(text) <= whole + 2 * (len(text) // 100_000)


# How it is found


def test_tiktoken_finds_it_by_name():
    assert OWN_ENCODING in tiktoken.list_encoding_names()
    assert tiktoken.get_encoding(OWN_ENCODING).encode("Thank you.") == get_encoding(OWN_ENCODING).encode("Thank you.")


def test_the_plugin_folder_is_a_namespace():
    assert getattr(tiktoken_ext, "__file__", None) is None
    assert not any((Path(folder) / "__init__.py").exists() for folder in tiktoken_ext.__path__)


def test_the_plugin_reads_its_own_file_and_leaves_the_cache_empty(cache_folder):
    count_tokens("anything")
    assert list(cache_folder.iterdir()) == []


def test_importing_does_not_import_tiktoken():
    code = "import sys, transcript_qa.tokens, tiktoken_ext.transcript_qa; sys.exit('tiktoken' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


# Which encoding counts


def test_an_empty_cache_means_our_own():
    assert encoding_name() == OWN_ENCODING
    assert get_encoding().name == OWN_ENCODING
    assert get_encoding() is get_encoding()


@pytest.mark.parametrize("name", PREFERRED)
def test_a_complete_cached_file_is_preferred(name, cache_folder, monkeypatch):
    put_in_cache(monkeypatch, cache_folder, name, single_bytes())
    assert encoding_name() == name
    assert get_encoding().name == name
    assert count_tokens("Thank you.") == 10
    assert count_tokens("Thank you.", encoding=OWN_ENCODING) == 3


def test_o200k_comes_before_cl100k(cache_folder, monkeypatch):
    for name in reversed(PREFERRED):
        put_in_cache(monkeypatch, cache_folder, name, single_bytes())
    assert encoding_name() == "o200k_base"


@pytest.mark.parametrize("name", PREFERRED)
def test_a_damaged_cached_file_is_left_alone(name, cache_folder, monkeypatch):
    path = put_in_cache(monkeypatch, cache_folder, name, single_bytes())
    path.write_bytes(single_bytes()[:-9])
    assert encoding_name() == OWN_ENCODING
    assert get_encoding().name == OWN_ENCODING
    with pytest.raises(InvalidArgumentError, match="missing or damaged"):
        get_encoding(name)
    assert path.read_bytes() == single_bytes()[:-9]


def test_a_folder_in_place_of_the_file_is_no_file(cache_folder):
    cached_path(cache_folder, tokens._FILES["o200k_base"][0][0]).mkdir()
    assert encoding_name() == OWN_ENCODING


def test_the_cache_is_looked_for_where_tiktoken_looks(cache_folder, monkeypatch):
    put_in_cache(monkeypatch, cache_folder, "o200k_base", single_bytes())
    seen = []
    for environment in [
        {"TIKTOKEN_CACHE_DIR": str(cache_folder), "DATA_GYM_CACHE_DIR": "elsewhere"},
        {"DATA_GYM_CACHE_DIR": str(cache_folder)},
        {"TIKTOKEN_CACHE_DIR": "", "DATA_GYM_CACHE_DIR": str(cache_folder)},
        {},
    ]:
        for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(cache_folder / "nothing"))
        forget()
        seen.append(encoding_name())
    assert seen == ["o200k_base", "o200k_base", OWN_ENCODING, OWN_ENCODING]


def test_the_default_cache_is_in_the_temporary_folder(cache_folder, monkeypatch):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(cache_folder))
    (cache_folder / "data-gym-cache").mkdir()
    put_in_cache(monkeypatch, cache_folder / "data-gym-cache", "o200k_base", single_bytes())
    assert encoding_name() == "o200k_base"


def test_the_table_of_files_is_the_installed_tiktokens(monkeypatch):
    asked = []

    class AskedError(Exception):
        pass

    def record(*args, **kwargs):
        asked.append([*args, *kwargs.values()])
        raise AskedError

    for loader in ("load_tiktoken_bpe", "data_gym_to_mergeable_bpe_ranks"):
        monkeypatch.setattr(tiktoken_ext.openai_public, loader, record)
    for name, constructor in tiktoken_ext.openai_public.ENCODING_CONSTRUCTORS.items():
        with pytest.raises(AskedError):
            constructor()
        assert sorted(asked.pop()) == sorted(value for file in tokens._FILES[name] for value in file), name


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(InvalidArgumentError, match=r"no encoding 'gpt-17'.*Usable here: transcript_qa\."):
        count_tokens("text", encoding="gpt-17")


@pytest.mark.parametrize("name", sorted(tiktoken_ext.openai_public.ENCODING_CONSTRUCTORS))
def test_a_known_name_without_its_file_says_what_to_do(name, cache_folder):
    with pytest.raises(InvalidArgumentError) as raised:
        get_encoding(name)
    for part in (name, str(cache_folder), "Usable here: transcript_qa", "TIKTOKEN_CACHE_DIR", "tiktoken.get_encoding"):
        assert part in str(raised.value)


def test_a_file_that_comes_later_is_found_after_an_error(cache_folder, monkeypatch):
    with pytest.raises(InvalidArgumentError):
        get_encoding("o200k_base")
    put_in_cache(monkeypatch, cache_folder, "o200k_base", single_bytes())
    assert get_encoding("o200k_base").name == "o200k_base"
    assert encoding_name() == "o200k_base"


def test_the_default_holds_for_the_whole_process(cache_folder, monkeypatch):
    assert encoding_name() == OWN_ENCODING
    put_in_cache(monkeypatch, cache_folder, "o200k_base", single_bytes())
    assert get_encoding().name == OWN_ENCODING


def test_an_encoding_that_the_process_has_loaded_is_usable():
    loaded = tiktoken.Encoding("gpt2", pat_str=r"\s+|\S+", mergeable_ranks={b"a": 0}, special_tokens={})
    tiktoken.registry.ENCODINGS["gpt2"] = loaded
    assert get_encoding("gpt2") is loaded
