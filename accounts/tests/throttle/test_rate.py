"""The rate of one developer, in both homes of its bucket."""

import threading
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Developer, Usage
from accounts.tests.throttle.gates import (
    NOW,
    Moment,
    another_gate,
    developer_of,
    make_gate,
    pass_through,
    refused,
)
from accounts.throttle import bucket
from accounts.throttle.pace import RAMP, Pace, pace_of
from accounts.throttle.queueing import BURST_S, Haste, Turns, take_turn
from vibe_engine.errors import WaitError


@pytest.mark.django_db
@pytest.mark.portable
class TestRate:
    def test_lets_a_burst_through_and_then_names_the_next_free_moment(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=1)
        for _ in range(6):
            pass_through(gate)
        wait = refused(gate)
        assert wait.cause == "rate"
        assert wait.until == NOW + timedelta(seconds=1)

    def test_gives_a_thousand_waiting_callers_successive_slots(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=4)
        while True:
            try:
                pass_through(gate)
            except WaitError as wait:
                slots = [wait.until]
                break
        slots += [refused(gate).until for _ in range(999)]
        steps = {later - earlier for earlier, later in pairwise(slots)}
        assert steps == {timedelta(seconds=0.25)}

    def test_lets_everybody_through_who_comes_back_at_the_slot_given(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=2)
        slots: list[datetime] = []
        for _ in range(60):
            try:
                pass_through(gate)
            except WaitError as wait:
                slots.append(wait.until)
        for slot in slots:
            moment.now = slot
            pass_through(gate)
        assert len(slots) > 40

    def test_keeps_no_more_than_the_burst_over_a_pause(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=2)
        moment.forward(days=1)
        passed = 0
        while passed < 100:
            try:
                pass_through(gate)
            except WaitError:
                break
            passed += 1
        assert passed == BURST_S * 2 + 1

    def test_lets_an_urgent_call_go_at_once_and_the_others_pay_for_it(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=1)
        for _ in range(6):
            pass_through(gate)
        pass_through(another_gate(gate, urgent=True), "profile")
        assert refused(gate).until == NOW + timedelta(seconds=2)

    def test_lets_what_a_person_asked_for_go_before_those_who_wait(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=1)
        for _ in range(6):
            pass_through(gate)
        waits = [refused(gate).until for _ in range(100)]
        clicked = another_gate(gate, interactive=True)
        assert refused(clicked).until == waits[0]
        assert refused(gate).until == waits[-1] + timedelta(seconds=1)

    def test_starts_anew_when_the_clock_was_set_back(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=1)
        moment.forward(days=3)
        pass_through(gate)
        moment.forward(days=-3)
        pass_through(gate)

    def test_keeps_developers_apart(self, store: str, moment: Moment) -> None:
        one = make_gate(moment, requests_per_s=0.01)
        other = make_gate(moment, requests_per_s=0.01)
        pass_through(one)
        refused(one)
        pass_through(other)


@pytest.mark.django_db
class TestWithoutRedis:
    def test_falls_back_to_the_row_when_redis_cannot_be_reached(
        self, settings: Any, moment: Moment, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:9/0"
        gate = make_gate(moment, requests_per_s=1)
        pass_through(gate)
        assert developer_of(gate).next_free_at == NOW + timedelta(seconds=1)
        assert "leaves Redis" in caplog.text

    def test_asks_redis_again_after_a_while(
        self, settings: Any, moment: Moment, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:9/0"
        gate = make_gate(moment, requests_per_s=1)
        for seconds in (0, 1, 1, 4):
            moment.forward(seconds=seconds)
            pass_through(gate)
        assert caplog.text.count("leaves Redis") == 2

    def test_uses_redis_and_not_the_row_when_it_answers(
        self, settings: Any, moment: Moment
    ) -> None:
        assert settings.REDIS_URL
        gate = make_gate(moment, requests_per_s=1)
        pass_through(gate)
        assert developer_of(gate).next_free_at is None


class TestBothHomesAgree:
    @given(
        rate=st.sampled_from([0.1, 1.0, 3.0, 50.0]),
        burst_s=st.sampled_from([0.0, BURST_S]),
        steps=st.lists(
            st.tuples(st.floats(0, 20), st.sampled_from(Haste)),
            min_size=1,
            max_size=30,
        ),
    )
    def test_on_every_sequence_of_calls(
        self, rate: float, burst_s: float, steps: list[tuple[float, Haste]]
    ) -> None:
        remote = bucket.RedisBucket(django_settings.REDIS_URL)
        remote._client.flushdb()
        turns, now = Turns(), NOW
        for pause_s, haste in steps:
            now += timedelta(seconds=round(pause_s, 3))
            turns, slot_s = take_turn(
                turns,
                now_s=now.timestamp(),
                interval_s=1 / rate,
                burst_s=burst_s,
                haste=haste,
            )
            slot = remote.take(1, bucket.Step(1 / rate, burst_s, haste), now=now)
            assert slot is not None
            assert slot.timestamp() == pytest.approx(slot_s, abs=0.001)
        remote._client.close()


class TestPace:
    @given(
        full=st.floats(0.05, 100),
        halvings=st.integers(0, 6),
        number=st.integers(0, 10**5),
    )
    def test_gives_turns_as_the_rate_makes_room(
        self, full: float, halvings: int, number: int
    ) -> None:
        pace = Pace(full, min(full, 1.0) / 2**halvings, NOW)
        turn = pace.turn(number)
        step_s = (pace.turn(number + 1) - turn).total_seconds()
        slowest, quickest = (
            pace.interval_s(NOW + turn),
            pace.interval_s(NOW + turn + RAMP),
        )
        assert quickest * 0.99 - 1e-5 <= step_s <= slowest * 1.01 + 1e-5

    def test_begins_at_one_a_second_and_is_full_after_ten_minutes(self) -> None:
        pace = Pace(9.0, 1.0, NOW)
        rates = [1 / pace.interval_s(NOW + RAMP * part / 4) for part in range(6)]
        assert rates == pytest.approx([1, 3, 5, 7, 9, 9])
        assert pace.turn(0) == timedelta()
        assert pace.turn(3_000) == RAMP
        assert pace.turn(3_009) == RAMP + timedelta(seconds=1)

    def test_knows_no_ramp_where_nothing_was_closed(self) -> None:
        pace = pace_of(Developer(requests_per_s=4), now=NOW)
        assert pace.interval_s(NOW) == 0.25
        assert pace.turn(8) == timedelta(seconds=2)

    def test_forgets_a_ramp_of_a_clock_that_was_set_back(self) -> None:
        later = NOW + timedelta(days=1)
        developer = Developer(requests_per_s=4, circuit_closed_at=later)
        assert not pace_of(developer, now=NOW).is_ramping(NOW)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_never_lets_more_through_than_the_rate_and_the_burst(
        self, store: str, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=2)
        passed, slots, lock = [], [], threading.Lock()

        def call() -> None:
            try:
                for _ in range(5):
                    try:
                        pass_through(another_gate(gate))
                        with lock:
                            passed.append(1)
                    except WaitError as wait:
                        with lock:
                            slots.append(wait.until)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(passed) <= BURST_S * 2 + 1
        assert len(passed) + len(slots) == 40
        assert sum(Usage.objects.values_list("calls", flat=True)) == len(passed)
