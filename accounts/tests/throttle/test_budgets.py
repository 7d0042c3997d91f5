"""Calls counted, and the budgets of a day."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Usage
from accounts.tests.factories import make_account
from accounts.tests.throttle.gates import (
    NOW,
    Moment,
    another_gate,
    developer_of,
    make_gate,
    pass_through,
    refused,
    send_to_wait,
)
from accounts.throttle import ThrottleGate, usage
from vibe_engine.errors import WaitError


@pytest.mark.django_db
@pytest.mark.portable
class TestUsage:
    def test_counts_each_call_by_hour_group_and_account(self, moment: Moment) -> None:
        account = make_account()
        gate = ThrottleGate(
            developer_id=account.app.developer_id,
            account_id=account.pk,
            read_clock=moment,
        )
        for group in ("catalogue", "catalogue", "playlist_write"):
            pass_through(gate, group)
        moment.forward(hours=1)
        pass_through(gate)
        rows = Usage.objects.order_by("hour", "group")
        assert [(row.group, row.hour.hour, row.calls) for row in rows] == [
            ("catalogue", 12, 2),
            ("playlist_write", 12, 1),
            ("catalogue", 13, 1),
        ]
        assert {row.account_id for row in rows} == {account.pk}

    def test_keeps_the_count_of_an_account_that_is_erased(self, moment: Moment) -> None:
        account = make_account()
        developer = account.app.developer
        gate = ThrottleGate(
            developer_id=developer.pk, account_id=account.pk, read_clock=moment
        )
        pass_through(gate)
        account.delete()
        assert usage.budgets(developer, now=NOW)[0].used == 1

    def test_spreads_the_calls_over_24_hours_up_to_the_present_one(self) -> None:
        hours = usage.calls_by_hour(
            [(NOW.replace(minute=0), 3), (NOW - timedelta(days=2), 9)], now=NOW
        )
        assert len(hours) == 24
        assert hours[-1] == (NOW.replace(minute=0), 3)
        assert sum(calls for _, calls in hours) == 3


@pytest.mark.django_db
@pytest.mark.portable
class TestBudget:
    def test_ends_the_day_for_the_group_that_used_it_up(self, moment: Moment) -> None:
        gate = make_gate(moment, catalogue_calls_a_day=2, interactive_reserve_percent=0)
        pass_through(gate)
        pass_through(gate, "features")
        wait = refused(gate)
        assert wait.cause == "budget:catalogue"
        assert "budget of 2 calls" in str(wait)
        pass_through(gate, "playlist_write")
        pass_through(gate, "playlist_read")

    @pytest.mark.parametrize(
        ("group", "column"),
        [
            ("catalogue", "catalogue_calls_a_day"),
            ("playlist_write", "playlist_writes_a_day"),
            ("playlist_read", "playlist_reads_a_day"),
        ],
    )
    def test_is_set_for_each_group(
        self, moment: Moment, group: str, column: str
    ) -> None:
        gate = make_gate(moment, interactive_reserve_percent=0, **{column: 1})
        pass_through(gate, group)
        refused(gate, group)

    def test_keeps_a_reserve_for_what_a_person_asks_for(self, moment: Moment) -> None:
        gate = make_gate(
            moment, playlist_writes_a_day=10, interactive_reserve_percent=20
        )
        for _ in range(8):
            pass_through(gate, "playlist_write")
        assert "2 kept for what people ask for" in str(refused(gate, "playlist_write"))
        clicked = another_gate(gate, interactive=True)
        for _ in range(2):
            pass_through(clicked, "playlist_write")
        assert "but for" not in str(refused(clicked, "playlist_write"))

    def test_names_the_moment_at_which_the_oldest_hour_is_a_day_old(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment, playlist_writes_a_day=2, interactive_reserve_percent=0)
        pass_through(gate, "playlist_write")
        moment.forward(hours=3)
        pass_through(gate, "playlist_write")
        wait = refused(gate, "playlist_write")
        assert wait.until == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
        moment.now = wait.until - timedelta(seconds=1)
        refused(gate, "playlist_write")
        moment.now = wait.until
        pass_through(gate, "playlist_write")

    def test_spreads_those_who_wait_over_the_hours_that_make_room(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment, catalogue_calls_a_day=6, interactive_reserve_percent=0)
        for calls in (4, 2):
            for _ in range(calls):
                pass_through(gate)
            moment.forward(hours=1)
        slots = [send_to_wait(gate, refused(gate)) for _ in range(7)]
        first_room = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
        minutes = [(slot - first_room).total_seconds() / 60 for slot in slots[:6]]
        assert minutes == [0, 15, 30, 45, 60, 90]
        assert slots[6] > slots[5]

    def test_lets_a_click_have_the_first_room_there_is(self, moment: Moment) -> None:
        gate = make_gate(moment, catalogue_calls_a_day=2, interactive_reserve_percent=0)
        for _ in range(2):
            pass_through(gate)
        waits = [send_to_wait(gate, refused(gate)) for _ in range(2)]
        assert refused(another_gate(gate, interactive=True)).until == waits[0]

    def test_lets_nothing_through_when_the_budget_is_zero(self, moment: Moment) -> None:
        gate = make_gate(moment, catalogue_calls_a_day=0)
        assert refused(gate).until == NOW + timedelta(hours=25)

    def test_is_exact_when_many_share_it(self, moment: Moment) -> None:
        gate = make_gate(moment, catalogue_calls_a_day=50)
        passed = 0
        for _ in range(60):
            try:
                pass_through(another_gate(gate))
            except WaitError:
                continue
            passed += 1
        assert passed == 40
        assert usage.budgets(developer_of(gate), now=NOW)[0].routine_left == 0
