"""The painters of the covers: one kind of picture for each style, varied by palette and chance."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from antiphon.library.demo import names

SIZE = 1600  # twice as large as a cover, for smooth edges
Random = np.random.Generator
Colour = tuple[int, int, int]


class Palette(NamedTuple):
    """Colours from the background forward; `ink` is that of the words."""

    ground: Colour
    tones: tuple[Colour, ...]
    ink: Colour


Painter = Callable[[Palette, Random], Image.Image]


def _blend(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _gradient(*stops: Colour) -> Image.Image:
    """Return a picture that runs through the colours from top to bottom."""
    places = np.linspace(0, len(stops) - 1, SIZE)
    column = np.stack(
        [np.interp(places, range(len(stops)), channel) for channel in zip(*stops, strict=True)],
        axis=1,
    )
    rows = np.repeat(column[:, None, :], SIZE, axis=1)
    return Image.fromarray(rows.astype(np.uint8))


def _waves(rng: Random, height: float, roughness: float = 1.0) -> npt.NDArray[np.float64]:
    """Return a line of `SIZE` heights around 0, as hills and coasts run."""
    x = np.linspace(0, 1, SIZE)
    terms = (np.sin(2 * np.pi * (k * roughness * x + rng.random())) / k**1.1 for k in range(1, 7))
    return np.asarray(height * sum(terms), dtype=np.float64)


def _fill_below(pen: ImageDraw.ImageDraw, line: npt.NDArray[np.float64], colour: Colour) -> None:
    points = [(x, float(line[x])) for x in range(0, SIZE, 4)]
    pen.polygon([*points, (SIZE, float(line[-1])), (SIZE, SIZE), (0, SIZE)], fill=colour)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _mist(palette: Palette, rng: Random) -> Image.Image:
    """Ambient: a low sun over bands of haze."""
    picture = _gradient(palette.ground, *palette.tones[:4])
    sun = Image.new("L", (SIZE // 4, SIZE // 4))
    x, y = rng.uniform(0.3, 0.75) * SIZE / 4, rng.uniform(0.42, 0.6) * SIZE / 4
    radius = rng.uniform(0.1, 0.2) * SIZE / 4
    ImageDraw.Draw(sun).ellipse((x - radius, y - radius, x + radius, y + radius), fill=235)
    glow = sun.filter(ImageFilter.GaussianBlur(radius * 0.9))
    halo = Image.fromarray(np.maximum(np.asarray(sun), np.asarray(glow)))
    picture.paste(palette.tones[-1], mask=halo.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    pen = ImageDraw.Draw(picture)
    for band in range(7):
        level = SIZE * (0.55 + 0.07 * band)
        colour = _blend(palette.tones[2], palette.ground, band / 6)
        _fill_below(pen, level + _waves(rng, 22 + 4 * band, 0.7), colour)
    return picture


def _town(palette: Palette, rng: Random) -> Image.Image:
    """Lo-fi: a town at dusk with lamps in its windows, under a large moon."""
    picture = _gradient(palette.ground, palette.tones[0], palette.tones[1], palette.tones[2])
    pen = ImageDraw.Draw(picture)
    moon_x, moon_y = rng.uniform(0.45, 0.8) * SIZE, rng.uniform(0.36, 0.44) * SIZE
    _disc(pen, moon_x, moon_y, rng.uniform(0.12, 0.17) * SIZE, palette.tones[3])
    for row in range(3):
        wall = _blend(palette.tones[0], palette.ground, (row + 1) / 3)
        x = -40.0
        while x < SIZE:
            width = rng.uniform(130, 260)
            top = SIZE * (0.48 + 0.14 * row) + rng.uniform(-110, 110)
            pen.rectangle((x, top, x + width, SIZE), fill=wall)
            _windows(pen, (x, top, width), wall, palette, rng)
            x += width + 6
    return picture


def _windows(
    pen: ImageDraw.ImageDraw,
    house: tuple[float, float, float],
    wall: Colour,
    palette: Palette,
    rng: Random,
) -> None:
    x, top, width = house
    for left in np.arange(x + 26, x + width - 44, 52):
        for upper in np.arange(top + 34, SIZE, 74):
            lit = rng.random() < 0.3
            colour = palette.tones[3] if lit else _blend(wall, palette.tones[1], 0.18)
            pen.rectangle((left, upper, left + 26, upper + 38), fill=colour)


def _tiles(palette: Palette, rng: Random) -> Image.Image:
    """House: a grid of quarter circles, discs and squares."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    count = int(rng.choice((4, 5)))
    side = SIZE * 0.78 / count
    for row in range(count):
        for column in range(count):
            x, y = column * SIZE / count, SIZE * 0.22 + row * side
            _tile(pen, (x, y, x + SIZE / count, y + side), palette, rng)
    return picture


def _tile(
    pen: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    palette: Palette,
    rng: Random,
) -> None:
    back, front, dot = rng.permutation(len(palette.tones))[:3]
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    pen.rectangle(box, fill=palette.tones[back])
    shape = rng.random()
    if shape < 0.6:
        corner_x, corner_y = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))[turn := int(rng.integers(4))]
        around = (corner_x - width, corner_y - height, corner_x + width, corner_y + height)
        pen.pieslice(around, 90 * turn, 90 * turn + 90, fill=palette.tones[front])
        inner = (
            corner_x - width / 2,
            corner_y - height / 2,
            corner_x + width / 2,
            corner_y + height / 2,
        )
        pen.pieslice(inner, 90 * turn, 90 * turn + 90, fill=palette.tones[dot])
    elif shape < 0.85:
        pen.ellipse(
            (x0 + width * 0.1, y0 + height * 0.1, x1 - width * 0.1, y1 - height * 0.1),
            fill=palette.tones[front],
        )
    else:
        pen.polygon([(x0, y0), (x1, y0), (x0, y1)], fill=palette.tones[front])


def _sprites(palette: Palette, rng: Random) -> Image.Image:
    """Chiptune: a parade of mirrored pixel creatures."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    for x, y in rng.integers(0, 100, (70, 2)) * 16:
        pen.rectangle((x, y, x + 7, y + 7), fill=_blend(palette.ground, palette.ink, 0.35))
    across, cell = 4, SIZE // 4
    for row in range(3):
        for column in range(across):
            colour = palette.tones[rng.integers(len(palette.tones))]
            corner = (column * cell + 60, row * cell + SIZE * 0.245 + 20)
            shades = (colour, _blend(colour, palette.ground, 0.25))
            _sprite(pen, corner, (cell - 120) / 9, shades, rng)
    return picture


def _sprite(
    pen: ImageDraw.ImageDraw,
    corner: tuple[float, float],
    pixel: float,
    shades: tuple[Colour, Colour],
    rng: Random,
) -> None:
    half = rng.random((9, 5)) < 0.5
    half[2:7, 3:] = True
    half[4, 3] = False
    cells = np.hstack([half, half[:, 3::-1]])
    for row, column in np.argwhere(cells):
        x, y = corner[0] + column * pixel, corner[1] + row * pixel
        pen.rectangle((x, y, x + pixel - 1, y + pixel - 1), fill=shades[int(row > 5)])


def _meadow(palette: Palette, rng: Random) -> Image.Image:
    """Folk: stems and leaves, pressed on paper over far hills."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    _disc(pen, rng.uniform(0.6, 0.8) * SIZE, 0.42 * SIZE, 0.11 * SIZE, palette.tones[3])
    for hill in range(3):
        colour = _blend(palette.ground, palette.tones[1], 0.3 + 0.3 * hill)
        _fill_below(pen, SIZE * (0.62 + 0.11 * hill) + _waves(rng, 45, 0.8), colour)
    for stem in range(9):
        x = SIZE * (0.06 + 0.11 * stem) + rng.uniform(-30, 30)
        _stem(pen, x, SIZE * rng.uniform(0.3, 0.6), palette, rng)
    return picture


def _stem(pen: ImageDraw.ImageDraw, x: float, top: float, palette: Palette, rng: Random) -> None:
    colour = _blend(palette.tones[0], palette.tones[2 * rng.integers(2)], 0.8 * rng.random())
    steps = np.linspace(0, 1, 40)
    xs = x + rng.uniform(-160, 160) * steps**2
    ys = SIZE + (top - SIZE) * steps
    pen.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=colour, width=9)
    for place in range(12, 40, 3):
        side = 1 if place % 2 else -1
        length = 105 * (1.15 - steps[place])
        _leaf(pen, (xs[place], ys[place]), side, length, colour)
    flower = palette.tones[2 + rng.integers(2)]
    _disc(pen, float(xs[-1]), float(ys[-1]), rng.uniform(14, 34), flower)


def _leaf(
    pen: ImageDraw.ImageDraw, foot: tuple[float, float], side: int, length: float, colour: Colour
) -> None:
    along = np.linspace(0, 1, 12)
    bulge = 0.22 * length * np.sin(np.pi * along)
    ahead = along * length
    outline = [*zip(ahead, bulge, strict=True), *zip(ahead[::-1], -bulge[::-1], strict=True)]
    turned = [
        (foot[0] + side * (0.8 * a - 0.6 * b), foot[1] - (0.6 * a + 0.8 * b)) for a, b in outline
    ]
    pen.polygon(turned, fill=colour)


def _paper(palette: Palette, rng: Random) -> Image.Image:
    """Jazz: cut paper, columns like keys, a disc like a cymbal."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    x = 0.055 * SIZE
    while x < SIZE * 0.92:
        width = rng.uniform(0.05, 0.13) * SIZE
        top, bottom = rng.uniform(0.26, 0.6) * SIZE, rng.uniform(0.72, 0.96) * SIZE
        lean = rng.uniform(-30, 30)
        colour = palette.tones[rng.integers(len(palette.tones) - 1)]
        corners = [
            (x + lean, top),
            (x + width, top + lean),
            (x + width - lean, bottom),
            (x, bottom),
        ]
        pen.polygon(corners, fill=colour)
        x += width + rng.uniform(0.01, 0.035) * SIZE
    centre_x, centre_y = rng.uniform(0.35, 0.7) * SIZE, rng.uniform(0.45, 0.65) * SIZE
    radius = rng.uniform(0.15, 0.21) * SIZE
    _disc(pen, centre_x, centre_y, radius, palette.tones[3])
    _disc(pen, centre_x, centre_y, radius * 0.62, palette.tones[rng.integers(3)])
    _disc(pen, centre_x, centre_y, radius * 0.12, palette.ground)
    return picture


def _tunnel(palette: Palette, rng: Random) -> Image.Image:
    """Drum and bass: bent rings that race outwards through the dark."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    angle = np.linspace(0, 2 * np.pi, 361)
    lobes, phase = int(rng.integers(2, 6)), rng.uniform(0, 6)
    centre_x, centre_y = rng.uniform(0.42, 0.62) * SIZE, rng.uniform(0.52, 0.66) * SIZE
    for ring in range(46):
        radius = 26 + 1.6 * ring**1.75
        bend = 1 + 0.11 * np.sin(lobes * angle + phase + ring / 6) * min(1, ring / 14)
        xs = centre_x + radius * bend * np.cos(angle + ring / 50)
        ys = centre_y + radius * bend * np.sin(angle + ring / 50)
        tone = _blend(*_neighbours(palette.tones, ring / 45))
        pen.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=tone, width=4 + ring // 6)
    pen.rectangle((0, 0, SIZE, SIZE * 0.2), fill=palette.ground)
    return picture


def _neighbours(tones: tuple[Colour, ...], share: float) -> tuple[Colour, Colour, float]:
    place = share * (len(tones) - 1)
    index = min(int(place), len(tones) - 2)
    return tones[index], tones[index + 1], place - index


def _strings(palette: Palette, rng: Random) -> Image.Image:
    """Neoclassical: ridges of a struck string, line behind line."""
    picture = Image.new("RGB", (SIZE, SIZE), palette.ground)
    pen = ImageDraw.Draw(picture)
    x = np.linspace(0, 1, 161)
    accent = int(rng.integers(12, 24))
    peaks = rng.uniform(0.3, 0.7, 3)
    for line in range(32):
        level = SIZE * (0.36 + 0.0178 * line)
        ridge = sum(np.exp(-(((x - p - rng.normal(0, 0.03)) / 0.07) ** 2)) for p in peaks)
        tremble = 1 + 0.6 * rng.standard_normal(len(x)).cumsum() / 12
        ys = level - 95 * ridge * np.abs(tremble) - 3 * rng.standard_normal(len(x))
        points = list(zip((SIZE * (0.1 + 0.8 * x)).tolist(), ys.tolist(), strict=True))
        pen.polygon([*points, (SIZE * 0.9, level + 8), (SIZE * 0.1, level + 8)], palette.ground)
        colour = palette.tones[3] if line == accent else palette.tones[0]
        pen.line(points, fill=colour, width=8 if line == accent else 4)
    return picture


PAINTERS: dict[str, Painter] = {
    names.AMBIENT: _mist,
    names.LOFI: _town,
    names.HOUSE: _tiles,
    names.CHIPTUNE: _sprites,
    names.FOLK: _meadow,
    names.JAZZ: _paper,
    names.DRUM_AND_BASS: _tunnel,
    names.NEOCLASSICAL: _strings,
}
