"""Collections: what they promise, and their pages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from automation.models import EngineLease
from library import services
from library.models import Album, Collection, LibraryVersion
from library.tests.factories import draw_from, make_album, make_collection
from vibe_engine.errors import ConflictError, InputError

pytestmark = [pytest.mark.django_db]

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LIST = "/library/collections/"


class TestCreateCollection:
    def test_puts_the_name_on_one_line(self) -> None:
        made = services.create_collection(name=" Late \n Night\u202e ", now=NOW)
        assert made.name == "Late Night"

    @pytest.mark.parametrize("name", ["", "  ", "\u202e", "x" * 81])
    def test_refuses_names_that_are_none(self, name: str) -> None:
        with pytest.raises(InputError):
            services.create_collection(name=name, now=NOW)

    def test_refuses_a_name_that_is_taken_whatever_the_capitals(self) -> None:
        make_collection(name="Evening")
        with pytest.raises(InputError, match="There is a collection"):
            services.create_collection(name="EVENING", now=NOW)


class TestFindOrCreateCollection:
    def test_finds_it_whatever_the_capitals(self) -> None:
        there = make_collection(name="Evening")
        assert services.find_or_create_collection(name="evening ", now=NOW) == there
        assert services.find_or_create_collection(name="Other", now=NOW) != there


class TestAddAndRemoveAlbums:
    def test_count_what_changed_and_tell_the_pools(self) -> None:
        collection = make_collection(albums=[make_album()])
        make_album()
        before = LibraryVersion.objects.get().version
        everything = Album.objects.all()
        assert services.add_albums(collection=collection, albums=everything) == 1
        assert services.add_albums(collection=collection, albums=everything) == 0
        assert LibraryVersion.objects.get().version > before
        assert services.remove_albums(collection=collection, albums=everything) == 2


class TestDeleteCollection:
    def test_keeps_the_albums(self) -> None:
        album = make_album()
        services.delete_collection(collection=make_collection(albums=[album]))
        assert Album.objects.get() == album
        assert not Collection.objects.exists()

    def test_refuses_while_a_playlist_draws_from_it(self) -> None:
        collection = make_collection(name="Evening")
        draw_from(collection)
        with pytest.raises(ConflictError, match="1 playlist draws from “Evening”"):
            services.delete_collection(collection=collection)
        assert Collection.objects.exists()


class TestCollectionPages:
    def test_list_every_collection_with_its_size(self, viewer: Client) -> None:
        make_collection(name="Evening", albums=[make_album(total_tracks=7)])
        make_collection(name="<b>Empty</b>")
        page = viewer.get(LIST).content.decode()
        assert "Evening" in page
        assert '<td class="number">7</td>' in page
        assert "&lt;b&gt;Empty" in page

    def test_create_one(self, operator: Client) -> None:
        response = operator.post(LIST, {"name": "Evening", "description": "Calm"})
        collection = Collection.objects.get()
        assert response["Location"] == collection.get_absolute_url()
        assert collection.description == "Calm"

    @pytest.mark.parametrize("name", ["", "evening", "\u202e"])
    def test_say_what_is_wrong_with_a_name_and_keep_it(
        self, operator: Client, name: str
    ) -> None:
        make_collection(name="Evening")
        response = operator.post(LIST, {"name": name, "description": "Calm"})
        assert response.status_code == 422
        assert b'value="Calm"' in response.content
        assert Collection.objects.count() == 1

    def test_show_the_albums_of_one(
        self,
        viewer: Client,
        engine: EngineLease,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        albums = [make_album(tracks=2) for _ in range(5)]
        collection = make_collection(albums=albums[:4])
        with django_assert_max_num_queries(10):
            response = viewer.get(collection.get_absolute_url())
        assert [row.album for row in response.context["rows"]] == albums[3::-1]

    def test_take_albums_out(self, operator: Client) -> None:
        gone, kept = make_album(), make_album()
        collection = make_collection(albums=[gone, kept])
        operator.post(f"{LIST}{collection.pk}/remove/", {"pk": [gone.pk, "junk"]})
        assert list(collection.albums.all()) == [kept]

    def test_rename(self, operator: Client) -> None:
        collection = make_collection(name="Evening")
        address = f"{LIST}{collection.pk}/edit/"
        assert b'value="Evening"' in operator.get(address).content
        operator.post(address, {"name": "evening", "description": ""})
        collection.refresh_from_db()
        assert collection.name == "evening"

    def test_refuse_a_name_that_another_one_has(self, operator: Client) -> None:
        make_collection(name="Night")
        collection = make_collection(name="Evening")
        response = operator.post(f"{LIST}{collection.pk}/edit/", {"name": "night"})
        assert response.status_code == 422

    def test_ask_before_deleting(self, operator: Client) -> None:
        collection = make_collection(name="Evening")
        address = f"{LIST}{collection.pk}/delete/"
        assert "Delete “Evening”?" in operator.get(address).content.decode()
        assert Collection.objects.exists()
        assert operator.post(address)["Location"] == LIST
        assert not Collection.objects.exists()

    def test_keep_one_that_is_in_use_and_say_why(self, operator: Client) -> None:
        collection = make_collection()
        draw_from(collection)
        address = f"{LIST}{collection.pk}/delete/"
        page = operator.post(address, follow=True).content.decode()
        assert "Give them other collections first" in page

    @pytest.mark.parametrize("action", ["", "edit/", "delete/", "remove/"])
    def test_change_nothing_for_a_viewer(self, viewer: Client, action: str) -> None:
        address = f"{LIST}{make_collection().pk}/{action}" if action else LIST
        fields: dict[str, Any] = {"name": "x"}
        assert viewer.post(address, fields).status_code == 403
