"""The pushes: what concerns a listener reaches their open pages at once, and nobody else's."""

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from itsdangerous import URLSafeTimedSerializer

from antiphon.events import AnswerChanged, EventLog, Topic, open_event_log
from antiphon.events.records import encode
from antiphon.live import measures
from antiphon.model import Progress, now_ms
from antiphon.store import Store, StoreUnavailableError, open_store
from antiphon.store.schema import PROGRESS, WORKERS
from antiphon.web import push, tokens
from antiphon.web.push import Push

pytestmark = pytest.mark.slow

SECRET = "a secret of these tests"
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Server:
    """The push process as it is served, and the store and the log that it shares with us."""

    port: int
    store: Store
    log: EventLog
    process: subprocess.Popen[bytes]

    def token(self, user_id: str) -> str:
        return tokens.push_token(user_id, tokens.signing_secret(self.store))

    @contextmanager
    def get(self, path: str) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request("GET", path)
            with connection.getresponse() as response:
                yield response

    def answered(self, user_id: str, version: str, accepted_at: int = 0) -> None:
        changed = AnswerChanged(
            user_id=user_id,
            surface="next",
            version=version,
            event=f"event of {version}",
            accepted_at=accepted_at,
        )
        self.log.append(Topic.RECOMMENDATIONS, user_id, [encode(changed)])

    @contextmanager
    def page(self, user_id: str) -> Iterator[http.client.HTTPResponse]:
        """Open the stream of a listener's events, read as far as its greeting."""
        with self.get(f"/events?token={self.token(user_id)}") as response:
            assert response.status == 200
            assert response.readline() == b"retry: 2000\n"
            assert response.readline() == b"\n"
            yield response


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("push")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"ANTIPHON_DATA": str(data), "ANTIPHON_PUSH_PORT": str(port)}
    command = [sys.executable, "-m", "antiphon", "serve", "push"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    store = open_store(f"sqlite:///{data / 'antiphon.db'}")
    server = Server(port, store, open_event_log("local:", store), process)
    try:
        until(lambda: is_up(server))
        yield server
    finally:
        process.terminate()
        process.wait(15)
        store.close()


def is_up(server: Server) -> bool:
    try:
        with server.get("/healthz") as response:
            return response.read() == b"ok"
    except OSError:
        return False


def until(happens: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def next_event(page: http.client.HTTPResponse) -> tuple[str, Any]:
    """Read the next event of a stream: its name and its data."""
    lines = list(iter(page.readline, b"\n"))
    assert lines, "the stream has ended"
    fields = dict(line.decode().rstrip("\n").split(": ", 1) for line in lines)
    return fields["event"], msgspec.json.decode(fields["data"])


def answer_of(version: str) -> tuple[str, dict[str, str]]:
    return "answer", {"surface": "next", "version": version, "event": f"event of {version}"}


def test_an_answer_reaches_its_listeners_pages_within_a_second_and_nobody_elses(
    server: Server,
) -> None:
    with server.page("ann") as one, server.page("ann") as other, server.page("ben") as bens:
        assert one.headers["Content-Type"] == "text/event-stream"
        assert one.headers["Cache-Control"] == "no-store"
        appended_at = time.monotonic()
        server.answered("ann", "e1")
        for page in (one, other):
            assert next_event(page) == answer_of("e1")
        assert time.monotonic() - appended_at < 1
        server.answered("ben", "b1")
        assert next_event(bens) == answer_of("b1")


def test_the_progress_of_work_in_the_background_reaches_everybody(server: Server) -> None:
    work = Progress(id="scan", phase="looking for music", done=3, started_at=1, changed_at=2)
    with server.page("ann") as anns, server.page("ben") as bens:
        server.store.put(PROGRESS, work)
        for page in (anns, bens):
            event, data = next_event(page)
            assert event == "progress"
            assert data == {"scan": msgspec.to_builtins(work), "analysis": None}
        server.store.delete_many(PROGRESS, ["scan"])
        assert next_event(anns) == ("progress", {"scan": None, "analysis": None})


def test_an_unreadable_event_is_passed_over(server: Server) -> None:
    with server.page("ann") as page:
        server.log.append(Topic.RECOMMENDATIONS, "ann", [b"not json"])
        time.sleep(0.2)
        server.answered("ann", "e2")
        assert next_event(page) == answer_of("e2")


@pytest.mark.parametrize("query", ["", "?token=", "?token=forged", "?token=%00%ff"])
def test_nobody_gets_in_without_a_token_of_ours(server: Server, query: str) -> None:
    with server.get(f"/events{query}") as response:
        assert response.status == 401
        assert b"ask for a session" in response.read()


def test_a_token_for_something_else_or_signed_by_somebody_else_is_refused(server: Server) -> None:
    secret = tokens.signing_secret(server.store)
    elsewhere = str(URLSafeTimedSerializer(secret, salt="elsewhere").dumps("ann"))
    for token in (elsewhere, tokens.push_token("ann", "another secret")):
        with server.get(f"/events?token={token}") as response:
            assert response.status == 401


def test_a_token_grows_old(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    past = time.time() - tokens.VALID_FOR_S - 2
    with monkeypatch.context() as then:
        then.setattr(time, "time", lambda: past)
        token = server.token("ann")
    with server.get(f"/events?token={token}") as response:
        assert response.status == 401


def test_everything_else_is_not_found(server: Server) -> None:
    for path in ("/", "/event", "/events/"):
        with server.get(path) as response:
            assert response.status == 404


@dataclass
class Connection:
    """A page's connection as an ASGI server would hold it: read at will, gone at will."""

    application: Push
    user_id: str
    sent: list[dict[str, Any]] = field(default_factory=list)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None:
        token = tokens.push_token(self.user_id, SECRET)
        query = f"token={token}".encode()
        scope = {"type": "http", "method": "GET", "path": "/events", "query_string": query}
        await self.application(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        await self.reads.wait()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


@pytest.fixture
def application(store: Store) -> Push:
    return Push(store, open_event_log("local:", store), SECRET)


@contextmanager
def _alive(application: Push) -> Iterator[Callable[[], Awaitable[None]]]:
    """Let the application begin and end as a server does."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    task = asyncio.ensure_future(application({"type": "lifespan"}, inbox.get, outbox.put))

    async def started() -> None:
        await inbox.put({"type": "lifespan.startup"})
        assert await outbox.get() == {"type": "lifespan.startup.complete"}

    yield started
    inbox.put_nowait({"type": "lifespan.shutdown"})
    task.add_done_callback(lambda done: done.result())


async def _when(happens: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not happens():
            await asyncio.sleep(0.005)


def test_a_quiet_stream_sends_a_heartbeat(
    application: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "HEARTBEAT_S", 0.02)

    async def story() -> None:
        page = Connection(application, "ann")
        page.reads.set()
        stream = asyncio.ensure_future(page.open())
        await _when(lambda: page.text.count(": still here\n\n") >= 3)
        page.gone.set()
        await asyncio.wait_for(stream, 5)

    asyncio.run(story())


def test_a_page_that_goes_away_is_forgotten(application: Push) -> None:
    async def story() -> None:
        pages = [Connection(application, user) for user in ("ann", "ann", "ben")]
        streams = [asyncio.ensure_future(page.open()) for page in pages]
        for page in pages:
            page.reads.set()
        await _when(lambda: all(page.text for page in pages))
        assert {user: len(open_) for user, open_ in application._pages.items()} == {
            "ann": 2,
            "ben": 1,
        }
        pages[0].gone.set()
        await asyncio.wait_for(streams[0], 5)
        assert len(application._pages["ann"]) == 1
        for page, stream in zip(pages[1:], streams[1:], strict=True):
            page.gone.set()
            await asyncio.wait_for(stream, 5)
        assert not application._pages

    asyncio.run(story())


def test_a_page_that_does_not_read_is_cut_off_and_keeps_little(
    application: Push, store: Store
) -> None:
    log = open_event_log("local:", store)

    async def story() -> None:
        with _alive(application) as started:
            await started()
            deaf, listening = Connection(application, "ann"), Connection(application, "ann")
            listening.reads.set()
            streams = [asyncio.ensure_future(page.open()) for page in (deaf, listening)]
            await _when(lambda: deaf.sent and listening.text)
            for number in range(2 * push.QUEUE_SIZE):
                changed = AnswerChanged(user_id="ann", surface="next", version=f"e{number}")
                log.append(Topic.RECOMMENDATIONS, "ann", [encode(changed)])
                await _when(lambda seen=f'"e{number}"': seen in listening.text)
            deaf.reads.set()
            await asyncio.wait_for(streams[0], 5)
            assert deaf.sent[-1] == {
                "type": "http.response.body",
                "body": b"",
                "more_body": False,
            }
            assert deaf.text.count("event: answer") < push.QUEUE_SIZE
            listening.gone.set()
            await asyncio.wait_for(streams[1], 5)

    asyncio.run(story())


def test_what_happens_while_the_store_is_away_for_a_moment_reaches_the_page(
    application: Push, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PROGRESS_EVERY_S", 0.05)
    get_many, is_away, failures = store.get_many, threading.Event(), []

    def get_many_or_fail(*args: Any) -> Any:
        if is_away.is_set():
            failures.append(args)
            raise StoreUnavailableError("nobody answers")
        return get_many(*args)

    monkeypatch.setattr(store, "get_many", get_many_or_fail)
    log = open_event_log("local:", store)
    changed = AnswerChanged(user_id="ann", surface="next", version="e1")

    async def story() -> None:
        with _alive(application) as started:
            await started()
            page = Connection(application, "ann")
            page.reads.set()
            stream = asyncio.ensure_future(page.open())
            await _when(lambda: page.text)
            is_away.set()
            await _when(lambda: failures)
            log.append(Topic.RECOMMENDATIONS, "ann", [encode(changed)])
            is_away.clear()
            await _when(lambda: '"e1"' in page.text)
            page.gone.set()
            await asyncio.wait_for(stream, 5)

    asyncio.run(story())


def test_an_error_nobody_foresaw_does_not_end_the_pushes(
    application: Push, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_RETRY_S", 0.01)
    failed = []

    decode = push.decode

    def fail_once(*args: Any) -> Any:
        if not failed:
            failed.append(args)
            raise ZeroDivisionError
        return decode(*args)

    monkeypatch.setattr(push, "decode", fail_once)
    log = open_event_log("local:", store)
    changed = encode(AnswerChanged(user_id="ann", surface="next", version="e1"))

    async def story() -> None:
        with _alive(application) as started:
            await started()
            page = Connection(application, "ann")
            page.reads.set()
            stream = asyncio.ensure_future(page.open())

            def heard() -> bool:
                log.append(Topic.RECOMMENDATIONS, "ann", [changed])
                # Told that something may have been missed, and then what happens.
                return '"version":""' in page.text and '"version":"e1"' in page.text

            await _when(heard)
            page.gone.set()
            await asyncio.wait_for(stream, 5)

    asyncio.run(story())
    assert failed


def test_the_push_process_tells_of_itself_in_the_metrics(
    application: Push, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "KEEP_EVERY_S", 0.02)
    log = open_event_log("local:", store)
    counted, summed = lag("count"), lag("sum")

    async def story() -> None:
        with _alive(application) as started:
            await started()
            page = Connection(application, "ann")
            page.reads.set()
            stream = asyncio.ensure_future(page.open())
            await _when(lambda: page.text)
            changed = AnswerChanged(
                user_id="ann", surface="next", version="e1", accepted_at=now_ms() - 200
            )
            log.append(Topic.RECOMMENDATIONS, "ann", [encode(changed)])
            await _when(lambda: '"e1"' in page.text)
            await _when(lambda: "antiphon_push_pages 1.0" in kept(store))
            assert lag("count") == counted + 1
            assert 0.2 <= lag("sum") - summed < PATIENCE_S
            page.gone.set()
            await asyncio.wait_for(stream, 5)

    asyncio.run(story())


def lag(what: str) -> float:
    return measures.PUSH.get_sample_value(f"antiphon_push_lag_seconds_{what}") or 0.0


def kept(store: Store) -> str:
    return "".join(worker.metrics for worker in store.find(WORKERS))


def test_open_pages_do_not_keep_the_server_from_stopping(server: Server) -> None:
    with server.page("ann") as page:
        asked_at = time.monotonic()
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - asked_at < 4
        with suppress(http.client.IncompleteRead):
            page.read()
