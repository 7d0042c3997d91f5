"""Content is read again after its age, spread over the budget, or forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Account, Usage
from accounts.tests.factories import connect_account, make_account
from automation import worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_working_run
from library.models import Album, Track
from library.services import freshness, storing
from library.services.blanking import blank_albums
from library.tests.factories import make_album, make_artist, make_track
from vibe_engine import clock as product_clock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SETTINGS = RuntimeSettings(content_max_age_days=30)


def aged(days: int, **fields: Any) -> Album:
    """Save an album of two tracks that was read so many days ago."""
    read = product_clock.now() - timedelta(days=days)
    return make_album(tracks=2, refreshed_at=read, **fields)


def opened() -> list[str]:
    """Return the albums whose reading was opened, in that order."""
    runs = Run.objects.filter(is_bulk=False).order_by("pk")
    return [run.subject.removeprefix("album:") for run in runs]


def small_budget(account: Account, *, a_day: int) -> Account:
    account.app.developer.catalogue_calls_a_day = a_day
    account.app.developer.save(update_fields=["catalogue_calls_a_day"])
    return account


class TestRefreshStale:
    def test_reads_the_oldest_first_and_leaves_the_fresh(self) -> None:
        make_account()
        older, oldest, _ = aged(31), aged(40), aged(29)
        now = product_clock.now()
        assert freshness.refresh_stale(settings=SETTINGS, now=now) == 2
        assert set(opened()) == {oldest.spotify_id, older.spotify_id}
        priorities = set(Run.objects.filter(is_bulk=False).values_list("priority"))
        assert priorities == {(Run.Priority.BACKGROUND,)}

    def test_spreads_half_of_the_budget_over_the_day(self) -> None:
        small_budget(make_account(), a_day=192)
        for days in range(40, 50):
            aged(days)
        now = product_clock.now()
        assert freshness.refresh_stale(settings=SETTINGS, now=now) == 2
        assert freshness.refresh_stale(settings=SETTINGS, now=now) == 2
        assert len(set(opened())) == 4

    def test_leaves_the_other_half_to_people(self) -> None:
        account = small_budget(make_account(), a_day=100)
        aged(40)
        Usage.objects.create(
            developer=account.app.developer,
            hour=product_clock.now(),
            group="catalogue",
            calls=51,
        )
        now = product_clock.now()
        assert freshness.refresh_stale(settings=SETTINGS, now=now) == 0

    def test_leaves_alone_what_failed_within_a_day(self) -> None:
        make_account()
        album, now = aged(40), product_clock.now()
        freshness.refresh_stale(settings=SETTINGS, now=now)
        Run.objects.filter(subject=f"album:{album.spotify_id}").update(
            state=Run.State.FAILED, finished_at=now
        )
        assert not freshness.something_is_stale(settings=SETTINGS, now=now)
        later = now + timedelta(days=1, minutes=1)
        assert freshness.something_is_stale(settings=SETTINGS, now=later)

    def test_waits_for_an_account(self) -> None:
        aged(40)
        now = product_clock.now()
        assert freshness.refresh_stale(settings=SETTINGS, now=now) == 0

    def test_brings_names_back_and_the_date_up(self, sandbox: SandboxControl) -> None:
        account = connect_account(sandbox)
        there = sandbox.catalogue(limit=1)[0]
        album = aged(40, spotify_id=there["id"], name="")
        now = product_clock.now()
        freshness.refresh_stale(settings=SETTINGS, now=now)
        worker.work(Run.objects.get(is_bulk=False).pk)
        album.refresh_from_db()
        assert album.name == there["name"]
        assert album.refreshed_at is not None
        assert album.refreshed_at >= now
        assert account.is_usable


class TestForgetOverdue:
    def test_blanks_after_twice_the_age_and_stays_due(self) -> None:
        album, other = aged(61), aged(59)
        now = product_clock.now()
        run = make_working_run()
        assert freshness.forget_overdue(run=run, settings=SETTINGS, now=now) == 1
        album.refresh_from_db()
        other.refresh_from_db()
        assert (album.name, album.image_url) == ("", "")
        assert other.name
        assert album in freshness.stale_albums(settings=SETTINGS, now=now)
        assert freshness.forget_overdue(run=run, settings=SETTINGS, now=now) == 0


class TestBlankAlbums:
    def test_keeps_ids_use_and_what_a_recording_is_known_by(self) -> None:
        track = make_track(isrc="GBAYE0601498", popularity=40, use_count=3)
        before = (track.spotify_id, track.recording_key, track.isrc, track.use_count)
        blank_albums([track.album_id])
        track.refresh_from_db()
        after = (track.spotify_id, track.recording_key, track.isrc, track.use_count)
        assert before == after
        assert (track.name, track.artist_line, track.popularity) == ("", "", None)

    def test_forgets_spotifys_features_and_keeps_imported_ones(self) -> None:
        album = make_album()
        theirs = make_track(album=album, energy=0.5, features_source="spotify")
        ours = make_track(album=album, energy=0.5, features_source="import")
        blank_albums([album.pk])
        theirs.refresh_from_db()
        ours.refresh_from_db()
        assert (theirs.energy, ours.energy) == (None, 0.5)

    def test_keeps_the_names_of_artists_who_stand_elsewhere(self) -> None:
        gone, known = make_artist(), make_artist()
        album = make_album()
        make_track(album=album, artist=gone, guests=[known])
        make_track(artist=known)
        blank_albums([album.pk])
        gone.refresh_from_db()
        known.refresh_from_db()
        assert gone.name == ""
        assert known.name


class TestMarkMissing:
    def test_forgets_the_album_and_does_not_ask_for_it_again(self) -> None:
        album = aged(40)
        with transaction.atomic():
            assert storing.mark_missing(album=album) == 2
        album.refresh_from_db()
        assert (album.name, album.refreshed_at) == ("", None)
        assert not Track.objects.filter(album=album, is_playable=True).exists()
        now = product_clock.now()
        assert not freshness.something_is_stale(settings=SETTINGS, now=now)
