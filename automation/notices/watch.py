"""Comparing what is the matter with what was, and opening the messages about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.urls import reverse

from automation import ledger
from automation.ledger import RunSpec
from automation.models import Channel, Delivery, Notice, Run, Telling
from automation.notices import concerns
from automation.notices.concerns import Concern
from automation.runtime import RuntimeSettings

KIND = "automation.notify"
STILL_NEWS = timedelta(days=1)
"""An end that is older than this is told to nobody any more."""


def watch(*, settings: RuntimeSettings, now: datetime) -> list[Delivery]:
    """Note what began and what ended, and open a message to each channel about it.

    What is found at one look comes in one message to each channel. A channel that is
    new, or was off, hears of what still stands.
    """
    note_changes(concerns.collect(settings=settings, now=now), now=now)
    opened = [
        _open(channel, what, notices, now=now)
        for channel in Channel.objects.filter(is_on=True)
        for what, notices in _untold(channel, now=now).items()
        if notices
    ]
    return [delivery for delivery in opened if delivery is not None]


def note_changes(found: Mapping[str, Concern], *, now: datetime) -> None:
    """Bring the standing notices in line with what is the matter now."""
    with transaction.atomic():
        for notice in Notice.objects.standing():
            concern = found.get(notice.key)
            if concern is None:
                Notice.objects.filter(pk=notice.pk).update(ended_at=now)
            else:
                _reword(notice, concern, now=now)
        known = set(Notice.objects.standing().values_list("key", flat=True))
        new = [one for key, one in found.items() if key not in known]
        Notice.objects.bulk_create(
            [_notice(concern, now=now) for concern in new], ignore_conflicts=True
        )


def _notice(concern: Concern, *, now: datetime) -> Notice:
    return Notice(
        topic=concern.topic,
        key=concern.key[:120],
        lane=concern.lane,
        since=concern.since,
        opened_at=now,
        tell_from=now + concern.patience,
        **concern.words(),
    )


def _reword(notice: Notice, concern: Concern, *, now: datetime) -> None:
    """Keep a standing notice's words current; it may become urgent, never less so."""
    tell_from = min(notice.tell_from, now + concern.patience)
    changes = concern.words() | {"tell_from": tell_from}
    if any(getattr(notice, name) != value for name, value in changes.items()):
        Notice.objects.filter(pk=notice.pk).update(**changes)


def _untold(channel: Channel, *, now: datetime) -> dict[str, list[Notice]]:
    """Return what a channel has not heard: causes that stand, and those it knew."""
    opened, over = Delivery.What.OPENED, Delivery.What.OVER
    followed = Notice.objects.filter(topic__in=channel.topics).order_by("pk")
    told = Telling.objects.filter(channel=channel)
    knows = told.filter(what=opened).values("notice")
    knows_end = told.filter(what=over).values("notice")
    standing = followed.standing().filter(tell_from__lte=now)
    ended = followed.filter(ended_at__gt=now - STILL_NEWS, pk__in=knows)
    return {
        opened: list(standing.exclude(pk__in=knows)),
        over: list(ended.exclude(pk__in=knows_end)) if channel.tells_end else [],
    }


def _open(
    channel: Channel, what: str, notices: Sequence[Notice], *, now: datetime
) -> Delivery | None:
    """Open one message; None if another engine has just opened it."""
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(
                channel=channel, what=what, created_at=now
            )
            Telling.objects.bulk_create(
                Telling(delivery=delivery, notice=one, channel=channel, what=what)
                for one in notices
            )
            open_delivery(delivery, now=now, priority=Run.Priority.SCHEDULED)
    except IntegrityError:
        return None
    return delivery


def open_delivery(
    delivery: Delivery,
    *,
    now: datetime,
    priority: int,
    requested_by: AbstractBaseUser | None = None,
) -> Run:
    """Open the run that sends a message; its title names the channel alone."""
    delivery.run = ledger.open_run(
        RunSpec(
            kind=KIND,
            subject=f"delivery:{delivery.pk}",
            title=f"Notify {delivery.channel.name}: {delivery.get_what_display()}",
            url=reverse("automation:notices"),
            arguments={"delivery": delivery.pk},
            priority=priority,
        ),
        now=now,
        requested_by=requested_by,
    )
    delivery.save(update_fields=["run"])
    return delivery.run
