"""The rows of the list of playlists: what each list looks and sounds like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import Account
from library.models import Track
from playlists import reads
from playlists.models import Playlist, PlaylistSnapshot

QUAD = (0, 13, 27, 41)


@dataclass(frozen=True)
class Row:
    """One playlist with its covers and its energy, position by position."""

    playlist: Playlist
    mark: str
    word: str
    detail: str = ""
    covers: Sequence[str] = ()
    energies: Sequence[float | None] = field(default_factory=tuple)


def rows_of(playlists: Sequence[Playlist], *, now: datetime) -> list[Row]:
    """Return one row each, with three queries for all of them."""
    plans = _plans(playlists)
    looks = _looks({pk for plan in plans.values() for pk in plan})
    marks = reads.marks_for(playlists, now=now)
    return [
        _row(playlist, plans.get(playlist.pk, []), looks, marks.get(playlist.pk), now)
        for playlist in playlists
    ]


def _plans(playlists: Sequence[Playlist]) -> dict[int, list[int]]:
    current = PlaylistSnapshot.objects.confirmed().filter(
        playlist__in=[playlist.pk for playlist in playlists], replaced_at=None
    )
    return {
        row.playlist_id: row.track_ids() for row in current.only("playlist", "plan")
    }


def _looks(track_ids: set[int]) -> dict[int, tuple[float | None, str]]:
    rows = Track.objects.filter(pk__in=track_ids).values_list(
        "pk", "energy", "album__image_url"
    )
    return {pk: (energy, image) for pk, energy, image in rows}


def _row(
    playlist: Playlist,
    plan: list[int],
    looks: dict[int, tuple[float | None, str]],
    run: reads.Mark | None,
    now: datetime,
) -> Row:
    nothing: tuple[float | None, str] = (None, "")
    seen = [looks.get(pk, nothing) for pk in plan]
    images = [seen[at][1] for at in QUAD if at < len(seen)]
    mark, word, detail = state_of(playlist, run, now=now)
    energies = [energy for energy, _ in seen]
    return Row(playlist, mark, word, detail, images, energies)


STATUS_WORDS = {
    Playlist.Status.CREATING: ("waiting", "Being created"),
    Playlist.Status.PAUSED: ("paused", "Paused"),
    Playlist.Status.MISSING: ("bad", "Gone on Spotify"),
    Playlist.Status.REMOVED: ("off", "Removed"),
}


def state_of(
    playlist: Playlist, run: reads.Mark | None, *, now: datetime
) -> tuple[str, str, str]:
    """Return mark, word and detail of a playlist's state; a run's trouble first."""
    if run is not None:
        return run.mark, run.word, run.detail
    if playlist.status in STATUS_WORDS:
        return (*STATUS_WORDS[Playlist.Status(playlist.status)], "")
    if playlist.account.status == Account.Status.NEEDS_REAUTH:
        return "warn", "Needs consent", ""
    if not playlist.account.is_usable:
        return "paused", "Account paused", ""
    if playlist.next_reshuffle_at and playlist.next_reshuffle_at <= now:
        return "due", "Due", ""
    return "ok", "Fresh", ""


@dataclass(frozen=True)
class Totals:
    """How many playlists there are, by what the list can be narrowed to."""

    all: int
    due: int
    consent: int
    paused: int
    creating: int
    missing: int


def totals(*, now: datetime) -> Totals:
    """Count the managed playlists with one query."""
    due = Q(
        status=Playlist.Status.ACTIVE,
        account__status=Account.Status.ACTIVE,
        next_reshuffle_at__lte=now,
    )
    return Totals(
        **Playlist.objects.managed().aggregate(
            all=Count("pk"),
            due=Count("pk", filter=due),
            consent=Count("pk", filter=Q(account__status=Account.Status.NEEDS_REAUTH)),
            paused=Count("pk", filter=Q(status=Playlist.Status.PAUSED)),
            creating=Count("pk", filter=Q(status=Playlist.Status.CREATING)),
            missing=Count("pk", filter=Q(status=Playlist.Status.MISSING)),
        )
    )
