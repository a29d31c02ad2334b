"""Draw album covers: the style's painter, a palette, the grain of paper and the words."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from antiphon.library.demo import names
from antiphon.library.demo.encode import COVER_SIZE
from antiphon.library.demo.names import RELEASES, Release
from antiphon.library.demo.painting import PAINTERS, Palette, Random


def _palette(hexes: str) -> Palette:
    """Read `ground tone tone … ink` as hexadecimal colours."""
    ground, *tones, ink = (
        (int(h[0:2], 16), int(h[2:4], 16), int(h[4:6], 16)) for h in hexes.split()
    )
    return Palette(ground, tuple(tones), ink)


PALETTES: dict[str, tuple[Palette, ...]] = {
    names.AMBIENT: (
        _palette("0f2a43 2e5d7d 7fa8b8 f2d7b6 f7efe2 fdf8ef"),
        _palette("2b2350 5b4b8a a888b5 f0b8a8 fbe3cf fff6ec"),
        _palette("10312f 2d6a63 86b8a4 e6d9a8 f6efd8 fbf9ee"),
    ),
    names.LOFI: (
        _palette("2a1f3d 4a3763 7c4f78 d9796a f6c28b ffe9cf"),
        _palette("14253a 24405c 3f6b7d e08f62 f9d49a fff0d6"),
        _palette("3b1f2b 6b3240 9d4f4a e9a15f fbdc9d fff1da"),
    ),
    names.HOUSE: (
        _palette("f4ead9 e4572e 17bebb ffc914 2e282a 2e282a"),
        _palette("17141f ff4d6d 7b2ff7 00d1b2 ffd166 fff7ea"),
        _palette("ece4db 1d3557 e63946 f1a208 457b9d 1d3557"),
    ),
    names.CHIPTUNE: (
        _palette("141029 ff5d8f 5ef1c2 ffe066 6a8dff ffffff"),
        _palette("0b2239 ff7a45 ffd23f 3bceac ee4266 ffffff"),
    ),
    names.FOLK: (
        _palette("f3ead8 55703f 8aa05a c76b3d d9a648 3a4028"),
        _palette("e9e3d3 2f5d62 5e8b7e a75d41 dfa67b 27403f"),
        _palette("2f3e34 a9b388 dda15e e6c79c bc6c25 f7f0dc"),
    ),
    names.JAZZ: (
        _palette("f2e8cf 1f3c88 ee6f57 f6c667 11212d 11212d"),
        _palette("e8d8b9 c1292e 235789 f1d302 161925 161925"),
        _palette("12263a f4b942 e4572e 6b9ac4 f4f1de f4f1de"),
    ),
    names.DRUM_AND_BASS: (
        _palette("08090f 00e5ff 4361ee b5179e f72585 f2f7ff"),
        _palette("0c0f0a c6ff00 41ead4 ff206e fbff12 f7ffe8"),
        _palette("10091a ff8500 ff0054 9e0059 ffbd00 fff4e6"),
    ),
    names.NEOCLASSICAL: (
        _palette("f5f1e8 2b2b2b 8c8579 c4bbaa b5533c 2b2b2b"),
        _palette("20242b e9e4d8 9aa3ad 5c6672 d9a05b f3efe5"),
        _palette("e4e9ea 2d4654 7b98a5 aebfc6 c9785d 243b48"),
    ),
}


def draw(release: Release, seed: int) -> bytes:
    """Return the release's cover as a JPEG of `COVER_SIZE`."""
    number = RELEASES.index(release)
    rng = np.random.default_rng((seed, number, 99))
    style = release.style or names.HOUSE
    like = [other for other in RELEASES if (other.style or names.HOUSE) == style]
    palettes = PALETTES[style]
    palette = palettes[like.index(release) % len(palettes)]
    picture = PAINTERS[style](palette, rng).resize((COVER_SIZE, COVER_SIZE), Image.Resampling.BOX)
    picture = _grained(picture, rng)
    _lettered(picture, release, palette)
    out = BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def _grained(picture: Image.Image, rng: Random) -> Image.Image:
    """Give it the tooth of printed paper."""
    grain = rng.normal(0, 4, (COVER_SIZE, COVER_SIZE, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def _lettered(picture: Image.Image, release: Release, palette: Palette) -> None:
    pen = ImageDraw.Draw(picture)
    margin, large = 44, 54
    while pen.textlength(release.title, ImageFont.load_default(large)) > COVER_SIZE - 2 * margin:
        large -= 2
    pen.text((margin, 36), release.title, palette.ink, ImageFont.load_default(large))
    small = ImageFont.load_default(26)
    pen.text((margin, 48 + large), release.artist.upper(), palette.ink, small)
