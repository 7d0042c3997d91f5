"""How the lists use the library: counted, kept where that takes long, shown."""

from datetime import timedelta

import pytest

from library.services import aliasing
from library.tests.factories import make_artist, make_track, make_tracks
from metrics.models import Standing
from metrics.services import standing
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestLook:
    def test_shows_what_was_kept_where_counting_takes_long(self) -> None:
        now = clock.now()
        make_snapshot(make_playlist(), make_tracks(4, artists=2, energy=0.5)[:3])
        standing.keep(now=now)
        Standing.objects.update(took_ms=standing.SLOW_MS)
        make_tracks(5)
        use = standing.look(now=now + timedelta(minutes=59))
        assert use.is_kept
        assert (dict(use.bands), use.resting, use.never) == ({1: 3}, 0, 1)
        assert use.taken_at == now
        assert sum(artist.places for artist in use.artists) == 3

    @pytest.mark.parametrize(("took_ms", "hours"), [(1, 0), (9_999, 25)])
    def test_counts_where_that_is_quick_or_nobody_has(
        self, took_ms: int, hours: int
    ) -> None:
        now = clock.now()
        standing.keep(now=now)
        Standing.objects.update(took_ms=took_ms)
        make_tracks(5)
        use = standing.look(now=now + timedelta(hours=hours))
        assert (use.is_kept, use.never) == (False, 5)

    def test_takes_an_artist_and_their_other_names_for_one(self) -> None:
        now = clock.now()
        main, other, third = (make_artist(name=name) for name in ("Main", "Also", "3"))
        artists = [main, other, other, third, third]
        tracks = [make_track(artist=artist) for artist in artists]
        make_snapshot(make_playlist(), tracks)
        aliasing.add_alias(artist=main, other=other, by=None, now=now)
        told = [
            (one.key, one.name, one.places) for one in standing.look(now=now).artists
        ]
        assert told == [(main.pk, "Main", 3), (third.pk, "3", 2)]

    def test_counts_before_anything_was_kept(self) -> None:
        assert standing.look(now=clock.now()).lists == 0
