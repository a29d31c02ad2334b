"""Licences: short names that people know, and addresses that are safe to link to."""

import pytest

from antiphon.library.fma.licences import licence

CC = "https://creativecommons.org"


@pytest.mark.parametrize(
    ("title", "url", "name", "address"),
    [
        (
            "Attribution-NonCommercial-ShareAlike 3.0 International",
            "http://creativecommons.org/licenses/by-nc-sa/3.0/",
            "CC BY-NC-SA 3.0",
            f"{CC}/licenses/by-nc-sa/3.0/",
        ),
        (
            "Attribution-Noncommercial-No Derivative Works 2.0 UK: England ",
            "",
            "CC BY-NC-ND 2.0 UK",
            f"{CC}/licenses/by-nc-nd/2.0/uk/",
        ),
        (
            "Attribution-NonCommercial-NoDerivatives (aka Music Sharing) 3.0 International",
            "",
            "CC BY-NC-ND 3.0",
            f"{CC}/licenses/by-nc-nd/3.0/",
        ),
        ("Attribution-Share Alike 2.0 Elbonia", "", "CC BY-SA 2.0 Elbonia", ""),
        (
            "CC0 1.0 Universal",
            "http://creativecommons.org/publicdomain/zero/1.0/",
            "CC0 1.0",
            f"{CC}/publicdomain/zero/1.0/",
        ),
        (
            "FMA-Limited: Download Only",
            "http://freemusicarchive.org/FMA_License",
            "FMA-Limited: Download Only",
            "http://freemusicarchive.org/FMA_License",
        ),
        ("Orphan Work", "javascript:alert(1)", "Orphan Work", ""),
        ("", "", "", ""),
    ],
)
def test_licences_have_short_names_and_addresses(
    title: str, url: str, name: str, address: str
) -> None:
    assert tuple(licence(title, url)) == (name, address)
