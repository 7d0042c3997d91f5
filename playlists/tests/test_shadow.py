"""Stopped and in shadow mode: what runs about playlists do, and what Spotify sees."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from automation import holds
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from library.tests.factories import make_tracks
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import (
    creation,
    editing,
    removal,
    reshuffling,
    restoring,
)
from playlists.services.resting import read_resting
from playlists.tests.factories import finish, make_planned_snapshot, make_playlist
from playlists.tests.single import (
    SIZE,
    assert_history_once,
    assert_one_right_playlist,
    order,
)
from vibe_engine.errors import InputError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = RuntimeSettings()


def edit(playlist: Playlist, clock: MovableClock) -> Run:
    run = editing.edit_playlist(
        playlist=playlist,
        version=playlist.version,
        changes={"name": "Another name"},
        settings=SETTINGS,
        now=clock.now(),
    )
    assert run is not None
    return run


def restore(playlist: Playlist, clock: MovableClock) -> Run:
    return restoring.open_restore(snapshot=playlist.snapshots.get(), now=clock.now())


OPENERS: dict[str, Callable[[Playlist, MovableClock], Run]] = {
    "create": lambda playlist, clock: order(playlist.account, clock).children.get(),
    "reshuffle": lambda playlist, clock: reshuffling.open_reshuffle(
        playlists=[playlist], now=clock.now()
    ),
    "restore": restore,
    "push": lambda playlist, clock: restoring.open_push(
        playlists=[playlist], now=clock.now()
    ),
    "details": edit,
    "unfollow": lambda playlist, clock: removal.open_unfollow(
        playlists=[playlist], now=clock.now()
    ),
    "empty": lambda playlist, clock: removal.open_empty(
        playlists=[playlist], now=clock.now()
    ),
}
RECORDED = {"reshuffle", "restore"}
"""Runs that end in shadow mode, with a list on record; the others wait."""


def writes(sandbox: SandboxControl) -> list[str]:
    """Return the calls that would have changed something."""
    return [call for call in sandbox.calls() if not call.startswith("GET ")]


@pytest.mark.parametrize("name", OPENERS)
class TestStopped:
    def test_runs_wait_and_go_on_by_themselves(
        self,
        name: str,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        holds.stop_writing(now=clock.now())
        (run,) = finish(OPENERS[name](playlist, clock))
        assert (run.state, run.reason) == (Run.State.BLOCKED, "stopped")
        assert sandbox.calls() == []
        holds.resume_writing(now=clock.now())
        (run,) = finish(run)
        assert run.state == Run.State.DONE, run.error
        assert writes(sandbox)


@pytest.mark.parametrize("name", OPENERS)
class TestShadowMode:
    def test_sends_nothing_and_goes_on_afterwards(
        self,
        name: str,
        playlist: Playlist,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        holds.enter_shadow(now=clock.now(), lane=playlist.account.lane)
        (run,) = finish(OPENERS[name](playlist, clock))
        assert writes(sandbox) == []
        if name in RECORDED:
            assert (run.state, run.result["shadow"]) == (Run.State.DONE, True)
            return
        assert (run.state, run.reason) == (Run.State.BLOCKED, "shadow")
        holds.leave_shadow(now=clock.now(), lane=playlist.account.lane)
        (run,) = finish(run)
        assert run.state == Run.State.DONE, run.error
        assert writes(sandbox)


class TestShadowList:
    def test_leaves_the_live_rotation_as_it_is(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        live = playlist.snapshots.current().get()
        holds.enter_shadow(now=clock.now())
        before = read_resting(playlist, cooldown_days=5, now=clock.now())
        (run,) = finish(
            reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        )
        shadow = PlaylistSnapshot.objects.get(state="shadow")
        assert run.result == {"shadow": True, "snapshot": shadow.pk, "tracks": SIZE}
        assert not set(shadow.track_ids()) & set(live.track_ids())
        assert playlist.snapshots.current().get() == live
        after = read_resting(playlist, cooldown_days=5, now=clock.now())
        assert (before.current, before.left) == (after.current, after.left)
        assert_history_once_beside(shadow)

    def test_is_drawn_once_by_a_run_that_is_carried_out_twice(
        self, playlist: Playlist, clock: MovableClock
    ) -> None:
        holds.enter_shadow(now=clock.now())
        run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        finish(run)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.PLANNED, finished_at=None, due_at=clock.now()
        )
        finish(run)
        assert PlaylistSnapshot.objects.filter(state="shadow").count() == 1

    def test_moves_the_next_date_and_leaving_moves_it_back(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        dated = Playlist.objects.get()
        holds.enter_shadow(now=clock.now())
        clock.forward(days=6)
        finish(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
        playlist.refresh_from_db()
        assert playlist.last_reshuffled_at == dated.last_reshuffled_at
        assert not reshuffling.due_playlists(now=clock.now()).exists()
        holds.leave_shadow(now=clock.now())
        playlist.refresh_from_db()
        assert playlist.next_reshuffle_at == dated.next_reshuffle_at
        assert reshuffling.due_playlists(now=clock.now()).get() == playlist

    def test_is_followed_by_a_normal_one_when_shadow_mode_is_left(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        holds.enter_shadow(now=clock.now())
        finish(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
        holds.leave_shadow(now=clock.now())
        (run,) = finish(
            reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        )
        assert run.state == Run.State.DONE, run.error
        assert_one_right_playlist(sandbox, playlist.account)

    def test_cannot_be_restored(self, playlist: Playlist, clock: MovableClock) -> None:
        holds.enter_shadow(now=clock.now())
        finish(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
        shadow = PlaylistSnapshot.objects.get(state="shadow")
        with pytest.raises(InputError, match="stood on Spotify"):
            restoring.open_restore(snapshot=shadow, now=clock.now())

    def test_of_a_creation_shows_what_it_would_hold(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        holds.enter_shadow(now=clock.now(), lane=stocked.lane)
        (run,) = finish(order(stocked, clock))
        assert f"{SIZE} tracks" in run.error
        assert PlaylistSnapshot.objects.get().state == "shadow"
        assert holds.count_waiting("shadow") == {creation.KIND: 1}
        assert sandbox.calls() == []
        holds.leave_shadow(now=clock.now(), lane=stocked.lane)
        (run,) = finish(run)
        assert run.state == Run.State.DONE, run.error
        assert_one_right_playlist(sandbox, stocked)


def assert_history_once_beside(shadow: PlaylistSnapshot) -> None:
    """Check that a shadow list stands in no history and counts as no use."""
    assert not HistoryEntry.objects.filter(snapshot=shadow).exists()
    used = Track.objects.filter(pk__in=shadow.track_ids(), use_count__gt=0)
    assert not used.exists()
    PlaylistSnapshot.objects.filter(pk=shadow.pk).delete()
    assert_history_once(1)


class TestShadowInTheMiddle:
    def test_ends_a_reshuffle_that_had_begun_as_a_record(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        sandbox.fault("PUT", "/items$", kind="status", status=500)
        run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        finish(run)
        holds.enter_shadow(now=clock.now())
        clock.forward(minutes=1)
        (run,) = finish(run)
        assert (run.state, run.result["shadow"]) == (Run.State.DONE, True)
        planned = playlist.snapshots.planned().get()
        assert planned.sent_at is not None
        assert applied_items(sandbox) == 0


def applied_items(sandbox: SandboxControl) -> int:
    return sum(e.applied for e in sandbox.log() if e.path.endswith("/items"))


class TestPages:
    @pytest.fixture
    def shadowed(self, db: None, clock: MovableClock) -> Playlist:
        playlist = make_playlist()
        snapshot = make_planned_snapshot(playlist, make_tracks(5))
        PlaylistSnapshot.objects.filter(pk=snapshot.pk).update(state="shadow")
        return playlist

    def test_say_that_a_list_was_never_sent(
        self, viewer: Client, shadowed: Playlist
    ) -> None:
        page = viewer.get(reverse("playlists:snapshots", args=[shadowed.pk]))
        assert "never sent to Spotify" in page.content.decode()

    def test_show_who_stopped_and_offer_resuming_to_operators(
        self,
        viewer: Client,
        operator: Client,
        operator_user: User,
        clock: MovableClock,
    ) -> None:
        operator.post(reverse("automation:stop"))
        seen = operator.get(reverse("playlists:list")).content.decode()
        assert "Pushes are stopped." in seen
        assert "by operator" in seen
        assert f'action="{reverse("automation:resume")}"' in seen
        looked = viewer.get(reverse("playlists:list")).content.decode()
        assert "Pushes are stopped." in looked
        assert f'action="{reverse("automation:resume")}"' not in looked
        operator.post(reverse("automation:resume"))
        looked = viewer.get(reverse("playlists:list")).content.decode()
        assert "Pushes are stopped." not in looked

    def test_do_not_let_viewers_press(self, viewer: Client) -> None:
        names = ("stop", "resume", "shadow", "leave_shadow")
        for name in names:
            assert viewer.post(reverse(f"automation:{name}")).status_code == 403
        assert not holds.open_holds().exists()

    def test_switch_one_account(self, operator: Client, shadowed: Playlist) -> None:
        account = shadowed.account
        operator.post(reverse("accounts:enter_shadow", args=[account.pk]))
        page = operator.get(account.get_absolute_url()).content.decode()
        assert "shadow mode" in page
        assert "Leave shadow mode" in page
        assert holds.standing(account.lane).shadow is not None
        operator.post(reverse("accounts:leave_shadow", args=[account.pk]))
        assert holds.standing(account.lane).shadow is None

    def test_tell_what_was_held_and_by_whom(
        self, viewer: Client, operator: Client
    ) -> None:
        operator.post(reverse("automation:stop"))
        operator.post(reverse("automation:resume"))
        operator.post(reverse("automation:shadow"))
        page = viewer.get(reverse("automation:writing")).content.decode()
        assert page.count("<bdi>operator</bdi>") >= 3
        assert "The fleet is in shadow mode." in page
