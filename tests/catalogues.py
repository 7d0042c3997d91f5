"""Catalogues that tests hand to a sandbox of their own."""

import csv
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from vibe_engine.sandbox.catalogue import Album, Catalogue, Track
from vibe_engine.sandbox.generated import GeneratedCatalogue
from vibe_engine.testing.environment import ROOT

RELEASES = 600
"""As many singles stand in for the real catalogue, which has few tracks a release."""
IDENTITY = (
    "album_id",
    "album_name",
    "album_type",
    "release_date",
    "release_date_precision",
    "track_id",
    "track_name",
    "disc_number",
    "track_number",
    "artist_names",
    "artist_ids",
    "duration_ms",
    "explicit",
    "isrc",
    "popularity",
)
FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)


def real_catalogue(folder: Path) -> Path:
    """Return a CSV of real albums from beside the checkout, else an invented one."""
    found = sorted(ROOT.parent.glob("*/catalogue/tracks.csv.gz"))
    if found:
        return found[0]
    invented = GeneratedCatalogue(track_count=60 * RELEASES, seed=2020)
    albums = invented.albums(0, invented.album_count)
    shortest = sorted(albums, key=lambda album: album.total_tracks)[:RELEASES]
    return write_catalogue(folder / "tracks.csv.gz", invented, shortest)


def write_catalogue(path: Path, catalogue: Catalogue, albums: Iterable[Album]) -> Path:
    """Write albums of a catalogue as the sandbox reads them."""
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*IDENTITY, *FEATURES))
        for album in albums:
            for track in tracks_of(catalogue, album):
                writer.writerow(_row(catalogue, album, track))
    return path


def tracks_of(catalogue: Catalogue, album: Album) -> list[Track]:
    """Return an album's tracks in playing order."""
    return list(catalogue.album_tracks(album, 0, album.total_tracks))


def spread(catalogue: Catalogue, count: int) -> list[Album]:
    """Return `count` albums, evenly spread over the whole catalogue."""
    albums = catalogue.albums(0, catalogue.album_count)
    return [albums[number * len(albums) // count] for number in range(count)]


def _row(catalogue: Catalogue, album: Album, track: Track) -> Iterator[object]:
    yield from (album.id, album.name, album.album_type)
    yield from (album.release_date, album.release_date_precision)
    yield from (track.id, track.name, track.disc_number, track.track_number)
    yield ";".join(artist.name.replace(";", ",") for artist in track.artists)
    yield ";".join(artist.id for artist in track.artists)
    yield from (track.duration_ms, track.explicit, track.isrc, track.popularity)
    features = catalogue.features(track.id)
    for name in FEATURES:
        yield "" if features is None else getattr(features, name)
