"""What pages show of playlists, each with few queries however long the list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from django.db.models import Max, Q, Subquery

from automation import causes
from automation.models import Run
from library.models import Artist, Collection, Track
from playlists import sampler
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from vibe_engine.errors import VibeError

LARGEST_KEY = 2**63 - 1
REASONS: Mapping[str, str] = {
    "never_used": "Never in a list before",
    "not_here_lately": "Not in this list lately",
    "rested": "Rested long enough",
    "rest_off": "Rest is switched off",
    "cooldown_shortened": "Came back early, since the rest was shortened",
    "range_widened": "Outside a soft filter that gave way",
    "rests_elsewhere": "Rests in another list, whose rest gave way",
    "pinned": "Pinned",
    "kept": "Stayed from the list before",
}


@dataclass(frozen=True)
class ListedTrack:
    """One place of a list; `last_here` is the day the track last left this playlist."""

    position: int
    track: Track
    last_here: date | None
    reason: str


@dataclass(frozen=True)
class CurrentList:
    """A list in order, with albums loaded; empty without a snapshot."""

    snapshot: PlaylistSnapshot | None
    tracks: list[ListedTrack]


@dataclass(frozen=True)
class SnapshotStep:
    """A list beside the one before it: how many tracks came, went and stayed."""

    snapshot: PlaylistSnapshot
    came_in: int
    went_out: int
    kept: int
    is_current: bool


@dataclass(frozen=True)
class Mark:
    """What a playlist's runs have to say: a mark's name, a word, and more of it."""

    mark: str
    word: str
    detail: str
    run: Run


@dataclass(frozen=True)
class LatestLists:
    """The list that stands, and the last one before it that held anything."""

    current: CurrentList
    previous: PlaylistSnapshot | None


LOOK_BACK = 10
"""So many lists back a previous one is looked for; emptied ones are passed over."""


def latest_lists(playlist: Playlist) -> LatestLists:
    """Return the present list in order and the one to restore, with three queries."""
    lists = playlist.snapshots.confirmed().select_related("restored_from")
    rows = list(lists.order_by("-confirmed_at", "-pk")[:LOOK_BACK])
    standing = next((row for row in rows if row.replaced_at is None), None)
    before = (row for row in rows if row.replaced_at is not None and row.track_count)
    current = snapshot_list(standing) if standing else CurrentList(None, [])
    return LatestLists(current, next(before, None))


def snapshot_list(snapshot: PlaylistSnapshot) -> CurrentList:
    """Return any list in its order, with two queries."""
    track_ids = snapshot.track_ids()
    tracks = Track.objects.select_related("album", "primary_artist").in_bulk(track_ids)
    last_here = _last_here(snapshot, track_ids)
    reasons = _reasons(snapshot.report)
    return CurrentList(
        snapshot,
        [
            ListedTrack(position, tracks[pk], last_here.get(pk), reasons.get(pk, ""))
            for position, pk in enumerate(track_ids, start=1)
            if pk in tracks
        ],
    )


def _last_here(snapshot: PlaylistSnapshot, track_ids: Sequence[int]) -> dict[int, date]:
    began = snapshot.confirmed_at or snapshot.planned_at
    earlier = HistoryEntry.objects.filter(
        playlist_id=snapshot.playlist_id, track__in=track_ids, added_at__lt=began
    ).exclude(snapshot=snapshot)
    left = earlier.values_list("track").annotate(Max("snapshot__replaced_at"))
    return {pk: moment.astimezone(UTC).date() for pk, moment in left if moment}


def _reasons(report: Mapping[str, Any]) -> dict[int, str]:
    notes = report.get("per_track", {})
    return {int(pk): REASONS.get(reason, "") for pk, (_, reason) in notes.items()}


def snapshot_timeline(
    playlist: Playlist, *, limit: int = 60, older_than: int | None = None
) -> list[SnapshotStep]:
    """Return the newest lists that stood on Spotify, newest first, with one query.

    With `older_than` those that came before the list with this key.
    """
    lists = playlist.snapshots.confirmed().select_related("restored_from")
    if older_than is not None:
        mark = playlist.snapshots.filter(pk=min(older_than, LARGEST_KEY))
        lists = lists.filter(confirmed_at__lt=Subquery(mark.values("confirmed_at")[:1]))
    rows = list(lists.order_by("-confirmed_at", "-pk")[: limit + 1])
    before = [set(row.track_ids()) for row in rows[1:]]
    before += [set()] * (len(rows) - len(before))
    return [
        _step(row, before_it)
        for row, before_it in zip(rows[:limit], before, strict=False)
    ]


def shadow_lists(playlist: Playlist, *, limit: int = 60) -> list[PlaylistSnapshot]:
    """Return the lists drawn in shadow mode, newest first; they were never sent."""
    drawn = playlist.snapshots.filter(state=PlaylistSnapshot.State.SHADOW)
    return list(drawn.order_by("-planned_at", "-pk")[:limit])


def _step(snapshot: PlaylistSnapshot, before: set[int]) -> SnapshotStep:
    here = set(snapshot.track_ids())
    return SnapshotStep(
        snapshot=snapshot,
        came_in=len(here - before),
        went_out=len(before - here),
        kept=len(here & before),
        is_current=snapshot.replaced_at is None,
    )


def report_words(snapshot: PlaylistSnapshot) -> list[str]:
    """Say in sentences how a list came about; empty where nothing is known."""
    if snapshot.origin == PlaylistSnapshot.Origin.RESTORE:
        return _restored_words(snapshot)
    if snapshot.origin == PlaylistSnapshot.Origin.EMPTY:
        return ["Emptied by hand."]
    if snapshot.origin == PlaylistSnapshot.Origin.TAKEN:
        return _taken_words(snapshot)
    if "asked" not in snapshot.report:
        return []
    try:
        report = sampler.Report.from_dict(snapshot.report)
    except (VibeError, TypeError, KeyError):
        return ["Its report was written by another version."]
    return describe_report(report)


def describe_report(report: sampler.Report) -> list[str]:
    """Say in sentences how a draw came about, with the artists' names."""
    bound = report.binding_rule.artist_ids if report.binding_rule else ()
    names = Artist.objects.filter(pk__in=bound).values_list("pk", "name")
    shared = [source.collection for source in report.sources]
    collections = Collection.objects.filter(pk__in=shared).values_list("pk", "name")
    return sampler.describe(
        report, dict(names) if bound else {}, dict(collections) if shared else {}
    )


def _restored_words(snapshot: PlaylistSnapshot) -> list[str]:
    source = snapshot.restored_from
    of = f" of {source.batch_tag}" if source else ""
    words = [f"The list{of} was brought back."]
    left_out = len(snapshot.report.get("left_out", ()))
    if left_out:
        noun = "track was" if left_out == 1 else "tracks were"
        words.append(f"{left_out} {noun} left out: held, or no longer played.")
    return words


def _taken_words(snapshot: PlaylistSnapshot) -> list[str]:
    words = ["Made by hand on Spotify and taken over as it stood there."]
    unknown = snapshot.report.get("unknown", 0)
    if unknown:
        noun = "track is" if unknown == 1 else "tracks are"
        words.append(f"{unknown} {noun} not in the library and cannot be listed here.")
    return words


def marks_for(playlists: Iterable[Playlist], *, now: datetime) -> dict[int, Mark]:
    """Return what runs say of each playlist, by primary key, with one query.

    A failure counts until a later list stands. Playlists of which there is nothing
    to say are absent.
    """
    by_subject = {playlist.subject: playlist for playlist in playlists}
    runs = Run.objects.filter(
        Q(state__in=Run.ACTIVE) | Q(state=Run.State.FAILED),
        subject__in=list(by_subject),
    )
    marks: dict[int, Mark] = {}
    for run in runs.order_by("pk"):
        playlist = by_subject[run.subject]
        mark = _mark(run, playlist, now=now)
        if mark is not None and not _is_more_urgent(marks.get(playlist.pk), mark):
            marks[playlist.pk] = mark
    return marks


def _is_more_urgent(standing: Mark | None, other: Mark) -> bool:
    order = {Run.State.WORKING: 3, Run.State.BLOCKED: 2, Run.State.PLANNED: 1}
    if standing is None:
        return False
    mine, new = standing.run.state, other.run.state
    return order.get(Run.State(mine), 0) > order.get(Run.State(new), 0)


def _mark(run: Run, playlist: Playlist, *, now: datetime) -> Mark | None:
    why = causes.in_one_line(run, say_time=partial(causes.here, now=now))
    match run.state:
        case Run.State.WORKING:
            return Mark("working", "Working", run.step, run)
        case Run.State.BLOCKED:
            return Mark("warn", "Needs a person", why, run)
        case Run.State.PLANNED:
            waits = run.due_at > now
            return Mark("waiting", "Waiting", why if waits else "", run)
    ended, since = run.finished_at, playlist.last_reshuffled_at
    if ended is not None and (since is None or since < ended):
        return Mark("bad", "Failed", why, run)
    return None
