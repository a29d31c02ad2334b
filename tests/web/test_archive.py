"""What the API says of music from an archive: its licence, and where its genres stand."""

from msgspec.structs import replace

from antiphon.model import Genre, Origin
from antiphon.store import Store
from antiphon.store.schema import GENRES, TRACKS
from browser import Browser

ORIGIN = Origin(
    archive="Free Music Archive",
    url="https://example.org/food",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
)


def test_a_track_of_an_archive_says_whence_it_is_and_on_what_terms(
    ann: Browser, store: Store
) -> None:
    track = store.get(TRACKS, "tr-calm11")
    assert track
    store.put(TRACKS, replace(track, origin=ORIGIN))
    assert ann.get("/tracks/tr-calm11")["origin"] == {
        "archive": "Free Music Archive",
        "url": "https://example.org/food",
        "licence": "CC BY 4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
    }
    assert ann.get("/tracks/tr-calm12")["origin"] is None


def test_genres_say_which_one_is_above_them(ann: Browser, store: Store) -> None:
    store.put_many(GENRES, [Genre(id="Ambient", parent="Electronic"), Genre(id="Electronic")])
    parents = {genre["name"]: genre["parent"] for genre in ann.get("/genres")["items"]}
    assert parents == {"Ambient": "Electronic", "Metal": ""}


def test_genres_are_not_counted_for_every_page(ann: Browser) -> None:
    kept = ann.client.get("/api/v1/genres").cache_control
    assert (kept.max_age, kept.no_cache, kept.private) == (60, None, True)
