"""How fast a music folder becomes a catalogue, on a generated tree of small tagged files.

Measures, on this machine's disk, with the SQLite store and local processes:

- `first_scan_tracks_per_s`: tracks catalogued per second by the first scan of the tree;
- `rescan_files_per_s`: files looked at per second by a scan of the unchanged tree;
- `peak_rss_mb`: the most memory in use at once by the scan and all its processes, during both.

The tree: albums of ten tracks in folders `Artist/Album`, every third track FLAC, the rest MP3,
each with its own sound, tags and MusicBrainz ids, and a `cover.jpg` in each folder. Each scan runs
in a process of its own, as `antiphon scan` does. The page cache is as writing the tree left it.

Baselines, in the same run: reading the tags of every file with mutagen in one process, and nothing
else; `os.walk` with one `stat` a file.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import mutagen
import mutagen.flac
import mutagen.id3
import numpy as np
import psutil
import soundfile
from PIL import Image

GOALS = {"first_scan_tracks_per_s": 1200, "rescan_files_per_s": 50_000, "peak_rss_mb": 300}
GENRES = ("Rock", "Jazz", "Ambient", "House", "Folk", "Hip-Hop", "Metal", "Classical")
WORDS = (
    *("amber", "river", "stone", "glass", "north", "quiet"),
    *("silver", "garden", "echo", "winter", "paper", "harbour"),
)
ALBUM_TRACKS = 10
SOUND_S = 2.0
_SCAN = """
import sys, time
from pathlib import Path
from antiphon import wiring
from antiphon.library.scan import scan
from antiphon.settings import Settings
if __name__ == "__main__":
    services = wiring.open_services(Settings(data=Path(sys.argv[2])))
    started = time.perf_counter()
    report = scan(services.store, services.compute, [sys.argv[1]])
    print(time.perf_counter() - started, report.seen, report.read, report.failed)
"""


def main() -> None:
    """Make the tree, scan it twice, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true", help="2,000 tracks, done in 50 s")
    parser.add_argument("--folder", type=Path, help="where the tree is made (default: /tmp)")
    options = parser.parse_args()
    tracks = 2_000 if options.quick else options.tracks
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        music, data = Path(scratch, "music"), Path(scratch, "data")
        print(f"making {tracks} tracks …", flush=True)
        make_tree(music, tracks)
        files = sum(len(names) for _, _, names in os.walk(music))
        walk_s = min(timed_walk(music) for _ in range(3))
        mutagen_s = timed_mutagen(music)
        first, first_mb = scan(music, data)
        again, again_mb = min(
            (scan(music, data) for _ in range(3)), key=lambda run: run[0]["seconds"]
        )
    assert first["read"] == tracks, first
    assert again["read"] == 0, again
    values = {
        "first_scan_tracks_per_s": tracks / first["seconds"],
        "rescan_files_per_s": again["seen"] / again["seconds"],
        "peak_rss_mb": max(first_mb, again_mb),
    }
    baselines = {
        "first_scan_tracks_per_s": {"mutagen_alone_tracks_per_s": round(tracks / mutagen_s)},
        "rescan_files_per_s": {"walk_and_stat_files_per_s": round(files / walk_s)},
    }
    figures = {
        name: {
            "value": round(value, 1),
            "unit": "MB" if name == "peak_rss_mb" else "1/s",
            "goal": GOALS[name],
            "baseline": baselines.get(name),
        }
        for name, value in values.items()
    }
    print(f"{os.cpu_count()} cores")
    print(f"first scan: {mutagen_s / first['seconds']:.2f} times as fast as mutagen alone")
    print(f"rescan: {again['seconds'] / walk_s:.2f} times the time of the bare walk")
    print(json.dumps({"bench": "scan", "figures": figures}))


def make_tree(root: Path, tracks: int) -> None:
    """Write `tracks` small tagged files, each with a sound of its own."""
    chance = random.Random(1)
    sounds = {"mp3": _sound("MP3"), "flac": _sound("FLAC")}
    cover = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 60, 120)).save(cover, "JPEG")
    for number in range(tracks):
        album, track = divmod(number, ALBUM_TRACKS)
        artist = f"{WORDS[album // 3 % 12].title()} {WORDS[album // 36 % 12].title()} {album // 3}"
        title = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number}"
        folder = root / artist / f"Album {album} {WORDS[album % 12]}"
        if track == 0:
            folder.mkdir(parents=True)
            (folder / "cover.jpg").write_bytes(cover.getvalue())
        kind = "flac" if track % 3 == 2 else "mp3"
        path = folder / f"{track + 1:02} {title}.{kind}"
        path.write_bytes(_unlike_any_other(sounds[kind], number))
        _tag(path, title, artist, track + 1, album)


def _sound(kind: str) -> bytes:
    noise = np.random.default_rng(1).standard_normal(int(22_050 * SOUND_S)) * 0.05
    file = io.BytesIO()
    soundfile.write(file, noise, 22_050, format=kind)
    return file.getvalue()


def _unlike_any_other(sound: bytes, number: int) -> bytes:
    """Change some bytes in the last frames, where no header is, so that each track is another."""
    return sound[:-64] + number.to_bytes(8, "big") + sound[-56:]


def _tag(path: Path, title: str, artist: str, track: int, n: int) -> None:
    album = path.parent.name
    year, genre = str(1970 + n % 50), GENRES[n % len(GENRES)]
    if path.suffix == ".flac":
        file = mutagen.flac.FLAC(path)
        file.update(
            {"title": title, "artist": artist, "albumartist": artist, "album": album}
            | {"tracknumber": str(track), "date": year, "genre": genre}
            | {"musicbrainz_albumid": f"00000000-0000-4000-8000-{n:012}"}
        )
        file.save()
        return
    tags = mutagen.id3.ID3()
    for frame in (
        mutagen.id3.TIT2(3, [title]),
        mutagen.id3.TPE1(3, [artist]),
        mutagen.id3.TPE2(3, [artist]),
        mutagen.id3.TALB(3, [album]),
        mutagen.id3.TRCK(3, [f"{track}/{ALBUM_TRACKS}"]),
        mutagen.id3.TDRC(3, [year]),
        mutagen.id3.TCON(3, [genre]),
        mutagen.id3.TXXX(3, "MusicBrainz Album Id", [f"00000000-0000-4000-8000-{n:012}"]),
    ):
        tags.add(frame)
    tags.save(path)


def timed_walk(root: Path) -> float:
    """Return the seconds that a bare walk with one stat a file takes."""
    started = time.perf_counter()
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(folder, name))
    return time.perf_counter() - started


def timed_mutagen(root: Path) -> float:
    """Return the seconds that mutagen takes to read the tags of every track, one after another."""
    started = time.perf_counter()
    for path in root.rglob("*.*"):
        if path.suffix in {".mp3", ".flac"}:
            mutagen.File(path)
    return time.perf_counter() - started


def scan(music: Path, data: Path) -> tuple[dict[str, float], float]:
    """Scan in a process of its own; return what it says and the peak memory in MB."""
    script = data.parent / "run_scan.py"
    script.write_text(_SCAN)
    process = subprocess.Popen(
        [sys.executable, str(script), str(music), str(data)], stdout=subprocess.PIPE, text=True
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    out, _ = process.communicate()
    watcher.join()
    seconds, seen, read, failed = map(float, out.split()[-4:])
    result = {"seconds": seconds, "seen": seen, "read": read, "failed": failed}
    return result, peak[0]


def _watch(process: "subprocess.Popen[str]", peak: list[float]) -> None:
    while process.poll() is None:
        try:
            parent = psutil.Process(process.pid)
            family = [parent, *parent.children(recursive=True)]
            peak[0] = max(peak[0], sum(one.memory_info().rss for one in family) / 1e6)
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.02)


if __name__ == "__main__":
    main()
