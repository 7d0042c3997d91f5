"""The throttle: rate, budgets and circuit of one developer."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Developer, Usage
from accounts.tests.factories import make_account, make_app, make_developer
from accounts.throttle import ThrottleGate, bucket, circuit, usage
from accounts.throttle.pace import RAMP, Pace, pace_of
from accounts.throttle.queueing import BURST_S, Haste, Turns, take_turn
from automation.models import Run
from vibe_engine.errors import WaitError
from vibe_engine.spotify.errors import (
    NotFoundError,
    PremiumRequiredError,
    RateLimitedError,
    SpotifyError,
    UnauthorizedError,
    UnavailableError,
)

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class Moment:
    """A clock for one gate, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


@pytest.fixture(autouse=True)
def _empty_buckets() -> None:
    """Developers of different tests may have the same primary key on SQLite."""
    bucket._redis_bucket.cache_clear()
    bucket._redis_bucket(django_settings.REDIS_URL)._client.flushdb()


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture(params=["redis", "row"])
def store(request: pytest.FixtureRequest, settings: Any) -> str:
    """Both homes of the bucket, the first one the real broker."""
    if request.param == "row":
        settings.REDIS_URL = ""
    return str(request.param)


def make_gate(moment: Callable[[], datetime], **fields: Any) -> ThrottleGate:
    developer = make_developer(**fields)
    return ThrottleGate(developer_id=developer.pk, read_clock=moment)


def another_gate(gate: ThrottleGate, **options: bool) -> ThrottleGate:
    return ThrottleGate(
        developer_id=gate._developer_id, read_clock=gate._now, **options
    )


def send_to_wait(gate: ThrottleGate, wait: WaitError) -> datetime:
    """Write a run down as the ledger does when a job was told to wait."""
    Run.objects.create(
        kind="tests.nothing",
        title="Waits",
        budget=developer_of(gate).budget,
        due_at=wait.until,
        reason=wait.cause,
        created_at=wait.until,
    )
    return wait.until


def developer_of(gate: ThrottleGate) -> Developer:
    return Developer.objects.get(pk=gate._developer_id)


def pass_through(
    gate: ThrottleGate, group: str = "catalogue", error: SpotifyError | None = None
) -> None:
    gate.enter(group)
    gate.leave(group, error)


def refused(gate: ThrottleGate, group: str = "catalogue") -> WaitError:
    with pytest.raises(WaitError) as caught:
        gate.enter(group)
    return caught.value


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


@pytest.mark.django_db
@pytest.mark.portable
class TestCircuit:
    def trip(self, gate: ThrottleGate, error: SpotifyError) -> WaitError:
        gate.enter("catalogue")
        with pytest.raises(WaitError) as caught:
            gate.leave("catalogue", error)
        return caught.value

    def test_stays_open_as_long_as_spotify_asks(self, moment: Moment) -> None:
        gate = make_gate(moment)
        wait = self.trip(gate, RateLimitedError("Slower.", retry_after_s=86_207))
        assert wait.until == NOW + timedelta(seconds=86_207)
        assert wait.cause == "circuit"
        moment.forward(seconds=86_206)
        assert refused(another_gate(gate)).cause == "circuit"
        moment.forward(seconds=1)
        pass_through(gate)

    def test_tells_quota_and_premium_from_the_rate(self, moment: Moment) -> None:
        quota = RateLimitedError("Gone.", reason="QUOTA_EXCEEDED", retry_after_s=60)
        wait = self.trip(make_gate(moment), quota)
        assert wait.cause == "quota"
        assert "quota" in str(wait)
        wait = self.trip(make_gate(moment), PremiumRequiredError("Lapsed."))
        assert (wait.cause, wait.until) == ("premium", NOW + timedelta(hours=1))

    def test_doubles_the_wait_where_spotify_names_none(self, moment: Moment) -> None:
        gate, waits = make_gate(moment), []
        for _ in range(6):
            until = self.trip(gate, RateLimitedError("Slower.")).until
            waits.append((until - moment.now).total_seconds())
            moment.now = until
        assert waits == [60, 120, 240, 480, 900, 900]

    def test_goes_on_doubling_when_it_opens_again_right_after_it_was_closed(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        for _ in range(2):
            moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        pass_through(gate)
        until = self.trip(gate, RateLimitedError("Slower.")).until
        assert until == moment.now + timedelta(seconds=240)

    def test_waits_longer_than_asked_for_when_it_opens_again_soon(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        for expected_s in (5, 10, 20):
            until = self.trip(gate, RateLimitedError("No.", retry_after_s=5)).until
            assert until == moment.now + timedelta(seconds=expected_s)
            moment.now = until
        until = self.trip(gate, RateLimitedError("No.", retry_after_s=7_200)).until
        assert until == moment.now + timedelta(hours=2)

    def test_begins_anew_after_ten_good_minutes(self, moment: Moment) -> None:
        gate = make_gate(moment)
        for _ in range(3):
            moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        pass_through(gate)
        moment.forward(minutes=10)
        until = self.trip(gate, RateLimitedError("Slower.")).until
        assert until == moment.now + timedelta(seconds=60)

    def test_rests_for_a_day_when_the_quota_names_no_time(self, moment: Moment) -> None:
        error = RateLimitedError("Gone.", reason="QUOTA_EXCEEDED")
        assert self.trip(make_gate(moment), error).until == NOW + timedelta(days=1)

    def test_asks_ever_more_seldom_while_premium_is_lapsed(
        self, moment: Moment
    ) -> None:
        gate, hours = make_gate(moment), []
        for _ in range(5):
            until = self.trip(gate, PremiumRequiredError("Lapsed.")).until
            hours.append((until - moment.now) / timedelta(hours=1))
            moment.now = until
        assert hours == [1, 2, 4, 6, 6]

    def test_counts_calls_under_way_as_one_trip(self, moment: Moment) -> None:
        gate = make_gate(moment)
        others = [another_gate(gate) for _ in range(5)]
        for one in others:
            one.enter("catalogue")
        for one in others:
            with pytest.raises(WaitError):
                one.leave("catalogue", RateLimitedError("Slower."))
        developer = developer_of(gate)
        assert developer.circuit_trips == 1
        assert developer.circuit_open_until == NOW + timedelta(seconds=60)

    def test_never_shortens_what_spotify_asked_for(self, moment: Moment) -> None:
        gate = make_gate(moment)
        other = another_gate(gate)
        other.enter("catalogue")
        self.trip(gate, RateLimitedError("Day.", retry_after_s=86_400))
        with pytest.raises(WaitError):
            other.leave("catalogue", RateLimitedError("Minute.", retry_after_s=60))
        until = developer_of(gate).circuit_open_until
        assert until == NOW + timedelta(days=1)

    def test_sends_one_probe_and_lets_the_others_wait_for_it(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        gate.enter("catalogue")
        assert refused(another_gate(gate)).cause == "circuit"
        gate.leave("catalogue", None)
        moment.forward(seconds=1)
        pass_through(another_gate(gate))
        developer = developer_of(gate)
        assert developer.circuit_open_until is None
        assert developer.circuit_cause == ""

    def test_closes_after_a_probe_that_got_a_plain_refusal(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        pass_through(gate, error=NotFoundError("Nothing there."))
        assert developer_of(gate).circuit_open_until is None

    def test_lets_another_probe_go_when_spotify_was_away(self, moment: Moment) -> None:
        gate = make_gate(moment)
        moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        pass_through(gate, error=UnavailableError("Away."))
        other = another_gate(gate)
        other.enter("catalogue")
        refused(gate)

    def test_lets_another_probe_go_when_the_first_never_came_back(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        gate.enter("catalogue")
        refused(another_gate(gate))
        moment.forward(seconds=60)
        another_gate(gate).enter("catalogue")

    def test_is_not_closed_by_a_call_that_began_before_it_opened(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        early = another_gate(gate)
        early.enter("catalogue")
        self.trip(gate, RateLimitedError("Slower.", retry_after_s=60))
        early.leave("catalogue", None)
        assert developer_of(gate).circuit_open_until is not None

    def test_spreads_those_who_wait_for_it(self, moment: Moment) -> None:
        gate = make_gate(moment, requests_per_s=1)
        wait = self.trip(gate, RateLimitedError("Slower.", retry_after_s=600))
        slots = [send_to_wait(gate, wait)]
        slots += [send_to_wait(gate, refused(gate)) for _ in range(100)]
        assert {two - one for one, two in pairwise(slots)} == {timedelta(seconds=1)}

    def test_spreads_them_at_the_pace_at_which_calls_go_on(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment, requests_per_s=9)
        wait = self.trip(gate, RateLimitedError("Slower.", retry_after_s=600))
        slots = [send_to_wait(gate, wait)]
        slots += [send_to_wait(gate, refused(gate)) for _ in range(30)]
        for slot in slots:
            moment.now = slot
            pass_through(gate)
        assert slots[2] - slots[1] > slots[30] - slots[29]

    def test_lets_a_click_go_first(self, moment: Moment) -> None:
        gate = make_gate(moment, requests_per_s=1)
        wait = self.trip(gate, RateLimitedError("Slower.", retry_after_s=600))
        send_to_wait(gate, wait)
        clicked = another_gate(gate, interactive=True)
        assert refused(clicked).until == wait.until

    def test_lets_calls_go_slowly_after_it_closed(self, moment: Moment) -> None:
        gate = make_gate(moment, requests_per_s=50)
        moment.now = self.trip(gate, RateLimitedError("Slower.")).until
        for _ in range(2):
            pass_through(gate)
        wait = refused(gate)
        assert wait.cause == "rate"
        assert (wait.until - moment.now).total_seconds() == pytest.approx(1, abs=0.1)
        moment.forward(minutes=10)
        for _ in range(250):
            pass_through(gate)

    def test_begins_half_as_fast_with_every_trip_in_a_row(self, moment: Moment) -> None:
        gate, rates = make_gate(moment, requests_per_s=50), []
        for _ in range(3):
            moment.now = self.trip(gate, RateLimitedError("Slower.")).until
            pace = pace_of(developer_of(gate), now=moment.now)
            rates.append(1 / pace.interval_s(moment.now))
        assert rates == pytest.approx([1, 0.5, 0.25])

    def test_does_not_need_redis(self, moment: Moment, settings: Any) -> None:
        settings.REDIS_URL = ""
        gate = make_gate(moment)
        wait = self.trip(gate, RateLimitedError("Slower."))
        assert refused(another_gate(gate)).cause == "circuit"
        moment.now = wait.until
        for _ in range(2):
            pass_through(gate)
        assert refused(another_gate(gate)).cause == "rate"

    def test_stops_only_the_apps_of_its_developer(self, moment: Moment) -> None:
        developer = make_developer()
        one, two = (make_app(developer=developer) for _ in range(2))
        gate = ThrottleGate(developer_id=one.developer_id, read_clock=moment)
        self.trip(gate, RateLimitedError("Slower."))
        refused(ThrottleGate(developer_id=two.developer_id, read_clock=moment))
        pass_through(make_gate(moment))

    def test_lets_one_call_go_first_when_a_person_asks(self, moment: Moment) -> None:
        gate = make_gate(moment)
        self.trip(gate, PremiumRequiredError("Lapsed."))
        assert circuit.allow_probe(gate._developer_id, now=moment.now)
        other = another_gate(gate)
        gate.enter("catalogue")
        assert refused(other).cause == "premium"
        gate.leave("catalogue", None)
        moment.forward(seconds=5)
        pass_through(other)

    def test_is_not_touched_by_a_person_who_asks_while_calls_pass(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        assert not circuit.allow_probe(gate._developer_id, now=moment.now)
        assert developer_of(gate).circuit_open_until is None

    def test_learns_nothing_from_a_probe_whose_token_was_refused(
        self, moment: Moment
    ) -> None:
        gate = make_gate(moment)
        moment.now = self.trip(gate, PremiumRequiredError("Lapsed.")).until
        pass_through(gate, error=UnauthorizedError("Who?"))
        developer = developer_of(gate)
        assert developer.circuit_open_until is not None
        assert developer.probe_until is None
