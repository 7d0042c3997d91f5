"""What of the accounts needs a person, as it is told outside of the pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.urls import reverse

from accounts.models import CONSENT_SOON, Account, Developer
from accounts.pressure import closed_because
from automation.models import Topic
from automation.notices.concerns import Concern, Note
from automation.runtime import RuntimeSettings
from vibe_engine import words

LAST_CALL = timedelta(days=1)
WAIT = "Wait; what stands still goes on by itself."
PROBED_WITHIN = timedelta(minutes=15)
"""A circuit whose time is over and that nobody has tried by then is no news."""
BLOCKED = (Account.Status.NEEDS_REAUTH, Account.Status.BLOCKED)


def collect(*, note: Note, settings: RuntimeSettings, now: datetime) -> None:
    """Note consents that end, accounts that are lost, and calls that rest for hours."""
    seen = [*_consents(now), *_lost(now)]
    hours = timedelta(hours=settings.notify_circuit_hours)
    for concern in [*seen, *_circuits(hours, now)]:
        note(concern)


def _consents(now: datetime) -> Iterator[Concern]:
    """A month ahead, and once more on the last day."""
    soon = Account.objects.usable().filter(
        consent_ends_at__gt=now, consent_ends_at__lte=now + CONSENT_SOON
    )
    for account in soon.order_by("consent_ends_at", "pk"):
        yield _ending(account, CONSENT_SOON, now)
        if account.consent_ends_at <= now + LAST_CALL:
            yield _ending(account, LAST_CALL, now)


def _ending(account: Account, ahead: timedelta, now: datetime) -> Concern:
    ends_at = account.consent_ends_at
    return Concern(
        topic=Topic.CONSENT,
        key=f"consent:{account.pk}:{ends_at:%Y-%m-%d}:{ahead.days}",
        title=f"The consent of {account} ends on {ends_at:%-d %B %Y}",
        text=f"{_playlists(account)} from then on; nothing is lost.",
        todo="Renew the consent before that; it takes a minute.",
        path=reverse("accounts:renew", args=[account.pk]),
        since=max(ends_at - ahead, account.authorized_at),
        lane=account.lane,
    )


def _lost(now: datetime) -> Iterator[Concern]:
    lost = Account.objects.filter(status__in=BLOCKED, disconnected_at=None)
    for account in lost.order_by("pk"):
        needs_seat = account.status == Account.Status.BLOCKED
        need = "holds no seat of its app" if needs_seat else "needs a new consent"
        todo = (
            "Add it under User Management in Spotify's developer dashboard, then "
            "check again."
            if needs_seat
            else "Connect it again; its work goes on by itself then."
        )
        yield Concern(
            topic=Topic.ACCOUNT,
            key=f"account:{account.pk}:{account.status}",
            title=f"{account} {need}",
            text=f"{_playlists(account)} until then; nothing is lost.",
            todo=todo,
            path=account.get_absolute_url(),
            since=now,
            lane=account.lane,
        )


def _circuits(hours: timedelta, now: datetime) -> Iterator[Concern]:
    """Those that stay open for hours: by now, or by what Spotify has said."""
    tripped = Developer.objects.exclude(circuit_open_until=None)
    for developer in tripped.filter(circuit_open_until__gt=now - PROBED_WITHIN):
        until = developer.circuit_open_until or now
        cause = closed_because(developer, now=min(now, until - timedelta(seconds=1)))
        title = cause.title if cause else "Spotify asked for a pause"
        todo = cause.todo if cause and cause.wants_a_person else WAIT
        yield Concern(
            topic=Topic.CIRCUIT,
            key=f"circuit:{developer.pk}",
            title=f"Calls for {developer.name} rest",
            text=f"{title}. They rest until {_moment(until)} at least.",
            todo=todo,
            path=reverse("accounts:list"),
            since=now,
            patience=timedelta() if until - now >= hours else hours,
        )


def _playlists(account: Account) -> str:
    count = account.playlists_count
    noun = "playlist stands" if count == 1 else "playlists stand"
    return f"{words.grouped(count)} {noun} still"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
