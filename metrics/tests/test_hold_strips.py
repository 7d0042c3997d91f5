"""What the strips say while something holds writing to Spotify back."""

from datetime import UTC, datetime

from accounts.models import Account
from automation.reads import Held
from automation.restored import REASON
from metrics.hold_strips import hold_strips
from metrics.strips import Strip

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


HELD = Held(NOW, "anna")


def strips(
    *,
    stop: Held | None = None,
    shadow: Held | None = None,
    accounts: int = 0,
    may_act: bool = True,
) -> list[Strip]:
    shadowed = [
        Account(pk=number, display_name=f"Radio {number}", app_id=1)
        for number in range(1, accounts + 1)
    ]
    return hold_strips(
        stop=stop, shadow=shadow, shadowed=shadowed, may_act=may_act, now=NOW
    )


class TestHoldStrips:
    def test_are_silent_where_nothing_is_held(self) -> None:
        assert strips() == []

    def test_say_who_and_offer_resuming_to_those_who_may(self) -> None:
        (strip,) = strips(stop=HELD)
        assert (strip.label, strip.posts) == ("Resume", True)
        assert "by anna" in strip.text
        (strip,) = strips(stop=HELD, may_act=False)
        assert (strip.label, strip.posts) == ("See what waits", False)

    def test_ask_to_look_first_after_a_backup(self) -> None:
        (strip,) = strips(stop=Held(NOW, "", REASON))
        assert REASON in strip.text
        assert "by Vibe Engine" in strip.text
        assert not strip.posts

    def test_name_the_accounts_in_shadow_mode(self) -> None:
        (strip,) = strips(accounts=1)
        assert strip.title == "Shadow mode for Radio 1."
        (strip,) = strips(accounts=5)
        assert strip.title == "Shadow mode for Radio 1, Radio 2, Radio 3 and 2 more."

    def test_speak_of_the_fleet_alone_where_all_of_it_is_in_shadow_mode(self) -> None:
        (strip,) = strips(shadow=HELD, accounts=1)
        assert strip.title == "Shadow mode."
