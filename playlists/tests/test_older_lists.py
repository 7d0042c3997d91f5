"""Every list of a playlist can be reached, page after page."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from library.tests.factories import make_tracks
from playlists.tests.factories import make_playlist, make_snapshot
from playlists.views import detail
from vibe_engine import clock

pytestmark = pytest.mark.django_db


class TestSnapshots:
    def test_lead_on_to_older_ones(self, viewer: Client) -> None:
        playlist, tracks, now = make_playlist(), make_tracks(2), clock.now()
        for age in range(detail.MANY + 2):
            at = now - timedelta(days=age)
            ended = None if not age else at + timedelta(days=1)
            make_snapshot(playlist, tracks, confirmed_at=at, replaced_at=ended)
        address = f"/playlists/{playlist.pk}/snapshots/"
        first = viewer.get(address)
        (older,) = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
        second = viewer.get(older)
        shown = [
            step.snapshot.pk
            for page in (first, second)
            for step, _ in page.context["steps"]
        ]
        assert len(shown) == len(set(shown)) == detail.MANY + 2
        assert 'rel="next"' not in second.content.decode()

    @pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "²"])
    def test_bear_odd_addresses(self, viewer: Client, before: str) -> None:
        address = f"/playlists/{make_playlist().pk}/snapshots/?before={before}"
        assert viewer.get(address).status_code == 200
