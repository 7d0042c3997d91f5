"""The control API: for tests, for the demo, for people with curl."""

import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox.alterations import STATES, UnknownTrackError
from vibe_engine.sandbox.answers import error_body, json_answer
from vibe_engine.sandbox.clock import precise_iso
from vibe_engine.sandbox.faults import FaultError
from vibe_engine.sandbox.options import OptionError, change_options
from vibe_engine.sandbox.people import (
    MAX_NAME_LENGTH,
    PROFILES,
    App,
    UnknownPersonError,
    User,
)
from vibe_engine.sandbox.playlists import Item, Playlist
from vibe_engine.sandbox.redirects import redirect_problem
from vibe_engine.sandbox.tokens import Consent
from vibe_engine.sandbox.world import World

PREFIX = "/_sandbox"
MAX_ALBUMS = 1_000

Json = dict[str, Any]


class ControlError(Exception):
    """The control API cannot do this; the text says why."""


_REFUSALS = (
    ControlError,
    FaultError,
    OptionError,
    UnknownPersonError,
    UnknownTrackError,
)


class Control:
    """Reads and changes what the Web API does not let anybody read or change."""

    def __init__(self, world: World) -> None:
        self._world = world
        routes: dict[tuple[str, str], Callable[..., Any]] = {
            ("GET", "/log"): self.show_log,
            ("GET", "/faults"): self.list_faults,
            ("POST", "/faults"): self.add_fault,
            ("DELETE", "/faults"): self.clear_faults,
            ("GET", "/options"): self.show_options,
            ("POST", "/options"): self.change_options,
            ("GET", "/users"): self.list_users,
            ("POST", "/users"): self.add_user,
            ("GET", "/apps"): self.list_apps,
            ("POST", "/apps"): self.save_app,
            ("POST", "/grant"): self.grant,
            ("POST", "/revoke"): self.revoke,
            ("POST", "/premium"): self.set_premium,
            ("POST", "/expire_access"): self.expire_access,
            ("GET", "/playlists"): self.list_playlists,
            ("POST", "/playlists/<playlist_id>/edit"): self.edit_playlist,
            ("POST", "/tracks/<track_id>"): self.alter_track,
            ("GET", "/catalogue"): self.list_albums,
        }
        self._urls = Map(
            [
                Rule(PREFIX + path, methods=[method], endpoint=handler)
                for (method, path), handler in routes.items()
            ],
            strict_slashes=False,
        ).bind("sandbox")

    def answer(self, request: Request) -> Response:
        """Return the JSON answer; errors have Spotify's form and change nothing."""
        try:
            _refuse_other_sites(request)
            handler, arguments = self._urls.match(request.path, method=request.method)
            with self._world.store.transaction():
                return json_answer(handler(request, **arguments))
        except HTTPException as error:
            return json_answer(
                error_body(error.code or 400, error.name), error.code or 400
            )
        except sqlite3.IntegrityError:
            return json_answer(error_body(400, "The account id is taken."), 400)
        except _REFUSALS as error:
            return json_answer(error_body(400, str(error)), 400)

    def show_log(self, request: Request) -> Json:
        """GET /log?since=N&path=PREFIX&limit=N."""
        return self._world.log.since(
            _number(request, "since", 0),
            request.args.get("path", ""),
            _number(request, "limit", 0),
        )

    def list_faults(self, _request: Request) -> Json:
        """GET /faults."""
        faults = self._world.faults.all(now_s=self._world.clock.now_s())
        return {"faults": [fault.as_dict() for fault in faults]}

    def add_fault(self, request: Request) -> Json:
        """POST /faults: one fault, a mix or a script; see `Fault` for the fields."""
        wanted, now_s = _body(request), self._world.clock.now_s()
        added = [each.as_dict() for each in self._world.faults.add(wanted, now_s=now_s)]
        is_one = "mix" not in wanted and "script" not in wanted
        return added[0] if is_one else {"faults": added}

    def clear_faults(self, _request: Request) -> Json:
        """DELETE /faults."""
        self._world.faults.clear()
        return {"faults": []}

    def show_options(self, _request: Request) -> Json:
        """GET /options."""
        return _fields_of(self._world.options())

    def change_options(self, request: Request) -> Json:
        """POST /options: see `Options` for the names."""
        return _fields_of(change_options(self._world.store, _body(request)))

    def list_users(self, _request: Request) -> Json:
        """GET /users."""
        return {"users": [_user(user) for user in self._world.people.users()]}

    def add_user(self, request: Request) -> Json:
        """POST /users {"name", "display_name"?, "account_id"?}."""
        body = _body(request)
        name = _text(body, "name")
        if len(name) > MAX_NAME_LENGTH:
            raise ControlError(f"A name has at most {MAX_NAME_LENGTH} characters.")
        return _user(
            self._world.people.add_user(
                name,
                display_name=body.get("display_name"),
                account_id=body.get("account_id"),
            )
        )

    def list_apps(self, _request: Request) -> Json:
        """GET /apps, without their secrets."""
        return {"apps": [_app(app) for app in self._world.people.apps()]}

    def save_app(self, request: Request) -> Json:
        """POST /apps: register an app, or change one."""
        body = _body(request)
        profile = body.get("profile", self._world.config.profile)
        if profile not in PROFILES:
            raise ControlError(f"profile must be one of {', '.join(PROFILES)}")
        seats = body.get("seats")
        app = App(
            client_id=_text(body, "client_id"),
            client_secret=_text(body, "client_secret"),
            profile=profile,
            developer=body.get("developer", "developer"),
            redirect_uris=tuple(body.get("redirect_uris", ())),
            seats=None if seats is None else tuple(seats),
            rotates_refresh_tokens=_maybe(body, "rotates_refresh_tokens"),
        )
        self._world.people.save_app(app)
        return _app(app)

    def grant(self, request: Request) -> Json:
        """POST /grant: consent as if given on the page; answers with a code."""
        body = _body(request)
        app = self._world.people.find_app(_text(body, "client_id"))
        if app is None:
            raise ControlError("There is no such app.")
        redirect_uri = _text(body, "redirect_uri")
        problem = redirect_problem(redirect_uri, app.redirect_uris)
        if problem:
            raise ControlError(problem)
        consent = Consent(
            client_id=app.client_id,
            user_id=self._world.people.user(_text(body, "user_id")).user_id,
            redirect_uri=redirect_uri,
            scope=body.get("scope", ""),
            challenge=body.get("code_challenge") or "",
        )
        now_s = self._world.clock.now_s()
        return {"code": self._world.tokens.issue_code(consent, now_s=now_s)}

    def revoke(self, request: Request) -> Json:
        """POST /revoke {"user_id", "client_id"}: the account takes consent back."""
        body = _body(request)
        revoked = self._world.tokens.revoke(
            client_id=_text(body, "client_id"), user_id=_text(body, "user_id")
        )
        return {"revoked": revoked}

    def set_premium(self, request: Request) -> Json:
        """POST /premium {"developer", "lapsed"}."""
        body = _body(request)
        developer, lapsed = _text(body, "developer"), bool(body.get("lapsed"))
        self._world.people.set_premium_lapsed(developer, lapsed=lapsed)
        return {"developer": developer, "lapsed": lapsed}

    def expire_access(self, request: Request) -> Json:
        """POST /expire_access {"user_id"?}: end access tokens before their time."""
        return {
            "expired": self._world.tokens.expire_access(_body(request).get("user_id"))
        }

    def list_playlists(self, request: Request) -> Json:
        """GET /playlists?user_id=: as they really are, without any lag."""
        owned = self._world.playlists.owned(request.args.get("user_id"))
        return {"playlists": [self._playlist(playlist) for playlist in owned]}

    def edit_playlist(self, request: Request, playlist_id: str) -> Json:
        """POST /playlists/ID/edit: what its owner does by hand.

        `items`: URIs; `followed`: false to delete it as listeners do; `removed`: true
        to make it vanish (404); `name`, `description`.
        """
        playlist = self._world.playlists.find(playlist_id)
        if playlist is None:
            raise ControlError("There is no such playlist.")
        edited = self._edit(playlist, _body(request))
        return self._playlist(edited)

    def alter_track(self, request: Request, track_id: str) -> Json:
        """POST /tracks/ID {"state", "target_id"?}: see `AlteredTracks`."""
        body = _body(request)
        state, target_id = _text(body, "state"), str(body.get("target_id", ""))
        if state not in STATES:
            raise ControlError(f"state must be one of {', '.join(STATES)}")
        self._world.tracks.alter(track_id, state, target_id)
        return {"track_id": track_id, "state": state, "target_id": target_id}

    def list_albums(self, request: Request) -> Json:
        """GET /catalogue?offset=&limit=."""
        limit = min(_number(request, "limit", 50), MAX_ALBUMS)
        catalogue = self._world.catalogue
        albums = catalogue.albums(_number(request, "offset", 0), limit)
        shown = [
            {
                "id": album.id,
                "name": album.name,
                "artists": [artist.name for artist in album.artists],
                "total_tracks": album.total_tracks,
                "album_type": album.album_type,
                "style": album.style,
                "is_odd": album.is_odd,
            }
            for album in albums
        ]
        return {"total": catalogue.album_count, "albums": shown}

    def _edit(self, playlist: Playlist, changes: Json) -> Playlist:
        playlists, now_s = self._world.playlists, self._world.clock.now_s()
        if changes.get("removed"):
            playlists.remove(playlist.id)
            return playlist
        if "followed" in changes:
            if changes["followed"]:
                playlists.follow(playlist.id, user_id=playlist.owner_id, now_s=now_s)
            else:
                playlists.unfollow(playlist.id, user_id=playlist.owner_id, now_s=now_s)
        if "items" in changes:
            items = [Item(str(uri), now_s) for uri in changes["items"]]
            playlist = playlists.set_items(playlist, items, now_s=now_s)
        if "name" in changes or "description" in changes:
            playlist = playlists.change_details(
                playlist,
                now_s=now_s,
                name=changes.get("name"),
                description=changes.get("description"),
            )
        return playlist

    def _playlist(self, playlist: Playlist) -> Json:
        return {
            "id": playlist.id,
            "owner_id": playlist.owner_id,
            "name": playlist.name,
            "description": playlist.description,
            "public": playlist.public,
            "followed": self._world.playlists.is_followed(
                playlist.id, user_id=playlist.owner_id
            ),
            "items": [item.uri for item in playlist.items],
            "created_at": precise_iso(playlist.created_at_s),
            "changed_at": precise_iso(playlist.changed_at_s),
            "snapshot_id": playlist.snapshot_id,
            "revision": playlist.revision,
        }


def _refuse_other_sites(request: Request) -> None:
    """Refuse what a page of another site sends from somebody's browser."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise ControlError("The control API does not answer other sites.")


def _body(request: Request) -> Json:
    data = request.get_json(force=True, silent=True) if request.data else {}
    if not isinstance(data, dict):
        raise ControlError("The body must be a JSON object.")
    return data


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} is missing.")
    return value


def _maybe(body: Json, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ControlError(f"{name} must be true, false or null.")
    return value


def _number(request: Request, name: str, default: int) -> int:
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit()):
        raise ControlError(f"{name} must be a whole number.")
    return int(text) if text else default


def _fields_of(options: object) -> Json:
    return {name: getattr(options, name) for name in options.__slots__}  # type: ignore[attr-defined]


def _user(user: User) -> Json:
    return {
        "user_id": user.user_id,
        "account_id": user.account_id,
        "display_name": user.display_name,
    }


def _app(app: App) -> Json:
    return {
        "client_id": app.client_id,
        "profile": app.profile,
        "developer": app.developer,
        "redirect_uris": list(app.redirect_uris),
        "seats": None if app.seats is None else list(app.seats),
        "rotates_refresh_tokens": app.rotates_refresh_tokens,
    }
