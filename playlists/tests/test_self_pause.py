"""A quick schedule of broken playlists tries each time, and pauses at the third."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Account
from automation import schedules, verdicts, worker
from automation.models import Run, Schedule
from automation.tests.timetables import make_interval
from library.tests.factories import make_collection
from playlists.models import Playlist
from playlists.services import reshuffling, scopes
from playlists.tests.factories import make_playlist
from playlists.tests.test_due_work import make_due
from vibe_engine.testing.clock import MovableClock

EVERY = timedelta(minutes=5)


class Slots:
    """Lets the slots of a schedule of every five minutes come, and works them off."""

    def __init__(self, clock: MovableClock, *playlists: Playlist) -> None:
        self.clock, self.at = clock, clock.now()
        named = [one.pk for one in playlists]
        arguments = {"playlists": named}
        self.schedule = make_interval(
            5, anchor=self.at, kind=scopes.KIND, arguments=arguments
        )

    def come(self, count: int) -> None:
        for _ in range(count):
            self.at += EVERY
            self.clock.set(self.at + timedelta(seconds=1))
            schedules.open_due_slots(now=self.at)
            while due := Run.objects.due(now=self.clock.now()):
                for run in due:
                    worker.work(run.pk)
            verdicts.judge_ended(now=self.clock.now())

    def has_paused(self) -> bool:
        return not Schedule.objects.get(pk=self.schedule.pk).is_on


def tries(playlist: Playlist) -> int:
    runs = Run.objects.filter(kind=reshuffling.KIND, subject=playlist.subject)
    return runs.exclude(state=Run.State.CANCELLED).count()


def make_broken(account: Account) -> Playlist:
    """Save a playlist that may draw from nothing."""
    empty = make_collection()
    return make_playlist(account=account, collections=[empty])


@pytest.fixture
def well(stocked: Account, clock: MovableClock) -> list[Playlist]:
    """Three playlists that can be filled."""
    make_due(stocked, 3, now=clock.now(), cooldown_days=0)
    return list(Playlist.objects.order_by("pk"))


@pytest.mark.django_db
class TestBrokenPlaylist:
    def test_pauses_its_schedule_at_the_third_slot(
        self, account: Account, clock: MovableClock
    ) -> None:
        broken = make_broken(account)
        slots = Slots(clock, broken)
        slots.come(2)
        assert not slots.has_paused()
        slots.come(1)
        assert slots.has_paused()
        slots.schedule.refresh_from_db()
        assert slots.schedule.paused_reason.startswith("Failed three times running.")
        assert tries(broken) == 3
        slots.come(5)
        assert tries(broken) == 3

    def test_is_tried_at_once_when_somebody_lets_the_schedule_go_on(
        self, account: Account, clock: MovableClock
    ) -> None:
        broken = make_broken(account)
        slots = Slots(clock, broken)
        slots.come(3)
        slots.schedule.refresh_from_db()
        assert schedules.resume(slots.schedule, now=clock.now())
        slots.come(2)
        assert tries(broken) == 4
        assert not slots.has_paused()

    def test_rests_for_hours_beside_others_that_are_well(
        self, stocked: Account, well: list[Playlist], clock: MovableClock
    ) -> None:
        broken = make_broken(stocked)
        slots = Slots(clock, broken, *well)
        slots.come(5)
        assert not slots.has_paused()
        assert tries(broken) == 1
        assert [tries(one) for one in well] == [5, 5, 5]

    def test_pauses_its_schedule_where_most_are_broken(
        self, stocked: Account, well: list[Playlist], clock: MovableClock
    ) -> None:
        broken = [make_broken(stocked) for _ in range(2)]
        slots = Slots(clock, well[0], *broken)
        slots.come(3)
        assert slots.has_paused()
        assert [tries(one) for one in broken] == [3, 3]

    def test_counts_as_well_once_a_later_run_has_gone_well(
        self, well: list[Playlist], clock: MovableClock
    ) -> None:
        mended = well[0]
        for hours, state in ((2, Run.State.FAILED), (1, Run.State.DONE)):
            add_ended(mended, state, at=clock.now() - timedelta(hours=hours))
        assert mended in reshuffling.due_playlists(now=clock.now())
        add_ended(mended, Run.State.FAILED, at=clock.now())
        assert mended not in reshuffling.due_playlists(now=clock.now())


def add_ended(playlist: Playlist, state: str, *, at: datetime) -> None:
    run = reshuffling.open_reshuffle(playlists=[playlist], now=at)
    Run.objects.filter(pk=run.pk).update(state=state, finished_at=at)
