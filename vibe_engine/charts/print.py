"""The vibe print: one picture of a whole list, position by position."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vibe_engine.charts import keys, svg
from vibe_engine.charts.marks import energy_bars

COLUMN = 0.72
"""Width of a bar in a column of 1."""
ENERGY_PX, VALENCE_PX, TEMPO_PX, YEAR_PX = 150, 86, 84, 64


@dataclass(frozen=True, slots=True)
class PrintTrack:
    """A track as the print sees it; features are `None` where they are absent.

    `energy` and `valence` lie between 0 and 1, `tempo` is in beats a minute, `key`
    and `mode` as Spotify gives them (0 to 11, 1 for major).
    """

    title: str
    artists: tuple[str, ...] = ()
    energy: float | None = None
    valence: float | None = None
    tempo: float | None = None
    key: int | None = None
    mode: int | None = None
    year: int | None = None


Tracks = Sequence[PrintTrack]


def vibe_print(tracks: Tracks) -> SafeString:
    """Return the rows of the print; what is not known is left out and named."""
    if not tracks:
        return svg.sentence("The list is empty, so there is nothing to print yet.")
    rows = [
        _artists(tracks),
        _energy(tracks),
        _valence(tracks),
        _tempo(tracks),
        _keys(tracks),
        _years(tracks),
        _ruler(len(tracks)),
    ]
    return format_html('<div class="print">{}{}</div>', svg.join(rows), _absent(tracks))


def _row(word: str, detail: str, picture: SafeString, css: str = "") -> SafeString:
    return format_html(
        '<div class="{}"><b>{}</b><span>{}</span></div>{}',
        f"print-label {css}".strip(),
        word,
        detail,
        picture,
    )


def _artists(tracks: Tracks) -> SafeString:
    pairs = list(_neighbours(tracks))
    if not pairs:
        return svg.NOTHING
    nearest, artist = min((end - start, name) for name, start, end in pairs)
    arcs = [_arc(name, start, end, len(tracks)) for name, start, end in pairs]
    label = f"Artist spacing: closest pair {nearest} apart, {artist}"
    picture = svg.drawing(50, [svg.stretched(len(tracks), 50, arcs)], label=label)
    return _row("Artists", f"closest pair {nearest} apart", picture)


def _neighbours(tracks: Tracks) -> Iterator[tuple[str, int, int]]:
    """Yield each artist's consecutive positions (from 0)."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, track in enumerate(tracks):
        for artist in dict.fromkeys(track.artists):
            positions[artist].append(position)
    for artist, places in positions.items():
        for start, end in pairwise(places):
            yield artist, start, end


def _arc(artist: str, start: int, end: int, count: int) -> SafeString:
    half = COLUMN / 2
    lift = svg.number(46 - ((end - start) / count * 60 + 3) * 0.98)
    a, b = svg.number(start + half), svg.number(end + half)
    return format_html(
        '<path class="arc" d="M{0} 46C{0} {2} {1} {2} {1} 46">'
        "<title>{3}: {4} apart</title></path>",
        a,
        b,
        lift,
        artist,
        end - start,
    )


def _energy(tracks: Tracks) -> SafeString:
    known = [track.energy for track in tracks if track.energy is not None]
    if not known:
        return svg.NOTHING
    count = len(tracks)
    bars = energy_bars([track.energy for track in tracks], width=COLUMN)
    hover = [_hover(position, track) for position, track in enumerate(tracks)]
    mean = sum(known) / len(known)
    picture = svg.drawing(
        ENERGY_PX + 2,
        [
            *(svg.across(y) for y in (2, 39, 76, 114)),
            svg.stretched(count, 100, bars, shown=str(ENERGY_PX)),
            svg.stretched(count, ENERGY_PX, hover),
        ],
        label=f"Energy by position, mean {mean:.2f}, "
        f"from {min(known):.2f} to {max(known):.2f}",
    )
    return _row("Energy", f"mean {mean:.2f}", picture)


def _hover(position: int, track: PrintTrack) -> SafeString:
    return format_html(
        '<path class="fill-none" d="M{} 0h1v{}h-1z"><title>{}</title></path>',
        position,
        ENERGY_PX,
        ", ".join(_facts(position, track)),
    )


def _facts(position: int, track: PrintTrack) -> Iterator[str]:
    yield f"{position + 1}. {track.title}"
    yield from track.artists[:2]
    if track.energy is not None:
        yield f"energy {track.energy:.2f}"
    if track.valence is not None:
        yield f"valence {track.valence:.2f}"
    if track.tempo is not None:
        yield f"{track.tempo:.0f} bpm"


def _valence(tracks: Tracks) -> SafeString:
    known = [track.valence for track in tracks if track.valence is not None]
    if not known:
        return svg.NOTHING
    bars = "".join(
        f"M{position} 0V{svg.number(round(track.valence * VALENCE_PX, 1))}h{COLUMN}V0z"
        for position, track in enumerate(tracks)
        if track.valence is not None
    )
    mean = sum(known) / len(known)
    picture = svg.drawing(
        VALENCE_PX + 2,
        [
            svg.stretched(len(tracks), VALENCE_PX, [svg.path(bars, "fill-valence")]),
            *(svg.across(y) for y in (43, VALENCE_PX)),
        ],
        label=f"Valence by position, mean {mean:.2f}",
    )
    return _row("Valence", f"mean {mean:.2f}", picture)


def _tempo(tracks: Tracks) -> SafeString:
    known = [
        (position, track.tempo)
        for position, track in enumerate(tracks)
        if track.tempo is not None
    ]
    if not known:
        return svg.NOTHING
    slow = min(known, key=lambda place: place[1])
    fast = max(known, key=lambda place: place[1])
    low, high = min(slow[1], 70), max(fast[1], 180)
    count = len(tracks)

    def y(bpm: float) -> float:
        return 16 + (high - bpm) / (high - low) * 52

    stairs = f"M0 {svg.number(y(known[0][1]))}" + "".join(
        f"H{position}V{svg.number(y(bpm))}" for position, bpm in known
    )
    picture = svg.drawing(
        TEMPO_PX,
        [
            svg.across(round(y(120))),
            svg.stretched(count, TEMPO_PX, [svg.path(f"{stairs}H{count}", "curve")]),
            _named(fast[0] / count * 100, y(fast[1]) - 4, f"{fast[1]:.0f}"),
            _named(slow[0] / count * 100, y(slow[1]) + 13, f"{slow[1]:.0f}"),
        ],
        label=f"Tempo by position, {slow[1]:.0f} to {fast[1]:.0f} beats a minute",
        css="spaced",
    )
    return _row("Tempo", f"{slow[1]:.0f} to {fast[1]:.0f} bpm", picture, "spaced")


def _named(x: float, y: float, words: str) -> SafeString:
    if x > 94:
        return svg.text(100, y, words, "strong at-end")
    return svg.text(x + 0.3, y, words, "strong")


def _keys(tracks: Tracks) -> SafeString:
    places = [keys.camelot(track.key, track.mode) for track in tracks]
    if not any(places):
        return svg.NOTHING
    step = 100 / len(tracks)
    parts = []
    for position, place in enumerate(places):
        if place is not None:
            number, letter = place
            x, width = position * step, COLUMN * step
            bars = [svg.rect(x, 0, width, 18, f"hue camelot-{number}")]
            if letter == "A":
                bars.append(svg.rect(x, 11, width, 4, "fill-ground"))
            parts.append(svg.group(f"{position + 1}: {number}{letter}", bars))
    picture = svg.drawing(
        20,
        parts,
        label="Key of each track, coloured by the Camelot wheel",
        css="spaced",
    )
    return _row("Key", "cut bar: minor", picture, "spaced")


def _years(tracks: Tracks) -> SafeString:
    known = [
        (position, track.year) for position, track in enumerate(tracks) if track.year
    ]
    if not known:
        return svg.NOTHING
    oldest, newest = (pick(year for _, year in known) for pick in (min, max))
    first, last = oldest // 10 * 10, newest // 10 * 10 + 10
    step = 100 / len(tracks)

    def y(year: int) -> float:
        return 6 + (last - year) / (last - first) * 50

    dots = [
        svg.group(
            f"{position + 1}: {year}",
            [svg.dot((position + COLUMN / 2) * step, y(year), 2.5, "fill-ink-2")],
        )
        for position, year in known
    ]
    lines = [svg.across(round(y(year))) for year in (first, last)]
    span = str(oldest) if oldest == newest else f"{oldest} to {newest}"
    picture = svg.drawing(
        YEAR_PX, [*lines, *dots], label=f"Year of release, {span}", css="spaced"
    )
    return _row("Year", span, picture, "spaced")


def _ruler(count: int) -> SafeString:
    step = 100 / count
    marks = []
    for position in range(1, count + 1):
        x = (position - 1 + COLUMN / 2) * step
        named = position == 1 or position % 10 == 0
        marks.append(svg.upright(x, 0, 8 if named else 4, "axis"))
        if named:
            marks.append(svg.text(x, 18, str(position), "at-middle"))
    picture = format_html(
        '<svg class="chart" width="100%" height="20" aria-hidden="true">{}</svg>',
        svg.join(marks),
    )
    return format_html('<div class="print-label"></div>{}', picture)


def _absent(tracks: Tracks) -> SafeString:
    """Name the rows that are missing, and why."""
    known = {
        "energy": any(track.energy is not None for track in tracks),
        "valence": any(track.valence is not None for track in tracks),
        "tempo": any(track.tempo is not None for track in tracks),
        "key": any(keys.camelot(track.key, track.mode) for track in tracks),
    }
    missing = [word for word, found in known.items() if not found]
    if not missing:
        return svg.NOTHING
    *most, last = missing
    words = f"{', '.join(most)} and {last}" if most else last
    return format_html(
        '<p class="print-note">{} left out: Spotify gives audio features only to '
        "apps that had them before November 2024. Lists are drawn without them.</p>",
        f"{words.capitalize()} {'are' if most else 'is'}",
    )
