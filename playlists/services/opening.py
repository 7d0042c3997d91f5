"""Opening runs about playlists: one for one, a bulk for many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from automation import ledger
from automation.ledger import RunSpec
from automation.models import Run, RunQuerySet
from playlists.models import Playlist
from playlists.services import spreading
from vibe_engine.errors import InputError

TRY_AGAIN = timedelta(hours=6)
"""After a failed run the schedule leaves a playlist alone for this long."""

Playlists = QuerySet[Playlist] | Sequence[Playlist]


@dataclass(frozen=True)
class Wish:
    """What is asked for of one or many playlists.

    `verb` begins the title of each run ("Reshuffle Vibe Collection • 001"), `title`
    and `url` name a bulk; `arguments` go to every run.
    """

    kind: str
    verb: str
    title: str = ""
    url: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    priority: int = Run.Priority.INTERACTIVE


def open_for(
    wish: Wish,
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None,
    idempotency_key: str | None = None,
) -> Run:
    """Open a run for each playlist, as a bulk where there is more than one.

    :raises InputError: no playlist is given.
    """
    specs = [spec_for(wish, playlist) for playlist in with_lane(playlists)]
    if not specs:
        raise InputError("No playlist is chosen that this can be done with.")
    if len(specs) == 1:
        return ledger.open_run(
            specs[0],
            now=now,
            requested_by=requested_by,
            idempotency_key=idempotency_key,
        )
    return open_bulk(
        wish,
        specs,
        now=now,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )


def open_bulk(
    wish: Wish,
    specs: Sequence[RunSpec],
    *,
    now: datetime,
    requested_by: AbstractBaseUser | None,
    idempotency_key: str | None = None,
) -> Run:
    """Open a bulk of these runs, however few; accounts take turns."""
    specs = _one_after_another(specs, now=now)
    noun = "playlist" if len(specs) == 1 else "playlists"
    return ledger.open_bulk(
        kind=wish.kind,
        title=wish.title or f"{wish.verb} {len(specs)} {noun}",
        url=wish.url,
        children=specs,
        now=now,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )


def _one_after_another(specs: Sequence[RunSpec], *, now: datetime) -> list[RunSpec]:
    """Return the runs as they are to be claimed: by due times a microsecond apart.

    All are due at once; a large account of the bulk does not keep a small one waiting.
    """
    ordered = spreading.in_turn(specs, lambda spec: spec.lane)
    last = len(ordered) - 1
    return [
        replace(spec, due_at=now - timedelta(microseconds=last - place))
        for place, spec in enumerate(ordered)
    ]


def spec_for(wish: Wish, playlist: Playlist) -> RunSpec:
    """Return what the ledger needs to know about one playlist's run."""
    return RunSpec(
        kind=wish.kind,
        subject=playlist.subject,
        title=f"{wish.verb} {playlist.name}",
        lane=playlist.account.lane,
        budget=playlist.account.budget,
        url=playlist.get_absolute_url(),
        arguments=wish.arguments,
        priority=wish.priority,
    )


def at_rest(
    playlists: QuerySet[Playlist], kind: str, *, now: datetime
) -> QuerySet[Playlist]:
    """Return the playlists without a run of this kind that is active or failed lately.

    What a schedule opens passes through here: a run that cannot succeed is tried
    again every six hours, not every few minutes.
    """
    return _idle(playlists, kind).exclude(_failed_lately(kind, now=now))


def at_rest_or_failing(
    playlists: QuerySet[Playlist], kind: str, *, now: datetime
) -> QuerySet[Playlist]:
    """Return the playlists at rest; with those that failed lately where most did.

    For a schedule that names its playlists and pauses itself after three failed
    slots in a row. Left alone, a broken playlist would hide from that count what it
    is about; tried at each slot beside many that are well, it would be tried for
    ever, since the schedule goes on.
    """
    is_failing = _failed_lately(kind, now=now)
    failing = playlists.filter(is_failing).count()
    if 2 * failing > playlists.count():
        return _idle(playlists, kind)
    return _idle(playlists, kind).exclude(is_failing)


def _idle(playlists: QuerySet[Playlist], kind: str) -> QuerySet[Playlist]:
    return playlists.exclude(Exists(_runs_of_playlist(kind).active()))


def _failed_lately(kind: str, *, now: datetime) -> Exists:
    """Match playlists whose last run of a kind failed, within these hours."""
    runs = _runs_of_playlist(kind)
    later = Run.objects.filter(
        kind=kind,
        subject=OuterRef("subject"),
        state=Run.State.DONE,
        finished_at__gte=OuterRef("finished_at"),
    )
    failed = runs.filter(state=Run.State.FAILED, finished_at__gt=now - TRY_AGAIN)
    return Exists(failed.exclude(Exists(later)))


def _runs_of_playlist(kind: str) -> RunQuerySet:
    subject = Concat(Value("playlist:"), Cast(OuterRef("pk"), CharField()))
    return Run.objects.filter(kind=kind, subject=subject)


def with_lane(playlists: Playlists) -> Iterable[Playlist]:
    """Return the playlists with account and app at hand, in a stable order."""
    if isinstance(playlists, QuerySet):
        return playlists.select_related("account__app").order_by("account_id", "index")
    return playlists


def in_order(keys: Sequence[int]) -> list[Playlist]:
    """Return the playlists with these keys in this order, account and app at hand."""
    rows = Playlist.objects.select_related("account__app").in_bulk(keys)
    return [rows[pk] for pk in keys if pk in rows]
