"""The most memory that this process had since it was last asked to forget."""

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def reset_peak() -> None:
    """Forget the peak where the system can (Linux); elsewhere it is that of the whole run."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mb() -> float:
    """Return the peak in MB (10^6 bytes)."""
    if _STATUS.is_file():
        lines = _STATUS.read_text().splitlines()
        peak = next((line for line in lines if line.startswith("VmHWM")), "")
        if peak:
            return int(peak.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
