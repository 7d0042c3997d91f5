"""Thousands of playlists due at one moment: in turn, within the limits, none refused.

One developer, five accounts of very different sizes, a budget that just fits. The
engine, its schedule, the ledger, the throttle and the client are real, and so is the
sandbox with its rolling window and its quota; only the clock moves on while all wait.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db.models import Count

from accounts.models import Account, Developer
from accounts.services import client_for
from automation.models import Run
from library.models import Track
from playlists.models import Playlist, PlaylistSnapshot
from playlists.naming import new_marker, playlist_name
from playlists.services import reshuffling, spreading
from tests.storm.claims import Claims
from tests.storm.days import THREADS, Days
from tests.storm.exposure import busiest, fair_shares
from tests.storm.fleet import found_one_house
from tests.storm.storm import Figures, Storm
from vibe_engine import clock
from vibe_engine.sandbox.limits import RATE_WINDOW_S
from vibe_engine.testing.sandbox import LoggedRequest

SHARES = (0.5, 0.3, 0.12, 0.06, 0.02)
"""Of the playlists, by account."""
SIZE = 50
ALBUMS = 300
RATE_PER_S = 1
"""What a new developer's row holds."""
WINDOW = 2 * RATE_WINDOW_S
"""Calls that the sandbox allows in 30 s: two a second, of which one is used.

A bucket that has rested gives five seconds' calls at once; what is left over is for
calls that are on their way.
"""
WRITES = 1
"""Of each playlist: its list; its description is its owner's own."""
OPENED_AHEAD = int(spreading.AHEAD.total_seconds()) * RATE_PER_S // WRITES
"""Playlists that one look opens at most; within these, accounts take turns."""
RESERVE = 20
"""Per cent of the budget that schedules leave to people."""
LOOK_S = 300
LOOK = timedelta(seconds=LOOK_S)
FOUNDED_BEFORE = timedelta(hours=30)
"""So long that the calls of the founding have left every window."""
LONGEST = timedelta(hours=14)
INTERVAL = timedelta(days=5)
PER_LINE = 15


@dataclass
class Bill:
    """What the developer may have, and what the sandbox allows: not one call more.

    The playlists are due at `noon`.
    """

    playlists: int
    noon: datetime

    @property
    def writes(self) -> int:
        return self.playlists * WRITES

    @property
    def budget(self) -> int:
        """A day's budget whose part for schedules is what is needed."""
        return -(-self.writes * 100 // (100 - RESERVE))


def rage(storm: Storm) -> Figures:
    """Let them all be due at noon; watch until the last has its list."""
    days = Days()
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    bill = Bill(storm.size.runs, noon + timedelta(days=3))
    try:
        days.clock.set(bill.noon - FOUNDED_BEFORE)
        owners = _found(storm, bill)
        days.clock.set(bill.noon - timedelta(seconds=1))
        _limit(storm, bill)
        storm.say(f"{bill.playlists:,} playlists of {len(SHARES)} accounts are due")
        days.live(bill.noon + LONGEST, over=Watch(storm, bill.noon).is_over)
    finally:
        days.stop()
    storm.accept_everything()
    return _tell(storm, bill, owners)


def _found(storm: Storm, bill: Bill) -> dict[str, str]:
    """Create the playlists on Spotify, empty, and let all be due at noon.

    Returns which account each belongs to, by Spotify's ids.
    """
    _, storm.fleet = found_one_house(
        storm.ground.sandbox, accounts=len(SHARES), albums=ALBUMS
    )
    owners: dict[str, str] = {}
    counts = [max(1, round(share * bill.playlists)) for share in SHARES]
    counts[0] += bill.playlists - sum(counts)
    for account, count in zip(storm.fleet.accounts, counts, strict=True):
        ids = _create(account, count)
        owners |= dict.fromkeys(ids, account.user_id)
        Playlist.objects.bulk_create(_rows(account, ids, bill.noon))
        Account.objects.filter(pk=account.pk).update(
            playlists_count=count, next_index=count + 1
        )
        storm.say(f"{count:,} playlists of {account}")
    return owners


def _create(account: Account, count: int) -> list[str]:
    def create_some(indexes: Sequence[int]) -> list[str]:
        with client_for(account, now=clock.now()) as client:
            return [
                client.create_playlist(
                    name=playlist_name("Due", index),
                    description="Due at noon.",
                    public=True,
                ).id
                for index in indexes
            ]

    parts = [range(first, count + 1, THREADS) for first in range(1, THREADS + 1)]
    with ThreadPoolExecutor(THREADS) as threads:
        return [one for part in threads.map(create_some, parts) for one in part]


def _rows(account: Account, ids: Sequence[str], noon: datetime) -> list[Playlist]:
    return [
        Playlist(
            account=account,
            prefix="Due",
            index=index,
            name=playlist_name("Due", index),
            spotify_id=spotify_id,
            status=Playlist.Status.ACTIVE,
            marker=new_marker(),
            size=SIZE,
            description="Due at noon.",
            description_is_custom=True,
            created_at=noon - INTERVAL,
            last_reshuffled_at=noon - INTERVAL,
            next_reshuffle_at=noon,
        )
        for index, spotify_id in enumerate(ids, start=1)
    ]


def _limit(storm: Storm, bill: Bill) -> None:
    """Give the developer what fits, and let the sandbox refuse all beyond it."""
    Developer.objects.update(
        requests_per_s=RATE_PER_S,
        playlist_writes_a_day=bill.budget,
        interactive_reserve_percent=RESERVE,
    )
    storm.ground.sandbox.options(rate=WINDOW, quota=bill.budget)
    storm.ground.sandbox.mark()


@dataclass
class Watch:
    """Says now and then how many playlists are due still, and when none is."""

    storm: Storm
    said_at: datetime

    def is_over(self) -> bool:
        """Whether all have had their turn."""
        now = clock.now()
        if now - self.said_at < LOOK:
            return False
        self.said_at = now
        left = Playlist.objects.due(now=now).count()
        self.storm.say(f"{now:%H:%M}: {left:,} to go")
        open_runs = Run.objects.filter(kind=reshuffling.KIND, is_bulk=False).active()
        return not left and not open_runs.exists()


def _tell(storm: Storm, bill: Bill, owners: dict[str, str]) -> Figures:
    """Judge the history, then hold the proof to what it claims."""
    figures, claims = storm.judge(), Claims(storm)
    log = storm.ground.sandbox.log()
    writes = [call for call in log if call.method == "PUT"]
    lists = [call for call in writes if call.path.endswith("/items")]
    _claim_limits(claims, bill, log, writes)
    _claim_turns(claims, bill, lists, owners)
    _claim_lists(storm, claims, bill)
    _claim_next_dates(claims, bill)
    _show_minutes(claims, bill, log)
    return figures | {
        "refused": sum(call.status == 429 for call in log),
        "finished_after_s": round(_seconds(writes[-1]) - bill.noon.timestamp()),
        "busiest_30_s": busiest(list(map(_seconds, log)), window_s=RATE_WINDOW_S),
        "wrong": figures["wrong"] + claims.broken,
    }


def _claim_limits(
    claims: Claims,
    bill: Bill,
    log: Sequence[LoggedRequest],
    writes: Sequence[LoggedRequest],
) -> None:
    claims.fact("calls to the Web API", len(log))
    claims.claim(
        f"calls that write, of {bill.writes:,} reckoned",
        len(writes),
        holds=len(writes) == bill.writes,
    )
    refused = sum(call.status == 429 for call in log)
    claims.claim("calls refused for rate or quota (429)", refused, holds=not refused)
    failed = sum(call.status >= 400 for call in log) - refused
    claims.claim("calls refused otherwise", failed, holds=not failed)
    most = busiest(list(map(_seconds, log)), window_s=RATE_WINDOW_S)
    claims.claim(f"most calls in 30 s, of {WINDOW} allowed", most, holds=most <= WINDOW)
    budget = Run.objects.filter(reason__startswith="budget").count()
    claims.claim("runs that waited for the budget", budget, holds=not budget)
    took_s = _seconds(writes[-1]) - bill.noon.timestamp()
    limit_s = 1.05 * len(log) / RATE_PER_S + 2 * LOOK_S
    claims.claim(
        f"finished after, of {timedelta(seconds=round(limit_s))} at this rate",
        timedelta(seconds=round(took_s)),
        holds=took_s <= limit_s,
    )


def _claim_turns(
    claims: Claims,
    bill: Bill,
    lists: Sequence[LoggedRequest],
    owners: dict[str, str],
) -> None:
    """Accounts take turns at each look for what is due."""
    sizes = Counter(owners.values())
    fair = fair_shares(list(sizes.values()), count=OPENED_AHEAD)
    first = Counter(_owner(call, owners) for call in lists[: sum(fair)])
    shares = [first[account] for account in sizes]
    claims.claim(
        f"of the first {sum(fair)} lists by account, of {_row(fair)}",
        _row(shares),
        holds=all(got >= 0.9 * due for got, due in zip(shares, fair, strict=True)),
    )
    ended = {_owner(call, owners): _seconds(call) for call in lists}
    claims.lines(
        "account     playlists   last list",
        (
            f"{account:<12}{sizes[account]:>8,}   "
            f"{datetime.fromtimestamp(ended[account], UTC):%H:%M:%S}"
            for account in sizes
        ),
    )
    order = [ended[account] for account, _ in sizes.most_common()]
    late_s = max(after - before for before, after in pairwise(order))
    claims.claim(
        f"seconds that a smaller account is done after a larger one, of {LOOK_S}",
        max(0, round(late_s)),
        holds=late_s <= LOOK_S,
    )


def _claim_lists(storm: Storm, claims: Claims, bill: Bill) -> None:
    once = (
        PlaylistSnapshot.objects.confirmed()
        .values("playlist")
        .annotate(lists=Count("pk"))
        .filter(lists=1)
        .count()
    )
    claims.claim(
        "playlists with exactly one new list", once, holds=once == bill.playlists
    )
    short = PlaylistSnapshot.objects.confirmed().exclude(track_count=SIZE).count()
    claims.claim(f"lists without all {SIZE} tracks", short, holds=not short)
    standing = {one["id"]: one["items"] for one in storm.ground.sandbox.playlists()}
    same = sum(
        standing.get(playlist_id) == uris for playlist_id, uris in _stored_lists()
    )
    claims.claim(
        "lists here that stand on the sandbox, track by track",
        same,
        holds=same == bill.playlists,
    )


def _stored_lists() -> Iterator[tuple[str, list[str]]]:
    """Yield each playlist's id and its newest list as Spotify's URIs."""
    uris = {track.pk: track.uri for track in Track.objects.only("spotify_id")}
    current = PlaylistSnapshot.objects.current().select_related("playlist")
    for snapshot in current.iterator():
        yield (
            snapshot.playlist.spotify_id or "",
            [uris[pk] for pk in snapshot.track_ids()],
        )


def _claim_next_dates(claims: Claims, bill: Bill) -> None:
    """They were due together once and never will be again."""
    times = Playlist.objects.values_list("next_reshuffle_at", flat=True)
    moments = [moment for moment in times if moment is not None]
    days = {moment.date() - INTERVAL for moment in moments}
    claims.claim(
        "due next, so many days on", len(days), holds=days == {bill.noon.date()}
    )
    most = max(Counter(moment.timestamp() // LOOK_S for moment in moments).values())
    even = math.ceil(bill.playlists / (22 * 12)) + 2
    claims.claim(
        f"of them within one look of five minutes, of {even} at most",
        most,
        holds=most <= even,
    )


def _show_minutes(claims: Claims, bill: Bill, log: Sequence[LoggedRequest]) -> None:
    by_minute = Counter(
        int(_seconds(call) - bill.noon.timestamp()) // 60 for call in log
    )
    last = max(by_minute)
    rows = range(0, last + 1, PER_LINE)
    claims.lines(
        f"calls by the minute from noon, {PER_LINE} a line",
        (
            f"{row:>4}  "
            + " ".join(
                f"{by_minute[m]:>4}" for m in range(row, min(row + PER_LINE, last + 1))
            )
            for row in rows
        ),
    )


def _row(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))


def _owner(call: LoggedRequest, owners: dict[str, str]) -> str:
    return owners[call.path.split("/")[3]]


def _seconds(call: LoggedRequest) -> float:
    return datetime.fromisoformat(call.at).timestamp()
