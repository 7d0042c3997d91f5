"""Real albums, a fleet of ten and a month of reshuffles, against the sandbox."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from library.models import Album as StoredAlbum
from library.models import Track as StoredTrack
from playlists.models import HistoryEntry, PlaylistSnapshot
from tests.catalogues import real_catalogue, spread, tracks_of
from tests.modulewide import clock_of_a_module, database_of_a_module, settle
from tests.months import (
    DAYS,
    START,
    Listing,
    Month,
    Order,
    connect,
    listings,
    recording,
    running_sandbox,
    uris_of,
)
from vibe_engine.sandbox.catalogue import Album, Catalogue, Track
from vibe_engine.sandbox.generated import GeneratedCatalogue
from vibe_engine.sandbox.listed import ListedCatalogue

ALBUMS = 300
COOLDOWN_DAYS, ARTIST_CAP = 5, 2
CLOSE, CLOSE_TRACKS = "Close quarters", 110
"""A collection too small for twenty other tracks on six days in a row."""
ORDERS = (
    Order(5),
    Order(2, size=30, interval_days=3),
    Order(2, size=40, interval_days=2),
    Order(1, size=20, interval_days=1, collection=CLOSE),
)
FLEET = sum(order.count for order in ORDERS)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=["real", "generated"])
def month(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Month]:
    """A fleet after a month: real names on a development app, invented ones on an
    extended app, with several artists a track and recordings released again."""
    folder = tmp_path_factory.mktemp("month")
    catalogue, options, mode = chosen_catalogue(request.param, folder)
    with (
        database_of_a_module(django_db_blocker),
        clock_of_a_module() as clock,
        running_sandbox(folder, *options) as sandbox,
    ):
        clock.set(START)
        account = connect(sandbox, mode=mode)
        albums = chosen_albums(request.param, catalogue)
        lived = Month(sandbox, catalogue, clock, account, albums)
        close = smallest_albums(albums, CLOSE_TRACKS)
        with lived.chapter("ingest"):
            lived.ingest(close, folder, "--collection", CLOSE)
            lived.ingest([one for one in albums if one not in close], folder)
        with lived.chapter("create"):
            for order in ORDERS:
                lived.create(order)
        with lived.chapter("reshuffle"):
            lived.live()
        settle()
        yield lived


def chosen_catalogue(name: str, folder: Path) -> tuple[Catalogue, tuple[str, ...], str]:
    """Return what the sandbox serves, its options, and the mode of the app."""
    if name == "real":
        file = real_catalogue(folder)
        return ListedCatalogue(file), ("--catalogue", str(file)), "extended"
    generated = GeneratedCatalogue(track_count=4_000, seed=7)
    return generated, ("--tracks", "4000", "--seed", "7"), "development"


def chosen_albums(name: str, catalogue: Catalogue) -> Sequence[Album]:
    if name == "real":
        return spread(catalogue, ALBUMS)
    return catalogue.albums(0, ALBUMS)


def smallest_albums(albums: Sequence[Album], tracks: int) -> list[Album]:
    """Return the albums with the fewest tracks, `tracks` in all at most."""
    chosen: list[Album] = []
    for album in sorted(albums, key=lambda album: album.total_tracks):
        tracks -= album.total_tracks
        if tracks < 0:
            break
        chosen.append(album)
    return chosen


def early_returns(lists: Sequence[Listing]) -> Iterator[tuple[Listing, Track]]:
    """Yield each track that came back before its rest was over, with its list."""
    left_on: dict[object, date] = {}
    standing: set[object] = set()
    for one in lists:
        here = {recording(track) for track in one.tracks}
        left_on |= dict.fromkeys(standing, one.confirmed_on)
        for track in one.tracks:
            left = left_on.get(recording(track))
            if left and (one.confirmed_on - left).days < COOLDOWN_DAYS:
                yield one, track
        standing = here


class TestIngest:
    def test_takes_in_every_track_with_all_its_artists(self, month: Month) -> None:
        wanted = {
            track.id: [artist.id for artist in track.artists]
            for album in month.albums
            for track in tracks_of(month.catalogue, album)
        }
        found = {
            track.spotify_id: [c.artist.spotify_id for c in track.credits.all()]
            for track in StoredTrack.objects.prefetch_related("credits__artist")
        }
        assert found == wanted
        assert StoredAlbum.objects.count() == ALBUMS

    def test_asks_once_for_an_album_of_up_to_fifty_tracks(self, month: Month) -> None:
        asked = Counter(call for call in month.calls["ingest"] if "/albums/" in call)
        for album in month.albums:
            pages = math.ceil(album.total_tracks / 50)
            address = f"GET /v1/albums/{album.id}"
            assert asked.pop(address) == 1
            assert asked.pop(f"{address}/tracks/", 0) == pages - 1
        assert not asked


class TestMonth:
    def test_spotify_holds_exactly_the_last_confirmed_lists(self, month: Month) -> None:
        current = {
            playlist.spotify_id: uris_of(playlist.snapshots.current().get())
            for playlist in month.playlists()
        }
        assert len(current) == FLEET
        assert month.remote_lists() == current

    def test_every_list_is_full_and_came_on_its_day(self, month: Month) -> None:
        for playlist in month.playlists():
            lists = listings(month, playlist)
            assert {len(one.tracks) for one in lists} == {playlist.size}
            days = [(one.confirmed_on - START.date()).days for one in lists]
            assert playlist.interval_days is not None
            assert days == list(range(0, DAYS + 1, playlist.interval_days))

    def test_nothing_returns_before_its_rest_is_over_unless_reported(
        self, month: Month
    ) -> None:
        for playlist in month.playlists():
            for one, track in early_returns(listings(month, playlist)):
                assert one.reported(track) == "cooldown_shortened", (one, track)
                rungs = [rung["name"] for rung in one.snapshot.report["rungs"]]
                assert "cooldown" in rungs

    def test_rest_gives_way_in_the_small_collection_alone(self, month: Month) -> None:
        shortened = {
            playlist.index
            for playlist in month.playlists()
            if any(early_returns(listings(month, playlist)))
        }
        assert shortened == {FLEET}

    def test_nothing_stays_from_one_list_to_the_next(self, month: Month) -> None:
        for playlist in month.playlists():
            for before, after in pairwise(listings(month, playlist)):
                kept = set(map(recording, before.tracks)) & set(
                    map(recording, after.tracks)
                )
                assert not kept

    def test_no_artist_stands_above_the_cap_in_whatever_credit(
        self, month: Month
    ) -> None:
        for playlist in month.playlists():
            for one in listings(month, playlist):
                credits = Counter(
                    artist.id for track in one.tracks for artist in track.artists
                )
                assert max(credits.values()) <= ARTIST_CAP

    def test_no_recording_stands_twice_in_a_list(self, month: Month) -> None:
        for playlist in month.playlists():
            for one in listings(month, playlist):
                assert max(Counter(map(recording, one.tracks)).values()) == 1

    def test_the_history_agrees_with_the_packed_plans(self, month: Month) -> None:
        entries: defaultdict[int, list[HistoryEntry]] = defaultdict(list)
        for entry in HistoryEntry.objects.order_by("snapshot", "position"):
            entries[entry.snapshot_id].append(entry)
        snapshots = PlaylistSnapshot.objects.all()
        assert {one.pk for one in snapshots} == set(entries)
        for one in snapshots:
            rows = entries[one.pk]
            assert [row.track_id for row in rows] == one.track_ids()
            assert [row.position for row in rows] == list(range(1, len(rows) + 1))
            assert {(row.playlist_id, row.batch_tag, row.added_at) for row in rows} == {
                (one.playlist_id, one.batch_tag, one.confirmed_at)
            }

    def test_a_new_playlist_takes_three_calls_and_a_reshuffle_one_or_two(
        self, month: Month
    ) -> None:
        spotify_ids = [playlist.spotify_id for playlist in month.playlists()]
        created, later = (
            Counter(month.calls["create"]),
            Counter(month.calls["reshuffle"]),
        )
        assert created.pop("POST /v1/me/playlists") == FLEET
        for spotify_id, playlist in zip(spotify_ids, month.playlists(), strict=True):
            address = f"PUT /v1/playlists/{spotify_id}"
            assert created.pop(f"{address}/items") == created.pop(address) == 1
            reshuffles = DAYS // (playlist.interval_days or 1)
            assert later.pop(f"{address}/items") == reshuffles
            assert later.pop(address, 0) <= reshuffles
        assert not created
        # What is left are albums that came of age: each page is read once more at most.
        read = Counter(call for call in month.calls["ingest"] if "/albums/" in call)
        assert later <= read
