"""The push process: server-sent events to open pages, the one asynchronous module.

It consumes the `recommendations` topic and looks at the background work's progress, in one thread,
and hands what concerns a listener to a bounded queue for each of their pages. It trusts the
short-lived tokens that the Flask application signs.
"""

import asyncio
import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import msgspec

from antiphon.events import (
    AnswerChanged,
    Consumer,
    EventLog,
    EventLogError,
    Topic,
    UnreadableEventError,
)
from antiphon.events.records import decode
from antiphon.events.trouble import Trouble
from antiphon.model import Progress
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import PROGRESS
from antiphon.web.tokens import user_of_push_token

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# A page that has not taken this many messages is behind: it is cut off and comes back.
QUEUE_SIZE = 64
HEARTBEAT_S = 20.0
PROGRESS_EVERY_S = 1.0
_RETRY_S = 2.0
_log = logging.getLogger(__name__)


class Push:
    """An ASGI application: `GET /events?token=…` is a stream of a listener's events."""

    def __init__(self, store: Store, log: EventLog, secret: str) -> None:
        self._store = store
        self._events = log
        self._secret = secret
        self._pages: defaultdict[str, set[asyncio.Queue[bytes | None]]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the application's own beginning and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            self._loop = asyncio.get_running_loop()
            threading.Thread(target=self._consume, daemon=True).start()
            await send({"type": "lifespan.startup.complete"})
        self._stopped.set()
        await send({"type": message["type"] + ".complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/healthz":
            await _answer(send, 200, b"ok")
        elif scope["path"] != "/events" or scope["method"] != "GET":
            await _answer(send, 404, b"There is only GET /events here.")
        elif user_id := user_of_push_token(token, self._secret):
            with self._page(user_id) as queue:
                await _stream(queue, receive, send)
        else:
            await _answer(send, 401, b"The token is forged or too old: ask for a session.")

    @contextlib.contextmanager
    def _page(self, user_id: str) -> Iterator[asyncio.Queue[bytes | None]]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_SIZE)
        self._pages[user_id].add(queue)
        try:
            yield queue
        finally:
            self._pages[user_id].discard(queue)
            if not self._pages[user_id]:
                del self._pages[user_id]

    def _consume(self) -> None:
        """Hand on what happens, for ever; whatever goes wrong, try again."""
        trouble = Trouble(_log, "the event log or the store")
        while not self._stopped.is_set():
            try:
                with self._events.consumer(Topic.RECOMMENDATIONS, None) as consumer:
                    # What happened until now may have been missed: pages that are open ask again.
                    self._hand_on(None, _message("answer", {"surface": "next", "version": ""}))
                    self._follow(consumer, trouble)
            except (EventLogError, StoreUnavailableError) as error:
                self._stopped.wait(trouble.met(error))
            except Exception:  # noqa: BLE001 - see below
                # Ended, this thread would leave every page open and silent.
                _log.exception("what happens cannot be followed; trying again")
                self._stopped.wait(_RETRY_S)

    def _follow(self, consumer: Consumer, trouble: Trouble) -> None:
        """Keep the consumer while the store is away: another would begin at what is new then."""
        shown: dict[str, Progress] = {}
        while not self._stopped.is_set():
            try:
                for entry in consumer.poll(PROGRESS_EVERY_S):
                    self._hand_on(entry.key, *_answer_message(entry.value))
                shown = self._show_progress(shown)
                trouble.over()
            except StoreUnavailableError as error:
                self._stopped.wait(trouble.met(error))

    def _show_progress(self, shown: dict[str, Progress]) -> dict[str, Progress]:
        now = self._store.get_many(PROGRESS, ["scan", "analysis"])
        if now != shown:
            data = {name: now.get(name) for name in ("scan", "analysis")}
            self._hand_on(None, _message("progress", data))
        return now

    def _hand_on(self, user_id: str | None, *messages: bytes) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._put, user_id, messages)

    def _put(self, user_id: str | None, messages: tuple[bytes, ...]) -> None:
        users = list(self._pages) if user_id is None else [user_id]
        for queue in [page for user in users for page in self._pages.get(user, ())]:
            for message in messages:
                if queue.full():
                    queue.get_nowait()
                    queue.put_nowait(None)
                else:
                    queue.put_nowait(message)


async def _stream(queue: asyncio.Queue[bytes | None], receive: Receive, send: Send) -> None:
    """Send what comes into the queue until the page goes away or falls behind."""
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", b"*"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await _send_more(send, b"retry: 2000\n\n")
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        while not gone.done():
            message = await _next(queue, gone)
            if message is None:
                break
            await _send_more(send, message)
    finally:
        gone.cancel()
    with contextlib.suppress(Exception):
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(queue: asyncio.Queue[bytes | None], gone: asyncio.Future[None]) -> bytes | None:
    """Return the next message, a heartbeat when there is none for long, None at the end."""
    waiting = asyncio.ensure_future(queue.get())
    try:
        await asyncio.wait(
            (waiting, gone), timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting.done():
            return waiting.result()
        return None if gone.done() else b": still here\n\n"
    finally:
        waiting.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _answer_message(value: bytes) -> tuple[bytes, ...]:
    try:
        changed = decode(value, AnswerChanged)
    except UnreadableEventError:
        return ()
    return (_message("answer", {"surface": changed.surface, "version": changed.version}),)


def _message(event: str, data: object) -> bytes:
    return f"event: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
