"""How long the factorisation takes, and what memory: beside the libraries, and on Spark.

- `als_over_best_library`: seconds of our local trainer over those of the faster of `irspack` (the
  same loss) and `implicit` (its loss, with its regularisation set to the mean of ours) at equal
  quality: of each the fewest epochs of EPOCHS that give .99 of our recall@20 after the most of them
  on a tenth of the listens, held out of the training part. `--data FOLDER` is a folder with a
  `train.txt` as LightGCN's (a line: user item item …); without it, planted data are used. All take
  turns, REPEATS times, with as many threads as there are cores; the least counts.
- `spark_over_local`: seconds of `Compute.train_als` on Spark (`spark-local:`, its session started
  before) over those of the local trainer with as many threads, on `--interactions` planted ones
  (circles of taste, popularity by a power law); each in a process of its own, whose memory is
  sampled, Java's and the executors' Python's apart.

`--quick` takes a small planted set for both. Needs `pip install irspack implicit`.
"""

import argparse
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
import psutil
from scipy.sparse import csr_array, csr_matrix

from antiphon.compute import open_compute
from antiphon.compute.als import AlsParameters, Factors
from antiphon.compute.als_local import train

CORES = os.cpu_count() or 1
EPOCHS = (1, 2, 3, 4, 6, 8, 12)
REPEATS = 3
PARAMETERS = AlsParameters(dimensions=64, epochs=8)
CIRCLES = 50


def planted(interactions: int, seed: int = 0) -> csr_array:
    """Return (users, items): a user for 50 of them, an item for 100, 7 of 10 in one's circle."""
    draw = np.random.default_rng(seed)
    users, items = interactions // 50, max(CIRCLES, interactions // 100)
    user = draw.zipf(1.6, 4 * interactions)
    user = draw.permutation(users)[user[user <= users][:interactions] - 1] if users > 1 else user
    user = np.where(draw.random(len(user)) < 0.3, user, draw.integers(users, size=len(user)))
    rank = (items / CIRCLES) ** draw.random(len(user))
    circle = np.where(
        draw.random(len(user)) < 0.7, user % CIRCLES, draw.integers(CIRCLES, size=len(user))
    )
    item = np.minimum(rank.astype(np.int64) * CIRCLES + circle - CIRCLES, items - 1)
    found = csr_array((np.ones(len(user), np.float32), (user, item)), shape=(users, items))
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


def listed(path: Path) -> csr_array:
    """Return (users, items) of a file whose lines are a user and their items."""
    lines = [np.array(line.split(), np.int32) for line in path.read_text().splitlines()]
    users = np.concatenate([np.repeat(line[0], len(line) - 1) for line in lines])
    return csr_array(
        (np.ones(len(users), np.float32), (users, np.concatenate([x[1:] for x in lines])))
    )


def halves(matrix: csr_array) -> tuple[csr_array, csr_array]:
    """Return what is trained on, and a tenth that is held out."""
    held = np.random.default_rng(0).random(matrix.nnz) < 0.1
    places = matrix.nonzero()
    return tuple(
        csr_array((matrix.data[kept], (places[0][kept], places[1][kept])), shape=matrix.shape)
        for kept in (~held, held)
    )


def recall(factors: Factors, known: csr_array, held: csr_array) -> float:
    """Return recall@20 over at most 3,000 users."""
    users = np.random.default_rng(1).permutation(np.flatnonzero(np.diff(held.indptr)))[:3000]
    found = []
    for batch in np.array_split(users, max(1, len(users) // 500)):
        scores = factors.users[batch] @ factors.items.T
        scores[known[batch].nonzero()] = -np.inf
        best = np.argpartition(-scores, 20, axis=1)[:, :20]
        wanted = held[batch].toarray() > 0
        found.append(np.take_along_axis(wanted, best, 1).sum(1) / wanted.sum(1))
    return float(np.concatenate(found).mean())


def ours(matrix: csr_array, epochs: int) -> Factors:
    """Train as `LocalCompute` does."""
    parameters = AlsParameters(dimensions=PARAMETERS.dimensions, epochs=epochs)
    return train(matrix, parameters, threads=CORES)


def irspacks(matrix: csr_array, epochs: int) -> Factors:
    """Train by irspack's conjugate gradients, its default and fastest solver."""
    from irspack.recommenders.ials import IALSRecommender  # noqa: PLC0415 - takes seconds

    p = PARAMETERS
    model = IALSRecommender(
        csr_matrix(matrix),
        p.dimensions,
        p.unobserved,
        p.regularisation,
        p.frequency_scaling,
        train_epochs=epochs,
        n_threads=CORES,
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        model.learn()
    return Factors(model.get_user_embedding(), model.get_item_embedding())


def implicits(matrix: csr_array, epochs: int) -> Factors:
    """Train by implicit's conjugate gradients, its default solver."""
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - takes seconds

    p = PARAMETERS
    mean = [matrix.nnz / n + p.unobserved * o for n, o in (matrix.shape, matrix.shape[::-1])]
    model = AlternatingLeastSquares(
        p.dimensions,
        regularization=p.regularisation / p.unobserved * float(np.prod(mean)) ** 0.5,
        alpha=1.0,
        iterations=epochs,
        num_threads=CORES,
        random_state=0,
    )
    confident = csr_matrix(matrix)
    confident.data = 1 + confident.data / p.unobserved
    model.fit(confident, show_progress=False)
    return Factors(model.user_factors, model.item_factors)


TRAINERS: dict[str, Callable[[csr_array, int], Factors]] = {
    "antiphon": ours,
    "irspack": irspacks,
    "implicit": implicits,
}


def over_best_library(matrix: csr_array, repeats: int = REPEATS) -> float:
    """Return our seconds over the faster library's, at equal quality."""
    known, held = halves(matrix)
    enough = 0.99 * recall(ours(known, EPOCHS[-1]), known, held)
    needed = {name: _epochs(run, known, held, enough) for name, run in TRAINERS.items()}
    least = {name: (math.inf, math.inf) for name, epochs in needed.items() if epochs}
    for _ in range(repeats):
        for name, (wall, cpu) in least.items():
            clock, processor = time.perf_counter(), time.process_time()
            TRAINERS[name](known, needed[name])
            taken = time.perf_counter() - clock, time.process_time() - processor
            least[name] = min(wall, taken[0]), min(cpu, taken[1])
    for name, epochs in needed.items():
        wall, cpu = least.get(name, (math.inf, math.inf))
        print(f"{name}: {epochs or 'no'} epochs are enough; {wall:.2f} s, {cpu:.2f} s of processor")
    return least.pop("antiphon")[0] / min(wall for wall, _ in least.values())


def _epochs(run: Callable[..., Factors], known: csr_array, held: csr_array, enough: float) -> int:
    return next((n for n in EPOCHS if recall(run(known, n), known, held) >= enough), 0)


def spark_over_local(interactions: int) -> float:
    """Return Spark's seconds over the local trainer's, and print what memory both took."""
    local, spark = (
        _in_own_process(url, interactions) for url in ("local:", f"spark-local:{CORES}")
    )
    return spark / local


def _in_own_process(url: str, interactions: int) -> float:
    command = [sys.executable, __file__, "--engine", url, "--interactions", str(interactions)]
    environment = {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": "--driver-memory 3g pyspark-shell",
    }
    most: dict[str, int] = {}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment | os.environ
    ) as run:
        while run.poll() is None:
            for kind, size in _memory(psutil.Process(run.pid)).items():
                most[kind] = max(most.get(kind, 0), size)
            time.sleep(0.2)
        assert run.stdout is not None
        said = json.loads(run.stdout.read().splitlines()[-1])
    memory = ", ".join(f"{kind} {size / 2**20:.0f} MB" for kind, size in most.items())
    load = os.getloadavg()[0]
    print(f"{url} {interactions:,}: {said['seconds']:.1f} s at load {load:.0f}; at most {memory}")
    return float(said["seconds"])


def _memory(process: psutil.Process) -> dict[str, int]:
    found: dict[str, int] = {}
    with contextlib.suppress(psutil.Error):
        found["program"] = process.memory_info().rss
        for child in process.children(recursive=True):
            kind = "Java" if child.name() == "java" else "executors' Python"
            found[kind] = found.get(kind, 0) + child.memory_info().rss
    return found


def measure(url: str, interactions: int) -> None:
    """Train once for the compiler and the session's start, then for the clock."""
    compute = open_compute(url, CORES)
    compute.train_als(planted(5_000), AlsParameters(dimensions=8, epochs=1))
    matrix = planted(interactions)
    started = time.perf_counter()
    compute.train_als(matrix, PARAMETERS)
    seconds = time.perf_counter() - started
    compute.close()
    print(json.dumps({"seconds": seconds, "weights": int(matrix.nnz)}))


def figures(data: Path | None, *, quick: bool, interactions: int = 1_000_000) -> dict[str, float]:
    """Return both figures; `data` is a folder with `train.txt`, or with `gowalla/train.txt`."""
    interactions = 200_000 if quick else interactions
    lists = [data / part / "train.txt" for part in (".", "gowalla") if data]
    found = next((path for path in lists if path.exists()), None)
    matrix = planted(interactions) if quick or found is None else listed(found)
    return {
        "als_over_best_library": over_best_library(matrix, 1 if quick else REPEATS),
        "spark_over_local": spark_over_local(interactions),
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        measure(options.engine, options.interactions)
        return
    goals = {
        "als_over_best_library": (1.0, "the faster of irspack and implicit"),
        "spark_over_local": (3.0, "the local trainer"),
    }
    found = figures(options.data, quick=options.quick, interactions=options.interactions)
    said = {
        name: {
            "value": round(value, 3),
            "unit": "ratio",
            "goal": goals[name][0],
            "baseline": goals[name][1],
        }
        for name, value in found.items()
    }
    print(json.dumps({"bench": "als", "figures": said}))


if __name__ == "__main__":
    main()
