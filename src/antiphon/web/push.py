"""The push process: server-sent events to open pages, the one asynchronous module.

It consumes the `recommendations` topic and looks at the background work's progress, in one thread,
and hands what concerns a listener to a bounded queue for each of their pages. It trusts the
short-lived tokens that the Flask application signs.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
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
from antiphon.live import measures
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
_WAIT_S = 0.2
_ENDS_WITHIN_S = 0.5
_MISSED = AnswerChanged(user_id="", surface="next", version="")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """A message to pages, of the event that it is called after in `/metrics`."""

    event: str
    message: bytes
    accepted_at: int = 0


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
        ended = contextlib.ExitStack()
        try:
            while (message := await receive())["type"] == "lifespan.startup":
                self._loop = asyncio.get_running_loop()
                ended.enter_context(measures.kept(self._store, "push", [measures.PUSH]))
                ended.enter_context(self._following())
                await send({"type": "lifespan.startup.complete"})
        finally:
            ended.close()
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
            with measures.PAGES.track_inprogress():
                yield queue
        finally:
            self._pages[user_id].discard(queue)
            if not self._pages[user_id]:
                del self._pages[user_id]

    @contextlib.contextmanager
    def _following(self) -> Iterator[None]:
        thread = threading.Thread(target=self._consume, name="push", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join(_ENDS_WITHIN_S)

    def _consume(self) -> None:
        """Hand on what happens, for ever; whatever goes wrong, try again."""
        trouble = Trouble(_log, "the event log or the store")
        while not self._stopped.is_set():
            try:
                with self._events.consumer(Topic.RECOMMENDATIONS, None) as consumer:
                    # What happened until now may have been missed: pages that are open ask again.
                    self._hand_on(None, _answer_news(_MISSED))
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
        look_at = 0.0
        while not self._stopped.is_set():
            try:
                for entry in consumer.poll(_WAIT_S):
                    with contextlib.suppress(UnreadableEventError):
                        self._hand_on(entry.key, _answer_news(decode(entry.value, AnswerChanged)))
                if time.monotonic() >= look_at:
                    shown = self._show_progress(shown)
                    look_at = time.monotonic() + PROGRESS_EVERY_S
                trouble.over()
            except StoreUnavailableError as error:
                self._stopped.wait(trouble.met(error))

    def _show_progress(self, shown: dict[str, Progress]) -> dict[str, Progress]:
        now = self._store.get_many(PROGRESS, ["scan", "analysis"])
        if now != shown:
            data = {name: now.get(name) for name in ("scan", "analysis")}
            self._hand_on(None, News("progress", _message("progress", data)))
        return now

    def _hand_on(self, user_id: str | None, news: News) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._put, user_id, news)

    def _put(self, user_id: str | None, news: News) -> None:
        users = list(self._pages) if user_id is None else [user_id]
        pages = [page for user in users for page in self._pages.get(user, ())]
        for page in pages:
            _put_or_cut_off(page, news.message)
        measures.PUSHED.labels(event=news.event).inc(len(pages))
        if pages:
            measures.note_lag(measures.PUSH_LAG, news.accepted_at)


def _put_or_cut_off(page: asyncio.Queue[bytes | None], message: bytes) -> None:
    if page.full():
        measures.CUT_OFF.inc()
        page.get_nowait()
        page.put_nowait(None)
    else:
        page.put_nowait(message)


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


def _answer_news(changed: AnswerChanged) -> News:
    data = {"surface": changed.surface, "version": changed.version, "event": changed.event}
    return News("answer", _message("answer", data), changed.accepted_at)


def _message(event: str, data: object) -> bytes:
    return f"event: {event}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
