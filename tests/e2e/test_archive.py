"""Music from an archive in a browser: attributed as its licence asks, whatever it is called."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.e2e

LICENCE = "https://creativecommons.org/licenses/by-nc-sa/3.0/"
HOSTILE = "<img src=x onerror=alert(1)>"


def say_of_tracks(page: Page, **said: Any) -> None:
    """Let the server's answers say this of every track that is searched for or asked for."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=json.dumps(_told(response.json(), said)))

    page.route("**/api/v1/search*", answer)


def _told(found: Any, said: dict[str, Any]) -> Any:
    if isinstance(found, list):
        return [_told(one, said) for one in found]
    if isinstance(found, dict):
        inner = {name: _told(one, said) for name, one in found.items()}
        return inner | said if "origin" in inner else inner
    return found


def play_one(page: Page) -> None:
    page.get_by_test_id("search-input").fill("a")
    page.get_by_test_id("search-result").locator("[data-testid=play-track]").first.click()
    page.get_by_test_id("queue-toggle").click()


def test_what_plays_names_its_licence_and_where_it_is_from(page: Page) -> None:
    page_there = "http://freemusicarchive.org/music/AWOL/Food"
    origin = {"archive": "Free Music Archive", "licence": "CC BY-NC-SA 3.0"}
    say_of_tracks(page, title="Food", origin=origin | {"url": page_there, "licence_url": LICENCE})
    play_one(page)
    licence = page.get_by_test_id("licence")
    expect(licence).to_have_text("CC BY-NC-SA 3.0 · Free Music Archive")
    for place in (licence, page.get_by_test_id("attribution")):
        links = {link.get_attribute("href") for link in place.locator("a").all()}
        assert links == {LICENCE, page_there}
    expect(page.get_by_test_id("attribution")).to_contain_text("“Food” by ")
    expect(page.get_by_test_id("attribution")).to_contain_text("from the Free Music Archive")


def test_what_an_archive_says_is_only_text_and_never_runs(
    page: Page, complaints: list[str]
) -> None:
    script = "javascript:alert(1)"
    origin = {"archive": HOSTILE, "url": script, "licence": HOSTILE, "licence_url": script}
    artists = [{"id": "ar-x", "name": HOSTILE}]
    say_of_tracks(page, title=HOSTILE, artists=artists, origin=origin)
    play_one(page)
    expect(page.get_by_test_id("licence")).to_have_text(f"{HOSTILE} · {HOSTILE}")
    expect(page.get_by_test_id("attribution")).to_contain_text(f"“{HOSTILE}” by {HOSTILE}")
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert complaints == []
