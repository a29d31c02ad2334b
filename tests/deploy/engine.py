#!/usr/bin/env python3
"""Stands in for `docker`, which cannot be had where the tests run: notes what it is told.

What the scripts would run in a container of their own is really run, on this machine, with a
folder for /data and a SQLite store for each database. It knows no more of an engine than they ask.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ["ENGINE_FOLDER"])


def main(words: list[str]) -> int:
    """Do what `docker` is told in `words`; return its exit code."""
    with (FOLDER / "told").open("a") as told:
        told.write(json.dumps(words) + "\n")
    line = " ".join(words)
    failing = os.environ.get("ENGINE_FAILS")
    if failing and re.search(failing, line):
        print(f"the engine fails at: {line[:60]}", file=sys.stderr)
        return 1
    if words[:2] == ["compose", "ps"]:
        print(os.environ.get("ENGINE_RUNS", "web\nlibrary\ntraining\nlive"))
        return 0
    if words[:2] == ["compose", "run"]:
        return run(words[words.index("library") + 1 :])
    print("done")
    return 0


def run(command: list[str]) -> int:
    """Run what is meant for a container."""
    data = FOLDER / "data"
    data.mkdir(exist_ok=True)
    database = os.environ.get("DATABASE") or in_env("DATABASE") or "antiphon"
    settings = {
        "ANTIPHON_STORE": f"sqlite:///{FOLDER / database}.db",
        "ANTIPHON_DATA": str(data),
    }
    here = [word.replace("/data/", f"{data}/") for word in command]
    return subprocess.run(here, env=os.environ | settings, check=False).returncode


def in_env(name: str) -> str:
    """Return what `.env` says of a name, or nothing."""
    found = re.findall(rf"^{name}=(.*)$", Path(".env").read_text(), re.MULTILINE)
    return found[-1] if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
