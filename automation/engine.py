"""The engine: rings what is due, takes back lapsed leases, opens slots, lives.

One engine leads, by a lease row; others stand by. Where the broker or every
worker is gone, the engine carries runs out itself.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, transaction
from django.db.models import Q

from automation import doorbell, holds, ledger, schedules, verdicts, worker
from automation.models import EngineLease, Run, ScheduleSlot, Submission
from automation.restored import Witness
from automation.retention import KEEP_ROUTINE
from automation.watching import Lookout
from vibe_engine import clock

logger = logging.getLogger(__name__)

LEADER_LEASE = timedelta(seconds=settings.TIMES["ENGINE_LEASE_S"])
ROUND_S = settings.TIMES["ENGINE_ROUND_S"]
RING_AGAIN = timedelta(seconds=settings.TIMES["RING_AGAIN_S"])
"""A ring that no worker has answered for so long is repeated."""
UNANSWERED = timedelta(seconds=settings.TIMES["UNANSWERED_S"])
"""A run rung and not begun for so long is carried out by the engine itself."""
OWN_THREADS = 4
OWN_QUEUE = 40
"""Runs that the engine holds ready for its own threads between two rounds."""


class Engine:
    """One engine process; `run` loops until `stop` is set."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.stop = threading.Event()
        self._pool = ThreadPoolExecutor(OWN_THREADS, thread_name_prefix="engine")
        self._own: dict[int, Future[None]] = {}
        self._swept_at: datetime | None = None
        self._was_away = False
        self._witness = Witness()
        self._lookout = Lookout()

    def run(self) -> None:
        """Make rounds until stopped; a database that is away is waited for."""
        while not self.stop.is_set():
            self._survive(lambda: self.round(now=clock.now()))
            self.stop.wait(ROUND_S if doorbell.is_installed() else ROUND_S / 4)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._survive(self._resign)

    def _survive(self, step: Callable[[], object]) -> None:
        """Take a step; whatever goes wrong is logged and left to the next round."""
        try:
            step()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The database is away (%s).", type(error).__name__)
            close_old_connections()
        except Exception:
            logger.exception("A step of the engine failed; it goes on.")

    def round(self, *, now: datetime) -> bool:
        """Do everything that is due once; return whether this engine leads."""
        if not self._lead(now=now):
            return False
        self._witness.look(now=now)
        holds.free_left_over(now=now)
        ledger.take_back_lapsed(now=now, is_fleet_wide=self._was_away)
        ledger.close_bulks(now=now)
        self._survive(lambda: verdicts.judge_ended(now=now))
        self._survive(lambda: self._lookout.look(now=now))
        self._survive(lambda: schedules.open_due_slots(now=now))
        broker_ok = self._ring_due(now=now)
        self._work_itself(now=now, broker_ok=broker_ok)
        EngineLease.objects.filter(pk=1, holder=self.name).update(
            heartbeat_at=now,
            lease_until=now + LEADER_LEASE,
            broker_ok=broker_ok,
            facts={"own_runs": len(self._own)},
        )
        self._witness.beat(now=now)
        self._sweep(now=now)
        return True

    def _lead(self, *, now: datetime) -> bool:
        """Take or keep the leader's lease; a lease implausibly far off is void.

        Where no engine has made a round for so long, the machine slept, the database
        was away or all was stopped: then the workers may have been away as well.
        """
        last, _ = EngineLease.objects.get_or_create(
            pk=1, defaults={"lease_until": now, "heartbeat_at": now}
        )
        self._was_away = abs(now - last.heartbeat_at) > LEADER_LEASE
        free = (
            Q(holder=self.name)
            | Q(lease_until__lte=now)
            | Q(lease_until__gt=now + 2 * LEADER_LEASE)
        )
        return bool(
            EngineLease.objects.filter(free, pk=1).update(
                holder=self.name, lease_until=now + LEADER_LEASE, heartbeat_at=now
            )
        )

    def _resign(self) -> None:
        now = clock.now()
        EngineLease.objects.filter(pk=1, holder=self.name).update(lease_until=now)

    def _ring_due(self, *, now: datetime) -> bool:
        """Ring due runs that are not known to be in the queue; True if it worked."""
        if not doorbell.is_installed():
            return False
        silent = Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN) | Q(rung_at__gt=now)
        ids = list(
            Run.objects.due(now=now)
            .filter(silent)
            .values_list("pk", flat=True)[: doorbell.MOST_AT_ONCE]
        )
        if not (doorbell.answers() and doorbell.ring(ids)):
            return False
        Run.objects.filter(pk__in=ids, state=Run.State.PLANNED).update(rung_at=now)
        return True

    def _work_itself(self, *, now: datetime, broker_ok: bool) -> None:
        """Carry out runs here: all of them without a broker, else the unanswered."""
        self._own = {pk: f for pk, f in self._own.items() if not f.done()}
        room = OWN_QUEUE - len(self._own)
        due = Run.objects.due(now=now).exclude(pk__in=list(self._own))
        if broker_ok:
            due = due.filter(due_at__lt=now - UNANSWERED)
        for pk in due.values_list("pk", flat=True)[: max(0, room)]:
            self._own[pk] = self._pool.submit(worker.work_and_close, pk)

    def _sweep(self, *, now: datetime) -> None:
        """Once an hour, forget old slots, forms and routine runs that ended well."""
        if self._swept_at is not None and now - self._swept_at < timedelta(hours=1):
            return
        self._swept_at = now
        old = now - KEEP_ROUTINE
        with transaction.atomic():
            ScheduleSlot.objects.filter(slot__lt=old).delete()
            Submission.objects.filter(sent_at__lt=old).delete()
            Run.objects.filter(
                state=Run.State.DONE,
                subject__startswith="schedule:",
                is_bulk=False,
                finished_at__lt=old,
            ).delete()
