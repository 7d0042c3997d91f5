"""The client against the sandbox: what a development app gets, and an older one."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from vibe_engine.spotify import errors, oauth
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.testing.plugin import DEVELOPMENT_APP, EXTENDED_APP
from vibe_engine.testing.sandbox import SandboxControl
from vibe_engine.tests.spotify.conftest import NotedGate

REDIRECT_URI = "http://127.0.0.1:8000/oauth/spotify/callback"
DEVELOPMENT, EXTENDED = oauth.App(*DEVELOPMENT_APP), oauth.App(*EXTENDED_APP)
UNKNOWN_ID = "0" * 22


@dataclass
class Person:
    """Somebody of the sandbox who has consented; serves as a token source."""

    sandbox: SandboxControl
    user_id: str
    app: oauth.App
    scopes: tuple[str, ...] = oauth.SCOPES
    access: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    def consent(self, *, verifier: str | None = None) -> str:
        return self.sandbox.grant(
            client_id=self.app.client_id,
            user_id=self.user_id,
            redirect_uri=REDIRECT_URI,
            scope=" ".join(self.scopes),
            code_challenge=oauth.challenge(verifier) if verifier else None,
        )

    def exchange(self, code: str, *, verifier: str | None = None) -> None:
        token = oauth.exchange_code(
            accounts_url=self.sandbox.url,
            app=self.app,
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=verifier,
        )
        self.access, self.refresh_token = token.access_token, token.refresh_token or ""

    def access_token(self) -> str:
        return self.access

    def refreshed(self, rejected: str) -> str:
        assert rejected == self.access
        token = oauth.refresh(
            accounts_url=self.sandbox.url,
            app=self.app,
            refresh_token=self.refresh_token,
        )
        self.access = token.access_token
        return self.access


@dataclass
class Connections:
    """Connects people and closes their clients."""

    sandbox: SandboxControl
    stack: ExitStack

    def person(self, app: oauth.App, scopes: tuple[str, ...] = oauth.SCOPES) -> Person:
        user = self.sandbox.add_user(f"person-{uuid4().hex}", display_name="Zoë")
        return Person(self.sandbox, user["user_id"], app, scopes)

    def client(self, person: Person) -> SpotifyClient:
        person.exchange(person.consent())
        client = SpotifyClient(
            api_url=self.sandbox.api_url, tokens=person, gate=NotedGate()
        )
        self.sandbox.mark()
        return self.stack.enter_context(client)


@pytest.fixture
def connections(sandbox: SandboxControl) -> Iterator[Connections]:
    with ExitStack() as stack:
        yield Connections(sandbox, stack)


@pytest.fixture
def newcomer(connections: Connections) -> SpotifyClient:
    """A client with a new development-mode app."""
    return connections.client(connections.person(DEVELOPMENT))


@pytest.fixture
def veteran(connections: Connections) -> SpotifyClient:
    """A client with an app of the extended mode."""
    return connections.client(connections.person(EXTENDED))


def some_uris(sandbox: SandboxControl, client: SpotifyClient, count: int) -> list[str]:
    """Return URIs of tracks in the catalogue."""
    uris: list[str] = []
    for row in sandbox.catalogue(limit=50):
        if len(uris) < count:
            album = client.album(row["id"])
            uris += [f"spotify:track:{track.id}" for track in album.tracks]
    sandbox.mark()
    return uris[:count]


class TestConsent:
    @pytest.mark.parametrize("verifier", [None, "v" * 64])
    def test_leads_to_tokens(
        self, connections: Connections, verifier: str | None
    ) -> None:
        person = connections.person(DEVELOPMENT)
        person.exchange(person.consent(verifier=verifier), verifier=verifier)
        assert person.access
        assert person.refresh_token

    def test_names_the_scopes_granted(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT)
        token = oauth.exchange_code(
            accounts_url=person.sandbox.url,
            app=person.app,
            code=person.consent(),
            redirect_uri=REDIRECT_URI,
            code_verifier=None,
        )
        assert set(token.scopes) == set(oauth.SCOPES)
        assert token.expires_in_s == 3600

    def test_is_good_for_one_exchange(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT)
        code = person.consent()
        person.exchange(code)
        with pytest.raises(errors.InvalidGrantError):
            person.exchange(code)

    def test_needs_the_verifier_it_was_asked_with(
        self, connections: Connections
    ) -> None:
        person = connections.person(DEVELOPMENT)
        code = person.consent(verifier="v" * 64)
        with pytest.raises(errors.InvalidGrantError, match="code_verifier"):
            person.exchange(code, verifier="w" * 64)

    def test_needs_the_secret_of_the_app(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT)
        code = person.consent()
        person.app = oauth.App(DEVELOPMENT.client_id, "wrong")
        with pytest.raises(errors.InvalidClientError):
            person.exchange(code)

    def test_can_be_taken_back(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT)
        client = connections.client(person)
        person.sandbox.revoke(user_id=person.user_id, client_id=person.app.client_id)
        with pytest.raises(errors.InvalidGrantError):
            client.me()


class TestReading:
    def test_me(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT)
        me = connections.client(person).me()
        assert me.user_id == person.user_id
        assert me.display_name == "Zoë"
        assert me.account_id not in ("", me.user_id)

    def test_albums_whole_in_as_few_calls_as_can_be(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        rows = sandbox.catalogue(limit=50)
        largest = max(rows, key=lambda row: int(row["total_tracks"]))
        for row in [*rows[:5], largest]:
            sandbox.mark()
            album = newcomer.album(row["id"])
            assert (album.name, album.total_tracks) == (
                row["name"],
                row["total_tracks"],
            )
            assert len(album.tracks) == album.total_tracks
            assert len({track.id for track in album.tracks}) == album.total_tracks
            assert len(sandbox.calls()) == -(-album.total_tracks // 50)

    def test_a_box_set_over_its_pages(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        rows = [
            row
            for offset in range(0, 2000, 50)
            for row in sandbox.catalogue(offset=offset)
        ]
        box_set = max(rows, key=lambda row: int(row["total_tracks"]))
        assert box_set["total_tracks"] > 50
        album = newcomer.album(box_set["id"])
        assert len({track.id for track in album.tracks}) == box_set["total_tracks"]

    def test_what_a_new_app_may_not_see_is_absent(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        album = newcomer.album(sandbox.catalogue()[0]["id"])
        assert {track.popularity for track in album.tracks} == {None}
        with pytest.raises(errors.EndpointClosedError):
            newcomer.audio_features([album.tracks[0].id])

    def test_audio_features_where_the_app_may(
        self, sandbox: SandboxControl, veteran: SpotifyClient
    ) -> None:
        album = veteran.album(sandbox.catalogue()[0]["id"])
        ids = [track.id for track in album.tracks]
        found = veteran.audio_features([*ids, UNKNOWN_ID])
        assert set(found) <= set(ids)
        assert found
        assert all(0 <= (one.energy or 0) <= 1 for one in found.values())

    def test_nothing_where_there_is_nothing(self, newcomer: SpotifyClient) -> None:
        with pytest.raises(errors.NotFoundError):
            newcomer.playlist(UNKNOWN_ID)


@pytest.mark.parametrize(
    "app", [DEVELOPMENT, EXTENDED], ids=["development", "extended"]
)
class TestPlaylists:
    def test_live_from_create_to_unfollow(
        self, sandbox: SandboxControl, connections: Connections, app: oauth.App
    ) -> None:
        person = connections.person(app)
        client = connections.client(person)
        uris = some_uris(sandbox, client, 100)
        created = client.create_playlist(
            name="Mix • 001", description="Tom & Jerry's <3 [ve:1]", public=True
        )
        assert created.owner_id == person.user_id
        assert client.replace_items(created.id, uris)
        assert client.playlist_items(created.id) == tuple(uris)
        client.change_details(created.id, name="Mix • 002", description="", public=True)
        read = client.playlist(created.id)
        assert (read.name, read.description, read.total) == ("Mix • 002", "", 100)
        assert [one.id for one in client.my_playlists()] == [created.id]
        client.unfollow(created.id)
        assert list(client.my_playlists()) == []
        assert sandbox.playlist(created.id)["items"] == uris

    def test_come_back_with_the_description_they_were_given(
        self, connections: Connections, app: oauth.App
    ) -> None:
        client = connections.client(connections.person(app))
        text = 'Tom & Jerry\'s <3 "quoted" [ve:0123abcd]'
        created = client.create_playlist(name="n", description=text, public=True)
        assert created.description == text
        assert client.playlist(created.id).description == text
        assert next(client.my_playlists()).description == text

    def test_are_emptied_by_replacing_with_nothing(
        self, sandbox: SandboxControl, connections: Connections, app: oauth.App
    ) -> None:
        client = connections.client(connections.person(app))
        created = client.create_playlist(name="n", description="d", public=True)
        client.replace_items(created.id, some_uris(sandbox, client, 3))
        client.replace_items(created.id, [])
        assert client.playlist_items(created.id) == ()
        assert client.playlist(created.id).total == 0

    def test_are_listed_over_all_pages(
        self, sandbox: SandboxControl, connections: Connections, app: oauth.App
    ) -> None:
        client = connections.client(connections.person(app))
        made = {
            client.create_playlist(name=f"n{number}", description="d", public=True).id
            for number in range(53)
        }
        sandbox.mark()
        listed = [playlist.id for playlist in client.my_playlists()]
        assert len(listed) == 53
        assert set(listed) == made
        assert sandbox.calls() == ["GET /v1/me/playlists"] * 2


class TestFailures:
    def test_a_create_that_stands_although_the_answer_was_lost(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        for kind in ("drop_after", "status_after", "malformed"):
            sandbox.fault("POST", "/v1/me/playlists", kind=kind)
            with pytest.raises(errors.SpotifyError) as caught:
                newcomer.create_playlist(name=kind, description="d", public=True)
            assert caught.value.ambiguous
        names = [playlist.name for playlist in newcomer.my_playlists()]
        assert sorted(names) == ["drop_after", "malformed", "status_after"]

    def test_a_create_that_was_refused(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        sandbox.fault("POST", "/v1/me/playlists", status=400)
        with pytest.raises(errors.BadRequestError) as caught:
            newcomer.create_playlist(name="n", description="d", public=True)
        assert not caught.value.ambiguous
        assert list(newcomer.my_playlists()) == []

    def test_an_expired_token_costs_one_more_call(
        self, sandbox: SandboxControl, connections: Connections
    ) -> None:
        person = connections.person(DEVELOPMENT)
        client = connections.client(person)
        sandbox.expire_access(person.user_id)
        assert client.me().user_id == person.user_id
        statuses = [entry.status for entry in sandbox.log()]
        assert statuses == [401, 200]

    def test_premium_that_lapsed(
        self, sandbox: SandboxControl, newcomer: SpotifyClient
    ) -> None:
        sandbox.lapse_premium("newcomer")
        try:
            with pytest.raises(errors.PremiumRequiredError):
                newcomer.me()
        finally:
            sandbox.lapse_premium("newcomer", lapsed=False)

    def test_a_scope_that_was_not_granted(self, connections: Connections) -> None:
        person = connections.person(DEVELOPMENT, ("playlist-read-private",))
        client = connections.client(person)
        with pytest.raises(errors.InsufficientScopeError):
            client.create_playlist(name="n", description="d", public=True)

    def test_an_account_without_a_seat(self, connections: Connections) -> None:
        sandbox = connections.sandbox
        app = oauth.App("full" * 8, "room" * 8)
        sandbox.add_app(
            app.client_id,
            app.client_secret,
            profile="development",
            developer="fullhouse",
            seats=[],
        )
        client = connections.client(connections.person(app))
        with pytest.raises(errors.UserNotRegisteredError):
            client.me()

    def test_a_playlist_of_somebody_else(
        self, connections: Connections, newcomer: SpotifyClient
    ) -> None:
        other = connections.client(connections.person(DEVELOPMENT))
        created = other.create_playlist(name="n", description="d", public=True)
        with pytest.raises(errors.EndpointClosedError):
            newcomer.playlist_items(created.id)
        with pytest.raises(errors.EndpointClosedError):
            newcomer.replace_items(created.id, [])
