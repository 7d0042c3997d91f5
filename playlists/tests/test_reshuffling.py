"""Reshuffles against the sandbox: calls, rest, history, due dates, previews."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db.models import Count

from accounts.models import Account
from automation.models import Run
from automation.runtime import RuntimeSettings, save_settings
from library.models import LibraryVersion, Track, TrackArtist
from library.services import hold_tracks
from playlists import jobs
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import creation, reshuffling
from playlists.tests.factories import (
    claim_run,
    finish,
    make_planned_snapshot,
    make_playlist,
)
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SETTINGS = RuntimeSettings()


@pytest.fixture
def playlist(stocked: Account, sandbox: SandboxControl) -> Playlist:
    """A playlist with its first list on the sandbox; the log begins afterwards."""
    finish(
        creation.create_playlists(
            account=stocked,
            count=1,
            settings=SETTINGS,
            now=product_clock.now(),
            size=20,
        )
    )
    sandbox.mark()
    return Playlist.objects.select_related("account__app").get()


def reshuffle(playlist: Playlist, *, seed: int | None = None) -> Run:
    (run,) = finish(
        reshuffling.open_reshuffle(
            playlists=[playlist], now=product_clock.now(), seed=seed
        )
    )
    playlist.refresh_from_db()
    return run


def uris(snapshot: PlaylistSnapshot) -> list[str]:
    tracks = Track.objects.in_bulk(snapshot.track_ids())
    return [tracks[pk].uri for pk in snapshot.track_ids()]


class TestReshuffle:
    def test_takes_one_call_where_the_sentence_stays(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        now = product_clock.now()
        save_settings(changes={"refresh_description": False}, by=None, now=now)
        run = reshuffle(playlist)
        assert run.state == Run.State.DONE, run.error
        assert sandbox.calls() == [f"PUT /v1/playlists/{playlist.spotify_id}/items"]

    def test_takes_two_calls_where_it_is_a_new_one(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        Playlist.objects.update(description="Something older")
        reshuffle(playlist)
        assert sandbox.calls() == [
            f"PUT /v1/playlists/{playlist.spotify_id}/items",
            f"PUT /v1/playlists/{playlist.spotify_id}",
        ]
        there = sandbox.playlist(playlist.spotify_id or "")
        assert there["description"] == playlist.description != "Something older"

    def test_never_touches_a_description_of_ones_own(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        Playlist.objects.update(description="Mine", description_is_custom=True)
        reshuffle(playlist)
        assert len(sandbox.calls()) == 1

    def test_leaves_spotify_with_the_confirmed_list(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        reshuffle(playlist)
        current = playlist.snapshots.current().get()
        assert sandbox.playlist(playlist.spotify_id or "")["items"] == uris(current)
        assert current.origin == PlaylistSnapshot.Origin.RESHUFFLE

    def test_ends_the_list_before_it_and_adds_to_the_history(
        self, playlist: Playlist
    ) -> None:
        first = playlist.snapshots.get()
        reshuffle(playlist)
        first.refresh_from_db()
        second = playlist.snapshots.current().get()
        assert first.replaced_at == second.confirmed_at
        counts = HistoryEntry.objects.values_list("snapshot").annotate(Count("pk"))
        assert dict(counts) == {first.pk: 20, second.pk: 20}

    def test_dates_the_next_one_an_interval_ahead(
        self, playlist: Playlist, clock: MovableClock
    ) -> None:
        clock.forward(days=7)
        reshuffle(playlist)
        last_at, next_at = playlist.last_reshuffled_at, playlist.next_reshuffle_at
        assert last_at is not None
        assert next_at is not None
        assert last_at > clock.now() - timedelta(minutes=1)
        assert next_at.date() == last_at.date() + timedelta(days=5)

    def test_draws_a_preview_again_with_its_seed(self, playlist: Playlist) -> None:
        preview = reshuffling.preview_draw(
            playlist=playlist, settings=SETTINGS, now=product_clock.now(), seed=77
        )
        before = playlist.snapshots.count()
        reshuffle(playlist, seed=77)
        assert playlist.snapshots.current().get().track_ids() == preview.track_ids
        assert before == 1

    def test_leaves_the_old_list_where_nothing_can_be_drawn(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        first = playlist.snapshots.get()
        hold_tracks(tracks=Track.objects.all(), reason="All of them")
        run = reshuffle(playlist)
        assert run.state == Run.State.FAILED
        assert "the list stays as it is" in run.error
        assert sandbox.calls() == []
        assert playlist.snapshots.current().get() == first

    def test_says_that_a_playlist_is_gone_on_spotify(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        sandbox.fault("PUT", "/items$", status=404)
        run = reshuffle(playlist)
        assert (run.state, run.reason) == (Run.State.BLOCKED, "remote_missing")
        assert playlist.status == Playlist.Status.MISSING

    def test_takes_up_the_plan_that_an_attempt_left(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        sandbox.fault("PUT", "/items$", status=503)
        opened = reshuffling.open_reshuffle(
            playlists=[playlist], now=product_clock.now()
        )
        (run,) = finish(opened)
        plan = playlist.snapshots.planned().get()
        assert run.state == Run.State.PLANNED
        Run.objects.update(due_at=product_clock.now())
        (run,) = finish(opened)
        assert run.state == Run.State.DONE, run.error
        assert playlist.snapshots.current().get() == plan

    def test_draws_another_list_where_spotify_refused_the_plan(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        sandbox.fault("PUT", "/items$", status=400)
        assert reshuffle(playlist).state == Run.State.FAILED
        refused = playlist.snapshots.get(state="abandoned")
        assert refused.replaced_at is None
        assert reshuffle(playlist).state == Run.State.DONE
        current = playlist.snapshots.current().get()
        assert current.track_ids() != refused.track_ids()

    def test_reads_back_and_pushes_again_after_a_takeover(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        opened = reshuffling.open_reshuffle(
            playlists=[playlist], now=product_clock.now()
        )
        Run.objects.filter(pk=opened.pk).update(was_taken_over=True)
        finish(opened)
        assert f"GET /v1/playlists/{playlist.spotify_id}/items" in sandbox.calls()
        current = playlist.snapshots.current().get()
        assert sandbox.playlist(playlist.spotify_id or "")["items"] == uris(current)


class TestRest:
    def test_holds_over_many_days_as_the_artist_cap_does(
        self, playlist: Playlist, clock: MovableClock
    ) -> None:
        for days in (1, 1, 2, 0, 5, 3, 1, 4):
            clock.forward(days=days)
            assert reshuffle(playlist).state == Run.State.DONE
        snapshots = list(playlist.snapshots.confirmed().order_by("confirmed_at"))
        assert len(snapshots) == 9
        assert not any(snapshot.report["rungs"] for snapshot in snapshots)
        assert early_returns(snapshots, cooldown_days=5) == {}
        assert max(most_by_one_artist(one) for one in snapshots) <= 2

    def test_is_broken_only_where_the_report_says_so(
        self, playlist: Playlist, clock: MovableClock
    ) -> None:
        kept = Track.objects.order_by("pk")[:70]
        hold_tracks(
            tracks=Track.objects.exclude(pk__in=[track.pk for track in kept]),
            reason="So that the library is too small",
        )
        Playlist.objects.update(artist_cap=20)
        for _ in range(6):
            clock.forward(days=1)
            assert reshuffle(playlist).state == Run.State.DONE
        snapshots = list(playlist.snapshots.confirmed().order_by("confirmed_at"))
        early = early_returns(snapshots, cooldown_days=5)
        assert early
        for snapshot in snapshots:
            notes = snapshot.report["per_track"].items()
            told = {int(pk) for pk, (_, why) in notes if why == "cooldown_shortened"}
            assert early.get(snapshot.pk, set()) <= told

    def test_counts_the_same_recording_on_another_release(
        self, playlist: Playlist
    ) -> None:
        listed = playlist.snapshots.get().track_ids()
        keys = list(Track.objects.filter(pk__in=listed).values_list("recording_key"))
        others = Track.objects.exclude(pk__in=listed)[: len(keys)]
        twins = set()
        for track, (key,) in zip(others, keys, strict=True):
            track.recording_key = key
            track.save()
            twins.add(track.pk)
        LibraryVersion.bump()
        reshuffle(playlist)
        assert not twins & set(playlist.snapshots.current().get().track_ids())

    def test_switched_off_lets_the_present_list_return(
        self, playlist: Playlist
    ) -> None:
        listed = set(playlist.snapshots.get().track_ids())
        hold_tracks(
            tracks=Track.objects.exclude(pk__in=listed),
            reason="So that none is left",
        )
        Playlist.objects.update(cooldown_days=0)
        playlist.refresh_from_db()
        reshuffle(playlist)
        assert set(playlist.snapshots.current().get().track_ids()) == listed

    def test_covers_a_list_that_was_sent_and_given_up(self, playlist: Playlist) -> None:
        tracks = list(Track.objects.exclude(history__isnull=False)[:20])
        sent = make_planned_snapshot(
            playlist, tracks, sent_at=product_clock.now(), rules_hash="of old rules"
        )
        reshuffle(playlist)
        sent.refresh_from_db()
        current = set(playlist.snapshots.current().get().track_ids())
        assert sent.state == PlaylistSnapshot.State.ABANDONED
        assert sent.replaced_at is not None
        assert not current & {track.pk for track in tracks}

    def test_ignores_a_plan_that_was_never_sent(self, playlist: Playlist) -> None:
        hold_tracks(
            tracks=Track.objects.exclude(
                pk__in=(tracks := [t.pk for t in Track.objects.order_by("-pk")[:30]])
            ),
            reason="So that only these are left",
        )
        make_planned_snapshot(
            playlist, list(Track.objects.filter(pk__in=tracks)[:20]), rules_hash="old"
        )
        run = reshuffle(playlist)
        assert run.state == Run.State.DONE, run.error
        assert set(playlist.snapshots.current().get().track_ids()) <= set(tracks)


def early_returns(
    snapshots: Sequence[PlaylistSnapshot], *, cooldown_days: int
) -> dict[int, set[int]]:
    """Return the tracks that came back too early, by snapshot."""
    keys = dict(Track.objects.values_list("pk", "recording_key"))
    early: defaultdict[int, set[int]] = defaultdict(set)
    for number, snapshot in enumerate(snapshots):
        assert snapshot.confirmed_at is not None
        here = {keys[pk]: pk for pk in snapshot.track_ids()}
        for other in snapshots[:number]:
            assert other.replaced_at is not None
            days = (snapshot.confirmed_at.date() - other.replaced_at.date()).days
            if days < cooldown_days:
                back = here.keys() & {keys[pk] for pk in other.track_ids()}
                early[snapshot.pk] |= {here[key] for key in back}
    return {pk: tracks for pk, tracks in early.items() if tracks}


def most_by_one_artist(snapshot: PlaylistSnapshot) -> int:
    """Return how many tracks of the list credit the artist who is there most."""
    credits = TrackArtist.objects.filter(track__in=snapshot.track_ids())
    return max(Counter(credits.values_list("artist", flat=True)).values())


class TestPackedPlan:
    def test_agrees_with_the_history(self, playlist: Playlist) -> None:
        reshuffle(playlist)
        for snapshot in playlist.snapshots.all():
            entries = snapshot.entries.order_by("position")
            assert list(entries.values_list("track", flat=True)) == snapshot.track_ids()


class TestPreviewDraw:
    def test_stores_nothing_and_says_what_would_change(
        self, playlist: Playlist
    ) -> None:
        preview = reshuffling.preview_draw(
            playlist=playlist, settings=SETTINGS, now=product_clock.now(), seed=1
        )
        standing = playlist.snapshots.get().track_ids()
        assert set(preview.new_ids) | set(preview.kept_ids) == set(preview.track_ids)
        assert set(preview.gone_ids) | set(preview.kept_ids) == set(standing)
        assert preview.kept_ids == []
        assert preview.words[0] == "All 20 tracks were drawn."

    def test_gives_another_list_for_another_seed(self, playlist: Playlist) -> None:
        now = product_clock.now()
        lists = [
            reshuffling.preview_draw(
                playlist=playlist, settings=SETTINGS, now=now, seed=seed
            ).track_ids
            for seed in (1, 2, 1)
        ]
        assert lists[0] == lists[2] != lists[1]


def test_a_run_about_a_removed_playlist_fails_in_words() -> None:
    playlist = make_playlist()
    run = claim_run(reshuffling.KIND, playlist)
    Playlist.objects.update(status=Playlist.Status.REMOVED)
    with pytest.raises(Exception, match="not looked after"):
        jobs.reshuffle(run)
