"""The strips above every page: only what the operator must know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Developer
from accounts.throttle import circuit
from automation.reads import Pulse
from vibe_engine import words

ENGINE_SILENT = timedelta(seconds=60)
CONSENT_WARNING = timedelta(days=14)
MOST_ALIKE = 2
"""Strips about consents; what is left over is counted in one more."""


@dataclass(frozen=True)
class Strip:
    """One strip; `kind` is "warn" or "info", times are told in the person's zone."""

    kind: str
    icon: str
    title: str
    text: str
    url: str = ""
    label: str = ""


def strips_for(
    *, accounts: Sequence[Account], pulse: Pulse, now: datetime
) -> list[Strip]:
    """Return the strips in order of urgency, without a query."""
    return [
        *_engine(pulse, now),
        *_circuits(accounts, now),
        *_consents(accounts, now),
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
    developers: dict[int, Developer] = {
        account.app.developer_id: account.app.developer for account in accounts
    }
    for developer in developers.values():
        until = developer.circuit_open_until
        if until is None or until <= now:
            continue
        yield Strip(
            "warn",
            "warn",
            f"Calls for {developer.name} rest until {_exact(until, now)}.",
            f"{_sentence(circuit.words(developer.circuit_cause))}; what waits goes on "
            "by itself then.",
            reverse("accounts:list"),
            "See quota",
        )


def _consents(accounts: Sequence[Account], now: datetime) -> Iterator[Strip]:
    lost = [
        account
        for account in accounts
        if account.status == Account.Status.NEEDS_REAUTH and not account.is_disconnected
    ]
    for account in lost[:MOST_ALIKE]:
        yield Strip(
            "warn",
            "warn",
            f"{account} needs a new consent.",
            f"Its {_playlists(account)} until then; nothing is lost.",
            account.get_absolute_url(),
            "Renew consent",
        )
    ending = [
        account
        for account in accounts
        if account.status == Account.Status.ACTIVE
        and account.consent_left(now=now) < CONSENT_WARNING
    ]
    for account in ending[:MOST_ALIKE]:
        yield Strip(
            "warn",
            "clock",
            f"The consent of {account} ends {_exact(account.consent_ends_at, now)}.",
            f"Its {_playlists(account)} from then on unless it is renewed.",
            account.get_absolute_url(),
            "Renew consent",
        )
    yield from _more(len(lost[MOST_ALIKE:]) + len(ending[MOST_ALIKE:]))


def _more(count: int) -> Iterator[Strip]:
    if count:
        who = "1 more account wants" if count == 1 else f"{count} more accounts want"
        yield Strip(
            "warn",
            "clock",
            f"{who} a new consent.",
            "",
            reverse("accounts:list"),
            "See accounts",
        )


def _playlists(account: Account) -> str:
    count = account.playlists_count
    return "1 playlist stands still" if count == 1 else f"{count} playlists stand still"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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
