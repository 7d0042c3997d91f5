"""When playlists are due: on their day, apart, in turn, and within the budgets."""

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse

from accounts.models import Account, Developer, Usage
from accounts.tests.factories import (
    make_account,
    make_app,
    make_developer,
)
from accounts.throttle.queueing import Turns, take_turn
from automation.models import Run
from automation.runtime import RuntimeSettings, save_settings
from automation.tests.factories import make_run
from playlists.effective import effective
from playlists.models import Playlist
from playlists.naming import new_marker, playlist_name
from playlists.services import creation, inventory, reshuffling, spreading
from playlists.services.spreading import Rhythm, due_after
from playlists.tests.factories import (
    make_playlist,
    make_playlists,
)
from vibe_engine import clock
from vibe_engine.sandbox.limits import Limits

SETTINGS = RuntimeSettings()
UNSPREAD = RuntimeSettings(reshuffle_hours=0)
NOON = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
"""A Wednesday."""
LOOK = timedelta(minutes=5)
"""What is due is looked for so often (the schedule `reshuffle_due_playlists`)."""


def due(
    last_at: datetime = NOON,
    *,
    days: int = 5,
    share: float = 0.25,
    weekday: int | None = None,
    hour: int | None = None,
    settings: RuntimeSettings = SETTINGS,
) -> datetime:
    rhythm = Rhythm(share, days, weekday, hour)
    return due_after(rhythm, last_at=last_at, settings=settings)


class TestDueAfter:
    def test_keeps_the_day_and_gives_a_time_of_its_own(self) -> None:
        assert due() == datetime(2026, 11, 23, 5, 30, tzinfo=UTC)

    @pytest.mark.parametrize("hours", [-12, 0, 3, 11])
    def test_does_not_drift_with_what_came_late(self, hours: int) -> None:
        assert due(NOON + timedelta(hours=hours)) == due()

    def test_leaves_a_list_a_day_half_a_day_at_least(self) -> None:
        evening = NOON.replace(hour=23)
        assert due(evening, days=1) == datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
        assert due(evening, days=2) == datetime(2026, 11, 20, 5, 30, tzinfo=UTC)

    def test_is_the_interval_to_the_second_where_nothing_is_spread(self) -> None:
        assert due(settings=UNSPREAD) == NOON + timedelta(days=5)

    def test_may_spread_over_midnight(self) -> None:
        night = RuntimeSettings(reshuffle_from_hour=22, reshuffle_hours=6)
        hours = {due(share=n / 10, settings=night).hour for n in range(10)}
        assert hours == {22, 23, 0, 1, 2, 3}
        assert {due(share=n / 10, settings=night).day for n in range(10)} == {23}

    def test_comes_within_its_own_hour(self) -> None:
        times = [due(share=n / 7, hour=14) for n in range(7)]
        assert {moment.hour for moment in times} == {14}
        assert len(set(times)) == 7

    @pytest.mark.parametrize("weekday", range(7))
    def test_comes_on_its_own_weekday_nearest_to_the_interval(
        self, weekday: int
    ) -> None:
        moment = due(days=7, weekday=weekday)
        assert moment.weekday() == weekday
        assert abs((moment.date() - NOON.date()).days - 7) <= 3
        assert due(moment, days=14, weekday=weekday).date() == (
            moment.date() + timedelta(days=14)
        )

    def test_is_on_time_for_ninety_days_whatever_comes_late(self) -> None:
        late = (timedelta(minutes=17 * n % 110) for n in range(10_000))
        for number in range(200):
            rhythm = Rhythm(number * spreading.GOLDEN % 1, 5)
            last_at, days = NOON, []
            while last_at.date() < NOON.date() + timedelta(days=90):
                days.append(last_at.date())
                due_at = due_after(rhythm, last_at=last_at, settings=SETTINGS)
                last_at = due_at + next(late, LOOK)
            assert len(days) == 18
            assert {after - before for before, after in pairwise(days)} == {
                timedelta(days=5)
            }


class TestSpread:
    def test_parts_the_day_evenly(self) -> None:
        shares = (number * spreading.GOLDEN % 1 for number in range(900, 5_900))
        times = [due(share=share) for share in shares]
        looks = Counter((moment - NOON) // LOOK for moment in times)
        assert len({moment.date() for moment in times}) == 1
        assert max(looks.values()) <= math.ceil(5_000 / (22 * 12)) + 2


class TestInTurn:
    def test_lets_lanes_take_turns_and_keeps_their_order(self) -> None:
        things = ["a1", "a2", "a3", "b1", "c1", "c2"]
        ordered = spreading.in_turn(things, lambda thing: thing[0])
        assert ordered == ["a1", "b1", "c1", "a2", "c2", "a3"]


@pytest.mark.django_db
@pytest.mark.portable
class TestOwnTime:
    def test_of_a_weekday_counts_in_whole_weeks(self) -> None:
        playlist = make_playlist(interval_days=10, reshuffle_weekday=4)
        assert effective(playlist, SETTINGS).interval_days == 14
        assert playlist.own_time == "Fridays"

    def test_is_said_with_its_zone(self) -> None:
        playlist = make_playlist(reshuffle_weekday=0, reshuffle_hour=7)
        assert playlist.own_time == "Mondays from 07:00 UTC"

    def test_is_typed_and_moves_the_next_reshuffle(self, operator: Any) -> None:
        playlist = make_playlist()
        posted = {"name": playlist.name, "version": 1, "is_public": "on"}
        own = {"reshuffle_weekday": "6", "reshuffle_hour": "20"}
        address = reverse("playlists:edit", args=[playlist.pk])
        assert operator.post(address, posted | own).status_code == 302
        playlist.refresh_from_db()
        assert playlist.next_reshuffle_at is not None
        assert playlist.next_reshuffle_at.weekday() == 6
        assert playlist.next_reshuffle_at.hour == 20

    def test_is_given_to_many(self, operator: Any) -> None:
        playlists = make_playlists(2)
        posted = {"all": "1", "save": "1", "change": ["reshuffle_hour"]}
        operator.post(reverse("playlists:edit_many"), posted | {"reshuffle_hour": "3"})
        for playlist in playlists:
            playlist.refresh_from_db()
            assert playlist.next_reshuffle_at is not None
            assert playlist.next_reshuffle_at.hour == 3
        assert playlists[0].next_reshuffle_at != playlists[1].next_reshuffle_at

    def test_that_does_not_exist_is_refused(self, operator: Any) -> None:
        make_playlist()
        posted = {"all": "1", "save": "1", "change": ["reshuffle_hour"]}
        answer = operator.post(
            reverse("playlists:edit_many"), posted | {"reshuffle_hour": "24"}
        )
        assert answer.status_code == 422

    def test_follows_the_hours_of_the_settings(self) -> None:
        playlist = make_playlist(interval_days=3)
        hours = {"reshuffle_from_hour": 9, "reshuffle_hours": 1}
        save_settings(changes=hours, by=None, now=clock.now())
        playlist.refresh_from_db()
        assert playlist.next_reshuffle_at is not None
        assert playlist.next_reshuffle_at.hour == 9


def bring_due(
    developer: Developer,
    sizes: Sequence[int],
    *,
    at: datetime,
    own_words: bool = True,
) -> list[Account]:
    """Save accounts with so many playlists each, all due at one moment.

    With words of their own a reshuffle of each takes one write, else up to two.
    """
    app = make_app(developer=developer, seats=len(sizes))
    accounts = [make_account(app=app, now=at) for _ in sizes]
    Playlist.objects.bulk_create(
        Playlist(
            account=account,
            prefix="Due",
            index=index,
            name=playlist_name("Due", index),
            spotify_id=f"{account.pk:0>11}{index:0>11}",
            status=Playlist.Status.ACTIVE,
            marker=new_marker(),
            description_is_custom=own_words,
            created_at=at - timedelta(days=5),
            last_reshuffled_at=at - timedelta(days=5),
            next_reshuffle_at=at,
        )
        for account, size in zip(accounts, sizes, strict=True)
        for index in range(1, size + 1)
    )
    return accounts


def due_runs(now: datetime) -> list[Run]:
    return list(Run.objects.due(now=now))


@pytest.mark.django_db
@pytest.mark.portable
class TestOpenDue:
    def test_lets_accounts_take_turns(self) -> None:
        now = clock.now()
        large, small = bring_due(make_developer(), (6, 2), at=now)
        reshuffling.open_due(settings=SETTINGS, now=now)
        lanes = [run.lane for run in due_runs(now)]
        assert lanes == [large.lane, small.lane] * 2 + [large.lane] * 4

    def test_opens_the_longest_due_first_as_far_as_the_rate_carries(self) -> None:
        now = clock.now()
        (account,) = bring_due(make_developer(requests_per_s=0.005), (5,), at=now)
        oldest = account.playlists.order_by("-pk")[:3]
        for hours, playlist in enumerate(oldest, start=1):
            Playlist.objects.filter(pk=playlist.pk).update(
                next_reshuffle_at=now - timedelta(hours=hours)
            )
        assert reshuffling.open_due(settings=SETTINGS, now=now) == 3
        assert reshuffling.open_due(settings=SETTINGS, now=now) == 0
        subjects = [run.subject for run in due_runs(now)]
        assert subjects == [playlist.subject for playlist in reversed(oldest)]

    def test_leaves_what_is_beyond_the_budget_and_says_so(self, viewer: Any) -> None:
        now = clock.now()
        developer = make_developer(playlist_writes_a_day=10)
        bring_due(developer, (25,), at=now)
        overflow = spreading.find_overflow(
            reshuffling.due_playlists(now=now), settings=SETTINGS, now=now
        )
        carried = 10 - 10 * developer.interactive_reserve_percent // 100
        assert overflow is not None
        assert (overflow.over, overflow.due) == (25 - carried, 25)
        assert "more than the budget of writes" in overflow.sentence
        assert reshuffling.open_due(settings=SETTINGS, now=now) == carried
        page = viewer.get(reverse("playlists:due")).content.decode()
        assert "more than the budget of writes" in page
        lists = viewer.get(reverse("playlists:list")).content.decode()
        assert reverse("playlists:due") in lists

    def test_goes_on_when_the_budget_has_room_again(self) -> None:
        now = clock.now()
        developer = make_developer(
            playlist_writes_a_day=4, interactive_reserve_percent=0
        )
        bring_due(developer, (6,), at=now)
        assert reshuffling.open_due(settings=SETTINGS, now=now) == 4
        Run.objects.filter(is_bulk=False).update(state=Run.State.DONE, finished_at=now)
        hour = now.replace(minute=0, second=0, microsecond=0)
        Usage.objects.create(
            developer=developer, group="playlist_write", hour=hour, calls=4
        )
        assert reshuffling.open_due(settings=SETTINGS, now=now) == 0
        assert (
            reshuffling.open_due(settings=SETTINGS, now=now + timedelta(hours=26)) > 0
        )

    def test_says_nothing_where_all_of_it_fits(self) -> None:
        now = clock.now()
        bring_due(make_developer(), (3,), at=now)
        playlists = reshuffling.due_playlists(now=now)
        for none in (playlists, playlists.none()):
            assert spreading.find_overflow(none, settings=SETTINGS, now=now) is None

    @pytest.mark.parametrize(
        ("own_words", "settings", "opened"),
        [
            (True, SETTINGS, 11),
            (False, SETTINGS, 5),
            (False, RuntimeSettings(refresh_description=False), 11),
        ],
    )
    def test_opens_what_the_budget_carries_with_its_words(
        self, *, own_words: bool, settings: RuntimeSettings, opened: int
    ) -> None:
        now = clock.now()
        developer = make_developer(
            playlist_writes_a_day=11, interactive_reserve_percent=0
        )
        bring_due(developer, (20,), at=now, own_words=own_words)
        due = reshuffling.due_playlists(now=now)
        overflow = spreading.find_overflow(due, settings=settings, now=now)
        assert overflow is not None
        assert overflow.over in (20 - opened, 20 - opened - 1)
        assert reshuffling.open_due(settings=settings, now=now) == opened

    def test_counts_what_is_open_at_its_dearest(self) -> None:
        now = clock.now()
        developer = make_developer(
            playlist_writes_a_day=20, interactive_reserve_percent=0
        )
        account, _ = bring_due(developer, (1, 9), at=now, own_words=False)
        for kind in (creation.KIND, reshuffling.KIND, inventory.KIND):
            make_run(kind=kind, budget=account.budget)
        rooms = spreading.room_of_developers(settings=SETTINGS, now=now)
        assert rooms[developer.pk].left == 20 - 3 - 2

    def test_begins_where_a_whole_day_carries_less_than_one(self) -> None:
        now = clock.now()
        developer = make_developer(
            playlist_writes_a_day=1, interactive_reserve_percent=0
        )
        bring_due(developer, (2,), at=now, own_words=False)
        assert reshuffling.open_due(settings=SETTINGS, now=now) == 1


class Shift:
    """Workers by function: the product's own queue, the sandbox's own window."""

    RATE_PER_S, ALLOWED = 5.0, 30 * 5 + 5 * 5
    """The developer's rate, and what the sandbox allows in 30 s: with the burst."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.limits = Limits(None)  # type: ignore[arg-type]
        self.waiting: list[tuple[float, int, str]] = []
        self.went: list[tuple[float, str]] = []

    def take_over(self, runs: Sequence[Run], *, now: datetime) -> None:
        """Let runs ask for their turn from now on, in the order given."""
        for place, run in enumerate(runs, start=len(self.went)):
            heapq.heappush(self.waiting, (now.timestamp(), place, run.subject))

    def work_until(self, moment: datetime) -> list[str]:
        """Let calls go until then; return their subjects."""
        before = len(self.went)
        while self.waiting and self.waiting[0][0] < moment.timestamp():
            now_s, place, subject = heapq.heappop(self.waiting)
            self.turns, slot_s = take_turn(
                self.turns, now_s=now_s, interval_s=1 / self.RATE_PER_S
            )
            if slot_s > now_s:
                heapq.heappush(self.waiting, (slot_s, place, subject))
                continue
            assert not self.limits.wait_for_rate_s("us", self.ALLOWED, now_s=now_s)
            self.went.append((now_s, subject))
        return [subject for _, subject in self.went[before:]]


@pytest.mark.django_db
class TestFiveThousandAtOnce:
    """The rows, the opening and the dating are real; the calls go by function."""

    SIZES = (2_500, 1_500, 600, 300, 100)

    def test_are_done_in_turn_within_the_limits_and_come_apart(self) -> None:
        developer = make_developer(
            requests_per_s=Shift.RATE_PER_S, playlist_writes_a_day=6_500
        )
        accounts = bring_due(developer, self.SIZES, at=NOON)
        shift, now = Shift(), NOON
        owners = {one.subject: one.account_id for one in Playlist.objects.all()}
        while len(shift.went) < 5_000 and now < NOON + timedelta(hours=1):
            reshuffling.open_due(settings=SETTINGS, now=now)
            fresh = Run.objects.due(now=now).filter(worker="")
            shift.take_over(list(fresh), now=now)
            fresh.update(worker="shift")
            now += LOOK
            self.finish(shift.work_until(now), at=now, developer=developer)
        assert len({subject for _, subject in shift.went}) == 5_000
        spent_s = shift.went[-1][0] - NOON.timestamp()
        assert spent_s < 5_000 / Shift.RATE_PER_S + LOOK.total_seconds()
        first = Counter(owners[subject] for _, subject in shift.went[:500])
        assert [first[account.pk] for account in accounts] == [100] * 5
        self.assert_apart(NOON.date() + timedelta(days=5))

    @staticmethod
    def finish(subjects: list[str], *, at: datetime, developer: Developer) -> None:
        """Write down what ended: runs, dates of playlists and the calls made."""
        runs = Run.objects.filter(subject__in=subjects)
        runs.update(state=Run.State.DONE, finished_at=at)
        keys = [int(subject.removeprefix("playlist:")) for subject in subjects]
        done = Playlist.objects.filter(pk__in=keys)
        done.update(last_reshuffled_at=at)
        spreading.redate(done, settings=SETTINGS)
        hour = at.replace(minute=0, second=0, microsecond=0)
        used, _ = Usage.objects.get_or_create(
            developer=developer, group="playlist_write", hour=hour
        )
        Usage.objects.filter(pk=used.pk).update(calls=F("calls") + len(keys))

    @staticmethod
    def assert_apart(day: Any) -> None:
        times = Playlist.objects.values_list("next_reshuffle_at", flat=True)
        moments = [moment for moment in times if moment is not None]
        looks = Counter((moment - NOON) // LOOK for moment in moments)
        assert {moment.date() for moment in moments} == {day}
        assert max(looks.values()) <= math.ceil(5_000 / (22 * 12)) + 2
