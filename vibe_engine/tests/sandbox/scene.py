"""One request for every kind of answer that the sandbox's Web API can give."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from vibe_engine.tests.sandbox.running import (
    SCOPE,
    VETERAN,
    Account,
    RunningSandbox,
)

BOTH = ("newcomer", "veteran")
UNKNOWN = "0" * 22
MANY_ITEMS = 9_950

_NAMES = {
    "<album_id>": "{album}",
    "<artist_id>": "{artist}",
    "<playlist_id>": "{playlist}",
    "<track_id>": "{track}",
    "<user_id>": "{user}",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A request and the answer it must get.

    `rule`: the route, as the sandbox's table of routes writes it. `path`: what is
    asked for, by default the rule with the names of the scene in it; names in braces
    are filled in everywhere. `by`: who asks. `message`: what the error says, None for
    an error without words. `options`: switches of the sandbox for this request.
    """

    method: str
    rule: str
    status: int = 200
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    data: bytes | None = None
    by: tuple[str, ...] = BOTH
    message: str | None = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    prepare: str = ""
    is_partial: bool = False

    def __str__(self) -> str:
        rule = f"{self.method} {self.path or self.rule}"
        return f"{rule} {self.status} {self.message or self.prepare}".strip()


class Scene:
    """A sandbox with two apps, two accounts, and something of each kind to ask for."""

    def __init__(self, local: RunningSandbox) -> None:
        self.local = local
        wide = f"{SCOPE} ugc-image-upload"
        self._askers = {
            "newcomer": local.connect(scope=wide),
            "veteran": local.connect(app=VETERAN, scope=wide),
            "stranger": local.connect("late-shift", scope=wide),
            "unscoped": local.connect(scope="user-read-private"),
            "app": Account(local.url, local.session, self._token_of_app()),
        }
        self._uris = local.track_uris(105)
        albums = local.albums()
        album = self.asker("newcomer").get(f"albums/{albums[0]['id']}")
        self._names = {
            "user": "harbour-radio",
            "album": album["id"],
            "box": next(each["id"] for each in albums if each["total_tracks"] > 50),
            "artist": album["artists"][0]["id"],
            "track": self._uris[0].rpartition(":")[2],
            "other_track": self._uris[1].rpartition(":")[2],
            "silent_track": self._track_without_features(),
            "unknown": UNKNOWN,
            "foreign": self.asker("stranger").create("Theirs")["id"],
        }

    def asker(self, name: str) -> Account:
        """Return the account and app that go by this name."""
        return self._askers[name]

    @contextmanager
    def set_for(self, case: Case, by: str) -> Iterator[Mapping[str, str]]:
        """Prepare what the case needs; yield the names it may use."""
        owner = self.asker(by if by in BOTH else "newcomer")
        playlist = owner.create("Mine", description="<Quiet> & slow")["id"]
        self.edit(playlist, items=self._uris[:3])
        if case.prepare:
            _PREPARATIONS[case.prepare](self, playlist)
        before = self.local.control("GET", "options")
        if case.options:
            self.local.control("POST", "options", **case.options)
        try:
            yield {**self._names, "playlist": playlist, **self._uri_names()}
        finally:
            self.local.control("POST", "options", **before)
            self.alter(state="available")

    def edit(self, playlist_id: str, **changes: Any) -> None:
        """Change a playlist past the Web API."""
        self.local.control("POST", f"playlists/{playlist_id}/edit", **changes)

    def alter(self, **order: str) -> None:
        """Change the state of the track."""
        self.local.control("POST", f"tracks/{self._names['track']}", **order)

    def relink(self) -> None:
        """Let another track stand in for the track."""
        self.alter(state="relinked", target_id=self._names["other_track"])

    def send(self, case: Case, by: str, names: Mapping[str, str]) -> requests.Response:
        """Send the request of the case."""
        path = case.path or _path_of(case.rule)
        return self.asker(by).ask(
            case.method,
            path.strip("/").format_map(names),
            params=_fill(dict(case.query), names),
            json=_fill(case.json, names),
            data=case.data,
        )

    def fill_playlist(self, playlist_id: str) -> None:
        """Let a playlist hold almost as much as one can."""
        self.edit(playlist_id, items=self._uris[:1] * MANY_ITEMS)

    def _token_of_app(self) -> str:
        answer = self.local.token(grant_type="client_credentials")
        return str(answer.json()["access_token"])

    def _track_without_features(self) -> str:
        catalogue = self.local.world.catalogue
        return next(
            uri.rpartition(":")[2]
            for uri in self.local.track_uris(500)
            if catalogue.features(uri.rpartition(":")[2]) is None
        )

    def _uri_names(self) -> dict[str, str]:
        return {
            "uri": self._uris[0],
            "other_uri": self._uris[1],
            "uris_101": ",".join(self._uris[:101]),
            "ids_51": ",".join(uri.rpartition(":")[2] for uri in self._uris[:51]),
        }


_PREPARATIONS: Mapping[str, Callable[[Scene, str], None]] = {
    "withdrawn": lambda scene, _: scene.alter(state="withdrawn"),
    "unplayable": lambda scene, _: scene.alter(state="unplayable"),
    "relinked": lambda scene, _: scene.relink(),
    "full": lambda scene, playlist: scene.fill_playlist(playlist),
    "empty": lambda scene, playlist: scene.edit(playlist, items=[]),
    "gone": lambda scene, playlist: scene.edit(playlist, removed=True),
}


def _path_of(rule: str) -> str:
    for name, filled in _NAMES.items():
        rule = rule.replace(name, filled)
    return rule


def _fill(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(names)
    if isinstance(value, list):
        return [_fill(each, names) for each in value]
    if isinstance(value, dict):
        return {name: _fill(each, names) for name, each in value.items()}
    return value
