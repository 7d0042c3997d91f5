"""Drawing ahead: one pool, one read and one write for a chunk of runs."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import holds, ledger, runtime, worker
from automation.models import Run
from automation.runtime import RuntimeSettings, save_settings
from library.models import Track
from library.services import hold_tracks
from library.tests.factories import make_tracks
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import (
    ahead,
    batches,
    creation,
    planning,
    replaying,
    reshuffling,
    restoring,
)
from playlists.tests.factories import (
    claim_run,
    finish,
    make_planned_snapshot,
    make_playlist,
    make_playlists,
    make_snapshot,
)
from vibe_engine import clock as product_clock
from vibe_engine.errors import LeaseLostError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses
from vibe_engine.testing.sandbox import SandboxControl

SETTINGS = RuntimeSettings()
Snapshots = PlaylistSnapshot.objects
pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def open_bulk(seed: int | None = None) -> Run:
    """Open a reshuffle of all playlists."""
    return reshuffling.open_reshuffle(
        playlists=Playlist.objects.all(), now=product_clock.now(), seed=seed
    )


def claim_next() -> Run:
    """Claim the run whose turn it is."""
    due = Run.objects.due(now=product_clock.now())
    run = ledger.claim(due[0].pk, worker="test")
    assert run is not None
    return run


def playlist_of(run: Run) -> Playlist:
    return Playlist.objects.get(pk=run.subject.removeprefix("playlist:"))


def draw_ahead(run: Run) -> int:
    """Do for a claimed run what its job does before the draw."""
    return ahead.draw_ahead(
        run=run,
        playlist=playlist_of(run),
        origin=PlaylistSnapshot.Origin.RESHUFFLE,
        settings=runtime.load(),
        now=product_clock.now(),
    )


def plan(run: Run) -> PlaylistSnapshot:
    """Return the list that a claimed run takes up or draws."""
    return planning.plan_list(
        run=run,
        playlist=playlist_of(run),
        origin=PlaylistSnapshot.Origin.RESHUFFLE,
        settings=runtime.load(),
        now=product_clock.now(),
        seed=run.arguments.get("seed"),
    )


@pytest.fixture
def library(db: None) -> list[Track]:
    """Tracks for many lists of ten."""
    return make_tracks(600, artists=150)


@pytest.fixture
def twelve(library: list[Track]) -> list[Playlist]:
    """A dozen playlists with lists of ten; nothing of it stands on the sandbox."""
    return make_playlists(12, size=10)


class TestChunk:
    def test_is_drawn_with_as_many_queries_however_long(
        self, library: list[Track]
    ) -> None:
        make_playlists(12, size=10)
        plan(claim_run(reshuffling.KIND, make_playlist(size=10)))
        counts = []
        for more in (0, 200):
            make_playlists(more, size=10)
            open_bulk()
            run = claim_next()
            with CaptureQueriesContext(connection) as queries:
                stored = draw_ahead(run)
            counts.append(len(queries))
            assert stored == min(batches.CHUNK, 12 + more)
            Run.objects.filter(is_bulk=False).update(
                state="cancelled", finished_at=product_clock.now()
            )
        assert max(counts) <= 20

    def test_gives_each_run_its_own_list_seed_and_report(
        self, library: list[Track]
    ) -> None:
        make_playlists(260, size=10)
        bulk = open_bulk()
        while Snapshots.planned().count() < 260:
            lists = Snapshots.planned().values("run")
            waiting = Run.objects.due(now=product_clock.now()).exclude(pk__in=lists)
            claimed = ledger.claim(waiting[0].pk, worker="test")
            assert claimed is not None
            assert draw_ahead(claimed) > 0
        subjects = dict(bulk.children.values_list("pk", "subject"))
        for one in Snapshots.select_related("playlist"):
            assert one.seed == one.run_id
            assert subjects.pop(one.seed) == one.playlist.subject
            assert one.report["seed"][:2] == [one.run_id, one.playlist_id]
            assert one.report["drawn"] == one.track_count == 10
            assert set(one.report["per_track"]) == set(map(str, one.track_ids()))
        assert subjects == {}

    def test_holds_what_each_run_would_draw_alone(self, twelve: list[Playlist]) -> None:
        open_bulk()
        draw_ahead(claim_next())
        for one in Snapshots.planned():
            alone = planning.draw_list(
                playlist=one.playlist,
                settings=runtime.load(),
                now=product_clock.now(),
                seed=one.seed,
            )
            assert one.track_ids() == alone.track_ids

    def test_is_drawn_with_the_seed_that_was_asked_for(
        self, twelve: list[Playlist]
    ) -> None:
        open_bulk(seed=77)
        draw_ahead(claim_next())
        assert set(Snapshots.planned().values_list("seed", flat=True)) == {77}

    def test_keeps_lists_apart_that_rest_over_the_fleet(
        self, library: list[Track]
    ) -> None:
        make_playlists(10, size=10, rules={"rest_scope": "fleet", "ladder": []})
        open_bulk()
        draw_ahead(claim_next())
        drawn = [pk for one in Snapshots.planned() for pk in one.track_ids()]
        assert len(drawn) == len(set(drawn)) == 100


class TestWhoIsLeftOut:
    def test_nobody_is_drawn_for_where_few_wait(self, library: list[Track]) -> None:
        make_playlists(ahead.LEAST - 1)
        open_bulk()
        assert draw_ahead(claim_next()) == 0

    def test_is_less_urgent_than_the_one_that_draws(
        self, twelve: list[Playlist]
    ) -> None:
        open_bulk()
        Run.objects.filter(pk__in=Run.objects.due(now=product_clock.now())[8:]).update(
            priority=Run.Priority.SCHEDULED
        )
        assert draw_ahead(claim_next()) == 8

    def test_is_not_due_yet(self, twelve: list[Playlist]) -> None:
        open_bulk()
        tomorrow = product_clock.now() + timedelta(days=1)
        Run.objects.filter(subject=twelve[-1].subject).update(due_at=tomorrow)
        assert draw_ahead(claim_next()) == 11

    def test_may_send_nothing_now(self, library: list[Track]) -> None:
        now = product_clock.now()
        make_playlists(5, size=10)
        shadowed, away = make_account(), make_account()
        make_playlists(5, account=shadowed, size=10)
        make_playlists(5, account=away, size=10)
        open_bulk()
        holds.enter_shadow(now=now, lane=shadowed.lane)
        Account.objects.filter(pk=away.pk).update(status="needs_reauth")
        first = claim_run(reshuffling.KIND, make_playlist(size=10))
        assert draw_ahead(first) == 6

    def test_has_begun_meanwhile_or_was_cancelled(
        self, twelve: list[Playlist], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_bulk()
        run = claim_next()
        begun, cancelled, *_ = Run.objects.due(now=product_clock.now())

        def strike(point: str) -> None:
            if point == "ahead.before_write":
                ledger.claim(begun.pk, worker="another")
                ledger.cancel([cancelled.pk], now=product_clock.now())

        monkeypatch.setattr(ahead, "fault_point", strike)
        assert draw_ahead(run) == 10
        assert not Snapshots.filter(run__in=[begun.pk, cancelled.pk]).exists()

    def test_has_another_list_that_is_on_its_way(self, twelve: list[Playlist]) -> None:
        restored = claim_run("playlists.restore", twelve[5])
        theirs = make_planned_snapshot(twelve[5], make_tracks(3), run=restored)
        sent = make_planned_snapshot(
            twelve[6], make_tracks(3), sent_at=product_clock.now()
        )
        open_bulk()
        assert draw_ahead(claim_next()) == 10
        assert {theirs, sent} <= set(Snapshots.planned())

    def test_has_a_run_that_failed_before(self, twelve: list[Playlist]) -> None:
        open_bulk()
        Run.objects.filter(subject=twelve[3].subject).update(errors=1)
        assert draw_ahead(claim_next()) == 11

    def test_everybody_where_a_worker_has_died(self, twelve: list[Playlist]) -> None:
        open_bulk()
        Run.objects.filter(subject=twelve[3].subject).update(crashes=1)
        assert draw_ahead(claim_next()) == 0

    def test_everybody_where_nothing_can_be_drawn(self, twelve: list[Playlist]) -> None:
        hold_tracks(tracks=Track.objects.all(), reason="All of them")
        open_bulk()
        assert draw_ahead(claim_next()) == 0

    def test_one_whose_rules_leave_nothing(self, twelve: list[Playlist]) -> None:
        nothing = {"ranges": [{"field": "year", "low": 1900, "high": 1901}]}
        Playlist.objects.filter(pk=twelve[4].pk).update(rules=nothing)
        Playlist.objects.filter(pk=twelve[5].pk).update(rules={"arc": "sideways"})
        open_bulk()
        assert draw_ahead(claim_next()) == 10

    def test_those_that_somebody_draws_for_already(
        self, twelve: list[Playlist]
    ) -> None:
        open_bulk()
        run = claim_next()
        with ahead._turn() as is_mine:
            assert is_mine
            assert draw_ahead(run) == 0
        assert draw_ahead(run) == 12

    def test_everybody_where_the_lock_cannot_be_had(
        self, twelve: list[Playlist], settings: Any, tmp_path: Path
    ) -> None:
        open_bulk()
        settings.VAR_DIR = tmp_path / "gone"
        assert draw_ahead(claim_next()) == 0

    def test_a_worker_that_has_lost_its_run_stores_nothing(
        self, twelve: list[Playlist]
    ) -> None:
        open_bulk()
        run = claim_next()
        Run.objects.filter(pk=run.pk).update(state="planned", lease_token=None)
        with pytest.raises(LeaseLostError):
            draw_ahead(run)
        assert not Snapshots.exists()


class TestDrawnList:
    def test_is_taken_up_by_its_run(self, twelve: list[Playlist]) -> None:
        open_bulk()
        draw_ahead(claim_next())
        second = claim_next()
        standing = Snapshots.get(run=second)
        assert plan(second) == standing
        assert draw_ahead(second) == 0

    def test_gives_way_to_changed_rules(self, twelve: list[Playlist]) -> None:
        open_bulk()
        draw_ahead(claim_next())
        second = claim_next()
        Playlist.objects.update(size=5)
        assert plan(second).track_count == 5
        assert Snapshots.filter(playlist=playlist_of(second)).count() == 2

    def test_gives_way_where_a_track_is_held(self, twelve: list[Playlist]) -> None:
        open_bulk()
        draw_ahead(claim_next())
        second = claim_next()
        held = Snapshots.get(run=second).track_ids()[0]
        hold_tracks(tracks=Track.objects.filter(pk=held), reason="Not this one")
        assert held not in plan(second).track_ids()

    def test_is_drawn_anew_on_another_day(
        self, twelve: list[Playlist], clock: MovableClock
    ) -> None:
        open_bulk()
        draw_ahead(claim_next())
        clock.forward(days=1)
        second = claim_next()
        assert draw_ahead(second) == 11
        assert plan(second).planned_at > product_clock.now() - timedelta(hours=1)
        assert Snapshots.planned().count() == 12

    def test_does_not_go_to_another_run(self, twelve: list[Playlist]) -> None:
        bulk = open_bulk()
        draw_ahead(claim_next())
        left = Snapshots.planned().last()
        assert left is not None
        ledger.cancel([bulk.pk], now=product_clock.now())
        later = claim_run(reshuffling.KIND, left.playlist)
        drawn = plan(later)
        left.refresh_from_db()
        assert left.state == PlaylistSnapshot.State.ABANDONED
        assert drawn.seed == later.pk

    def test_is_replaced_in_the_next_chunk_once_its_run_was_cancelled(
        self, twelve: list[Playlist]
    ) -> None:
        ledger.cancel([open_bulk().pk], now=product_clock.now())
        bulk = open_bulk()
        first = claim_next()
        draw_ahead(first)
        ledger.cancel([bulk.pk], now=product_clock.now())
        open_bulk()
        assert draw_ahead(claim_next()) == 11
        assert Snapshots.planned().count() == 12

    def test_is_given_up_by_a_restore(self, twelve: list[Playlist]) -> None:
        earlier = make_snapshot(twelve[1], make_tracks(3))
        open_bulk()
        draw_ahead(claim_next())
        restore = claim_run("playlists.restore", twelve[1])
        planning.store_snapshot(
            run=restore,
            playlist=twelve[1],
            now=product_clock.now(),
            **restoring.plan_again(earlier),
        )
        assert Snapshots.planned().get(playlist=twelve[1]).run == restore

    def test_is_drawn_again_by_a_replay(self, twelve: list[Playlist]) -> None:
        open_bulk()
        draw_ahead(claim_next())
        now = product_clock.now() + timedelta(hours=1)
        for one in Snapshots.planned():
            again = replaying.replay_list(snapshot=one, now=now)
            assert again.track_ids == one.track_ids()


class TestBulk:
    def test_brings_every_list_that_was_drawn_ahead(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        save_settings(
            changes={"refresh_description": False}, by=None, now=product_clock.now()
        )
        created = creation.create_playlists(
            account=stocked,
            count=6,
            settings=SETTINGS,
            now=product_clock.now(),
            size=10,
        )
        worker.work(created.children.order_by("due_at", "pk")[0].pk)
        assert Snapshots.planned().count() == 5
        assert {run.state for run in finish(created)} == {Run.State.DONE}
        bulk = open_bulk()
        worker.work(claimable(bulk)[0])
        waiting = dict(Snapshots.planned().values_list("run", "pk"))
        assert len(waiting) == 5
        assert {run.state for run in finish(bulk)} == {Run.State.DONE}
        assert set(waiting.values()) < set(
            Snapshots.current().values_list("pk", flat=True)
        )
        assert Snapshots.count() == Snapshots.confirmed().count() == 12
        assert HistoryEntry.objects.count() == 120


def claimable(bulk: Run) -> list[int]:
    """Return a bulk's runs in the order of their turns."""
    return list(bulk.children.order_by("due_at", "pk").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["ahead.before_write", "ahead.after_write"])
def test_a_worker_killed_while_drawing_ahead_leaves_nothing_doubled(
    point: str,
    live: LiveProcesses,
    stocked: Account,
    sandbox: SandboxControl,
    clock: MovableClock,
) -> None:
    created = creation.create_playlists(
        account=stocked, count=5, settings=SETTINGS, now=clock.now(), size=10
    )
    assert {run.state for run in finish(created)} == {Run.State.DONE}
    process = live.manage("reshuffle", "--all", "--wait", VIBE_FAULT_POINT=point)
    assert process.wait(timeout=120) == -signal.SIGKILL, live.output(process)
    assert Snapshots.planned().count() == (5 if point.endswith("after_write") else 0)
    clock.forward(seconds=ledger.LEASE_S + 1)
    assert len(ledger.take_back_lapsed(now=clock.now())) == 1
    bulk = Run.objects.get(kind=reshuffling.KIND, is_bulk=True)
    assert {run.state for run in finish(bulk)} == {Run.State.DONE}
    assert Snapshots.count() == Snapshots.confirmed().count() == 10
    for playlist in Playlist.objects.all():
        tracks = Track.objects.in_bulk(playlist.snapshots.current().get().track_ids())
        there = sandbox.playlist(playlist.spotify_id or "")["items"]
        assert sorted(there) == sorted(track.uri for track in tracks.values())
