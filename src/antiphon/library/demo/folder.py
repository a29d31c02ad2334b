"""Write the demo library into a folder, track by track, each file appearing whole."""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from antiphon.library.demo import covers
from antiphon.library.demo.catalogue import LIBRARY_SIZE, TrackPlan, plan
from antiphon.library.demo.compose import compose
from antiphon.library.demo.encode import encode
from antiphon.library.demo.instruments import RATE
from antiphon.library.demo.names import ARTISTS, VARIOUS, Release
from antiphon.library.demo.render import render
from antiphon.library.demo.spectral import loudness
from antiphon.library.demo.styles import STYLES

COMMENT = "Synthesised by Antiphon's demo library"
_REFERENCE_LUFS = -18.0  # ReplayGain 2.0
_README = """\
Antiphon's demo library

Everything in this folder is synthetic: the music was composed and synthesised by a program, the
covers were drawn by it, and the artists, albums and titles are invented. Any likeness to real ones
is chance. `antiphon demo` makes it again, the same for the same seed; it may be deleted.
"""


class _Task(NamedTuple):
    path: Path
    track: TrackPlan
    cover: bytes


def write(
    folder: Path,
    *,
    seed: int = 1,
    tracks: int = LIBRARY_SIZE,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the demo library and return its music files, in the order of making.

    The same seed makes the same files. A file that is already there is kept, so that an interrupted
    run carries on; a file being written has a name that begins with a dot. One run at a time.

    Args:
        folder: where to; it is made if need be.
        seed: which library, of all that there could be.
        tracks: how many.
        processes: how many to use; 1 works in this one.
        progress: called with (tracks there are, tracks in all) after every track.

    Raises:
        ValueError: `tracks` is more than there are names for, or none.
    """
    planned = {_path(folder, track): track for track in plan(seed, tracks)}
    folder.mkdir(parents=True, exist_ok=True)
    for abandoned in folder.rglob(".*.part"):
        abandoned.unlink()
    _put(folder / "README.txt", _README.encode())
    missing = {path: track for path, track in planned.items() if not path.exists()}
    kept = len(planned) - len(missing)
    for done, _ in enumerate(_made(_tasks(missing, seed), processes), kept + 1):
        if progress:
            progress(done, len(planned))
    return list(planned)


def _made(tasks: Iterable[_Task], processes: int) -> Iterator[Path]:
    if processes <= 1:
        yield from map(_write_track, tasks)
        return
    # Ctrl-C is for this process to hear: leaving the pool ends the others.
    deaf = (signal.SIGINT, signal.SIG_IGN)
    with multiprocessing.get_context("spawn").Pool(processes, signal.signal, deaf) as pool:
        others = iter(tasks)
        # The pool needs a second to start: the first track is there by then.
        yield from map(_write_track, islice(others, 1))
        yield from pool.imap_unordered(_write_track, others)


def _tasks(missing: dict[Path, TrackPlan], seed: int) -> Iterator[_Task]:
    """Draw each album's cover just before its first track is needed."""
    drawn: dict[Release, bytes] = {}
    for path, track in missing.items():
        if track.release not in drawn:
            drawn[track.release] = covers.draw(track.release, seed)
        yield _Task(path, track, drawn[track.release])


def _write_track(task: _Task) -> Path:
    path, track, cover = task
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (picture := path.with_name("cover.jpg")).exists():
        _put(picture, cover)
    rng = np.random.default_rng(track.seed)
    sound = render(compose(STYLES[track.style], ARTISTS[track.artist], rng), rng)
    lyrics = _lrc(track.verse, sound.shape[1] / RATE)
    described = tags(track) | _replay_gain(sound)
    if lyrics and track.release.suffix == "mp3":
        _put(path.with_suffix(".lrc"), lyrics.encode())
    elif lyrics:
        described["lyrics"] = lyrics
    unfinished = _unfinished(path)
    encode(sound, unfinished, track.release.suffix, described, cover)
    unfinished.replace(path)
    return path


def tags(track: TrackPlan) -> dict[str, str]:
    """Return what a track's file says about it, by FFmpeg's names."""
    release = track.release
    told = {
        "title": track.title,
        "artist": f"{track.artist} feat. {track.featured}" if track.featured else track.artist,
        "album": release.title,
        "album_artist": release.artist,
        "track": f"{track.track_no}/{track.track_total}",
        "disc": f"{track.disc_no}/{release.discs}",
        "date": track.date,
        "genre": "; ".join(STYLES[track.style].genres),
        "publisher": "Antiphon Demo",
        "comment": COMMENT,
    }
    return told | ({"compilation": "1"} if release.artist == VARIOUS else {})


def _replay_gain(sound: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> dict[str, str]:
    return {
        "REPLAYGAIN_TRACK_GAIN": f"{_REFERENCE_LUFS - loudness(sound):.2f} dB",
        "REPLAYGAIN_TRACK_PEAK": f"{np.abs(sound).max():.6f}",
    }


def _lrc(verse: tuple[str, ...], length_s: float) -> str:
    """Spread the lines evenly over the piece, as LRC."""
    moments = np.linspace(0.15, 0.8, len(verse)) * length_s
    return "\n".join(
        f"[{int(at // 60):02}:{at % 60:05.2f}]{line}"
        for at, line in zip(moments, verse, strict=True)
    )


def _path(folder: Path, track: TrackPlan) -> Path:
    release = track.release
    disc = f"{track.disc_no}-" if release.discs > 1 else ""
    name = f"{disc}{track.track_no:02} {track.title}.{release.suffix}"
    return folder / _safe(release.artist) / _safe(release.title) / _safe(name)


def _safe(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|]', "_", name)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{os.getpid()}.{path.name}.part")


def _put(path: Path, content: bytes) -> None:
    unfinished = _unfinished(path)
    unfinished.write_bytes(content)
    unfinished.replace(path)
