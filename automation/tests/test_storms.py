"""The storm guard: when pushes stop by themselves, and when they do not."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from automation import holds, registry, storms
from automation.engine import Engine
from automation.models import Hold, Run
from automation.registry import Kind
from automation.runtime import RuntimeSettings
from automation.tests.conftest import echo
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

PUSH = "tests.push"
SETTINGS = RuntimeSettings(
    guard_failed_percent=50,
    guard_fewest_pushes=10,
    guard_surge_factor=3,
    guard_fewest_changes=20,
)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _pushes(kinds: Callable[..., None]) -> None:
    """Let `tests.push` write to Spotify, as far as the registry knows."""
    registry._kinds[PUSH] = Kind(PUSH, echo, writes=True)


def pushed(count: int, *, at: datetime, failed: int = 0, **fields: object) -> None:
    """Save pushes that ended, the first `failed` of them badly."""
    first = Run.objects.count()
    Run.objects.bulk_create(
        Run(
            kind=PUSH,
            subject=f"playlist:{first + number}",
            title="Push",
            state=Run.State.FAILED if number < failed else Run.State.DONE,
            error="Spotify answered 400." if number < failed else "",
            due_at=at,
            created_at=at,
            started_at=at,
            finished_at=at,
            **fields,
        )
        for number in range(count)
    )


def opened(count: int, *, at: datetime, **fields: object) -> None:
    """Save pushes that wait, opened by a schedule."""
    first = Run.objects.count()
    values = {"kind": PUSH, "priority": Run.Priority.SCHEDULED} | fields
    Run.objects.bulk_create(
        Run(
            subject=f"playlist:{first + number}",
            title="Push",
            due_at=at,
            created_at=at,
            **values,
        )
        for number in range(count)
    )


def guard(now: datetime) -> bool:
    return storms.guard(settings=SETTINGS, now=now)


class TestFailingPushes:
    def test_stop_the_fleet_with_the_reason(self) -> None:
        now = clock.now()
        pushed(20, at=now - MINUTE, failed=11)
        assert guard(now)
        stop = Hold.objects.get(ended_at=None)
        assert stop.began_by is None
        assert stop.reason == (
            "11 of 20 pushes failed within 1 h. Most often: Spotify answered 400."
        )

    @pytest.mark.parametrize(
        ("count", "failed", "age"),
        [(20, 10, MINUTE), (9, 9, MINUTE), (20, 20, timedelta(minutes=61))],
        ids=["half of them", "too few", "too long ago"],
    )
    def test_are_let_pass(self, count: int, failed: int, age: timedelta) -> None:
        now = clock.now()
        pushed(count, at=now - age, failed=failed)
        assert not guard(now)
        assert not Hold.objects.exists()

    def test_count_what_was_set_aside_for_a_person(self) -> None:
        now = clock.now()
        opened(12, at=now - MINUTE)
        blocked = {"state": Run.State.BLOCKED, "started_at": now - MINUTE}
        Run.objects.update(**blocked, reason="needs_reauth")
        assert not guard(now)
        Run.objects.update(reason="remote_missing")
        assert guard(now)

    def test_count_nothing_that_only_reads(self) -> None:
        now = clock.now()
        pushed(20, at=now - MINUTE, failed=20)
        Run.objects.update(kind="tests.look")
        assert not guard(now)

    def test_are_let_pass_where_the_share_is_switched_off(self) -> None:
        now = clock.now()
        pushed(20, at=now - MINUTE, failed=20)
        assert not storms.guard(
            settings=RuntimeSettings(guard_failed_percent=0), now=now
        )


class TestSurge:
    def test_stops_the_fleet_with_both_figures(self) -> None:
        now = clock.now()
        pushed(10, at=now - DAY)
        opened(31, at=now - MINUTE)
        assert guard(now)
        assert Hold.objects.get().reason == (
            "Schedules would change 31 playlists within 1 h; on the busiest day of "
            "the last two weeks it was 10."
        )

    def test_counts_what_of_it_is_done_already(self) -> None:
        now = clock.now()
        pushed(10, at=now - DAY)
        pushed(20, at=now - MINUTE, priority=Run.Priority.SCHEDULED)
        opened(11, at=now - MINUTE)
        assert guard(now)

    @pytest.mark.parametrize(
        ("usual", "count", "fields"),
        [
            (10, 30, {}),
            (6, 19, {}),
            (0, 100, {}),
            (10, 100, {"priority": Run.Priority.INTERACTIVE}),
            (10, 100, {"kind": "tests.look"}),
        ],
        ids=["not far more", "few", "nothing usual", "asked by a person", "reading"],
    )
    def test_is_none(self, usual: int, count: int, fields: dict[str, object]) -> None:
        now = clock.now()
        pushed(usual, at=now - DAY)
        opened(count, at=now - MINUTE, **fields)
        assert not guard(now)

    @pytest.mark.parametrize(
        ("began", "is_unusual"),
        [(2 * HOUR, False), (11 * HOUR, False), (14 * HOUR, True)],
    )
    def test_is_not_measured_by_the_beginning_of_the_same_work(
        self, *, began: timedelta, is_unusual: bool
    ) -> None:
        now = clock.now()
        pushed(5, at=now - began)
        pushed(40, at=now - MINUTE, priority=Run.Priority.SCHEDULED)
        opened(60, at=now - MINUTE)
        assert guard(now) == is_unusual

    def test_is_measured_by_the_busiest_day(self) -> None:
        now = clock.now()
        pushed(10, at=now - DAY)
        pushed(40, at=now - 9 * DAY)
        opened(100, at=now - MINUTE)
        assert not guard(now)


class TestResuming:
    def test_lets_the_same_cause_not_stop_everything_again(
        self, operator_user: User
    ) -> None:
        now = clock.now()
        pushed(20, at=now - MINUTE, failed=20)
        pushed(10, at=now - DAY)
        opened(60, at=now - MINUTE)
        assert guard(now)
        assert not guard(now), "it is stopped already"
        holds.resume_writing(now=now + MINUTE, by=operator_user)
        assert not guard(now + 2 * MINUTE)

    def test_counts_anew_from_there_on(self) -> None:
        now = clock.now()
        pushed(20, at=now - MINUTE, failed=20)
        guard(now)
        holds.resume_writing(now=now)
        pushed(10, at=now + MINUTE, failed=10)
        assert guard(now + 2 * MINUTE)
        assert Hold.objects.count() == 2

    def test_leaves_a_stop_of_a_person_alone(self, operator_user: User) -> None:
        now = clock.now()
        holds.stop_writing(now=now, by=operator_user)
        pushed(20, at=now, failed=20)
        assert not guard(now + MINUTE)
        assert Hold.objects.get().began_by == operator_user


class TestEngine:
    def test_stops_pushes_in_its_round(self) -> None:
        now = clock.now()
        pushed(40, at=now - MINUTE, failed=40)
        Engine().round(now=now)
        assert Hold.objects.get().reason.startswith("40 of 40 pushes failed")
