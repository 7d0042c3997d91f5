"""A catalogue computed from a seed: up to a million tracks, none of them held.

Only one number per album is kept (where its tracks begin, who made it). The
rest follows from the seed when somebody looks.

Every kind of album stands at a fixed place, so that a small catalogue has them
all: box sets, compilations of other albums' recordings, re-releases of the album
before with the same ISRCs, singles, and albums with hostile-looking names.
"""

import bisect
from collections.abc import Sequence
from functools import lru_cache
from random import Random

import numpy as np

from vibe_engine.sandbox import names, recordings
from vibe_engine.sandbox.catalogue import Album, Artist, ArtistRef, Features, Track
from vibe_engine.sandbox.ids import IdCodec, stable_hash

MAX_TRACKS = 1_000_000
VARIOUS_ARTISTS = "Various Artists"
TRACKS_PER_DISC = 20

_PLAIN, _SINGLE, _REISSUE, _COMPILATION, _BOX_SET, _ODD = range(6)
# (every so many albums, at this place, kind): later lines win.
_PLACES = (
    (6, 3, _SINGLE),
    (12, 5, _REISSUE),
    (23, 7, _COMPILATION),
    (97, 13, _BOX_SET),
    (101, 100, _ODD),
)
_SIZES = {
    _PLAIN: (8, 16),
    _SINGLE: (1, 3),
    _REISSUE: (0, 4),  # beyond the album it repeats
    _COMPILATION: (18, 40),
    _BOX_SET: (60, 130),
    _ODD: (8, 12),
}
_TYPES = {_SINGLE: "single", _COMPILATION: "compilation"}
_ALBUMS_PER_ARTIST = 3
# Zipf-Mandelbrot law of how many albums the n-th busiest artist made.
_ZIPF_SHIFT, _ZIPF_EXPONENT = 8.0, 0.85
_SHARE_WITH_GUESTS = 0.22
_SHARE_OF_PAIRS = 0.04
_FIRST_YEAR, _LAST_YEAR = 1958, 2025
_CACHED = 8_192


class GeneratedCatalogue:
    """The catalogue of one seed and size; see the module's text."""

    def __init__(self, *, track_count: int, seed: int) -> None:
        if not 1 <= track_count <= MAX_TRACKS:
            raise ValueError(f"tracks must be from 1 to {MAX_TRACKS:,}")
        self._seed = seed
        self._ids = IdCodec(seed)
        self._track_count = track_count
        random = np.random.default_rng(seed)
        self._kinds, self._starts = _lay_out(track_count, random)
        self._artist_count = max(12, self.album_count // _ALBUMS_PER_ARTIST)
        self._artist_shares = _zipf_shares(self._artist_count)
        self._album_artists = self._cast(random)
        self._by_artist = np.argsort(self._album_artists, kind="stable")
        self._plain = np.flatnonzero(self._kinds == _PLAIN)
        self._album_at = lru_cache(_CACHED)(self._make_album)
        self._track_at = lru_cache(_CACHED)(self._make_track)

    @property
    def album_count(self) -> int:
        """How many albums there are."""
        return len(self._kinds)

    def albums(self, offset: int, limit: int) -> Sequence[Album]:
        """Return a page of all albums, in a stable order."""
        last = min(offset + limit, self.album_count)
        return [self._album_at(index) for index in range(offset, last)]

    def album(self, album_id: str) -> Album | None:
        """Return the album, or None where the id is unknown."""
        index = self._ids.decode("album", album_id)
        return None if index is None else self._album_at(index)

    def album_tracks(self, album: Album, offset: int, limit: int) -> Sequence[Track]:
        """Return a page of the album's tracks in playing order."""
        index = self._ids.decode("album", album.id)
        if index is None:
            return []
        first, end = self._bounds(index)
        last = min(first + offset + limit, end)
        return [self._track_at(number) for number in range(first + offset, last)]

    def track(self, track_id: str) -> Track | None:
        """Return the track, or None where the id is unknown."""
        number = self._ids.decode("track", track_id)
        return None if number is None else self._track_at(number)

    def has_track(self, track_id: str) -> bool:
        """Tell whether the id is a track's."""
        return self._ids.decode("track", track_id) is not None

    def features(self, track_id: str) -> Features | None:
        """Return the track's audio features, or None where unknown."""
        number = self._ids.decode("track", track_id)
        if number is None:
            return None
        origin = self._origin(number)
        style = self._style(self._artist_of(self._album_of(origin)))
        return recordings.make_features(style, self._seed, origin)

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist, or None where the id is unknown."""
        index = self._ids.decode("artist", artist_id)
        if index is None:
            return None
        popularity = self._popularity(index)
        return Artist(
            id=artist_id,
            name=self._artist_name(index),
            genres=(self._style(index).name,),
            popularity=popularity,
            followers=popularity**3,
        )

    def artist_albums(
        self, artist_id: str, offset: int, limit: int
    ) -> tuple[Sequence[Album], int]:
        """Return a page of the artist's own albums, and how many there are."""
        index = self._ids.decode("artist", artist_id)
        if index is None:
            return [], 0
        ordered = self._album_artists[self._by_artist]
        first, end = np.searchsorted(ordered, [index, index + 1])
        chosen = self._by_artist[first:end][offset : offset + limit]
        return [self._album_at(int(album)) for album in chosen], int(end - first)

    # Albums

    def _cast(self, random: np.random.Generator) -> "np.ndarray":
        """Give every album its artist; the odd ones have artists of their own."""
        draws = random.random(self.album_count)
        artists = np.searchsorted(self._artist_shares, draws).astype(np.int64)
        reissues = np.flatnonzero(self._kinds == _REISSUE)
        artists[reissues] = artists[reissues - 1]
        artists[self._kinds == _COMPILATION] = self._various
        odd = np.flatnonzero(self._kinds == _ODD)
        artists[odd] = self._various + 1 + np.arange(len(odd)) % len(names.ODD_NAMES)
        return artists

    @property
    def _various(self) -> int:
        return self._artist_count

    def _make_album(self, index: int) -> Album:
        kind = int(self._kinds[index])
        random = Random(stable_hash("album", self._seed, index))
        first, end = self._bounds(index)
        artist = self._artist_of(index)
        date, precision = self._release_date(index)
        return Album(
            id=self._ids.encode("album", index),
            name=self._album_name(index, kind),
            album_type=self._album_type(kind, end - first),
            artists=self._album_credit(artist, kind, random),
            release_date=date,
            release_date_precision=precision,
            total_tracks=end - first,
            upc=f"{880000000000 + index:013d}",
            label=f"{names.NOUNS[artist % len(names.NOUNS)]} Records",
            popularity=self._popularity(artist),
            style=self._style(artist).name,
            is_odd=kind == _ODD,
        )

    def _album_name(self, index: int, kind: int) -> str:
        if kind == _ODD:
            return names.ODD_NAMES[(index // 101 + 3) % len(names.ODD_NAMES)]
        if kind == _REISSUE:
            return f"{self._album_name(index - 1, _PLAIN)} (Deluxe Edition)"
        name = names.album_name(Random(stable_hash("album name", self._seed, index)))
        if kind == _COMPILATION:
            return f"{name}: The Collection"
        return f"{name} (The Complete Recordings)" if kind == _BOX_SET else name

    def _album_type(self, kind: int, size: int) -> str:
        return "single" if size <= 3 else _TYPES.get(kind, "album")

    def _album_credit(
        self, artist: int, kind: int, random: Random
    ) -> tuple[ArtistRef, ...]:
        credited = [artist]
        if kind == _PLAIN and random.random() < _SHARE_OF_PAIRS:
            credited += [self._draw_artist(random)]
        return self._refs(credited)

    def _release_date(self, index: int) -> tuple[str, str]:
        """Return date and precision; a re-release never comes before its album."""
        if self._kinds[index] == _REISSUE:
            first_year = int(self._release_date(index - 1)[0][:4])
            return f"{first_year + 1 + index % 9}-11-20", "day"
        random = Random(stable_hash("date", self._seed, index))
        age = int(random.expovariate(1 / 12))
        year = max(_LAST_YEAR - age, _FIRST_YEAR)
        if year < 1975 and random.random() < 0.5:
            return str(year), "year"
        if year < 1985 and random.random() < 0.2:
            return f"{year}-{random.randint(1, 12):02d}", "month"
        return f"{year}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}", "day"

    # Tracks

    def _make_track(self, number: int) -> Track:
        index = self._album_of(number)
        position = number - int(self._starts[index])
        origin = self._origin(number)
        home = self._album_of(origin)
        made = recordings.make_recording(self._seed, origin)
        artists = self._track_credit(origin, self._artist_of(home))
        per_disc = TRACKS_PER_DISC if self._kinds[index] == _BOX_SET else MAX_TRACKS
        return Track(
            id=self._ids.encode("track", number),
            name=self._title(origin, home, made.title, artists),
            album_id=self._ids.encode("album", index),
            artists=artists,
            disc_number=position // per_disc + 1,
            track_number=position % per_disc + 1,
            duration_ms=made.duration_ms,
            explicit=made.explicit,
            isrc=recordings.isrc(int(self._release_date(home)[0][:4]), origin),
            popularity=self._track_popularity(origin, self._artist_of(home)),
            is_playable=made.is_playable,
        )

    def _origin(self, number: int) -> int:
        """Return the track on which this track's recording first appeared."""
        index = self._album_of(number)
        kind, start = self._kinds[index], int(self._starts[index])
        if kind == _REISSUE:
            first, end = self._bounds(index - 1)
            repeated = first + number - start
            return self._origin(repeated) if repeated < end else number
        if kind == _COMPILATION and len(self._plain):
            draw = stable_hash("hit", self._seed, number)
            first, end = self._bounds(int(self._plain[draw % len(self._plain)]))
            return first + (draw >> 32) % (end - first)
        return number

    def _title(
        self, origin: int, home: int, title: str, artists: tuple[ArtistRef, ...]
    ) -> str:
        if self._kinds[home] == _ODD:
            return names.ODD_NAMES[origin % len(names.ODD_NAMES)]
        if len(artists) > 1 and origin % 2:
            guests = " & ".join(artist.name for artist in artists[1:])
            return f"{title} (feat. {guests})"
        return title

    def _track_credit(self, origin: int, artist: int) -> tuple[ArtistRef, ...]:
        random = Random(stable_hash("credit", self._seed, origin))
        credited = [artist]
        while len(credited) < 4 and random.random() < _SHARE_WITH_GUESTS:
            guest = self._draw_artist(random)
            credited += [guest] * (guest not in credited)
        return self._refs(credited)

    def _track_popularity(self, origin: int, artist: int) -> int:
        random = Random(stable_hash("popularity", self._seed, origin))
        return min(max(int(self._popularity(artist) + random.gauss(-8, 12)), 0), 100)

    # Artists

    def _refs(self, artists: Sequence[int]) -> tuple[ArtistRef, ...]:
        return tuple(
            ArtistRef(self._ids.encode("artist", artist), self._artist_name(artist))
            for artist in artists
        )

    def _artist_of(self, index: int) -> int:
        return int(self._album_artists[index])

    def _draw_artist(self, random: Random) -> int:
        return int(np.searchsorted(self._artist_shares, random.random()))

    def _artist_name(self, artist: int) -> str:
        if artist == self._various:
            return VARIOUS_ARTISTS
        if artist > self._various:
            return names.ODD_NAMES[artist - self._various - 1]
        return names.artist_name(Random(stable_hash("artist", self._seed, artist)))

    def _style(self, artist: int) -> recordings.Style:
        return recordings.style_of(self._seed, artist)

    def _popularity(self, artist: int) -> int:
        """Fall with the artist's rank, from 90 towards 15."""
        rank = min(artist, self._artist_count) / self._artist_count
        return int(15 + 75 * (1 - rank) ** 3)

    # Places

    def _bounds(self, index: int) -> tuple[int, int]:
        return int(self._starts[index]), int(self._starts[index + 1])

    def _album_of(self, number: int) -> int:
        return bisect.bisect_right(self._starts, number) - 1


def _lay_out(
    track_count: int, random: np.random.Generator
) -> tuple["np.ndarray", "np.ndarray"]:
    """Return each album's kind, and where its tracks begin (plus the end)."""
    count = track_count // 4 + 32
    places = np.arange(count)
    kinds = np.full(count, _PLAIN, np.int8)
    for every, place, kind in _PLACES:
        kinds[places % every == place] = kind
    kinds[1:][(kinds[1:] == _REISSUE) & (kinds[:-1] != _PLAIN)] = _PLAIN
    sizes = np.zeros(count, np.int64)
    for kind, (low, high) in _SIZES.items():
        chosen = kinds == kind
        sizes[chosen] = random.integers(low, high + 1, chosen.sum())
    reissues = np.flatnonzero(kinds == _REISSUE)
    sizes[reissues] += sizes[reissues - 1]
    ends = np.cumsum(sizes)
    albums = int(np.searchsorted(ends, track_count)) + 1
    starts = np.concatenate(([0], ends[:albums]))
    starts[-1] = track_count
    return kinds[:albums], starts


def _zipf_shares(count: int) -> "np.ndarray":
    """Return the running total of each artist's share of the albums, up to 1."""
    weights = (np.arange(count) + _ZIPF_SHIFT) ** -_ZIPF_EXPONENT
    shares = np.cumsum(weights / weights.sum())
    shares[-1] = 1.0
    return shares
