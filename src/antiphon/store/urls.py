"""Addresses of stores, as they may be shown."""

import re
from pathlib import Path


def without_password(url: str) -> str:
    """Return an address without the user, the password and the options, which may hold others.

    >>> without_password("mongodb://ann:s3cret@db.example:27017/antiphon?tls=true")
    'mongodb://…@db.example:27017/antiphon?…'
    """
    return re.sub(r"\?.*", "?…", re.sub(r"//.*@", "//…@", url))


def sqlite_path(url: str) -> Path | None:
    """Return the path of the file that an address names, None for another engine's address.

    >>> sqlite_path("sqlite:////var/lib/antiphon/antiphon.db")
    PosixPath('/var/lib/antiphon/antiphon.db')
    """
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme == "sqlite" and path else None
