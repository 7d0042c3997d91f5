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


class _Scope:
    """The lists of one scope: on which day each recording was left last, and by whom.

    So what rests beside one list is told without looking at all the others again.
    """

    def __init__(self) -> None:
        self._days: _Days = {}
        self._holder: dict[int, int] = {}
        self._runner_up: _Days = {}
        self._recordings: dict[int, set[int]] = defaultdict(set)

    def note(self, playlist_id: int, recording: int, day: int) -> None:
        """Write down that a list has left a recording on a day."""
        self._recordings[playlist_id].add(recording)
        latest = self._days.setdefault(recording, day)
        holder = self._holder.setdefault(recording, playlist_id)
        if holder == playlist_id:
            self._days[recording] = max(day, latest)
        elif day > latest:
            self._runner_up[recording] = latest
            self._days[recording], self._holder[recording] = day, playlist_id
        else:
            other = self._runner_up.get(recording, day)
            self._runner_up[recording] = max(day, other)

    def beside(self, playlist_id: int) -> _Days:
        """Return on which day each recording was last left by any other list."""
        days = self._days.copy()
        for recording in self._recordings.get(playlist_id, ()):
            if self._holder[recording] == playlist_id:
                if recording in self._runner_up:
                    days[recording] = self._runner_up[recording]
                else:
                    del days[recording]
        return days


class Neighbours:
    """The other lists within the scope of a rest, and on which day each was left.

    A scope is read once, with one query, however many lists are drawn. What stands
    somewhere, or is still to come, counts as left today; lists drawn meanwhile are made
    known by `add`.
    """

    def __init__(
        self, rules: sampler.Rules, *, now: datetime, known: PoolColumns | None = None
    ) -> None:
        self._reach = rules.rest_scope
        self._counts = rules.rest_scope != "playlist" and rules.cooldown_days > 0
        self._cooldown_days = rules.cooldown_days
        self._now, self._today, self._known = now, sampler.day_of(now), known
        self._scopes: dict[int | None, _Scope] = {}

    def beside(self, playlist: Playlist, resting: sampler.Resting) -> sampler.Resting:
        """Return what rests for a playlist, with what rests because of the others."""
        if not self._counts:
            return resting
        elsewhere = self._scope_of(playlist).beside(playlist.pk)
        return replace(resting, elsewhere=elsewhere)

    def add(self, playlist: Playlist, track_ids: Collection[int]) -> None:
        """Count a list that was drawn just now among the neighbours of the next."""
        if self._counts:
            scope = self._scope_of(playlist)
            numbers = pool.recording_numbers(track_ids, known=self._known)
            for recording in numbers.values():
                scope.note(playlist.pk, recording, self._today)

    def _scope_of(self, playlist: Playlist) -> _Scope:
        account_id = playlist.account_id if self._reach == "account" else None
        if account_id not in self._scopes:
            self._scopes[account_id] = self._read(account_id)
        return self._scopes[account_id]

    def _read(self, account_id: int | None) -> _Scope:
        lists = [
            (pk, PlaylistSnapshot.unpack(plan), left)
            for pk, plan, left in self._plans(account_id)
        ]
        tracks = {track for _, track_ids, _ in lists for track in track_ids}
        numbers = pool.recording_numbers(tracks, known=self._known)
        scope = _Scope()
        for pk, track_ids, left in lists:
            day = self._today if left is None else sampler.day_of(left)
            for track in track_ids:
                if track in numbers:
                    scope.note(pk, numbers[track], day)
        return scope

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
