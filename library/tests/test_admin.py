"""The library in the admin."""

import pytest
from django.apps import apps
from django.test import Client

from library.models import Album, Collection, LibraryVersion, Track
from library.tests.factories import (
    draw_from,
    make_album,
    make_artist,
    make_collection,
    make_track,
)

pytestmark = [pytest.mark.django_db]

ADMIN = "/admin/library"


class TestAdmin:
    @pytest.mark.parametrize(
        "model", ["artist", "album", "track", "collection", "libraryversion"]
    )
    def test_lists_searches_and_shows(self, staff: Client, model: str) -> None:
        track = make_track(name="<script>alert(1)</script>", guests=[make_artist()])
        make_collection(albums=[track.album])
        row = apps.get_model("library", model).objects.first()
        for address in ("", "?q=a", f"{row.pk}/change/"):
            response = staff.get(f"{ADMIN}/{model}/{address}", follow=True)
            assert response.status_code == 200
            assert b"<script>alert" not in response.content

    @pytest.mark.parametrize("model", ["artist", "album", "track"])
    def test_neither_adds_nor_deletes_what_comes_from_spotify(
        self, staff: Client, model: str
    ) -> None:
        make_track()
        row = apps.get_model("library", model).objects.first()
        assert staff.get(f"{ADMIN}/{model}/add/").status_code == 403
        assert staff.post(f"{ADMIN}/{model}/{row.pk}/delete/").status_code == 403
        assert Album.objects.count() == Track.objects.count() == 1

    def test_holds_a_track_and_tells_the_pools(self, staff: Client) -> None:
        track = make_track(name="Same")
        before = LibraryVersion.objects.get().version
        address = f"{ADMIN}/track/{track.pk}/change/"
        inline = {"credits-TOTAL_FORMS": "0", "credits-INITIAL_FORMS": "0"}
        staff.post(address, {"held_reason": "Too loud", "name": "Other", **inline})
        track.refresh_from_db()
        assert (track.is_usable, track.held_reason) == (False, "Too loud")
        assert track.name == "Same"
        assert LibraryVersion.objects.get().version > before

    def test_asks_for_the_reason(self, staff: Client) -> None:
        track = make_track()
        address = f"{ADMIN}/track/{track.pk}/change/"
        inline = {"credits-TOTAL_FORMS": "0", "credits-INITIAL_FORMS": "0"}
        assert staff.post(address, {"held_reason": "", **inline}).status_code == 200
        track.refresh_from_db()
        assert track.is_usable

    def test_makes_and_fills_a_collection(self, staff: Client) -> None:
        album = make_album()
        staff.post(
            f"{ADMIN}/collection/add/",
            {
                "name": "Evening",
                "collectionalbum_set-TOTAL_FORMS": "1",
                "collectionalbum_set-INITIAL_FORMS": "0",
                "collectionalbum_set-0-album": album.pk,
            },
        )
        assert list(Collection.objects.get().albums.all()) == [album]

    def test_keeps_a_collection_that_a_playlist_draws_from(self, staff: Client) -> None:
        collection = make_collection()
        playlist = draw_from(collection)
        address = f"{ADMIN}/collection/{collection.pk}/delete/"
        page = staff.post(address, {"post": "yes"}, follow=True)
        assert b"Give them other collections first" in page.content
        assert Collection.objects.exists()
        playlist.collections.clear()
        staff.post(address, {"post": "yes"})
        assert not Collection.objects.exists()
