"""One request for every kind of answer that the sandbox's Web API can give."""

from collections.abc import Iterator

from vibe_engine.tests.sandbox.scene import Case

NO_BODY_FITS = "JSON body doesn't conform to specification"

_ITEMS = "/playlists/<playlist_id>/items"
_OLD_ITEMS = "/playlists/<playlist_id>/tracks"
_PLAYLIST = "/playlists/<playlist_id>"
_FOREIGN = "playlists/{foreign}"
_VETERAN = ("veteran",)
_NEWCOMER = ("newcomer",)
_UNSCOPED = ("unscoped",)
_OTHER_ALBUM = "albums/{unknown}"
_LIBRARY = "/me/library"
_MINE = {"uris": "spotify:playlist:{playlist}"}
_SCOPE = "Insufficient client scope"
_MISSING = "Resource not found"
_NO_ID = "Invalid base62 id"


def _get(rule: str, status: int = 200, **details: object) -> Case:
    return Case("GET", rule, status, **details)  # type: ignore[arg-type]


def _bad(method: str, rule: str, message: str, **details: object) -> Case:
    return Case(method, rule, 400, message=message, **details)  # type: ignore[arg-type]


CATALOGUE = (
    _get("/me"),
    _get("/me", path="/me/"),
    _get("/me", 401, by=("app",), message="Valid user authentication required"),
    _get("/albums/<album_id>"),
    _get("/albums/<album_id>", query={"market": "SE"}),
    _get("/albums/<album_id>", path="albums/{box}"),
    _get("/albums/<album_id>", by=("app",)),
    _get("/albums/<album_id>", query={"market": "SE"}, prepare="withdrawn"),
    _get("/albums/<album_id>", 404, path=_OTHER_ALBUM, message=_MISSING),
    _bad("GET", "/albums/<album_id>", _NO_ID, path="albums/x"),
    _get("/albums/<album_id>/tracks"),
    _get("/albums/<album_id>/tracks", path="albums/{album}/tracks/"),
    _get(
        "/albums/<album_id>/tracks",
        path="albums/{box}/tracks",
        query={"limit": "50", "offset": "50", "market": "SE"},
    ),
    _get(
        "/albums/<album_id>/tracks",
        404,
        path=f"{_OTHER_ALBUM}/tracks",
        message=_MISSING,
    ),
    _bad("GET", "/albums/<album_id>/tracks", "Invalid limit", query={"limit": "51"}),
    _bad("GET", "/albums/<album_id>/tracks", "Invalid limit", query={"limit": "0"}),
    _bad("GET", "/albums/<album_id>/tracks", "Invalid offset", query={"offset": "-1"}),
    _get("/tracks/<track_id>"),
    _get("/tracks/<track_id>", query={"market": "SE"}),
    _get("/tracks/<track_id>", query={"market": "SE"}, prepare="unplayable"),
    _get("/tracks/<track_id>", query={"market": "SE"}, prepare="relinked"),
    _get("/tracks/<track_id>", 404, prepare="withdrawn", message=_MISSING),
    _get("/tracks/<track_id>", 404, path="tracks/{unknown}", message=_MISSING),
    _bad("GET", "/tracks/<track_id>", _NO_ID, path="tracks/x"),
    _get("/artists/<artist_id>"),
    _get("/artists/<artist_id>", 404, path="artists/{unknown}", message=_MISSING),
    _get("/artists/<artist_id>/albums"),
    _get("/artists/<artist_id>/albums", query={"limit": "10", "offset": "1"}),
    _bad("GET", "/artists/<artist_id>/albums", "Invalid limit", query={"limit": "11"}),
)

OLD_CATALOGUE = (
    _get("/albums", query={"ids": "{album},{unknown}"}, by=_VETERAN),
    _get("/albums", query={"ids": "{album}"}, path="/albums/", by=_VETERAN),
    _bad("GET", "/albums", "Missing required field: ids", by=_VETERAN),
    _bad("GET", "/albums", _NO_ID, query={"ids": "x"}, by=_VETERAN),
    _get("/tracks", query={"ids": "{track},{unknown}", "market": "SE"}, by=_VETERAN),
    _get("/tracks", query={"ids": "{track}"}, by=_VETERAN, prepare="withdrawn"),
    _bad(
        "GET",
        "/tracks",
        "Too many ids requested",
        query={"ids": "{ids_51}"},
        by=_VETERAN,
    ),
    _get("/artists", query={"ids": "{artist},{unknown}"}, by=_VETERAN),
    _get("/audio-features", query={"ids": "{track},{silent_track}"}, by=_VETERAN),
    _get("/audio-features/<track_id>", by=_VETERAN),
    _get(
        "/audio-features/<track_id>",
        404,
        path="audio-features/{silent_track}",
        by=_VETERAN,
        message="analysis not found",
    ),
)

PLAYLISTS = (
    Case("POST", "/me/playlists", 201, json={"name": "New"}),
    Case(
        "POST",
        "/me/playlists",
        201,
        json={"name": "New", "public": False, "description": "<b> & 'c'"},
    ),
    Case(
        "POST",
        "/me/playlists",
        201,
        json={"name": "New", "public": False},
        options={"public_echo": True},
    ),
    _bad("POST", "/me/playlists", "Missing required field: name", json={}),
    _bad("POST", "/me/playlists", "name exceeds 100", json={"name": "x" * 101}),
    _bad("POST", "/me/playlists", NO_BODY_FITS, json=["New"]),
    _bad("POST", "/me/playlists", NO_BODY_FITS, json={"name": "x", "public": "no"}),
    _bad("POST", "/me/playlists", NO_BODY_FITS, json={"name": "x", "description": 7}),
    _bad("POST", "/me/playlists", "Error parsing JSON.", data=b"{name"),
    _bad(
        "POST",
        "/me/playlists",
        "Playlist limit reached",
        json={"name": "New"},
        options={"max_playlists": 1},
    ),
    _bad(
        "POST",
        "/me/playlists",
        "Invalid description",
        json={"name": "New", "description": "two\nlines"},
        options={"description_error_status": 400},
    ),
    Case(
        "POST", "/me/playlists", 403, json={"name": "x"}, by=_UNSCOPED, message=_SCOPE
    ),
    Case(
        "POST",
        "/me/playlists",
        500,
        json={"name": "New", "description": "x" * 301},
        message="Error",
    ),
    _get(_PLAYLIST),
    _get(_PLAYLIST, prepare="empty"),
    _get(_PLAYLIST, prepare="withdrawn"),
    _get(_PLAYLIST, prepare="relinked", query={"market": "SE"}),
    _get(_PLAYLIST, path=_FOREIGN),
    _get(_PLAYLIST, query={"fields": "id,items(total)"}, is_partial=True),
    _get(_PLAYLIST, 404, path="playlists/{unknown}", message=_MISSING),
    _get(_PLAYLIST, 404, prepare="gone", message=_MISSING),
    _bad("GET", _PLAYLIST, _NO_ID, path="playlists/x"),
    Case("PUT", _PLAYLIST, json={"name": "Renamed", "description": "New words"}),
    Case("PUT", _PLAYLIST, json={"public": False, "collaborative": True}),
    _bad("PUT", _PLAYLIST, "Attribute description is empty", json={"description": ""}),
    Case("PUT", _PLAYLIST, 403, path=_FOREIGN, json={"name": "x"}, message="Forbidden"),
    _get("/me/playlists"),
    _get("/me/playlists", query={"limit": "1", "offset": "1"}),
    _bad("GET", "/me/playlists", "Invalid limit", query={"limit": "51"}),
    _get("/me/playlists", 403, by=_UNSCOPED, message=_SCOPE),
    _get("/playlists/<playlist_id>/images"),
    _get("/playlists/<playlist_id>/images", prepare="empty"),
    Case("PUT", "/playlists/<playlist_id>/images", 202, data=b"/9j/4AAQ"),
    Case(
        "PUT",
        "/playlists/<playlist_id>/images",
        413,
        data=b"x" * (256 * 1024 + 1),
        message="Payload too large",
    ),
    Case("PUT", _LIBRARY, query=_MINE),
    Case("DELETE", _LIBRARY, query=_MINE),
    _get("/me/library/contains", query=_MINE),
    Case("DELETE", _LIBRARY, 403, query=_MINE, by=_UNSCOPED, message=_SCOPE),
    _bad("DELETE", _LIBRARY, "uris must be", query={}),
    _bad("PUT", _LIBRARY, "The sandbox keeps playlists only", query={"uris": "{uri}"}),
    Case(
        "POST",
        "/users/<user_id>/playlists",
        201,
        json={"name": "New"},
        by=_VETERAN,
    ),
    Case(
        "POST",
        "/users/<user_id>/playlists",
        403,
        path="users/late-shift/playlists",
        json={"name": "New"},
        by=_VETERAN,
        message="You cannot create a playlist for another user",
    ),
    Case("DELETE", "/playlists/<playlist_id>/followers", by=_VETERAN),
)


def _items_cases(rule: str, by: tuple[str, ...]) -> Iterator[Case]:
    """Yield the cases of the items' four verbs, under their new or old name."""
    uri, key = ["{uri}"], "tracks" if rule == _OLD_ITEMS else "items"
    yield Case("GET", rule, by=by)
    yield Case("GET", rule, by=by, query={"limit": "2", "offset": "1", "market": "SE"})
    yield Case("GET", rule, by=by, prepare="withdrawn")
    yield Case("PUT", rule, by=by, json={"uris": ["{other_uri}", "{uri}", "{uri}"]})
    yield Case("PUT", rule, by=by, json={"uris": []})
    yield Case("PUT", rule, by=by, query={"uris": "{uri},{other_uri}"})
    yield Case("PUT", rule, by=by, json={"range_start": 0, "insert_before": 2})
    yield Case("POST", rule, 201, by=by, json={"uris": uri, "position": 0})
    yield Case("POST", rule, 201, by=by, json=uri, query={"position": "1"})
    yield Case("DELETE", rule, by=by, json={key: [{"uri": "{uri}"}]})


ITEMS = (
    *_items_cases(_ITEMS, ("newcomer", "veteran")),
    *_items_cases(_OLD_ITEMS, _VETERAN),
    _get(_ITEMS, 403, path=f"{_FOREIGN}/items", message="Forbidden"),
    _get(_ITEMS, 403, by=("app",), message="Forbidden"),
    Case("PUT", _ITEMS, 403, json={"uris": []}, by=_UNSCOPED, message=_SCOPE),
    _bad("PUT", _ITEMS, "You can add a maximum of 100", query={"uris": "{uris_101}"}),
    _bad("PUT", _ITEMS, NO_BODY_FITS, json={"uris": "{uri}"}),
    _bad("PUT", _ITEMS, NO_BODY_FITS, json={"uris": [7]}),
    _bad("PUT", _ITEMS, "Invalid track uri", json={"uris": ["spotify:local:x"]}),
    _bad(
        "PUT",
        _ITEMS,
        "Payload contains a non-existing ID",
        json={"uris": ["spotify:track:{unknown}"]},
    ),
    _bad(
        "PUT",
        _ITEMS,
        "Index out of bounds",
        json={"range_start": 3, "insert_before": 0},
    ),
    _bad("PUT", _ITEMS, NO_BODY_FITS, json={"range_start": "x", "insert_before": 0}),
    _bad(
        "POST",
        _ITEMS,
        "Playlist size limit reached",
        json=["{uri}"] * 51,
        prepare="full",
    ),
    Case("DELETE", _ITEMS, json={"items": [{"uri": "{uri}", "positions": [0]}]}),
    _bad("DELETE", _ITEMS, NO_BODY_FITS, json={"items": "{uri}"}),
    _bad(
        "DELETE",
        _ITEMS,
        NO_BODY_FITS,
        json={"items": [{"uri": "{uri}", "positions": 0}]},
    ),
)

CLOSED = (
    *(
        _get(rule, 403, by=_NEWCOMER, message="Forbidden")
        for rule in ("/albums", "/tracks", "/artists")
    ),
    *(
        _get(rule, 403, by=_NEWCOMER, message=None)
        for rule in ("/audio-features", "/audio-features/<track_id>")
    ),
    *(
        Case(method, _OLD_ITEMS, 403, by=_NEWCOMER, message="Forbidden")
        for method in ("GET", "PUT", "POST", "DELETE")
    ),
    Case("POST", "/users/<user_id>/playlists", 403, by=_NEWCOMER, message="Forbidden"),
    Case(
        "DELETE",
        "/playlists/<playlist_id>/followers",
        403,
        by=_NEWCOMER,
        message="Forbidden",
    ),
    _get("", 404, path="nonsense", message="Service not found"),
    Case("DELETE", "/me", 405, message="Method not allowed"),
)

CASES = (*CATALOGUE, *OLD_CATALOGUE, *PLAYLISTS, *ITEMS, *CLOSED)
