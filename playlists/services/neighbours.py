"""Rest that reaches over several lists: what the neighbours of a playlist hold."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from automation.models import Run
from library import pool
from library.pool import PoolColumns
from playlists import sampler
from playlists.models import Playlist, PlaylistSnapshot

_Days = dict[int, int]


class Neighbours:
    """The other lists within the scope of a rest, and on which day each was left.

    A scope is read once, with one query, however many lists are drawn. What stands
    somewhere, or is still to come, counts as left today; lists drawn meanwhile are made
    known by `add`.
    """

    def __init__(
        self, rules: sampler.Rules, *, now: datetime, known: PoolColumns | None = None
    ) -> None:
        self._scope = rules.rest_scope
        self._counts = rules.rest_scope != "playlist" and rules.cooldown_days > 0
        self._cooldown_days = rules.cooldown_days
        self._now, self._today, self._known = now, sampler.day_of(now), known
        self._by_list: dict[int | None, dict[int, _Days]] = {}

    def beside(self, playlist: Playlist, resting: sampler.Resting) -> sampler.Resting:
        """Return what rests for a playlist, with what rests because of the others."""
        if not self._counts:
            return resting
        elsewhere: _Days = {}
        for pk, days in self._lists_of(playlist).items():
            if pk != playlist.pk:
                for recording, day in days.items():
                    elsewhere[recording] = max(day, elsewhere.get(recording, day))
        return replace(resting, elsewhere=elsewhere)

    def add(self, playlist: Playlist, track_ids: Collection[int]) -> None:
        """Count a list that was drawn just now among the neighbours of the next."""
        if self._counts:
            numbers = pool.recording_numbers(track_ids, known=self._known).values()
            own = self._lists_of(playlist).setdefault(playlist.pk, {})
            own |= dict.fromkeys(numbers, self._today)

    def _lists_of(self, playlist: Playlist) -> dict[int, _Days]:
        scope = playlist.account_id if self._scope == "account" else None
        if scope not in self._by_list:
            self._by_list[scope] = self._read(scope)
        return self._by_list[scope]

    def _read(self, account_id: int | None) -> dict[int, _Days]:
        days: dict[int, _Days] = defaultdict(dict)
        for pk, plan, left in self._plans(account_id):
            day = self._today if left is None else sampler.day_of(left)
            for track in PlaylistSnapshot.unpack(plan):
                days[pk][track] = max(day, days[pk].get(track, day))
        tracks = {track for of_list in days.values() for track in of_list}
        numbers = pool.recording_numbers(tracks, known=self._known)
        return {
            pk: _by_number(of_list.items(), numbers) for pk, of_list in days.items()
        }

    def _plans(
        self, account_id: int | None
    ) -> Iterable[tuple[int, bytes | memoryview, datetime | None]]:
        """Return playlist, plan and time of leaving of each list that matters."""
        midnight = self._now.astimezone(UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        standing = Q(state=PlaylistSnapshot.State.CONFIRMED) | _still_to_come(midnight)
        lately = Q(replaced_at__gte=midnight - timedelta(days=self._cooldown_days))
        lists = PlaylistSnapshot.objects.filter(
            (standing & Q(replaced_at=None)) | lately
        )
        if account_id is not None:
            lists = lists.filter(playlist__account=account_id)
        return lists.values_list("playlist", "plan", "replaced_at")


def _still_to_come(midnight: datetime) -> Q:
    """Say which planned lists count: sent ones, and today's of runs that go on.

    Others are drawn anew before they are sent (`planning.plan_list`).
    """
    is_awaited = Q(planned_at__gte=midnight, run__state__in=Run.ACTIVE)
    is_sent = Q(sent_at__isnull=False)
    return Q(state=PlaylistSnapshot.State.PLANNED) & (is_sent | is_awaited)


def _by_number(tracks: Iterable[tuple[int, int]], numbers: dict[int, int]) -> _Days:
    days: _Days = {}
    for track, day in tracks:
        if track in numbers:
            number = numbers[track]
            days[number] = max(day, days.get(number, day))
    return days
