"""How long what was told is kept."""

from datetime import datetime
from typing import Protocol

from django.db.models import QuerySet

from automation import pruning, retention
from automation.models import Delivery, Notice, Run
from automation.runtime import RuntimeSettings


class HasLane(Protocol):
    """Anything with a lane: an account, as this room sees it."""

    @property
    def lane(self) -> str:
        """ "account:7"."""


def delete_old_notices(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete causes that ended, and messages, when runs of that age are deleted."""
    older_than = retention.runs_older_than(settings, now)
    if older_than is None:
        return
    for rows in (old_messages(older_than), ended_notices(older_than)):
        pruning.prune(run, rows, older_than=older_than, now=now)


def old_messages(before: datetime) -> QuerySet[Delivery]:
    """Return the messages of before a moment whose causes have all ended."""
    return Delivery.objects.filter(created_at__lt=before).exclude(
        notices__ended_at=None, notices__isnull=False
    )


def ended_notices(before: datetime) -> QuerySet[Notice]:
    """Return the causes that ended before a moment."""
    return Notice.objects.filter(ended_at__lt=before)


def forget_account(*, account: HasLane) -> None:
    """Delete what was told of an account that has been erased."""
    Notice.objects.filter(lane=account.lane).delete()
