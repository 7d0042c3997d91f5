"""The ledger of runs: the database is the truth, Celery is the doorbell.

    planned -- claim --> working --> done
       ^                    |--> planned again, with a due time
       |<-- unblock -- blocked
       '-- engine           '--> failed, cancelled

Every transition is one conditional UPDATE, so it is right on PostgreSQL and on
SQLite, with any number of workers.
"""

from automation.ledger.ending import (
    MAX_ERRORS,
    block,
    close_bulks,
    fail,
    finish,
    postpone,
    retry,
)
from automation.ledger.lapses import (
    APART,
    MAX_CRASHES,
    SUSPECT_AFTER,
    is_held,
    is_suspect,
    note_death,
    take_back_lapsed,
)
from automation.ledger.lease import (
    CALL_LEASE_S,
    LEASE_S,
    claim,
    fenced,
    note_step,
    remember,
    require_lease,
)
from automation.ledger.opening import RunSpec, open_bulk, open_run, watch_opened
from automation.ledger.steering import (
    cancel,
    cancel_waiting,
    retry_failed,
    unblock,
)

__all__ = [
    "APART",
    "CALL_LEASE_S",
    "LEASE_S",
    "MAX_CRASHES",
    "MAX_ERRORS",
    "SUSPECT_AFTER",
    "RunSpec",
    "block",
    "cancel",
    "cancel_waiting",
    "claim",
    "close_bulks",
    "fail",
    "fenced",
    "finish",
    "is_held",
    "is_suspect",
    "note_death",
    "note_step",
    "open_bulk",
    "open_run",
    "postpone",
    "remember",
    "require_lease",
    "retry",
    "retry_failed",
    "take_back_lapsed",
    "unblock",
    "watch_opened",
]
