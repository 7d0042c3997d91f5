"""The list that stands, place by place: what a partial refresh leaves where it is."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Window
from django.db.models.functions import RowNumber

from playlists import sampler
from playlists.models import PlaylistSnapshot

_Lists = list[tuple[bytes | memoryview, datetime | None]]


def read_standing(
    playlist_ids: Sequence[int],
    rules: sampler.Rules,
    *,
    before: PlaylistSnapshot | None = None,
) -> dict[int, tuple[sampler.Standing, ...]]:
    """Return the places of the lists that stand, by playlist, with one query.

    Nothing is read where the rules let nothing stay. `before` looks back to the moment
    at which a list was planned; lists confirmed later did not stand then.
    """
    if rules.refresh_share == 100:
        return {}
    lists: dict[int, _Lists] = {}
    confirmed = PlaylistSnapshot.objects.confirmed().filter(playlist__in=playlist_ids)
    at = None
    if before is not None:
        at = before.planned_at
        confirmed = confirmed.filter(confirmed_at__lte=at).exclude(pk=before.pk)
    turn = Window(
        RowNumber(), partition_by="playlist_id", order_by=("-confirmed_at", "-pk")
    )
    newest = confirmed.annotate(turn=turn).filter(turn__lte=_lists_to_read(rules))
    rows = newest.order_by("playlist", "turn")
    for pk, plan, left in rows.values_list("playlist", "plan", "replaced_at"):
        lists.setdefault(pk, []).append((plan, left))
    return {pk: _places(of_list, at) for pk, of_list in lists.items()}


def _lists_to_read(rules: sampler.Rules) -> int:
    """Return how many lists a track can stand in a row, and a few more.

    Those that stood longest go first, so it is as many as it takes to change all.
    """
    return 100 // rules.refresh_share + 3


def _places(lists: _Lists, at: datetime | None) -> tuple[sampler.Standing, ...]:
    (standing, left), *_ = lists
    if left is not None and (at is None or left < at):
        return ()
    track_ids = PlaylistSnapshot.unpack(standing)
    ages = dict.fromkeys(track_ids, 1)
    staying = set(track_ids)
    for plan, _ in lists[1:]:
        staying &= set(PlaylistSnapshot.unpack(plan))
        for track in staying:
            ages[track] += 1
    return tuple(
        sampler.Standing(track, position, ages[track])
        for position, track in enumerate(track_ids, start=1)
    )
