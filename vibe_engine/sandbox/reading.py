"""The Web API's catalogue and profile: everything that changes nothing."""

from werkzeug.wrappers import Response

from vibe_engine.sandbox.answers import ApiError, json_answer
from vibe_engine.sandbox.calls import Call, check_id
from vibe_engine.sandbox.catalogue import Album, Artist, Track
from vibe_engine.sandbox.shapes import EMBEDDED_TRACKS, Json, Page

MAX_ALBUM_IDS = 20
MAX_TRACK_IDS = 50
MAX_ARTIST_IDS = 50
MAX_FEATURE_IDS = 100


def get_me(call: Call) -> Response:
    """GET /me."""
    return json_answer(call.shaper().me(call.user))


def get_album(call: Call, album_id: str) -> Response:
    """GET /albums/{id}: the album with its first 50 tracks."""
    album = _album(call, album_id)
    return json_answer(_full_album(call, album))


def get_albums(call: Call) -> Response:
    """GET /albums?ids=: null where an id is unknown."""
    albums = [call.world.catalogue.album(each) for each in call.ids(most=MAX_ALBUM_IDS)]
    shown = [each and _full_album(call, each) for each in albums]
    return json_answer({"albums": shown})


def get_album_tracks(call: Call, album_id: str) -> Response:
    """GET /albums/{id}/tracks."""
    album = _album(call, album_id)
    offset, limit = call.page()
    tracks = call.album_tracks(album, offset, limit)
    shaper = call.shaper()
    page = Page(
        path=f"albums/{album_id}/tracks",
        offset=offset,
        limit=limit,
        total=album.total_tracks,
        query=call.kept_query("market"),
    )
    return json_answer(
        shaper.paging([shaper.simple_track(each) for each in tracks], page)
    )


def get_track(call: Call, track_id: str) -> Response:
    """GET /tracks/{id}."""
    track = _track(call, track_id)
    return json_answer(call.shaper().track(track, call.world.catalogue))


def get_tracks(call: Call) -> Response:
    """GET /tracks?ids=: null where an id is unknown."""
    tracks = [call.track(each) for each in call.ids(most=MAX_TRACK_IDS)]
    shaper = call.shaper()
    shown = [each and shaper.track(each, call.world.catalogue) for each in tracks]
    return json_answer({"tracks": shown})


def get_artist(call: Call, artist_id: str) -> Response:
    """GET /artists/{id}."""
    return json_answer(call.shaper().artist(_artist(call, artist_id)))


def get_artists(call: Call) -> Response:
    """GET /artists?ids=: null where an id is unknown."""
    ids = call.ids(most=MAX_ARTIST_IDS)
    artists = [call.world.catalogue.artist(each) for each in ids]
    shaper = call.shaper()
    return json_answer({"artists": [each and shaper.artist(each) for each in artists]})


def get_artist_albums(call: Call, artist_id: str) -> Response:
    """GET /artists/{id}/albums: at most 10 a page."""
    _artist(call, artist_id)
    offset, limit = call.page(default=5, most=10)
    albums, total = call.world.catalogue.artist_albums(artist_id, offset, limit)
    shaper = call.shaper()
    query = call.kept_query("include_groups", "market")
    page = Page(f"artists/{artist_id}/albums", offset, limit, total, query)
    return json_answer(
        shaper.paging([shaper.artists_album(each) for each in albums], page)
    )


def get_features(call: Call, track_id: str) -> Response:
    """GET /audio-features/{id}."""
    shown = _features(call, check_id(track_id))
    if shown is None:
        raise ApiError(404, "analysis not found")
    return json_answer(shown)


def get_features_of_many(call: Call) -> Response:
    """GET /audio-features?ids=: null where nothing is known."""
    ids = call.ids(most=MAX_FEATURE_IDS)
    return json_answer({"audio_features": [_features(call, each) for each in ids]})


def _full_album(call: Call, album: Album) -> Json:
    return call.shaper().album(album, call.album_tracks(album, 0, EMBEDDED_TRACKS))


def _features(call: Call, track_id: str) -> Json | None:
    track = call.world.catalogue.track(track_id)
    features = call.world.catalogue.features(track_id)
    if track is None or features is None:
        return None
    return call.shaper().features(track, features)


def _album(call: Call, album_id: str) -> Album:
    album = call.world.catalogue.album(check_id(album_id))
    if album is None:
        raise ApiError(404, "Resource not found")
    return album


def _track(call: Call, track_id: str) -> Track:
    track = call.track(check_id(track_id))
    if track is None:
        raise ApiError(404, "Resource not found")
    return track


def _artist(call: Call, artist_id: str) -> Artist:
    artist = call.world.catalogue.artist(check_id(artist_id))
    if artist is None:
        raise ApiError(404, "Resource not found")
    return artist
