"""Plan the library: every track with its names, numbers and seed, before a note is made."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from antiphon.library.demo.names import ARTISTS, RELEASES, TITLES, VARIOUS, VERSES, Release
from antiphon.library.demo.styles import STYLES

LIBRARY_SIZE = sum(release.tracks for release in RELEASES)


@dataclass(frozen=True, kw_only=True)
class TrackPlan:
    """One track to be made; `seed` alone decides how its style is played by its artist."""

    release: Release
    title: str
    artist: str
    featured: str
    style: str
    track_no: int
    track_total: int
    disc_no: int
    date: str
    verse: tuple[str, ...]
    seed: tuple[int, ...]


def plan(seed: int, tracks: int = LIBRARY_SIZE) -> list[TrackPlan]:
    """Return the tracks in the order of making: every album's first, then every second.

    So the library is varied from the first minute, and smaller ones are too.

    Raises:
        ValueError: `tracks` is not between 1 and the size of the library.
    """
    if not 1 <= tracks <= LIBRARY_SIZE:
        raise ValueError(f"The demo library has 1 to {LIBRARY_SIZE} tracks, not {tracks}.")
    rng = np.random.default_rng(seed)
    titles = {style: iter(rng.permutation(TITLES[style]).tolist()) for style in STYLES}
    whole = [
        track
        for number, release in enumerate(RELEASES)
        for track in _album(number, release, titles, seed, rng)
    ]
    whole.sort(key=lambda track: (track.disc_no, track.track_no))
    return _with_totals(whole[:tracks])


def _album(
    number: int,
    release: Release,
    titles: dict[str, Iterator[str]],
    seed: int,
    rng: np.random.Generator,
) -> Iterator[TrackPlan]:
    date = f"{release.year}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
    per_disc = release.tracks // release.discs
    for index in range(release.tracks):
        style = release.style or list(STYLES)[index]
        artist = _artist(release, style, rng)
        yield TrackPlan(
            release=release,
            title=next(titles[style]),
            artist=artist,
            featured=_guest(artist, rng) if index == 2 and rng.random() < 0.5 else "",
            style=style,
            track_no=index % per_disc + 1,
            track_total=per_disc,
            disc_no=index // per_disc + 1,
            date=date,
            verse=VERSES[number % len(VERSES)] if style == "Folk" and index % 2 == 0 else (),
            seed=(seed, number, index),
        )


def _artist(release: Release, style: str, rng: np.random.Generator) -> str:
    if release.artist != VARIOUS:
        return release.artist
    at_home = [r.artist for r in RELEASES if r.style == style]
    return at_home[rng.integers(len(at_home))]


def _guest(artist: str, rng: np.random.Generator) -> str:
    others = [name for name in ARTISTS if name != artist]
    return others[rng.integers(len(others))]


def _with_totals(tracks: list[TrackPlan]) -> list[TrackPlan]:
    """Say how many tracks each disc has when the library was cut short."""
    totals = Counter((track.release, track.disc_no) for track in tracks)
    return [replace(t, track_total=totals[t.release, t.disc_no]) for t in tracks]
