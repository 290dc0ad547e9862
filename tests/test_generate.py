from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("openai", reason="openai is not installed")

from llm_server import (
    Behaviour,
    breaks_off,
    complains_midway,
    fails,
    language_model,
    says,
    sends_page,
    stalls,
    with_noise,
)
from transcript_qa.errors import GeneratorError, InvalidArgumentError
from transcript_qa.wording.generate import (
    KEY_VARIABLE,
    Message,
    ScriptedGenerator,
    ServerGenerator,
    read_key,
    without_thinking,
)

ASKED = [Message("system", "Be brief."), Message("user", "What?")]
WORDS = "The bank approved it [1]."


def reply(generator: ServerGenerator) -> str:
    return "".join(without_thinking(generator.stream(ASKED, max_tokens=50)))


def test_words_come_in_pieces_and_the_request_is_what_the_protocol_says() -> None:
    with language_model(says(WORDS)) as server:
        pieces = list(ServerGenerator(server.url, model="m").stream(ASKED, max_tokens=50))
    assert "".join(pieces) == WORDS
    assert len(pieces) > 2
    assert server.paths == ["/v1/chat/completions"]
    assert server.requests[0] == {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What?"}],
        "model": "m", "max_tokens": 50, "temperature": 0, "stream": True,
    }  # fmt: skip


def test_the_only_model_is_found_and_one_of_several_has_to_be_named() -> None:
    with language_model(says(WORDS), models=("nomic-embed-text", "llama")) as server:
        generator = ServerGenerator(server.url)
        assert reply(generator) == WORDS
        assert (generator.name, server.requests[0]["model"]) == ("llama", "llama")
    with (
        language_model(says(WORDS), models=("a", "b")) as server,
        pytest.raises(GeneratorError, match=r"2 models.*--llm-model"),
    ):
        reply(ServerGenerator(server.url))
    with language_model(says(WORDS), models=()) as server, pytest.raises(GeneratorError, match=r"no model"):
        reply(ServerGenerator(server.url))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    with language_model(fails(status), fails(status, retry_after="0"), says(WORDS)) as server:
        assert reply(ServerGenerator(server.url, model="m", backoff_s=0.01)) == WORDS
        assert len(server.requests) == 3


def test_a_server_that_stays_broken_and_a_mistake_of_ours_are_told() -> None:
    with language_model(fails(500, "out of memory")) as server:
        with pytest.raises(GeneratorError, match=r"answers 500.*out of memory"):
            reply(ServerGenerator(server.url, model="m", backoff_s=0.01, retries=2))
        assert len(server.requests) == 3
    with language_model(fails(404, "no such model")) as server:
        with pytest.raises(GeneratorError, match=r"no such model"):
            reply(ServerGenerator(server.url, model="m"))
        assert len(server.requests) == 1
    with language_model(fails(429, retry_after="3600")) as server, pytest.raises(GeneratorError, match=r"answers 429"):
        reply(ServerGenerator(server.url, model="m"))


def test_deadline_and_stall_end_a_reply() -> None:
    with language_model(stalls()) as server, pytest.raises(GeneratorError, match=r"no answer within 0.2 s"):
        reply(ServerGenerator(server.url, model="m", deadline_s=0.2))
    with language_model(stalls("The bank")) as server, pytest.raises(GeneratorError, match=r"after its last words"):
        reply(ServerGenerator(server.url, model="m", stall_s=0.2))


def test_closing_the_stream_lets_go_of_the_server() -> None:
    with language_model(stalls("The bank approved it")) as server:
        pieces: Iterator[str] = ServerGenerator(server.url, model="m").stream(ASKED, max_tokens=50)
        assert next(pieces) == "The bank approved it"
        pieces.close()  # type: ignore[attr-defined]
        assert list(pieces) == []


@pytest.mark.parametrize("behaviour", [breaks_off("The bank "), complains_midway])
def test_a_reply_that_breaks_off_is_an_error_after_its_words(behaviour: Behaviour) -> None:
    with language_model(behaviour) as server:
        pieces = ServerGenerator(server.url, model="m").stream(ASKED, max_tokens=50)
        assert next(pieces) == "The bank "
        with pytest.raises(GeneratorError):
            list(pieces)


def test_tool_calls_reasoning_pings_and_usage_are_no_words() -> None:
    with language_model(with_noise(WORDS)) as server:
        assert reply(ServerGenerator(server.url, model="m")) == WORDS


def test_a_page_in_place_of_a_stream_is_no_reply() -> None:
    with language_model(sends_page) as server:
        assert reply(ServerGenerator(server.url, model="m")) == ""


def test_nobody_listening_is_told_with_what_to_do() -> None:
    with language_model(says(WORDS)) as server:
        url = server.url
    with pytest.raises(GeneratorError, match=r"cannot be reached; is it running.*doctor --llm-url"):
        reply(ServerGenerator(url, model="m"))


def test_the_key_goes_to_the_server_and_nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-service")
    with language_model(fails(400, "bad key sk-mine in request")) as server:
        generator = ServerGenerator(server.url, model="m", key="sk-mine")
        with pytest.raises(GeneratorError) as caught:
            reply(generator)
        assert "sk-mine" not in str(caught.value) + repr(generator) + str(vars(caught.value))
        assert {name.lower(): value for name, value in server.headers[0].items()}["authorization"] == "Bearer sk-mine"
    with language_model(says(WORDS)) as server:
        reply(ServerGenerator(server.url, model="m"))
        assert "another-service" not in str(server.headers)
    with language_model(fails(401)) as server, pytest.raises(GeneratorError, match=rf"refuses the key.*{KEY_VARIABLE}"):
        reply(ServerGenerator(server.url, model="m", key="wrong"))
    (tmp_path / "key").write_text("sk-file\nmore\n", "utf-8")
    assert read_key(tmp_path / "key") == "sk-file"
    monkeypatch.setenv(KEY_VARIABLE, " sk-env ")
    assert read_key() == "sk-env"


@pytest.mark.parametrize("text", ["", "two words\n", "schlüssel"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, "utf-8")
    with pytest.raises(InvalidArgumentError, match=r"no key"):
        read_key(tmp_path / "key")
    with pytest.raises(InvalidArgumentError, match=r"cannot be read"):
        read_key(tmp_path / "none")


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x", "http://", "http://x:y"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"http://127.0.0.1:11434"):
        ServerGenerator(url)


def test_a_key_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        ServerGenerator("https://user:secret@example.org/v1")
    assert "secret" not in str(caught.value)


def test_a_script_raises_its_errors_and_keeps_what_it_was_asked() -> None:
    generator = ScriptedGenerator([GeneratorError("x", "down"), "Yes."])
    with pytest.raises(GeneratorError):
        list(generator.stream(ASKED, max_tokens=5))
    assert list(generator.stream(ASKED, max_tokens=5)) == ["Yes."]
    assert generator.seen == [tuple(ASKED), tuple(ASKED)]
    with pytest.raises(InvalidArgumentError):
        ScriptedGenerator([])


def test_nothing_is_imported_where_no_server_is_named() -> None:
    code = (
        "import sys, transcript_qa, transcript_qa.cli, transcript_qa.mcp_server;"
        "print([n for n in ('openai', 'mcp', 'httpx', 'httpx2', 'langchain_core') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
