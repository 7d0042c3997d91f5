"""How long what was told is kept."""

from datetime import datetime, timedelta
from typing import Protocol

from automation import pruning
from automation.models import Delivery, Notice, Run
from automation.runtime import RuntimeSettings


class HasLane(Protocol):
    """Anything with a lane: an account, as this room sees it."""

    @property
    def lane(self) -> str:
        """ "account:7"."""


def delete_old_notices(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete causes that ended, and messages, when runs of that age are deleted."""
    if not settings.runs_retention_days:
        return
    older_than = now - timedelta(days=settings.runs_retention_days)
    messages = Delivery.objects.filter(created_at__lt=older_than).exclude(
        notices__ended_at=None, notices__isnull=False
    )
    pruning.prune(run, messages, older_than=older_than, now=now)
    ended = Notice.objects.filter(ended_at__lt=older_than)
    pruning.prune(run, ended, older_than=older_than, now=now)


def forget_account(*, account: HasLane) -> None:
    """Delete what was told of an account that has been erased."""
    Notice.objects.filter(lane=account.lane).delete()
