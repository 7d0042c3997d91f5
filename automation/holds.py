"""Holding back what is written to Spotify: the stop button and shadow mode.

A stop holds the whole fleet: runs that would write wait as blocked and go on by
themselves when somebody resumes. In shadow mode lists are drawn and recorded, and
nothing is sent; it holds the fleet or one account. Reading goes on in both.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from automation import doorbell, registry
from automation.ledger.lease import FREE
from automation.models import Hold, Run
from vibe_engine.errors import BlockedError, ConflictError

logger = logging.getLogger(__name__)

STOPPED = "stopped"
SHADOW = "shadow"
REASONS = {Hold.Kind.STOP: STOPPED, Hold.Kind.SHADOW: SHADOW}
"""Why the ledger says that a run is blocked, by the kind of hold."""


@dataclass(frozen=True)
class Standing:
    """What holds one lane back now; None where nothing does."""

    stop: Hold | None
    shadow: Hold | None


def standing(lane: str) -> Standing:
    """Return what holds this lane back, for itself or with the fleet; one query."""
    holds = {hold.kind: hold for hold in open_holds().filter(lane__in=("", lane))}
    return Standing(holds.get(Hold.Kind.STOP), holds.get(Hold.Kind.SHADOW))


def open_holds() -> QuerySet[Hold]:
    """Return the holds in force, stops first, the fleet before single accounts."""
    return (
        Hold.objects.filter(ended_at=None)
        .select_related("began_by")
        .order_by("-kind", "lane")
    )


def require_moving(lane: str) -> Standing:
    """Let runs of a lane begin that will write; return what else holds it.

    :raises BlockedError: "stopped", until somebody resumes.
    """
    found = standing(lane)
    if found.stop is not None:
        raise BlockedError(STOPPED, _stop_words(found.stop))
    return found


def _stop_words(stop: Hold) -> str:
    """Say who stopped pushes, when and why, and what lets a run go on."""
    text = (
        f"Pushes are stopped since {stop.began_at:%Y-%m-%d %H:%M} UTC by "
        f"{stop.began_by_words}; it goes on when somebody resumes them."
    )
    return f"{text} The reason: {stop.reason}" if stop.reason else text


def require_writing(lane: str) -> None:
    """Let one call pass that writes to Spotify; asked right before it is sent.

    :raises BlockedError: "stopped" or "shadow".
    """
    if require_moving(lane).shadow is not None:
        raise BlockedError(
            SHADOW, "Shadow mode: nothing is sent to Spotify until it is left."
        )


def stop_writing(
    *, now: datetime, by: AbstractBaseUser | None = None, reason: str = ""
) -> bool:
    """Stop everything that would write to Spotify; return False if it was stopped.

    A call that is under way still lands; no other one starts.
    """
    return _begin(Hold.Kind.STOP, "", now=now, by=by, reason=reason)


def resume_writing(*, now: datetime, by: AbstractBaseUser | None = None) -> int:
    """Let go on what waits; return how many runs were set free.

    :raises ConflictError: nothing is stopped.
    """
    if not _end(Hold.Kind.STOP, "", now=now, by=by):
        raise ConflictError("Pushes are not stopped.")
    return _free(_waiting(STOPPED), now=now)


def enter_shadow(
    *, now: datetime, by: AbstractBaseUser | None = None, lane: str = ""
) -> bool:
    """Begin shadow mode of the fleet or of one lane; False if it is on already."""
    return _begin(Hold.Kind.SHADOW, lane, now=now, by=by)


def leave_shadow(
    *, now: datetime, by: AbstractBaseUser | None = None, lane: str = ""
) -> int:
    """End shadow mode of the fleet or of one lane; return how many runs go on.

    A lane that is held with the fleet as well stays in shadow mode.

    :raises ConflictError: it is not in shadow mode by itself.
    """
    with transaction.atomic():
        if not _end(Hold.Kind.SHADOW, lane, now=now, by=by):
            raise ConflictError("It is not in shadow mode.")
        registry.emit("shadow.left", lane=lane, now=now)
        return _free(_waiting(SHADOW, lane), now=now)


def forget_lane(lane: str, *, now: datetime) -> None:
    """End the holds of a lane that is gone."""
    Hold.objects.filter(lane=lane, ended_at=None).update(ended_at=now)


def free_left_over(*, now: datetime) -> int:
    """Set free what was blocked just as its hold ended; the engine asks each round."""
    left = Run.objects.none()
    holds = set(open_holds().values_list("kind", "lane"))
    if (Hold.Kind.STOP, "") not in holds:
        left |= _waiting(STOPPED)
    if (Hold.Kind.SHADOW, "") not in holds:
        lanes = [lane for kind, lane in holds if kind == Hold.Kind.SHADOW]
        left |= _waiting(SHADOW).exclude(lane__in=lanes)
    return _free(left, now=now) if left.exists() else 0


def count_waiting(reason: str, lane: str = "") -> dict[str, int]:
    """Return how many runs wait for the end of a hold, by kind of run."""
    waiting = _waiting(reason, lane).order_by("kind").values_list("kind")
    return dict(waiting.annotate(Count("pk")))


def _begin(
    kind: Hold.Kind,
    lane: str,
    *,
    now: datetime,
    by: AbstractBaseUser | None,
    reason: str = "",
) -> bool:
    try:
        with transaction.atomic():
            Hold.objects.create(
                kind=kind,
                lane=lane,
                reason=reason[:300],
                began_at=now,
                began_by_id=by.pk if by else None,
            )
    except IntegrityError:
        return False
    logger.warning("%s begun (%s).", kind.label, lane or "fleet")
    return True


def _end(
    kind: Hold.Kind, lane: str, *, now: datetime, by: AbstractBaseUser | None
) -> bool:
    mine = Hold.objects.filter(kind=kind, lane=lane, ended_at=None)
    ended = mine.update(ended_at=now, ended_by_id=by.pk if by else None)
    if ended:
        logger.warning("%s ended (%s).", kind.label, lane or "fleet")
    return bool(ended)


def _waiting(reason: str, lane: str = "") -> QuerySet[Run]:
    blocked = Run.objects.filter(state=Run.State.BLOCKED, reason=reason)
    return blocked.filter(lane=lane) if lane else blocked


def _free(runs: QuerySet[Run], *, now: datetime) -> int:
    with transaction.atomic():
        own = runs.order_by("pk").select_for_update(of=("self",))
        ids = list(own.values_list("pk", flat=True))
        Run.objects.filter(pk__in=ids, state=Run.State.BLOCKED).update(
            state=Run.State.PLANNED, due_at=now, reason="", error="", **FREE
        )
        transaction.on_commit(partial(doorbell.ring, ids))
    return len(ids)
