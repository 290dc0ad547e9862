from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp import Client, StdioServerParameters

from browsing import BUDGET, LOAN, WordReader
from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import MissingExtraError
from transcript_qa.mcp_server import build_server
from transcript_qa.store import EmbedderInfo, LocalStore
from transcript_qa.web.server import create_app, listen

TOOLS = {"search", "ask", "quote", "who_said", "verify_quote", "list_transcripts", "open_turn"}
QUOTE = "The bank has approved a loan of 240 million crowns for the harbour."
PASSWORD = "let me in please"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mcp")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "budget.txt").write_text(BUDGET, "utf-8")
    TranscriptQA.build(folder / "corpus", index=folder / "index", embedder=HashingEmbedder()).close()
    return folder / "index"


@pytest.fixture(scope="module")
def qa(index: Path) -> Iterator[TranscriptQA]:
    embedder = HashingEmbedder()
    info = EmbedderInfo.of(embedder)
    with TranscriptQA(LocalStore.open(index, embedder=info), embedder, reader=WordReader()) as opened:
        yield opened


def talk(server: Any, what: Callable[[Client], Awaitable[Any]]) -> Any:
    async def talking() -> Any:
        async with Client(server) as client:
            return await what(client)

    return asyncio.run(talking())


def call(server: Any, tool: str, **arguments: Any) -> dict[str, Any]:
    async def calling(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = talk(server, calling)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    found: dict[str, Any] = result.structured_content
    return found


def check_citation(qa: TranscriptQA, citation: dict[str, Any]) -> None:
    transcript = qa.transcript(citation["transcript_id"])
    start, end = citation["span"]
    assert transcript.text[start:end] == citation["quote"]
    assert citation["address"] == transcript.turns[citation["turn"]].address
    assert citation["link"] == f"/t/{citation['transcript_id']}#turn-{citation['turn']}"


def test_the_tools_say_what_they_do_and_that_they_change_nothing(qa: TranscriptQA) -> None:
    async def listing(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = talk(build_server(qa), listing)
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools)


def test_every_tool_gives_addresses(qa: TranscriptQA) -> None:
    server = build_server(qa)
    answer = call(server, "ask", question=LOAN)
    assert answer["answered"]
    check_citation(qa, answer["citations"][0])
    assert len(answer["hits"]) <= 5
    quotations = call(server, "quote", question=LOAN)["quotations"]
    assert QUOTE in [each["quote"] for each in quotations]
    check_citation(qa, quotations[0])
    hit = call(server, "search", query="loan", k=2)["hits"][0]
    assert hit["address"]
    said = call(server, "who_said", words=QUOTE)
    assert (said["speaker"], said["support"]) == ("Mira Voss", "exact")
    wrong = call(server, "verify_quote", quote=QUOTE, speaker="Tomas Reed")
    assert wrong["support"] == "wrong speaker"
    assert call(server, "who_said", words="nobody ever uttered this at all")["speaker"] is None
    (info,) = call(server, "list_transcripts")["transcripts"]
    turn = answer["citations"][0]["turn"]
    opened = call(server, "open_turn", transcript_id=info["id"], turn=turn, around=1)
    assert [each["index"] for each in opened["turns"]] == [turn - 1, turn, turn + 1]
    assert QUOTE in opened["turns"][1]["text"]
    assert opened["turns"][1]["link"].endswith(f"#turn-{turn}")


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("open_turn", {"transcript_id": "budget", "turn": 9999}, "has no turn 9999"),
        ("open_turn", {"transcript_id": "none", "turn": 0}, "No transcript 'none'"),
        ("search", {"query": "loan", "k": 0}, "k is 0"),
        ("search", {"query": "loan", "after": "soon"}, "'soon' is no date"),
        ("ask", {"question": "loan", "speakers": ["Nobody Here"]}, "No speaker"),
        ("quote", {"question": "  "}, "question"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    qa: TranscriptQA, tool: str, arguments: dict[str, Any], words: str
) -> None:
    async def calling(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = talk(build_server(qa), calling)
    assert result.is_error
    assert words in result.content[0].text
    assert "Traceback" not in result.content[0].text


def test_over_standard_input_and_output_as_a_program(index: Path) -> None:
    program = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from transcript_qa.cli import main; main()", "mcp", "--index", str(index), "--model", "hashing"],
        env={**os.environ},
    )

    async def asking(client: Client) -> Any:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        return tools, await client.call_tool("verify_quote", {"quote": QUOTE})

    tools, check = talk(program, asking)
    assert tools == TOOLS
    assert check.structured_content["support"] == "exact"


@contextmanager
def serving(qa: TranscriptQA, **options: Any) -> Iterator[str]:
    import uvicorn

    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(qa, mcp=True, **options), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


def test_over_http_behind_the_gate(qa: TranscriptQA) -> None:
    httpx = pytest.importorskip("httpx")
    with serving(qa, password=PASSWORD) as url:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accept = {"accept": "application/json, text/event-stream"}
        assert httpx.post(f"{url}/mcp", json=body, headers=accept).status_code == 401
        key = {"authorization": f"Bearer {PASSWORD}"}
        foreign = {**accept, **key, "origin": "http://evil.example"}
        assert httpx.post(f"{url}/mcp", json=body, headers=foreign).status_code == 403
        assert httpx.post(f"{url}/mcp", json=body, headers={**accept, **key, "host": "evil.example"}).status_code == 400

        async def asking() -> Any:
            import httpx2
            from mcp.client.streamable_http import streamable_http_client

            async with (
                httpx2.AsyncClient(headers=key) as http,
                Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
            ):
                return await client.call_tool("quote", {"question": LOAN})

        result = asyncio.run(asking())
        assert QUOTE in [each["quote"] for each in result.structured_content["quotations"]]
        assert httpx.get(f"{url}/api/v1/transcripts", headers=key).status_code == 200


def test_without_the_package_the_extra_is_named(qa: TranscriptQA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(MissingExtraError, match=r"transcript-qa\[mcp\]"):
        build_server(qa)
