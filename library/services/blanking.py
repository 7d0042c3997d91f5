"""Forgetting what Spotify told us; ids, links between rows and use stay."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from library.models import (
    FEATURE_NAMES,
    Album,
    Artist,
    LibraryVersion,
    Track,
    TrackArtist,
)


def blank_albums(album_ids: Collection[int]) -> int:
    """Blank names, pictures and figures of albums, within a transaction; count them.

    Spotify's terms: its content may not be stored indefinitely. The ids stay, so that
    lists and history hold, and so do ISRC and recording key, by which a recording is
    known to rest. Reading the album again brings everything back.
    """
    albums = Album.objects.filter(pk__in=album_ids)
    count = albums.exclude(name="", artist_line="", image_url="").update(
        name="",
        artist_line="",
        release_date="",
        release_date_precision="",
        release_year=None,
        image_url="",
        upc="",
    )
    tracks = Track.objects.filter(album__in=album_ids)
    tracks.update(name="", artist_line="", explicit=None, popularity=None)
    measured = tracks.filter(features_source=Track.FeatureSource.SPOTIFY)
    nothing: dict[str, object] = dict.fromkeys(FEATURE_NAMES)
    measured.update(**nothing, features_source="", features_at=None)
    _blank_artists(album_ids)
    LibraryVersion.bump()
    return count


def _blank_artists(album_ids: Collection[int]) -> None:
    """Blank the artists whom no track that has a name credits any more."""
    named = TrackArtist.objects.filter(artist=OuterRef("pk")).exclude(track__name="")
    credited = TrackArtist.objects.filter(track__album__in=album_ids)
    Artist.objects.filter(pk__in=credited.values("artist")).exclude(
        Exists(named)
    ).update(name="")
