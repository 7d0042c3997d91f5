"""One request to the Web API: who asks, for what, in which form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request

from vibe_engine.sandbox.answers import ApiError
from vibe_engine.sandbox.catalogue import Album, Track
from vibe_engine.sandbox.ids import is_well_formed
from vibe_engine.sandbox.options import Options
from vibe_engine.sandbox.people import App, User
from vibe_engine.sandbox.shapes import Shaper
from vibe_engine.sandbox.store import from_json
from vibe_engine.sandbox.tokens import Access
from vibe_engine.sandbox.world import World

MAX_OFFSET = 100_000


@dataclass(slots=True)
class Call:
    """A request after its token was accepted.

    `effect` is filled by writes, for the request log.
    """

    world: World
    request: Request
    app: App
    access: Access
    options: Options
    now_s: float
    effect: dict[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> User:
        """The account that asks.

        :raises ApiError: the token speaks for an app alone.
        """
        if self.access.user_id is None:
            raise ApiError(401, "Valid user authentication required")
        return self.world.people.user(self.access.user_id)

    @property
    def market(self) -> str:
        """The market asked for, or ""."""
        return self.request.args.get("market", "")

    def kept_query(self, *names: str) -> dict[str, str]:
        """Return those parts of the query that links to other pages carry on."""
        given = self.request.args
        return {name: given[name] for name in names if given.get(name)}

    def track(self, track_id: str) -> Track | None:
        """Return the track as this request sees it; None: unknown or withdrawn."""
        return self.world.tracks.track(track_id, has_market=bool(self.market))

    def album_tracks(self, album: Album, offset: int, limit: int) -> list[Track]:
        """Return a page of the album's tracks as this request sees them."""
        tracks = self.world.catalogue.album_tracks(album, offset, limit)
        return self.world.tracks.on_album(tracks, has_market=bool(self.market))

    def shaper(self) -> Shaper:
        """Return the writer of objects in this app's form."""
        return Shaper(
            self.request.host_url, is_extended=self.app.is_extended, market=self.market
        )

    def require_scope(self, *any_of: str) -> None:
        """Refuse a token that has none of these scopes.

        :raises ApiError: 403 `Insufficient client scope`.
        """
        if not self.access.scopes.intersection(any_of):
            raise ApiError(403, "Insufficient client scope")

    def page(self, *, default: int = 20, most: int = 50) -> tuple[int, int]:
        """Return offset and limit of the query.

        :raises ApiError: 400 `Invalid limit` or `Invalid offset`.
        """
        offset = self._number("offset", 0, 0, MAX_OFFSET)
        return offset, self._number("limit", default, 1, most)

    def ids(self, *, most: int) -> list[str]:
        """Return the ids of a batch request.

        :raises ApiError: 400: none, too many, or one that cannot be an id.
        """
        ids = [each for each in self.request.args.get("ids", "").split(",") if each]
        if not ids:
            raise ApiError(400, "Missing required field: ids")
        if len(ids) > most:
            raise ApiError(400, "Too many ids requested")
        for spotify_id in ids:
            check_id(spotify_id)
        return ids

    def body(self) -> Any:
        """Return the JSON body; an empty one counts as `{}`.

        :raises ApiError: 400: it is not JSON.
        """
        data = self.request.get_data()
        if not data:
            return {}
        try:
            return from_json(data.decode())
        except ValueError as error:
            raise ApiError(400, "Error parsing JSON.") from error

    def fields(self) -> Mapping[str, Any]:
        """Return the body, which must be a JSON object.

        :raises ApiError: 400.
        """
        body = self.body()
        if not isinstance(body, dict):
            raise ApiError(400, "JSON body doesn't conform to specification")
        return body

    def _number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.request.args.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ApiError(400, f"Invalid {name}")
        return int(text)


def check_id(spotify_id: str) -> str:
    """Return the id if it could be one.

    :raises ApiError: 400 `Invalid base62 id`.
    """
    if not is_well_formed(spotify_id):
        raise ApiError(400, "Invalid base62 id")
    return spotify_id
