"""How well nearness by sound finds what belongs together, in a folder of music.

The first-level folders of `--music` are the albums: those with at least ALBUM tracks of 20 s or
more count. Folders of sound effects are left out, and all but one of several recordings that are
the same (as long to 2 s, and nearer than SAME_SOUND). Measured is, with 95 % bootstrap intervals
(albums drawn with replacement, 1,000 times, fixed seed):

- `same_album_p5`: each track asks for the five nearest of all the other tracks; how many of the
  five are of its album, on average over tracks. Of each track one excerpt, as `hear` takes it.
- `same_artist_p5`: the same for the artist in the tags, for tracks whose artist made at least five
  others. The artists of this music are each on one album, so that no album can be left out; what
  makes it hard are the other artists of the same album. Its tags name hardly a genre: precision by
  genre is measured by `antiphon evaluate fma`.
- `same_track_r1`: 30 s around a track's last quarter ask for the nearest of the 30 s around every
  track's first quarter; how often that is the same track (tracks of 60 s or more).

Ways to compare tracks: single feature sets, z-scored, clipped at three sigmas, by cosine; and the
product's nearness (`taste/metric.py`). The figures are cross-fitted: the packages are two folds,
those in DEVELOPMENT and the others; of GRID (sets, their weights, axes, whitening) the way with the
best `same_album_p5` in one fold is measured in the other, where all the tracks of that fold are
looked through. Means and axes are learned on the measured tracks, as the product learns them on a
user's library; no label is looked at for that.

The value of each figure is that of the other packages ("unseen"): the columns of `summary/1`, and
what is in GRID, were found with those in DEVELOPMENT, whose figures are therefore not free of
peeking. Printed beside it are both folds together, and all packages in one pool: the nearest are
the easier to find the fewer tracks are looked through.

The music measured here is that of Debian's free games (`docs/features.md` has the figures):

    apt-get download singularity-music hyperrogue-music marsshooter-data wesnoth-1.16-music \
        warzone2100-music hedgewars-data flare-game fillets-ng-data plee-the-bear-data \
        starfighter-data extremetuxracer-data naev-data supertux-data supertuxkart-data \
        widelands-data ufoai-music \
        drascula-music colobot-common-sounds unknown-horizons ardentryst warmux-data \
        planetblupi-music-ogg pushover-data enigma-data megaglest-data trackballs-data \
        adonthell-data amoebax-data neverball-common openclonk-data freedroidrpg-data lugaru-data \
        freedink-data boswars-data nexuiz-music
    for package in *.deb; do dpkg -x "$package" "music/${package%%_*}"; done

and the sound in `ufoai-music` and `nexuiz-music` is in `*.pk3`, which `unzip` opens. `--quick`
takes six tracks of each of six albums. `--cache FOLDER` keeps the features for the next time.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import joblib
import mutagen
import numpy as np
import soundfile
from numpy.typing import NDArray

from antiphon.audio.errors import SoundError
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.hearing import hear
from antiphon.audio.musicnn import available
from antiphon.audio.plan import Plan
from antiphon.settings import load
from antiphon.taste.metric import RECIPES, Recipe, learn, unit

Array = NDArray[np.float32]
Labels = NDArray[np.str_]

DEVELOPMENT = frozenset(
    (
        *("asc-music", "btanks-data", "extremetuxracer-data", "fillets-ng-data", "flare-game"),
        *("gunroar-data", "hedgewars-data", "hyperrogue-music", "lincity-ng-data", "mu-cade-data"),
        *("marsshooter-data", "noiz2sa-data", "parsec47-data", "plee-the-bear-data", "xmoto-data"),
        *("singularity-music", "starfighter-data", "warzone2100-music", "wesnoth-1.16-music"),
    )
)
GOALS = {"same_album_p5": 0.42, "same_artist_p5": None, "same_track_r1": None}
SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav"}
EFFECTS = re.compile(
    r"sounds?|sfx|speech|wav|effects|voices?|ambience|dialogs?|units", re.IGNORECASE
)
SHORTEST_S, TWO_PLACES_S, EXCERPT_S = 20.0, 60.0, 30.0
ALBUM, NEAREST = 6, 5
SAME_SOUND, SAME_LENGTH_S = 0.95, 2.0
DRAWS = 1000
PRODUCT = ("musicnn/1", "summary/1")
SETS = ("mfcc100/1", "fma518/1", *PRODUCT, "tags/1")


class Part(NamedTuple):
    """Some columns of a set, how they are compared, and how much they count."""

    name: str
    recipe: Recipe = Recipe()
    weight: float = 1.0
    columns: slice = slice(None)


Way = tuple[Part, ...]
WAYS: dict[str, Way] = {
    **{name: (Part(name),) for name in SETS},
    "musicnn/1 MSD": (Part("musicnn/1", columns=slice(0, 200)),),
    "musicnn/1 MTT": (Part("musicnn/1", columns=slice(200, 400)),),
    "product": tuple(Part(name, RECIPES[name]) for name in PRODUCT),
}
_AXES = (None, 64)
GRID: tuple[Way, ...] = (
    *((Part("musicnn/1", Recipe(axes, power)),) for axes, power in product(_AXES, (0.0, 0.25))),
    *((Part("summary/1", Recipe(axes, power)),) for axes, power in product(_AXES, (0.0, 0.25))),
    *(
        (Part("musicnn/1", Recipe(axes, power)), Part("summary/1", Recipe(64, whitening), weight))
        for axes, power, whitening, weight in product(
            _AXES, (0.0, 0.25), (0.0, 0.25, 0.5), (0.5, 1.0)
        )
    ),
)


class Track(NamedTuple):
    """What is known of a track; its vectors are under the set's name and where it was heard."""

    path: str
    artist: str
    seconds: float
    vectors: dict[str, Array]

    @property
    def album(self) -> str:
        """Its first-level folder."""
        return Path(self.path).parts[0]


class Asked(NamedTuple):
    """What each asking track found, and its album."""

    shares: NDArray[np.float64]
    albums: Labels


class Figure(NamedTuple):
    """A share, its 95 % interval, and how many tracks asked."""

    value: float
    low: float
    high: float
    asked: int


def main() -> None:
    """Listen to the music, measure, print the figures."""
    options = _options()
    models = str(options.models or load().models)
    if not available(models):
        sys.exit(f"MusiCNN is not in {models}: 'antiphon models fetch' gets it, --models names it.")
    paths = chosen(options.music, quick=options.quick)
    listen_once = joblib.Memory(options.cache, verbose=0).cache(listen)
    tasks = (joblib.delayed(listen_once)(str(options.music), path, models) for path in paths)
    listened = zip(paths, joblib.Parallel(n_jobs=2)(tasks), strict=True)
    heard = [Track(path, *known) for path, known in listened if known is not None]
    tracks = of_albums(without_doubles(heard))
    folds = [
        [track for track in tracks if (track.album in DEVELOPMENT) is development]
        for development in (True, False)
    ]
    for name, fold in zip(("development", "unseen"), folds, strict=True):
        albums = Counter(track.album for track in fold)
        print(f"{name}: {len(albums)} albums, {len(fold)} tracks:", end=" ")
        print(", ".join(f"{album} {count}" for album, count in albums.most_common()))
    print(f"({len(paths)} files of 20 s or more)")
    results = compared(tracks, folds)
    for name, figures in results.items():
        print(f"\n{name}")
        for figure, of_pools in figures.items():
            print(f"  {figure:15}", *(f"{pool} {_shown(f)}" for pool, f in of_pools.items()))
    print(json.dumps({"bench": "content", "figures": _figures(results)}))


def compared(
    tracks: Sequence[Track], folds: Sequence[Sequence[Track]]
) -> dict[str, dict[str, dict[str, Figure | None]]]:
    """Return, for each way, each figure in both folds, in each alone, and in one pool."""
    best = [max(GRID, key=lambda way: _album_share(fold, way)) for fold in folds]
    for name, way in zip(("unseen", "development"), best, strict=True):
        print(f"for {name}, chosen on the other fold:", *map(_in_words, way), sep="\n  ")
    ways: dict[str, Sequence[Way]] = {name: (way, way) for name, way in WAYS.items()}
    ways["cross-fitted"] = best[::-1]
    results = {}
    for name, of_folds in ways.items():
        alone = [measured(fold, way) for fold, way in zip(folds, of_folds, strict=True)]
        # In one pool a way has to be the same for all: the product's stands for the cross-fitted.
        pool = measured(tracks, of_folds[0]) if name in WAYS else measured(tracks, WAYS["product"])
        results[name] = {
            figure: {
                "folds": interval(_together([each[figure] for each in alone])),
                "development": interval(alone[0][figure]),
                "unseen": interval(alone[1][figure]),
                "one pool": interval(pool[figure]),
            }
            for figure in GOALS
        }
    return results


def _album_share(tracks: Sequence[Track], way: Way) -> float:
    return float(measured(tracks, way)["same_album_p5"].shares.mean())


def _together(asked: Sequence[Asked]) -> Asked:
    return Asked(*(np.concatenate(each) for each in zip(*asked, strict=True)))


def _in_words(part: Part) -> str:
    axes, whitening = part.recipe.axes or "all", part.recipe.whitening
    return f"{part.name}: {axes} axes, whitening {whitening:g}, weight {part.weight:g}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--music", type=Path, required=True, help="its folders are the albums")
    parser.add_argument("--models", type=Path, help="the folder of MusiCNN's nets")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the features")
    parser.add_argument("--quick", action="store_true", help="six albums of six, done in 50 s")
    return parser.parse_args()


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return "nobody asks;"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}] of {figure.asked};"


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else round(figure.value, 3)


def _figures(results: Mapping[str, Mapping[str, Mapping[str, Figure | None]]]) -> dict[str, object]:
    return {
        name: {
            "value": _value(results["cross-fitted"][name]["unseen"]),
            "unit": "share",
            "goal": goal,
            "both_folds": _value(results["cross-fitted"][name]["folds"]),
            "one_pool": _value(results["product"][name]["one pool"]),
            "baseline": {
                way: {pool: _value(figure) for pool, figure in figures[name].items()}
                for way, figures in results.items()
                if way != "cross-fitted"
            },
        }
        for name, goal in GOALS.items()
    }


def chosen(music: Path, *, quick: bool = False) -> list[str]:
    """Return the paths below `music` that may be tracks of albums."""
    found: dict[str, list[str]] = {}
    for path in sorted(music.rglob("*")):
        below = path.relative_to(music)
        folders = below.parts[:-1]
        is_music = path.suffix.lower() in SUFFIXES and not any(map(EFFECTS.fullmatch, folders))
        if folders and is_music and not path.is_symlink() and _seconds(path) >= SHORTEST_S:
            found.setdefault(folders[0], []).append(str(below))
    albums = {album: paths for album, paths in found.items() if len(paths) >= ALBUM}
    if quick:
        some = [name for name in albums if name in DEVELOPMENT][:3]
        some += [name for name in albums if name not in DEVELOPMENT][:3]
        albums = {name: albums[name][:ALBUM] for name in some}
    return [path for paths in albums.values() for path in paths]


def _seconds(path: Path) -> float:
    try:
        return float(soundfile.info(path).duration)
    except soundfile.SoundFileError:
        return 0.0


def listen(music: str, path: str, models: str) -> tuple[str, float, dict[str, Array]] | None:
    """Return the artist, seconds and vectors of a track, None if it is silent.

    It is heard as the product does, and at two other stretches.
    """
    file = Path(music, path)
    try:
        whole = hear(file, Plan(sets=SETS, models=models))
    except SoundError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return None
    if whole.silent:
        return None
    seconds = whole.duration_ms / 1000
    vectors = dict(whole.vectors)
    if seconds >= TWO_PLACES_S:
        for place, part in (("first", 0.25), ("last", 0.75)):
            excerpt = _around(file, part * seconds)
            for name in SETS:
                vector = FEATURE_SETS[name].extract(excerpt, Plan(sets=SETS, models=models))
                vectors[f"{name} {place}"] = vector
    return _artist(file), seconds, vectors


def _around(file: Path, centre_s: float) -> Excerpt:
    """Return the half minute around a place in a file."""
    with soundfile.SoundFile(file) as sound:
        sound.seek(round((centre_s - EXCERPT_S / 2) * sound.samplerate))
        samples = sound.read(round(EXCERPT_S * sound.samplerate), dtype="float32", always_2d=True)
        return Excerpt(samples.mean(axis=1), sound.samplerate)


def _artist(file: Path) -> str:
    tags = mutagen.File(file, easy=True)
    names = tags.get("artist") if tags is not None and tags.tags is not None else None
    return names[0].strip().casefold() if names else ""


def without_doubles(tracks: Sequence[Track]) -> list[Track]:
    """Leave out every recording that an earlier one equals."""
    near = directions(tracks, WAYS["product"])
    near = near @ near.T
    kept: list[int] = []
    for row, track in enumerate(tracks):
        same = (
            near[row, other] > SAME_SOUND
            and abs(track.seconds - tracks[other].seconds) < SAME_LENGTH_S
            for other in kept
        )
        if not any(same):
            kept.append(row)
    return [tracks[row] for row in kept]


def of_albums(tracks: Sequence[Track]) -> list[Track]:
    """Keep the tracks of the albums that still have ALBUM of them."""
    counts = Counter(track.album for track in tracks)
    return [track for track in tracks if counts[track.album] >= ALBUM]


def measured(tracks: Sequence[Track], way: Way) -> dict[str, Asked]:
    """Return what tracks find that ask for their like, for each figure."""
    albums = np.array([track.album for track in tracks])
    artists = np.array([track.artist for track in tracks])
    vectors = directions(tracks, way)
    near = vectors @ vectors.T
    known = np.array([bool(artist) and (artists == artist).sum() > NEAREST for artist in artists])
    long = [track for track in tracks if f"{PRODUCT[0]} last" in track.vectors]
    both = directions(long, way, ("first", "last"))
    first = found_first(both[len(long) :] @ both[: len(long)].T)
    return {
        "same_album_p5": Asked(precision_at(near, albums, NEAREST), albums),
        "same_artist_p5": Asked(precision_at(near, artists, NEAREST)[known], albums[known]),
        "same_track_r1": Asked(first, np.array([track.album for track in long])),
    }


def directions(tracks: Sequence[Track], way: Way, places: Sequence[str] = ("",)) -> Array:
    """Return rows of length one: the tracks at the first place, then at the next."""
    blocks = []
    for part in way:
        keys = [f"{part.name} {place}".strip() for place in places]
        raw = np.stack([track.vectors[key] for key in keys for track in tracks])[:, part.columns]
        blocks.append(part.weight**0.5 * learn(raw, part.recipe).directions(raw))
    return unit(np.hstack(blocks).astype(np.float32))


def precision_at(near: Array, labels: Labels, count: int) -> NDArray[np.float64]:
    """Return for each track the share of its label among the `count` nearest others.

    Tracks that are equally near are taken in an order drawn by a fixed seed, so that no order of
    the tracks can stand for nearness.

    Raises:
        ValueError: a nearness is no number: it would sort as the nearest, or the farthest.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    near, labels = _numbers(near)[np.ix_(order, order)].copy(), labels[order]
    np.fill_diagonal(near, -np.inf)
    nearest = np.argsort(-near, axis=1, kind="stable")[:, :count]
    shares = (labels[nearest] == labels[:, np.newaxis]).mean(axis=1)
    return np.asarray(shares[np.argsort(order)], np.float64)


def found_first(near: Array) -> NDArray[np.float64]:
    """Return for each row 1 where its own column is nearer than all the others.

    Raises:
        ValueError: a nearness is no number.
    """
    others = _numbers(near).copy()
    np.fill_diagonal(others, -np.inf)
    return np.asarray(np.diagonal(near) > others.max(axis=1), np.float64)


def _numbers(near: Array) -> Array:
    if not np.isfinite(near).all():
        raise ValueError("some tracks have no finite nearness: nothing can be said of the others")
    return near


def interval(asked: Asked) -> Figure | None:
    """Return the mean and where it lies in 95 % of DRAWS with other albums of the same kind.

    None: nobody asked.
    """
    shares, albums = asked
    groups = [shares[albums == album] for album in np.unique(albums)]
    if not groups:
        return None
    chance = np.random.default_rng(0)
    draws = chance.integers(0, len(groups), (DRAWS, len(groups)))
    means = [np.concatenate([groups[group] for group in draw]).mean() for draw in draws]
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(float(shares.mean()), float(low), float(high), len(shares))


if __name__ == "__main__":
    main()
