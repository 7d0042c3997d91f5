"""The ledger of runs, runtime settings, schedules and the engine's lease."""

from automation.models.engine import EngineLease, Installation
from automation.models.holds import Hold
from automation.models.keeping import Pruning, Setting
from automation.models.notices import (
    Channel,
    Delivery,
    Notice,
    Telling,
    Topic,
)
from automation.models.runs import Run, RunQuerySet, RunRequest, Submission
from automation.models.schedules import Schedule, ScheduleSlot

__all__ = [
    "Channel",
    "Delivery",
    "EngineLease",
    "Hold",
    "Installation",
    "Notice",
    "Pruning",
    "Run",
    "RunQuerySet",
    "RunRequest",
    "Schedule",
    "ScheduleSlot",
    "Setting",
    "Submission",
    "Telling",
    "Topic",
]
