"""Artists and their aliases, albums, tracks, collections; blocks, and the version."""

from library.models.albums import (
    UNTITLED,
    Album,
    AlbumQuerySet,
    Collection,
    CollectionAlbum,
)
from library.models.aliases import Alias, same_artists
from library.models.artists import Artist, ArtistQuerySet
from library.models.blocks import Block
from library.models.sources import SourcePause
from library.models.tracks import (
    FEATURE_NAMES,
    SHARE_FEATURES,
    Track,
    TrackArtist,
    TrackQuerySet,
)
from library.models.versions import LibraryVersion

__all__ = [
    "FEATURE_NAMES",
    "SHARE_FEATURES",
    "UNTITLED",
    "Album",
    "AlbumQuerySet",
    "Alias",
    "Artist",
    "ArtistQuerySet",
    "Block",
    "Collection",
    "CollectionAlbum",
    "LibraryVersion",
    "SourcePause",
    "Track",
    "TrackArtist",
    "TrackQuerySet",
    "same_artists",
]
