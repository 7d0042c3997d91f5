"""What the other lists within the scope of a rest held at an earlier moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from library import pool
from library.pool import PoolColumns
from playlists import sampler
from playlists.models import PlaylistSnapshot

Days = dict[int, int]


class _List(NamedTuple):
    pk: int
    plan: bytes | memoryview
    state: str
    planned_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    replaced_at: datetime | None


def neighbours_then(
    snapshot: PlaylistSnapshot, rules: sampler.Rules, *, known: PoolColumns
) -> Iterator[Days]:
    """Yield on which day recordings had left other lists when a list was planned.

    Says what `Neighbours` said then; what stood somewhere left that day. When a plan
    that was never sent was given up is not known: where there are such plans of the
    day, a second answer counts them.
    """
    if rules.rest_scope == "playlist" or rules.cooldown_days == 0:
        yield {}
        return
    certain: Days = {}
    given_up: Days = {}
    for one in _lists_in_scope(snapshot, rules):
        day = _day_left(one, snapshot)
        if day is not None:
            days = given_up if _may_be_given_up(one, snapshot.planned_at) else certain
            for track in PlaylistSnapshot.unpack(one.plan):
                days[track] = max(day, days.get(track, day))
    yield _by_recording(certain, known)
    if given_up:
        yield _by_recording(given_up | certain, known)


def _lists_in_scope(
    snapshot: PlaylistSnapshot, rules: sampler.Rules
) -> Iterator[_List]:
    since = _midnight(snapshot.planned_at) - timedelta(days=rules.cooldown_days)
    lists = PlaylistSnapshot.objects.exclude(playlist=snapshot.playlist_id).filter(
        Q(replaced_at=None) | Q(replaced_at__gte=since),
        planned_at__lte=snapshot.planned_at,
    )
    if rules.rest_scope == "account":
        lists = lists.filter(playlist__account=snapshot.playlist.account_id)
    lists = lists.exclude(state=PlaylistSnapshot.State.SHADOW)
    yield from map(_List._make, lists.values_list(*_List._fields).iterator())


def _day_left(one: _List, snapshot: PlaylistSnapshot) -> int | None:
    """Return on which day a list had left its playlist, None if it did not count."""
    at = snapshot.planned_at
    if one.replaced_at is not None and one.replaced_at <= at:
        return sampler.day_of(one.replaced_at)
    came = one.confirmed_at is not None and one.confirmed_at <= at
    if not came and (one.planned_at, one.pk) > (at, snapshot.pk):
        return None
    awaited = _was_sent(one, at) or one.planned_at >= _midnight(at)
    return sampler.day_of(at) if came or awaited else None


def _may_be_given_up(one: _List, at: datetime) -> bool:
    """Tell whether a plan may have been given up before a moment, unsent."""
    is_given_up = one.state == PlaylistSnapshot.State.ABANDONED
    return is_given_up and not _was_sent(one, at)


def _was_sent(one: _List, at: datetime) -> bool:
    return one.sent_at is not None and one.sent_at <= at


def _by_recording(days: Days, known: PoolColumns) -> Days:
    numbers = pool.recording_numbers(days, known=known)
    left: Days = {}
    for track, number in numbers.items():
        left[number] = max(days[track], left.get(number, days[track]))
    return left


def _midnight(moment: datetime) -> datetime:
    day = moment.astimezone(UTC)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)
