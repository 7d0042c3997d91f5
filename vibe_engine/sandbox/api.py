"""The Web API: who may ask, for what, and which routes are still there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox import reading, writing
from vibe_engine.sandbox.answers import ApiError, unauthorized
from vibe_engine.sandbox.calls import Call
from vibe_engine.sandbox.faultanswers import too_many
from vibe_engine.sandbox.people import App
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.tokens import Access, fingerprint
from vibe_engine.sandbox.world import World

PREFIX = "/v1"

_NO_SEAT = (
    "User not registered in the Developer Dashboard: check settings on "
    "developer.spotify.com/dashboard, the user may not be registered."
)
_NO_PREMIUM = "Active premium subscription required for the owner of the app"

Handler = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route: what answers it, whose quota it uses, who may call it.

    `handler` None: the route exists at Spotify but not here. `closed_message`: the
    403 that an app in development mode gets; None where the route is open to all.
    """

    handler: Handler | None
    bucket: str = "other"
    closed_message: str | None = None


Route = tuple[str, str, Endpoint]  # method ("" for all), path, endpoint


def _open(method: str, path: str, handler: Handler, bucket: str) -> Route:
    return method, path, Endpoint(handler, bucket)


def _removed(
    method: str, path: str, handler: Handler | None, message: str = "Forbidden"
) -> Route:
    """Return a route that only apps with extended access still have."""
    return method, path, Endpoint(handler, closed_message=message)


_ITEMS: tuple[tuple[str, Handler, str], ...] = (
    ("GET", writing.get_items, "playlist_read"),
    ("PUT", writing.replace_items, "playlist_write"),
    ("POST", writing.add_items, "playlist_write"),
    ("DELETE", writing.remove_items, "playlist_write"),
)
_OPEN_ROUTES = (
    _open("GET", "/me", reading.get_me, "profile"),
    _open("GET", "/albums/<album_id>", reading.get_album, "catalogue"),
    _open("GET", "/albums/<album_id>/tracks", reading.get_album_tracks, "catalogue"),
    _open("GET", "/tracks/<track_id>", reading.get_track, "catalogue"),
    _open("GET", "/artists/<artist_id>", reading.get_artist, "catalogue"),
    _open("GET", "/artists/<artist_id>/albums", reading.get_artist_albums, "catalogue"),
    _open("GET", "/me/playlists", writing.get_my_playlists, "playlist_read"),
    _open("POST", "/me/playlists", writing.create_playlist, "playlist_write"),
    _open("GET", "/playlists/<playlist_id>", writing.get_playlist, "playlist_read"),
    _open("PUT", "/playlists/<playlist_id>", writing.change_details, "playlist_write"),
    *(
        _open(verb, "/playlists/<playlist_id>/items", handler, bucket)
        for verb, handler, bucket in _ITEMS
    ),
    _open("GET", "/playlists/<playlist_id>/images", writing.get_cover, "playlist_read"),
    _open(
        "PUT", "/playlists/<playlist_id>/images", writing.upload_cover, "playlist_write"
    ),
    _open("GET", "/me/library/contains", writing.check_library, "library"),
    _open("PUT", "/me/library", writing.save_to_library, "library"),
    _open("DELETE", "/me/library", writing.remove_from_library, "library"),
)
_REMOVED_ROUTES = (
    _removed("GET", "/albums", reading.get_albums),
    _removed("GET", "/tracks", reading.get_tracks),
    _removed("GET", "/artists", reading.get_artists),
    _removed("GET", "/audio-features", reading.get_features_of_many, message=""),
    _removed("GET", "/audio-features/<track_id>", reading.get_features, message=""),
    _removed("", "/audio-analysis/<track_id>", None, message=""),
    _removed("POST", "/users/<user_id>/playlists", writing.create_playlist_for),
    *(
        _removed(verb, "/playlists/<playlist_id>/tracks", handler)
        for verb, handler, _ in _ITEMS
    ),
    _removed("DELETE", "/playlists/<playlist_id>/followers", writing.unfollow),
)
# The rest of Spotify's documented routes. Most are closed to new apps; those that
# are not, are of no use to a keeper of playlists.
_ABSENT_PATHS = (
    "/artists/<id>/top-tracks /artists/<id>/related-artists /browse/<path:rest> "
    "/recommendations /recommendations/available-genre-seeds /markets /users/<id> "
    "/users/<id>/playlists /playlists/<id>/followers /playlists/<id>/followers/contains "
    "/shows /shows/<path:rest> /episodes /episodes/<path:rest> /audiobooks "
    "/audiobooks/<path:rest> /chapters /chapters/<path:rest> /search /me/albums "
    "/me/albums/contains /me/tracks /me/tracks/contains /me/episodes "
    "/me/episodes/contains /me/shows /me/shows/contains /me/audiobooks "
    "/me/audiobooks/contains /me/following /me/following/contains /me/top/<kind> "
    "/me/player /me/player/<path:rest>"
)
ROUTES = (
    *_OPEN_ROUTES,
    *_REMOVED_ROUTES,
    *(_removed("", path, None) for path in _ABSENT_PATHS.split()),
)


@cache
def _routes() -> MapAdapter:
    rules = (
        Rule(PREFIX + path, methods=[method] if method else None, endpoint=endpoint)
        for method, path, endpoint in ROUTES
    )
    urls = Map(list(rules), strict_slashes=False, merge_slashes=False)
    return urls.bind("sandbox")


class Api:
    """Answers what is asked of the Web API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._urls = _routes()

    def answer(self, request: Request, entry: Entry) -> Response:
        """Return the answer to a request, and note in the entry who asked."""
        try:
            response = self._answer(request, entry)
        except ApiError as error:
            return error.response()
        entry.applied = True
        return response

    def identify(self, request: Request, entry: Entry) -> Access | None:
        """Note in the entry whom the token speaks for; None where it is not valid."""
        token = _bearer(request)
        if not token:
            return None
        entry.token = fingerprint(token)
        access = self._world.tokens.find_access(token, now_s=entry.at_s)
        if access is not None:
            entry.client_id, entry.user_id = access.client_id, access.user_id
        return access

    def _answer(self, request: Request, entry: Entry) -> Response:
        access = self.identify(request, entry)
        if access is None:
            raise unauthorized(has_token=bool(_bearer(request)))
        app = self._app(access)
        self._check_standing(app, access)
        endpoint, arguments = self._match(request)
        options = self._world.options()
        if entry.stale_s:
            options = options.as_old_as(entry.stale_s)
        now_s = self._world.clock.now_s()
        call = Call(self._world, request, app, access, options, now_s)
        self._check_limits(call, endpoint)
        if endpoint.closed_message is not None and not app.is_extended:
            raise ApiError(403, endpoint.closed_message)
        if endpoint.handler is None:
            raise ApiError(501, "The sandbox does not have this route")
        response = endpoint.handler(call, **arguments)
        entry.effect = call.effect or None
        return response

    def _app(self, access: Access) -> App:
        app = self._world.people.find_app(access.client_id)
        if app is None:
            raise ApiError(403, "Forbidden")
        return app

    def _check_standing(self, app: App, access: Access) -> None:
        if not self._world.people.has_premium(app.developer):
            raise ApiError(403, _NO_PREMIUM)
        has_seat = app.seats is None or access.user_id in (None, *app.seats)
        if not has_seat:
            raise ApiError(403, body=_NO_SEAT)

    def _match(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        path = request.path.rstrip("/") or "/"
        try:
            endpoint, arguments = self._urls.match(path, method=request.method)
        except MethodNotAllowed as error:
            raise ApiError(405, "Method not allowed") from error
        except HTTPException as error:
            raise ApiError(404, "Service not found") from error
        return endpoint, dict(arguments)

    def _check_limits(self, call: Call, endpoint: Endpoint) -> None:
        limits, developer = self._world.limits, call.app.developer
        wait_s = limits.wait_for_rate_s(developer, call.options.rate, now_s=call.now_s)
        if wait_s is not None:
            raise too_many(wait_s, is_quota=False)
        wait_s = limits.wait_for_quota_s(
            developer, endpoint.bucket, call.options, now_s=call.now_s
        )
        if wait_s is not None:
            raise too_many(wait_s, is_quota=True)


def _bearer(request: Request) -> str:
    """Return the access token that the request carries, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
