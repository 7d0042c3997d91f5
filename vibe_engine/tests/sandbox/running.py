"""A sandbox in a thread, and accounts that talk to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from vibe_engine.sandbox.application import Application
from vibe_engine.sandbox.people import App
from vibe_engine.sandbox.server import Server
from vibe_engine.sandbox.world import Config, World

REDIRECT_URI = "http://127.0.0.1:8000/callback"
SCOPE = (
    "playlist-read-private playlist-modify-private playlist-modify-public "
    "user-library-modify user-library-read"
)
NEWCOMER = App("newcomer", "newcomer-secret", "development", "northpier")
VETERAN = App("veteran", "veteran-secret", "extended", "lighthouse")
TRACKS = 2_000
TIMEOUT_S = 20


class Account:
    """Somebody who let an app in: sends requests with the access token."""

    def __init__(self, url: str, session: requests.Session, token: str) -> None:
        self.url = url
        self.token = token
        self._session = session

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the Web API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= options.pop("headers", {})
        return self._session.request(
            method,
            f"{self.url}/v1/{path}",
            headers=headers,
            timeout=TIMEOUT_S,
            **options,
        )

    def get(self, path: str, **query: Any) -> Any:
        """Return what a GET answers, which must be 200."""
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, name: str = "Late Night", **details: Any) -> dict[str, Any]:
        """Create a playlist and return it."""
        answer = self.ask("POST", "me/playlists", json={"name": name, **details})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def uris(self, playlist_id: str) -> list[str]:
        """Return the URIs in a playlist, all pages of it."""
        page = self.get(f"playlists/{playlist_id}/items", limit=50)
        rows = page["items"]
        while page["next"]:
            page = self.get(page["next"].partition("/v1/")[2])
            rows += page["items"]
        return [row["item"]["uri"] for row in rows]


class RunningSandbox:
    """One sandbox on a free port."""

    def __init__(self, server: Server, world: World, session: requests.Session) -> None:
        self.url = server.url
        self.world = world
        self.session = session

    def control(self, method: str, name: str, /, **body: Any) -> Any:
        """Send an order to the control API and return its answer."""
        answer = self.session.request(
            method,
            f"{self.url}/_sandbox/{name}",
            json=body if body else None,
            timeout=TIMEOUT_S,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, **details: Any) -> None:
        """Set up a fault."""
        self.control("POST", "faults", kind=kind, **details)

    def log(self, path: str = "/v1/") -> list[dict[str, Any]]:
        """Return the requests to paths that start so."""
        entries: list[dict[str, Any]] = self.control("GET", f"log?path={path}")[
            "requests"
        ]
        return entries

    def code(self, user_id: str, app: App = NEWCOMER, **details: Any) -> str:
        """Return a code, as if the account had agreed on the page."""
        order = {
            "client_id": app.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "user_id": user_id,
            **details,
        }
        return str(self.control("POST", "grant", **order)["code"])

    def token(self, app: App | None = NEWCOMER, **form: Any) -> requests.Response:
        """Ask the token endpoint, with Basic authorization unless `app` is None."""
        return self.session.post(
            f"{self.url}/api/token",
            data=form,
            auth=(app.client_id, app.client_secret) if app else None,
            timeout=TIMEOUT_S,
        )

    def grant(
        self, user_id: str = "harbour-radio", app: App = NEWCOMER, **details: Any
    ) -> dict[str, Any]:
        """Return what the token endpoint hands out for a fresh consent."""
        answer = self.token(
            app,
            grant_type="authorization_code",
            code=self.code(user_id, app, **details),
            redirect_uri=REDIRECT_URI,
        )
        assert answer.status_code == 200, answer.text
        granted: dict[str, Any] = answer.json()
        return granted

    def connect(
        self, user_id: str = "harbour-radio", app: App = NEWCOMER, **details: Any
    ) -> Account:
        """Return an account that has let the app in."""
        token = self.grant(user_id, app, **details)["access_token"]
        return Account(self.url, self.session, token)

    def albums(self, limit: int = 120) -> list[dict[str, Any]]:
        """Return the first albums of the catalogue."""
        albums: list[dict[str, Any]] = self.control("GET", f"catalogue?limit={limit}")[
            "albums"
        ]
        return albums

    def track_uris(self, count: int) -> list[str]:
        """Return URIs of that many different tracks."""
        uris: list[str] = []
        for album in self.world.catalogue.albums(0, count):
            tracks = self.world.catalogue.album_tracks(album, 0, count)
            uris += [f"spotify:track:{track.id}" for track in tracks]
        return uris[:count]


@contextmanager
def running_sandbox(**config: Any) -> Iterator[RunningSandbox]:
    """Start a sandbox for a test; keywords as in `Config`."""
    world = World(Config(**{"tracks": TRACKS, "apps": (NEWCOMER, VETERAN), **config}))
    server = Server(Application(world), "127.0.0.1", 0)
    thread = server.start()
    session = requests.Session()
    session.trust_env = False
    try:
        yield RunningSandbox(server, world, session)
    finally:
        session.close()
        server.stop()
        thread.join(TIMEOUT_S)
        world.store.close()
