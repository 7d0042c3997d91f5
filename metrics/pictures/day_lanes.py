"""Yesterday, today and tomorrow of each account."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.models import Q

from accounts.models import Account
from automation.models import Run
from metrics.pictures.agenda import Turn
from metrics.pictures.words import counted
from metrics.reads import day_start
from metrics.services import standing
from metrics.services.energies import Energies
from playlists.models import PlaylistSnapshot
from playlists.services import reshuffling
from vibe_engine.charts import Lane, Mark
from vibe_engine.charts.lanes import NOW_AT, SPAN
from vibe_engine.words import grouped

MOST_MARKS = 2_000
MOST_LANES = 30


@dataclass(frozen=True)
class Lanes:
    """The accounts' days around now, the same as rows, and how many are not shown.

    `energies_at` is when the energies of all but the newest lists were counted, None
    where they were just now.
    """

    head: ClassVar = ("Account", "Done", "Waiting", "Failed", "Planned")

    rows: Sequence[Lane]
    table: Sequence[tuple[str, int, int, int, int]]
    hidden: int
    meaning: str
    energies_at: datetime | None


def lanes(
    *, accounts: Sequence[Account], turns: Sequence[Turn], now: datetime
) -> Lanes:
    """Return a lane for each account, the fullest ones first if there are many."""
    shown = sorted(accounts, key=lambda one: (-one.playlists_count, one.pk))
    shown = shown[:MOST_LANES]
    since, until = _reach(now)
    energies = standing.look_at_energies(now=now)
    near = [turn for turn in turns if turn.at < until]
    marks: defaultdict[int, list[Mark]] = defaultdict(list)
    for account, mark in (
        *_past(since, energies),
        *_troubled(since),
        *_coming(near, now),
    ):
        marks[account].append(mark)
    rows = [_lane(account, marks[account.pk], now=now) for account in shown]
    return Lanes(
        rows=rows,
        table=[_counted(row) for row in rows],
        hidden=len(accounts) - len(shown),
        meaning=_lanes_meaning(rows),
        energies_at=energies.taken_at,
    )


def _reach(now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when a lane goes: the picture, and the whole of today."""
    start = now - SPAN * (NOW_AT / 100)
    return min(day_start(now), start), max(day_start(now, days=1), start + SPAN)


def _past(since: datetime, energies: Energies) -> Iterator[tuple[int, Mark]]:
    lists = PlaylistSnapshot.objects.confirmed().filter(confirmed_at__gte=since)
    columns = ("pk", "playlist__account_id", "confirmed_at", "playlist__name")
    rows = lists.values_list(*columns, energies.fresh(lists)).order_by("-confirmed_at")
    for pk, account, at, name, fresh in rows[:MOST_MARKS]:
        yield account, Mark(at, "done", name, energies.of(pk, fresh))


def _troubled(since: datetime) -> Iterator[tuple[int, Mark]]:
    failed = Q(state=Run.State.FAILED, finished_at__gte=since)
    runs = Run.objects.filter(
        failed | Q(state=Run.State.WORKING),
        kind=reshuffling.KIND,
        is_bulk=False,
        lane__startswith="account:",
    )
    columns = ("lane", "state", "title", "started_at", "finished_at")
    for lane, state, title, started_at, finished_at in runs.values_list(*columns):
        account = int(lane.removeprefix("account:"))
        if state == Run.State.FAILED:
            yield account, Mark(finished_at, "failed", title)
        else:
            yield account, Mark(started_at, "working", title)


def _coming(turns: Sequence[Turn], now: datetime) -> Iterator[tuple[int, Mark]]:
    for turn in turns:
        is_late = turn.waits or turn.at <= now
        yield (
            turn.account,
            Mark(turn.at, "waiting" if is_late else "planned", turn.name),
        )


def _lane(account: Account, marks: Sequence[Mark], *, now: datetime) -> Lane:
    today, tomorrow = day_start(now), day_start(now, days=1)
    of_today = [mark for mark in marks if today <= mark.at < tomorrow]
    return Lane(
        name=str(account),
        url=account.get_absolute_url(),
        image_url=account.image_url,
        marks=marks,
        done_today=sum(mark.state == "done" for mark in of_today),
        planned_today=sum(mark.state != "failed" for mark in of_today),
    )


def _counted(lane: Lane) -> tuple[str, int, int, int, int]:
    states = Counter(mark.state for mark in lane.marks)
    late = states["waiting"] + states["working"]
    return (lane.name, states["done"], late, states["failed"], states["planned"])


def _lanes_meaning(rows: Sequence[Lane]) -> str:
    done = sum(row.done_today for row in rows)
    asked = sum(row.planned_today for row in rows)
    failed = sum(mark.state == "failed" for row in rows for mark in row.marks)
    if not asked:
        return "Nothing falls due today."
    trouble = "nothing failed" if not failed else f"{grouped(failed)} failed"
    return (
        f"{grouped(done)} of today's {counted(asked, 'reshuffle')} "
        f"{'is' if done == 1 else 'are'} done; since yesterday {trouble}."
    )
