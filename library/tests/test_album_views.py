"""The pages of one album and one track."""

import random
from datetime import date
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import make_account
from automation.models import EngineLease, Run
from library import services
from library.models import Collection, Track
from library.tests.factories import (
    features,
    make_album,
    make_artist,
    make_collection,
    make_track,
    spotify_id,
)

pytestmark = [pytest.mark.django_db]

MOST_QUERIES = 10


class TestAlbumPage:
    def test_shows_the_cover_whole_and_leads_back_to_spotify(
        self, viewer: Client
    ) -> None:
        album = make_album(image_url="https://i.scdn.co/image/ab", tracks=1)
        page = viewer.get(album.get_absolute_url()).content.decode()
        assert 'src="https://i.scdn.co/image/ab"' in page
        assert f'href="{album.spotify_url}"' in page
        assert "provided by Spotify" in page or "come from the sandbox" in page

    def test_lists_tracks_in_playing_order_with_what_is_known(
        self, viewer: Client
    ) -> None:
        album, chance = make_album(), random.Random(1)
        make_track(album=album, name="third", disc_number=2, track_number=1)
        make_track(album=album, name="second", track_number=2, **features(chance))
        make_track(
            album=album,
            name="first",
            is_usable=False,
            held_reason="Skit",
            is_playable=False,
        )
        response = viewer.get(album.get_absolute_url())
        names = [track.name for track in response.context["tracks"]]
        assert names == ["first", "second", "third"]
        page = response.content.decode()
        assert "Held" in page
        assert "Not playable" in page
        assert "2.1" in page

    def test_takes_few_queries_however_many_tracks(
        self,
        operator: Client,
        engine: EngineLease,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        album = make_album(tracks=120)
        make_collection(albums=[album])
        make_collection()
        with django_assert_max_num_queries(MOST_QUERIES):
            operator.get(album.get_absolute_url())

    def test_offers_a_viewer_nothing_to_do(self, viewer: Client) -> None:
        album = make_album(tracks=1)
        make_collection(name="Evening", albums=[album])
        page = viewer.get(album.get_absolute_url()).content.decode()
        assert "Evening" in page
        assert "Read again" not in page
        assert 'name="pk"' not in page

    def test_is_404_when_there_is_none(self, viewer: Client) -> None:
        assert viewer.get("/library/albums/999/").status_code == 404

    def test_shows_an_album_without_anything(self, viewer: Client) -> None:
        album = make_album(
            name="",
            artist_line="",
            release_date="",
            release_year=None,
            spotify_url="",
            refreshed_at=None,
        )
        response = viewer.get(album.get_absolute_url())
        assert response.status_code == 200
        assert b"Untitled" in response.content


class TestRefreshAlbum:
    def test_opens_a_run_and_goes_to_it(self, operator: Client) -> None:
        make_account()
        album = make_album(name="Malibu")
        response = operator.post(f"/library/albums/{album.pk}/refresh/")
        run = Run.objects.get()
        assert response["Location"] == run.get_absolute_url()
        assert (run.subject, run.title) == (
            f"album:{album.spotify_id}",
            "Read “Malibu”",
        )

    def test_says_when_no_account_could_read(self, operator: Client) -> None:
        album = make_album()
        address = f"/library/albums/{album.pk}/refresh/"
        assert b"Connect one first" in operator.post(address, follow=True).content

    def test_is_for_operators_and_by_post(
        self, viewer: Client, operator: Client
    ) -> None:
        address = f"/library/albums/{make_album().pk}/refresh/"
        assert viewer.post(address).status_code == 403
        assert operator.get(address).status_code == 405


class TestPlaceAlbum:
    def test_puts_it_into_exactly_the_ticked_collections_and_a_new_one(
        self, operator: Client
    ) -> None:
        album = make_album()
        out, into = make_collection(albums=[album]), make_collection()
        operator.post(
            f"/library/albums/{album.pk}/collections/",
            {"collections": [into.pk], "new_collection": "Fresh"},
        )
        names = set(album.collections.values_list("name", flat=True))
        assert names == {into.name, "Fresh"}
        assert out.name not in names

    def test_refuses_a_collection_that_is_gone(self, operator: Client) -> None:
        album = make_album()
        response = operator.post(
            f"/library/albums/{album.pk}/collections/", {"collections": ["999"]}
        )
        assert response.status_code == 422
        assert not album.collections.exists()


class TestTrackPage:
    def test_shows_features_credits_and_the_recording_elsewhere(
        self, viewer: Client
    ) -> None:
        guest = make_artist(name="Guest")
        track = make_track(
            name="Come Down", recording_key="isrc:X", isrc="X", guests=[guest]
        )
        Track.objects.filter(pk=track.pk).update(
            energy=0.625, tempo=112.4, features_source="spotify"
        )
        twin = make_track(name="Come Down (Deluxe)", recording_key="isrc:X")
        page = viewer.get(track.get_absolute_url()).content.decode()
        for words in (
            "0.63",
            "112 BPM",
            "Guest",
            twin.get_absolute_url(),
            "first artist",
        ):
            assert words in page

    def test_loads_its_history_from_the_playlists(self, viewer: Client) -> None:
        track = make_track()
        page = viewer.get(track.get_absolute_url()).content.decode()
        assert f'hx-get="/playlists/tracks/{track.pk}/"' in page

    @pytest.mark.parametrize(
        ("source", "words"),
        [("", "never asked for"), ("none", "Nobody who was asked knows")],
    )
    def test_explains_missing_features(
        self, viewer: Client, source: str, words: str
    ) -> None:
        track = make_track(features_source=source)
        assert words in viewer.get(track.get_absolute_url()).content.decode()

    def test_leads_to_the_track_on_spotify(self, viewer: Client) -> None:
        track = make_track()
        page = viewer.get(track.get_absolute_url()).content.decode()
        assert f"https://open.spotify.com/track/{track.spotify_id}" in page

    def test_takes_few_queries(
        self,
        operator: Client,
        engine: EngineLease,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        guests = [make_artist() for _ in range(8)]
        track = make_track(guests=guests, recording_key="isrc:X")
        for _ in range(5):
            make_track(recording_key="isrc:X")
        with django_assert_max_num_queries(MOST_QUERIES):
            operator.get(track.get_absolute_url())


class TestHoldTrack:
    def test_holds_with_a_reason_and_releases(self, operator: Client) -> None:
        track = make_track()
        operator.post(f"/library/tracks/{track.pk}/hold/", {"reason": "Too loud"})
        track.refresh_from_db()
        assert (track.is_usable, track.held_reason) == (False, "Too loud")
        assert b"Too loud" in operator.get(track.get_absolute_url()).content
        operator.post(f"/library/tracks/{track.pk}/release/")
        track.refresh_from_db()
        assert (track.is_usable, track.held_reason) == (True, "")

    def test_asks_for_the_reason(self, operator: Client) -> None:
        track = make_track()
        response = operator.post(f"/library/tracks/{track.pk}/hold/", {"reason": " "})
        assert response.status_code == 422
        track.refresh_from_db()
        assert track.is_usable

    def test_is_for_operators(self, viewer: Client) -> None:
        track = make_track()
        for act in ("hold", "release"):
            address = f"/library/tracks/{track.pk}/{act}/"
            assert viewer.post(address, {"reason": "x"}).status_code == 403


class TestBulk:
    def post(self, client: Client, what: str, **fields: Any) -> Any:
        return client.post(f"/library/{what}/bulk/", fields)

    def test_asks_first_and_keeps_what_was_ticked(self, operator: Client) -> None:
        tracks = [make_track() for _ in range(3)]
        response = self.post(
            operator, "tracks", action="hold", pk=[t.pk for t in tracks[:2]]
        )
        page = response.content.decode()
        assert "Hold 2 tracks" in page
        assert page.count('name="pk"') == 2
        assert not Track.objects.held().exists()

    def test_asks_in_the_dialog_with_htmx(self, operator: Client) -> None:
        track = make_track()
        response = operator.post(
            "/library/tracks/bulk/",
            {"action": "release", "pk": track.pk},
            headers={"HX-Request": "true", "HX-Target": "dialog-body"},
        )
        assert b"<!doctype" not in response.content
        assert b"Release 1 track?" in response.content

    def test_holds_the_ticked_tracks(self, operator: Client) -> None:
        tracks = [make_track() for _ in range(3)]
        response = self.post(
            operator,
            "tracks",
            action="hold",
            pk=[t.pk for t in tracks[:2]],
            confirmed="1",
            reason="Skits",
        )
        assert response["Location"] == "/library/tracks/"
        assert set(Track.objects.held()) == set(tracks[:2])

    def test_asks_again_without_a_reason(self, operator: Client) -> None:
        fields = {"action": "hold", "pk": make_track().pk, "confirmed": "1"}
        response = self.post(operator, "tracks", **fields)
        assert response.status_code == 422
        assert not Track.objects.held().exists()

    def test_holds_all_that_match_the_filter(self, operator: Client) -> None:
        make_track(name="calm", energy=0.1)
        wild = [make_track(name="wild", energy=0.9) for _ in range(3)]
        fields = {
            "action": "hold",
            "all_matching": "1",
            "filter": "energy_min=0.5&sort=name",
            "pk": wild[0].pk,
        }
        assert b"Hold 3 tracks" in self.post(operator, "tracks", **fields).content
        response = self.post(
            operator, "tracks", **fields, confirmed="1", reason="Too wild"
        )
        assert response["Location"] == "/library/tracks/?energy_min=0.5&sort=name"
        assert set(Track.objects.held()) == set(wild)

    def test_releases_the_tracks_of_ticked_albums(self, operator: Client) -> None:
        album = make_album(tracks=3)
        services.hold_tracks(tracks=Track.objects.all(), reason="x")
        fields = {"action": "release", "pk": album.pk, "confirmed": "1"}
        response = self.post(operator, "albums", **fields)
        assert response["Location"] == "/library/"
        assert not Track.objects.held().exists()

    def test_puts_albums_of_ticked_tracks_into_a_new_collection(
        self, operator: Client
    ) -> None:
        track = make_track()
        self.post(
            operator,
            "tracks",
            action="collect",
            pk=track.pk,
            confirmed="1",
            new_collection="Evening",
        )
        assert list(Collection.objects.get().albums.all()) == [track.album]

    def test_asks_for_a_collection(self, operator: Client) -> None:
        fields = {"action": "collect", "pk": make_album().pk, "confirmed": "1"}
        response = self.post(operator, "albums", **fields)
        assert response.status_code == 422
        assert b"Choose a collection or name a new one" in response.content

    def test_reads_albums_again(self, operator: Client) -> None:
        make_account()
        keys = [make_album().pk, make_album().pk]
        fields = {"action": "refresh", "pk": keys, "confirmed": "1"}
        response = self.post(operator, "albums", **fields)
        bulk = Run.objects.get(is_bulk=True)
        assert response["Location"] == bulk.get_absolute_url()
        assert bulk.children.count() == 2

    def test_goes_back_to_the_album_it_came_from(self, operator: Client) -> None:
        track = make_track()
        back = track.album.get_absolute_url()
        fields = {"action": "release", "pk": track.pk, "confirmed": "1", "back": back}
        assert self.post(operator, "tracks", **fields)["Location"] == back

    @pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/"])
    def test_goes_nowhere_else(self, operator: Client, back: str) -> None:
        track = make_track()
        fields = {"action": "release", "pk": track.pk, "confirmed": "1", "back": back}
        response = self.post(operator, "tracks", **fields)
        assert response["Location"] == "/library/tracks/"

    @pytest.mark.parametrize(
        "fields",
        [
            {"action": "hold"},
            {"action": "hold", "pk": ["x", "-1", "9" * 40]},
            {"action": "nonsense", "pk": "1"},
        ],
    )
    def test_says_when_nothing_is_selected(
        self, operator: Client, fields: dict[str, Any]
    ) -> None:
        make_track(spotify_id=spotify_id())
        response = self.post(operator, "tracks", **fields)
        assert response["Location"] == "/library/tracks/"

    @pytest.mark.parametrize("what", ["albums", "tracks"])
    def test_is_for_operators(self, viewer: Client, what: str) -> None:
        assert self.post(viewer, what, action="hold").status_code == 403


class TestUseOnPages:
    def test_says_when_an_album_was_last_used(self, viewer: Client) -> None:
        album = make_album(tracks=1)
        make_track(album=album, last_used_on=date(2021, 3, 4), use_count=2)
        page = viewer.get("/library/?show=table").content.decode()
        assert "1 of 2" in page
        assert "4 Mar 2021" in page
