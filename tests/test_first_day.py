"""The first day of a small library: a list that cannot be full ends, and says why."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from playlists.models import Playlist
from tests.catalogues import tracks_of, write_catalogue
from tests.months import (
    START,
    Month,
    Order,
    connect,
    listings,
    running_sandbox,
    uris_of,
)
from vibe_engine.sandbox.catalogue import Album, Catalogue
from vibe_engine.sandbox.generated import GeneratedCatalogue
from vibe_engine.sandbox.listed import ListedCatalogue
from vibe_engine.testing.clock import MovableClock

ARTIST_CAP = 2

pytestmark = pytest.mark.django_db


@pytest.fixture
def first_day(tmp_path: Path, clock: MovableClock) -> Iterator[Month]:
    """Ten albums by ten artists, with ten tracks each, and nothing else."""
    clock.set(START)
    generated = GeneratedCatalogue(track_count=4_000, seed=7)
    albums = ten_by_ten(generated)
    file = write_catalogue(tmp_path / "ten.csv.gz", generated, albums)
    with running_sandbox(tmp_path, "--catalogue", str(file)) as sandbox:
        account = connect(sandbox, mode="development")
        day = Month(sandbox, ListedCatalogue(file), clock, account, albums)
        day.ingest(albums, tmp_path)
        yield day


def ten_by_ten(catalogue: Catalogue) -> list[Album]:
    by_artist = {
        album.artists[0].id: album
        for album in catalogue.albums(0, catalogue.album_count)
        if album.total_tracks >= 10
        and {track.artists for track in tracks_of(catalogue, album)} == {album.artists}
    }
    return list(by_artist.values())[:10]


class TestFirstDay:
    def test_ends_with_a_short_list_that_says_why(
        self, first_day: Month, operator: Client
    ) -> None:
        said = first_day.create(Order(1))
        (playlist,) = first_day.playlists()
        (listing,) = listings(first_day, playlist)
        artists = Counter(track.artists[0].id for track in listing.tracks)
        assert sorted(artists.values()) == [ARTIST_CAP] * 10
        assert first_day.remote_lists() == {
            playlist.spotify_id: uris_of(listing.snapshot)
        }
        why = reverse("playlists:why", args=[playlist.pk])
        page = operator.get(why).content.decode()
        for words in (said, page):
            assert "Only 20 of 50 tracks could be drawn; 30 places stay empty." in words
            assert "The artist cap binds: 10 artists already have their 2" in words

    def test_fills_up_when_the_cap_is_lifted(self, first_day: Month) -> None:
        first_day.create(Order(1))
        (playlist,) = first_day.playlists()
        Playlist.objects.update(artist_cap=5)
        first_day.live(days=5)
        assert playlist.snapshots.current().get().track_count == 50
