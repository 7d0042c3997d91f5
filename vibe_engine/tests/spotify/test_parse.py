import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibe_engine.spotify import parse
from vibe_engine.spotify.errors import BadResponseError
from vibe_engine.spotify.types import ArtistRef, AudioFeatures, Me, PlaylistData, Token
from vibe_engine.tests.spotify import bodies

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([bodies.ALBUM_ID, "joe", "\ud800", "\0", 10**400]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
READERS: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "album": (
        lambda value: parse.album(value, parse.album_page(value).rows),
        bodies.album(bodies.track(), None, bodies.track(2, popularity=5)),
    ),
    "playlist": (parse.playlist, bodies.playlist()),
    "me": (parse.me, bodies.profile()),
    "features": (parse.audio_features, {"audio_features": [bodies.features()]}),
    "token": (parse.token, bodies.token()),
    "item": (parse.item_uri, {"item": bodies.track(linked_from={"uri": "x"})}),
    "snapshot": (parse.snapshot_id, {"snapshot_id": "abc"}),
    "page": (parse.page, bodies.page(1, 2, next_url="https://x/")),
}


def spots(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a JSON document."""
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        children = []
    inner = [spot for key, child in children for spot in spots(child, (*path, key))]
    return [path, *inner]


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """Return the document with the value at `path` replaced."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def leaves(value: object) -> list[object]:
    """Return every text, number and flag inside our own values."""
    if dataclasses.is_dataclass(value):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def is_storable(leaf: object) -> bool:
    """Whether every database takes this value."""
    if isinstance(leaf, str):
        return "\0" not in leaf and leaf == leaf.encode(errors="ignore").decode()
    return not isinstance(leaf, int | float) or abs(leaf) < 2**31


@pytest.mark.parametrize("name", READERS)
class TestEveryReader:
    def test_reads_a_good_answer(self, name: str) -> None:
        read, good = READERS[name]
        assert read(good)

    @given(data=st.data())
    def test_takes_or_refuses_any_value_in_any_place(
        self, name: str, data: st.DataObject
    ) -> None:
        read, good = READERS[name]
        spot = data.draw(st.sampled_from(spots(good)))
        odd = replaced(good, spot, data.draw(json_values))
        with contextlib.suppress(BadResponseError):
            result = read(odd)
            assert name == "page" or all(map(is_storable, leaves(result)))

    @given(value=json_values)
    def test_takes_or_refuses_anything_at_all(self, name: str, value: object) -> None:
        read, _ = READERS[name]
        with contextlib.suppress(BadResponseError):
            read(value)

    def test_says_what_it_refuses(self, name: str) -> None:
        read, _ = READERS[name]
        with pytest.raises(BadResponseError, match="not what it should be") as caught:
            read("a text")
        assert caught.value.ambiguous


class TestAlbum:
    def test_holds_everything_a_new_app_gets(self) -> None:
        album = parse.album(bodies.album(), [bodies.track(1), bodies.track(2)])
        assert album.id == bodies.ALBUM_ID
        assert album.name == "Global Warming"
        assert album.album_type == "album"
        assert (album.release_date, album.release_date_precision) == (
            "2012-11-16",
            "day",
        )
        assert album.upc == "886443671584"
        assert album.url == f"https://open.spotify.com/album/{bodies.ALBUM_ID}"
        assert album.image_url == "https://i.scdn.co/image/large"
        assert album.artists == (ArtistRef(bodies.ARTIST_ID, "Pitbull"),)
        assert [track.name for track in album.tracks] == ["Song 1", "Song 2"]
        first = album.tracks[0]
        assert (first.isrc, first.popularity, first.is_playable) == ("", None, True)
        assert first.duration_ms == 210_000

    def test_holds_what_only_an_older_app_gets(self) -> None:
        row = bodies.track(
            popularity=71, external_ids={"isrc": "USRC11700001"}, explicit=True
        )
        (track,) = parse.album(bodies.album(), [row]).tracks
        assert (track.popularity, track.isrc, track.explicit) == (
            71,
            "USRC11700001",
            True,
        )

    def test_leaves_out_rows_that_are_no_tracks_of_the_catalogue(self) -> None:
        rows = [
            None,
            bodies.track(1, is_local=True),
            bodies.track(2, type="episode"),
            bodies.track(3, id=None),
            bodies.track(4),
        ]
        album = parse.album(bodies.album(total_tracks=5), rows)
        assert [track.name for track in album.tracks] == ["Song 4"]
        assert album.total_tracks == 5

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, True),
            ({"is_playable": True}, True),
            ({"is_playable": False}, False),
            ({"restrictions": {"reason": "market"}}, False),
            ({"restrictions": {}}, True),
            ({"is_playable": True, "restrictions": {"reason": "explicit"}}, True),
        ],
    )
    def test_knows_what_cannot_be_played(
        self, *, changes: dict[str, Any], expected: bool
    ) -> None:
        (track,) = parse.album(bodies.album(), [bodies.track(**changes)]).tracks
        assert track.is_playable is expected

    def test_lives_with_a_takedown(self) -> None:
        bare = {"id": bodies.ALBUM_ID, "name": "", "tracks": {"items": []}}
        album = parse.album(bare, [])
        assert (album.name, album.tracks, album.total_tracks) == ("", (), 0)

    @pytest.mark.parametrize(
        ("released", "expected"),
        [
            ("1981", ("1981", "year")),
            ("1981-12", ("1981-12", "month")),
            ("1981-12-15", ("1981-12-15", "day")),
            ("0000", ("", "")),
            ("1981-13", ("", "")),
            ("1981-02-30", ("", "")),
            ("soon", ("", "")),
            (None, ("", "")),
        ],
    )
    def test_takes_a_release_date_only_as_it_can_be(
        self, released: str | None, expected: tuple[str, str]
    ) -> None:
        album = parse.album(bodies.album(release_date=released), [])
        assert (album.release_date, album.release_date_precision) == expected

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "//x", "ftp://x/", 'https://x/"', "https://x y"]
    )
    def test_passes_on_no_address_but_web_addresses(self, url: str) -> None:
        odd = bodies.album(external_urls={"spotify": url}, images=[{"url": url}])
        album = parse.album(odd, [])
        assert (album.url, album.image_url) == ("", "")

    def test_drops_what_no_database_takes_from_texts(self) -> None:
        album = parse.album(bodies.album(name="a\0b\ud800c\U0001f600"), [])
        assert album.name == "abc\U0001f600"

    @pytest.mark.parametrize("length", [-1, 2**31, 10**400, 1.5, True, "1"])
    def test_is_refused_with_a_length_that_cannot_be(self, length: object) -> None:
        with pytest.raises(BadResponseError, match="duration_ms"):
            parse.album(bodies.album(), [bodies.track(duration_ms=length)])

    @pytest.mark.parametrize("changes", [{"tracks": None}, {"tracks": []}, {"id": "a"}])
    def test_is_refused_without_what_matters(self, changes: dict[str, Any]) -> None:
        with pytest.raises(BadResponseError):
            READERS["album"][0](bodies.album() | changes)


class TestItemUri:
    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            ({"item": bodies.track(1)}, bodies.track_uri(1)),
            ({"item": bodies.track(1), "track": True}, bodies.track_uri(1)),
            ({"track": bodies.track(1)}, bodies.track_uri(1)),
            ({"item": {"uri": bodies.EPISODE_URI}}, bodies.EPISODE_URI),
            ({"item": {"uri": "spotify:local:a:b:c:1"}}, "spotify:local:a:b:c:1"),
            ({"item": None}, ""),
            ({"item": None, "track": True}, ""),
            ({}, ""),
            (None, ""),
        ],
    )
    def test_is_found_in_every_shape_of_a_row(self, row: object, expected: str) -> None:
        assert parse.item_uri(row) == expected

    def test_is_the_one_a_track_was_added_under(self) -> None:
        twin = bodies.track(2, linked_from={"uri": bodies.track_uri(1)})
        assert parse.item_uri({"item": twin}) == bodies.track_uri(1)


class TestPlaylist:
    def test_is_read_with_its_description_as_plain_text(self) -> None:
        assert parse.playlist(bodies.playlist()) == PlaylistData(
            id=bodies.PLAYLIST_ID,
            name="Vibe Collection • 001",
            description="Tom & Jerry's",
            owner_id="joe.bloggs",
            snapshot_id="AAAAB8C+GjVHq8v4vzStbL6AUYzo1cDV",
            url=f"https://open.spotify.com/playlist/{bodies.PLAYLIST_ID}",
            is_public=True,
            total=50,
        )

    def test_may_say_nothing_about_items_and_visibility(self) -> None:
        playlist = parse.playlist(
            bodies.playlist(public=None, items=None, description=None)
        )
        assert (playlist.is_public, playlist.total, playlist.description) == (
            None,
            None,
            "",
        )

    def test_counts_items_under_their_old_name_too(self) -> None:
        old = bodies.playlist(items=None, tracks={"total": 7})
        assert parse.playlist(old).total == 7


class TestMe:
    def test_falls_back_to_the_user_id(self) -> None:
        assert parse.me(bodies.profile()).account_id == "acc-1"
        fallen = parse.me(bodies.profile(account_id=None, display_name=None))
        assert fallen == Me(
            account_id="joe.bloggs",
            user_id="joe.bloggs",
            display_name="",
            image_url="",
            url="https://open.spotify.com/user/joe.bloggs",
        )


class TestAudioFeatures:
    def test_are_keyed_by_track_without_the_unknown(self) -> None:
        rows = [bodies.features(1), None, bodies.features(3, key=-1, valence=None)]
        found = parse.audio_features({"audio_features": rows})
        assert set(found) == {bodies.track_id(1), bodies.track_id(3)}
        assert found[bodies.track_id(1)] == AudioFeatures(
            track_id=bodies.track_id(1),
            danceability=0.585,
            energy=0.842,
            key=9,
            loudness=-5.883,
            mode=0,
            speechiness=0.0556,
            acousticness=0.00242,
            instrumentalness=0.00686,
            liveness=0.0866,
            valence=0.428,
            tempo=118.211,
        )
        assert found[bodies.track_id(3)].key is None
        assert found[bodies.track_id(3)].valence is None

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), -1e300, 10**400, "0.5", True, [], {}]
    )
    @pytest.mark.parametrize("name", ["energy", "key", "mode"])
    def test_are_refused_where_they_are_no_numbers(
        self, name: str, value: object
    ) -> None:
        row = bodies.features() | {name: value}
        with pytest.raises(BadResponseError, match=name):
            parse.audio_features({"audio_features": [row]})


class TestToken:
    def test_is_read(self) -> None:
        assert parse.token(bodies.token()) == Token(
            access_token="BQ-access",
            refresh_token="AQ-refresh",
            expires_in_s=3600,
            scopes=("playlist-read-private", "playlist-modify-public"),
        )

    def test_may_leave_the_refresh_token_as_it_is(self) -> None:
        token = parse.token(bodies.token(refresh_token=None, scope=None))
        assert (token.refresh_token, token.scopes) == (None, ())

    @pytest.mark.parametrize(
        "changes",
        [
            {"access_token": None},
            {"access_token": ""},
            {"access_token": "a b"},
            {"access_token": "a\r\nX-Evil: 1"},
            {"access_token": "a" * 5000},
            {"refresh_token": "é"},
            {"expires_in": None},
            {"expires_in": 0},
            {"expires_in": -1},
            {"expires_in": "3600"},
        ],
    )
    def test_is_refused_where_it_cannot_be_one(self, changes: dict[str, Any]) -> None:
        with pytest.raises(BadResponseError):
            parse.token(bodies.token(**changes))
