"""One password for all of it: sessions for browsers, a bearer token for programs, and few tries for everybody else.

Nothing is kept on disk. A session is a random token, of which only the digest is kept, so that a restart asks again.
Tries are counted by address: behind a proxy that hides them all callers are one, and a guesser slows down the others'
logging in (to a quarter of an hour at most), but ends no session.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from math import ceil
from pathlib import Path
from threading import Lock
from time import monotonic

from transcript_qa.errors import ServeError
from transcript_qa.web.markup import html_text

COOKIE = "transcript_qa_session"
VARIABLE = "TRANSCRIPT_QA_PASSWORD"
MIN_CHARS = 8
SESSION_S = 12 * 3600
_MAX_SESSIONS = 10_000
_FREE_TRIES = 5
_WINDOW_S = 15 * 60
_MAX_CALLERS = 10_000


def read_password(file: str | os.PathLike[str] | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The password from a file's first line, else from the environment, else None for none.

    Raises:
        ServeError: the file cannot be read, or the password is too short.
    """
    if file is not None:
        try:
            found = Path(file).read_text("utf-8").split("\n", 1)[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ServeError(f"The password file {file} cannot be read. Check its name and its rights.") from error
        where = f"the first line of {file}"
    else:
        found = environment.get(VARIABLE, "")
        where = VARIABLE
        if not found:
            return None
    if len(found) < MIN_CHARS:
        raise ServeError(f"The password in {where} has {len(found)} characters. Take {MIN_CHARS} or more.")
    return found


class Login:
    """Who is let in.

    Args:
        password: what has to be said.
        clock: seconds that only rise.
    """

    def __init__(self, password: str, *, clock: Callable[[], float] = monotonic) -> None:
        self._digest = sha256(password.encode()).digest()
        self._clock = clock
        self._sessions: dict[bytes, float] = {}
        self._failed: dict[str, list[float]] = {}
        self._lock = Lock()

    def is_open(self, headers: Mapping[str, str], caller: str) -> bool:
        """Whether a request shows a session or the password; a wrong password counts as a try of `caller`."""
        if self._has_session(headers.get("cookie", "")):
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        return kind.casefold() == "bearer" and self.wait_s(caller) == 0 and self._check(token.strip(), caller)

    def enter(self, password: str, caller: str) -> str | None:
        """A new session's token for the right password; None for a wrong one, or where `wait_s` is not over."""
        if self.wait_s(caller) > 0 or not self._check(password, caller):
            return None
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._sessions = {key: until for key, until in self._sessions.items() if until > now}
            while len(self._sessions) >= _MAX_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[_digest(token)] = now + SESSION_S
        return token

    def leave(self, cookies: str) -> None:
        """End the session that the cookies show."""
        with self._lock:
            self._sessions.pop(_digest(_token(cookies)), None)

    def wait_s(self, caller: str) -> int:
        """Seconds until `caller` may try again; it doubles with each wrong try past the first few."""
        now = self._clock()
        with self._lock:
            mine = [at for at in self._failed.get(caller, ()) if at > now - _WINDOW_S]
        if len(mine) < _FREE_TRIES:
            return 0
        pause = min(1 << (len(mine) - _FREE_TRIES + 1), _WINDOW_S)
        return max(0, ceil(mine[-1] + pause - now))

    def _check(self, password: str, caller: str) -> bool:
        right = hmac.compare_digest(_digest(password), self._digest)
        now = self._clock()
        with self._lock:
            if right:
                self._failed.pop(caller, None)
                return True
            if len(self._failed) >= _MAX_CALLERS:
                self._failed.pop(next(iter(self._failed)))
            recent = [at for at in self._failed.get(caller, ()) if at > now - _WINDOW_S]
            self._failed[caller] = [*recent, now][-32:]
        return False

    def _has_session(self, cookies: str) -> bool:
        token = _token(cookies)
        with self._lock:
            return bool(token) and self._sessions.get(_digest(token), 0.0) > self._clock()


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _token(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def cookie(token: str, *, secure: bool) -> str:
    """The header that gives a browser its session; an empty token takes it away."""
    age = SESSION_S if token else 0
    return f"{COOKIE}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def login_html(message: str = "") -> str:
    """The page that asks for the password."""
    alert = f'<p class="tq-alert" role="alert">{html_text(message)}</p>' if message else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><title>transcript-qa</title>'
        '<link rel="icon" href="/tq/icon.svg"><link rel="stylesheet" href="/tq/page.css"></head><body>'
        f'<main class="tq-page tq-login"><h1>transcript-qa</h1>{alert}<form method="post" action="/login">'
        '<label>Password <input type="password" name="password" autocomplete="current-password" required autofocus>'
        '</label><button class="tq-button">Open</button></form></main></body></html>'
    )
