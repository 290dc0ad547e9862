"""The gate in front of everything that is served: who may ask, from where, how much, and what browsers are told.

Plain ASGI, because Gradio streams its answers. A browser's other tabs can reach a server on this machine: the checks of
`Host` and `Origin` keep them out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

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
    """

    def __init__(self, app: App, *, hosts: Iterable[str] = (), any_address: bool, max_body_bytes: int) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {host.casefold() for host in hosts}
        self._any_address = any_address
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(scope):
            await _refuse(send, *refusal)
        else:
            await self._pass(scope, receive, send)

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


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": _with_ours(headers)})
    await send({"type": "http.response.body", "body": body})
