"""How fast music becomes numbers, and how that compares with decoding it and with librosa.

Measures, on clips of 30 s (`--data`: a folder of them, of which up to 100 are used; without it, one
of each style, with `--quick` two, that are composed and synthesised here and written as stereo MP3
of 256 kbit/s):

- `fma518_speedup`: the archive's own script, which calls librosa (`tests/audio/archive.py`, loading
  the file included), over our `fma518/1` with decoding;
- `summary_over_decode`: decoding, mono and `summary/1` together, over decoding alone by libsndfile
  (python-soundfile) to float32;
- `chain_clips_per_s_core`: clips a second through `hear`, which is all that a track goes through:
  decoding, loudness, true peak, silence, waveform, `summary/1`, tempo, key, and the embedding
  `musicnn/1` with `tags/1` on five patches;
- `chain_all_patches_clips_per_s_core`: the same with all of the embedding's patches (ten);
- `two_process_scaling`: the default chain through the local pool: two processes over one;
- `spark_over_local`: seconds for 1,000 clips by Spark on two cores of this machine over those by
  the local pool of two, both started before.

Each of the first four is a ratio, or a time, of the best of several runs of each clip, taken in
turns, in one process with one thread. The others are of throughput: every process has one thread.
The memory of the pool's processes is shown, and what a whole FMA-large (106,574 clips) would take.

`--soak 10000` listens to so many clips in one process and shows its memory as it goes on.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "audio")]

import av  # noqa: E402 - after the number of threads is said
import numpy as np  # noqa: E402
import psutil  # noqa: E402
import soundfile  # noqa: E402
from msgspec.structs import replace  # noqa: E402

from antiphon.audio.decode import Sound, decode  # noqa: E402
from antiphon.audio.excerpt import Excerpt  # noqa: E402
from antiphon.audio.features import FEATURE_SETS  # noqa: E402
from antiphon.audio.hearing import hear  # noqa: E402
from antiphon.audio.plan import ALL, Plan  # noqa: E402
from antiphon.compute import Compute, open_compute  # noqa: E402
from antiphon.ops import planning  # noqa: E402
from antiphon.ops.listening import listen  # noqa: E402
from antiphon.settings import load  # noqa: E402

GOALS = {
    "fma518_speedup": 5.0,
    "summary_over_decode": 1.5,
    "chain_clips_per_s_core": 4.0,
    "chain_all_patches_clips_per_s_core": 2.2,
    "two_process_scaling": 1.9,
    "spark_over_local": 1.15,
}
UNITS = dict.fromkeys(GOALS, "ratio") | {name: "1/s" for name in GOALS if "clips_per_s" in name}
FMA_LARGE = 106_574
CLUSTER_CORES = 64
CLIP_S = 30
# So many bytes that a file is none of the archive's 30 s clips.
_LARGEST_CLIP = 5 << 20

Work = Callable[[str], object]


def main() -> None:
    """Measure the clips, one process and several, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of 30 s clips (default: synthesised)")
    parser.add_argument("--quick", action="store_true", help="few clips, done in 50 s")
    parser.add_argument("--soak", type=int, metavar="N", help="only this: N clips in one process")
    options = parser.parse_args()
    plan = planning.plan(load())
    print(f"plan: {plan.name}; {os.cpu_count()} cores; {'quick' if options.quick else 'full'}")
    if planning.lacks_nets(load()):
        sys.exit("The chain is measured with the embedding: `antiphon models fetch` gets it.")
    with tempfile.TemporaryDirectory() as scratch:
        pieces = 2 if options.quick else 12
        folder = options.data or synthesised(Path(scratch), pieces)
        clips = [str(clip) for clip in clips_in(folder)]
        print(f"{len(clips)} clips from {options.data or 'our own composer'}")
        if options.soak:
            soak(plan, islice(cycle(clips), options.soak), options.soak)
            return
        values, baselines = on_one_core(plan, clips[: 2 if options.quick else 100], options.quick)
        values |= on_two_cores(plan, clips, 12 if options.quick else 1000)
    show(values)
    figures = {
        name: {
            "value": round(values[name], 3),
            "unit": UNITS[name],
            "goal": goal,
            "baseline": baselines.get(name),
        }
        for name, goal in GOALS.items()
    }
    print(json.dumps({"bench": "analyse", "figures": figures}))


def clips_in(folder: Path) -> list[Path]:
    """Return the first hundred clips in and below a folder."""
    found = sorted(path for path in folder.rglob("*.mp3") if path.stat().st_size <= _LARGEST_CLIP)
    if not found:
        sys.exit(f"There is no clip (*.mp3) in {folder}.")
    return found[:100]


def synthesised(folder: Path, count: int) -> Path:
    """Compose and play some pieces of different styles; write 30 s of each as MP3."""
    from antiphon.library.demo.compose import compose  # noqa: PLC0415 - only where it is wanted
    from antiphon.library.demo.folder import ARTISTS, plan  # noqa: PLC0415
    from antiphon.library.demo.render import RATE, render  # noqa: PLC0415
    from antiphon.library.demo.styles import STYLES  # noqa: PLC0415

    pieces = {piece.style: piece for piece in plan(1, 120)}.values()
    for number, piece in enumerate(islice(pieces, count)):
        chance = np.random.default_rng(piece.seed)
        sound = render(compose(STYLES[piece.style], ARTISTS[piece.artist], chance), chance)
        written(folder / f"{number}.mp3", np.resize(sound, (2, CLIP_S * RATE)), RATE)
    return folder


def written(path: Path, sound: np.ndarray, rate_hz: int) -> None:
    """Write stereo sound as MP3 of 256 kbit/s, as the archive's clips are."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libmp3lame", rate=rate_hz, layout="stereo", bit_rate=256_000)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", "stereo")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler("s16p", "stereo", rate_hz)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


def on_one_core(
    plan: Plan, clips: Sequence[str], quick: bool
) -> tuple[dict[str, float], dict[str, object]]:
    """Return the figures of one process, and what they were compared with."""
    import archive  # noqa: PLC0415 - loads librosa

    runs: dict[str, Work] = {
        "decode": lambda clip: soundfile.read(clip, dtype="float32"),
        "summary": partial(described, "summary/1"),
        "fma518": partial(described, "fma518/1"),
        "archive": archive.features,
        "chain": lambda clip: hear(clip, plan),
        "all patches": lambda clip: hear(clip, replace(plan, patches=ALL)),
    }
    took = best(runs, clips, times=2 if quick else 5)
    for name, seconds in took.items():
        print(f"{name:12} {1000 * seconds:7.1f} ms a clip")
    values = {
        "fma518_speedup": took["archive"] / took["fma518"],
        "summary_over_decode": took["summary"] / took["decode"],
        "chain_clips_per_s_core": 1 / took["chain"],
        "chain_all_patches_clips_per_s_core": 1 / took["all patches"],
    }
    baselines: dict[str, object] = {
        "fma518_speedup": {"archive_script_ms": round(1000 * took["archive"], 1)},
        "summary_over_decode": {"decode_alone_ms": round(1000 * took["decode"], 1)},
    }
    return values, baselines


def described(name: str, clip: str) -> object:
    """Decode a clip as the product does, and extract one feature set."""
    return FEATURE_SETS[name].extract(decode(clip, mono), Plan(sets=(name,)))


def mono(sound: Sound) -> Excerpt:
    """Return a whole sound as one channel."""
    average = np.full(sound.channels, 1 / sound.channels, np.float32)
    return Excerpt(np.concatenate([block @ average for block in sound.blocks()]), sound.rate_hz)


def best(runs: dict[str, Work], clips: Sequence[str], times: int) -> dict[str, float]:
    """Return the mean over the clips of the best of several runs of each; runs take turns."""
    for work in runs.values():
        work(clips[0])
    total = dict.fromkeys(runs, 0.0)
    for clip in clips:
        shortest = dict.fromkeys(runs, float("inf"))
        for _ in range(times):
            for name, work in runs.items():
                started = time.perf_counter()
                work(clip)
                shortest[name] = min(shortest[name], time.perf_counter() - started)
        for name, seconds in shortest.items():
            total[name] += seconds / len(clips)
    return total


def on_two_cores(plan: Plan, clips: Sequence[str], count: int) -> dict[str, float]:
    """Return the figures of the engines: each listens to `count` clips."""
    per_s: dict[str, float] = {}
    some = list(islice(cycle(clips), count))
    print(f"engines: {count} clips, of the default chain")
    if count < 1000:
        print("quick: that is mostly how they begin and end; the figures of record are of 1,000")
    for name, url, workers in (
        ("one process", "local:", 1),
        ("two processes", "local:", 2),
        ("Spark, two", "spark-local:2", 2),
    ):
        engine = open_compute(url, workers)
        for _ in worked(engine, plan, some[: 4 * workers]):
            pass  # started, and everything loaded and compiled
        started = time.perf_counter()
        failed = sum(1 for error in worked(engine, plan, some) if error)
        per_s[name] = count / (time.perf_counter() - started)
        assert not failed, f"{failed} clips failed"
        # Spark's executors cannot import this script.
        held = memory(engine, workers) if url == "local:" else ""
        print(f"{name:14} {per_s[name]:6.2f} clips/s{held}")
        engine.close()
    return {
        "two_process_scaling": per_s["two processes"] / per_s["one process"],
        "spark_over_local": per_s["two processes"] / per_s["Spark, two"],
        "two_processes_clips_per_s": per_s["two processes"],
    }


def worked(engine: Compute, plan: Plan, clips: Iterable[str]) -> Iterable[str]:
    """Listen to the clips, yielding what went wrong with each."""
    return (outcome.error for outcome in engine.map(partial(listen, plan), clips))


def memory(engine: Compute, workers: int) -> str:
    """Say how much memory the processes that work have."""
    held = [outcome.result or 0.0 for outcome in engine.map(rss_mb, range(4 * workers))]
    return f", {max(held):.0f} MB a process at most"


def rss_mb(_item: int) -> float:
    """Return how much memory this process has."""
    return float(psutil.Process().memory_info().rss / 1e6)


def soak(plan: Plan, clips: Iterable[str], count: int) -> None:
    """Listen to many clips in one process; print its memory after each twentieth of them."""
    started = time.perf_counter()
    for done, clip in enumerate(clips, 1):
        hear(clip, plan)
        if done == 1 or done % max(1, count // 20) == 0:
            rate = done / (time.perf_counter() - started)
            print(f"{done:6} clips: {rss_mb(0):.0f} MB, {rate:.2f} clips/s", flush=True)


def show(values: dict[str, float]) -> None:
    """Say what a large library takes at this rate."""
    pair_per_s = values["two_processes_clips_per_s"]
    two = FMA_LARGE / pair_per_s / 3600
    cluster = two * 2 / CLUSTER_CORES * max(1.0, values["spark_over_local"])
    print(f"FMA-large ({FMA_LARGE:,} clips): {two:.1f} h on 2 cores at this rate (goal: 4 h),")
    print(f"{60 * cluster:.0f} min on a cluster of {CLUSTER_CORES} cores like these, if it scales")


if __name__ == "__main__":
    main()
