"""The strip about schedules that have paused themselves."""

from datetime import timedelta

import pytest

from automation import reads
from automation.models import EngineLease
from automation.reads import Paused
from automation.tests.timetables import make_interval
from metrics.schedule_strips import schedule_strips
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

WHY = "Failed three times running. The account is gone."


@pytest.fixture(params=[True, False], ids=["engine", "no engine"])
def paused(request: pytest.FixtureRequest) -> Paused | None:
    """What the frame's one query tells of two paused schedules among three."""
    now = clock.now()
    if request.param:
        EngineLease.objects.create(lease_until=now, heartbeat_at=now)
    assert reads.pulse(since=now - timedelta(days=1)).paused is None
    for reason in ("", WHY, "Another reason."):
        make_interval(5, anchor=now, paused_reason=reason)
    return reads.pulse(since=now - timedelta(days=1)).paused


class TestPulse:
    def test_counts_the_paused_and_names_the_first(self, paused: Paused | None) -> None:
        assert paused is not None
        assert (paused.count, paused.reason) == (2, WHY)
        assert paused.name.startswith("Test ")


class TestStrip:
    def test_is_not_there_while_none_is_paused(self) -> None:
        assert list(schedule_strips(None, may_act=True)) == []

    def test_says_why_and_holds_the_button(self) -> None:
        (strip,) = schedule_strips(Paused(1, 7, "Weekend", WHY), may_act=True)
        assert strip.title == "“Weekend” has paused itself."
        assert strip.text.startswith(WHY)
        assert (strip.posts, strip.url) == (True, "/automation/schedules/7/resume/")

    def test_only_leads_there_for_those_who_may_not_act(self) -> None:
        (strip,) = schedule_strips(Paused(1, 7, "Weekend", WHY), may_act=False)
        assert (strip.posts, strip.url) == (False, "/automation/")

    def test_sums_up_several(self) -> None:
        (strip,) = schedule_strips(Paused(3, 7, "Weekend", WHY), may_act=True)
        assert strip.title == "3 schedules have paused themselves."
        assert (strip.posts, strip.url) == (False, "/automation/")
