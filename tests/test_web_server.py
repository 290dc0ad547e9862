"""The web server in process: pages, the gate, the handlers, and how a start fails."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import ModelError, ServeError
from transcript_qa.web.chat import MAX_QUESTION_CHARS, Chat
from transcript_qa.web.gate import Gate
from transcript_qa.web.server import check_address, create_app, listen, serve
from transcript_qa.web.uploads import keep_upload

BUDGET = """Budget hearing
March 19, 2024

Mira Voss: Good morning. The bank has approved a loan of 240 million crowns for the harbour.

Tomas Reed: When does the dredging of the harbour begin?

Mira Voss: Dredging begins in September.
"""
HOSTILE = """Mallory Night: <script>alert(1)</script> <img src=x onerror=alert(2)> hello ![x](http://evil.example/x.png)

Eve Stone: "><svg onload=alert(3)> ${document.title} {{this}} <b>bold</b>

Mallory Night: </p></li><form action=http://evil.example><input name=q>

Eve Stone: fine, thank you.
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "budget.txt").write_text(BUDGET, "utf-8")
    (folder / "hostile.txt").write_text(HOSTILE, "utf-8")
    return folder


@pytest.fixture
def qa(corpus: Path, tmp_path: Path) -> Iterator[TranscriptQA]:
    with TranscriptQA.build(corpus, index=tmp_path / "index", embedder=HashingEmbedder()) as built:
        yield built


@pytest.fixture
def client(qa: TranscriptQA, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(qa, uploads=tmp_path / "index" / "uploads")
    with TestClient(app, base_url="http://127.0.0.1:7860") as started:
        yield started


def chat_of(qa: TranscriptQA, uploads: Path | None = None) -> Chat:
    ready: Future[None] = Future()
    ready.set_result(None)
    return Chat(qa, uploads=uploads, warming=ready)


def test_a_transcript_has_its_own_page(client: TestClient) -> None:
    page = client.get("/t/budget")
    assert page.status_code == 200
    assert 'id="turn-0"' in page.text
    assert 'id="turn-2"' in page.text
    assert 'href="#turn-1"' in page.text
    assert "Mira Voss" in page.text
    assert 'href="/"' in page.text
    assert page.text.count('tq-who hue-0"') == 2  # one speaker, one colour
    assert client.get("/tq/page.css").headers["content-type"].startswith("text/css")
    assert client.get("/tq/icon.svg").status_code == 200


def test_a_page_marks_the_span_that_its_address_names(client: TestClient, qa: TranscriptQA) -> None:
    start = qa.transcript("budget").text.index("a loan of")
    assert "<mark>a loan of</mark>" in client.get(f"/t/budget?q={start}-{start + 9}").text
    for other in ("9-2", "x", "<script>", "1-99999999999", "-1-4"):
        assert "<mark>" not in client.get("/t/budget", params={"q": other}).text


def test_a_hostile_transcript_is_shown_as_text(client: TestClient) -> None:
    page = client.get("/t/hostile").text
    for element in ("<script>", "<img", "<svg onload", "<form", "<input", "<b>bold"):
        assert element not in page
    assert "&lt;img src=x onerror=alert(2)&gt;" in page


def test_an_unknown_transcript_is_a_page_that_says_so(client: TestClient) -> None:
    for name in ("nowhere", "a/b", "%3Cscript%3E", "..%2F..%2Fetc%2Fpasswd"):
        page = client.get(f"/t/{name}")
        assert page.status_code == 404
        assert "No such transcript" in page.text
        assert "<script" not in page.text


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    for path in ("/", "/t/budget", "/t/none", "/tq/page.css", "/config"):
        headers = client.get(path).headers
        assert "default-src" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert "unsafe" not in client.get("/t/budget").headers["content-security-policy"]
    assert "http://evil.example" not in client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[", "10.0.0.7:7860", "localhost.evil.example:7860"]
)
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/t/budget", headers={"host": host})
    assert answer.status_code == 400
    assert "budget" not in answer.text


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "LOCALHOST"])
def test_the_names_of_this_machine_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/t/budget", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_foreign_page_cannot_send_anything(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/gradio_api/upload", "/gradio_api/queue/join"):
        assert client.post(path, headers=headers, content=b"x").status_code == 403


def test_a_foreign_page_cannot_read_anything(client: TestClient) -> None:
    assert client.get("/config", headers={"origin": "http://evil.example"}).status_code == 403
    assert client.get("/t/budget", headers={"sec-fetch-site": "cross-site"}).status_code == 200  # following a link


def test_the_own_page_is_let_through(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"}
    sent = client.post("/gradio_api/upload", headers=own, files={"files": ("a.txt", b"Ada: hello\n")})
    assert sent.status_code == 200


def test_interfaces_nobody_asked_for_are_not_there(client: TestClient) -> None:
    for path in ("/openapi.json", "/redoc", "/monitoring"):
        assert client.get(path).status_code in (403, 404)
    assert client.get("/gradio_api/info").json()["named_endpoints"] == {}


def test_a_body_that_is_too_large_is_refused_announced_or_not() -> None:
    read: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            read.append(message["body"])
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    gate = Gate(app, any_address=False, max_body_bytes=10)
    client = TestClient(gate, base_url="http://localhost")
    assert client.post("/", content=b"x" * 10).text == "ok"
    assert client.post("/", content=b"x" * 11).status_code == 413
    assert client.post("/", content=iter([b"x" * 6, b"y" * 6])).status_code == 413
    assert client.post("/", headers={"content-length": "-1"}, content=b"").status_code == 413
    assert b"y" * 6 not in read


def test_the_gate_hides_headers_that_name_another_server() -> None:
    seen: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    client = TestClient(Gate(app, any_address=True, max_body_bytes=9), base_url="http://10.1.2.3")
    forged = {"x-forwarded-host": "evil", "x-gradio-server": "http://evil", "forwarded": "host=evil", "accept": "x"}
    assert client.get("/", headers=forged).status_code == 204
    assert b"accept" in seen
    assert not [name for name in seen if b"forwarded" in name or b"gradio" in name]
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_port_in_use_is_an_error_with_a_remedy(qa: TranscriptQA) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"Port {port} on 127.0.0.1 is in use.*--port {port + 1}"):
            serve(qa, port=port)
    check_address("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "remedy"), [("203.0.113.7", 0, "--host"), ("127.0.0.1", 70000, "--port"), ("a..b", 0, "--host")]
)
def test_an_address_that_cannot_be_had_is_an_error_with_a_remedy(host: str, port: int, remedy: str) -> None:
    with pytest.raises(ServeError, match=remedy):
        check_address(host, port)


def test_serve_says_where_it_is(qa: TranscriptQA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up, answering, and told to stop: the loop ends and the port is free again."""
    import uvicorn

    servers: list[uvicorn.Server] = []
    told: list[str] = []
    up = threading.Event()
    start = uvicorn.Server.startup

    async def startup(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        servers.append(self)
        await start(self, sockets=sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", startup)

    def ready(url: str) -> None:
        told.append(url)
        up.set()

    thread = threading.Thread(target=serve, args=(qa,), kwargs={"port": 0, "ready": ready})
    thread.start()
    assert up.wait(20)
    port = int(told[0].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"GET /t/budget HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert caller.recv(64).startswith(b"HTTP/1.1 200")
    servers[0].should_exit = True
    thread.join(20)
    assert not thread.is_alive()
    check_address("127.0.0.1", port)


def test_a_question_ends_with_the_box_free_again(qa: TranscriptQA) -> None:
    chat = chat_of(qa)
    states = list(chat.ask("what loan was mentioned", [], None, [], [], "/"))
    assert states[0][1]["stop_btn"] is True
    assert states[-1][1]["submit_btn"] == "Ask"
    assert [message["role"] for message in states[-1][0]] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("question", "transcripts", "speakers", "said"),
    [
        ("loan", ["nowhere"], [], "No transcript"),
        ("loan", [], ["Nobody At All"], "No speaker"),
        ("x" * (MAX_QUESTION_CHARS + 1), [], [], "Shorten it"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_in_the_chat(
    qa: TranscriptQA, question: str, transcripts: list[str], speakers: list[str], said: str
) -> None:
    last = list(chat_of(qa).ask(question, [], None, transcripts, speakers, "/"))[-1]
    assert said in last[0][-1]["content"]
    assert last[1]["submit_btn"] == "Ask"


@pytest.mark.parametrize("question", [None, 7, "", "   ", {"text": "x"}])
def test_no_question_asks_nothing(qa: TranscriptQA, question: object) -> None:
    states = list(chat_of(qa).ask(question, "no history", 3, 3, {"a": 1}, 7))
    assert [state[0] for state in states] == [[]]


def test_an_unforeseen_failure_gets_a_reference_and_no_details(
    qa: TranscriptQA, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret path")

    monkeypatch.setattr(qa, "stream", broken)
    last = list(chat_of(qa).ask("loan", [], None, [], [], ""))[-1]
    assert "reference" in last[0][-1]["content"]
    assert "secret" not in last[0][-1]["content"]
    assert "a secret path" in caplog.text


def test_a_model_that_cannot_be_loaded_is_said_with_the_first_question(
    qa: TranscriptQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ModelError("model", "is missing", "Install it")

    monkeypatch.setattr(qa, "warm_up", broken)
    monkeypatch.setattr(qa, "stream", broken)
    waiting: Future[None] = Future()
    chat = Chat(qa, uploads=None, warming=waiting)
    states = chat.ask("loan", [], None, [], [], "")
    next(states)
    assert "Loading the model" in next(states)[0][-1]["content"]
    with TestClient(create_app(qa), base_url="http://localhost") as client:
        assert client.get("/t/budget").status_code == 200
    waiting.set_result(None)
    assert "Install it" in list(states)[-1][0][-1]["content"]


def test_a_click_opens_only_what_is_in_the_index(qa: TranscriptQA) -> None:
    chat = chat_of(qa)

    def opened(link: object) -> str:
        return chat.open_place(SimpleNamespace(link=link))

    start = qa.transcript("budget").text.index("a loan of")
    html = opened(f"/t/budget?q={start}-{start + 9}#turn-0")
    assert "<mark>a loan of</mark>" in html
    assert 'class="tq-turn cited" tabindex="-1" data-turn="0"' in html
    assert opened("/t/budget#turn-0") != opened("/t/budget#turn-0")  # a nonce, or the page would not notice
    assert "No transcript" in opened("/t/<b>")
    for other in (None, 1, "", "http://evil.example", "/t/a/b", ["/t/budget"]):
        assert opened(other) == ""


def uploaded(chat: Chat, *files: Path) -> tuple[list[str], str]:
    states = [state[0] for state in chat.upload([str(file) for file in files])]
    return states, states[-1]


def test_uploads_are_kept_added_and_reported(qa: TranscriptQA, tmp_path: Path) -> None:
    folder = tmp_path / "index" / "uploads"
    chat = chat_of(qa, folder)
    talk, bad = tmp_path / "My <talk>.txt", tmp_path / "bad.bin"
    talk.write_text("Olga Winter: The lighthouse keeps eleven lamps.\n\nPer Holm: Eleven?\n", "utf-8")
    bad.write_bytes(bytes(range(256)) * 20)
    states, last = uploaded(chat, talk, bad)
    assert "<progress" in states[0]
    assert any("2 speakers" in state and "<progress" in state for state in states)  # understood, before it is indexed
    assert "2 speakers" in last
    assert "2 turns" in last
    assert "bad.bin" in last
    assert 'role="alert"' in last
    assert "<talk>" not in last
    assert str(folder) not in last
    assert [file.name for file in folder.iterdir()] == ["My _talk_.txt"]
    assert any(info.n_turns == 2 and "uploads" in info.source for info in qa.transcripts())
    assert not talk.exists()


def test_the_same_upload_twice_is_one_and_another_of_its_name_a_second(qa: TranscriptQA, tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    chat = chat_of(qa, folder)
    said = []
    for words in ("one", "one", "two"):
        file = tmp_path / "talk.txt"
        file.write_text(f"Olga Winter: This is take {words}.\n\nPer Holm: Yes.\n", "utf-8")
        last = uploaded(chat, file)[1]
        assert "This" not in last
        said.append("Already here" in last)
    assert said == [False, True, False]
    assert sorted(file.name for file in folder.iterdir()) == ["talk-2.txt", "talk.txt"]
    assert len(qa.transcripts()) == 4


def test_nothing_is_taken_in_where_uploading_is_off(qa: TranscriptQA, tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text("A: b\n", "utf-8")
    uploaded(chat_of(qa), file)
    assert file.exists()
    assert len(qa.transcripts()) == 2
    many = [tmp_path / f"{number}.txt" for number in range(30)]
    assert "At most 20" in uploaded(chat_of(qa, tmp_path / "u"), *many)[1]
    for other in (None, "x", 7, [7], {}):
        assert list(chat_of(qa, tmp_path / "u").upload(other))[-1][0] == ""


def test_a_folder_that_cannot_be_written_is_said(qa: TranscriptQA, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", "utf-8")
    talk = tmp_path / "talk.txt"
    talk.write_text("A B: c\n", "utf-8")
    assert "cannot write" in uploaded(chat_of(qa, blocked / "uploads"), talk)[1]


def test_an_upload_cannot_leave_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "..talk.txt"
    file.write_text("x", "utf-8")
    kept, new = keep_upload(file, tmp_path / "uploads")
    assert new
    assert kept.parent == tmp_path / "uploads"
    assert kept.name == "talk.txt"


def test_a_long_transcript_comes_in_parts(qa: TranscriptQA, client: TestClient, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("\n\n".join(f"{'Ada Long' if n % 2 else 'Ben Short'}: Turn {n}." for n in range(3000)), "utf-8")
    qa.add(long)
    html = chat_of(qa).open_place(SimpleNamespace(link="/t/long#turn-2500"))
    assert html.count("<li class=") - html.count('<li class="tq-meta"') == 301
    assert 'data-size="3000" data-first="2350"' in html
    assert "Turn 2500." in html
    rest = client.get("/tq/turns/long", params={"start": 0, "stop": 2350})
    assert rest.text.count("<li ") == 2000  # so many at most in one go
    assert rest.text.startswith('<li class="tq-turn"')
    assert client.get("/tq/turns/long", params={"start": -7, "stop": 3}).text.count("<li ") == 3
    assert client.get("/tq/turns/long", params={"start": 9, "stop": 3}).text == ""
    assert client.get("/tq/turns/nowhere").status_code == 404
    assert client.get("/tq/turns/long", params={"start": "x"}).status_code == 422
