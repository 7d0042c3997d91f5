"""The kinds of run that the engine room itself can carry out."""

from automation import registry, retention, runtime
from automation.models import Delivery, Notice, Run
from automation.notices import concerns, keeping, own, sending, watch
from automation.registry import kind
from automation.retention import Kept
from vibe_engine import clock


@kind(retention.KIND, schedulable=True)
def apply_retention(run: Run) -> dict[str, object]:
    """Delete what is older than the settings say."""
    return retention.apply_retention(run=run, settings=runtime.load(), now=clock.now())


@kind(watch.KIND)
def notify(run: Run) -> dict[str, object]:
    """Send one message to one channel."""
    return sending.deliver(run=run, now=clock.now())


registry.on(retention.DUE, retention.delete_old_runs)
registry.on(retention.DUE, keeping.delete_old_notices)
registry.on(concerns.COLLECT, own.collect)
registry.on("account.erased", keeping.forget_account)
retention.declare(
    Kept(
        Run,
        "Ended runs",
        "runs_retention_days",
        retention.runs_older_than,
        lambda before: retention.ended_runs(before=before),
    ),
    Kept(
        Delivery,
        "Messages that were sent",
        "runs_retention_days",
        retention.runs_older_than,
        keeping.old_messages,
    ),
    Kept(
        Notice,
        "Causes of messages",
        "runs_retention_days",
        retention.runs_older_than,
        keeping.ended_notices,
    ),
)
