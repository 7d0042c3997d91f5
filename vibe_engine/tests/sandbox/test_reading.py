from typing import Any

import pytest

from vibe_engine.tests.sandbox.running import Account, RunningSandbox

UNKNOWN_ID = "0000000000000000000000"
ALBUM_ONLY_FULL = {"available_markets", "label", "popularity", "genres"}
TRACK_ONLY_FULL = {"available_markets", "popularity"}
ARTIST_ONLY_FULL = {"followers", "popularity", "genres"}
ME_ONLY_FULL = {"country", "email", "explicit_content", "followers", "product"}


@pytest.fixture
def box(local: RunningSandbox) -> dict[str, Any]:
    """An album of more than fifty tracks."""
    return next(album for album in local.albums() if album["total_tracks"] > 50)


class TestMe:
    def test_tells_two_ids(self, account: Account) -> None:
        me = account.get("me")
        assert me["id"] == "harbour-radio"
        assert len(me["account_id"]) == 10
        assert me["uri"] == "spotify:user:harbour-radio"
        assert me["images"][0]["url"].startswith(account.url)

    def test_keeps_personal_fields_from_new_apps(
        self, account: Account, veteran: Account
    ) -> None:
        assert set(veteran.get("me")) - set(account.get("me")) == ME_ONLY_FULL

    def test_answers_with_a_slash_at_the_end(self, account: Account) -> None:
        assert account.get("me/")["id"] == "harbour-radio"

    def test_may_have_no_display_name(self, local: RunningSandbox) -> None:
        local.world.store.execute(
            "UPDATE users SET display_name = NULL WHERE user_id = 'late-shift'"
        )
        assert local.connect("late-shift").get("me")["display_name"] is None


class TestAuthorization:
    @pytest.mark.parametrize(
        ("token", "word"), [("", "missing_token"), ("bogus", "invalid_token")]
    )
    def test_is_refused_with_a_challenge(
        self, local: RunningSandbox, token: str, word: str
    ) -> None:
        answer = Account(local.url, local.session, token).ask("GET", "me")
        assert answer.status_code == 401
        assert answer.json()["error"] == {
            "status": 401,
            "message": "Missing/invalid/expired access token",
        }
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith(f'Bearer realm="spotify", error="{word}"')

    def test_is_refused_in_words_to_accounts_without_a_seat(
        self, local: RunningSandbox
    ) -> None:
        local.control(
            "POST",
            "apps",
            client_id="newcomer",
            client_secret="newcomer-secret",
            developer="northpier",
            seats=["late-shift"],
        )
        assert local.connect("late-shift").get("me")
        answer = local.connect("harbour-radio").ask("GET", "me")
        assert answer.status_code == 403
        assert answer.text.startswith("User not registered in the Developer Dashboard")
        assert answer.headers["Content-Type"].startswith("text/plain")

    def test_is_refused_to_every_app_of_a_developer_without_premium(
        self, local: RunningSandbox, account: Account, veteran: Account
    ) -> None:
        local.control("POST", "premium", developer="northpier", lapsed=True)
        answer = account.ask("GET", "me")
        assert answer.status_code == 403
        assert answer.json()["error"]["message"] == (
            "Active premium subscription required for the owner of the app"
        )
        assert veteran.get("me")
        local.control("POST", "premium", developer="northpier", lapsed=False)
        assert account.get("me")


class TestAlbum:
    def test_embeds_fifty_tracks_and_links_to_the_rest(
        self, account: Account, box: dict[str, Any]
    ) -> None:
        album = account.get(f"albums/{box['id']}")
        page = album["tracks"]
        assert len(page["items"]) == 50
        assert page["total"] == album["total_tracks"] == box["total_tracks"]
        assert page["next"].startswith(f"{account.url}/v1/albums/{box['id']}/tracks?")
        rest = account.get(page["next"].partition("/v1/")[2])
        assert rest["offset"] == 50
        assert rest["previous"].startswith(account.url)
        ids = [track["id"] for track in page["items"] + rest["items"]]
        assert len(set(ids)) == len(ids) == min(box["total_tracks"], 100)

    def test_carries_isrcs_on_whole_tracks_only(
        self, account: Account, box: dict[str, Any]
    ) -> None:
        simple = account.get(f"albums/{box['id']}")["tracks"]["items"][0]
        whole = account.get(f"tracks/{simple['id']}")
        assert "external_ids" not in simple
        assert len(whole["external_ids"]["isrc"]) == 12
        assert whole["album"]["id"] == box["id"]

    def test_keeps_removed_fields_from_new_apps(
        self, account: Account, veteran: Account, box: dict[str, Any]
    ) -> None:
        path = f"albums/{box['id']}"
        reduced, full = account.get(path), veteran.get(path)
        assert set(full) - set(reduced) == ALBUM_ONLY_FULL
        assert reduced["external_ids"]["upc"]
        reduced_track, full_track = (
            asker.get(f"tracks/{reduced['tracks']['items'][0]['id']}")
            for asker in (account, veteran)
        )
        assert set(full_track) - set(reduced_track) == TRACK_ONLY_FULL
        reduced_artist, full_artist = (
            asker.get(f"artists/{reduced['artists'][0]['id']}")
            for asker in (account, veteran)
        )
        assert set(full_artist) - set(reduced_artist) == ARTIST_ONLY_FULL

    def test_says_what_is_playable_in_a_market(
        self, account: Account, box: dict[str, Any]
    ) -> None:
        path = f"albums/{box['id']}"
        plain = account.get(path)["tracks"]
        in_market = account.get(path, market="SE")["tracks"]
        assert "is_playable" not in plain["items"][0]
        assert in_market["items"][0]["is_playable"] in (True, False)
        assert "market=SE" in in_market["next"]

    @pytest.mark.parametrize("what", ["albums", "tracks", "artists"])
    def test_tells_unknown_ids_from_malformed_ones(
        self, account: Account, what: str
    ) -> None:
        assert account.ask("GET", f"{what}/{UNKNOWN_ID}").status_code == 404
        answer = account.ask("GET", f"{what}/nonsense")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "Invalid base62 id"

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=51", "limit=x", "limit=-1", "offset=-1", "limit="]
    )
    def test_refuses_pages_that_cannot_be(
        self, account: Account, box: dict[str, Any], query: str
    ) -> None:
        answer = account.ask("GET", f"albums/{box['id']}/tracks?{query}")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("Invalid ")

    def test_lists_ten_albums_of_an_artist_at_most(
        self, account: Account, box: dict[str, Any]
    ) -> None:
        artist_id = account.get(f"albums/{box['id']}")["artists"][0]["id"]
        page = account.get(f"artists/{artist_id}/albums")
        assert page["limit"] == 5
        assert page["total"] >= 1
        answer = account.ask("GET", f"artists/{artist_id}/albums?limit=20")
        assert (answer.status_code, answer.json()["error"]["message"]) == (
            400,
            "Invalid limit",
        )


class TestRemovedRoute:
    PATHS = (
        "GET albums",
        "GET tracks",
        "GET artists",
        "POST users/harbour-radio/playlists",
        "GET users/harbour-radio/playlists",
        "GET playlists/x/tracks",
        "PUT playlists/x/tracks",
        "POST playlists/x/tracks",
        "DELETE playlists/x/tracks",
        "PUT playlists/x/followers",
        "DELETE playlists/x/followers",
        "GET browse/new-releases",
        "GET browse/categories/x/playlists",
        "GET recommendations",
        "GET markets",
        "GET users/late-shift",
        "GET artists/x/top-tracks",
        "GET me/albums",
        "PUT me/tracks",
        "GET search",
    )

    @pytest.mark.parametrize("route", PATHS)
    def test_is_forbidden_before_anything_is_read(
        self, account: Account, route: str
    ) -> None:
        method, path = route.split()
        answer = account.ask(method, path, data=b"{not json")
        assert answer.status_code == 403
        assert answer.json() == {"error": {"status": 403, "message": "Forbidden"}}

    @pytest.mark.parametrize(
        "path", ["audio-features", "audio-features/x", "audio-analysis/x"]
    )
    def test_is_forbidden_without_a_word_for_audio(
        self, account: Account, path: str
    ) -> None:
        answer = account.ask("GET", path)
        assert (answer.status_code, answer.json()) == (403, {"error": {"status": 403}})

    def test_still_answers_old_apps(
        self, veteran: Account, box: dict[str, Any]
    ) -> None:
        album = veteran.get(f"albums/{box['id']}")
        tracks = ",".join(track["id"] for track in album["tracks"]["items"][:20])
        artist_id = album["artists"][0]["id"]
        found = veteran.get("albums", ids=f"{box['id']},{UNKNOWN_ID}")["albums"]
        assert (found[0]["id"], found[1]) == (box["id"], None)
        assert len(veteran.get("tracks", ids=tracks)["tracks"]) == 20
        assert veteran.get("artists", ids=artist_id)["artists"][0]["genres"]
        features = veteran.get("audio-features", ids=f"{tracks},{UNKNOWN_ID}")
        assert features["audio_features"][-1] is None
        first = next(each for each in features["audio_features"] if each)
        assert 0 <= first["energy"] <= 1
        assert veteran.get(f"audio-features/{first['id']}") == first

    @pytest.mark.parametrize(
        ("path", "most"),
        [("albums", 20), ("tracks", 50), ("artists", 50), ("audio-features", 100)],
    )
    def test_limits_batches(self, veteran: Account, path: str, most: int) -> None:
        ids = ",".join([UNKNOWN_ID] * most)
        assert veteran.ask("GET", f"{path}?ids={ids}").status_code == 200
        assert veteran.ask("GET", f"{path}?ids={ids},{UNKNOWN_ID}").status_code == 400
        assert veteran.ask("GET", f"{path}?ids=").status_code == 400
        assert veteran.ask("GET", f"{path}?ids=x").status_code == 400

    def test_says_what_the_sandbox_does_not_have(self, veteran: Account) -> None:
        assert veteran.ask("GET", "me/player").status_code == 501


class TestUnknownRoute:
    def test_is_not_found(self, account: Account) -> None:
        assert account.ask("GET", "nothing/here").status_code == 404

    def test_is_not_allowed_with_another_method(self, account: Account) -> None:
        assert account.ask("POST", "me").status_code == 405
