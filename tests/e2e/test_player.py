"""A newcomer's evening in a real browser: log in, search, listen, skip, and be answered."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from product import TRANSCODED, Product, log_in, wait_for

pytestmark = pytest.mark.e2e

# So many answers are compared: how many there are depends on what is queued by then.
IN_SIGHT = 10
_IDS = """(name) => [...document.querySelectorAll(`[data-testid="${name}"]`)]
  .map((item) => item.dataset.trackId)"""
# From the press of the button to the change that the listener sees.
_SKIP_AND_SEE = """() => new Promise((see) => {
  const list = document.querySelector('[data-testid="next-up"]');
  const ids = () => [...list.children].map((item) => item.dataset.trackId).join();
  const before = ids();
  const pressed = performance.now();
  const observer = new MutationObserver(() => {
    if (ids() === before) return;
    observer.disconnect();
    see(performance.now() - pressed);
  });
  observer.observe(list, { childList: true });
  document.querySelector('[data-testid="player-next"]').click();
})"""
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
    expect(page.get_by_test_id("next-up-item").first).to_be_visible()
    ids: list[str] = page.evaluate(_IDS, "next-up-item")
    return ids


def look_at_style(page: Page, style: str) -> None:
    """Go to the tracks of a style."""
    page.get_by_test_id("nav-tracks").click()
    page.get_by_test_id("filter-genre").select_option(style)
    expect(page.get_by_role("heading", name=style, exact=True)).to_be_visible()


def play_style(page: Page, style: str) -> None:
    """Play a style from its first track on, with the queue open."""
    look_at_style(page, style)
    page.get_by_test_id("track-row").first.get_by_test_id("play-track").click()
    moves(page)
    if page.get_by_test_id("queue").count() == 0:
        page.get_by_test_id("queue-toggle").click()


def skip_and_see(page: Page) -> float:
    """Skip what plays; return after how many milliseconds the answers on the page were others."""
    changed_after: float = page.evaluate(_SKIP_AND_SEE)
    return changed_after


def choose(page: Page, name: str) -> None:
    """Choose an item of the menu of what plays."""
    page.locator(".player-menu").get_by_role("button").click()
    page.get_by_role("menuitem", name=name).click()


def undo(page: Page, said: str, reply: str = "Undo") -> None:
    """Take back what a message on the page says was done."""
    toast = page.get_by_test_id("toast").filter(has_text=said)
    toast.get_by_role("button", name=reply, exact=True).click()
    expect(page.get_by_test_id("toast").filter(has_text="Taken back.")).to_be_visible()


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


def test_three_skips_of_a_style_are_said_and_taken_back_together(page: Page) -> None:
    play_style(page, "Ambient")
    before, note = next_up(page), page.get_by_test_id("note").inner_text()
    for _ in range(3):
        moves(page)
        skip_and_see(page)
    expect(page.get_by_test_id("note")).to_have_text(re.compile("You skipped (two|three)"))
    undo(page, "and 2 more: less like them.", "Undo all")
    expect(page.get_by_test_id("note")).to_have_text(note)
    wait_for(lambda: next_up(page)[:IN_SIGHT] == before[:IN_SIGHT], 5)


def test_the_slider_reaches_from_what_one_knows_to_what_is_new(page: Page) -> None:
    play_something(page)
    page.get_by_test_id("queue-toggle").click()
    before = next_up(page)
    slider = page.get_by_test_id("queue").get_by_test_id("discover")
    slider.focus()
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "Only what is new to you")
    wait_for(lambda: next_up(page) != before, 5)
    undo(page, "Only what is new to you.")
    expect(slider).to_have_attribute("aria-valuetext", "Some of both")


def test_an_artist_who_is_banned_is_gone_until_one_wants_them_again(page: Page) -> None:
    play_style(page, "Jazz")
    artist = page.locator(".player-artist a").first.inner_text()
    choose(page, f"Never play {artist}")
    rows = page.get_by_test_id("next-up-item").filter(has_text=artist)
    expect(rows).to_have_count(0)
    page.get_by_test_id("nav-you").click()
    banned = page.get_by_test_id("taste-item").filter(has_text=artist)
    banned.get_by_role("button", name="Play again").click()
    expect(banned).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("private")).to_be_visible()
    expect(banned).to_have_count(0)


def test_a_private_session_shows_and_leaves_no_trace(page: Page) -> None:
    page.get_by_test_id("nav-you").click()
    page.get_by_test_id("private").click()
    expect(page.get_by_test_id("private-banner")).to_be_visible()
    title = play_something(page)
    page.get_by_test_id("player-next").click()
    expect(page.get_by_test_id("toast").filter(has_text="Skipped")).to_have_count(0)
    page.get_by_test_id("end-private").click()
    expect(page.get_by_test_id("private-banner")).to_have_count(0)
    page.get_by_test_id("nav-history").click()
    page.wait_for_timeout(1_000)
    first = page.get_by_test_id("track-row").first
    assert not first.count() or title not in first.inner_text()


def test_a_reason_tells_the_whole_story(page: Page) -> None:
    title = play_something(page)
    page.get_by_test_id("like").click()
    page.get_by_test_id("queue-toggle").click()
    reason = page.get_by_test_id("reason").filter(has_text=f"{title}, which you like").first
    reason.click()
    why = page.get_by_test_id("why")
    expect(why.get_by_test_id("share").filter(has_text=title)).to_contain_text("%")
    why.get_by_role("button", name="Close").click()
    expect(why).to_have_count(0)
    page.get_by_test_id("like").click()


def test_a_listen_can_be_forgotten_and_brought_back(page: Page) -> None:
    title = play_something(page)
    page.get_by_test_id("player-next").click()
    moves(page)
    page.wait_for_timeout(500)
    page.get_by_test_id("nav-history").click()
    heard = page.get_by_test_id("track-row").filter(has_text=title).first
    heard.get_by_test_id("track-menu").click()
    page.get_by_test_id("forget-listen").click()
    expect(heard).to_contain_text("forgotten")
    undo(page, f"Forgotten: “{title}”.")
    expect(heard).not_to_contain_text("forgotten")


def test_a_radio_follows_a_skip_and_leaves_what_was_queued_by_hand(page: Page) -> None:
    look_at_style(page, "House")
    page.get_by_test_id("start-radio").click()
    moves(page)
    row = page.get_by_test_id("track-row").first
    row.get_by_test_id("track-menu").click()
    page.get_by_role("menuitem", name="Add to queue").click()
    page.get_by_test_id("queue-toggle").click()
    page.get_by_test_id("queue-fold").click()
    before = page.evaluate(_IDS, "up-next-item")
    page.get_by_test_id("player-next").click()
    wait_for(lambda: page.evaluate(_IDS, "up-next-item") not in (before, before[1:]), 5)
    assert before[-1] == row.get_attribute("data-track-id")
    assert before[-1] in page.evaluate(_IDS, "up-next-item")


def test_while_the_server_is_overwhelmed_the_music_goes_on_and_nothing_is_lost(page: Page) -> None:
    play_style(page, "Folk")
    title = page.get_by_test_id("player-title").inner_text()
    page.route("**/api/v1/answers/**", lambda route: route.abort())
    page.route(
        "**/api/v1/events", lambda route: route.fulfill(status=429, headers={"Retry-After": "1"})
    )
    page.get_by_test_id("player-next").click()
    expect(page.get_by_test_id("player-title")).not_to_have_text(title)
    moves(page)
    page.wait_for_timeout(1_500)
    expect(page.locator(".toast-trouble")).to_have_count(0)
    page.unroute_all()
    page.wait_for_timeout(1_500)
    page.get_by_test_id("nav-history").click()
    expect(page.get_by_test_id("track-row").filter(has_text=title).first).to_be_visible()


def test_smart_shuffle_plays_an_album_in_an_order_of_its_own(page: Page) -> None:
    page.get_by_test_id("nav-albums").click()
    page.get_by_test_id("album-card").first.locator("a").first.click()
    of_album = set(wait_for(lambda: page.evaluate(_IDS, "track-row")))
    page.get_by_test_id("smart-shuffle").click()
    moves(page)
    page.get_by_test_id("queue-toggle").click()
    assert set(page.evaluate(_IDS, "up-next-item")) < of_album


def test_the_report_says_how_often_what_was_recommended_was_skipped(page: Page) -> None:
    page.get_by_test_id("play-for-me").click()
    moves(page)
    page.get_by_test_id("player-next").click()
    page.wait_for_timeout(1_000)
    page.get_by_test_id("nav-you").click()
    page.get_by_test_id("to-report").click()
    table = page.get_by_test_id("report-table").first
    expect(table).to_contain_text("Chosen by Antiphon")
    expect(table).to_contain_text("%")


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
@pytest.mark.parametrize(
    "path",
    ["/", "/albums", "/artists", "/tracks", "/playlists", "/history", "/you", "/report"],
)
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
