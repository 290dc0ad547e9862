"""The password: who is let in, who is not, and how often one may try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from transcript_qa import TranscriptQA
from transcript_qa.embed import HashingEmbedder
from transcript_qa.errors import ServeError
from transcript_qa.web.login import SESSION_S, Login, cookie, read_password
from transcript_qa.web.server import create_app

PASSWORD = "open sesame & more"
HTML = {"accept": "text/html"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "budget.txt").write_text("Mira Voss: The loan is large.\n\nTomas Reed: How large?\n", "utf-8")
    with TranscriptQA.build(tmp_path / "budget.txt", index=tmp_path / "index", embedder=HashingEmbedder()) as qa:
        app = create_app(qa, uploads=tmp_path / "index" / "uploads", password=PASSWORD)
        with TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False) as started:
            yield started


PATHS = (
    "/",
    "/t/budget",
    "/library",
    "/docs",
    "/api/v1/transcripts",
    "/api/v1/openapi.json",
    "/config",
    "/gradio_api/info",
)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_seen_without_the_password(client: TestClient, path: str) -> None:
    refused = client.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "Mira" not in refused.text
    shown = client.get(path, headers=HTML)
    assert (shown.status_code, shown.headers["location"]) == (303, "/login")


def test_nothing_is_done_without_the_password(client: TestClient) -> None:
    for path in ("/api/v1/ask", "/library/budget/remove", "/gradio_api/queue/join", "/gradio_api/upload"):
        assert client.post(path, json={"question": "loan"}, headers=HTML).status_code == 401
    assert client.get("/t/budget", headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 200


def test_the_password_opens_a_session_and_logging_out_ends_it(client: TestClient) -> None:
    page = client.get("/login")
    assert page.status_code == 200
    assert 'type="password"' in page.text
    assert client.get("/tq/page.css").status_code == 200
    wrong = client.post("/login", data={"password": "sesame open"})
    assert wrong.status_code == 401
    assert "not the password" in wrong.text
    right = client.post("/login", data={"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    given = right.headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    for path in PATHS:
        assert client.get(path, headers=HTML).status_code == 200, path
    assert "Log out" in client.get("/").text
    assert client.get("/logout", headers=HTML).status_code == 405  # only a form logs out
    token = client.cookies["transcript_qa_session"]
    assert client.post("/logout").headers["location"] == "/login"
    client.cookies.set("transcript_qa_session", token)
    assert client.get("/t/budget").status_code == 401


def test_a_page_of_another_site_can_neither_log_in_nor_out(client: TestClient) -> None:
    for path in ("/login", "/logout"):
        headers = {"origin": "http://evil.example", **HTML}
        assert client.post(path, data={"password": PASSWORD}, headers=headers).status_code == 403


def test_tries_become_slow(client: TestClient) -> None:
    statuses = [client.post("/login", data={"password": f"wrong {number}"}).status_code for number in range(8)]
    assert statuses[:4] == [401] * 4
    assert statuses[-1] == 429
    late = client.post("/login", data={"password": PASSWORD})  # even the right one, until the pause is over
    assert late.status_code == 429
    assert "Try again in" in late.text
    assert client.get("/t/budget", headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 401


def test_pauses_grow_and_end_and_do_not_touch_others() -> None:
    now = [0.0]
    login = Login(PASSWORD, clock=lambda: now[0])
    pauses = []
    for _ in range(9):
        assert login.enter("wrong words", "10.0.0.1") is None
        pauses.append(login.wait_s("10.0.0.1"))
        now[0] += pauses[-1]
    assert pauses == [0, 0, 0, 0, 2, 4, 8, 16, 32]
    assert login.wait_s("10.0.0.2") == 0
    token = login.enter(PASSWORD, "10.0.0.1")
    assert token is not None
    assert login.wait_s("10.0.0.1") == 0
    shown = {"cookie": cookie(token, secure=False).split(";")[0]}
    assert login.is_open(shown, "10.0.0.3")
    now[0] += SESSION_S + 1
    assert not login.is_open(shown, "10.0.0.3")


@pytest.mark.parametrize(
    "cookies", ["", "transcript_qa_session=", "transcript_qa_session=x", "a=b; \x00=;;;", "=", "é=ü"]
)
def test_other_cookies_open_nothing(cookies: str) -> None:
    assert not Login(PASSWORD).is_open({"cookie": cookies}, "10.0.0.1")


def test_the_password_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("long enough\nsecond line\n", "utf-8")
    assert read_password(file, {}) == "long enough"
    assert read_password(None, {"TRANSCRIPT_QA_PASSWORD": "from outside"}) == "from outside"
    assert read_password(None, {}) is None
    with pytest.raises(ServeError, match="cannot be read"):
        read_password(tmp_path / "nowhere")
    with pytest.raises(ServeError, match="8 or more"):
        read_password(None, {"TRANSCRIPT_QA_PASSWORD": "short"})
    file.write_text("\n", "utf-8")
    with pytest.raises(ServeError, match="0 characters"):
        read_password(file)
