"""One JSON question over HTTP and its answer, within a time, a size and a number of tries."""

import contextlib
import http.client
import json
import math
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from evaluators.contract import EvaluatorError, Json, SubjectError

MAX_ANSWER = 64 << 20
TRIES = 4
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
# Only variables of this name may hold a token: a subject must not be able to send any other secret to its address.
TOKEN_NAME = re.compile(r"ASSAY_ENDPOINT_TOKEN(_[A-Z0-9_]{1,40})?")
# What is sent to this machine itself passes nobody.
HERE = ("localhost", "127.0.0.1", "::1")
COME_BACK = (429, 500, 502, 503, 504)


class EndpointError(EvaluatorError):
    """The endpoint didn't answer, or not in the way its protocol says; the message names the inputs asked."""


class _TryAgain(Exception):
    """This try failed in a way that another may not."""

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


@dataclass
class Wire:
    """Posts JSON to one address and to no other: a redirect is an error. `facts` counts what happened."""

    url: str
    timeout_s: float
    token: str | None = None
    facts: Json = field(default_factory=lambda: {"requests": 0, "retries": 0, "failures": 0})

    def __post_init__(self) -> None:
        self.parts = checked(self.url)
        if self.token and self.parts.scheme == "http" and self.parts.hostname not in HERE:
            raise SubjectError(
                f"the token for {self.parts.hostname} could be read by everybody on the way: use https, or leave it out"
            )

    def post(self, path: str, body: Json, what: str) -> Any:
        """The decoded answer. `what` names the inputs in errors. Raises EndpointError after the last try."""
        reason = ""
        for number in range(TRIES):
            self.facts["requests"] += 1
            try:
                return self._once(path, body, what)
            except _TryAgain as error:
                reason = str(error)
                if number + 1 < TRIES:
                    self.facts["retries"] += 1
                    time.sleep(error.pause_s if error.pause_s is not None else FIRST_PAUSE_S * 2**number)
        self.facts["failures"] += 1
        raise EndpointError(f"{what}: {self.parts.netloc} {reason} ({TRIES} tries)")

    def _once(self, path: str, body: Json, what: str) -> Any:
        content, started = _encoded(body), time.monotonic()
        try:
            with self._line() as connection:
                connection.request("POST", self.parts.path.rstrip("/") + path, content, self._headers())
                response = connection.getresponse()
                # What was sent may be sent back, and from here on it could go anywhere an answer goes.
                content = response.read(MAX_ANSWER + 1)
                is_cut, answer = len(content) > MAX_ANSWER, self._without_token(content)
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() - started >= self.timeout_s:
                raise _TryAgain(f"gave no whole answer within {self.timeout_s:g} s") from error
            said = self._without_token(str(error).encode("utf-8", "replace")).decode("utf-8", "replace")
            raise _TryAgain(f"broke off ({type(error).__name__}: {said[:80]})") from error
        if time.monotonic() - started >= self.timeout_s:
            raise _TryAgain(f"gave no whole answer within {self.timeout_s:g} s")
        # The library reads a part of a given size without complaint when the rest never comes.
        if response.length and not is_cut:
            raise _TryAgain(f"broke off ({response.length:,} bytes before the end)")
        return self._decoded(response, answer, what)

    def _decoded(self, response: http.client.HTTPResponse, content: bytes, what: str) -> Any:
        host = self.parts.netloc
        if response.status in COME_BACK:
            raise _TryAgain(f"answered {response.status}", _asked_pause(response.headers.get("Retry-After")))
        if 300 <= response.status < 400:
            elsewhere = self._without_token(
                response.headers.get("Location", "somewhere else").encode("utf-8", "replace")
            )
            shown = elsewhere.decode("utf-8", "replace")[:80]
            raise EndpointError(f"{what}: {host} redirects to {shown}, and redirects aren't followed")
        if response.status != http.client.OK:
            said = content[:4_096].decode("utf-8", errors="replace")[:120]
            raise EndpointError(f"{what}: {host} answered {response.status} ({said})")
        if len(content) > MAX_ANSWER:
            raise EndpointError(f"{what}: {host} answered with more than {MAX_ANSWER:,} bytes")
        try:
            return json.loads(content)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise EndpointError(
                f"{what}: {host} answered with something that is not JSON ({str(error)[:60]})"
            ) from error

    def _without_token(self, said: bytes) -> bytes:
        """What the other side says, which may be what it was sent."""
        return said.replace(self.token.encode(), b"(the token)") if self.token else said

    @contextlib.contextmanager
    def _line(self) -> Iterator[http.client.HTTPConnection]:
        """A line to the address, cut when the time for the whole answer is up, the greeting of TLS included."""
        host, started = self.parts.hostname or "", time.monotonic()
        is_secret = self.parts.scheme == "https"
        kind = http.client.HTTPSConnection if is_secret else http.client.HTTPConnection
        connection = kind(host, self.parts.port, timeout=self.timeout_s)
        with socket.create_connection((host, connection.port), self.timeout_s) as plain, plain.dup() as handle:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A timeout of the socket alone starts anew with every byte: an answer that trickles in would never end.
            # The alarm has a handle of its own, since encryption takes the first one over.
            alarm = threading.Timer(self.timeout_s - (time.monotonic() - started), _hang_up, [handle])
            alarm.daemon = True
            alarm.start()
            try:
                context = ssl.create_default_context() if is_secret else None
                connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
                yield connection
            finally:
                alarm.cancel()
                connection.close()

    def _headers(self) -> Mapping[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "assay-evaluators"}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def checked(url: object) -> SplitResult:
    """An http or https address without credentials in it. Raises SubjectError."""
    if re.search(r"[\x00-\x20\x7f]", str(url)):
        raise SubjectError(f"the endpoint's url {str(url).rpartition('@')[2][:80]!r} holds a blank")
    try:
        parts = urlsplit(str(url))
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SubjectError(f"the endpoint's url {str(url)[:80]!r} isn't an address ({error})") from error
    if parts.scheme not in ("http", "https") or not host:
        raise SubjectError(f"the endpoint's url {str(url)[:80]!r} doesn't begin with http:// or https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SubjectError("the endpoint's url holds credentials, a query or a fragment; leave them out")
    return parts


def token_from(name: object) -> str | None:
    """The token that the named environment variable holds; None if no variable was named. Raises SubjectError."""
    if name is None:
        return None
    if not isinstance(name, str) or not TOKEN_NAME.fullmatch(name):
        raise SubjectError(f"token_env names ASSAY_ENDPOINT_TOKEN or ASSAY_ENDPOINT_TOKEN_…, not {str(name)[:60]!r}")
    token = os.environ.get(name, "")
    if not token or re.search(r"[\x00-\x20\x7f]", token):
        raise SubjectError(f"the environment variable {name} holds no token")
    return token


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")


def _asked_pause(header: str | None) -> float | None:
    """How long the server asks to wait, in seconds; a date is no number, and then the usual pause is made."""
    try:
        asked = float(header or "")
    except ValueError:
        return None
    return None if math.isnan(asked) else min(max(asked, 0.0), LONGEST_PAUSE_S)


def _hang_up(connected: socket.socket) -> None:
    # It may be closed already, when the answer came in the same moment.
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
