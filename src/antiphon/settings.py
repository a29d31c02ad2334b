"""Every setting, its default and its check, in one place.

A setting is an environment variable `ANTIPHON_…` (`Settings.music` is `ANTIPHON_MUSIC`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import platformdirs

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1024)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Hops = Annotated[int, msgspec.Meta(ge=0, le=16)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=1440)]
NEVER = "never"
_CLOCK = rf"^(([01]\d|2[0-3]):[0-5]\d|{NEVER})$"
Clock = Annotated[str, msgspec.Meta(pattern=_CLOCK)]

# What separates the values of a setting that has several.
_LISTS = {"music": os.pathsep, "features": ","}
_KINDS = {
    "`bool`": "true or false",
    "`int`": "a whole number",
    "`float`": "a number",
    f"`str` matching regex {_CLOCK!r}": f"a time of the day such as 03:30, or {NEVER}",
}


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it and says what is expected."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may choose; each field's comment says what it is for.

    Raises SettingsError from `load` when a value does not fit.
    """

    # Where everything that Antiphon writes is kept: database, covers, demo music.
    data: Path = msgspec.field(
        default_factory=lambda: Path(platformdirs.user_data_dir("antiphon", appauthor=False))
    )
    # Music folders, separated by ":" as in PATH; empty: none are watched.
    music: tuple[Path, ...] = ()
    # The three ports: where things are kept (sqlite:///…, mongodb://…), what happened in order
    # (local:, kafka://…), where heavy work runs (local:, spark://…, spark-local:).
    store: str = ""
    events: str = "local:"
    compute: str = "local:"
    # Where the player is served, and where its pushes are.
    host: str = "127.0.0.1"
    port: Port = 4880
    push_port: Port = 4881
    # How browsers reach the push process, when not at the same host on `push_port`.
    push_url: str = ""
    # Answer only over HTTPS: cookies are then marked Secure.
    secure_cookies: bool = False
    # Reverse proxies in front, whose word on a visitor's address, scheme and host is taken.
    trusted_proxies: Hops = 0
    # A Prometheus server may read /metrics with this as its bearer token; empty: only an admin may.
    metrics_token: str = ""
    # Processes that analyse sound; 0: one for each core.
    workers: Count = 0
    # The feature sets that tracks are described by, separated by ",".
    features: tuple[str, ...] = ("summary/1", "musicnn/1", "tags/1")
    # So many seconds of each track, from five places over it, are described; 0: all of it.
    excerpt_s: Seconds = 30.0
    # So many patches of 3 s, spread over those, does the embedding hear; 0: every one.
    patches: Count = 5
    # The folder of the embedding's nets, at the same path on every machine that analyses.
    models: Path = msgspec.field(
        default_factory=lambda: (
            Path(platformdirs.user_cache_dir("antiphon", appauthor=False)) / "models"
        )
    )
    # Where trained models are kept (any URL that fsspec knows); by default in the data folder.
    artefacts: str = ""
    # When `serve` trains them, by this machine's clock; "never" leaves it to `antiphon train`.
    train_at: Clock = "03:30"
    # The table of how much a listen speaks for its track, as `antiphon tune --weights` writes it.
    weights: Path | None = None
    # So many minutes without music end a sitting.
    sitting_gap_min: Minutes = 30
    # Where `antiphon fma fetch` finds the Free Music Archive data set.
    fma_url: str = "https://os.unil.cloud.switch.ch/fma"
    # Rescan a music folder when its files change.
    watch: bool = True

    @property
    def store_url(self) -> str:
        """The store's URL; by default one SQLite file in the data folder."""
        return self.store or f"sqlite:///{self.data.absolute() / 'antiphon.db'}"

    @property
    def artefacts_url(self) -> str:
        """Where trained models are kept."""
        return self.artefacts or f"file://{self.data.absolute() / 'artefacts'}"

    @property
    def artefacts_copies(self) -> Path:
        """The folder that models of elsewhere are copied to, to be mapped into memory."""
        return self.data / "artefacts-copied"

    @property
    def demo_folder(self) -> Path:
        """Where the demo library is, unless somebody says otherwise."""
        return self.data / "demo"

    @property
    def worker_count(self) -> int:
        """The number of analysis processes, 1 or more."""
        return self.workers or os.cpu_count() or 1


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a value does not fit, or a variable `ANTIPHON_…` is not a setting.
    """
    prefix = "ANTIPHON_"
    given = {
        name.removeprefix(prefix).lower(): value
        for name, value in environment.items()
        if name.startswith(prefix)
    }
    known = set(Settings.__struct_fields__)
    if unknown := sorted(set(given) - known):
        raise SettingsError(
            f"{prefix}{unknown[0].upper()} is not a setting; "
            f"there are: {', '.join(prefix + name.upper() for name in sorted(known))}."
        )
    values: dict[str, object] = {name: value for name, value in given.items() if value}
    for name in _LISTS.keys() & values.keys():
        values[name] = [part for part in given[name].split(_LISTS[name]) if part]
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        reason, _, name = str(error).partition(" - at `$.")
        name = name.rstrip("`").partition("[")[0]
        raise SettingsError(
            f"{prefix}{name.upper()}={given[name]!r} cannot be used: {_plain(reason)}."
        ) from error


def _plain(reason: str) -> str:
    """Say what was expected in an operator's words."""
    expected = reason.removesuffix(", got `str`")
    for kind, words in _KINDS.items():
        expected = expected.replace(kind, words)
    return expected


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        try:
            return Path(str(value)).expanduser()
        except RuntimeError as error:
            raise ValueError(f"Expected a folder; there is no home folder for {value!r}") from error
    raise NotImplementedError(kind)
