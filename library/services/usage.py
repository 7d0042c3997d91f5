"""Which tracks may be drawn, and how often they were."""

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Greatest

from library.models import LibraryVersion, Track, TrackQuerySet
from vibe_engine.errors import InputError


def mark_used(track_ids: Collection[int], *, on: date) -> None:
    """Count one use of each track, on a day; for the transaction that confirms.

    The version of the library stays: pools count uses up to the day before by
    themselves. Rows are locked in one order, so that two confirmations never wait
    for each other.
    """
    tracks = Track.objects.filter(pk__in=track_ids)
    with transaction.atomic():
        ids = list(
            tracks.order_by("pk")
            .select_for_update(no_key=True)
            .values_list("pk", flat=True)
        )
        is_first_today = Q(last_used_on=None) | Q(last_used_on__lt=on)
        Track.objects.filter(pk__in=ids).update(
            prior_used_on=_before(is_first_today, "last_used_on", "prior_used_on"),
            prior_use_count=_before(is_first_today, "use_count", "prior_use_count"),
            use_count=F("use_count") + 1,
            last_used_on=Greatest(Coalesce(F("last_used_on"), on), on),
        )


def _before(is_first_today: Q, now: str, prior: str) -> Case:
    return Case(When(is_first_today, then=F(now)), default=F(prior))


def hold_tracks(*, tracks: TrackQuerySet, reason: str) -> int:
    """Keep tracks out of every later draw; return how many were not held before.

    Tracks that are held already keep their reason. Lists that stand on Spotify
    stay as they are until their next reshuffle.

    :raises InputError: no reason is given.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise InputError("Say why these tracks are held back.", field="reason")
    held = {"is_usable": False, "held_reason": reason[:200]}
    return _update(tracks.filter(is_usable=True), **held)


def release_tracks(*, tracks: TrackQuerySet) -> int:
    """Let held tracks be drawn again; return how many were held."""
    return _update(tracks.filter(is_usable=False), is_usable=True, held_reason="")


def _update(tracks: TrackQuerySet, **changes: object) -> int:
    with transaction.atomic():
        count = Track.objects.filter(pk__in=tracks.order_by().values("pk")).update(
            **changes
        )
        if count:
            LibraryVersion.bump()
    return count
