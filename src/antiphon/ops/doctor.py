"""The doctor: what is wrong with an instance, and which files could not be used and why."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from antiphon.live import measures
from antiphon.model import Problem, now_ms
from antiphon.settings import Settings
from antiphon.store import Store, StoreError, position
from antiphon.store.schema import FILES, PROBLEMS, TRACKS, WORKERS
from antiphon.taste.artefacts import Manifest
from antiphon.taste.errors import ArtefactError
from antiphon.taste.registry import Registry

STORE = "store"
MODELS = "models"
LIVE = "live"
_PAGE = 500
# With less than this free on the disk, writing will soon fail.
LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, and what to know or do about it."""

    well: bool
    about: str
    says: str


def examine(settings: Settings, store: Store) -> list[Finding]:
    """Return how the instance itself is: its folders, its store and its trained models.

    The store is read as a whole, which takes minutes where it is large; writers of SQLite wait
    for a part of it.
    """
    return [
        _data_folder(settings.data),
        *_free_space(settings.data),
        *(_music_folder(folder) for folder in settings.music),
        *_store(store),
        _models(Registry(settings.artefacts_url, settings.artefacts_copies)),
    ]


def can_tell_problems(findings: Iterable[Finding]) -> bool:
    """Say whether the store is sound, so that what it keeps can be read."""
    return all(finding.well for finding in findings if finding.about == STORE)


def problems(store: Store) -> Iterator[Problem]:
    """Yield every file and folder that could not be used, by path."""
    after = None
    while page := store.find(PROBLEMS, limit=_PAGE, after=after):
        yield from page
        after = position(page[-1], ())


def _data_folder(folder: Path) -> Finding:
    if os.access(folder, os.W_OK):
        return Finding(True, str(folder), "is where Antiphon writes")
    return Finding(False, str(folder), "cannot be written: set ANTIPHON_DATA to a folder that can")


def _free_space(folder: Path) -> Iterator[Finding]:
    if folder.is_dir():
        free = shutil.disk_usage(folder).free
        advice = "" if free >= LEAST_FREE_BYTES else ": make room, soon nothing can be written"
        yield Finding(not advice, str(folder), f"has {free / 1e9:.1f} GB free on its disk{advice}")


def _store(store: Store) -> list[Finding]:
    """Say how the store is; nothing more is asked of one that something is wrong with."""
    try:
        wrong = store.check()
    except StoreError as error:
        wrong = [str(error)]
    if wrong:
        return [Finding(False, STORE, said) for said in wrong]
    return [Finding(True, STORE, "is sound"), _catalogue(store), *_live(store)]


def _catalogue(store: Store) -> Finding:
    there, missing = (store.count(TRACKS, {"missing": missing}) for missing in (False, True))
    says = f"{there} tracks in {store.count(FILES)} files, {missing} missing"
    return Finding(True, "catalogue", says)


def _live(store: Store) -> list[Finding]:
    """Say who answers what listeners do; nothing where no process tells of itself."""
    now = now_ms()
    roles = [one.role for one in store.find(WORKERS) if not measures.is_silent(one, now)]
    if not roles:
        return []
    if count := roles.count(LIVE):
        return [Finding(True, LIVE, f"{count} answering what listeners do")]
    says = "nobody answers what listeners do, which waits in the log: start `antiphon serve live`"
    return [Finding(False, LIVE, says)]


def _models(registry: Registry) -> Finding:
    """Say which trained models answer; they are read as a whole."""
    try:
        version = registry.current()
        if not version:
            says = "nothing is trained yet: answers come from how music sounds and what is popular"
            return Finding(True, MODELS, says)
        registry.load(version)
        return Finding(
            True, MODELS, f"{version} is in use, {described(registry.manifest(version))}"
        )
    except ArtefactError as error:
        advice = "`antiphon models rollback` uses those before, `antiphon train` makes new ones"
        return Finding(False, MODELS, f"{error} {advice}")


def described(manifest: Manifest) -> str:
    """Say of trained models from when they are, from what, and how good."""
    made = datetime.fromtimestamp(manifest.made_at / 1000, UTC).astimezone()
    figures = "".join(f", {name} {one}" for name, one in manifest.figures.items())
    return (
        f"trained {made:%Y-%m-%d %H:%M} on {manifest.listens} listens of {manifest.listeners}"
        f" listeners, {manifest.tracks} tracks{figures}"
    )


def _music_folder(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding(False, str(folder), "is not there: is its disk mounted?")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Finding(False, str(folder), "cannot be read: let Antiphon's user read it")
    return Finding(True, str(folder), "is a music folder")
