"""Covers and avatars: geometric posters, drawn from an id, the same every time.

Every drawing is an SVG on a square of 64 units in three colours: a ground and two
inks. There is no text in them, so nothing has to be escaped.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from vibe_engine.sandbox.ids import stable_hash

SIDE = 64

_PALETTES = (
    "1d2a4d e94f37 f6e7cb",
    "0b3d3a f2b134 ece5d3",
    "f2c8b6 b3202c 1a1a24",
    "e8e2d0 1b1b1f e4572e",
    "2b1b3f ff6b6b ffd56b",
    "133b5c 8fd3e8 f4f1e8",
    "f7d94c 171717 e0362c",
    "c9d6df 27374d ef6f3c",
    "123238 00b3a4 f3efe0",
    "4b2e83 b9a6ff ffb27a",
    "b8d8ba 24523b f4744e",
    "ea4c46 fbe9d7 1f1f2e",
    "2a2a33 c8c3b8 ff3d68",
    "e3b5a4 773344 f5e9e2",
    "0f4c81 f9a03f f7f3e9",
    "6a994e f2e8cf bc4749",
    "dfe7fd 3a4cc4 ff8552",
    "4a3235 d9a566 f1e3d3",
    "f26419 fff1d6 2b2d42",
    "d8e2dc 9d8189 2d2a32",
    "ffcb77 227c9d fef9ef",
    "5f0f40 fb8b24 f6e7cb",
)
_SWAPPED_INKS_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Inks:
    """The three colours of one drawing."""

    ground: str
    first: str
    second: str

    def alternate(self, at: int, *order: str) -> str:
        """Return the at-th colour of a cycle of `ground`, `first`, `second`."""
        colour: str = getattr(self, order[at % len(order)])
        return colour


Motif = Callable[[Random, Inks], str]


class Draw(Protocol):
    """A function that draws what belongs to a key."""

    def __call__(self, key: str, *, size: int = ...) -> str:
        """Return an SVG document of that many pixels."""
        ...


def cover(key: str, *, size: int = 640) -> str:
    """Return the cover that belongs to the key, as an SVG document."""
    random = Random(stable_hash("cover", key))
    inks = _inks(random, key)
    motif = _MOTIFS[stable_hash("motif", key) % len(_MOTIFS)]
    return _document(_ground(inks) + motif(random, inks), size)


def avatar(key: str, *, size: int = 300) -> str:
    """Return the picture of an account or an artist: simpler than a cover."""
    random = Random(stable_hash("avatar", key))
    inks = _inks(random, key)
    signs = (_horizon, _eclipse, _spokes, _equaliser, _stripes, _peak, _tiles)
    return _document(_ground(inks) + random.choice(signs)(random, inks), size)


def mosaic(keys: Sequence[str], *, size: int = 640) -> str:
    """Return up to four covers in a square; one alone fills it."""
    if len(keys) < 4:
        return cover(keys[0] if keys else "", size=size)
    quarters = [
        f'<svg x="{at % 2 * SIDE}" y="{at // 2 * SIDE}" width="{SIDE}" '
        f'height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">{_inside(cover(key))}</svg>'
        for at, key in enumerate(keys[:4])
    ]
    return _document("".join(quarters), size, side=2 * SIDE)


def _inks(random: Random, key: str) -> Inks:
    palette = _PALETTES[stable_hash("palette", key) % len(_PALETTES)]
    ground, first, second = (f"#{colour}" for colour in palette.split())
    if random.random() < _SWAPPED_INKS_SHARE:
        first, second = second, first
    return Inks(ground, first, second)


def _document(drawing: str, size: int, *, side: int = SIDE) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {side} {side}">{drawing}</svg>'
    )


def _inside(document: str) -> str:
    return document[document.index(">") + 1 : document.rindex("</svg>")]


def _ground(inks: Inks) -> str:
    return _rectangle(0, 0, SIDE, SIDE, inks.ground)


# Shapes


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" '
        f'height="{_number(height)}" fill="{fill}"/>'
    )


def _circle(x: float, y: float, radius: float, fill: str) -> str:
    return (
        f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" '
        f'fill="{fill}"/>'
    )


def _path(line: str, fill: str) -> str:
    return f'<path d="{line}" fill="{fill}"/>'


def _turned(drawing: str, degrees: float) -> str:
    return f'<g transform="rotate({_number(degrees)} 32 32)">{drawing}</g>'


# Motifs of covers


def _rings(random: Random, inks: Inks) -> str:
    x, y = random.choice(((0, 64), (64, 64), (32, 32), (64, 0), (20, 44)))
    radii = enumerate((58, 47, 37, 28, 19, 9))
    order = ("first", "ground", "second", "ground")
    return "".join(_circle(x, y, r, inks.alternate(at, *order)) for at, r in radii)


def _diagonals(random: Random, inks: Inks) -> str:
    step = random.choice((7, 14, 21))
    order = ("second", "first", "first")
    bands = "".join(
        _rectangle(-20, y, 104, step * 0.55, inks.alternate(at, *order))
        for at, y in enumerate(range(-20, 84, step))
    )
    return _turned(bands, random.choice((45, -45, 30, -60)))


def _quarter_tiles(random: Random, inks: Inks) -> str:
    tiles = []
    for x, y in ((x, y) for y in range(0, 64, 16) for x in range(0, 64, 16)):
        fill = random.choice((inks.first, inks.first, inks.second))
        shape = random.choice(
            (
                _path(f"M{x} {y}h16a16 16 0 0 1-16 16z", fill),
                _path(f"M{x + 16} {y}v16a16 16 0 0 1-16-16z", fill),
                _path(f"M{x} {y + 16}v-16a16 16 0 0 1 16 16z", fill),
                _circle(x + 8, y + 8, 8, fill),
                "",
            )
        )
        tiles.append(shape)
    return "".join(tiles)


def _sea(random: Random, inks: Inks) -> str:
    shore = random.choice((30, 38, 46))
    sun = _circle(
        random.choice((22, 32, 42)), shore - 4, random.choice((14, 18, 22)), inks.second
    )
    waves = "".join(
        _rectangle(0, shore + 4 + at * 5, 64, 1 + at * 0.5, inks.ground)
        for at in range(4)
    )
    return _rectangle(0, shore, 64, 64 - shore, inks.first) + sun + waves


def _halftone(random: Random, inks: Inks) -> str:
    flip_x, flip_y = random.random() < 0.5, random.random() < 0.5
    along_x, along_y = random.choice(((1, 1), (2, 0), (0, 2), (1.6, 0.4)))
    dots = []
    for x, y in ((x, y) for x in range(8) for y in range(8)):
        shade_x = (x if flip_x else 7 - x) * along_x
        shade_y = (y if flip_y else 7 - y) * along_y
        radius = 0.6 + 3.6 * ((shade_x + shade_y) / 14) ** 1.1
        fill = inks.first if (x + y) % 7 else inks.second
        dots.append(_circle(4 + x * 8, 4 + y * 8, radius, fill))
    return "".join(dots)


def _waveform(random: Random, inks: Inks) -> str:
    bars = []
    for at in range(11):
        swing = abs(math.sin(at * 0.7 + random.random() * 1.2))
        half = 4 + 18 * swing
        fill = inks.second if at % 5 == 2 else inks.first
        bars.append(_rectangle(6 + at * 5, 32 - half, 3, 2 * half, fill))
    return "".join(bars)


def _overlap(random: Random, inks: Inks) -> str:
    other = _circle(
        random.choice((38, 41, 44)),
        random.choice((22, 28, 36)),
        random.choice((13, 19, 22)),
        inks.second,
    )
    return _circle(24, 34, 19, inks.first) + f'<g opacity=".86">{other}</g>'


def _stairs(random: Random, inks: Inks) -> str:
    order = ("first", "second", "first", "first", "second", "first", "first")
    steps = "".join(
        _rectangle(at * 9.2, 58 - at * 8, 9.2, 6 + at * 8, inks.alternate(at, *order))
        for at in range(7)
    )
    if random.random() < 0.5:
        return f'<g transform="matrix(-1 0 0 1 64 0)">{steps}</g>'
    return steps


def _ripples(random: Random, inks: Inks) -> str:
    swing = random.choice((4, 6, 8))
    lines = []
    for at in range(7):
        colour = inks.second if at == 3 else inks.first
        lines.append(
            f'<path d="M-4 {6 + at * 9}q8-{swing} 17 0t17 0 17 0 17 0 17 0" '
            f'fill="none" stroke="{colour}" stroke-width="3"/>'
        )
    return "".join(lines)


def _arches(random: Random, inks: Inks) -> str:
    order = ("first", "ground", "second", "ground", "first", "second")
    arches = []
    for at in range(random.choice((4, 5, 6))):
        radius = 28 - at * 5
        line = f"M{32 - radius} 64V40a{radius} {radius} 0 0 1 {2 * radius} 0v24z"
        arches.append(_path(line, inks.alternate(at, *order)))
    return "".join(arches)


def _mountains(random: Random, inks: Inks) -> str:
    far = f"M-6 64 {random.choice((16, 22, 28))} {random.choice((14, 20))} 46 64z"
    near = f"M24 64 48 {random.choice((26, 32))} 74 64z"
    moon = _circle(random.choice((50, 12, 46)), 14, 6, inks.second)
    return _path(far, inks.first) + _path(near, inks.second) + moon


def _chessboard(random: Random, inks: Inks) -> str:
    marked = random.randrange(16)
    squares = [
        _rectangle(
            at % 4 * 16,
            at // 4 * 16,
            16,
            16,
            inks.second if at == marked else inks.first,
        )
        for at in range(16)
        if (at + at // 4) % 2 or at == marked
    ]
    return "".join(squares)


def _nested(random: Random, inks: Inks) -> str:
    order = ("first", "ground", "second", "ground", "first")
    squares = "".join(
        _rectangle(
            8 + at * 5,
            8 + at * 5,
            48 - at * 10,
            48 - at * 10,
            inks.alternate(at, *order),
        )
        for at in range(5)
    )
    return _turned(squares, random.choice((0, 45, 12)))


def _lamp(random: Random, inks: Inks) -> str:
    light = _path("M0 64V8a56 56 0 0 1 56 56z", inks.first)
    core = _path("M0 64V36a28 28 0 0 1 28 28z", inks.second)
    rain = "".join(
        _rectangle(60 - at * 5, 0, 2, 20 + at * 3, inks.second) for at in range(5)
    )
    return _turned(light + core + rain, random.choice((0, 90, 180, 270)))


def _bowls(random: Random, inks: Inks) -> str:
    bowls = []
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
        outer = inks.second if x * y == 1 else inks.first
        inner = inks.first if (x + y) % 2 else inks.second
        left, middle = x * 32, y * 32 + 16
        bowls.append(_path(f"M{left} {middle}a16 16 0 0 1 32 0z", outer))
        bowls.append(_path(f"M{left + 8} {middle}a8 8 0 0 0 16 0z", inner))
    return _turned("".join(bowls), random.choice((0, 90, 180)))


def _half_record(random: Random, inks: Inks) -> str:
    half = (
        _rectangle(-20, -20, 52, 104, inks.first)
        + _path("M32 12a20 20 0 0 0 0 40z", inks.second)
        + _path("M32 16a16 16 0 0 1 0 32z", inks.first)
        + _path("M32 24a8 8 0 0 1 0 16z", inks.second)
    )
    return _turned(half, random.choice((0, 90, 45, -45)))


def _rays(random: Random, inks: Inks) -> str:
    count = random.choice((6, 9, 12))
    x, y = random.choice(((32, 32), (32, 32), (0, 64), (32, 64), (64, 20)))
    rays = []
    for at in range(2 * count):
        start, end = at * math.pi / count, (at + 0.5) * math.pi / count
        line = (
            f"M{x} {y} {_number(x + 95 * math.cos(start))} "
            f"{_number(y + 95 * math.sin(start))} {_number(x + 95 * math.cos(end))} "
            f"{_number(y + 95 * math.sin(end))}z"
        )
        rays.append(_path(line, inks.first if at % 2 else inks.second))
    core = random.choice((7, 11))
    centre = _circle(x, y, core + 4, inks.ground) + _circle(x, y, core, inks.first)
    return "".join(rays) + centre


_MOTIFS: tuple[Motif, ...] = (
    _rings,
    _diagonals,
    _quarter_tiles,
    _sea,
    _halftone,
    _waveform,
    _overlap,
    _stairs,
    _ripples,
    _arches,
    _mountains,
    _chessboard,
    _nested,
    _lamp,
    _bowls,
    _half_record,
    _rays,
)


# Signs of avatars


def _horizon(_random: Random, inks: Inks) -> str:
    return _rectangle(0, 32, 64, 32, inks.first) + _circle(32, 32, 14, inks.second)


def _eclipse(_random: Random, inks: Inks) -> str:
    return _circle(38, 27, 21, inks.first) + _circle(29, 22, 19, inks.ground)


def _spokes(_random: Random, inks: Inks) -> str:
    bars = "".join(
        _turned(_rectangle(29, 7, 6, 50, inks.first), turn) for turn in (0, 45, 90, 135)
    )
    return bars + _circle(32, 32, 9, inks.second)


def _equaliser(_random: Random, inks: Inks) -> str:
    bars = ((13, 22, 20), (24, 13, 38), (34, 13, 38), (44, 22, 20))
    return "".join(_rectangle(x, y, 7, height, inks.first) for x, y, height in bars)


def _stripes(_random: Random, inks: Inks) -> str:
    return "".join(_rectangle(0, y, 64, 5, inks.first) for y in (20, 30, 40))


def _peak(_random: Random, inks: Inks) -> str:
    return _path("M32 9 55 55H9z", inks.first) + _circle(32, 42, 6, inks.second)


def _tiles(_random: Random, inks: Inks) -> str:
    return _rectangle(15, 15, 15, 15, inks.first) + _rectangle(
        34, 34, 15, 15, inks.second
    )
