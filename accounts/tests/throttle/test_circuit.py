"""The circuit of one developer."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from accounts.tests.factories import make_app, make_developer
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
from accounts.throttle import ThrottleGate, circuit
from accounts.throttle.pace import pace_of
from vibe_engine.errors import WaitError
from vibe_engine.spotify.errors import (
    NotFoundError,
    PremiumRequiredError,
    RateLimitedError,
    SpotifyError,
    UnauthorizedError,
    UnavailableError,
)


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
