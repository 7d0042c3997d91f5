"""What the strips say while something holds writing to Spotify back."""

from datetime import UTC, datetime

from accounts.models import Account
from automation.models import Hold
from automation.restored import REASON
from metrics.hold_strips import hold_strips
from metrics.strips import Strip

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def strips(*held: Hold, accounts: int = 0, may_act: bool = True) -> list[Strip]:
    fleet = [
        Account(pk=number, display_name=f"Radio {number}", app_id=1)
        for number in range(1, accounts + 1)
    ]
    return hold_strips(holds=held, accounts=fleet, may_act=may_act, now=NOW)


def hold(kind: str, lane: str = "", reason: str = "") -> Hold:
    return Hold(kind=kind, lane=lane, reason=reason, began_at=NOW)


class TestHoldStrips:
    def test_are_silent_where_nothing_is_held(self) -> None:
        assert strips(accounts=3) == []

    def test_offer_resuming_to_those_who_may(self) -> None:
        (strip,) = strips(hold("stop"))
        assert (strip.label, strip.posts) == ("Resume", True)
        (strip,) = strips(hold("stop"), may_act=False)
        assert (strip.label, strip.posts) == ("See what waits", False)

    def test_ask_to_look_first_after_a_backup(self) -> None:
        (strip,) = strips(hold("stop", reason=REASON))
        assert REASON in strip.text
        assert not strip.posts

    def test_name_the_accounts_in_shadow_mode(self) -> None:
        lanes = [hold("shadow", f"account:{number}") for number in range(1, 6)]
        (strip,) = strips(*lanes[:1], accounts=5)
        assert strip.title == "Shadow mode for Radio 1."
        (strip,) = strips(*lanes, accounts=5)
        assert strip.title == "Shadow mode for Radio 1, Radio 2, Radio 3 and 2 more."

    def test_speak_of_the_fleet_alone_where_all_of_it_is_in_shadow_mode(self) -> None:
        (strip,) = strips(hold("shadow"), hold("shadow", "account:1"), accounts=1)
        assert strip.title == "Shadow mode."
