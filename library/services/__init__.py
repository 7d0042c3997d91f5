"""What doors and upper apps may do with the library."""

from library.services.describing import (
    Fetched,
    fetch_features,
    open_fetch,
    something_is_lacking,
)
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
from library.services.importing import (
    Judged,
    RowVerdict,
    import_features,
    judge_file,
    parts_of,
    rest_of,
    template_lines,
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
    "Fetched",
    "Ingested",
    "Judged",
    "Opened",
    "Preview",
    "RowVerdict",
    "Verdict",
    "VerdictKind",
    "add_albums",
    "collect_albums",
    "create_collection",
    "delete_collection",
    "edit_collection",
    "fetch_features",
    "find_or_create_collection",
    "hold_tracks",
    "import_features",
    "ingest_album",
    "judge_file",
    "mark_used",
    "open_fetch",
    "open_ingest",
    "open_refresh",
    "parts_of",
    "place_albums",
    "preview_ingest",
    "release_tracks",
    "remove_albums",
    "rest_of",
    "set_collections",
    "something_is_lacking",
    "template_lines",
]
