"""Where heavy work runs: the Compute port and one adapter for each engine.

May import: `model` and `settings`. Nothing else in Antiphon knows pyspark.
"""

from antiphon.compute.port import Compute, ComputeError, Outcome

__all__ = ["Compute", "ComputeError", "Outcome", "open_compute"]


def open_compute(url: str, workers: int) -> Compute:
    """Open the engine at `url`; `local:` runs `workers` processes on this machine.

    Raises:
        ComputeError: the URL names no engine there is.
    """
    if url == "local:":
        from antiphon.compute.local import LocalCompute  # noqa: PLC0415 - loads when chosen

        return LocalCompute(workers)
    raise ComputeError(f"ANTIPHON_COMPUTE={url!r} cannot be used: give local:")
