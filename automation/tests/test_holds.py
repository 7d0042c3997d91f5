"""The stop button and shadow mode, as the ledger sees them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from automation import holds, ledger
from automation.ledger import RunSpec
from automation.models import Hold, Run
from vibe_engine import clock
from vibe_engine.errors import BlockedError, ConflictError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def blocked_run(reason: str, *, lane: str = "account:1", subject: str = "a") -> Run:
    """Open a run and let it be blocked, as its worker does."""
    opened = ledger.open_run(
        RunSpec("tests.any", subject, "Any", lane=lane), now=clock.now()
    )
    run = ledger.claim(opened.pk, worker="test")
    assert run is not None
    ledger.block(run, BlockedError(reason, "Held."))
    return run


class TestStopWriting:
    def test_says_who_and_when_in_the_runs_words(self, operator_user: User) -> None:
        now = clock.now()
        assert holds.stop_writing(now=now, by=operator_user)
        with pytest.raises(BlockedError, match="operator") as caught:
            holds.require_writing("account:1")
        assert caught.value.reason == "stopped"
        assert f"{now:%Y-%m-%d %H:%M}" in str(caught.value)

    def test_keeps_the_first_of_two(self, operator_user: User) -> None:
        now = clock.now()
        holds.stop_writing(now=now, by=operator_user)
        assert not holds.stop_writing(now=now + timedelta(minutes=1))
        assert Hold.objects.get().began_by == operator_user

    def test_lets_everything_pass_before(self) -> None:
        holds.require_writing("account:1")
        assert holds.require_moving("account:1") == holds.Standing(None, None)


class TestResumeWriting:
    def test_sets_free_what_waited_and_nothing_else(self) -> None:
        now = clock.now()
        holds.stop_writing(now=now)
        run = blocked_run("stopped")
        other = blocked_run("needs_reauth", subject="b")
        assert holds.resume_writing(now=now) == 1
        run.refresh_from_db()
        other.refresh_from_db()
        assert (run.state, run.due_at, run.reason) == (Run.State.PLANNED, now, "")
        assert other.state == Run.State.BLOCKED

    def test_leaves_a_record(self, operator_user: User, staff_user: User) -> None:
        now = clock.now()
        holds.stop_writing(now=now, by=operator_user)
        holds.resume_writing(now=now + timedelta(hours=1), by=staff_user)
        record = Hold.objects.get()
        assert (record.began_by, record.ended_by) == (operator_user, staff_user)
        assert record.ended_at == now + timedelta(hours=1)
        holds.require_writing("account:1")

    def test_needs_a_stop(self) -> None:
        with pytest.raises(ConflictError, match="not stopped"):
            holds.resume_writing(now=clock.now())


class TestShadow:
    def test_of_one_lane_leaves_the_others_alone(self) -> None:
        holds.enter_shadow(now=clock.now(), lane="account:1")
        with pytest.raises(BlockedError, match="Shadow mode"):
            holds.require_writing("account:1")
        holds.require_writing("account:2")
        assert holds.require_moving("account:1").shadow is not None

    def test_of_the_fleet_holds_every_lane(self) -> None:
        holds.enter_shadow(now=clock.now())
        with pytest.raises(BlockedError, match="Shadow mode"):
            holds.require_writing("account:2")

    def test_lets_go_on_only_the_lane_that_leaves(self) -> None:
        now = clock.now()
        holds.enter_shadow(now=now, lane="account:1")
        holds.enter_shadow(now=now, lane="account:2")
        mine = blocked_run("shadow")
        other = blocked_run("shadow", lane="account:2", subject="b")
        assert holds.leave_shadow(now=now, lane="account:1") == 1
        assert Run.objects.get(state=Run.State.PLANNED) == mine
        assert Run.objects.get(state=Run.State.BLOCKED) == other

    def test_cannot_be_left_twice(self) -> None:
        holds.enter_shadow(now=clock.now())
        holds.leave_shadow(now=clock.now())
        with pytest.raises(ConflictError, match="shadow"):
            holds.leave_shadow(now=clock.now())

    def test_of_a_lane_that_is_gone_ends(self) -> None:
        holds.enter_shadow(now=clock.now(), lane="account:1")
        holds.forget_lane("account:1", now=clock.now())
        assert not holds.open_holds().exists()


class TestFreeLeftOver:
    def test_frees_what_was_blocked_just_as_its_hold_ended(self) -> None:
        blocked_run("stopped")
        blocked_run("shadow", subject="b")
        assert holds.free_left_over(now=clock.now()) == 2

    def test_leaves_what_is_held(self) -> None:
        holds.stop_writing(now=clock.now())
        holds.enter_shadow(now=clock.now(), lane="account:1")
        blocked_run("stopped")
        blocked_run("shadow", subject="b")
        free = blocked_run("shadow", lane="account:2", subject="c")
        assert holds.free_left_over(now=clock.now()) == 1
        free.refresh_from_db()
        assert free.state == Run.State.PLANNED

    def test_leaves_every_lane_of_a_fleet_in_shadow(self) -> None:
        holds.enter_shadow(now=clock.now())
        blocked_run("shadow")
        assert holds.free_left_over(now=clock.now()) == 0


class TestHold:
    def test_is_open_once_for_each_lane(self) -> None:
        now = clock.now()
        Hold.objects.create(kind="shadow", lane="account:1", began_at=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.create(kind="shadow", lane="account:1", began_at=now)
        Hold.objects.create(kind="shadow", lane="account:1", began_at=now, ended_at=now)

    def test_stops_the_fleet_or_nobody(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Hold.objects.create(kind="stop", lane="account:1", began_at=clock.now())


class TestCountWaiting:
    def test_counts_by_kind(self) -> None:
        blocked_run("shadow")
        blocked_run("shadow", subject="b")
        blocked_run("shadow", lane="account:2", subject="c")
        assert holds.count_waiting("shadow") == {"tests.any": 3}
        assert holds.count_waiting("shadow", "account:2") == {"tests.any": 1}
