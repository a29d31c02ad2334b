"""Training as a job of Spark: `spark-submit` runs it, and what comes of it is used as any other."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.ops.listening import plant
from tests.services.spark import ROOT, Spark

from antiphon.compute import ComputeError, open_compute
from antiphon.store import Store
from antiphon.taste.blend import Blend
from antiphon.taste.recipe import Recipe
from antiphon.taste.registry import Registry

# What else a cluster does, the contract tests see; this is about being spark-submit's.
MASTER = "local[2]"
RECIPE = Recipe(models={"popularity": {}, "ials": {"dimensions": 4, "epochs": 1}})


@pytest.mark.slow
def test_a_job_of_spark_submit_trains_and_puts_to_use(
    store: Store, spark: Spark, tmp_path: Path
) -> None:
    # So few that nobody can judge: each factorisation is some jobs more.
    plant(store, listeners=13, days=1)
    (tmp_path / "recipe.json").write_bytes(msgspec.json.encode(RECIPE))
    found = find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    submit = [Path(found.origin).parent / "bin" / "spark-submit", "--master", MASTER]
    memory = ["--driver-memory", "1g", "--executor-memory", "1g"]
    words = ["--recipe", tmp_path / "recipe.json", "--quiet"]
    settings = {
        "ANTIPHON_DATA": str(tmp_path),
        "ANTIPHON_STORE": f"sqlite:///{tmp_path}/antiphon.db",
        "PYSPARK_PYTHON": sys.executable,
    }
    environment = {k: v for k, v in os.environ.items() if k != "PYSPARK_SUBMIT_ARGS"} | settings
    done = subprocess.run(
        [*submit, *memory, ROOT / "deploy" / "train.py", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "104 listens of 13 listeners, 40 tracks" in done.stdout
    registry = Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")
    model = registry.load(registry.current())
    assert isinstance(model, Blend)
    assert np.isfinite(model.score([])).all()


def test_it_is_only_for_programs_that_spark_submit_started() -> None:
    compute = open_compute("spark-submit:", 1)
    with pytest.raises(ComputeError, match="spark-submit has started"):
        list(compute.map(abs, [1]))
