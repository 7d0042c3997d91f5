"""What the charts of a playlist's pages are drawn from."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date

from library.models import Track
from playlists.models import PlaylistSnapshot
from playlists.reads import ListedTrack, SnapshotStep
from vibe_engine.charts import FunnelStep, PrintTrack, SnapshotMark

EPOCH = date(1970, 1, 1)
REST_SHOWN_DAYS = 60
"""Longer rests are counted in the last bar."""


def print_of(tracks: Sequence[ListedTrack]) -> list[PrintTrack]:
    """Return the tracks as the vibe print shows them."""
    return [_printed(row.track) for row in tracks]


def _printed(track: Track) -> PrintTrack:
    names = [name.strip() for name in track.artist_line.split(",")]
    return PrintTrack(
        title=str(track),
        artists=tuple(name for name in names if name),
        energy=track.energy,
        valence=track.valence,
        tempo=track.tempo,
        key=track.key,
        mode=track.mode,
        year=track.album.release_year,
    )


def funnel_of(snapshot: PlaylistSnapshot | None) -> list[FunnelStep]:
    """Return how the rules narrowed the library down to a list."""
    if snapshot is None:
        return []
    return [
        FunnelStep(str(step["label"]), int(step["left"]))
        for step in snapshot.report.get("funnel", ())
    ]


def rests_of(snapshot: PlaylistSnapshot | None) -> list[int]:
    """Count a drawn list's tracks by the days they had rested; index = days."""
    if snapshot is None:
        return []
    drawn_on = (snapshot.planned_at.astimezone(UTC).date() - EPOCH).days
    notes = snapshot.report.get("per_track", {}).values()
    rests = Counter(
        min(REST_SHOWN_DAYS, max(0, drawn_on - last_day))
        for last_day, _ in notes
        if last_day is not None
    )
    return [rests[day] for day in range(max(rests) + 1)] if rests else []


def marks_of(steps: Sequence[SnapshotStep]) -> list[SnapshotMark]:
    """Return a playlist's lists as the timeline shows them, oldest first."""
    return [
        SnapshotMark(
            date=step.snapshot.confirmed_at.date(),
            came=step.came_in,
            went=step.went_out,
            state="now" if step.is_current else "done",
            note=_note(step),
        )
        for step in reversed(steps)
        if step.snapshot.confirmed_at is not None
    ]


def energies_of(steps: Sequence[SnapshotStep]) -> dict[int, list[float | None]]:
    """Return each list's energies by position, by the list's key, with one query."""
    plans = {step.snapshot.pk: step.snapshot.track_ids() for step in steps}
    every = {pk for plan in plans.values() for pk in plan}
    known = dict(Track.objects.filter(pk__in=every).values_list("pk", "energy"))
    return {key: [known.get(pk) for pk in plan] for key, plan in plans.items()}


def _note(step: SnapshotStep) -> str:
    asked = step.snapshot.report.get("asked", 0)
    if step.snapshot.origin == PlaylistSnapshot.Origin.RESTORE:
        return "restored"
    if step.snapshot.origin == PlaylistSnapshot.Origin.CREATE:
        return "first"
    if asked and step.snapshot.track_count < asked:
        return f"{step.snapshot.track_count} only"
    return ""
