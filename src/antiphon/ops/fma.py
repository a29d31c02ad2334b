"""The Free Music Archive in an instance: its features kept in the store, its benchmark run."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.plan import Plan
from antiphon.compute import Compute
from antiphon.evaluation.genres import GenreScore, Labelled, classify
from antiphon.library.fma import ArchiveError, tables
from antiphon.library.fma.describe import track_id
from antiphon.library.fma.importing import audio_files
from antiphon.model import Features, now_ms
from antiphon.ops.listening import listen
from antiphon.store import Store
from antiphon.store.schema import FEATURES, TRACKS

# The set whose numbers features.csv has.
PUBLISHED = "fma518/1"
SPLITS = ("training", "validation", "test")
# Each subset holds those before it; `set.subset` names the smallest that a track is in.
_SUBSETS = ("small", "medium", "large", "full")
_COLUMNS = ("set.split", "set.subset", "track.genre_top")
_BATCH = 1000
_log = logging.getLogger(__name__)

Vector = NDArray[np.float32]
Vectors = Iterable[tuple[str, Vector]]
# Called with how much is done, of how much (0: nobody knows).
OnProgress = Callable[[int, int], None]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Benchmark:
    """What the benchmark measured, on how many tracks of each split; `without` had no features."""

    score: GenreScore
    columns: int
    tracks: dict[str, int]
    without: int


def published(folder: Path) -> Iterator[tuple[str, Vector]]:
    """Yield the id of each track in features.csv, and its numbers.

    Raises:
        ArchiveError: there is no such table in or below the folder.
    """
    path = _features_table(folder)
    rows = tables.number_rows(path)
    next(rows)
    return ((track_id(number), _vector(cells, number, path)) for number, cells in rows)


def _vector(cells: Sequence[str], number: str, path: Path) -> Vector:
    try:
        return np.array(cells, np.float32)
    except ValueError as error:
        raise ArchiveError(f"{path} is damaged at track {number}: {error}.") from error


def keep_published(store: Store, folder: Path, on_progress: OnProgress) -> int:
    """Keep the published features of the tracks that are there as `fma518/1`; return how many.

    Raises:
        ArchiveError: there is no such table, or it has other columns.
    """
    columns = _published_columns(folder)
    order = [columns.index(name) for name in FEATURE_SETS[PUBLISHED].columns]
    kept = seen = 0
    for batch in _batches(published(folder), _BATCH):
        there = store.get_many(TRACKS, [id for id, _ in batch])
        found = [
            _features(id, vector[order])
            for id, vector in batch
            if id in there and not there[id].missing and np.isfinite(vector).all()
        ]
        store.put_many(FEATURES, found)
        kept += len(found)
        seen += len(batch)
        on_progress(seen, 0)
    return kept


def _features_table(folder: Path) -> Path:
    path = tables.metadata_folder(folder) / tables.FEATURES
    if not path.is_file():
        raise ArchiveError(f"There is no {path}: it is in fma_metadata.zip.")
    return path


def _published_columns(folder: Path) -> list[str]:
    path = _features_table(folder)
    _, names = next(tables.number_rows(path))
    columns = [name.replace(".", "_") for name in names]
    if lacking := set(FEATURE_SETS[PUBLISHED].columns) - set(columns):
        raise ArchiveError(f"{path} lacks {len(lacking)} columns, such as {min(lacking)}.")
    return columns


def _features(id: str, vector: Vector) -> Features:
    return Features(
        id=f"{id}:{PUBLISHED}",
        track_id=id,
        name=PUBLISHED,
        vector=vector.astype(FEATURE_SETS[PUBLISHED].dtype).tobytes(),
        at=now_ms(),
    )


def stored(store: Store, name: str, ids: Iterable[str]) -> Iterator[tuple[str, Vector]]:
    """Yield the kept features of one set of those of the tracks that have them."""
    for batch in _batches(ids, _BATCH):
        for one in store.get_many(FEATURES, [f"{id}:{name}" for id in batch]).values():
            yield one.track_id, np.frombuffer(one.vector, FEATURE_SETS[name].dtype)


def heard(
    compute: Compute, plan: Plan, folder: Path, ids: Iterable[str], on_progress: OnProgress
) -> Iterator[tuple[str, Vector]]:
    """Yield the features that the files of these tracks below a folder have, in no order."""
    wanted = set(ids)
    paths = {path: id for path, id in audio_files(folder) if id in wanted}
    outcomes = compute.map(partial(listen, plan), paths)
    for done, outcome in enumerate(outcomes, 1):
        on_progress(done, len(paths))
        if outcome.error:
            _log.warning("%s: %s", outcome.item, outcome.error)
        elif outcome.result is not None and outcome.result.vectors:
            yield paths[outcome.item], outcome.result.vectors[plan.sets[0]]


def labels(folder: Path, subset: str) -> dict[str, tuple[str, str]]:
    """Return the split and the top genre of each track of a subset; of one without it, none.

    Raises:
        ArchiveError: there are no tables, or no track of the subset in them.
    """
    within = _SUBSETS[: _SUBSETS.index(subset) + 1]
    path = tables.metadata_folder(folder) / tables.TRACKS
    found = {
        track_id(row["track_id"]): (row["set.split"], row["track.genre_top"])
        for row in tables.track_rows(path, _COLUMNS)
        if row and row["set.subset"] in within and row["track.genre_top"]
    }
    if not found:
        raise ArchiveError(f"{path} has no track of the subset {subset!r} with a genre.")
    return found


def benchmark(known: dict[str, tuple[str, str]], vectors: Vectors) -> Benchmark:
    """Tell the genres of the test split by these features, and say how well that went.

    Raises:
        ArchiveError: a split has no tracks with features.
    """
    usable = {id: v for id, v in vectors if id in known and np.isfinite(v).all()}
    ids = {name: [id for id in sorted(usable) if known[id][0] == name] for name in SPLITS}
    try:
        score = classify(*(_labelled(ids[name], known, usable) for name in SPLITS))
    except ValueError as error:
        raise ArchiveError(f"The benchmark cannot be run: {error}.") from error
    return Benchmark(
        score=score,
        columns=len(next(iter(usable.values()))),
        tracks={name: len(some) for name, some in ids.items()},
        without=sum(split in SPLITS for split, _ in known.values()) - sum(map(len, ids.values())),
    )


def _labelled(
    ids: list[str], known: dict[str, tuple[str, str]], vectors: dict[str, Vector]
) -> Labelled:
    rows = [vectors[id] for id in ids]
    return Labelled(np.array(rows, np.float32), [known[id][1] for id in ids])


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
