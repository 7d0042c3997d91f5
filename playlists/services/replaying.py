"""Replay: drawing an earlier list again, from what is known of its day."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import Max, Q

from library import pool
from library.models import Track
from library.pool import PoolColumns
from playlists import sampler
from playlists.models import HistoryEntry, PlaylistSnapshot
from playlists.services import planning, resting, stock
from playlists.services.hindsight import neighbours_then
from playlists.services.planning import Plan
from playlists.services.standing import read_standing
from vibe_engine.errors import VibeError

DRAWN = (PlaylistSnapshot.Origin.CREATE, PlaylistSnapshot.Origin.RESHUFFLE)
NEVER = -1


class ReplayError(VibeError):
    """The list cannot be drawn again; the text says what has changed."""


def replay_list(*, snapshot: PlaylistSnapshot, now: datetime) -> Plan:
    """Draw the list of a snapshot again, with its rules, rest, uses and seed.

    What rested and how often tracks had been used is put together from the snapshots
    and the history. Stores nothing.

    :raises ReplayError: something it was drawn from is not known any more, or the
        list comes out differently.
    """
    rules = _rules_of(snapshot)
    columns = _columns_of(snapshot, rules, today=now.astimezone(UTC).date())
    library = stock.complete(stock.as_library(columns), columns, rules)
    rest = _rest_of(snapshot, rules, library)
    for elsewhere in neighbours_then(snapshot, rules, known=columns):
        plan = planning.draw_from(
            stock.Stock(columns, sampler.build_pool(library, rules)),
            replace(rest, elsewhere=elsewhere),
            playlist=snapshot.playlist,
            seed=snapshot.seed,
            rules_hash=snapshot.rules_hash,
        )
        if planning.fingerprint(plan.track_ids) == snapshot.fingerprint:
            return plan
    raise ReplayError(_why_different(rules))


def _rules_of(snapshot: PlaylistSnapshot) -> sampler.Rules:
    """Return the rules a list was drawn under.

    :raises ReplayError: it was not drawn, or not by this algorithm.
    """
    if snapshot.origin not in DRAWN or not snapshot.report:
        raise ReplayError("This list was not drawn, so it cannot be drawn again.")
    if snapshot.algorithm_version != str(sampler.ALGORITHM_VERSION):
        raise ReplayError(
            f"It was drawn by version {snapshot.algorithm_version} of the algorithm; "
            f"this is version {sampler.ALGORITHM_VERSION}."
        )
    return sampler.Rules.from_dict(snapshot.report["rules"])


def _why_different(rules: sampler.Rules) -> str:
    if rules.rest_scope == "playlist":
        return (
            "The list comes out differently: history or uses of its day were changed."
        )
    return (
        "The list comes out differently: history or uses of its day were changed, or "
        "other playlists that it rested from were removed or had plans that were given "
        "up since."
    )


def _columns_of(
    snapshot: PlaylistSnapshot, rules: sampler.Rules, *, today: date
) -> PoolColumns:
    """Return the columns a list was drawn from.

    :raises ReplayError: the library or the choice of collections has changed.
    """
    collection_ids = planning.collection_ids_of(snapshot.playlist)
    if planning.rules_hash_of(rules, collection_ids) != snapshot.rules_hash:
        raise ReplayError("The playlist draws from other collections now.")
    columns = pool.load_library(collection_ids=collection_ids, on=today)
    if columns.version != snapshot.library_version:
        raise ReplayError(
            "The library has changed since: it was at version "
            f"{snapshot.library_version:,} and is at {columns.version:,}. What it "
            "held then is not kept."
        )
    return _with_uses_before(columns, snapshot.planned_at.astimezone(UTC).date())


def _with_uses_before(columns: PoolColumns, day: date) -> PoolColumns:
    """Return the columns with the uses that were known at the beginning of a day.

    :raises ReplayError: the history does not reach back far enough.
    """
    midnight = _midnight(day)
    later = PlaylistSnapshot.objects.confirmed().filter(confirmed_at__gte=midnight)
    plans = map(PlaylistSnapshot.unpack, later.values_list("plan", flat=True))
    since = Counter(track for plan in plans for track in plan)
    known = dict(Track.objects.filter(pk__in=since).values_list("pk", "use_count"))
    before = HistoryEntry.objects.filter(track__in=since, added_at__lt=midnight)
    last = dict(before.values_list("track").annotate(last=Max("added_at")))
    use_count, last_used_day = columns.use_count.copy(), columns.last_used_day.copy()
    for row, pk in enumerate(columns.track_ids.tolist()):
        if pk in since:
            use_count[row] = known[pk] - since[pk]
            last_used_day[row] = sampler.day_of(last[pk]) if pk in last else NEVER
            if use_count[row] and pk not in last:
                raise ReplayError("The history of that time was removed in part.")
    return replace(columns, use_count=use_count, last_used_day=last_used_day)


def _rest_of(
    snapshot: PlaylistSnapshot, rules: sampler.Rules, library: sampler.Library
) -> sampler.Resting:
    """Return what rested when the list was planned."""
    at = snapshot.planned_at
    came = Q(confirmed_at__lte=at) | Q(sent_at__lte=at)
    others = snapshot.playlist.snapshots.filter(came).exclude(pk=snapshot.pk)
    recent: list[resting.DatedPlan] = []
    earlier: list[tuple[datetime, bytes | memoryview]] = []
    since = _midnight(at.astimezone(UTC).date()) - timedelta(days=rules.cooldown_days)
    for plan, left in others.values_list("plan", "replaced_at"):
        if left is None or left > at:
            recent.append((plan, None))
        elif left >= since:
            recent.append((plan, left))
        else:
            earlier.append((left, plan))
    earlier.sort(key=lambda one: one[0], reverse=True)
    recent += [(plan, left) for left, plan in earlier[: resting.LISTS_BEFORE]]
    rest = resting.resting_from(recent, now=at, library=library)
    playlist_id = snapshot.playlist_id
    standing = read_standing([playlist_id], rules, before=snapshot)
    return replace(rest, standing=standing.get(playlist_id, ()))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
