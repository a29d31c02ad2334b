"""What it saves to keep a listener's iALS system and update it, instead of solving it anew.

A history is taken in by a system of min(plays, dimensions) unknowns (`taste/ials.py`). One that
goes on from a history that was asked for before takes that one's, by a change of rank one for each
track whose weight has changed (`taste/ials_kept.py`). Both are measured as `Ials.from_others` of a
small catalogue, so that next to nothing is spent on its scores: the listener's vector, and what
each track that was played would score if it had not been. 128 dimensions, by the processor's clock.

- `anew_120_ms`, `anew_500_ms`: listeners of so many plays, each for the first time.
- `updated_120_ms`, `updated_500_ms`: one listener, after one more play each time, among them those
  where the system is solved anew (after `ials_kept.UPDATES`).
- `reasons_120_ms`, `reasons_500_ms`: what the reasons of the answer cost then, which need the
  system that the ranking has made.
- `update_error`: how far the scores are from those made anew at most, by their spread.
- `kb_per_listener`: memory for each listener whose system is kept.

`--quick` measures fewer times.
"""

import argparse
import json
import os
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import replace

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np

from antiphon.taste.ials import Ials
from antiphon.taste.ials_kept import KEPT
from antiphon.taste.interactions import History

TRACKS, DIMENSIONS = 1000, 128
PLAYS = (120, 500)
TIMES, QUICK_TIMES = 400, 100
GOALS = {"update_error": 1e-4, "kb_per_listener": 40.0}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    times = QUICK_TIMES if parser.parse_args().quick else TIMES
    noise = np.random.default_rng(0)
    found: dict[str, float] = {}
    for plays in PLAYS:
        found |= measured(noise, plays, times)
    found |= {"update_error": error(noise), "kb_per_listener": kb_per_listener(noise)}
    for name, value in found.items():
        print(f"  {name:20} {value:10.6f} {unit(name)}")
    shown = {
        name: {"value": value, "unit": unit(name), "goal": GOALS.get(name), "baseline": None}
        for name, value in found.items()
    }
    print(json.dumps({"bench": "fold_in", "figures": shown}))


def unit(name: str) -> str:
    """Return the unit that a figure is in."""
    return "ms" if name.endswith("_ms") else "kB" if name.startswith("kb") else ""


def model(noise: np.random.Generator) -> Ials:
    """Return vectors of the sizes that a training on 100,000 tracks gives."""
    factors = noise.normal(size=(DIMENSIONS, TRACKS)).astype(np.float32)
    shared = np.full(DIMENSIONS, 10_000, np.float32)
    return Ials(tuple(map(str, range(TRACKS))), factors, shared, 0.003, 10_000.0, 1.0)


def history(noise: np.random.Generator, plays: int) -> History:
    """Return plays of some tracks, some of them skipped, by somebody whom nobody has met yet."""
    items = noise.choice(TRACKS, plays).astype(np.int32)
    weights = noise.choice([1.0, 0.4, -0.6, -1.0], plays, p=[0.6, 0.2, 0.1, 0.1])
    at = np.sort(noise.integers(0, 1 << 60, plays))
    return History(items, weights.astype(np.float32), at)


def growing(noise: np.random.Generator, plays: int, times: int) -> Iterable[History]:
    """Return one listener after each play; of more than `plays` the oldest are not looked at."""
    whole = history(noise, plays + times)
    for end in range(plays, plays + times):
        part = slice(end - plays, end)
        yield replace(
            whole, items=whole.items[part], weights=whole.weights[part], at=whole.at[part]
        )


def measured(noise: np.random.Generator, plays: int, times: int) -> dict[str, float]:
    """Return the median milliseconds of each way for so many plays."""
    ials = model(noise)
    some = np.arange(20, dtype=np.int32)
    strangers = [history(noise, plays) for _ in range(times)]
    anew = [milliseconds(ials.from_others, one) for one in strangers]
    updated, reasons = [], []
    for one in growing(noise, plays, times):
        updated.append(milliseconds(ials.from_others, one))
        reasons.append(milliseconds(lambda told: ials.explain(told, some), one))
    figures = {"anew": anew, "updated": updated, "reasons": reasons}
    return {f"{name}_{plays}_ms": float(np.median(taken)) for name, taken in figures.items()}


def milliseconds(work: Callable[[History], object], told: History) -> float:
    """Return how long some work takes."""
    started = time.process_time()
    work(told)
    return 1000 * (time.process_time() - started)


def error(noise: np.random.Generator) -> float:
    """Return the largest difference between scores by an updated system and by one made anew."""
    ials = model(noise)
    worst = 0.0
    for told in growing(noise, PLAYS[0], 2 * DIMENSIONS):
        updated, anew = ials.from_others(told), replace(ials).from_others(told)
        worst = max(worst, float(np.abs(updated - anew).max() / anew.std()))
    return worst


def kb_per_listener(noise: np.random.Generator) -> float:
    """Return the memory of a listener of the most plays."""
    ials = model(noise)
    ials.from_others(history(noise, PLAYS[-1]))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(KEPT - 1):
        ials.from_others(history(noise, PLAYS[-1]))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / 1024 / (KEPT - 1)


if __name__ == "__main__":
    main()
