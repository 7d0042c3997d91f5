"""The strips above every page: only what the operator must know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.models import Account, Developer
from automation.reads import Pulse

ENGINE_SILENT = timedelta(seconds=60)
CONSENT_WARNING = timedelta(days=14)


@dataclass(frozen=True)
class Strip:
    """One strip; `kind` is "warn" or "info", `until` a moment to show, if any."""

    kind: str
    icon: str
    title: str
    text: str
    url: str = ""
    label: str = ""
    until: datetime | None = None


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
        pulse.heartbeat_at,
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
            f"Calls for {developer.name} rest.",
            "Spotify asked to wait; what waits goes on by itself.",
            reverse("accounts:list"),
            "See quota",
            until,
        )


def _consents(accounts: Sequence[Account], now: datetime) -> Iterator[Strip]:
    lost = [a for a in accounts if a.status == Account.Status.NEEDS_REAUTH]
    for account in lost[:2]:
        yield Strip(
            "warn",
            "warn",
            f"{account} needs a new consent.",
            f"Its {account.playlists_count} playlists stand still, nothing is lost.",
            account.get_absolute_url(),
            "Renew consent",
        )
    ending = [
        a
        for a in accounts
        if a.status == Account.Status.ACTIVE
        and a.consent_left(now=now) < CONSENT_WARNING
    ]
    for account in ending[:2]:
        yield Strip(
            "warn",
            "clock",
            f"The consent of {account} ends soon.",
            "Its playlists stand still from then on unless it is renewed.",
            account.get_absolute_url(),
            "Renew consent",
            account.consent_ends_at,
        )


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
