"""Where heavy work runs: the Compute port and one adapter for each engine.

May import: `model` and `settings`. Nothing else in Antiphon knows pyspark.
"""

import re
from importlib.util import find_spec

from antiphon.compute.port import Compute, ComputeError, Outcome

__all__ = ["Compute", "ComputeError", "Outcome", "open_compute"]

# An executor may die this often while it has a task, before the task is given up.
_TRIES = 4
# Where spark-submit started this program: its master is the one that spark-submit was given.
SUBMITTED = ""
_ADDRESS = r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}"


def open_compute(url: str, workers: int) -> Compute:
    """Open the engine at `url`; one on this machine has `workers` processes.

    Raises:
        ComputeError: the URL names no engine there is, or its package is not installed.
    """
    if url == "local:":
        from antiphon.compute.local import LocalCompute  # noqa: PLC0415 - loads when chosen

        return LocalCompute(workers)
    master = _spark_master(url, workers)
    if missing := [name for name in ("pyspark", "pandas", "pyarrow") if find_spec(name) is None]:
        raise ComputeError(
            f"ANTIPHON_COMPUTE={url!r} needs {', '.join(missing)}: pip install 'antiphon[spark]'"
        )
    from antiphon.compute.spark import SparkCompute  # noqa: PLC0415 - loads when chosen

    return SparkCompute(master)


def _spark_master(url: str, workers: int) -> str:
    if url == "spark-submit:":
        return SUBMITTED
    if re.fullmatch(rf"spark://{_ADDRESS}(,{_ADDRESS})*", url):
        return url
    if local := re.fullmatch(r"spark-local:([1-9]\d{0,3})?", url):
        return f"local[{local[1] or workers},{_TRIES}]"
    raise ComputeError(
        f"ANTIPHON_COMPUTE={url!r} cannot be used: give local:, spark-local:, spark-local:4"
        " (so many cores of this machine), spark://host:7077 or, in its job, spark-submit:"
    )
