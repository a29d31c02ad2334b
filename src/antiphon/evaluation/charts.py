"""Small charts as SVG, without a library: lines, bars, dots. Colours are the page's."""

import math
from collections.abc import Mapping, Sequence
from html import escape

Point = tuple[float, float]
WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 18, 12, 46
_COLOURS = 6
_ROW = 34


class Scale:
    """From values to places on the page, with round values to mark; by ratio with `log`."""

    def __init__(self, values: Sequence[float], start: float, end: float, *, log: bool = False):
        self._log = log and min(values) > 0
        low, high = self._of(min(values)), self._of(max(values))
        room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        self._low, self._high = low - room, high + room
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        """Return where a value stands."""
        share = (self._of(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def marks(self) -> list[float]:
        """Return about five round values inside the scale."""
        if self._log and self._high - self._low > 1:
            powers = range(math.ceil(self._low), math.floor(self._high) + 1)
            return [10.0**power for power in powers]
        low, high = self._value(self._low), self._value(self._high)
        step = _round_step((high - low) / 4)
        first = math.ceil(low / step)
        count = math.floor((high - first * step) / step) + 1
        return [round((first + number) * step, 10) for number in range(count)]

    def _of(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def _value(self, place: float) -> float:
        return 10.0**place if self._log else place


def lines(
    series: Mapping[str, Sequence[Point]], x: str, y: str, *, log: bool = False, steps: bool = False
) -> str:
    """Draw a line for each series, with its name at its end; with `steps` it rises at once."""
    points = [point for each in series.values() for point in each]
    across, up = _scales(points, log=log)
    drawn = []
    ends: list[float] = []
    for number, (name, each) in enumerate(series.items()):
        colour = number % _COLOURS
        path = _path([(across(a), up(b)) for a, b in each], steps=steps)
        drawn.append(f'<path class="line c{colour}" d="{path}"/>')
        drawn.extend(
            f'<circle class="dot c{colour}" cx="{across(a):.1f}" cy="{up(b):.1f}" r="3">'
            f"<title>{escape(name)}: {number_of(a)}, {number_of(b)}</title></circle>"
            for a, b in each
        )
        place = _free(up(each[-1][1]) - 8, ends)
        drawn.append(
            f'<text class="name c{colour}" text-anchor="end" x="{across(each[-1][0]):.1f}"'
            f' y="{place:.1f}">{escape(name)}</text>'
        )
    return _framed(drawn, across, up, x, y)


def dots(points: Mapping[str, Point], x: str, y: str) -> str:
    """Draw named points."""
    across, up = _scales(list(points.values()), log=False)
    drawn = []
    taken: list[float] = []
    for number, (name, (a, b)) in enumerate(points.items()):
        colour = number % _COLOURS
        is_right = across(a) > WIDTH * 0.7
        place = _free(up(b) + 4, taken)
        drawn.append(
            f'<circle class="dot c{colour}" cx="{across(a):.1f}" cy="{up(b):.1f}" r="5"/>'
            f'<text class="name c{colour}" text-anchor="{"end" if is_right else "start"}"'
            f' x="{across(a) + (-10 if is_right else 10):.1f}" y="{place:.1f}">'
            f"{escape(name)}</text>"
        )
    return _framed(drawn, across, up, x, y)


def cloud(points: Sequence[Point], x: str, y: str, *, log: bool = False, marked: int = -1) -> str:
    """Draw unnamed points; the one at the place `marked` stands out."""
    across, up = _scales(points, log=log)
    drawn = [
        f'<circle class="{"best" if number == marked else "dot c0"}" cx="{across(a):.1f}"'
        f' cy="{up(b):.1f}" r="{6 if number == marked else 4}">'
        f"<title>{number_of(a)}: {number_of(b)}</title></circle>"
        for number, (a, b) in enumerate(points)
    ]
    return _framed(drawn, across, up, x, y)


def bars(values: Mapping[str, tuple[float, float, float]], unit: str) -> str:
    """Draw a bar for each value from 0, and a whisker from `low` to `high`: (value, low, high)."""
    height = _ROW * len(values) + 40
    widest = max([1e-9, *(high for *_, high in values.values())])
    left, right = 150, WIDTH - 70
    step = _round_step(widest / 4)
    drawn = []
    for mark in (step * count for count in range(int(widest / step) + 1)):
        place = left + mark / widest * (right - left)
        drawn.append(
            f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="4" y2="{height - 36}"/>'
            f'<text class="mark" text-anchor="middle" x="{place:.1f}" y="{height - 20}">'
            f"{number_of(mark)}</text>"
        )
    for number, (name, (value, low, high)) in enumerate(values.items()):
        top = number * _ROW + 8
        ends = [left + max(each, 0) / widest * (right - left) for each in (value, low, high)]
        drawn.append(
            f'<text class="mark" text-anchor="end" x="{left - 8}" y="{top + 15}">'
            f"{escape(name)}</text>"
            f'<rect class="bar c{number % _COLOURS}" x="{left}" y="{top}" rx="2"'
            f' width="{max(ends[0] - left, 1):.1f}" height="20"/>'
            f'<path class="whisker" d="M{ends[1]:.1f} {top + 10}H{ends[2]:.1f}'
            f'M{ends[1]:.1f} {top + 5}v10M{ends[2]:.1f} {top + 5}v10"/>'
            f'<text class="value" x="{ends[2] + 8:.1f}" y="{top + 15}">{number_of(value)}</text>'
        )
    drawn.append(
        f'<text class="axis" text-anchor="middle" x="{(left + right) / 2}" y="{height - 3}">'
        f"{escape(unit)}</text>"
    )
    return _svg(drawn, height)


def number_of(value: float) -> str:
    """Write a number with three or four digits that matter."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _scales(points: Sequence[Point], *, log: bool) -> tuple[Scale, Scale]:
    across = Scale([a for a, _ in points], _LEFT, WIDTH - _RIGHT, log=log)
    return across, Scale([b for _, b in points], HEIGHT - _BOTTOM, _TOP)


def _framed(drawn: Sequence[str], across: Scale, up: Scale, x: str, y: str) -> str:
    """Put grid, marks and the names of the axes behind what is drawn."""
    behind = []
    for mark in up.marks():
        place = up(mark)
        behind.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{place:.1f}"'
            f' y2="{place:.1f}"/><text class="mark" text-anchor="end" x="{_LEFT - 6}"'
            f' y="{place + 4:.1f}">{number_of(mark)}</text>'
        )
    behind.extend(
        f'<text class="mark" text-anchor="middle" x="{across(mark):.1f}"'
        f' y="{HEIGHT - _BOTTOM + 18}">{number_of(mark)}</text>'
        for mark in across.marks()
    )
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    behind.append(
        f'<text class="axis" text-anchor="middle" x="{(_LEFT + WIDTH - _RIGHT) / 2}"'
        f' y="{HEIGHT - 6}">{escape(x)}</text>'
        f'<text class="axis" text-anchor="middle" transform="translate(13 {middle})'
        f' rotate(-90)">{escape(y)}</text>'
    )
    return _svg([*behind, *drawn], HEIGHT)


def _svg(drawn: Sequence[str], height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{"".join(drawn)}</svg>'


def _path(points: Sequence[Point], *, steps: bool) -> str:
    (x, y), *rest = points
    way = [f"M{x:.1f} {y:.1f}"]
    way.extend(f"H{a:.1f}V{b:.1f}" if steps else f"L{a:.1f} {b:.1f}" for a, b in rest)
    return "".join(way)


def _free(wanted: float, taken: list[float]) -> float:
    """Return a height near `wanted` at which no other name stands yet, and take it."""
    shifts = (sign * 13 * count for count in range(20) for sign in (1, -1))
    places = (min(max(wanted + shift, 12), HEIGHT - _BOTTOM - 4) for shift in shifts)
    place = next((p for p in places if all(abs(p - other) >= 12 for other in taken)), wanted)
    taken.append(place)
    return place


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
