"""The report: what came of what was recommended, to oneself; to everybody for admins."""

from collections.abc import Callable
from typing import Any

import pytest

from browser import Browser, ended


@pytest.fixture
def hear(settle: Callable[[], None]) -> Callable[..., None]:
    """Ask for what is next, and end its first tracks as told."""

    def hear(browser: Browser, *reasons: str) -> None:
        sent = browser.get("/answers/next?limit=5")
        source = {"kind": "recommendation", "answer": sent["version"]}
        events = [
            ended(item["track"]["id"], 200_000 if reason == "completed" else 2_000, reason)
            | {"source": source}
            for item, reason in zip(sent["items"], reasons, strict=False)
        ]
        browser.call("POST", "/events", {"events": events}, expect=202)
        settle()

    return hear


def counts(outcome: dict[str, Any]) -> tuple[int, int, int]:
    return outcome["shown"], outcome["listens"], outcome["skips"]


def test_a_listener_sees_how_often_they_skip_what_was_recommended(
    ann: Browser, hear: Callable[..., None]
) -> None:
    hear(ann, "completed", "skipped", "completed", "skipped")
    report = ann.get("/report")
    assert report["user_id"] == ann.user_id
    assert counts(report["overall"]) == (5, 4, 2)
    rate = report["overall"]["skip_rate"]
    assert rate["value"] == 0.5
    assert 0 <= rate["low"] < 0.5 < rate["high"] <= 1
    assert [one["surface"] for one in report["surfaces"]] == ["next"]


def test_another_listeners_skips_are_not_in_it_but_in_that_of_everybody(
    ann: Browser, admin: Browser, log_in: Callable[..., Browser], hear: Callable[..., None]
) -> None:
    hear(ann, "skipped")
    hear(log_in("ben"), "completed")
    assert counts(ann.get("/report")["overall"])[1:] == (1, 1)
    assert counts(admin.get("/report/overall")["overall"])[1:] == (2, 1)
    ann.get("/report/overall", expect=403)


def test_the_report_on_everybody_is_not_worked_out_for_every_look(
    ann: Browser, admin: Browser, hear: Callable[..., None]
) -> None:
    before = admin.get("/report/overall?days=7")
    hear(ann, "skipped")
    assert admin.get("/report/overall?days=7") == before


@pytest.mark.parametrize("days", ["0", "366", "-1", "week"])
def test_a_report_is_of_a_day_to_a_year(ann: Browser, days: str) -> None:
    ann.get(f"/report?days={days}", expect=422)
