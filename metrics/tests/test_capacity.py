"""The panel of capacity: what binds, in words, and the forms that would help."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Developer
from accounts.tests.factories import make_account
from automation.runtime import RuntimeSettings
from library.tests.factories import make_collection, make_tracks
from metrics.pictures.capacity import Capacity, capacity
from playlists.services import outlook
from playlists.tests.factories import make_playlists

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

SETTINGS = RuntimeSettings(playlist_size=10)
ACROSS = {"rest_scope": "fleet"}
PAGE = "/home/capacity/"


@pytest.fixture
def staff_person() -> User:
    """Somebody who may do everything."""
    return User.objects.create_user("staff-person", is_staff=True)


@pytest.fixture
def draw(staff_person: User) -> Callable[[], Capacity]:
    """Return the picture of the fleet as it is."""

    def picture() -> Capacity:
        accounts = list(Account.objects.for_table())
        ahead = outlook.look_ahead(settings=SETTINGS, accounts=accounts)
        return capacity(ahead, settings=SETTINGS, person=staff_person)

    return picture


class TestCapacity:
    def test_says_what_to_do_first_on_an_empty_installation(
        self, draw: Callable[[], Capacity]
    ) -> None:
        assert "ingest albums" in draw().meaning

    def test_names_what_gives_out_first(self, draw: Callable[[], Capacity]) -> None:
        make_tracks(200, artists=40)
        make_playlists(10, account=make_account())
        found = draw()
        assert found.meaning == (
            "Room for about 190 more playlists as they are now. "
            "Places in the accounts would give out first."
        )
        assert {line.state for line in found.lines} == {"ok"}
        assert all(line.ways == [] or line.ways == () for line in found.lines)

    def test_offers_ways_where_the_library_is_too_small(
        self, draw: Callable[[], Capacity]
    ) -> None:
        collection = make_collection(name="Late Night")
        make_tracks(300, artists=60, collection=collection)
        lists = make_playlists(20, rules=ACROSS, collections=[collection])
        first = draw().lines[0]
        assert (first.title, first.word) == ("Late Night", "Too little")
        assert (first.asked, first.most) == ("20 playlists", "14")
        albums, *others = first.ways
        assert albums.url == f"/library/add/?collection={collection.pk}"
        assert {way.url for way in others} == {"/playlists/edit/"}
        assert ("pk", str(lists[0].pk)) in others[0].fields

    def test_leads_to_the_settings_where_playlists_are_many(
        self, draw: Callable[[], Capacity], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("playlists.ways.MOST_POSTED", 19)
        make_tracks(300, artists=60)
        make_playlists(20, rules=ACROSS)
        addresses = [way.url for way in draw().lines[0].ways]
        assert any(one.startswith("/settings/?playlist_size=") for one in addresses)

    def test_leads_staff_to_the_budget(
        self, draw: Callable[[], Capacity], staff_person: User
    ) -> None:
        make_tracks(200, artists=40)
        account = make_account()
        make_playlists(20, account=account)
        developer = account.app.developer
        Developer.objects.filter(pk=developer.pk).update(playlist_writes_a_day=5)
        first = draw().lines[0]
        assert first.title == f"Playlist writes of {developer}"
        assert first.ways[0].words.startswith("10 playlist writes a day")
        assert first.ways[0].url.endswith(f"/developer/{developer.pk}/change/")
        staff_person.is_staff = False
        assert all(way.url == "" for way in draw().lines[0].ways)


class TestLines:
    def test_are_few_in_the_picture_and_all_in_the_table(
        self, draw: Callable[[], Capacity]
    ) -> None:
        make_tracks(200, artists=40)
        for size in range(5, 14):
            make_playlists(1, size=size)
        found = draw()
        assert len(found.shown) == 6
        assert len(found.rows) == len(found.lines) > 9

    def test_shows_every_one_without_room(self, draw: Callable[[], Capacity]) -> None:
        for size in range(5, 14):
            make_playlists(1, size=size)
        assert len(draw().shown) == outlook.MOST_GROUPS


class TestPage:
    def test_shows_picture_table_and_sentence(self, viewer: Client) -> None:
        make_tracks(200, artists=40)
        make_playlists(3)
        text = viewer.get(PAGE).content.decode()
        assert "The whole library" in text
        assert "Show as a table" in text
        assert "would give out first" in text

    def test_answers_htmx_with_the_panel_alone(self, viewer: Client) -> None:
        headers = {"HX-Request": "true", "HX-Target": "capacity"}
        answer = viewer.get(PAGE, headers=headers)
        assert b"<!doctype" not in answer.content

    def test_gives_viewers_words_and_no_forms(self, viewer: Client) -> None:
        make_tracks(100, artists=40)
        make_playlists(20, rules=ACROSS)
        text = viewer.get(PAGE).content.decode()
        assert "more albums like the present ones" in text
        assert "Fill in" not in text

    def test_takes_as_many_queries_for_many_groups(
        self, viewer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_tracks(100, artists=40)
        for size in (5, 6, 7):
            make_playlists(2, size=size)
        headers = {"HX-Request": "true", "HX-Target": "capacity"}
        viewer.get(PAGE, headers=headers)
        with django_assert_max_num_queries(8):
            viewer.get(PAGE, headers=headers)


class TestFilledInForms:
    def test_show_the_number_ticked_and_save_nothing(self, operator: Client) -> None:
        (playlist,) = make_playlists(1)
        posted = {"pk": playlist.pk, "change": "size", "size": "7"}
        text = operator.post("/playlists/edit/", posted).content.decode()
        assert 'name="size" value="7"' in text
        playlist.refresh_from_db()
        assert playlist.size is None

    def test_show_a_setting_that_is_not_saved(self, operator: Client) -> None:
        text = operator.get("/settings/?cooldown_days=3").content.decode()
        assert "Cooldown: filled in, not saved yet." in text
        assert 'name="cooldown_days" value="3"' in text
        assert "filled in" not in operator.get("/settings/").content.decode()
