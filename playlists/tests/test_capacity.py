"""How many playlists library and budgets carry, and what would help."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Developer
from accounts.tests.factories import make_account, make_app, make_developer
from automation.runtime import RuntimeSettings
from library.models import Track
from library.tests.factories import make_collection, make_tracks
from playlists import sampler
from playlists.models import Playlist
from playlists.services import capacity, easing, outlook
from playlists.services.capacity import LibraryLoad, Terms, WriteLoad
from playlists.services.supplies import Supplies
from playlists.tests.factories import make_playlist, make_playlists

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

SETTINGS = RuntimeSettings(
    playlist_size=10, reshuffle_interval_days=5, cooldown_days=5, artist_cap=2
)
ACROSS = {"rest_scope": "fleet"}


def terms(
    *, size: int = 10, rest: int = 5, interval: int = 5, scope: str = "playlist"
) -> Terms:
    return Terms(
        sampler.Rules.from_dict(
            {"size": size, "cooldown_days": rest, "rest_scope": scope}
        ),
        interval,
    )


def supply(tracks: int) -> sampler.Supply:
    """Return the supply of so many tracks, five an artist, with nothing beside."""
    Track.objects.all().delete()
    make_tracks(tracks, artists=tracks // 5)
    return Supplies().find(sampler.Rules())


def load_of(number: int = 0) -> LibraryLoad:
    """Return what the group at that place asks of the library."""
    groups = capacity.read_fleet(settings=SETTINGS).groups
    return capacity.library_load(groups[number], others=groups, supplies=Supplies())


def load_on(developer: Developer, settings: RuntimeSettings = SETTINGS) -> WriteLoad:
    """Return what a developer's playlists ask of its writes, told twice alike."""
    load = capacity.write_load(developer=developer, settings=settings)
    fleet = capacity.read_fleet(settings=settings)
    accounts = Account.objects.for_table()
    loads = capacity.write_loads(fleet, accounts=accounts, settings=settings)
    assert loads[developer.pk] == load
    return load


class TestTerms:
    @pytest.mark.parametrize(
        ("rest", "interval", "needed"),
        [(0, 5, 10), (1, 5, 20), (5, 5, 20), (6, 5, 30), (3, 1, 40)],
    )
    def test_need_a_further_list_for_each_turn_of_rest(
        self, rest: int, interval: int, needed: int
    ) -> None:
        assert terms(rest=rest, interval=interval).needed == needed

    def test_need_less_where_only_a_part_of_the_list_changes(self) -> None:
        rules = sampler.Rules(size=10, cooldown_days=15, refresh_share=30)
        assert Terms(rules, interval_days=5).needed == 10 + 3 * 3

    def test_are_not_shared_where_nothing_rests(self) -> None:
        assert terms(scope="fleet").is_shared
        assert not terms(rest=0, scope="fleet").is_shared
        assert not terms().is_shared


class TestMostPlaylists:
    def test_is_any_number_where_each_rests_on_its_own(self) -> None:
        assert capacity.most_playlists(terms(), supply(100)) is None

    def test_is_none_where_one_list_finds_too_little(self) -> None:
        assert capacity.most_playlists(terms(rest=50), supply(100)) == 0

    def test_is_what_fits_side_by_side_where_they_share_their_rest(self) -> None:
        assert capacity.most_playlists(terms(scope="fleet"), supply(500)) == 24

    def test_is_less_with_other_lists_beside(self) -> None:
        most = capacity.most_playlists(terms(scope="fleet"), supply(500), taken=0.5)
        assert most == 12


class TestGroups:
    def test_put_playlists_of_the_same_terms_together(self) -> None:
        collection = make_collection(name="Night")
        make_playlists(3)
        make_playlists(2, size=20)
        make_playlist(collections=[collection])
        found = capacity.read_fleet(settings=SETTINGS).groups
        shown = [(g.playlists, g.own, list(g.collections)) for g in found]
        assert shown == [(3, {}, []), (2, {"size": 20}, []), (1, {}, ["Night"])]

    def test_know_several_collections_of_a_playlist(self) -> None:
        day, night = make_collection(name="Day"), make_collection(name="Night")
        for chosen in ([day, night], [night, day], [night]):
            make_playlist(collections=chosen)
        found = capacity.read_fleet(settings=SETTINGS).groups
        assert [(g.playlists, list(g.collections)) for g in found] == [
            (2, ["Day", "Night"]),
            (1, ["Night"]),
        ]
        assert set(found[0].terms.collection_ids) == {day.pk, night.pk}

    def test_leave_out_what_is_not_renewed(self) -> None:
        make_playlist(status=Playlist.Status.PAUSED)
        make_playlist(status=Playlist.Status.REMOVED)
        assert capacity.read_fleet(settings=SETTINGS).groups == []

    def test_count_by_account_where_the_rest_reaches_so_far(self) -> None:
        account = make_account()
        make_playlists(3, account=account, rules={"rest_scope": "account"})
        make_playlists(2, rules={"rest_scope": "account"})
        (group,) = capacity.read_fleet(settings=SETTINGS).groups
        assert (group.playlists, group.together) == (5, 3)

    def test_pass_over_rules_that_cannot_be_read(self) -> None:
        make_playlist(rules={"arc": "zigzag"})
        assert capacity.read_fleet(settings=SETTINGS).groups == []

    def test_cost_one_query_however_many(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for size in range(1, 12):
            make_playlist(size=size)
        with django_assert_max_num_queries(1):
            assert len(capacity.read_fleet(settings=SETTINGS).groups) == 11


class TestLibraryLoad:
    def test_asks_for_one_list_where_each_rests_on_its_own(self) -> None:
        make_tracks(100, artists=20)
        make_playlists(30)
        load = load_of()
        assert load.most is None
        assert load.ratio == pytest.approx(20 / load.room)
        assert load.ratio < 0.5

    def test_asks_for_all_lists_where_they_share_their_rest(self) -> None:
        make_tracks(500, artists=100)
        make_playlists(30, rules=ACROSS)
        load = load_of()
        assert (load.most, load.group.together) == (24, 30)
        assert load.ratio == pytest.approx(30 / 24)

    def test_counts_what_other_lists_of_the_same_tracks_keep_away(self) -> None:
        collection = make_collection()
        make_tracks(500, artists=100, collection=collection)
        make_tracks(200)
        make_playlists(15, rules=ACROSS)
        alone = load_of().most
        make_playlists(4, collections=[collection])
        beside = load_of().most
        assert alone is not None
        assert beside is not None
        assert alone - 4 <= beside < alone

    def test_is_without_end_where_there_is_nothing(self) -> None:
        make_playlist()
        assert load_of().ratio == float("inf")


class TestSupplies:
    def test_are_counted_anew_once_the_library_has_changed(self) -> None:
        make_tracks(10)
        before = Supplies().find(sampler.Rules()).recordings
        make_tracks(5)
        assert (before, Supplies().find(sampler.Rules()).recordings) == (10, 15)

    def test_cost_one_query_while_nothing_changes(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_tracks(10)
        Supplies().find(sampler.Rules())
        with django_assert_max_num_queries(1):
            supplies = Supplies()
            supplies.find(sampler.Rules(size=20))
            supplies.find(sampler.Rules(cooldown_days=50))


class TestWriteLoads:
    def test_add_up_over_the_accounts_of_a_developer(self) -> None:
        developer = make_developer(
            playlist_writes_a_day=100, interactive_reserve_percent=20
        )
        for _ in range(2):
            account = make_account(app=make_app(developer=developer))
            make_playlists(50, account=account)
        load = load_on(developer)
        assert (load.playlists, load.asked_a_day, load.room_a_day) == (100, 40.0, 80)
        assert (load.ratio, load.most) == (0.5, 200)
        assert load.more(interval_days=5, calls=2) == 100

    def test_count_one_call_where_the_description_stays(self) -> None:
        account = make_account()
        make_playlists(5, account=account, description_is_custom=True, interval_days=1)
        load = load_on(account.app.developer)
        assert load.asked_a_day == 5.0


class TestEasing:
    def test_has_nothing_to_say_where_all_fits(self) -> None:
        assert easing.ease_library(terms(), supply(100)) == ()

    def test_names_changes_that_are_each_enough(self) -> None:
        stock, asked = supply(300), terms(rest=10, interval=5, scope="fleet")
        assert not capacity.carries(asked, stock, playlists=11)
        helps = easing.ease_library(asked, stock, playlists=11)
        by_name = {one.name: one.value for one in helps}
        assert by_name.keys() == {"albums", "interval_days", "cooldown_days", "size"}
        for name in ("interval_days", "cooldown_days", "size"):
            changed = asked.changed(**{name: by_name[name]})
            assert capacity.carries(changed, stock, playlists=11), name
        assert by_name["interval_days"] == 10
        larger = asked.changed(size=by_name["size"] + 1)
        assert not capacity.carries(larger, stock, playlists=11)

    def test_asks_for_as_many_albums_as_are_missing(self) -> None:
        stock, asked = supply(300), terms(scope="fleet")
        (albums, *_) = easing.ease_library(asked, stock, playlists=18)
        assert albums.name == easing.ALBUMS
        share = albums.value / stock.albums
        larger = supply(round(300 * (1 + share) / 5 + 1) * 5)
        assert capacity.carries(asked, larger, playlists=18)

    def test_knows_no_shorter_way_out_of_an_empty_library(self) -> None:
        assert easing.ease_library(terms(), supply(0)) == ()

    def test_names_what_would_ease_the_writes(self) -> None:
        developer = make_developer(
            playlist_writes_a_day=100, interactive_reserve_percent=20
        )
        account = make_account(app=make_app(developer=developer))
        make_playlists(100, account=account, interval_days=None)
        load = load_on(developer, RuntimeSettings())
        assert easing.ease_writes(load, settings=RuntimeSettings()) == ()
        helps = easing.ease_writes(load, settings=RuntimeSettings(), extra_a_day=60.0)
        assert [(one.name, one.value) for one in helps] == [
            ("playlist_writes_a_day", 125),
            ("refresh_description", 0),
            ("reshuffle_interval_days", 7),
        ]


class TestOutlook:
    def test_holds_the_fleet_against_each_bound(self) -> None:
        make_tracks(100, artists=20)
        developer = make_developer(playlist_writes_a_day=10, catalogue_calls_a_day=10)
        account = make_account(app=make_app(developer=developer))
        make_playlists(20, account=account)
        settings = RuntimeSettings(max_playlists_per_account=40, playlist_size=10)
        found = outlook.look_ahead(
            settings=settings, accounts=list(Account.objects.for_table())
        )
        ratios = found.ratios()
        assert (found.places.asked, found.places.most) == (20, 40)
        assert ratios["places"] == 0.5
        assert ratios["writes"] == pytest.approx(8 / 8)
        assert found.albums.most == 5 * settings.content_max_age_days
        assert 0 < ratios["library"] < 1

    def test_looks_at_the_largest_groups(self) -> None:
        for size in range(1, 12):
            make_playlist(size=size)
        found = outlook.look_ahead(settings=SETTINGS, accounts=[])
        assert len(found.library) == outlook.MOST_GROUPS
        assert found.other_groups == 3

    def test_speaks_of_an_empty_installation(self) -> None:
        found = outlook.look_ahead(settings=SETTINGS, accounts=[])
        assert set(found.ratios().values()) == {0.0}

    def test_takes_few_queries(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_tracks(100, artists=20)
        for size in range(5, 10):
            make_playlist(size=size, rules=ACROSS)
        accounts = list(Account.objects.for_table())
        outlook.look_ahead(settings=SETTINGS, accounts=accounts)
        with django_assert_max_num_queries(3):
            outlook.look_ahead(settings=SETTINGS, accounts=accounts)
