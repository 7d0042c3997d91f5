"""The Web API's playlists and library."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Response

from vibe_engine.sandbox.answers import ApiError, empty_answer, json_answer
from vibe_engine.sandbox.calls import Call, check_id
from vibe_engine.sandbox.ids import is_well_formed
from vibe_engine.sandbox.playlists import Item, Playlist, digest
from vibe_engine.sandbox.selection import select
from vibe_engine.sandbox.shapes import TRACK_URI, Json, Page

MAX_URIS = 100
EMBEDDED_ITEMS = 50
MAX_LIBRARY_URIS = 40
MAX_ITEMS = 10_000
MAX_NAME_LENGTH = 100
MAX_DESCRIPTION_LENGTH = 300
MODIFY_PUBLIC, MODIFY_PRIVATE = "playlist-modify-public", "playlist-modify-private"
READ_PRIVATE = "playlist-read-private"

_PLAYLIST_URI = "spotify:playlist:"
_BAD_BODY = "JSON body doesn't conform to specification"


def create_playlist(call: Call) -> Response:
    """POST /me/playlists: 201 with the new, empty playlist; not idempotent."""
    user, fields = call.user, call.fields()
    public = _flag(fields, "public", default=True)
    call.require_scope(MODIFY_PUBLIC if public else MODIFY_PRIVATE)
    name = _name(fields.get("name"))
    description = _description(call, fields.get("description"))
    if call.world.playlists.followed_count(user.user_id) >= call.options.max_playlists:
        raise ApiError(400, "Playlist limit reached")
    playlist = call.world.playlists.create(
        owner_id=user.user_id,
        name=name,
        description=description,
        public=public or call.options.public_echo,
        collaborative=_flag(fields, "collaborative", default=False),
        now_s=call.now_s,
    )
    _record(call, playlist)
    return json_answer(_full(call, playlist), 201)


def create_playlist_for(call: Call, user_id: str) -> Response:
    """POST /users/{id}/playlists, the older way."""
    if user_id != call.user.user_id:
        raise ApiError(403, "You cannot create a playlist for another user")
    return create_playlist(call)


def get_playlist(call: Call, playlist_id: str) -> Response:
    """GET /playlists/{id}: with items for its owner only."""
    playlist = _as_read(call, _playlist(call, playlist_id))
    shown = _full(call, playlist)
    return json_answer(select(shown, call.request.args.get("fields", "")))


def change_details(call: Call, playlist_id: str) -> Response:
    """PUT /playlists/{id}: 200 with an empty body."""
    playlist = _own_playlist(call, playlist_id)
    _require_modify(call, playlist)
    fields = call.fields()
    if fields.get("description") == "":
        raise ApiError(400, "Attribute description is empty")
    has_description = fields.get("description") is not None
    description = _description(call, fields["description"]) if has_description else None
    changed = call.world.playlists.change_details(
        playlist,
        now_s=call.now_s,
        name=_name(fields["name"]) if "name" in fields else None,
        description=description,
        public=_flag(fields, "public", default=playlist.public),
        collaborative=_flag(fields, "collaborative", default=playlist.collaborative),
    )
    _record(call, changed)
    return empty_answer()


def get_items(call: Call, playlist_id: str) -> Response:
    """GET /playlists/{id}/items: a page, for its owner only."""
    playlist = _as_read(call, _own_playlist(call, playlist_id))
    offset, limit = call.page()
    rows = _rows(call, playlist, offset, limit)
    return json_answer(select(rows, call.request.args.get("fields", "")))


def replace_items(call: Call, playlist_id: str) -> Response:
    """PUT /playlists/{id}/items: replace everything, or move a range."""
    playlist = _own_playlist(call, playlist_id)
    _require_modify(call, playlist)
    fields = call.fields() if not call.request.args.get("uris") else {}
    if "range_start" in fields:
        items = _moved(playlist.items, fields)
    else:
        items = [Item(uri, call.now_s) for uri in _uris(call, fields)]
    return _written(
        call, call.world.playlists.set_items(playlist, items, now_s=call.now_s)
    )


def add_items(call: Call, playlist_id: str) -> Response:
    """POST /playlists/{id}/items: 201; a bare JSON array of URIs will do too."""
    playlist = _own_playlist(call, playlist_id)
    _require_modify(call, playlist)
    body = call.body()
    fields = {"uris": body} if isinstance(body, list) else call.fields()
    added = [Item(uri, call.now_s) for uri in _uris(call, fields)]
    position = call.request.args.get("position", fields.get("position"))
    at = len(playlist.items) if position is None else _index(position)
    if len(playlist.items) + len(added) > MAX_ITEMS:
        raise ApiError(400, "Playlist size limit reached")
    items = [*playlist.items[:at], *added, *playlist.items[at:]]
    written = call.world.playlists.set_items(playlist, items, now_s=call.now_s)
    return _written(call, written, 201)


def remove_items(call: Call, playlist_id: str) -> Response:
    """DELETE /playlists/{id}/items: every place of the named URIs.

    Or, which the reference does not mention, only the `positions` given with one.
    """
    playlist = _own_playlist(call, playlist_id)
    _require_modify(call, playlist)
    fields = call.fields()
    named = fields.get("items", fields.get("tracks"))
    if not isinstance(named, list) or not all(isinstance(each, dict) for each in named):
        raise ApiError(400, _BAD_BODY)
    uris = _checked_uris(call, [each.get("uri") for each in named])
    places = {uri: _positions(each) for uri, each in zip(uris, named, strict=True)}
    items = [
        item
        for at, item in enumerate(playlist.items)
        if at not in places.get(item.uri, ())
    ]
    return _written(
        call, call.world.playlists.set_items(playlist, items, now_s=call.now_s)
    )


def get_my_playlists(call: Call) -> Response:
    """GET /me/playlists: newest first."""
    call.require_scope(READ_PRIVATE)
    offset, limit = call.page()
    playlists, total = call.world.playlists.followed(
        call.user.user_id,
        at_s=call.now_s - call.options.list_lag_s,
        offset=offset,
        limit=limit,
    )
    shaper = call.shaper()
    shown = [
        shaper.simple_playlist(
            call.world.playlists.as_listed(each, call.options, now_s=call.now_s),
            call.world.people.user(each.owner_id),
        )
        for each in playlists
    ]
    return json_answer(shaper.paging(shown, Page("me/playlists", offset, limit, total)))


def upload_cover(call: Call, playlist_id: str) -> Response:
    """PUT /playlists/{id}/images: 202; the picture itself is not kept."""
    playlist = _own_playlist(call, playlist_id)
    call.require_scope("ugc-image-upload")
    _require_modify(call, playlist)
    if len(call.request.get_data()) > 256 * 1024:
        raise ApiError(413, "Payload too large")
    _record(call, call.world.playlists.touch(playlist, now_s=call.now_s))
    return empty_answer(202)


def get_cover(call: Call, playlist_id: str) -> Response:
    """GET /playlists/{id}/images."""
    shown = _full(call, _playlist(call, playlist_id))
    return json_answer(shown["images"])


def save_to_library(call: Call) -> Response:
    """PUT /me/library?uris=: follow playlists."""
    call.require_scope("user-library-modify", "user-follow-modify", MODIFY_PUBLIC)
    for playlist in _library_playlists(call):
        call.world.playlists.follow(
            playlist.id, user_id=call.user.user_id, now_s=call.now_s
        )
    return empty_answer()


def remove_from_library(call: Call) -> Response:
    """DELETE /me/library?uris=: unfollow playlists, which is how one deletes."""
    call.require_scope("user-library-modify", "user-follow-modify", MODIFY_PUBLIC)
    for playlist in _library_playlists(call):
        call.world.playlists.unfollow(
            playlist.id, user_id=call.user.user_id, now_s=call.now_s
        )
        call.effect["playlist_id"] = playlist.id
    return empty_answer()


def check_library(call: Call) -> Response:
    """GET /me/library/contains?uris=."""
    call.require_scope("user-library-read", "user-follow-read", READ_PRIVATE)
    user_id = call.user.user_id
    return json_answer(
        [
            call.world.playlists.is_followed(each.id, user_id=user_id)
            for each in _library_playlists(call)
        ]
    )


def unfollow(call: Call, playlist_id: str) -> Response:
    """DELETE /playlists/{id}/followers, the older way."""
    call.require_scope(MODIFY_PUBLIC, MODIFY_PRIVATE)
    playlist = _playlist(call, playlist_id)
    call.world.playlists.unfollow(
        playlist.id, user_id=call.user.user_id, now_s=call.now_s
    )
    call.effect["playlist_id"] = playlist.id
    return empty_answer()


def _as_read(call: Call, playlist: Playlist) -> Playlist:
    return call.world.playlists.as_read(playlist, call.options, now_s=call.now_s)


def _full(call: Call, playlist: Playlist) -> Json:
    rows = _rows(call, playlist, 0, EMBEDDED_ITEMS) if _owns(call, playlist) else None
    owner = call.world.people.user(playlist.owner_id)
    return call.shaper().playlist(playlist, owner, rows)


def _rows(call: Call, playlist: Playlist, offset: int, limit: int) -> Json:
    shaper = call.shaper()
    owner = call.world.people.user(playlist.owner_id)
    rows = [
        shaper.row(item, owner, _track(call, item.uri))
        for item in playlist.items[offset : offset + limit]
    ]
    page = Page(
        path=f"playlists/{playlist.id}/items",
        offset=offset,
        limit=limit,
        total=len(playlist.items),
        query=call.kept_query("market", "additional_types"),
    )
    return shaper.paging(rows, page)


def _track(call: Call, uri: str) -> Json | None:
    track = call.track(uri.removeprefix(TRACK_URI))
    if track is None:
        return None
    return call.shaper().track(track, call.world.catalogue)


def _written(call: Call, playlist: Playlist, status: int = 200) -> Response:
    _record(call, playlist)
    return json_answer({"snapshot_id": playlist.snapshot_id}, status)


def _record(call: Call, playlist: Playlist) -> None:
    call.effect = {
        "playlist_id": playlist.id,
        "snapshot_id": playlist.snapshot_id,
        "items_sha256": digest([item.uri for item in playlist.items]),
    }


def _playlist(call: Call, playlist_id: str) -> Playlist:
    playlist = call.world.playlists.find(check_id(playlist_id))
    if playlist is None:
        raise ApiError(404, "Resource not found")
    return playlist


def _own_playlist(call: Call, playlist_id: str) -> Playlist:
    playlist = _playlist(call, playlist_id)
    if not _owns(call, playlist):
        raise ApiError(403, "Forbidden")
    return playlist


def _owns(call: Call, playlist: Playlist) -> bool:
    return call.access.user_id == playlist.owner_id


def _require_modify(call: Call, playlist: Playlist) -> None:
    call.require_scope(MODIFY_PUBLIC if playlist.public else MODIFY_PRIVATE)


def _library_playlists(call: Call) -> list[Playlist]:
    uris = [each for each in call.request.args.get("uris", "").split(",") if each]
    if not 0 < len(uris) <= MAX_LIBRARY_URIS:
        raise ApiError(400, f"uris must be 1 to {MAX_LIBRARY_URIS}")
    if not all(each.startswith(_PLAYLIST_URI) for each in uris):
        raise ApiError(400, "The sandbox keeps playlists only")
    return [_playlist(call, each.removeprefix(_PLAYLIST_URI)) for each in uris]


def _uris(call: Call, fields: Mapping[str, Any]) -> list[str]:
    """Return the URIs of query or body; the query wins."""
    query = call.request.args.get("uris")
    uris = query.split(",") if query else fields.get("uris")
    if not isinstance(uris, list):
        raise ApiError(400, _BAD_BODY)
    return _checked_uris(call, uris)


def _checked_uris(call: Call, uris: Sequence[object]) -> list[str]:
    if len(uris) > MAX_URIS:
        raise ApiError(400, f"You can add a maximum of {MAX_URIS} tracks per request")
    return [_checked_uri(call, uri) for uri in uris]


def _checked_uri(call: Call, uri: object) -> str:
    if not isinstance(uri, str):
        raise ApiError(400, _BAD_BODY)
    track_id = uri.removeprefix(TRACK_URI)
    if not uri.startswith(TRACK_URI) or not is_well_formed(track_id):
        raise ApiError(400, f"Invalid track uri: {uri[:100]}")
    if not call.world.catalogue.has_track(track_id):
        raise ApiError(400, "Payload contains a non-existing ID")
    return uri


def _moved(items: Sequence[Item], fields: Mapping[str, Any]) -> list[Item]:
    start, before = _index(fields["range_start"]), _index(fields.get("insert_before"))
    length = _index(fields.get("range_length", 1))
    if "uris" in fields or start >= len(items) or before > len(items):
        raise ApiError(400, "Index out of bounds")
    moved = range(start, start + length)
    head = [item for at, item in enumerate(items[:before]) if at not in moved]
    tail = [item for at, item in enumerate(items) if at >= before and at not in moved]
    return [*head, *items[start : start + length], *tail]


def _positions(named: Mapping[str, Any]) -> Container[int]:
    """Return the places to clear; all there can be, where none are named."""
    positions = named.get("positions")
    if positions is None:
        return range(MAX_ITEMS)
    if not isinstance(positions, list):
        raise ApiError(400, _BAD_BODY)
    return {_index(each) for each in positions}


def _index(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        raise ApiError(400, _BAD_BODY)
    return int(text)


def _flag(fields: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = fields.get(name, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ApiError(400, _BAD_BODY)
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ApiError(400, "Missing required field: name")
    if len(value) > MAX_NAME_LENGTH:
        raise ApiError(400, f"name exceeds {MAX_NAME_LENGTH} characters")
    return value


def _description(call: Call, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ApiError(400, _BAD_BODY)
    if len(value) > MAX_DESCRIPTION_LENGTH or "\n" in value or "\r" in value:
        status = call.options.description_error_status
        raise ApiError(status, "Error" if status >= 500 else "Invalid description")
    return value
