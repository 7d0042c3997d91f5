"""Days that pass in seconds: where nothing is to be done, the clock moves on.

Product and sandbox read one clock, so their limits, tokens and due dates move
together. The clock never stands still: what takes time takes it here as well.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Min

from automation import schedules, worker
from automation.engine import Engine
from automation.models import Run, Schedule
from playlists.models import Playlist
from vibe_engine import clock
from vibe_engine.testing.clock import MovableClock

THREADS = 4
AT_ONCE = 40
"""Runs that are begun before the clock is looked at again."""
TOGETHER = timedelta(seconds=5)
"""Runs due within this time are waited for together."""
ROUND = timedelta(seconds=30)
"""The engine makes a round at least so often while there is work."""
FREQUENT = timedelta(hours=1)
"""Schedules that come as often as this have their slots along the way."""
DUE_KIND = "playlists.reshuffle_due"


class Heart(Engine):
    """The engine as it is, but for carrying runs out: `Days` does that."""

    def _ring_due(self, *, now: datetime) -> bool:
        return True

    def _work_itself(self, *, now: datetime, broker_ok: bool) -> None:
        pass


class Days:
    """Lets time pass: rounds of the engine, its schedules' slots, and due runs."""

    def __init__(self) -> None:
        self.clock = MovableClock(Path(os.environ["VIBE_CLOCK_FILE"]))
        self._engine = Heart()
        self._engine_at = clock.now()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="days")

    def stop(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True)

    def live(self, until: datetime, *, over: Callable[[], bool] = bool) -> None:
        """Let time pass until then, or until a round of the engine finds it `over`."""
        while (now := clock.now()) < until:
            if now >= self._engine_at:
                self._engine.round(now=now)
                self._engine_at = now + ROUND
                if over():
                    while self._work(clock.now()):
                        pass
                    return
            if not self._work(now):
                self._move_on(until)

    def _work(self, now: datetime) -> bool:
        """Carry out what is due; return whether there was anything."""
        due = list(Run.objects.due(now=now).values_list("pk", flat=True)[:AT_ONCE])
        list(self._pool.map(worker.work, due))
        return bool(due)

    def _move_on(self, until: datetime) -> None:
        """Move to the next moment at which there is something to do."""
        planned = Run.objects.filter(state=Run.State.PLANNED, is_bulk=False)
        due_at = planned.aggregate(at=Min("due_at"))["at"]
        stop = due_at + TOGETHER if due_at else until
        if stop >= self._engine_at:
            stop = min([stop, until, *self._slots(clock.now())])
            self._engine_at = stop
        self.clock.set(max(clock.now(), stop))

    @staticmethod
    def _slots(now: datetime) -> Iterator[datetime]:
        """Yield the next slot of each schedule, looks that find nothing left out.

        The look for due playlists is passed over as long as none is due; what comes
        every hour has its newest slot whenever the engine looks.
        """
        first_due = Playlist.objects.filter(status=Playlist.Status.ACTIVE).aggregate(
            at=Min("next_reshuffle_at")
        )["at"]
        running = Schedule.objects.filter(task__enabled=True, paused_reason="")
        for schedule in running.select_related("task__crontab", "task__interval"):
            if schedule.kind == DUE_KIND and first_due is not None:
                after = max(now, first_due - timedelta(microseconds=1))
                yield from schedules.next_slots(schedule, now=after, count=1)
            slots = schedules.next_slots(schedule, now=now, count=2)
            if len(slots) == 2 and slots[1] - slots[0] > FREQUENT:
                yield slots[0]
