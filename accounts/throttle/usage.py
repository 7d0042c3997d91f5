"""How many calls a developer has made, by hour and group, and what a day allows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from accounts.models import Developer, Usage

HOUR = timedelta(hours=1)
WINDOW = timedelta(hours=24)
"""Spotify's quota window is rolling, not a calendar day (reports of August 2026)."""

CATALOGUE = "catalogue"
PLAYLIST_WRITES = "playlist writes"
BUDGET_OF_GROUP = {
    "catalogue": CATALOGUE,
    "features": CATALOGUE,
    "playlist_write": PLAYLIST_WRITES,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of one sort in the last 24 hours, and how many a day may bring."""

    name: str
    used: int
    limit: int

    @property
    def left(self) -> int:
        """Calls still to be had now."""
        return max(0, self.limit - self.used)


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def count_call(
    *, developer_id: int, account_id: int | None, group: str, now: datetime
) -> None:
    """Count one call; safe with any number of workers at once.

    Without an account two workers may each begin a row; only the first one grows
    from then on, and readers add them up.
    """
    place = {
        "developer_id": developer_id,
        "account_id": account_id,
        "group": group,
        "hour": hour_of(now),
    }
    first = Usage.objects.filter(**place).order_by("pk").values("pk")[:1]
    one = Usage.objects.filter(pk__in=first)
    if one.update(calls=F("calls") + 1):
        return
    try:
        with transaction.atomic():
            Usage.objects.create(**place, calls=1)
    except IntegrityError:
        one.update(calls=F("calls") + 1)


def budgets(developer: Developer, *, now: datetime) -> tuple[Budget, ...]:
    """Return the developer's two daily budgets with what has been used."""
    hours = _hours_in_window(now)
    rows = Usage.objects.filter(developer=developer, hour__gte=hours)
    calls = dict(rows.values_list("group").annotate(Sum("calls")).order_by())
    return tuple(
        Budget(name, sum(calls.get(group, 0) for group in _groups(name)), limit)
        for name, limit in limits(developer).items()
    )


def limits(developer: Developer) -> dict[str, int]:
    """Return the calls a day by the name of the budget."""
    return {
        CATALOGUE: developer.catalogue_calls_a_day,
        PLAYLIST_WRITES: developer.playlist_writes_a_day,
    }


def budget_opens_at(
    developer: Developer, group: str, *, now: datetime
) -> datetime | None:
    """Return when the group's budget takes another call; None: it does so now.

    Calls are counted by the hour, and an hour counts until all of it is 24 hours
    old, so the budget is never exceeded in any 24 hours. Workers that ask at the
    same moment may together go over by one call each.
    """
    name = BUDGET_OF_GROUP.get(group)
    if name is None:
        return None
    limit = limits(developer)[name]
    rows = Usage.objects.filter(
        developer=developer, hour__gte=_hours_in_window(now), group__in=_groups(name)
    )
    by_hour = list(rows.values_list("hour").annotate(Sum("calls")).order_by("hour"))
    return _room_from(by_hour, limit=limit, now=now)


def _room_from(
    by_hour: Iterable[tuple[datetime, int]], *, limit: int, now: datetime
) -> datetime | None:
    hours = list(by_hour)
    used = sum(calls for _, calls in hours)
    if used < limit:
        return None
    for hour, calls in hours:
        used -= calls
        if used < limit:
            return hour + HOUR + WINDOW
    return now + WINDOW


def calls_by_hour(
    rows: Iterable[tuple[datetime, int]], *, now: datetime
) -> tuple[tuple[datetime, int], ...]:
    """Spread (hour, calls) over the 24 hours that end with the present one."""
    latest = hour_of(now)
    hours = {latest - number * HOUR: 0 for number in range(23, -1, -1)}
    for hour, calls in rows:
        if hour in hours:
            hours[hour] += calls
    return tuple(hours.items())


def _hours_in_window(now: datetime) -> datetime:
    return hour_of(now) - WINDOW


def _groups(name: str) -> tuple[str, ...]:
    return tuple(group for group, budget in BUDGET_OF_GROUP.items() if budget == name)
