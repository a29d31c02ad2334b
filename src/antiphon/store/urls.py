"""Addresses of stores, as they may be shown."""

import re


def without_password(url: str) -> str:
    """Return an address without the user and the password in it.

    >>> without_password("mongodb://ann:s3cret@db.example:27017/antiphon")
    'mongodb://…@db.example:27017/antiphon'
    """
    return re.sub(r"//.*@", "//…@", url)
