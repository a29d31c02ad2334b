"""Open pages: each hears the pushes of its listener, tells events, and fetches what comes next.

One event loop carries all of them.
"""

import asyncio
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from antiphon.events import AnswerChanged, Topic, open_event_log
from antiphon.events.records import encode
from antiphon.model import now_ms
from antiphon.store import open_store
from served.processes import Instance
from served.wires import Keys, Stream, Wire, connected

WARM_S = 3.0
ANSWERED_WITHIN_S = 30.0


@dataclass
class Lateness:
    """Milliseconds from the telling of events until what it names."""

    accepted: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what was measured."""
        for spent in (self.accepted, self.heard, self.shown):
            spent.clear()


@dataclass
class Page:
    """A listener's page; `waiting` are events without an answer so far, with since when."""

    user_id: str
    headers: str
    wire: Wire
    lateness: Lateness = field(default_factory=Lateness)
    waiting: dict[str, float] = field(default_factory=dict)
    queue: list[str] = field(default_factory=list)
    answer: str = ""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fetch(self) -> None:
        """Fetch what comes next."""
        said = json.loads(await self.wire.ask("GET", "answers/next?limit=20", self.headers))
        self.queue = [item["track"]["id"] for item in said["items"]]
        self.answer = said["version"]

    async def tell(self, *, skipped: bool) -> None:
        """Report that the next track of the queue has ended."""
        began = time.perf_counter()
        # A page sends one thing after the other, so that they arrive in their order.
        async with self.sending:
            await self._send(skipped=skipped, began=began)
        self.lateness.accepted.append(1000 * (time.perf_counter() - began))

    async def _send(self, *, skipped: bool, began: float) -> None:
        if not self.queue:
            await self.fetch()
        id = str(uuid.uuid4())
        ended = {"reason": "completed", "played_ms": 200_000}
        if skipped:
            ended = {"reason": "skipped", "played_ms": 4000}
        event = {"id": id, "kind": "ended", "track_id": self.queue.pop(0), "at": now_ms(), **ended}
        event["source"] = {"kind": "recommendation", "answer": self.answer}
        self.waiting[id] = began
        body = json.dumps({"events": [event]}).encode()
        await self.wire.ask("POST", "events", self.headers, body)

    async def listen(self, stream: Stream) -> None:
        """Hear the pushes for ever; fetch each new answer, as a page does."""
        reader, writer = stream
        try:
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    said = json.loads(line[6:])
                    if said.get("surface") == "next":
                        await self._show(said.get("event") or said["version"])
        finally:
            writer.close()

    async def _show(self, event: str) -> None:
        answered = self._answered(event)
        now = time.perf_counter()
        self.lateness.heard += [1000 * (now - began) for began in answered]
        if answered:
            await self.fetch()
            now = time.perf_counter()
            self.lateness.shown += [1000 * (now - began) for began in answered]

    def _answered(self, event: str) -> list[float]:
        """Return since when it was waited for this answer: it answers what was told before, too."""
        if event not in self.waiting:
            return []
        told = list(self.waiting)
        return [self.waiting.pop(id) for id in told[: told.index(event) + 1]]


@dataclass
class Crowd:
    """Open pages of as many listeners."""

    pages: list[Page]
    wire: Wire
    lateness: Lateness
    listening: list[asyncio.Future[None]] = field(default_factory=list)

    async def act(self, per_s: float, seconds: float) -> None:
        """Let events happen at random, so many a second whatever becomes of them."""
        chance = random.Random(4)
        at = time.perf_counter()
        end = at + seconds
        telling = []
        while (at := at + chance.expovariate(per_s)) < end:
            if (early := at - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            page = chance.choice(self.pages)
            telling.append(asyncio.ensure_future(page.tell(skipped=chance.random() < 0.5)))
        await asyncio.gather(*telling)

    async def warm_up(self, per_s: float) -> None:
        """Have every listener heard once, one after the other, then some at that rate."""
        for page in self.pages:
            await page.tell(skipped=False)
            give_up_at = time.monotonic() + ANSWERED_WITHIN_S
            while page.waiting:
                await asyncio.sleep(0.001)
                if time.monotonic() > give_up_at:
                    raise SystemExit(f"{page.user_id} was never answered.")
        if per_s:
            await self.act(per_s, WARM_S)
            await self.settle()
        self.lateness.clear()

    async def close(self) -> None:
        """Close the pages."""
        for listening in self.listening:
            listening.cancel()
        await asyncio.gather(*self.listening, return_exceptions=True)
        self.wire.close()

    async def settle(self, within_s: float = ANSWERED_WITHIN_S) -> int:
        """Wait until everything is answered; return how many events are not, by then."""
        give_up_at = time.monotonic() + within_s
        while (
            left := sum(len(page.waiting) for page in self.pages)
        ) and time.monotonic() < give_up_at:
            await asyncio.sleep(0.05)
        return left


async def opened(keys: Keys, port: int, push_port: int, user_ids: Sequence[str]) -> Crowd:
    """Open a page for each listener."""
    wire, lateness = Wire(port), Lateness()
    await wire.open()
    pages = [Page(id, keys.headers(id), wire, lateness) for id in user_ids]
    crowd = Crowd(pages, wire, lateness)
    for page in pages:
        stream = await connected(keys, push_port, page.user_id)
        crowd.listening.append(asyncio.ensure_future(page.listen(stream)))
    return crowd


@asynccontextmanager
async def all_hear(
    keys: Keys, instance: Instance, user_id: str, pages: int
) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Open as many pages of one listener; yield what returns the seconds until all of them hear."""
    streams = [await connected(keys, instance.push_port, user_id) for _ in range(pages)]
    store = open_store(instance.engines.store)
    log = open_event_log(instance.engines.events, store)

    async def tell() -> float:
        version = uuid.uuid4().hex
        changed = AnswerChanged(user_id=user_id, surface="next", version=version)
        hearing = [asyncio.ensure_future(_hear(reader, version)) for reader, _ in streams]
        started = time.perf_counter()
        log.append(Topic.RECOMMENDATIONS, user_id, [encode(changed)])
        await asyncio.gather(*hearing)
        return time.perf_counter() - started

    try:
        yield tell
    finally:
        for _, writer in streams:
            writer.close()
        log.close()
        store.close()


async def _hear(reader: asyncio.StreamReader, version: str) -> None:
    while version.encode() not in await reader.readline():
        pass
