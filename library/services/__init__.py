"""What doors and upper apps may do with the library."""

from library.services.grouping import (
    add_albums,
    collect_albums,
    create_collection,
    delete_collection,
    edit_collection,
    find_or_create_collection,
    place_albums,
    remove_albums,
    set_collections,
)
from library.services.ingesting import (
    Ingested,
    Opened,
    ingest_album,
    open_ingest,
    open_refresh,
)
from library.services.previewing import (
    MOST_ALBUMS,
    MOST_LINES,
    Preview,
    Verdict,
    VerdictKind,
    preview_ingest,
)
from library.services.usage import hold_tracks, mark_used, release_tracks

__all__ = [
    "MOST_ALBUMS",
    "MOST_LINES",
    "Ingested",
    "Opened",
    "Preview",
    "Verdict",
    "VerdictKind",
    "add_albums",
    "collect_albums",
    "create_collection",
    "delete_collection",
    "edit_collection",
    "find_or_create_collection",
    "hold_tracks",
    "ingest_album",
    "mark_used",
    "open_ingest",
    "open_refresh",
    "place_albums",
    "preview_ingest",
    "release_tracks",
    "remove_albums",
    "set_collections",
]
