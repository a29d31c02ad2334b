"""Licences as people know them: `CC BY-NC-SA 3.0` and where its words are."""

import re
from functools import lru_cache
from typing import NamedTuple

_CC_URL = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/"
    r"([a-z+-]+)(?:/(\d\.\d))?(?:/([a-z]{2,3}))?(?![a-z])[/\w.-]*"
)
_PARTS = (
    ("BY", re.compile(r"\battribution", re.IGNORECASE)),
    ("NC", re.compile(r"non-?commercial", re.IGNORECASE)),
    ("SA", re.compile(r"share-? ?alike", re.IGNORECASE)),
    ("ND", re.compile(r"no-? ?deriv", re.IGNORECASE)),
)
_VERSION = re.compile(r"\b(\d\.\d)\b\s*(.*)")
# The jurisdictions that the archive names, as they stand in an address.
_JURISDICTIONS = {
    "": "",
    "international": "",
    "unported": "",
    "generic": "",
    "united states": "us",
    "uk: england": "uk",
    "uk: england & wales": "uk",
    "germany": "de",
    "france": "fr",
    "canada": "ca",
    "spain": "es",
    "italy": "it",
    "netherlands": "nl",
    "australia": "au",
}
_DEDICATIONS = {"zero": "CC0", "mark": "Public Domain Mark", "publicdomain": "Public Domain"}


class Licence(NamedTuple):
    """A licence: its short name, and the address of its words; each "" where it is not known."""

    name: str
    url: str


@lru_cache(1024)
def licence(title: str, url: str = "") -> Licence:
    """Return the licence that the archive means by a title and an address.

    Where there is no address, the title of a Creative Commons licence tells it.
    """
    if hit := _CC_URL.fullmatch(url.strip()):
        return Licence(_name(hit), url.strip().replace("http://", "https://", 1))
    parts = [part for part, pattern in _PARTS if pattern.search(title)]
    version = _VERSION.search(title)
    if parts[:1] != ["BY"] or not version:
        return Licence(title.strip(), web_address(url))
    name = f"CC {'-'.join(parts)} {version[1]}"
    country = _JURISDICTIONS.get(version[2].strip().lower())
    if country is None:
        return Licence(f"{name} {version[2].strip()}", "")
    address = f"https://creativecommons.org/licenses/{'-'.join(parts).lower()}/{version[1]}/"
    return Licence(
        f"{name} {country.upper()}".strip(), f"{address}{country}/" if country else address
    )


def web_address(url: str) -> str:
    """Return an address that a page may link to, or "": not one that would run something."""
    bare = url.strip()
    return bare if re.fullmatch(r"https?://[^\s<>\"']+", bare) else ""


def _name(hit: re.Match[str]) -> str:
    _, kind, version, country = hit.groups()
    name = _DEDICATIONS.get(kind) or f"CC {kind.upper()}"
    return " ".join(part for part in (name, version, (country or "").upper()) if part)
