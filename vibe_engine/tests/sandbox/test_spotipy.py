"""spotipy used as anybody would, against the sandbox."""

import base64
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import spotipy
from spotipy import oauth2
from spotipy.cache_handler import MemoryCacheHandler

from vibe_engine.tests.sandbox.running import (
    NEWCOMER,
    REDIRECT_URI,
    SCOPE,
    Account,
    RunningSandbox,
)

Connect = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def connect(local: RunningSandbox) -> Iterator[Connect]:
    """Makes a client with a session of its own, which never retries."""
    sessions = []

    def connect(**options: Any) -> Any:
        session = requests.Session()
        sessions.append(session)
        return pointed_at(local, requests_session=session, **options)

    yield connect
    for session in sessions:
        session.close()


@pytest.fixture
def client(connect: Connect, account: Account) -> Any:
    return connect(auth=account.token)


@pytest.fixture
def veteran_client(connect: Connect, veteran: Account) -> Any:
    return connect(auth=veteran.token)


@pytest.fixture
def box(local: RunningSandbox) -> dict[str, Any]:
    return next(album for album in local.albums() if album["total_tracks"] > 50)


def pointed_at(local: RunningSandbox, **options: Any) -> Any:
    spotify = spotipy.Spotify(**options)
    spotify.prefix = f"{local.url}/v1/"
    return spotify


def signing_in(local: RunningSandbox, kind: Any, **options: Any) -> Any:
    """Return an OAuth manager of spotipy's, of a class that knows the sandbox."""
    addresses = {
        "OAUTH_AUTHORIZE_URL": f"{local.url}/authorize",
        "OAUTH_TOKEN_URL": f"{local.url}/api/token",
    }
    at_home = type(f"Sandbox{kind.__name__}", (kind,), addresses)
    return at_home(client_id=NEWCOMER.client_id, **options)


def with_consent(local: RunningSandbox, kind: Any, **options: Any) -> Any:
    """Return an OAuth manager that remembers its tokens in memory only."""
    return signing_in(
        local,
        kind,
        redirect_uri=REDIRECT_URI,
        scope=SCOPE,
        cache_handler=MemoryCacheHandler(),
        open_browser=False,
        **options,
    )


def agree(local: RunningSandbox, manager: Any) -> str:
    """Look at the consent page and agree; return the code that comes back."""
    address = urlsplit(manager.get_authorize_url(state="abc"))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    page = f"{address.scheme}://{address.netloc}{address.path}"
    assert local.session.get(page, params=query, timeout=9).status_code == 200
    form = {**query, "decision": "agree", "user_id": "late-shift"}
    answer = local.session.post(page, data=form, allow_redirects=False, timeout=9)
    state, code = oauth2.SpotifyOAuth.parse_auth_response_url(
        answer.headers["Location"]
    )
    assert state == "abc"
    return str(code)


def pages(client: Any, page: Any) -> Iterator[Any]:
    while page:
        yield page
        page = client.next(page)


class TestReading:
    def test_goes_through_an_album(self, client: Any, box: dict[str, Any]) -> None:
        first = client.album(box["id"])["tracks"]
        tracks = [each for page in pages(client, first) for each in page["items"]]
        assert len(tracks) == box["total_tracks"]
        assert client.album_tracks(box["id"], limit=50)["items"] == tracks[:50]

    def test_goes_through_an_album_in_a_market(
        self, client: Any, box: dict[str, Any]
    ) -> None:
        first = client.album_tracks(box["id"], limit=20, market="SE")
        tracks = [each for page in pages(client, first) for each in page["items"]]
        assert len({each["id"] for each in tracks}) == box["total_tracks"]
        assert all("is_playable" in each for each in tracks)

    def test_goes_through_an_artists_albums(
        self, client: Any, local: RunningSandbox
    ) -> None:
        artist_id = client.album(local.albums(1)[0]["id"])["artists"][0]["id"]
        first = client.artist_albums(artist_id, include_groups="album", limit=1)
        found = [each for page in pages(client, first) for each in page["items"]]
        assert len({each["id"] for each in found}) == first["total"]
        with pytest.raises(spotipy.SpotifyException, match="Invalid limit"):
            client.artist_albums(artist_id)

    def test_goes_back(self, client: Any, box: dict[str, Any]) -> None:
        first = client.album_tracks(box["id"], limit=20)
        assert client.previous(client.next(first)) == first
        assert client.previous(first) is None

    def test_finds_tracks_and_artists_by_id_and_uri(
        self, client: Any, local: RunningSandbox
    ) -> None:
        uri = local.track_uris(1)[0]
        track = client.track(uri)
        assert track == client.track(track["id"])
        assert client.artist(track["artists"][0]["id"])["name"]

    def test_knows_who_it_speaks_for(self, client: Any) -> None:
        assert client.me()["id"] == client.current_user()["id"] == "harbour-radio"


class TestKeepingPlaylists:
    def test_writes_items_in_every_way(
        self, client: Any, local: RunningSandbox, account: Account
    ) -> None:
        uris = local.track_uris(6)
        playlist_id = client.current_user_playlist_create("Mine", public=True)["id"]
        client.playlist_replace_items(playlist_id, uris[:3])
        client.playlist_add_items(playlist_id, uris[3:], position=0)
        assert account.uris(playlist_id) == uris[3:] + uris[:3]
        client.playlist_reorder_items(playlist_id, 0, 6, range_length=3)
        assert account.uris(playlist_id) == uris
        client.playlist_remove_all_occurrences_of_items(playlist_id, uris[:1])
        assert account.uris(playlist_id) == uris[1:]
        client.playlist_replace_items(playlist_id, [])
        assert account.uris(playlist_id) == []

    def test_removes_one_of_two(
        self, client: Any, local: RunningSandbox, account: Account
    ) -> None:
        first, second = local.track_uris(2)
        playlist_id = client.current_user_playlist_create("Mine")["id"]
        client.playlist_replace_items(playlist_id, [first, second, first])
        client.playlist_remove_specific_occurrences_of_items(
            playlist_id, [{"uri": first, "positions": [0]}]
        )
        assert account.uris(playlist_id) == [second, first]

    def test_reads_items_to_their_end(self, client: Any, local: RunningSandbox) -> None:
        uris = local.track_uris(100)
        playlist_id = client.current_user_playlist_create("Mine")["id"]
        client.playlist_replace_items(playlist_id, uris)
        first = client.playlist_items(playlist_id, limit=30, market="SE")
        rows = [row for page in pages(client, first) for row in page["items"]]
        assert [row["item"]["uri"] for row in rows] == uris
        assert all("is_playable" in row["item"] for row in rows)
        embedded = client.playlist(playlist_id)["items"]
        rows = [row for page in pages(client, embedded) for row in page["items"]]
        assert [row["item"]["uri"] for row in rows] == uris

    def test_lists_playlists_to_their_end(self, client: Any, account: Account) -> None:
        made = [account.create(f"No. {number}")["id"] for number in range(55)]
        found = [
            row["id"]
            for page in pages(client, client.current_user_playlists())
            for row in page["items"]
        ]
        assert found == made[::-1]

    def test_changes_words_and_cover(self, client: Any) -> None:
        playlist_id = client.current_user_playlist_create("Mine")["id"]
        changed = client.playlist_change_details(
            playlist_id, name="Yours", description="Rock & roll"
        )
        assert changed is None
        found = client.playlist(playlist_id, fields="name,description")
        assert found == {"name": "Yours", "description": "Rock &amp; roll"}
        assert client.playlist_cover_image(playlist_id) == []

    def test_uploads_a_cover(self, connect: Connect, local: RunningSandbox) -> None:
        account = local.connect(scope=f"{SCOPE} ugc-image-upload")
        client = connect(auth=account.token)
        playlist_id = client.current_user_playlist_create("Mine")["id"]
        picture = base64.b64encode(b"\xff\xd8" * 1_000)
        assert client.playlist_upload_cover_image(playlist_id, picture) is None

    def test_deletes_and_takes_back(self, client: Any) -> None:
        playlist_id = client.current_user_playlist_create("Mine")["id"]
        client._delete("me/library", uris=f"spotify:playlist:{playlist_id}")
        assert client.current_user_playlists()["total"] == 0
        client.current_user_follow_playlist(playlist_id)
        assert client.current_user_playlists()["total"] == 1

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_knows_the_old_ways_with_extended_access_alone(
        self, client: Any, veteran_client: Any
    ) -> None:
        created = veteran_client.user_playlist_create("harbour-radio", "Mine")
        veteran_client.current_user_unfollow_playlist(created["id"])
        assert veteran_client.current_user_playlists()["total"] == 0
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.user_playlist_create("harbour-radio", "Mine")
        assert caught.value.http_status == 403
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.current_user_unfollow_playlist(created["id"])
        assert caught.value.http_status == 403


class TestErrors:
    def test_keep_status_reason_and_wait(
        self, client: Any, local: RunningSandbox
    ) -> None:
        local.fault("quota_exceeded")
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.me()
        assert caught.value.http_status == 429
        assert caught.value.reason == "QUOTA_EXCEEDED"
        assert int(caught.value.headers["Retry-After"]) > 86_000

    def test_are_forbidden_routes_for_new_apps(
        self, client: Any, box: dict[str, Any]
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for ask in (client.albums, client.audio_features):
                with pytest.raises(spotipy.SpotifyException) as caught:
                    ask([box["id"]])
                assert caught.value.http_status == 403

    def test_may_be_plain_text(self, client: Any, local: RunningSandbox) -> None:
        local.control(
            "POST",
            "apps",
            client_id=NEWCOMER.client_id,
            client_secret=NEWCOMER.client_secret,
            developer=NEWCOMER.developer,
            seats=[],
        )
        with pytest.raises(spotipy.SpotifyException, match="not registered") as caught:
            client.me()
        assert caught.value.http_status == 403

    def test_leave_one_request_where_retries_are_off(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status_after", path="/me/playlists$", status=502, count=-1)
        client = pointed_at(local, auth=account.token, retries=0, status_retries=0)
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.current_user_playlist_create("Once")
        assert caught.value.http_status == 429  # what spotipy makes of any status
        assert len(local.log("/v1/me/playlists")) == 1

    def test_double_what_is_created_where_retries_are_on(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status_after", path="/me/playlists$", status=502, count=2)
        client = pointed_at(local, auth=account.token, backoff_factor=0)
        client.current_user_playlist_create("Once")
        playlists = local.control("GET", "playlists")["playlists"]
        assert [playlist["name"] for playlist in playlists] == ["Once"] * 3


class TestSigningIn:
    def test_leads_from_the_consent_page_to_a_playlist(
        self, local: RunningSandbox, connect: Connect
    ) -> None:
        manager = self.sign_in(local)
        client = connect(auth_manager=manager)
        assert client.me()["id"] == "late-shift"
        assert client.current_user_playlist_create("Mine")["owner"]["id"]
        assert manager.cache_handler.get_cached_token()["scope"] == SCOPE

    @pytest.mark.parametrize("rotates", [False, True])
    def test_refreshes_by_itself(
        self,
        local: RunningSandbox,
        connect: Connect,
        clock_file: Path,
        *,
        rotates: bool,
    ) -> None:
        local.control("POST", "options", rotate_refresh_tokens=rotates)
        client = connect(auth_manager=self.sign_in(local))
        manager = client.auth_manager
        first = manager.cache_handler.get_cached_token()
        for hour in (1, 2):
            clock_file.write_text(str(hour * 3_700))
            token = manager.cache_handler.get_cached_token()
            manager.cache_handler.save_token_to_cache({**token, "expires_at": 0})
            assert client.me()["id"] == "late-shift"
        last = manager.cache_handler.get_cached_token()
        assert last["access_token"] != first["access_token"]
        assert (last["refresh_token"] != first["refresh_token"]) is rotates

    def test_ends_with_the_consent(
        self, local: RunningSandbox, connect: Connect
    ) -> None:
        client = connect(auth_manager=self.sign_in(local))
        local.control("POST", "revoke", user_id="late-shift", client_id="newcomer")
        manager = client.auth_manager
        token = manager.cache_handler.get_cached_token()
        manager.cache_handler.save_token_to_cache({**token, "expires_at": 0})
        with pytest.raises(oauth2.SpotifyOauthError) as caught:
            client.me()
        assert caught.value.error == "invalid_grant"
        assert caught.value.error_description == "Refresh token revoked"

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_refuses_a_code_twice(self, local: RunningSandbox) -> None:
        manager = with_consent(
            local, oauth2.SpotifyOAuth, client_secret=NEWCOMER.client_secret
        )
        code = agree(local, manager)
        manager.get_access_token(code, check_cache=False)
        with pytest.raises(oauth2.SpotifyOauthError) as caught:
            manager.get_access_token(code, check_cache=False)
        assert caught.value.error == "invalid_grant"

    def test_works_without_a_secret(
        self, local: RunningSandbox, connect: Connect
    ) -> None:
        manager = with_consent(local, oauth2.SpotifyPKCE)
        manager.get_access_token(agree(local, manager), check_cache=False)
        client = connect(auth_manager=manager)
        assert client.me()["id"] == "late-shift"

    def test_works_for_an_app_alone(
        self, local: RunningSandbox, connect: Connect, box: dict[str, Any]
    ) -> None:
        manager = signing_in(
            local,
            oauth2.SpotifyClientCredentials,
            client_secret=NEWCOMER.client_secret,
            cache_handler=MemoryCacheHandler(),
        )
        client = connect(auth_manager=manager)
        assert client.album(box["id"])["name"]
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.me()
        assert caught.value.http_status == 401

    def sign_in(self, local: RunningSandbox) -> Any:
        """Return an OAuth manager that holds an account's tokens."""
        manager = with_consent(
            local, oauth2.SpotifyOAuth, client_secret=NEWCOMER.client_secret
        )
        manager.get_access_token(
            agree(local, manager), as_dict=False, check_cache=False
        )
        return manager
