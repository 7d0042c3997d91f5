"""What rests: read from the packed plans of a playlist's lists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Q, Window
from django.db.models.functions import RowNumber

from library import pool
from playlists import sampler
from playlists.models import Playlist, PlaylistSnapshot
from playlists.sampler.rest import NEVER, Played

LISTS_BEFORE = 12
"""Lists from before the rest that are read too, so that a report can say "rested"."""
DatedPlan = tuple[bytes | memoryview, datetime | None]

OF_ONE = """
    SELECT plan, replaced_at FROM playlist_snapshots
    WHERE playlist_id = %(playlist)s AND replaced_at IS NULL
    AND (state = 'confirmed' OR state = 'planned' AND sent_at IS NOT NULL)
    UNION ALL
    SELECT plan, replaced_at FROM playlist_snapshots
    WHERE playlist_id = %(playlist)s AND replaced_at >= %(since)s
    UNION ALL
    SELECT * FROM (
        SELECT plan, replaced_at FROM playlist_snapshots
        WHERE playlist_id = %(playlist)s AND replaced_at < %(since)s
        ORDER BY replaced_at DESC LIMIT %(before)s
    ) AS earlier
"""
"""The lists of one playlist that matter to a draw, as a statement: putting it together
from objects takes several times as long as the database needs to answer."""


def read_resting(
    playlist: Playlist,
    *,
    cooldown_days: int,
    now: datetime,
    library: sampler.Library | None = None,
) -> sampler.Resting:
    """Return what must rest for one playlist; see `read_resting_of`."""
    lists = read_plans(playlist, cooldown_days=cooldown_days, now=now)
    return resting_from(lists, now=now, library=library)


def read_plans(
    playlist: Playlist, *, cooldown_days: int, now: datetime
) -> list[DatedPlan]:
    """Return plan and time of leaving of each list of one playlist that matters."""
    since = connection.ops.adapt_datetimefield_value(_midnight_of(now, cooldown_days))
    asked = {"playlist": playlist.pk, "since": since, "before": LISTS_BEFORE}
    with connection.cursor() as cursor:
        cursor.execute(OF_ONE, asked)
        rows: list[DatedPlan] = cursor.fetchall()
    left_at = PlaylistSnapshot._meta.get_field("replaced_at").get_col("")
    for convert in connection.ops.get_db_converters(left_at):
        rows = [(plan, convert(left, left_at, connection)) for plan, left in rows]
    return rows


def read_resting_of(
    playlists: Sequence[Playlist],
    *,
    cooldown_days: int,
    now: datetime,
    library: sampler.Library | None = None,
) -> dict[int, sampler.Resting]:
    """Return what must rest, by playlist, read from the packed plans: one query.

    Current is what stands on Spotify or may stand there, since it was sent; a list
    has left on the day of its `replaced_at`. Recordings of tracks that the library
    holds cost no query.
    """
    lists: dict[int, list[DatedPlan]] = {playlist.pk: [] for playlist in playlists}
    for pk, plan, left in _plans_of(list(lists), cooldown_days, now=now):
        lists[pk].append((plan, left))
    return {
        pk: resting_from(own, now=now, library=library) for pk, own in lists.items()
    }


def _plans_of(
    playlist_ids: Sequence[int], cooldown_days: int, *, now: datetime
) -> Iterator[tuple[int, bytes | memoryview, datetime | None]]:
    """Yield playlist, plan and time of leaving of each list that matters to a draw."""
    since = _midnight_of(now, cooldown_days)
    snapshots = PlaylistSnapshot.objects.filter(playlist__in=playlist_ids)
    standing = Q(replaced_at=None) & (
        Q(state=PlaylistSnapshot.State.CONFIRMED)
        | Q(state=PlaylistSnapshot.State.PLANNED, sent_at__isnull=False)
    )
    turn = Window(RowNumber(), partition_by="playlist_id", order_by="-replaced_at")
    earlier = snapshots.filter(replaced_at__lt=since).annotate(turn=turn)
    recent = Q(pk__in=earlier.filter(turn__lte=LISTS_BEFORE).values("pk"))
    matter = standing | Q(replaced_at__gte=since) | recent
    yield from snapshots.filter(matter).values_list("playlist", "plan", "replaced_at")


def _midnight_of(now: datetime, days_ago: int) -> datetime:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days_ago)


def resting_from(
    lists: Iterable[DatedPlan],
    *,
    now: datetime,
    library: sampler.Library | None = None,
) -> sampler.Resting:
    """Return what must rest, from plans and the times at which they left.

    Tracks that the library holds rest by their ids; of all others the recordings are
    read, since other releases of them may be in it.
    """
    played = _played(list(lists))
    if library is None:
        return _by_recording(played, sampler.day_of(now))
    is_here = library.rows_of(played.track_ids) >= 0
    if is_here.all():
        return sampler.Resting(sampler.day_of(now), played=played)
    elsewhere = Played(played.track_ids[~is_here], played.days[~is_here])
    resting = _by_recording(elsewhere, sampler.day_of(now))
    return replace(resting, played=played)


def _played(lists: Sequence[DatedPlan]) -> Played:
    packed = b"".join(plan for plan, _ in lists)
    days = [NEVER if left is None else sampler.day_of(left) for _, left in lists]
    lengths = [len(plan) // PlaylistSnapshot.PACKED.itemsize for plan, _ in lists]
    return Played(
        np.frombuffer(packed, PlaylistSnapshot.PACKED),
        np.repeat(np.array(days, np.int64), lengths),
    )


def _by_recording(played: Played, today: int) -> sampler.Resting:
    track_ids = played.track_ids.tolist()
    numbers = pool.recording_numbers(set(track_ids))
    current: set[int] = set()
    left: dict[int, int] = {}
    for pk, day in zip(track_ids, played.days.tolist(), strict=True):
        if pk in numbers and day == NEVER:
            current.add(numbers[pk])
        elif pk in numbers:
            left[numbers[pk]] = max(day, left.get(numbers[pk], day))
    return sampler.Resting(today=today, current=current, left=left)
