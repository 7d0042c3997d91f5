"""What a pasted text would do: a verdict per link or line, and the cost in calls."""

import math
import re
from collections import Counter
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from library.models import Album
from vibe_engine.errors import InputError
from vibe_engine.spotify.links import AlbumLink, FoundLink, find_album_links

MOST_LINES = 20_000
MOST_ALBUMS = 5_000
TRACKS_PER_CALL = 50
"""An album brings its first 50 tracks along (Web API, "Get Album")."""
FEATURES_PER_CALL = 100

_LINE_END = re.compile(r"\r\n?|\n")


class VerdictKind(StrEnum):
    """What a pasted line turns out to be."""

    NEW = "new"
    KNOWN = "known"
    REPEATED = "repeated"
    NOT_ALBUM = "not_album"
    BAD_ID = "bad_id"
    NO_LINK = "no_link"
    SHORT_LINK = "short_link"


USABLE = (VerdictKind.NEW, VerdictKind.KNOWN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one link, or of one line without any.

    `problem` says why it is no use; `album` is the one that is here already;
    `first_line` is where a repeated album stood first.
    """

    line_number: int
    raw: str
    kind: VerdictKind
    album_id: str = ""
    problem: str = ""
    album: Album | None = None
    first_line: int = 0

    @property
    def is_usable(self) -> bool:
        """Whether it names an album, for the first time."""
        return self.kind in USABLE

    @property
    def words(self) -> str:
        """The verdict as a sentence."""
        if self.kind == VerdictKind.REPEATED:
            return f"The same album as in line {self.first_line}."
        if self.kind == VerdictKind.KNOWN:
            return "Here already."
        return self.problem or "New, will be read."


@dataclass(frozen=True)
class Preview:
    """Every verdict of a text, in its order.

    `refresh` says whether albums that are here already are read again.
    """

    verdicts: Sequence[Verdict]
    refresh: bool

    @cached_property
    def counts(self) -> Counter[VerdictKind]:
        """How many verdicts there are of each kind."""
        return Counter(verdict.kind for verdict in self.verdicts)

    @cached_property
    def chosen(self) -> list[Verdict]:
        """What would be read from Spotify."""
        kinds = USABLE if self.refresh else (VerdictKind.NEW,)
        return [verdict for verdict in self.verdicts if verdict.kind in kinds]

    @property
    def usable(self) -> list[Verdict]:
        """Every album that is named, each once."""
        return [verdict for verdict in self.verdicts if verdict.is_usable]

    @property
    def problems(self) -> list[Verdict]:
        """What is no use, repeated albums aside."""
        return [verdict for verdict in self.verdicts if verdict.problem]

    @property
    def repeated(self) -> list[Verdict]:
        """Albums that are named again."""
        return [v for v in self.verdicts if v.kind == VerdictKind.REPEATED]

    @property
    def new_count(self) -> int:
        """How many albums are not in the library."""
        return self.counts[VerdictKind.NEW]

    @property
    def known_count(self) -> int:
        """How many albums are in the library."""
        return self.counts[VerdictKind.KNOWN]

    @property
    def words(self) -> str:
        """The verdicts in one sentence."""
        known = "read again" if self.refresh else "left alone"
        counts = (
            (self.new_count, "new"),
            (self.known_count, f"here already ({known})"),
            (len(self.repeated), "repeated"),
            (len(self.problems), "of no use"),
        )
        told = [f"{count:,} {words}" for count, words in counts if count]
        return f"{', '.join(told) or 'Nothing'}."

    def calls(self, *, with_features: bool) -> int:
        """Return the calls to Spotify, at least.

        One per album and per 50 tracks; the length of a new album shows only then.
        `with_features` adds one per 100 tracks of each.
        """
        sizes = [v.album.total_tracks if v.album else 1 for v in self.chosen]
        return sum(
            _parts(size, TRACKS_PER_CALL)
            + (_parts(size, FEATURES_PER_CALL) if with_features else 0)
            for size in sizes
        )


def preview_ingest(
    *, text: str, refresh: bool, hosts: AnyCollection[str] = ()
) -> Preview:
    """Judge a text without asking Spotify; one query says what is here already.

    `hosts` are further hosts whose album pages count, besides Spotify's.

    :raises InputError: there are more lines, links or albums than fit at once.
    """
    lines = len(_LINE_END.findall(text)) + 1
    _check_count(lines, MOST_LINES, "lines")
    found = find_album_links(text, extra_hosts=hosts)
    _check_count(len(found), MOST_LINES, "links")
    ids = {one.link.album_id for one in found if isinstance(one.link, AlbumLink)}
    _check_count(len(ids), MOST_ALBUMS, "albums")
    return Preview(_judge(found, _known_albums(ids)), refresh)


def _check_count(count: int, most: int, what: str) -> None:
    if count > most:
        raise InputError(
            f"At most {most:,} {what} fit at once, and there are {count:,}. "
            "Send them in parts; nothing was sent.",
            field="text",
        )


def _known_albums(ids: AnyCollection[str]) -> dict[str, Album]:
    albums = Album.objects.filter(spotify_id__in=ids).only(
        "spotify_id", "name", "artist_line", "total_tracks", "refreshed_at"
    )
    return {album.spotify_id: album for album in albums}


def _judge(found: Iterable[FoundLink], known: dict[str, Album]) -> list[Verdict]:
    first_lines: dict[str, int] = {}
    verdicts = []
    for one in found:
        if isinstance(one.link, AlbumLink):
            album_id = one.link.album_id
            verdicts.append(_album_verdict(one, album_id, known, first_lines))
            first_lines.setdefault(album_id, one.line_number)
        else:
            kind, problem = VerdictKind(one.link.kind), one.link.text
            verdicts.append(Verdict(one.line_number, one.raw, kind, problem=problem))
    return verdicts


def _album_verdict(
    found: FoundLink,
    album_id: str,
    known: dict[str, Album],
    first_lines: dict[str, int],
) -> Verdict:
    album, first_line = known.get(album_id), first_lines.get(album_id, 0)
    kind = VerdictKind.KNOWN if album else VerdictKind.NEW
    return Verdict(
        found.line_number,
        found.raw,
        VerdictKind.REPEATED if first_line else kind,
        album_id=album_id,
        album=album,
        first_line=first_line,
    )


def _parts(count: int, size: int) -> int:
    return math.ceil(max(count, 1) / size)
