"""An answer is computed by one thread of linear algebra, whatever the machine has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SEEN = """
import json, sys
{start}
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
found = {{p["filepath"]: p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}}
print(json.dumps(found))
"""
STARTS = {
    "the web process": "from antiphon import wiring; wiring.web_app()",
    "the live worker": """
import threading
from antiphon import serving, settings, supervisor
stopped = threading.Event()
stopped.set()
supervisor.stop_on_signals = lambda: stopped
serving.live(settings.load())
""",
    "what has loaded NumPy before": "import numpy; from antiphon import wiring;"
    " wiring.compute_with_one_thread()",
}


@pytest.mark.slow
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_answers_are_computed_by_one_thread(start: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    found = subprocess.run(
        [sys.executable, "-c", SEEN.format(start=start)],
        env=environment | {"ANTIPHON_DATA": str(tmp_path), "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    threads = json.loads(found.stdout.splitlines()[-1])
    # NumPy and SciPy each bring a library of their own.
    assert len(threads) >= 2
    assert set(threads.values()) == {1}
