"""Planning a list: what must rest, the draw, the order, and the stored plan."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from automation import ledger
from automation.faultpoints import fault_point
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import stock
from playlists.services.neighbours import Neighbours
from playlists.services.resting import read_resting
from playlists.services.standing import read_standing
from vibe_engine.errors import VibeError

Seed = tuple[int, int, int]


class EmptyDrawError(VibeError):
    """No track at all may stand in the list; what stands on Spotify is left alone."""

    failure = "empty_draw"


@dataclass(frozen=True)
class Plan:
    """A list before it is stored: track primary keys in order, and how it came about."""

    track_ids: list[int]
    report: sampler.Report
    rules_hash: str
    library_version: int
    seed: int

    def columns(self) -> dict[str, Any]:
        """Return what a snapshot of it holds, tracks included."""
        return {
            "track_ids": self.track_ids,
            "seed": self.seed,
            "algorithm_version": str(self.report.algorithm),
            "library_version": self.library_version,
            "rules_hash": self.rules_hash,
            "report": self.report.to_dict(),
        }


def plan_list(
    *,
    run: Run,
    playlist: Playlist,
    origin: PlaylistSnapshot.Origin,
    settings: RuntimeSettings,
    now: datetime,
    seed: int | None = None,
) -> PlaylistSnapshot:
    """Return the playlist's planned list: the one that stands, or else a new one.

    A plan that was sent, whoever drew it, is taken up again while its rules and its
    tracks still hold, so that a list once sent is not replaced by another. One that
    was not sent holds for its own run, on the day it was drawn: uses, pins and other
    lists move on. `seed` None takes the run's number.

    :raises EmptyDrawError: no track may be drawn; nothing is stored.
    """
    fault_point("push.before_plan")
    standing = _standing_plan(run, playlist, origin, settings, now=now, seed=seed)
    if standing is None:
        plan = draw_list(
            playlist=playlist,
            settings=settings,
            now=now,
            seed=run.pk if seed is None else seed,
        )
        standing = store_snapshot(
            run=run, playlist=playlist, origin=origin, now=now, **plan.columns()
        )
    elif standing.run_id != run.pk:
        _take_up(run, standing)
    fault_point("push.after_plan")
    return standing


def _take_up(run: Run, standing: PlaylistSnapshot) -> None:
    """Make a plan that another run has left this run's own.

    So the run knows after a crash that this is the list it has brought there.
    """
    with ledger.fenced(run):
        standing.run = run
        standing.save(update_fields=["run"])


def draw_list(
    *, playlist: Playlist, settings: RuntimeSettings, now: datetime, seed: int
) -> Plan:
    """Draw and order a list; stores nothing.

    The same seed, day, library and history give the same list.

    :raises EmptyDrawError: no track may be drawn.
    """
    rules = rules_for(playlist, settings)
    collection_ids = collection_ids_of(playlist)
    found = stock.find_stock(
        rules=rules, collection_ids=collection_ids, on=now.astimezone(UTC).date()
    )
    resting = read_resting(
        playlist, cooldown_days=rules.cooldown_days, now=now, library=found.library
    )
    others = Neighbours(rules, now=now, known=found.columns)
    standing = read_standing([playlist.pk], rules).get(playlist.pk, ())
    return draw_from(
        found,
        replace(others.beside(playlist, resting), standing=standing),
        playlist=playlist,
        seed=seed,
        rules_hash=rules_hash_of(rules, collection_ids),
    )


def draw_from(
    found: stock.Stock,
    resting: sampler.Resting,
    *,
    playlist: Playlist,
    seed: int,
    rules_hash: str,
) -> Plan:
    """Draw and order a list from what was found and read for it.

    :raises EmptyDrawError: no track may be drawn.
    """
    library, rules = found.library, found.pool.rules
    path: Seed = (seed, playlist.pk, resting.today)
    drawn = sampler.draw(library, rules, resting, path, pool=found.pool)
    if not drawn.rows:
        raise EmptyDrawError(_why_empty(drawn.report))
    if drawn.places:
        rows, order = sampler.sequence_around(
            library, drawn.rows, rules, path, drawn.places
        )
    else:
        rows, order = sampler.sequence(library, drawn.rows, rules, path)
    return Plan(
        track_ids=library.track_ids[rows].tolist(),
        report=drawn.report.with_order(order),
        rules_hash=rules_hash,
        library_version=found.columns.version,
        seed=seed,
    )


def _standing_plan(
    run: Run,
    playlist: Playlist,
    origin: PlaylistSnapshot.Origin,
    settings: RuntimeSettings,
    *,
    now: datetime,
    seed: int | None,
) -> PlaylistSnapshot | None:
    plan = playlist.snapshots.planned().first()
    if plan is None or plan.origin != origin or seed not in (None, plan.seed):
        return None
    is_own = plan.run_id == run.pk and plan.batch_tag == batch_tag(now)
    if plan.sent_at is None and not is_own:
        return None
    wanted = rules_hash_of(rules_for(playlist, settings), collection_ids_of(playlist))
    if plan.rules_hash != wanted:
        return None
    track_ids = plan.track_ids()
    still_usable = Track.objects.usable().filter(pk__in=track_ids).count()
    return plan if still_usable == len(track_ids) else None


def store_snapshot(
    *, run: Run, playlist: Playlist, now: datetime, **columns: Any
) -> PlaylistSnapshot:
    """Store a planned list in place of any other plan of the playlist.

    Whoever plans holds the playlist's row, so that two never plan for one.
    """
    with ledger.fenced(run):
        lock_playlists([playlist.pk])
        abandon_plan(playlist, now=now)
        return insert_snapshot(run=run, playlist=playlist, now=now, **columns)


def insert_snapshot(
    *,
    run: Run,
    playlist: Playlist,
    track_ids: list[int],
    now: datetime,
    **columns: Any,
) -> PlaylistSnapshot:
    """Write a list's row, planned unless `columns` say otherwise."""
    snapshot = new_snapshot(
        run=run, playlist=playlist, track_ids=track_ids, now=now, **columns
    )
    snapshot.save(force_insert=True)
    return snapshot


def new_snapshot(
    *, playlist: Playlist, track_ids: list[int], now: datetime, **columns: Any
) -> PlaylistSnapshot:
    """Return a list's row before it is written."""
    return PlaylistSnapshot(
        playlist=playlist,
        batch_tag=batch_tag(now),
        plan=PlaylistSnapshot.pack(track_ids),
        track_count=len(track_ids),
        fingerprint=fingerprint(track_ids),
        planned_at=now,
        **columns,
    )


def lock_playlists(
    playlist_ids: Sequence[int], *, skip_locked: bool = False
) -> set[int]:
    """Hold the rows of playlists until the transaction ends; return which are held.

    With `skip_locked` those that somebody else holds are left out, where the database
    can (PostgreSQL); a transaction on SQLite is alone anyway.
    """
    rows = Playlist.objects.filter(pk__in=playlist_ids).order_by("pk")
    held = rows.select_for_update(no_key=True, skip_locked=skip_locked)
    return set(held.values_list("pk", flat=True))


def abandon_plan(playlist: Playlist, *, now: datetime) -> None:
    """Give up a plan that stands, if any; the caller holds the transaction.

    Tracks of a list that was sent may have been heard: they rest from now on.
    """
    planned = playlist.snapshots.planned()
    abandoned = PlaylistSnapshot.State.ABANDONED
    planned.filter(sent_at=None).update(state=abandoned)
    planned.update(state=abandoned, replaced_at=now)


def batch_tag(now: datetime) -> str:
    """Return the tag of a batch: its date in UTC, "2026-11-22"."""
    return f"{now.astimezone(UTC):%Y-%m-%d}"


def fingerprint(track_ids: Sequence[int]) -> str:
    """Return 64 hexadecimal digits that are equal for the same list in its order."""
    return hashlib.sha256(PlaylistSnapshot.pack(list(track_ids))).hexdigest()


def collection_ids_of(playlist: Playlist) -> list[int]:
    """Return what it draws from, ascending; none stands for the whole library."""
    return sorted(playlist.collections.values_list("pk", flat=True))


def rules_hash_of(rules: sampler.Rules, collection_ids: Sequence[int]) -> str:
    """Return 32 hexadecimal digits, equal where both decide alike what may come."""
    text = f"{rules.rules_hash()}:{','.join(map(str, collection_ids))}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _why_empty(report: sampler.Report) -> str:
    steps = "; ".join(f"{step.label} {step.left:,}" for step in report.funnel)
    return (
        "No track of the library may be drawn, so the list stays as it is"
        f" ({steps}). Ingest albums, release held tracks or loosen the rules."
    )
