"""Strips about what holds writing to Spotify back: the stop button, shadow mode."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from automation.reads import Held
from metrics.strips import Strip
from vibe_engine import words

MOST_NAMED = 3


def hold_strips(
    *,
    stop: Held | None,
    shadow: Held | None,
    shadowed: Sequence[Account],
    may_act: bool,
    now: datetime,
) -> list[Strip]:
    """Return a strip for a stop, one for the fleet's shadow mode, else the accounts'.

    The button that ends it stands in the strip for those who may press it.
    """
    return [
        *_stopped(stop, may_act=may_act, now=now),
        *_fleet_in_shadow(shadow, may_act=may_act, now=now),
        *_accounts_in_shadow([] if shadow else shadowed),
    ]


def _stopped(stop: Held | None, *, may_act: bool, now: datetime) -> Iterator[Strip]:
    if stop is None:
        return
    since = _since(stop, now)
    if stop.reason:
        text = f"{stop.reason} {since}. See what waits before you resume."
        url, label = reverse("automation:writing"), "See what waits"
        yield Strip("warn", "pause", "Pushes are stopped.", text, url, label)
        return
    yield Strip(
        "warn",
        "pause",
        "Pushes are stopped.",
        f"{since}. Runs wait and lose nothing.",
        reverse("automation:resume" if may_act else "automation:writing"),
        "Resume" if may_act else "See what waits",
        posts=may_act,
    )


def _fleet_in_shadow(
    shadow: Held | None, *, may_act: bool, now: datetime
) -> Iterator[Strip]:
    if shadow is None:
        return
    yield Strip(
        "info",
        "eye",
        "Shadow mode.",
        f"Lists are drawn and recorded, nothing is sent to Spotify. "
        f"{_since(shadow, now)}.",
        reverse("automation:leave_shadow" if may_act else "automation:writing"),
        "Leave shadow mode" if may_act else "See what waits",
        posts=may_act,
    )


def _accounts_in_shadow(held: Sequence[Account]) -> Iterator[Strip]:
    if not held:
        return
    names = ", ".join(str(account) for account in held[:MOST_NAMED])
    more = len(held) - MOST_NAMED
    who = f"{names} and {more} more" if more > 0 else names
    single = len(held) == 1
    yield Strip(
        "info",
        "eye",
        f"Shadow mode for {who}.",
        "Lists are drawn and recorded there, nothing is sent to Spotify.",
        held[0].get_absolute_url() if single else reverse("accounts:list"),
        "See the account" if single else "See the accounts",
    )


def _since(hold: Held, now: datetime) -> str:
    began = words.day_and_time(
        timezone.localtime(hold.began_at), timezone.localtime(now)
    )
    return f"Since {began}, by {hold.began_by_words}"
