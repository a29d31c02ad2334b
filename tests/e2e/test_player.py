"""A newcomer's evening in a real browser: log in, search, listen, skip, and be answered."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from product import TRANSCODED, Product, log_in, wait_for

pytestmark = pytest.mark.e2e

# Where the sounding element is, in seconds; -1 while there is none.
_POSITION = "document.querySelector('audio[data-active=\"true\"]')?.currentTime ?? -1"


def play_something(page: Page) -> str:
    """Search, play the first track found, wait until it sounds; return its title."""
    page.get_by_test_id("search-input").fill("a")
    result = page.get_by_test_id("search-result").locator("[data-testid=play-track]").first
    if not result.count():
        result = page.locator("[data-testid=play-track]").first
    result.click()
    moves(page)
    return page.get_by_test_id("player-title").inner_text()


def moves(page: Page, beyond: float = 0.3) -> None:
    """Wait until the music plays: the position of the sounding element goes on."""
    wait_for(lambda: page.evaluate(_POSITION) > beyond, 15)


def next_up(page: Page) -> list[str]:
    """The ids of the upcoming answers, in order."""
    items = page.get_by_test_id("next-up").get_by_test_id("next-up-item")
    expect(items.first).to_be_visible()
    return [str(item.get_attribute("data-track-id")) for item in items.all()]


def test_a_wrong_password_is_refused_in_words(chromium: Browser, product: Product) -> None:
    context = chromium.new_context(base_url=product.url)
    page = context.new_page()
    log_in(page, product, "not the password")
    expect(page.get_by_text("There is no such name with this password.")).to_be_visible()
    expect(page.get_by_test_id("login-submit")).to_be_visible()
    context.close()


def test_the_home_page_greets_a_newcomer(page: Page) -> None:
    expect(page.get_by_test_id("learning")).to_have_text(re.compile("Still learning, from"))
    expect(page.get_by_test_id("row-card").first).to_be_visible()
    expect(page.get_by_test_id("reason").first).not_to_be_empty()


def test_what_is_searched_is_found_and_plays(page: Page, complaints: list[str]) -> None:
    title = play_something(page)
    assert title != "Nothing plays yet"
    expect(page.get_by_test_id("player-time")).not_to_have_text("0:00")
    assert complaints == []


def test_the_music_goes_on_while_one_looks_around(page: Page) -> None:
    title = play_something(page)
    page.evaluate("document.querySelector('audio[data-active=\"true\"]').dataset.mark = 'same'")
    for place in ("nav-albums", "nav-artists", "nav-home"):
        page.get_by_test_id(place).first.click()
    position = page.evaluate(_POSITION)
    moves(page, position + 0.3)
    assert page.get_by_test_id("player-title").inner_text() == title
    active = page.locator('audio[data-active="true"]')
    assert active.get_attribute("data-mark") == "same"


def test_space_pauses_and_arrows_seek_but_not_while_one_types(page: Page) -> None:
    play_something(page)
    page.get_by_test_id("nav-home").first.click()
    page.locator("body").press("ArrowRight")
    moves(page, 5)
    page.locator("body").press("Space")
    expect(page.get_by_test_id("player-play")).to_have_attribute("aria-label", "Play")
    page.get_by_test_id("search-input").press("Space")
    expect(page.get_by_test_id("player-play")).to_have_attribute("aria-label", "Play")


def test_the_needle_can_be_set_down_anywhere(page: Page) -> None:
    play_something(page)
    page.get_by_test_id("player-seek").fill("12")
    moves(page, 12.1)


def test_what_plays_shows_its_outline_and_how_it_sounds(page: Page) -> None:
    play_something(page)
    expect(page.get_by_test_id("waveform")).to_be_visible()
    page.get_by_test_id("queue-toggle").click()
    expect(page.get_by_test_id("sound")).to_contain_text(re.compile(r"−\d+\.\d LUFS"))


def test_what_a_browser_cannot_play_is_transcoded_and_can_be_sought(page: Page) -> None:
    page.get_by_test_id("search-input").fill(TRANSCODED)
    row = page.get_by_test_id("search-result").filter(has_text=TRANSCODED)
    row.get_by_test_id("play-track").click()
    moves(page)
    expect(page.get_by_test_id("player-title")).to_have_text(TRANSCODED)
    page.get_by_test_id("player-seek").fill("25")
    expect(page.get_by_test_id("player-time")).to_have_text(re.compile("0:2[6-9]"))


def test_skips_change_what_comes_next_at_once(page: Page) -> None:
    play_something(page)
    page.get_by_test_id("queue-toggle").click()
    before = next_up(page)
    page.get_by_test_id("player-next").click()
    kept = (before, before[1:])
    wait_for(lambda: next_up(page) not in kept, 5)
    expect(page.get_by_test_id("next-up").get_by_test_id("reason").first).not_to_be_empty()


def test_what_one_likes_is_kept(page: Page) -> None:
    title = play_something(page)
    like = page.get_by_test_id("like").first
    if like.get_attribute("aria-pressed") == "true":
        like.click()
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(500)
    page.goto("/")
    page.get_by_test_id("nav-liked").first.click()
    expect(page.get_by_test_id("track-row").filter(has_text=title)).to_be_visible()


def test_what_was_heard_is_in_the_history(page: Page) -> None:
    title = play_something(page)
    page.get_by_test_id("player-next").click()
    page.wait_for_timeout(1_000)
    page.get_by_test_id("nav-history").first.click()
    expect(page.get_by_test_id("track-row").filter(has_text=title).first).to_be_visible()


def test_a_playlist_is_made_and_filled(page: Page) -> None:
    page.get_by_test_id("nav-playlists").first.click()
    page.get_by_test_id("playlist-create").first.click()
    page.get_by_test_id("playlist-name").last.fill("Evening")
    page.get_by_test_id("playlist-save").click()
    expect(page.get_by_text("Evening").first).to_be_visible()
    page.get_by_test_id("nav-tracks").first.click()
    row = page.get_by_test_id("track-row").first
    row.hover()
    row.get_by_test_id("track-menu").click()
    page.get_by_role("menuitem", name=re.compile("playlist", re.IGNORECASE)).first.click()
    page.get_by_test_id("pick-playlist").filter(has_text="Evening").first.click()
    page.get_by_test_id("nav-playlists").first.click()
    card = page.get_by_test_id("playlist-card").filter(has_text="Evening").first
    expect(card).to_contain_text("1 track")


def test_the_queue_survives_a_reload(page: Page) -> None:
    title = play_something(page)
    page.wait_for_timeout(500)
    page.reload()
    expect(page.get_by_test_id("player-title")).to_have_text(title)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/albums", "/artists", "/tracks", "/playlists", "/history"])
def test_every_page_fits_a_small_phone(
    chromium: Browser, product: Product, path: str, scheme: str, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    page.wait_for_load_state("networkidle")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_a_hostile_title_is_only_text(page: Page, complaints: list[str]) -> None:
    page.goto("/search?q=<img src=x onerror=alert(1)>")
    page.wait_for_timeout(500)
    assert complaints == []
    assert page.locator("img[src=x]").count() == 0
