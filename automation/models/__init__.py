"""The ledger of runs, runtime settings, schedules and the engine's lease."""

from automation.models.engine import EngineLease, Installation
from automation.models.holds import Hold
from automation.models.keeping import Pruning, Setting
from automation.models.runs import Run, RunQuerySet, RunRequest, Submission
from automation.models.schedules import Schedule, ScheduleSlot

__all__ = [
    "EngineLease",
    "Hold",
    "Installation",
    "Pruning",
    "Run",
    "RunQuerySet",
    "RunRequest",
    "Schedule",
    "ScheduleSlot",
    "Setting",
    "Submission",
]
