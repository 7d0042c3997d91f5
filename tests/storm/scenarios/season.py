"""Ninety days of a fleet on the moved clock: every list on time, the library in turn.

Two hundred playlists of four accounts are created over the first five days and live
by the product's own schedules, with the limits a new developer has. Nobody does
anything from then on.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np

from accounts.models import Developer
from automation import runtime
from automation.models import Run, ScheduleSlot
from library.models import Track
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import spreading
from tests.storm.claims import Claims
from tests.storm.days import Days
from tests.storm.exposure import Exposure, busiest, exposure_of, uniform_lists
from tests.storm.fleet import found_one_house
from tests.storm.storm import Figures, Storm
from vibe_engine import clock
from vibe_engine.sandbox.limits import RATE_WINDOW_S

ACCOUNTS = 4
SIZE, INTERVAL_DAYS, COOLDOWN_DAYS = 50, 5, 5
ALBUMS_EACH = 6
"""Albums for each playlist: some seventy tracks, of which a list holds fifty."""
FOUNDING_DAYS = INTERVAL_DAYS
DAY = timedelta(days=1)
LIMITS = {
    "requests_per_s": 1,
    "catalogue_calls_a_day": 400,
    "playlist_writes_a_day": 300,
}
"""What a new developer's row holds."""
WINDOW = 2 * RATE_WINDOW_S
"""Calls that the sandbox allows in 30 s: two a second, of which one is used."""
ON_TIME = timedelta(minutes=10)
"""Two looks for what is due."""


@dataclass(frozen=True)
class Turn:
    """One list that came by itself: after which, when it was due, when it stood."""

    before_at: datetime
    due_at: datetime
    came_at: datetime

    @property
    def late(self) -> timedelta:
        return self.came_at - self.due_at


def rage(storm: Storm) -> Figures:
    """Found the fleet, let the days pass, and say what became of it."""
    days, count = Days(), storm.size.runs
    storm.say(f"{count} playlists, {storm.size.rounds} days")
    first = (clock.now() + DAY).replace(hour=9, minute=0, second=0, microsecond=0)
    developer, storm.fleet = found_one_house(
        storm.ground.sandbox, accounts=ACCOUNTS, albums=ALBUMS_EACH * count
    )
    Developer.objects.filter(pk=developer.pk).update(**LIMITS)
    storm.ground.sandbox.options(rate=WINDOW, quota=LIMITS["catalogue_calls_a_day"])
    storm.ground.sandbox.mark()
    storm.say(f"{Track.objects.usable().count():,} tracks may be drawn")
    try:
        _live(storm, days, first=first, playlists=count)
    finally:
        days.stop()
    storm.accept_everything()
    return _tell(storm)


def _live(storm: Storm, days: Days, *, first: datetime, playlists: int) -> None:
    """Create a share on each of the first days; from then on only let time pass."""
    days.clock.set(first)
    share = playlists // (FOUNDING_DAYS * ACCOUNTS)
    for number in range(storm.size.rounds):
        if number < FOUNDING_DAYS:
            for account in storm.fleet.accounts:
                storm.fleet.create(account, share, size=SIZE)
        days.live(first + (number + 1) * DAY)
        lists = PlaylistSnapshot.objects.confirmed().count()
        storm.say(f"day {number + 1}: {lists:,} lists so far")


def _tell(storm: Storm) -> Figures:
    figures, claims = storm.judge(), Claims(storm)
    turns = _turns()
    _claim_time(storm, claims, turns)
    _claim_calls(storm, claims)
    ours, uniform = _exposures(storm.seed)
    claims.fact("exposure", ours)
    claims.fact("the same lists drawn uniformly, without rules", uniform)
    claims.claim(
        "more even than uniform, longer rests, no less used",
        "yes" if _is_better(ours, uniform) else "no",
        holds=_is_better(ours, uniform),
    )
    return figures | {
        "days": storm.size.rounds,
        "turns": sum(map(len, turns.values())),
        "coverage": round(ours.coverage, 4),
        "gini": round(ours.gini, 3),
        "gini_uniform": round(uniform.gini, 3),
        "mean_rest_days": round(ours.mean_rest_days, 1),
        "wrong": figures["wrong"] + claims.broken,
    }


def _turns() -> dict[int, list[Turn]]:
    """Return the lists of each playlist that its schedule brought, oldest first.

    When each was due is reckoned anew from the list before it.
    """
    settings, playlists = runtime.load(), Playlist.objects.in_bulk()
    came: dict[int, list[datetime]] = defaultdict(list)
    lists = PlaylistSnapshot.objects.confirmed().order_by("confirmed_at", "pk")
    for pk, at in lists.values_list("playlist_id", "confirmed_at"):
        if at is not None:
            came[pk].append(at)
    return {
        pk: [
            Turn(
                before,
                spreading.next_due(playlists[pk], settings, last_at=before),
                after,
            )
            for before, after in pairwise(moments)
        ]
        for pk, moments in came.items()
    }


def _claim_time(storm: Storm, claims: Claims, turns: dict[int, list[Turn]]) -> None:
    """Each list came on its day, and soon after its time of that day."""
    every = [turn for some in turns.values() for turn in some]
    claims.claim("playlists that live", len(turns), holds=len(turns) == storm.size.runs)
    claims.fact("lists that came by themselves", len(every))
    slots = ScheduleSlot.objects.filter(schedule__kind="playlists.reshuffle_due")
    claims.fact("looks for what is due in the last days that are kept", slots.count())
    overdue = Playlist.objects.due(now=clock.now() - ON_TIME).count()
    claims.claim("playlists overdue at the end", overdue, holds=not overdue)
    apart = {(turn.came_at.date() - turn.before_at.date()).days for turn in every}
    claims.claim(
        "days between two lists", sorted(apart), holds=apart == {INTERVAL_DAYS}
    )
    late = [turn.late for turn in every] or [timedelta()]
    latest, earliest = max(late), min(late)
    claims.claim(
        f"latest after its time, of {ON_TIME}",
        timedelta(seconds=round(latest.total_seconds())),
        holds=latest <= ON_TIME,
    )
    claims.claim(
        "lists before their time",
        int(earliest < timedelta()),
        holds=earliest >= timedelta(),
    )
    mean_s = np.mean([one.total_seconds() for one in late])
    claims.fact("after its time in the mean", timedelta(seconds=round(mean_s)))


def _claim_calls(storm: Storm, claims: Claims) -> None:
    log = storm.ground.sandbox.log()
    claims.fact("calls to the Web API", len(log))
    refused = sum(call.status == 429 for call in log)
    claims.claim("calls refused for rate or quota (429)", refused, holds=not refused)
    moments = [datetime.fromisoformat(call.at).timestamp() for call in log]
    most = busiest(moments, window_s=RATE_WINDOW_S)
    claims.claim(f"most calls in 30 s, of {WINDOW} allowed", most, holds=most <= WINDOW)
    failed = Run.objects.filter(state=Run.State.FAILED).count()
    claims.claim("runs that failed", failed, holds=not failed)
    short = PlaylistSnapshot.objects.confirmed().exclude(track_count=SIZE).count()
    claims.claim(f"lists without all {SIZE} tracks", short, holds=not short)
    early = _repeats_too_soon()
    claims.claim("tracks back before their rest was over", early, holds=not early)


def _repeats_too_soon() -> int:
    """Count tracks that came back to a playlist before their days of rest were over.

    A track leaves on the day of the next list and rests from the day after.
    """
    left: dict[tuple[int, int], date] = {}
    early = 0
    lists = PlaylistSnapshot.objects.confirmed().order_by("confirmed_at", "pk")
    for one in lists.iterator():
        if one.confirmed_at is None:
            continue
        came = one.confirmed_at.astimezone(UTC).date()
        tracks = one.track_ids()
        for track in tracks:
            before = left.get((one.playlist_id, track))
            early += before is not None and (came - before).days < COOLDOWN_DAYS
        if one.replaced_at is not None:
            gone = one.replaced_at.astimezone(UTC).date()
            left |= {(one.playlist_id, track): gone for track in tracks}
    return early


def _exposures(seed: int) -> tuple[Exposure, Exposure]:
    """Return what the library got, and what uniform draws would have given it."""
    keys = sorted(Track.objects.usable().values_list("pk", flat=True))
    place = {pk: number for number, pk in enumerate(keys)}
    entries = HistoryEntry.objects.values_list("track_id", "added_at")
    used = [(place[pk], at.toordinal()) for pk, at in entries.iterator() if pk in place]
    tracks, days = np.asarray(used, dtype=np.int64).T
    lists = PlaylistSnapshot.objects.confirmed().values_list("confirmed_at", flat=True)
    on = [at.toordinal() for at in lists if at is not None]
    uniform = uniform_lists(on, size=SIZE, library=len(keys), seed=seed)
    return (
        exposure_of(tracks, days, library=len(keys)),
        exposure_of(*uniform, library=len(keys)),
    )


def _is_better(ours: Exposure, uniform: Exposure) -> bool:
    return (
        ours.coverage >= uniform.coverage
        and ours.gini < uniform.gini
        and ours.mean_rest_days > uniform.mean_rest_days
    )
