"""Reshuffles: asked for, carried out, and looked at beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, QuerySet

from accounts.models import Account
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists import reads, sampler
from playlists.effective import calls_per_turn
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import ahead, details, opening, planning, pushing, spreading
from playlists.services.opening import Playlists, Wish
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.spotify.client import SpotifyClient

KIND = "playlists.reshuffle"
RESHUFFLED = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED)
SEED_BOUND = 2**63
"""Seeds are stored as 64-bit integers and are not negative."""


@dataclass(frozen=True)
class Preview:
    """What a reshuffle with this seed would bring; tracks by primary key, in order."""

    track_ids: list[int]
    kept_ids: list[int]
    new_ids: list[int]
    gone_ids: list[int]
    report: sampler.Report
    words: list[str]
    calls: int


def open_reshuffle(
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    seed: int | None = None,
    title: str = "",
    url: str = "",
    priority: int = Run.Priority.INTERACTIVE,
    idempotency_key: str | None = None,
) -> Run:
    """Open a reshuffle of each playlist that is active or paused, others left out.

    One playlist gives a run, more give a bulk. The same `seed` draws what
    `preview_draw` showed for it.

    :raises InputError: no playlist is left, or the seed is out of range.
    :raises ConflictError: a single playlist is being reshuffled by another seed.
    """
    wish = Wish(
        kind=KIND,
        verb="Reshuffle",
        title=title,
        url=url,
        arguments={} if seed is None else {"seed": check_seed(seed)},
        priority=priority,
    )
    if isinstance(playlists, QuerySet):
        playlists = reshufflable(playlists)
    else:
        playlists = [one for one in playlists if one.status in RESHUFFLED]
    run = opening.open_for(
        wish,
        playlists=playlists,
        now=now,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )
    if seed is not None:
        _check_brings(run, seed)
    return run


def _check_brings(run: Run, seed: int) -> None:
    """Check that a run is not another's, which would draw by another seed."""
    if not run.is_bulk and run.arguments.get("seed") != seed:
        raise ConflictError(
            "It is being reshuffled already, so this very list cannot be brought. "
            "Look at a preview again when that has ended."
        )


def reshufflable(playlists: QuerySet[Playlist]) -> QuerySet[Playlist]:
    """Return those of the playlists that a person may reshuffle."""
    return playlists.filter(status__in=RESHUFFLED)


def count_calls(*, playlists: QuerySet[Playlist], settings: RuntimeSettings) -> int:
    """Return how many calls a reshuffle of each costs at most: the lists, new words."""
    alike = playlists.order_by().values_list("description_is_custom")
    return sum(
        count * calls_per_turn(settings, own_words=own_words)
        for own_words, count in alike.annotate(Count("pk"))
    )


def due_playlists(*, now: datetime) -> QuerySet[Playlist]:
    """Return what a schedule reshuffles now.

    Left out is what has a reshuffle under way already, and what failed lately: it
    would fail again every few minutes.
    """
    return opening.at_rest(Playlist.objects.due(now=now), KIND, now=now)


def open_due(*, settings: RuntimeSettings, now: datetime) -> int:
    """Open a reshuffle of what is due, as far as limits carry it; return how many.

    Scheduled work goes behind what people ask for. What is left over stays due and
    has its turn at the next looks, the longest due first.
    """
    due = due_playlists(now=now)
    keys = spreading.next_in_line(due, settings=settings, now=now)
    if keys:
        open_reshuffle(
            playlists=opening.in_order(keys),
            now=now,
            title=f"Reshuffle {len(keys)} due playlists",
            priority=Run.Priority.SCHEDULED,
        )
    return len(keys)


def open_some(*, playlist_ids: Sequence[int], now: datetime) -> int:
    """Open a reshuffle of these playlists, due or not; return how many.

    Left out is what is paused or gone, what has a reshuffle under way, and what
    failed lately unless most of them did.
    """
    active = Playlist.objects.filter(
        pk__in=playlist_ids,
        status=Playlist.Status.ACTIVE,
        account__status=Account.Status.ACTIVE,
    )
    wanted = opening.at_rest_or_failing(active, KIND, now=now)
    chosen = list(opening.with_lane(wanted))
    if chosen:
        open_reshuffle(playlists=chosen, now=now, priority=Run.Priority.SCHEDULED)
    return len(chosen)


def reshuffle_playlist(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
    seed: int | None = None,
) -> dict[str, object]:
    """Bring a new list to Spotify: one call, two where the sentence is a new one.

    :raises EmptyDrawError: no track may be drawn; the old list stays.
    """
    snapshot = _list_of_run(run, playlist)
    if snapshot is None:
        snapshot = _plan(run, playlist, settings, now=now, seed=seed)
        pushing.push_plan(
            run=run,
            playlist=playlist,
            plan=snapshot,
            client=client,
            settings=settings,
            now=now,
        )
    details.refresh_description(
        run=run, playlist=playlist, client=client, settings=settings, now=now
    )
    return {"snapshot": snapshot.pk, "tracks": snapshot.track_count}


def _plan(
    run: Run,
    playlist: Playlist,
    settings: RuntimeSettings,
    *,
    now: datetime,
    seed: int | None,
) -> PlaylistSnapshot:
    origin = PlaylistSnapshot.Origin.RESHUFFLE
    ahead.draw_ahead(
        run=run, playlist=playlist, origin=origin, settings=settings, now=now
    )
    return planning.plan_list(
        run=run, playlist=playlist, origin=origin, settings=settings, now=now, seed=seed
    )


def _list_of_run(run: Run, playlist: Playlist) -> PlaylistSnapshot | None:
    """Return the list that an earlier attempt of this run has brought there."""
    return playlist.snapshots.current().filter(run=run).first()


def preview_draw(
    *, playlist: Playlist, settings: RuntimeSettings, now: datetime, seed: int
) -> Preview:
    """Return what a reshuffle with this seed would bring today; stores nothing.

    :raises EmptyDrawError: no track may be drawn.
    :raises InputError: the seed is out of range.
    """
    plan = planning.draw_list(
        playlist=playlist, settings=settings, now=now, seed=check_seed(seed)
    )
    current = playlist.snapshots.current().first()
    standing = current.track_ids() if current else []
    here, there = set(standing), set(plan.track_ids)
    return Preview(
        track_ids=plan.track_ids,
        kept_ids=[pk for pk in plan.track_ids if pk in here],
        new_ids=[pk for pk in plan.track_ids if pk not in here],
        gone_ids=[pk for pk in standing if pk not in there],
        report=plan.report,
        words=reads.describe_report(plan.report),
        calls=calls_per_turn(settings, own_words=playlist.description_is_custom),
    )


def check_seed(seed: int) -> int:
    """Return the seed if it can be used.

    :raises InputError: it is negative or too large.
    """
    if not 0 <= seed < SEED_BOUND:
        raise InputError("A seed is a whole number from 0 on.", field="seed")
    return seed


def move_due_dates(*, settings: RuntimeSettings, inheriting: bool = True) -> int:
    """Date the next reshuffle by today's settings; count the playlists.

    It is the interval after the last one, so it may be due at once. `inheriting`
    means those alone that have no interval of their own.
    """
    playlists = Playlist.objects.all()
    if inheriting:
        playlists = playlists.filter(interval_days=None)
    return spreading.redate(playlists, settings=settings)
