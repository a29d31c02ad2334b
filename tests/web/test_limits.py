"""Who sends without end is told to wait; nobody else is."""

import uuid
from collections.abc import Callable
from typing import Any

from antiphon.model import now_ms
from antiphon.store import Store
from antiphon.store.schema import LOG_ENTRIES
from browser import Browser


def started(count: int) -> dict[str, list[dict[str, Any]]]:
    event = {"kind": "started", "track_id": "tr-calm11", "at": now_ms()}
    return {"events": [event | {"id": str(uuid.uuid4())} for _ in range(count)]}


def send(browser: Browser, count: int) -> Any:
    headers = {"X-CSRFToken": browser.csrf_token}
    return browser.client.post("/api/v1/events", json=started(count), headers=headers)


def test_a_listener_who_sends_a_thousand_events_a_second_is_told_to_wait_and_another_is_not(
    ann: Browser, log_in: Callable[..., Browser], store: Store
) -> None:
    ben = log_in("ben")
    assert [send(ann, 500).status_code for _ in range(2)] == [202, 202]
    refused = send(ann, 1)
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert "Send it again" in refused.json["detail"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert send(ben, 500).status_code == 202
    assert store.count(LOG_ENTRIES) == 1500


def test_the_controls_count_as_what_they_are(ann: Browser) -> None:
    send(ann, 500)
    send(ann, 499)
    ann.call("PUT", "/tracks/tr-calm11/feedback", {"value": "like"}, expect=202)
    ann.call("PATCH", "/preferences", {"private": True}, expect=429)


def test_who_has_to_wait_may_still_look(ann: Browser) -> None:
    send(ann, 500)
    send(ann, 500)
    ann.call("PUT", "/tracks/tr-calm11/feedback", {"value": "like"}, expect=429)
    ann.get("/preferences")
    ann.get("/history")
    ann.get("/answers/next")
