"""The runs that write down how the fleet does."""

from automation import registry, retention, runtime
from automation.models import Run
from automation.notices.concerns import COLLECT
from automation.registry import kind
from automation.retention import Kept
from metrics import concerns
from metrics.arguments import GrainForm
from metrics.models import MetricSnapshot
from metrics.services import keeping, snapshots, standing
from vibe_engine import clock
from vibe_engine.errors import VibeError


@kind("metrics.snapshot", schedulable=True, arguments=GrainForm)
def take_snapshot(run: Run) -> dict[str, object]:
    """Write the figures down for the hour or the day in which the run was asked for.

    :raises VibeError: the grain is neither "hourly" nor "daily".
    """
    grain = str(run.arguments.get("grain", MetricSnapshot.Grain.HOURLY))
    if grain not in MetricSnapshot.Grain.values:
        raise VibeError(f"Figures are taken hourly or daily, not “{grain[:40]}”.")
    slot = snapshots.slot_of(grain, run.created_at)
    is_new = snapshots.take(
        grain=grain, slot=slot, now=clock.now(), settings=runtime.load()
    )
    if is_new and grain == MetricSnapshot.Grain.HOURLY:
        standing.keep(now=clock.now())
    return {"grain": grain, "slot": slot.isoformat(), "written": is_new}


registry.on(retention.DUE, keeping.delete_old_snapshots)
registry.on(COLLECT, concerns.collect)
retention.declare(
    Kept(
        MetricSnapshot,
        "Figures, hourly and daily",
        "metrics_retention_days",
        keeping.figures_older_than,
        keeping.old_figures,
    )
)
