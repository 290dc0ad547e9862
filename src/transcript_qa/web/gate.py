"""The gate in front of everything that is served: who may ask, from where, how much, and what browsers are told.

Plain ASGI, because Gradio streams its answers. A browser's other tabs can reach a server on this machine: the checks of
`Host` and `Origin` keep them out. Where there is a password, all but the way to say it is behind it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from transcript_qa.web.login import Login, cookie, login_html

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Gradio's HTML components need new Function, hence unsafe-eval: this policy does not replace escaping.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
_PAGE_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_OPEN_PATHS = frozenset(("/tq/page.css", "/tq/icon.svg"))
_MAX_LOGIN_BYTES = 4096
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
# Headers that Gradio believes when it makes addresses of its own server.
_FORWARDING = (b"forwarded", b"x-forwarded-", b"x-gradio-server", b"x-original-", b"x-direct-url")
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


class BodyTooLargeError(Exception):
    """A request's body has grown past the limit while it was read."""


class Gate:
    """Refuses requests that did not come from this server's own pages, and adds headers to what goes out.

    Args:
        app: the application behind the gate.
        hosts: names under which it may be called, besides the names of the loopback address.
        any_address: whether any IP address will do as well; a name is what an attack by DNS needs.
        max_body_bytes: the most that one request may send.
        login: who may come in; None for everybody.
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: Iterable[str] = (),
        any_address: bool,
        max_body_bytes: int,
        login: Login | None = None,
    ) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {host.casefold() for host in hosts}
        self._any_address = any_address
        self._max_body_bytes = max_body_bytes
        self._login = login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(scope):
            await _refuse(send, *refusal)
        elif self._login is None:
            await self._pass(scope, receive, send)
        else:
            await self._pass_with(self._login, scope, receive, send)

    async def _pass_with(self, login: Login, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass those who have said the password; let the others say it."""
        headers, path, caller = _headers(scope), scope["path"], _caller(scope)
        secure = scope.get("scheme") == "https"
        if path == "/login" and scope["method"] == "POST":
            form = parse_qs((await _body(receive, _MAX_LOGIN_BYTES)).decode("utf-8", "replace"))
            token = login.enter(form.get("password", [""])[0], caller)
            if token is not None:
                await _redirect(send, "/", cookie(token, secure=secure))
            elif wait_s := login.wait_s(caller):
                await _page(send, 429, login_html(f"That is wrong too often. Try again in {wait_s} s."))
            else:
                await _page(send, 401, login_html("That is not the password."))
        elif path == "/logout" and scope["method"] != "POST":
            await _refuse(send, 405, "Only the button logs out.")
        elif path == "/logout":
            login.leave(headers.get("cookie", ""))
            await _redirect(send, "/login", cookie("", secure=secure))
        elif path == "/login":
            await _page(send, 200, login_html())
        elif path in _OPEN_PATHS or login.is_open(headers, caller):
            await self._pass(scope, receive, send)
        elif scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            await _redirect(send, "/login")
        else:
            reason = {"error": "NotLoggedIn", "message": "Send the password as `Authorization: Bearer …`."}
            await _answer(send, 401, json.dumps(reason), "application/json", (b"www-authenticate", b"Bearer"))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason for what may not pass."""
        headers = _headers(scope)
        host = headers.get("host", "")
        if not self._known(host):
            return 400, "This server does not answer to that host name."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.casefold() != host.casefold():
            return 403, "A page of another site may not use this server."
        foreign = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if foreign and scope["method"] not in _SAFE_METHODS:
            return 403, "A page of another site may not use this server."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body_bytes:
            return 413, f"A request may have {self._max_body_bytes:,} bytes at most."
        return None

    def _known(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").casefold()
        except ValueError:
            return False
        return name in self._hosts or (self._any_address and _is_address(name))

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0
        started = refused = False

        async def limited() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body_bytes:
                refused = True
                raise BodyTooLargeError
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if refused and not started:
                return  # the application's own answer to the broken body
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": _with_ours(message.get("headers", ()))}
            await send(message)

        kept = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(_FORWARDING)]
        try:
            await self._app({**scope, "headers": kept}, limited, sending)
        except BodyTooLargeError:
            refused = True
        if refused and not started:
            await _refuse(send, 413, f"A request may have {self._max_body_bytes:,} bytes at most.")


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by name; one given twice is joined, so that no check sees the first only."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _with_ours(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    return [*given, *((name, value) for name, value in _HEADERS.items() if name not in names)]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _caller(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _body(receive: Receive, most: int) -> bytes:
    """The body of a request, or nothing of one with more than `most` bytes."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > most or message["type"] != "http.request":
            return b""
        if not message.get("more_body"):
            return body


async def _refuse(send: Send, status: int, reason: str) -> None:
    await _answer(send, status, f"{reason}\n", "text/plain; charset=utf-8")


async def _page(send: Send, status: int, html: str) -> None:
    await _answer(send, status, html, "text/html; charset=utf-8", (b"content-security-policy", _PAGE_POLICY))


async def _redirect(send: Send, path: str, set_cookie: str = "") -> None:
    headers = [(b"location", path.encode())]
    if set_cookie:
        headers.append((b"set-cookie", set_cookie.encode()))
    await _answer(send, 303, "", "text/plain; charset=utf-8", *headers)


async def _answer(send: Send, status: int, text: str, kind: str, *more: tuple[bytes, bytes]) -> None:
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), *more]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": _with_ours(headers)})
    await send({"type": "http.response.body", "body": body})
