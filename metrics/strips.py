"""The strips above every page: only what the operator must know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import CONSENT_SOON, Account, App
from accounts.pressure import closed_because, closed_until
from accounts.services import halting
from automation import waiting
from automation.reads import Pulse
from vibe_engine import words

ENGINE_SILENT = timedelta(seconds=60)
NOT_YET_URGENT_DAYS = CONSENT_SOON.days
FLEET = "accounts:list"
MOST_ALIKE = 2
"""Strips of one sort about accounts; more are summed up in one."""


@dataclass(frozen=True)
class Strip:
    """One strip; `kind` is "warn" or "info", times are told in the person's zone.

    `url` is followed, or posted to where it `posts`.
    """

    kind: str
    icon: str
    title: str
    text: str
    url: str = ""
    label: str = ""
    posts: bool = False


def strips_for(
    *, accounts: Sequence[Account], pulse: Pulse, now: datetime
) -> list[Strip]:
    """Return the strips in order of urgency; one query, where calls rest."""
    return [
        *_engine(pulse, now),
        *_circuits(accounts, now),
        *_halts(accounts, now),
        *_lost(accounts),
        *_refused(accounts),
        *_ending(accounts, now),
        *_sandbox(),
    ]


def _engine(pulse: Pulse, now: datetime) -> Iterator[Strip]:
    if pulse.heartbeat_at is not None and now - pulse.heartbeat_at < ENGINE_SILENT:
        return
    yield Strip(
        "warn",
        "warn",
        "The engine does not answer.",
        "Nothing is reshuffled by itself until it runs again; nothing is lost.",
        reverse("metrics:health"),
        "See health",
    )


def _circuits(accounts: Sequence[Account], now: datetime) -> Iterator[Strip]:
    developers = {a.app.developer_id: a.app.developer for a in accounts}
    closed = [one for one in developers.values() if closed_until(one, now=now)]
    waits = waiting.counts(budgets=[one.budget for one in closed], now=now)
    for developer in closed:
        until, cause = developer.circuit_open_until, closed_because(developer, now=now)
        if until is None or cause is None:
            continue
        todo = cause.todo if cause.wants_a_person else "What waits goes on by itself."
        yield Strip(
            "warn",
            "warn",
            f"Calls for {developer.name} rest until {_exact(until, now)}.",
            f"{cause.title}; {_runs_waiting(waits.get(developer.budget, 0))}. {todo}",
            reverse("accounts:list"),
            "See what waits",
        )


def _runs_waiting(count: int) -> str:
    if not count:
        return "nothing waits for it yet"
    return "1 run waits" if count == 1 else f"{count:,} runs wait"


def _halts(accounts: Sequence[Account], now: datetime) -> Iterator[Strip]:
    apps: dict[int, App] = {account.app_id: account.app for account in accounts}
    for app in apps.values():
        if app.refresh_halted_until is None:
            continue
        check_at = max(app.refresh_halted_until, now)
        yield Strip(
            "warn",
            "warn",
            f"No token of {app} is refreshed.",
            f"{halting.words(app)} The next check is {_exact(check_at, now)}.",
            reverse(FLEET),
            "See accounts",
        )


def _lost(accounts: Sequence[Account]) -> Iterator[Strip]:
    lost = [
        account
        for account in accounts
        if account.status == Account.Status.NEEDS_REAUTH and not account.is_disconnected
    ]
    if len(lost) > MOST_ALIKE:
        title = f"{len(lost):,} accounts need a new consent."
        yield _many("warn", title, f"Their {_playlists(*lost)} until then.")
        return
    for account in lost:
        text = f"Its {_playlists(account)} until then; nothing is lost."
        yield _one(account, "warn", f"{account} needs a new consent.", text)


def _refused(accounts: Sequence[Account]) -> Iterator[Strip]:
    """Those that are asked again by themselves; a doubted app has a strip already."""
    refused = [
        account
        for account in accounts
        if account.is_usable
        and account.recheck_at is not None
        and account.app.refresh_halt_cause != halting.Cause.DOUBT
    ]
    if not refused:
        return
    first_at = min(account.recheck_at for account in refused if account.recheck_at)
    who = refused[0] if len(refused) == 1 else f"{len(refused):,} accounts"
    yield Strip(
        "warn",
        "clock",
        f"Spotify refused the sign-in of {who}; "
        f"checking again at {timezone.localtime(first_at):%H:%M}.",
        "What waits for it goes on by itself if it was a mistake.",
        refused[0].get_absolute_url() if len(refused) == 1 else reverse(FLEET),
        "See account" if len(refused) == 1 else "See accounts",
    )


def _ending(accounts: Sequence[Account], now: datetime) -> Iterator[Strip]:
    ending = sorted(
        (account for account in accounts if account.ends_soon(now=now)),
        key=lambda account: account.consent_ends_at,
    )
    if len(ending) > MOST_ALIKE:
        first = ending[0]
        yield _many(
            _urgency(first, now),
            f"{len(ending):,} consents end within {CONSENT_SOON.days} days.",
            f"That of {first} is the first, {_exact(first.consent_ends_at, now)}; "
            "playlists stand still from then on unless it is renewed.",
        )
        return
    for account in ending:
        yield _one(
            account,
            _urgency(account, now),
            f"The consent of {account} ends {_exact(account.consent_ends_at, now)}.",
            f"Its {_playlists(account)} from then on unless it is renewed.",
        )


def _urgency(account: Account, now: datetime) -> str:
    days = account.consent_warning(now=now)
    return "info" if days == NOT_YET_URGENT_DAYS else "warn"


def _one(account: Account, kind: str, title: str, text: str) -> Strip:
    url = reverse("accounts:renew", args=[account.pk])
    return Strip(kind, "clock", title, text, url, "Renew consent")


def _many(kind: str, title: str, text: str) -> Strip:
    return Strip(kind, "clock", title, text, reverse(FLEET), "See accounts")


def _playlists(*accounts: Account) -> str:
    count = sum(account.playlists_count for account in accounts)
    return (
        "1 playlist stands still" if count == 1 else f"{count:,} playlists stand still"
    )


def _exact(moment: datetime, now: datetime) -> str:
    return words.day_and_time(timezone.localtime(moment), timezone.localtime(now))


def _sandbox() -> Iterator[Strip]:
    if not settings.DEMO:
        return
    yield Strip(
        "info",
        "lock",
        "Sandbox.",
        "A local Spotify answers every call; nothing leaves this machine.",
        settings.SANDBOX_URL,
        "Open it",
    )
