"""What a listener sees: plain pages of albums, artists, playlists and accounts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox import markup
from vibe_engine.sandbox.catalogue import Album, ArtistRef, Track
from vibe_engine.sandbox.people import App, User
from vibe_engine.sandbox.pictures import Pictures
from vibe_engine.sandbox.playlists import Playlist
from vibe_engine.sandbox.shapes import TRACK_URI
from vibe_engine.sandbox.world import World

ALBUMS_PER_PAGE = 24
MAX_ALBUMS_OF_ARTIST = 100
NAMELESS = "(no name)"
WITHDRAWN = "No longer available"

_Row = dict[str, object]


class ListenerPages:
    """Shows the catalogue and the playlists as they really are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pictures = Pictures(world)
        pages: dict[str, Callable[..., Response]] = {
            "/": self.show_home,
            "/browse": self.show_browse,
            "/album/<album_id>": self.show_album,
            "/track/<track_id>": self.show_track,
            "/artist/<artist_id>": self.show_artist,
            "/playlist/<playlist_id>": self.show_playlist,
            "/user/<user_id>": self.show_user,
        }
        self._urls = Map(
            [
                Rule(path, methods=["GET"], endpoint=page)
                for path, page in pages.items()
            ],
            strict_slashes=False,
        ).bind("sandbox")

    def answer(self, request: Request) -> Response:
        """Return the page, the picture or the stylesheet at the request's path."""
        picture = self._pictures.answer(request.path)
        if picture is not None:
            return picture
        try:
            page, arguments = self._urls.match(request.path, method=request.method)
            shown: Response = page(request, **arguments)
        except HTTPException as error:
            return self._refuse(error)
        return shown

    def show_home(self, request: Request) -> Response:
        """Show what there is: accounts, apps, the size of the catalogue."""
        users = self._world.people.users()
        body = markup.fill(
            "home",
            albums=f"{self._world.catalogue.album_count:,}",
            people_count=len(users),
            api_url=f"{request.host_url}v1/",
            accounts_url=request.host_url.rstrip("/"),
            people=markup.fill_each("tile", map(self._user_tile, users)),
            apps=markup.fill_each("app", map(_app_row, self._world.people.apps())),
        )
        return self._page("A local Spotify", body)

    def show_browse(self, request: Request) -> Response:
        """Show one page of the catalogue, with the links that Spotify would give."""
        total = self._world.catalogue.album_count
        pages = -(-total // ALBUMS_PER_PAGE)
        page = min(max(request.args.get("page", 1, type=int), 1), pages)
        first = (page - 1) * ALBUMS_PER_PAGE
        albums = self._world.catalogue.albums(first, ALBUMS_PER_PAGE)
        body = markup.fill(
            "browse",
            first=f"{first + 1:,}",
            last=f"{first + len(albums):,}",
            total=f"{total:,}",
            count=len(albums),
            tiles=markup.fill_each("tile", map(_album_tile, albums)),
            pager=_pager(page, pages),
            links="\n".join(_spotify_link(album.id) for album in albums),
        )
        return self._page("Browse", body)

    def show_album(self, _request: Request, album_id: str) -> Response:
        """Show an album with all its tracks."""
        album = self._world.catalogue.album(album_id)
        if album is None:
            raise NotFound("There is no such album.")
        tracks = self._world.catalogue.album_tracks(album, 0, album.total_tracks)
        lines = [
            _artist_links(album.artists),
            f"{album.release_date} · {_count(len(tracks), 'track')} · "
            f"{_length(sum(track.duration_ms for track in tracks))}",
        ]
        body = _head("album", album.album_type.title(), album.name, album_id, lines)
        body += markup.fill("copy", link=_spotify_link(album_id))
        return self._page(
            album.name or NAMELESS, body + _table("Disc", map(_album_row, tracks))
        )

    def show_track(self, _request: Request, track_id: str) -> Response:
        """Lead to the track's place on its album."""
        track = self._world.catalogue.track(track_id)
        if track is None:
            raise NotFound("There is no such track.")
        return redirect(f"/album/{track.album_id}#{track_id}", 303)

    def show_artist(self, _request: Request, artist_id: str) -> Response:
        """Show an artist with the first albums."""
        artist = self._world.catalogue.artist(artist_id)
        if artist is None:
            raise NotFound("There is no such artist.")
        albums, total = self._world.catalogue.artist_albums(
            artist_id, 0, MAX_ALBUMS_OF_ARTIST
        )
        body = _head(
            "artist", "Artist", artist.name, artist_id, [_count(total, "album")]
        )
        tiles = markup.fill_each("tile", map(_album_tile, albums))
        body += markup.fill("tiles", title="Albums", tiles=tiles)
        return self._page(artist.name or NAMELESS, body)

    def show_playlist(self, _request: Request, playlist_id: str) -> Response:
        """Show a playlist with its tracks in order."""
        playlist = self._world.playlists.find(playlist_id)
        if playlist is None:
            raise NotFound("There is no such playlist.")
        tracks = [
            self._world.catalogue.track(item.uri.removeprefix(TRACK_URI))
            for item in playlist.items
        ]
        length_ms = sum(track.duration_ms for track in tracks if track)
        lines = [
            playlist.description,
            self._standing(playlist),
            f"{_count(len(tracks), 'track')} · {_length(length_ms)}",
        ]
        kind = "Public playlist" if playlist.public else "Playlist"
        body = _head("playlist", kind, playlist.name, playlist_id, lines)
        rows = (self._playlist_row(at, track) for at, track in enumerate(tracks, 1))
        return self._page(playlist.name, body + _table("Album", rows))

    def show_user(self, _request: Request, user_id: str) -> Response:
        """Show an account with the playlists in its library."""
        user = self._world.people.find_user(user_id)
        if user is None:
            raise NotFound("There is no such account.")
        owned = self._world.playlists.owned(user_id)
        kept = [each for each in reversed(owned) if self._is_kept(each)]
        lines = [_count(len(kept), "playlist"), f"User id {user_id}"]
        body = _head("user", "Account", user.label, user_id, lines)
        tiles = markup.fill_each("tile", map(_playlist_tile, kept))
        body += markup.fill("tiles", title="Playlists", tiles=tiles)
        return self._page(user.label, body)

    def _page(self, title: str, body: Markup, **how: Any) -> Response:
        url = self._world.config.product_url
        return markup.page(title, body, product_url=url, **how)

    def _refuse(self, error: HTTPException) -> Response:
        text = error.description if isinstance(error, NotFound) else error.name
        body = markup.fill("message", title="Not here", text=text)
        return self._page("Not here", body, kind="narrow", status=error.code or 400)

    def _standing(self, playlist: Playlist) -> Markup:
        owner = self._world.people.user(playlist.owner_id)
        link = markup.fill("link", url=f"/user/{owner.user_id}", text=owner.label)
        if self._is_kept(playlist):
            return Markup("By {}").format(link)
        return Markup("By {}, deleted from the library").format(link)

    def _is_kept(self, playlist: Playlist) -> bool:
        return self._world.playlists.is_followed(playlist.id, user_id=playlist.owner_id)

    def _playlist_row(self, position: int, track: Track | None) -> _Row:
        if track is None:
            return _row(position, None, WITHDRAWN)
        album = self._world.catalogue.album(track.album_id)
        title = album.name or NAMELESS if album else ""
        link = markup.fill("link", url=f"/album/{track.album_id}", text=title)
        return _row(position, track, link, with_cover=True)

    def _user_tile(self, user: User) -> _Row:
        count = len(self._world.playlists.owned(user.user_id))
        return {
            "shape": " round",
            "url": f"/user/{user.user_id}",
            "image": f"/images/user/300/{user.user_id}.svg",
            "name": user.label,
            "note": _count(count, "playlist"),
        }


def _head(
    kind: str, eyebrow: str, name: str, key: str, lines: Sequence[object]
) -> Markup:
    return markup.fill(
        "head",
        shape="round" if kind in ("artist", "user") else "square",
        image=f"/images/{kind}/640/{key}.svg",
        kind=eyebrow,
        name=name or NAMELESS,
        lines=markup.fill_each("line", ({"text": line} for line in lines if line)),
    )


def _table(third: str, rows: Iterable[_Row]) -> Markup:
    return markup.fill("tracks", third=third, rows=markup.fill_each("track", rows))


def _album_row(track: Track) -> _Row:
    return _row(track.track_number, track, track.disc_number)


def _row(
    position: int, track: Track | None, third: object, *, with_cover: bool = False
) -> _Row:
    image = f"/images/album/64/{track.album_id}.svg" if track else ""
    return {
        "id": track.id if track else "",
        "number": position,
        "image": markup.fill("thumb", image=image) if track and with_cover else "",
        "name": (track.name or NAMELESS) if track else "",
        "artists": _artist_links(track.artists) if track else "",
        "third": third,
        "length": _length(track.duration_ms) if track else "",
    }


def _album_tile(album: Album) -> _Row:
    artists = ", ".join(artist.name or NAMELESS for artist in album.artists)
    return {
        "shape": "",
        "url": f"/album/{album.id}",
        "image": f"/images/album/300/{album.id}.svg",
        "name": album.name or NAMELESS,
        "note": f"{artists} · {album.release_date[:4]} · "
        f"{_count(album.total_tracks, 'track')}",
    }


def _playlist_tile(playlist: Playlist) -> _Row:
    return {
        "shape": "",
        "url": f"/playlist/{playlist.id}",
        "image": f"/images/playlist/300/{playlist.id}.svg",
        "name": playlist.name,
        "note": _count(len(playlist.items), "track"),
    }


def _app_row(app: App) -> _Row:
    return {
        "client_id": app.client_id,
        "developer": app.developer,
        "profile": "extended" if app.is_extended else "development mode",
        "seats": "any account" if app.seats is None else ", ".join(app.seats) or "none",
    }


def _artist_links(artists: Sequence[ArtistRef]) -> Markup:
    links = (
        markup.fill("link", url=f"/artist/{each.id}", text=each.name or NAMELESS)
        for each in artists
    )
    return markup.joined(links, ", ")


def _pager(page: int, pages: int) -> Markup:
    def link(rel: str, to: int, label: str) -> Markup | str:
        if not 1 <= to <= pages:
            return ""
        url = f"/browse?page={to}"
        return markup.fill("pagerlink", rel=rel, url=url, label=label)

    return markup.fill(
        "pager",
        previous=link("prev", page - 1, "Previous"),
        page=f"{page:,}",
        pages=f"{pages:,}",
        next=link("next", page + 1, "Next"),
    )


def _spotify_link(album_id: str) -> str:
    return f"https://open.spotify.com/album/{album_id}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _length(duration_ms: int) -> str:
    minutes, seconds = divmod(duration_ms // 1000, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02d}"
    return f"{minutes // 60} h {minutes % 60:02d} min"
