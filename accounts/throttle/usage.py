"""How many calls a developer has made, by hour and group, and what a day allows."""

from collections.abc import Iterable, Mapping, Sequence
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
PLAYLIST_READS = "playlist reads"
BUDGETS = (CATALOGUE, PLAYLIST_WRITES, PLAYLIST_READS)
BUDGET_OF_GROUP = {
    "catalogue": CATALOGUE,
    "features": CATALOGUE,
    "playlist_write": PLAYLIST_WRITES,
    "playlist_read": PLAYLIST_READS,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of one sort in the last 24 hours, and how many a day may bring.

    The last `reserve` of them are kept for what a person asks for.
    """

    name: str
    used: int
    limit: int
    reserve: int = 0

    @property
    def for_routine(self) -> int:
        """Calls a day that schedules and bulks may use."""
        return self.limit - self.reserve

    @property
    def left(self) -> int:
        """Calls still to be had now."""
        return max(0, self.limit - self.used)

    @property
    def routine_left(self) -> int:
        """Calls that schedules and bulks may still have now."""
        return max(0, self.for_routine - self.used)


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
    """Return the developer's daily budgets with what has been used."""
    hours = _hours_in_window(now)
    rows = Usage.objects.filter(developer=developer, hour__gte=hours)
    calls = dict(rows.values_list("group").annotate(Sum("calls")).order_by())
    return budgets_of(developer, calls)


def budgets_of(developer: Developer, calls: Mapping[str, int]) -> tuple[Budget, ...]:
    """Return the developer's daily budgets, given the calls by endpoint group."""
    return tuple(
        Budget(
            name,
            used=sum(calls.get(group, 0) for group in _groups(name)),
            limit=limit,
            reserve=reserve_of(developer, limit),
        )
        for name, limit in limits(developer).items()
    )


def limits(developer: Developer) -> dict[str, int]:
    """Return the calls a day by the name of the budget."""
    return {
        CATALOGUE: developer.catalogue_calls_a_day,
        PLAYLIST_WRITES: developer.playlist_writes_a_day,
        PLAYLIST_READS: developer.playlist_reads_a_day,
    }


def reason_of(name: str) -> str:
    """Return what the ledger calls the wait for a budget."""
    return f"budget:{name}"


def reserve_of(developer: Developer, limit: int) -> int:
    """Return how many of `limit` calls are kept for what a person asks for."""
    return limit * developer.interactive_reserve_percent // 100


def calls_of_budget(
    developer: Developer, name: str, *, now: datetime
) -> list[tuple[datetime, int]]:
    """Return the calls that count against a budget, by hour, the oldest first.

    Calls are counted by the hour, and an hour counts until all of it is 24 hours
    old, so the budget is never exceeded in any 24 hours. Workers that ask at the
    same moment may together go over by one call each.
    """
    rows = Usage.objects.filter(
        developer=developer, hour__gte=_hours_in_window(now), group__in=_groups(name)
    )
    return list(rows.values_list("hour").annotate(Sum("calls")).order_by("hour"))


def room_at(
    by_hour: Sequence[tuple[datetime, int]],
    *,
    limit: int,
    number: int,
    now: datetime,
) -> datetime:
    """Return when a used-up budget has room for the one who waits at place `number`.

    Places count from 0. An hour that leaves the window makes room for as many calls
    as were made in it, and those who wait for them are spread evenly over the hour.
    Who waits for more than the whole window frees comes a day's rhythm later.
    """
    wanted = sum(calls for _, calls in by_hour) - limit + number
    for hour, calls in by_hour:
        if wanted < calls:
            return hour + HOUR + WINDOW + HOUR * (max(wanted, 0) / calls)
        wanted -= calls
    rhythm = WINDOW / limit if limit else HOUR
    return now + WINDOW + HOUR + rhythm * wanted


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
