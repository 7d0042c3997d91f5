"""A file of audio features, read line by line; a bad line never hides the next."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from library.models import FEATURE_NAMES, SHARE_FEATURES
from vibe_engine.errors import InputError

COLUMNS = ("track", "title", "artist", *FEATURE_NAMES)
"""The columns of the template; title and artist are for people alone."""
NAMES_OF_TRACKS = (
    "track",
    "spotify_id",
    "track_id",
    "id",
    "uri",
    "spotify_uri",
    "track_uri",
    "url",
    "spotify_url",
    "isrc",
)
RAW_LENGTH = 160
"""Characters of a line that a verdict shows."""

_LINE_END = re.compile(r"\r\n?|\n")
_SPOTIFY_ID = re.compile(
    r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[\w-]+/)?track/)?"
    r"([0-9A-Za-z]{22})(?:[/?#].*)?"
)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NUMBER = re.compile(r"[+-]?(\d{1,20}\.?\d{0,20}|\.\d{1,20})([eE][+-]?\d{1,2})?", re.A)
_MODES = {"major": "1", "minor": "0"}
_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(SHARE_FEATURES, (0.0, 1.0)),
    "key": (-1.0, 11.0),
    "mode": (0.0, 1.0),
    "loudness": (-100.0, 20.0),
    "tempo": (0.0, 400.0),
}
_WHOLE = frozenset({"key", "mode"})
_UNKNOWN_KEY = -1


@dataclass(frozen=True)
class Line:
    """One line of the file.

    It names a track by `spotify_id` or by `isrc`; `problem` says why it is no use;
    `raw` is what was written.
    """

    number: int
    raw: str
    spotify_id: str = ""
    isrc: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""

    @property
    def shown(self) -> str:
        """What was written, cut short."""
        raw = self.raw.strip()
        return raw if len(raw) <= RAW_LENGTH else f"{raw[:RAW_LENGTH]}…"


@dataclass(frozen=True)
class FeatureFile:
    """A header as it was written, and the lines under it that hold anything."""

    header: str
    lines: Sequence[Line]


def read_file(text: str, *, most_lines: int) -> FeatureFile:
    """Read a file with a header; fields are parted by commas, semicolons or tabs.

    Empty lines are passed over. Where semicolons or tabs part the fields, numbers
    may have a decimal comma.

    :raises InputError: the header names no track or no feature, or there are more
        than `most_lines` lines.
    """
    rows = split_lines(text)
    filled = [(n, row) for n, row in enumerate(rows, start=1) if row.strip(" \t,;")]
    if not filled:
        raise InputError("The file is empty.", field="text")
    if len(filled) - 1 > most_lines:
        raise InputError(
            f"At most {most_lines:,} lines fit at once, and there are "
            f"{len(filled) - 1:,}. Nothing was imported.",
            field="text",
        )
    (_, header), *rest = filled
    reader = _Reader(header)
    return FeatureFile(header, [reader.read(number, row) for number, row in rest])


def split_lines(text: str) -> list[str]:
    """Return the lines of a text; separators inside of names do not end one."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def with_columns(names: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a CSV file, the header first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row])


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _harmless(cell: str) -> str:
    """Keep spreadsheets from taking a title for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


class _Reader:
    """Reads lines under one header."""

    def __init__(self, header: str) -> None:
        self._delimiter = max(",;\t", key=header.count)
        names = [_normal(name) for name in self._cells(header)]
        self._tracks = [name for name in NAMES_OF_TRACKS if name in names]
        self._features = [name for name in FEATURE_NAMES if name in names]
        self._names = names
        twice = {name for name in names if name and names.count(name) > 1}
        known = twice & {*NAMES_OF_TRACKS, *FEATURE_NAMES}
        if known:
            raise InputError(
                f"The header names “{min(known)}” more than once.", field="text"
            )
        if not self._tracks or not self._features:
            raise InputError(
                "The first line must name the columns: “track” (or “isrc”) and at "
                f"least one of {', '.join(FEATURE_NAMES)}.",
                field="text",
            )

    def read(self, number: int, row: str) -> Line:
        """Return one line with what it says, or with its problem."""
        try:
            cells = self._cells(row)
            if len(cells) > len(self._names):
                raise InputError(
                    f"There are {len(cells)} fields, and the header names "
                    f"{len(self._names)}."
                )
            fields = dict(zip(self._names, (c.strip() for c in cells), strict=False))
            spotify_id, isrc = self._track(fields)
            values = self._values(fields)
        except InputError as error:
            return Line(number, row, problem=str(error))
        return Line(number, row, spotify_id, isrc, values)

    def _cells(self, row: str) -> list[str]:
        try:
            (cells,) = csv.reader([row], delimiter=self._delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            raise InputError(
                "The quotation marks do not fit together.", field="text"
            ) from error
        return cells

    def _track(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Return a Spotify id, or an ISRC, of which the other is ""."""
        given = next((fields[n] for n in self._tracks if fields.get(n)), "")
        if not given:
            raise InputError("It names no track.")
        if found := _SPOTIFY_ID.fullmatch(given):
            return found[1], ""
        isrc = re.sub(r"[\s-]", "", given).upper()
        if _ISRC.fullmatch(isrc):
            return "", isrc
        raise InputError(
            f"“{given[:60]}” is no Spotify id, no link to a track and no ISRC."
        )

    def _values(self, fields: Mapping[str, str]) -> dict[str, float]:
        texts = {name: fields.get(name, "") for name in self._features}
        return {name: self._value(name, text) for name, text in texts.items() if text}

    def _value(self, name: str, text: str) -> float:
        plain = text if self._delimiter == "," else text.replace(",", ".")
        if name == "mode":
            plain = _MODES.get(plain.lower(), plain)
        low, high = _RANGES[name]
        if not _NUMBER.fullmatch(plain) or not low <= float(plain) <= high:
            raise InputError(
                f"{name}: “{text[:40]}” is no number from {low:g} to {high:g}."
            )
        if name in _WHOLE and not float(plain).is_integer():
            raise InputError(f"{name}: “{text[:40]}” is no whole number.")
        return float(plain)


def _normal(name: str) -> str:
    """Return a column's name as it is compared: "Track URI" is "track_uri"."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def stored(name: str, value: float) -> float | int | None:
    """Return a value as its column takes it; an unknown key is None."""
    if name not in _WHOLE:
        return value
    return None if name == "key" and value == _UNKNOWN_KEY else int(value)
