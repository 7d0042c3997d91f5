"""Audio features out of a file: a verdict for each line, then the good ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from django.db import transaction

from library import featurefile
from library.featurefile import COLUMNS, Line
from library.models import FEATURE_NAMES, LibraryVersion, Track
from vibe_engine.errors import InputError

MOST_LINES = 5_000
"""Lines of one import; a longer file goes through the command, in parts."""
BATCH = 500

_FIELDS = (*FEATURE_NAMES, "features_source", "features_at")


class RowKind(StrEnum):
    """What a line of a file turns out to be."""

    GOOD = "good"
    EMPTY = "empty"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    BAD = "bad"


@dataclass(frozen=True)
class RowVerdict:
    """What becomes of one line; `tracks` are the primary keys that it is about."""

    line: Line
    kind: RowKind
    words: str
    tracks: tuple[int, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether its values are taken."""
        return self.kind == RowKind.GOOD


@dataclass(frozen=True)
class Judged:
    """Every verdict of a file, in its order."""

    header: str
    verdicts: Sequence[RowVerdict]

    @cached_property
    def counts(self) -> Counter[RowKind]:
        """How many verdicts there are of each kind."""
        return Counter(verdict.kind for verdict in self.verdicts)

    @property
    def good(self) -> list[RowVerdict]:
        """The lines whose values are taken."""
        return [verdict for verdict in self.verdicts if verdict.is_good]

    @property
    def problems(self) -> list[RowVerdict]:
        """The lines that a person may want to mend."""
        kinds = (RowKind.BAD, RowKind.UNKNOWN, RowKind.REPEATED)
        return [verdict for verdict in self.verdicts if verdict.kind in kinds]

    @property
    def words(self) -> str:
        """The verdicts in one sentence."""
        names = {
            RowKind.GOOD: "good",
            RowKind.EMPTY: "without values",
            RowKind.REPEATED: "repeated",
            RowKind.UNKNOWN: "about tracks that are not in the library",
            RowKind.BAD: "bad",
        }
        told = [
            f"{self.counts[kind]:,} {name}"
            for kind, name in names.items()
            if self.counts[kind]
        ]
        return f"Lines: {', '.join(told) or 'none'}."


def judge_file(*, text: str, most_lines: int = MOST_LINES) -> Judged:
    """Judge each line of a file; nothing is stored.

    Of several lines about one track the first counts.

    :raises InputError: the header cannot be used, or there are too many lines.
    """
    file = featurefile.read_file(text, most_lines=most_lines)
    by_id, by_isrc = _known(file.lines)
    taken: dict[int, int] = {}
    verdicts = []
    for line in file.lines:
        found = by_id.get(line.spotify_id, ()) or by_isrc.get(line.isrc, ())
        verdict = _judge(line, found, taken)
        taken |= dict.fromkeys(verdict.tracks, line.number)
        verdicts.append(verdict)
    return Judged(file.header, verdicts)


def import_features(*, judged: Judged, now: datetime) -> int:
    """Store the values of the good lines, all or none; return how many tracks.

    What a line leaves empty stays as it was. From then on the values count as
    imported: no service replaces them.
    """
    values = {
        pk: verdict.line.values for verdict in judged.good for pk in verdict.tracks
    }
    keys = sorted(values)
    with transaction.atomic():
        for start in range(0, len(keys), BATCH):
            tracks = Track.objects.filter(pk__in=keys[start : start + BATCH])
            rows = list(tracks.order_by("pk").select_for_update(no_key=True))
            for track in rows:
                for name, value in values[track.pk].items():
                    setattr(track, name, featurefile.stored(name, value))
                track.features_source = Track.FeatureSource.IMPORT
                track.features_at = now
            Track.objects.bulk_update(rows, _FIELDS)
        if keys:
            LibraryVersion.bump()
    return len(keys)


def rest_of(judged: Judged) -> str:
    """Return the header and the lines with problems as they were written, to mend."""
    if not judged.problems:
        return ""
    return "\n".join([judged.header, *(one.line.raw for one in judged.problems)])


def template_lines(*, most: int = MOST_LINES) -> Iterator[str]:
    """Yield a file to fill in: the header and the tracks that lack features."""
    names = ("spotify_id", "name", "artist_line")
    tracks = Track.objects.lacking_features().order_by("pk").values_list(*names)
    blanks = [""] * len(FEATURE_NAMES)
    rows = ([*track, *blanks] for track in tracks[:most])
    return featurefile.with_columns(COLUMNS, rows)


def _known(
    lines: Iterable[Line],
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Return the tracks that the lines name, by Spotify id and by ISRC."""
    ids = sorted({line.spotify_id for line in lines} - {""})
    isrcs = sorted({line.isrc for line in lines} - {""})
    by_id: dict[str, tuple[int, ...]] = {}
    by_isrc: dict[str, tuple[int, ...]] = {}
    for some in _batches(ids):
        rows = Track.objects.filter(spotify_id__in=some)
        by_id |= {name: (pk,) for pk, name in rows.values_list("pk", "spotify_id")}
    for some in _batches(isrcs):
        keys = [f"isrc:{isrc}" for isrc in some]
        rows = Track.objects.filter(recording_key__in=keys).order_by("pk")
        for pk, key in rows.values_list("pk", "recording_key"):
            isrc = key.removeprefix("isrc:")
            by_isrc[isrc] = (*by_isrc.get(isrc, ()), pk)
    return by_id, by_isrc


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + BATCH] for start in range(0, len(names), BATCH))


def _judge(line: Line, found: Sequence[int], taken: dict[int, int]) -> RowVerdict:
    if line.problem:
        return RowVerdict(line, RowKind.BAD, line.problem)
    if not line.values:
        return RowVerdict(line, RowKind.EMPTY, "It holds no values and is passed over.")
    if not found:
        return RowVerdict(line, RowKind.UNKNOWN, "This track is not in the library.")
    fresh = tuple(pk for pk in found if pk not in taken)
    if not fresh:
        first = taken[found[0]]
        words = f"The same track as in line {first}, which counts."
        return RowVerdict(line, RowKind.REPEATED, words)
    values = "1 value" if len(line.values) == 1 else f"{len(line.values)} values"
    tracks = "" if len(fresh) == 1 else f" for {len(fresh)} tracks of this recording"
    return RowVerdict(line, RowKind.GOOD, f"{values}{tracks}.", fresh)


def parts_of(text: str, *, size: int = MOST_LINES) -> Iterator[tuple[str, int]]:
    """Yield a long file in parts that each fit, with the line each begins after.

    Every part has the header; its lines count from its second one.

    :raises InputError: the file is empty.
    """
    header, *lines = featurefile.split_lines(text)
    if not header.strip():
        raise InputError("The file does not begin with the names of its columns.")
    for start in range(0, max(len(lines), 1), size):
        yield "\n".join([header, *lines[start : start + size]]), start
