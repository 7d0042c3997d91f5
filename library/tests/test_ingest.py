"""Taking albums in, against the running sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account, App
from accounts.tests.factories import connect_account, make_app
from accounts.throttle import bucket
from accounts.throttle.queueing import Haste
from automation import worker
from automation.models import Run
from library import services
from library.models import (
    Album,
    Artist,
    Collection,
    LibraryVersion,
    Track,
    TrackArtist,
)
from library.tests.factories import make_album, make_collection
from vibe_engine import clock as product_clock
from vibe_engine.errors import InputError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.plugin import DEVELOPMENT_APP
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db]

LATER = datetime(2026, 12, 24, 12, tzinfo=UTC)
UNKNOWN_ID = "0000000000000000000000"


@pytest.fixture
def account(sandbox: SandboxControl) -> Account:
    return connect_account(sandbox)


def open_ingest(
    text: str,
    *,
    account: Account | None = None,
    collection: Collection | None = None,
    refresh: bool = True,
) -> services.Opened:
    return services.open_ingest(
        preview=services.preview_ingest(text=text, refresh=refresh),
        account=account,
        collection_name=collection.name if collection else "",
        now=product_clock.now(),
    )


def ingest(text: str, *, work: bool = True, **options: Any) -> Run:
    """Open the runs for a text and carry them out; return the bulk."""
    run = open_ingest(text, **options).run
    assert run is not None
    if not work:
        return run
    worker.work_all(list(run.children.values_list("pk", flat=True)))
    run.refresh_from_db()
    return run


def child(bulk: Run) -> Run:
    return bulk.children.get()


def album_where(sandbox: SandboxControl, **wanted: Any) -> dict[str, Any]:
    """Return the first album of the catalogue with these details."""
    return next(
        album
        for album in sandbox.catalogue(limit=500)
        if all(test(album[name]) for name, test in wanted.items())
    )


class TestIngest:
    def test_stores_an_album_as_spotify_tells_it(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        bulk = ingest(f"https://open.spotify.com/album/{listed['id']}?si=abc")
        album = Album.objects.get()
        assert bulk.state == Run.State.DONE
        assert (album.spotify_id, album.name) == (listed["id"], listed["name"])
        assert album.tracks.count() == album.total_tracks == listed["total_tracks"]
        assert album.release_year == int(album.release_date[:4])
        assert album.image_url.startswith(sandbox.url)
        assert album.submitted_url == (
            f"https://open.spotify.com/album/{listed['id']}?si=abc"
        )
        assert LibraryVersion.objects.get().version > 0

    def test_costs_one_call_and_one_for_the_features(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        ingest(listed["id"])
        paths = [call.split("?")[0].rstrip("/") for call in sandbox.calls()]
        assert paths == [f"GET /v1/albums/{listed['id']}", "GET /v1/audio-features"]

    def test_reads_a_box_set_whole(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = album_where(sandbox, total_tracks=lambda n: n > 100)
        ingest(listed["id"])
        tracks = Album.objects.get().tracks
        assert tracks.count() == listed["total_tracks"]
        places = set(tracks.values_list("disc_number", "track_number"))
        assert len(places) == listed["total_tracks"]
        album_calls = [c for c in sandbox.log() if "/albums/" in c.path]
        assert len(album_calls) == -(-listed["total_tracks"] // 50)

    def test_reads_a_box_set_whole_however_busy_the_developer_is(
        self, sandbox: SandboxControl, account: Account, clock: MovableClock
    ) -> None:
        listed = album_where(sandbox, total_tracks=lambda n: n > 100)
        developer = account.app.developer
        developer.requests_per_s = 1.0
        developer.save(update_fields=["requests_per_s"])
        for _ in range(60):
            bucket.take(developer, now=clock.now(), haste=Haste.AT_ONCE)
        run = child(ingest(listed["id"], work=False))
        for _ in range(2):
            worker.work(run.pk)
            run.refresh_from_db()
            clock.set(run.due_at + timedelta(seconds=1))
        album_calls = [call for call in sandbox.calls() if "/albums/" in call]
        assert len(album_calls) == 3
        assert Track.objects.count() == listed["total_tracks"]

    def test_credits_every_artist_in_order(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        for listed in sandbox.catalogue(limit=4):
            ingest(listed["id"])
        several = Track.objects.filter(credits__position=2).first()
        assert several is not None
        credited = list(several.credits.order_by("position"))
        assert [credit.position for credit in credited] == list(
            range(1, len(credited) + 1)
        )
        assert credited[0].artist_id == several.primary_artist_id
        assert several.artist_line.startswith(credited[0].artist.name)
        assert ", " in several.artist_line

    def test_knows_a_recording_again_on_its_re_release(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        albums = sandbox.catalogue(limit=500)
        again = next(
            number
            for number, album in enumerate(albums)
            if album["name"].endswith("(Deluxe Edition)")
        )
        ingest(albums[again - 1]["id"] + "\n" + albums[again]["id"])
        keys = list(Track.objects.values_list("recording_key", flat=True))
        assert len(set(keys)) < len(keys)
        assert len(set(keys)) >= albums[again - 1]["total_tracks"]

    def test_takes_hostile_names_as_they_are(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        odd = [
            album
            for number in range(100, 1900, 101)
            for album in sandbox.catalogue(offset=number, limit=1)
        ]
        assert any("<script>" in album["name"] for album in odd)
        bulk = ingest("\n".join(album["id"] for album in odd))
        assert bulk.state == Run.State.DONE
        assert Album.objects.count() == len(odd)
        names = Album.objects.values_list("name", flat=True)
        assert "<script>alert('odd')</script>" in names
        assert not any("\u202e" in name or "\u2028" in name for name in names)

    def test_reads_features_and_popularity_where_the_app_may(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        ingest(sandbox.catalogue()[0]["id"])
        for track in Track.objects.all():
            assert track.has_features
            assert track.features_source == Track.FeatureSource.SPOTIFY

    def test_works_without_features_on_a_development_app(
        self, sandbox: SandboxControl
    ) -> None:
        app = make_app(
            client_id=DEVELOPMENT_APP[0],
            client_secret=DEVELOPMENT_APP[1],
            mode=App.Mode.DEVELOPMENT,
        )
        connect_account(sandbox, app=app)
        bulk = ingest(sandbox.catalogue()[0]["id"])
        assert bulk.state == Run.State.DONE
        assert len(sandbox.calls()) == 1
        assert not Track.objects.exclude(energy=None).exists()
        assert not Track.objects.exclude(features_source="").exists()

    def test_remembers_features_that_are_refused(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        sandbox.fault("GET", "/audio-features", status=403, count=-1)
        listed = sandbox.catalogue()[0]
        assert ingest(listed["id"]).state == Run.State.DONE
        sources = set(Track.objects.values_list("features_source", flat=True))
        assert sources == {Track.FeatureSource.NONE}
        sandbox.clear_faults()
        sandbox.mark()
        ingest(listed["id"])
        assert len(sandbox.calls()) == 1

    def test_reads_the_features_after_a_wait_without_reading_the_album_again(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        sandbox.fault(
            "GET", "/audio-features", status=429, headers={"Retry-After": "3600"}
        )
        run = child(ingest(sandbox.catalogue()[0]["id"]))
        assert run.state == Run.State.PLANNED
        assert Track.objects.exists()
        Run.objects.filter(pk=run.pk).update(due_at=product_clock.now())
        account.app.developer.refresh_from_db()
        developer = account.app.developer
        developer.circuit_open_until = None
        developer.save(update_fields=["circuit_open_until"])
        sandbox.mark()
        worker.work(run.pk)
        run.refresh_from_db()
        assert run.state == Run.State.DONE
        assert [call for call in sandbox.calls() if "/albums/" in call] == []
        assert Track.objects.exclude(energy=None).exists()

    def test_makes_no_duplicates_when_it_runs_again(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        first = child(ingest(listed["id"]))
        counts = (Album, Track, Artist, TrackArtist)
        before = [model.objects.count() for model in counts]
        second = child(ingest(listed["id"]))
        assert [model.objects.count() for model in counts] == before
        assert first.result["new_tracks"] == second.result["refreshed_tracks"]
        assert second.result["new_tracks"] == second.result["gone_tracks"] == 0

    def test_refreshes_what_has_changed(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        ingest(listed["id"])
        right = Album.objects.get()
        Album.objects.update(name="Old", release_date="1900", release_year=1900)
        Track.objects.update(name="Old", is_playable=True, popularity=None)
        TrackArtist.objects.all().delete()
        created = Track.objects.latest("pk").created_at
        ingest(listed["id"])
        album = Album.objects.get()
        assert (album.name, album.release_date, album.release_year) == (
            right.name,
            right.release_date,
            right.release_year,
        )
        assert not Track.objects.filter(name="Old").exists()
        assert not Track.objects.filter(credits=None).exists()
        assert Track.objects.latest("pk").created_at == created

    def test_makes_tracks_that_left_the_album_unplayable(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        ingest(listed["id"])
        gone = Track.objects.create(
            album=Album.objects.get(),
            spotify_id=UNKNOWN_ID,
            recording_key="gone",
            created_at=LATER,
        )
        run = child(ingest(listed["id"]))
        gone.refresh_from_db()
        assert not gone.is_playable
        assert run.result["gone_tracks"] == 1

    def test_keeps_what_was_held_and_used(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        listed = sandbox.catalogue()[0]
        ingest(listed["id"])
        services.hold_tracks(tracks=Track.objects.all(), reason="Too loud")
        services.mark_used([Track.objects.earliest("pk").pk], on=LATER.date())
        ingest(listed["id"])
        assert not Track.objects.filter(is_usable=True).exists()
        assert Track.objects.earliest("pk").use_count == 1

    def test_fails_with_words_when_spotify_knows_no_such_album(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        bulk = ingest(UNKNOWN_ID)
        assert bulk.state == Run.State.FAILED
        assert UNKNOWN_ID in child(bulk).error
        assert not Album.objects.exists()

    def test_takes_an_album_out_of_draws_that_spotify_no_longer_has(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        album = make_album(spotify_id=UNKNOWN_ID, name="Gone", tracks=3)
        run = child(ingest(UNKNOWN_ID))
        assert run.state == Run.State.FAILED
        assert "“Gone”; 3 tracks" in run.error
        assert not album.tracks.usable().exists()

    def test_comes_back_when_spotify_says_wait(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        sandbox.fault("GET", "/albums/", status=429, headers={"Retry-After": "3600"})
        run = child(ingest(sandbox.catalogue()[0]["id"]))
        assert run.state == Run.State.PLANNED
        assert (run.due_at - product_clock.now()).total_seconds() > 3000
        assert not Album.objects.exists()

    def test_puts_the_album_into_the_collection(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        collection = make_collection()
        ingest(sandbox.catalogue()[0]["id"], collection=collection)
        assert list(collection.albums.all()) == [Album.objects.get()]

    def test_serves_every_bulk_that_joined_one_run(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        album_id = sandbox.catalogue()[0]["id"]
        morning, evening = make_collection(), make_collection()
        open_ingest(album_id, collection=morning)
        ingest(album_id, collection=evening)
        assert Run.objects.filter(is_bulk=False).count() == 1
        assert set(Album.objects.get().collections.all()) == {morning, evening}


class TestOpenIngest:
    def test_opens_one_run_an_album(self, account: Account) -> None:
        text = "4aawyAB9vmqN3uQ7FjRGTy and spotify:album:1DFixLWuPkv3KT3TnV35m3"
        opened = open_ingest(f"{text}\nagain 4aawyAB9vmqN3uQ7FjRGTy")
        assert opened.run is not None
        assert set(opened.run.children.values_list("subject", flat=True)) == {
            "album:4aawyAB9vmqN3uQ7FjRGTy",
            "album:1DFixLWuPkv3KT3TnV35m3",
        }

    def test_places_known_albums_at_once_and_sends_nothing_for_them(
        self, account: Account
    ) -> None:
        album, collection = make_album(), make_collection()
        opened = open_ingest(album.spotify_id, collection=collection, refresh=False)
        assert opened == services.Opened(run=None, placed=1)
        assert list(collection.albums.all()) == [album]

    def test_refuses_a_text_without_albums(self, account: Account) -> None:
        with pytest.raises(InputError, match="nothing was sent"):
            open_ingest("no link here")
        assert not Run.objects.exists()

    def test_asks_to_connect_an_account_first(self, db: None) -> None:
        with pytest.raises(InputError, match="Connect one"):
            open_ingest("4aawyAB9vmqN3uQ7FjRGTy")
