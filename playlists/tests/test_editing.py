"""Editing one and many playlists, and what Spotify is told of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from accounts.models import Account
from accounts.services.refreshing import AccountTokens
from accounts.tests.factories import make_account
from accounts.throttle import ThrottleGate
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.tests.factories import make_collection
from playlists.models import Playlist
from playlists.services import creation, details, editing
from playlists.services.editing import Changes
from playlists.tests.factories import (
    claim_run,
    finish,
    make_playlist,
    make_playlists,
)
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError, TransientError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SETTINGS = RuntimeSettings()


def edit(playlist: Playlist, changes: Changes, *, version: int = 1) -> Run | None:
    return editing.edit_playlist(
        playlist=playlist,
        version=version,
        changes=changes,
        settings=SETTINGS,
        now=clock.now(),
    )


def edit_all(changes: Changes) -> editing.BulkEdit:
    return editing.edit_playlists(
        playlists=Playlist.objects.all(),
        changes=changes,
        settings=SETTINGS,
        now=clock.now(),
    )


class TestEditPlaylist:
    def test_changes_rules_without_telling_spotify(self) -> None:
        playlist = make_playlist()
        changes: Changes = {"size": 30, "artist_cap": 1, "cooldown_days": 0}
        assert edit(playlist, changes) is None
        assert (playlist.size, playlist.artist_cap) == (30, 1)
        assert (playlist.cooldown_days, playlist.version) == (0, 2)
        assert not Run.objects.exists()

    def test_tells_spotify_what_it_shows(self) -> None:
        playlist = make_playlist()
        run = edit(playlist, {"name": "Sunday  Kitchen "})
        assert run is not None
        assert (run.kind, run.subject) == ("playlists.details", playlist.subject)
        assert playlist.name == "Sunday Kitchen"
        assert playlist.details_pending

    def test_tells_nothing_where_nothing_differs(self) -> None:
        playlist = make_playlist(name="Sunday Kitchen")
        assert edit(playlist, {"name": "Sunday Kitchen", "is_public": True}) is None

    def test_leaves_the_telling_to_a_creation_under_way(self) -> None:
        playlist = make_playlist(
            status=Playlist.Status.CREATING, spotify_id=None, details_pending=True
        )
        assert edit(playlist, {"name": "Sunday Kitchen"}) is None
        assert playlist.details_pending

    def test_refuses_a_version_that_has_moved(self) -> None:
        playlist = make_playlist(version=3)
        with pytest.raises(ConflictError, match="somebody else"):
            edit(playlist, {"name": "Mine"}, version=2)
        playlist.refresh_from_db()
        assert playlist.name != "Mine"

    def test_sets_the_collections(self) -> None:
        old, new = make_collection(), make_collection()
        playlist = make_playlist(collections=[old])
        edit(playlist, {"collection_ids": [new.pk]})
        assert list(playlist.collections.all()) == [new]

    def test_counts_a_new_interval_from_the_last_reshuffle(self) -> None:
        now = clock.now()
        playlist = make_playlist(last_reshuffled_at=now)
        for version, own, days in ((1, 2, 2), (2, None, 5)):
            edit(playlist, {"interval_days": own}, version=version)
            assert playlist.next_reshuffle_at is not None
            assert playlist.next_reshuffle_at.date() == now.date() + timedelta(days)

    def test_takes_a_description_of_ones_own_and_gives_it_back(self) -> None:
        playlist = make_playlist()
        edit(playlist, {"description": "For the hour\nthe kettle is on"})
        assert playlist.description == "For the hour the kettle is on"
        assert playlist.description_is_custom
        assert edit(playlist, {"description": ""}, version=2) is not None
        assert not playlist.description_is_custom

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": "a\x00b"}, "name"),
            ({"description": "<b>loud</b>"}, "description"),
            ({"description": "x" * 301}, "description"),
            ({"size": 0}, "size"),
            ({"cooldown_days": 366}, "cooldown_days"),
            ({"artist_separation": 51}, "artist_separation"),
            ({"collection_ids": [987654321]}, "collections"),
        ],
    )
    def test_refuses_what_is_not_possible(self, changes: Changes, field: str) -> None:
        playlist = make_playlist()
        with pytest.raises(InputError) as refusal:
            edit(playlist, changes)
        assert refusal.value.field == field
        playlist.refresh_from_db()
        assert playlist.version == 1


class TestTellDetails:
    def test_shows_everything_in_one_call(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        playlist = created(stocked, sandbox)
        run = edit(
            playlist,
            {"name": "Ünïcode & co", "description": "Mine", "is_public": False},
            version=playlist.version,
        )
        assert run is not None
        (run,) = finish(run)
        assert run.state == Run.State.DONE, run.error
        there = sandbox.playlist(playlist.spotify_id or "")
        assert (there["name"], there["description"]) == ("Ünïcode & co", "Mine")
        assert sandbox.calls() == [f"PUT /v1/playlists/{playlist.spotify_id}"]
        assert not Playlist.objects.get().details_pending

    def test_catches_an_edit_that_comes_in_meanwhile(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        playlist = created(stocked, sandbox)
        edits = iter(["Second"])

        def edit_once() -> None:
            for name in edits:
                version = playlist.version + 1
                Playlist.objects.update(name=name, version=version)

        tell(playlist, between=edit_once)
        assert sandbox.playlist(playlist.spotify_id or "")["name"] == "Second"
        assert len(sandbox.calls()) == 2

    def test_comes_back_later_while_it_is_edited_again_and_again(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        playlist = created(stocked, sandbox)
        Playlist.objects.update(details_pending=True)

        def edit_always() -> None:
            Playlist.objects.update(version=F("version") + 1)

        with pytest.raises(TransientError, match="being edited"):
            tell(playlist, between=edit_always)
        assert Playlist.objects.get().details_pending


class InterruptedClient(SpotifyClient):
    """A client of which each change of details is followed by something else."""

    between: Callable[[], None]

    def change_details(self, *args: Any, **changes: Any) -> None:
        super().change_details(*args, **changes)
        self.between()


def tell(playlist: Playlist, *, between: Callable[[], None]) -> None:
    account = playlist.account
    with InterruptedClient(
        api_url=settings.SPOTIFY_API_URL,
        tokens=AccountTokens(account.pk),
        gate=ThrottleGate(developer_id=account.app.developer_id),
    ) as client:
        client.between = between
        details.tell_details(
            run=claim_run(editing.KIND, playlist),
            playlist=playlist,
            client=client,
            settings=SETTINGS,
            now=clock.now(),
        )


def created(account: Account, sandbox: SandboxControl) -> Playlist:
    """Return a playlist that stands on the sandbox; the log begins afterwards."""
    finish(
        creation.create_playlists(
            account=account, count=1, settings=SETTINGS, now=clock.now(), size=10
        )
    )
    sandbox.mark()
    return Playlist.objects.select_related("account__app").get()


class TestEditPlaylists:
    def test_changes_all_of_them_and_tells_those_that_show_it(self) -> None:
        account = make_account()
        make_playlists(2, account=account)
        make_playlist(account=account, is_public=False)
        edited = edit_all({"is_public": False, "size": 25})
        assert edited.changed == 3
        assert edited.run is not None
        assert edited.run.children.count() == 2
        assert set(Playlist.objects.values_list("size", "version")) == {(25, 2)}

    def test_tells_nothing_for_rules(self) -> None:
        make_playlists(2)
        assert edit_all({"artist_cap": 3}) == editing.BulkEdit(2, None)

    def test_leaves_removed_ones_alone(self) -> None:
        make_playlist(status=Playlist.Status.REMOVED)
        assert edit_all({"size": 10}).changed == 0

    def test_dates_each_by_its_own_last_reshuffle(self) -> None:
        now, account = clock.now(), make_account()
        for days in (1, 3):
            make_playlist(
                account=account, last_reshuffled_at=now - timedelta(days=days)
            )
        edit_all({"interval_days": 10})
        for playlist in Playlist.objects.all():
            last_at, next_at = playlist.last_reshuffled_at, playlist.next_reshuffle_at
            assert last_at is not None
            assert next_at is not None
            assert next_at.date() == last_at.date() + timedelta(days=10)

    def test_gives_all_the_same_collections(self) -> None:
        collection = make_collection()
        make_playlists(2, collections=[make_collection()])
        edit_all({"collection_ids": [collection.pk]})
        for playlist in Playlist.objects.all():
            assert list(playlist.collections.all()) == [collection]

    @pytest.mark.parametrize("changes", [{}, {"name": "The same for all"}])
    def test_refuses_nothing_and_names(self, changes: Changes) -> None:
        with pytest.raises(InputError):
            edit_all(changes)


class TestRenamePlaylists:
    def test_names_all_after_the_prefix_and_keeps_their_numbers(self) -> None:
        account = make_account()
        make_playlists(3, account=account)
        account.prefix = "Nightbus"
        account.save()
        assert editing.count_renames(account=account) == 3
        bulk = editing.rename_playlists(account=account, now=clock.now())
        assert bulk.children.count() == 3
        names = Playlist.objects.order_by("index").values_list("name", flat=True)
        assert list(names) == ["Nightbus • 001", "Nightbus • 002", "Nightbus • 003"]
        assert set(Playlist.objects.values_list("details_pending", "version")) == {
            (True, 2)
        }

    def test_leaves_out_what_has_its_name_already(self) -> None:
        account = make_account()
        make_playlists(2, account=account)
        Playlist.objects.filter(index=2).update(name="By hand")
        bulk = editing.rename_playlists(account=account, now=clock.now())
        assert bulk.children.count() == 1

    def test_says_where_nothing_is_to_be_renamed(self) -> None:
        account = make_account()
        make_playlist(account=account)
        with pytest.raises(InputError, match="already"):
            editing.rename_playlists(account=account, now=clock.now())


class TestPauseAndResume:
    def test_move_only_what_is_in_the_other_state(self) -> None:
        account = make_account()
        make_playlists(2, account=account)
        make_playlist(account=account, status=Playlist.Status.MISSING)
        assert editing.pause_playlists(playlists=Playlist.objects.all()) == 2
        assert editing.pause_playlists(playlists=Playlist.objects.all()) == 0
        assert editing.resume_playlists(playlists=Playlist.objects.all()) == 2
        assert Playlist.objects.filter(status="missing").count() == 1
