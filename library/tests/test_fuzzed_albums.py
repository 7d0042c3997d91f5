"""Albums as Spotify should not send them, stored or refused, never half."""

import pytest
from django.db import transaction
from hypothesis import given

from library.models import Album, Track
from library.services import storing
from vibe_engine import clock
from vibe_engine.spotify import parse
from vibe_engine.spotify.errors import BadResponseError
from vibe_engine.tests.spotify.fuzzed import (
    EXAMPLES,
    GOOD_BODIES,
    damaged,
    quickly,
)


@pytest.mark.django_db
@pytest.mark.portable
class TestStoringAnyAlbum:
    def test_writes_whole_rows_or_none(self) -> None:
        stored = refused = 0

        @quickly(EXAMPLES // 5)
        @given(body=damaged(GOOD_BODIES["album"]))
        def meets(body: object) -> None:
            nonlocal stored, refused
            try:
                data = parse.album(body, parse.album_page(body).rows)
            except BadResponseError:
                refused += 1
                return
            with transaction.atomic():
                storing.store_album(data=data, submitted_url="", now=clock.now())
            stored += 1

        meets()
        assert stored
        assert refused
        assert Album.objects.get().name is not None
        assert Track.objects.filter(spotify_id="").count() == 0
