"""What doors and upper apps may do with the library."""

from library.services.grouping import (
    add_albums,
    create_collection,
    delete_collection,
    edit_collection,
    find_or_create_collection,
    place_albums,
    remove_albums,
    set_collections,
)
from library.services.usage import hold_tracks, mark_used, release_tracks

__all__ = [
    "add_albums",
    "create_collection",
    "delete_collection",
    "edit_collection",
    "find_or_create_collection",
    "hold_tracks",
    "mark_used",
    "place_albums",
    "release_tracks",
    "remove_albums",
    "set_collections",
]
