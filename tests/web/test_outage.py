"""MongoDB is killed and comes back while listeners listen: nothing they were promised is lost."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.services import ServiceUnavailableError
from tests.services.mongo import Mongo, StartedMongo, own

from antiphon.model import now_ms
from antiphon.store import Store, open_store
from antiphon.store.schema import FAMILIARITIES, LISTENS
from browser import Browser

LISTENERS = ("ann", "ben", "cat")
# Choosing a server takes 2.5 s at most; the rest is for a machine that has other things to do.
ANSWERED_WITHIN_S = 6.0
# That a server hangs is noticed only by its silence, of some 4 s.
ANSWERED_BESIDE_A_HUNG_SERVER_WITHIN_S = 10.0


@pytest.fixture
def mongod(mongo: Mongo) -> Iterator[StartedMongo]:
    """A MongoDB of this test's own, as killing the common one would disturb the others."""
    try:
        with own() as started:
            yield started
    except ServiceUnavailableError as error:
        pytest.skip(f"{mongo.about} must not be stopped, and there is no other: {error}")


@pytest.fixture
def store(mongod: StartedMongo) -> Iterator[Store]:
    opened = open_store(mongod.database(f"test-{uuid.uuid4().hex}"))
    yield opened
    opened.close()


@dataclass
class Player:
    """A browser that tells every listen, again and again until it is told that it is safe.

    When it was refused it looks at an album page meanwhile.
    """

    browser: Browser
    stopped: threading.Event
    safe: list[str] = field(default_factory=list)
    refused: int = 0
    pages_refused: int = 0
    oddities: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    def play(self) -> None:
        while not self.stopped.is_set():
            id = str(uuid.uuid4())
            while not self.stopped.is_set():
                if self._tell(id):
                    self.safe.append(id)
                    break
                self.refused += 1
                self.pages_refused += not self._look()
                time.sleep(0.1)

    def _tell(self, id: str) -> bool:
        return self._is_answered(
            202,
            "POST",
            "/api/v1/events",
            json={"events": [_ended(id)]},
            headers={"X-CSRFToken": self.browser.csrf_token},
        )

    def _look(self) -> bool:
        return self._is_answered(200, "GET", "/api/v1/albums")

    def _is_answered(self, well: int, method: str, path: str, **how: Any) -> bool:
        started = time.monotonic()
        response = self.browser.client.open(path, method=method, **how)
        self.longest_s = max(self.longest_s, time.monotonic() - started)
        if response.status_code == well:
            return True
        what = (response.status_code, response.mimetype, "Retry-After" in response.headers)
        if what != (503, "application/problem+json", True):
            self.oddities.append(f"{method} {what}: {response.text}")
        return False


def _ended(id: str) -> dict[str, object]:
    listened = {"played_ms": 200_000, "reason": "completed", "at": now_ms()}
    return {"id": id, "kind": "ended", "track_id": "tr-calm11", **listened}


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lose", "times", "answered_within_s"),
    [
        (StartedMongo.kill, 2, ANSWERED_WITHIN_S),
        (StartedMongo.freeze, 1, ANSWERED_BESIDE_A_HUNG_SERVER_WITHIN_S),
    ],
    ids=["killed", "hung"],
)
def test_listens_outlive_the_loss_of_mongodb(
    mongod: StartedMongo,
    store: Store,
    log_in: Callable[..., Browser],
    settle: Callable[[], None],
    *,
    lose: Callable[[StartedMongo], None],
    times: int,
    answered_within_s: float,
) -> None:
    come_back = StartedMongo.start if lose is StartedMongo.kill else StartedMongo.thaw
    stopped = threading.Event()
    players = [Player(log_in(name), stopped) for name in LISTENERS]
    threads = [threading.Thread(target=player.play) for player in players]
    for thread in threads:
        thread.start()
    try:
        for _ in range(times):
            _wait_for_more(players, lambda player: len(player.safe), 10)
            lose(mongod)
            _wait_for_more(players, lambda player: player.refused, 2)
            come_back(mongod)
        _wait_for_more(players, lambda player: len(player.safe), 10)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    settle()

    assert [player.oddities for player in players] == [[]] * len(players)
    assert max(player.longest_s for player in players) < answered_within_s
    assert all(player.pages_refused for player in players)
    heard = Counter(listen.id for listen in store.find(LISTENS))
    for player in players:
        assert {f"{player.browser.user_id}:{id}" for id in player.safe} <= heard.keys()
    # An event that was not acknowledged may be there as well, as its answer was lost on the way.
    assert sum(known.plays for known in store.find(FAMILIARITIES)) == heard.total()
    assert store.check() == []


def _wait_for_more(players: list[Player], number: Callable[[Player], int], more: int) -> None:
    """Wait until each player has so many more of something."""
    before = [number(player) for player in players]
    _wait(
        lambda: all(
            number(player) >= had + more for player, had in zip(players, before, strict=True)
        )
    )
