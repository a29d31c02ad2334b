"""The wires of open pages: requests over connections that are kept, and streams of pushes.

No more of HTTP than they need, so that the load takes little of the machine that it is put on.
"""

import asyncio

import flask
from itsdangerous import URLSafeTimedSerializer

from antiphon.web.tokens import push_token

CONNECTIONS = 16
HOST = "127.0.0.1"
_CSRF = "bench"
# The writer belongs to it: without anybody who holds it, the connection ends.
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Keys:
    """What lets listeners in without a log-in, which takes long on purpose."""

    def __init__(self, secret: str) -> None:
        app = flask.Flask("bench")
        app.secret_key = secret
        signer = flask.sessions.SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        self._signer = signer
        self._secret = secret
        self._csrf = URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(_CSRF)

    def headers(self, user_id: str) -> str:
        """Return what a listener's requests begin with."""
        cookie = self._signer.dumps(
            {"_user_id": f"{user_id}:", "csrf_token": _CSRF, "_permanent": True}
        )
        return f"Host: {HOST}\r\nCookie: antiphon={cookie}\r\nX-CSRFToken: {self._csrf}\r\n"

    def push_token(self, user_id: str) -> str:
        """Return what opens a listener's pushes."""
        return push_token(user_id, self._secret)


class Wire:
    """Some connections to the web process, kept open; each carries one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: asyncio.Queue[Stream] = asyncio.Queue()

    async def open(self, connections: int = CONNECTIONS) -> None:
        """Connect."""
        for _ in range(connections):
            self._idle.put_nowait(await asyncio.open_connection(HOST, self._port))

    def close(self) -> None:
        """Disconnect."""
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    async def ask(self, method: str, path: str, headers: str, body: bytes = b"") -> bytes:
        """Return the body of the answer to a request."""
        reader, writer = await self._idle.get()
        head = (
            f"{method} /api/v1/{path} HTTP/1.1\r\n{headers}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        length = next(int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length"))
        answer = await reader.readexactly(length)
        self._idle.put_nowait((reader, writer))
        assert status.split()[1] in {"200", "202"}, f"{method} {path}: {status} {answer[:300]!r}"
        return answer


async def connected(keys: Keys, push_port: int, user_id: str) -> Stream:
    """Open a stream of a listener's pushes; what it says begins behind its head."""
    reader, writer = await asyncio.open_connection(HOST, push_port)
    token = keys.push_token(user_id)
    writer.write(f"GET /events?token={token} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0], head
    return reader, writer
