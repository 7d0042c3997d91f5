"""The demo fleet: made through the real path, on a clock that comes back."""

import contextlib
import io
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account, App
from automation.models import Run, Schedule
from automation.registry import get
from library.models import Album, Collection, Track
from metrics.demo import plan
from metrics.demo.control import ListedAlbum
from metrics.demo.past import Past
from metrics.demo.plan import DAY, EARLY, Scale
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services.pushing import uris_of
from vibe_engine import clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.portable
SMALL = {"accounts": 2, "albums": 10, "playlists": 6, "days": 8}
PRESENT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_buckets() -> None:
    """Forget the turns of earlier tests, whose clock may have been ahead."""
    if django_settings.REDIS_URL:
        with redis.Redis.from_url(django_settings.REDIS_URL) as server:
            server.flushdb()


def seed(**options: int) -> str:
    """Run the command; return what it said."""
    said = io.StringIO()
    call_command("seed_demo", stdout=said, **options)
    return said.getvalue()


def offset_s() -> float:
    """Return how far the shared clock is moved."""
    file = Path(os.environ[clock.OFFSET_VARIABLE])
    return float(file.read_text()) if file.exists() else 0.0


class TestSeedDemo:
    def test_lives_through_days_that_the_sandbox_has_seen(
        self, sandbox: SandboxControl, staff_user: User, clock: MovableClock
    ) -> None:
        words = seed(**SMALL)
        self.check_words(words)
        assert offset_s() == 0
        self.check_accounts(clock.now())
        self.check_library()
        self.check_lists(sandbox)
        self.check_stories(clock.now())
        before = sandbox.log(since=0)[-1].n
        assert "nothing was made" in seed(**SMALL)
        assert sandbox.log(since=0)[-1].n == before

    def check_words(self, words: str) -> None:
        assert words.count("Day by day") >= 1
        assert "6 playlists with" in words.splitlines()[-1]

    def check_accounts(self, now: datetime) -> None:
        first, last = Account.objects.order_by("created_at")
        assert (first.app.mode, last.app.mode) == (
            App.Mode.DEVELOPMENT,
            App.Mode.EXTENDED,
        )
        assert first.consent_left(now=now) < timedelta(days=14)
        assert last.consent_left(now=now) > timedelta(days=150)
        assert now - last.created_at == pytest.approx(8 * DAY, abs=DAY / 2)

    def check_library(self) -> None:
        assert Album.objects.count() == SMALL["albums"]
        assert Collection.objects.count() >= 3
        early = Track.objects.filter(album__collections__name=EARLY)
        assert early.exists()
        assert not early.exclude(energy=None).exists()
        others = Track.objects.exclude(pk__in=early.values("pk"))
        assert others.filter(energy__isnull=False).count() > others.count() / 2
        assert Track.objects.held().count() == 3

    def check_lists(self, sandbox: SandboxControl) -> None:
        stands = {one["id"]: one for one in sandbox.playlists()}
        for playlist in Playlist.objects.all():
            current = playlist.snapshots.current().get()
            remote = stands[playlist.spotify_id]
            assert remote["items"] == uris_of(current.track_ids())
            assert remote["name"] == playlist.name
            assert remote["description"] == playlist.description
        lists = PlaylistSnapshot.objects.confirmed()
        assert lists.count() > 2 * SMALL["playlists"]
        assert HistoryEntry.objects.count() == sum(one.track_count for one in lists)
        days = {one.confirmed_at.date() for one in lists if one.confirmed_at}
        assert len(days) > SMALL["days"] / 2

    def check_stories(self, now: datetime) -> None:
        states = Counter(Playlist.objects.values_list("status", flat=True))
        assert states == {"active": 5, "paused": 1}
        failed = Run.objects.filter(state=Run.State.FAILED, is_bulk=False)
        kinds = sorted(failed.values_list("kind", flat=True))
        assert kinds == ["library.ingest_album", "playlists.reshuffle"]
        assert all(failed.values_list("error", flat=True))
        assert not Run.objects.active().exists()
        assert PlaylistSnapshot.objects.filter(origin="restore").count() == 1
        working = Playlist.objects.filter(status="active")
        assert working.filter(next_reshuffle_at__lte=now).exists()
        assert working.filter(next_reshuffle_at__gt=now).exists()
        schedule = Schedule.objects.get(owner=Schedule.Owner.STAFF)
        (hurried,) = Playlist.objects.filter(cooldown_days=0)
        assert schedule.arguments == {"playlists": [hurried.pk]}
        assert get(schedule.kind).name == schedule.kind

    def test_makes_do_with_one_of_each(
        self, sandbox: SandboxControl, staff_user: User, clock: MovableClock
    ) -> None:
        seed(accounts=1, albums=5, playlists=1, days=1)
        assert Playlist.objects.get().snapshots.current().exists()
        assert Album.objects.count() == 5

    def test_is_for_demos_alone(self, db: None, settings: Any) -> None:
        settings.DEMO = False
        with pytest.raises(CommandError, match="Only a demo"):
            seed()

    def test_leaves_a_fleet_alone(self, db: None) -> None:
        Collection.objects.create(name="Mine", created_at=PRESENT)
        Album.objects.create(spotify_id="a" * 22, created_at=PRESENT)
        assert "nothing was made" in seed()
        assert not Account.objects.exists()

    @pytest.mark.parametrize("option", ["--days=0", "--albums=4", "--accounts=many"])
    def test_says_which_sizes_are_possible(self, option: str) -> None:
        with pytest.raises(CommandError, match="are possible"):
            call_command("seed_demo", option)

    def test_needs_somebody_who_can_sign_in(
        self, sandbox: SandboxControl, clock: MovableClock, db: None
    ) -> None:
        with pytest.raises(CommandError, match="Nobody can sign in"):
            seed(**SMALL)
        assert offset_s() == 0

    def test_brings_the_clock_back_when_the_sandbox_fails(
        self, sandbox: SandboxControl, staff_user: User, clock: MovableClock
    ) -> None:
        sandbox.fault("POST", "^/api/token", status=500, count=-1)
        with pytest.raises(CommandError):
            seed(**SMALL)
        assert offset_s() == 0
        assert not Past().was_left_open

    def test_mends_the_clock_of_a_start_that_was_cut_short(
        self, db: None, clock: MovableClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        clock.forward(hours=1)
        cut_short = Past()
        cut_short.__enter__()
        cut_short.move_to(clock.now() - 20 * DAY)
        Album.objects.create(spotify_id="a" * 22, created_at=PRESENT)
        assert "nothing was made" in seed()
        assert offset_s() == pytest.approx(3600, abs=1)
        assert [entry.levelname for entry in caplog.records] == ["WARNING"]
        caplog.clear()
        assert "nothing was made" in seed()
        assert caplog.records == []


class TestPast:
    def test_moves_the_clock_and_brings_it_back(self, clock: MovableClock) -> None:
        with Past() as past:
            past.move_to(PRESENT)
            assert clock.now() - PRESENT < timedelta(minutes=1)
            past.move_to(PRESENT + DAY)
            assert clock.now() - PRESENT < DAY + timedelta(minutes=1)
        assert offset_s() == 0

    def test_brings_it_back_after_an_error(self, clock: MovableClock) -> None:
        clock.forward(days=2)
        with contextlib.suppress(ZeroDivisionError), Past() as past:
            past.move_to(PRESENT)
            raise ZeroDivisionError
        assert offset_s() == pytest.approx(2 * 24 * 3600, abs=1)


class TestPlan:
    def test_lets_due_times_lie_apart(self) -> None:
        scale = Scale()
        due = []
        for one in plan.plan_playlists(scale, present=PRESENT):
            interval = one.interval_days * DAY
            lists = (PRESENT - one.created_at) // interval + 1
            due.append(one.created_at + lists * interval)
        assert len(set(due)) == scale.playlists
        assert all(PRESENT < moment <= PRESENT + 5 * DAY for moment in due)

    def test_creates_nothing_before_its_account_is_there(self) -> None:
        for scale in (Scale(), Scale(1, 5, 1, 1), Scale(20, 500, 200, 150)):
            for one in plan.plan_playlists(scale, present=PRESENT):
                joined = plan.joined_at(one.account, scale, present=PRESENT)
                assert joined < one.created_at < PRESENT

    def test_gives_the_first_finds_to_the_account_without_features(self) -> None:
        plans = plan.plan_playlists(Scale(), present=PRESENT)
        assert [one.account for one in plans if one.collection == EARLY] == [3]


def listed(
    number: int, style: str, *, artist: str = "", tracks: int = 10
) -> ListedAlbum:
    """Return an album of a catalogue."""
    return ListedAlbum(
        f"id{number}", (artist or f"a{number}",), tracks, style, is_odd=False
    )


class TestChooseAlbums:
    def test_takes_artists_that_nobody_has_taken(self) -> None:
        same = [listed(n, "house", artist="one") for n in range(20)]
        others = [listed(20 + n, "house") for n in range(20)]
        chosen = plan.choose_albums(same + others, 20)
        taken = chosen.every_id
        assert len(taken & {album.id for album in others}) == 19

    def test_shelves_by_sound(self) -> None:
        catalogue = [listed(n, "jazz") for n in range(20)]
        chosen = plan.choose_albums(catalogue, 20)
        assert chosen.main["Late Night"] == chosen.main["Wood and Wire"]
        assert set(chosen.main) == {"Late Night", "Wood and Wire"}

    def test_deals_out_what_tells_no_style(self) -> None:
        chosen = plan.choose_albums([listed(n, "") for n in range(40)], 40)
        assert len(chosen.every_id) == 40
        assert len(chosen.main) == len(plan.CHARACTERS)

    def test_bears_a_small_catalogue(self) -> None:
        assert len(plan.choose_albums([listed(1, "")], 60).every_id) == 1
