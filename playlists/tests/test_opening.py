"""Which playlists are reshuffled, and when: by hand, when due, after other changes."""

from datetime import timedelta

import pytest

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import registry
from automation.models import Run
from automation.runtime import save_settings
from automation.tests.factories import make_run
from playlists import jobs
from playlists.models import HistoryEntry, Playlist
from playlists.services import reshuffling
from playlists.tests.factories import (
    finish,
    make_playlist,
    make_playlists,
    make_snapshot,
)
from vibe_engine import clock as product_clock
from vibe_engine.errors import ConflictError, InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestOpenReshuffle:
    def test_gives_one_run_for_one_and_a_bulk_for_many(self) -> None:
        account = make_account()
        one, *_ = playlists = make_playlists(3, account=account)
        now = product_clock.now()
        assert not reshuffling.open_reshuffle(playlists=[one], now=now).is_bulk
        bulk = reshuffling.open_reshuffle(playlists=playlists, now=now)
        assert bulk.is_bulk
        assert bulk.children.count() == 3

    def test_joins_what_is_under_way(self) -> None:
        playlist, now = make_playlist(), product_clock.now()
        first = reshuffling.open_reshuffle(playlists=[playlist], now=now)
        assert reshuffling.open_reshuffle(playlists=[playlist], now=now) == first

    def test_refuses_a_seed_while_another_list_is_on_its_way(self) -> None:
        playlist, now = make_playlist(), product_clock.now()
        reshuffling.open_reshuffle(playlists=[playlist], now=now)
        with pytest.raises(ConflictError, match="already"):
            reshuffling.open_reshuffle(playlists=[playlist], now=now, seed=4)

    def test_leaves_out_what_cannot_be_reshuffled(self) -> None:
        account = make_account()
        for status in Playlist.Status:
            make_playlist(account=account, status=status)
        bulk = reshuffling.open_reshuffle(
            playlists=Playlist.objects.all(), now=product_clock.now()
        )
        assert bulk.children.count() == 2

    def test_refuses_an_empty_selection(self) -> None:
        with pytest.raises(InputError):
            reshuffling.open_reshuffle(
                playlists=Playlist.objects.all(), now=product_clock.now()
            )

    @pytest.mark.parametrize("seed", [-1, 2**63])
    def test_refuses_a_seed_that_cannot_be_stored(self, seed: int) -> None:
        with pytest.raises(InputError, match="seed"):
            reshuffling.open_reshuffle(
                playlists=[make_playlist()], now=product_clock.now(), seed=seed
            )


class TestDuePlaylists:
    def test_takes_what_is_due_and_may_be_worked_on(self) -> None:
        now = product_clock.now()
        account = make_account()
        late, ahead = now - timedelta(hours=1), now + timedelta(hours=1)
        due = make_playlist(account=account, next_reshuffle_at=late)
        make_playlist(account=account, next_reshuffle_at=ahead)
        make_playlist(account=account, next_reshuffle_at=late, status="paused")
        away = make_account(status=Account.Status.NEEDS_REAUTH)
        make_playlist(account=away, next_reshuffle_at=late)
        assert list(reshuffling.due_playlists(now=now)) == [due]

    def test_leaves_alone_what_is_under_way(self) -> None:
        now = product_clock.now()
        playlist = make_playlist(next_reshuffle_at=now)
        reshuffling.open_reshuffle(playlists=[playlist], now=now)
        assert not reshuffling.due_playlists(now=now).exists()

    def test_tries_again_hours_after_a_failure(self) -> None:
        now = product_clock.now()
        playlist = make_playlist(next_reshuffle_at=now)
        failed = make_run(kind=reshuffling.KIND, subject=playlist.subject)
        Run.objects.filter(pk=failed.pk).update(state="failed", finished_at=now)
        soon, later = now + timedelta(hours=5), now + timedelta(hours=7)
        assert not reshuffling.due_playlists(now=soon).exists()
        assert reshuffling.due_playlists(now=later).exists()

    def test_takes_an_account_out_before_its_consent_ends_and_back_in(self) -> None:
        now = product_clock.now()
        account = make_account(consent_ends_at=now + timedelta(minutes=61))
        make_playlist(account=account, next_reshuffle_at=now)
        soon = now + timedelta(minutes=1)
        assert reshuffling.due_playlists(now=now).exists()
        assert not reshuffling.due_playlists(now=soon).exists()
        Account.objects.update(consent_ends_at=now + timedelta(days=180))
        assert reshuffling.due_playlists(now=soon).exists()


class TestReshuffleDue:
    def test_opens_everything_due_behind_what_people_ask_for(self) -> None:
        now = product_clock.now()
        make_playlists(3, next_reshuffle_at=now)
        run = make_run(kind="playlists.reshuffle_due")
        assert jobs.something_is_due(now)
        (done,) = finish(run)
        assert done.result == {"reshuffles": 3, "details": 0, "repairs": 0}
        opened = Run.objects.filter(kind=reshuffling.KIND, is_bulk=False)
        assert {one.priority for one in opened} == {Run.Priority.SCHEDULED}
        assert not jobs.something_is_due(now)

    def test_tells_details_that_spotify_was_never_told(self) -> None:
        playlist = make_playlist(details_pending=True)
        (done,) = finish(make_run(kind="playlists.reshuffle_due"))
        assert done.result == {"reshuffles": 0, "details": 1, "repairs": 0}
        assert Run.objects.filter(
            kind="playlists.details", subject=playlist.subject
        ).exists()


class TestSettingsChanged:
    def test_moves_the_dates_of_those_that_inherit_the_interval(self) -> None:
        now = product_clock.now()
        inherits = make_playlist(last_reshuffled_at=now)
        own = make_playlist(last_reshuffled_at=now, interval_days=5)
        before = own.next_reshuffle_at
        save_settings(changes={"reshuffle_interval_days": 9}, by=None, now=now)
        inherits.refresh_from_db()
        own.refresh_from_db()
        assert inherits.next_reshuffle_at is not None
        assert inherits.next_reshuffle_at.date() == now.date() + timedelta(days=9)
        assert own.next_reshuffle_at == before


class TestAccountErased:
    def test_takes_playlists_and_history_along(self) -> None:
        account = make_account()
        make_snapshot(make_playlist(account=account))
        registry.emit("account.erased", account=account)
        assert not Playlist.objects.exists()
        assert not HistoryEntry.objects.exists()
